package ntfs

import "encoding/binary"

// LZX as files compressed by the Windows overlay filter have it: chunks of 32 KiB, each for itself. It is the code of
// MS-PATCH ("LZX DELTA Compression and Decompression", 2.1 to 2.7) without its reference data and with blocks whose usual
// size takes one bit.
const (
	lzxWindow   = 32 << 10
	lzxSlots    = 30 // positions in a window of 32 KiB
	lzxMain     = 256 + 8*lzxSlots
	lzxLengths  = 249
	lzxPretree  = 20
	lzxAligned  = 8
	lzxVerbatim = 1 // block types
	lzxAlign    = 2
	lzxStored   = 3

	// callSize is the size that calls are translated for, whatever the file's is.
	callSize = 12_000_000
)

// lzx expands chunks; it keeps its tables between them.
type lzx struct {
	main, length, aligned, pre huffman

	mainLengths   [lzxMain]uint8
	lengthLengths [lzxLengths]uint8
	recent        [3]int // distances
}

// expand fills dst from one chunk.
func (x *lzx) expand(dst, src []byte) error {
	clear(x.mainLengths[:])
	clear(x.lengthLengths[:])
	x.recent = [3]int{1, 1, 1}
	r := bitReader{b: src}
	for pos := 0; pos < len(dst); {
		kind := r.bits(3)
		size := lzxWindow
		if r.bits(1) == 0 {
			size = r.bits(16)
		}
		if size == 0 || size > len(dst)-pos || r.ended() {
			return errPacked
		}
		block := dst[:pos+size]
		var err error
		switch kind {
		case lzxVerbatim, lzxAlign:
			if err = x.readCodes(&r, kind); err == nil {
				err = x.block(&r, block, pos, kind == lzxAlign)
			}
		case lzxStored:
			err = x.stored(&r, block[pos:])
		default:
			err = errPacked
		}
		if err != nil {
			return err
		}
		pos += size
	}
	untranslate(dst)
	return nil
}

// readCodes reads the codes of a block; lengths of codes are told by how they differ from those of the block before.
func (x *lzx) readCodes(r *bitReader, kind int) error {
	if kind == lzxAlign {
		var lengths [lzxAligned]uint8
		for i := range lengths {
			lengths[i] = uint8(r.bits(3))
		}
		if err := x.aligned.build(lengths[:]); err != nil {
			return err
		}
	}
	for _, part := range [][]uint8{x.mainLengths[:256], x.mainLengths[256:], x.lengthLengths[:]} {
		if err := x.readLengths(r, part); err != nil {
			return err
		}
	}
	if err := x.main.build(x.mainLengths[:]); err != nil {
		return err
	}
	return x.length.build(x.lengthLengths[:])
}

// readLengths reads lengths of codes through a code of its own.
func (x *lzx) readLengths(r *bitReader, lengths []uint8) error {
	var pre [lzxPretree]uint8
	for i := range pre {
		pre[i] = uint8(r.bits(4))
	}
	if err := x.pre.build(pre[:]); err != nil {
		return err
	}
	for i := 0; i < len(lengths); {
		sym, run, zero := x.pre.read(r), 1, false
		switch {
		case sym < 0 || r.ended():
			return errPacked
		case sym == 17:
			run, zero = 4+r.bits(4), true
		case sym == 18:
			run, zero = 20+r.bits(5), true
		case sym == 19:
			run = 4 + r.bits(1)
			if sym = x.pre.read(r); sym < 0 || sym > 16 {
				return errPacked
			}
		}
		if run > len(lengths)-i {
			return errPacked
		}
		v := uint8(0)
		if !zero {
			v = uint8((int(lengths[i]) - sym + 17) % 17)
		}
		for ; run > 0; run, i = run-1, i+1 {
			lengths[i] = v
		}
	}
	return nil
}

// block expands the rest of dst, from pos on.
func (x *lzx) block(r *bitReader, dst []byte, pos int, aligned bool) error {
	for pos < len(dst) {
		sym := x.main.read(r)
		if sym < 0 || r.ended() {
			return errPacked
		}
		if sym < 256 {
			dst[pos] = byte(sym)
			pos++
			continue
		}
		length := (sym - 256) & 7
		if length == 7 {
			more := x.length.read(r)
			if more < 0 {
				return errPacked
			}
			length += more
		}
		distance, err := x.distance(r, (sym-256)>>3, aligned)
		if err != nil {
			return err
		}
		if pos, err = copyBack(dst, pos, distance, length+2); err != nil {
			return err
		}
	}
	return nil
}

// distance reads how far back a match is: one of the last three, or a new one that takes their place.
func (x *lzx) distance(r *bitReader, slot int, aligned bool) (int, error) {
	if slot < 3 {
		x.recent[0], x.recent[slot] = x.recent[slot], x.recent[0]
		return x.recent[0], nil
	}
	bits, base := uint(0), slot
	if slot >= 4 {
		bits = uint(slot/2 - 1)
		base = (2 + slot&1) << bits
	}
	v := 0
	if aligned && bits >= 3 {
		low := 0
		v = r.bits(bits-3) << 3
		if low = x.aligned.read(r); low < 0 {
			return 0, errPacked
		}
		v += low
	} else {
		v = r.bits(bits)
	}
	x.recent = [3]int{base + v - 2, x.recent[0], x.recent[1]}
	return x.recent[0], nil
}

// stored reads a block that is not compressed: the three distances, and bytes from a whole word on.
func (x *lzx) stored(r *bitReader, dst []byte) error {
	rest := r.align()
	if len(rest) < 12+len(dst) {
		return errPacked
	}
	for i := range x.recent {
		x.recent[i] = int(binary.LittleEndian.Uint32(rest[4*i:]))
	}
	n := 12 + copy(dst, rest[12:])
	*r = bitReader{b: rest, pos: n + len(dst)%2}
	return nil
}

// untranslate gives relative targets back to x86 calls, which were made absolute so that they repeat.
func untranslate(b []byte) {
	le := binary.LittleEndian
	for i := 0; i < len(b)-10; i++ {
		if b[i] != 0xE8 {
			continue
		}
		switch v := int(int32(le.Uint32(b[i+1:]))); {
		case v >= 0 && v < callSize:
			le.PutUint32(b[i+1:], uint32(int32(v-i)))
		case v < 0 && v >= -i:
			le.PutUint32(b[i+1:], uint32(int32(v+callSize)))
		}
		i += 4
	}
}
