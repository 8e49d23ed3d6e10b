package ntfs

// Sizes of XPRESS with Huffman codes (MS-XCA 2.2).
const (
	xpressSymbols = 512
	xpressTable   = xpressSymbols / 2 // bytes: four bits for each length
)

// xpress expands chunks; it keeps its tables between them.
type xpress struct {
	code    huffman
	lengths [xpressSymbols]uint8
}

// expand fills dst from one chunk (MS-XCA 2.2.4).
func (x *xpress) expand(dst, src []byte) error {
	if len(src) < xpressTable {
		return errPacked
	}
	for i, b := range src[:xpressTable] {
		x.lengths[2*i], x.lengths[2*i+1] = b&15, b>>4
	}
	if err := x.code.build(x.lengths[:]); err != nil {
		return err
	}
	r := bitReader{b: src[xpressTable:]}
	for pos := 0; pos < len(dst); {
		sym := x.code.read(&r)
		if sym < 0 || r.ended() {
			return errPacked
		}
		if sym < 256 {
			dst[pos] = byte(sym)
			pos++
			continue
		}
		sym -= 256
		log := uint(sym >> 4)
		distance := 1<<log | r.bits(log)
		length := sym & 15
		if length == 15 {
			if length += r.byte(); length == 15+255 {
				if length = r.word(); length < 15 {
					return errPacked
				}
			}
		}
		var err error
		if pos, err = copyBack(dst, pos, distance, length+3); err != nil {
			return err
		}
	}
	return nil
}
