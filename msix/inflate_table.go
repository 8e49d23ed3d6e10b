package msix

import "math/bits"

// Limits of RFC 1951, 3.2.7 and 3.2.6.
const (
	maxLitCodes   = 288
	maxDistCodes  = 32
	maxCodeLength = 15
)

// Tables are looked up by the first bits of the input; codes that are longer go on in tables behind. With these roots a
// sound code takes 2342 and 402 entries at the most.
const (
	litRoot, litTableBits   = 11, 12
	distRoot, distTableBits = 8, 9
)

// An entry holds how many bits its code takes, how many more bits belong to it (of a table: how many more bits look it up),
// its kind, and its value: a byte, the least length or distance, or where the table is. Entry 0 is that of no code.
const (
	lengthMask  = 0x1F
	extraShift  = 8
	extraMask   = 0x1F
	kindMask    = 7 << 13
	kindLiteral = 1 << 13
	kindMatch   = 2 << 13
	kindEnd     = 3 << 13
	kindTable   = 4 << 13
	valueShift  = 16
)

// The lengths and distances of RFC 1951, 3.2.5, by code: the least, and how many bits are added to it.
var (
	lengthBase  = [...]uint16{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258}
	lengthExtra = [...]uint8{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
	distBase    = [...]uint16{1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577}
	distExtra   = [...]uint8{0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13}

	// codeOrder is the order of the lengths of the code lengths' own code (RFC 1951, 3.2.7).
	codeOrder = [...]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
)

// litEntry is the entry of a literal, a length or the end, without its code.
func litEntry(symbol int) uint32 {
	switch i := symbol - 257; {
	case symbol < 256:
		return kindLiteral | uint32(symbol)<<valueShift
	case symbol == 256:
		return kindEnd
	case i < len(lengthBase):
		return kindMatch | uint32(lengthExtra[i])<<extraShift | uint32(lengthBase[i])<<valueShift
	}
	return 0
}

func distEntry(symbol int) uint32 {
	if symbol >= len(distBase) {
		return 0
	}
	return kindMatch | uint32(distExtra[symbol])<<extraShift | uint32(distBase[symbol])<<valueShift
}

// plainEntry is the entry of a symbol that is nothing else.
func plainEntry(symbol int) uint32 { return kindLiteral | uint32(symbol)<<valueShift }

// fixed makes the tables of RFC 1951, 3.2.6.
func (d *segmentInflater) fixed() bool {
	l := d.lengths[:maxLitCodes]
	for i := range l {
		switch {
		case i < 144:
			l[i] = 8
		case i < 256:
			l[i] = 9
		case i < 280:
			l[i] = 7
		default:
			l[i] = 8
		}
	}
	var dist [maxDistCodes]uint8
	for i := range dist {
		dist[i] = 5
	}
	return d.table(d.lit[:], litRoot, l, litEntry) && d.table(d.dist[:], distRoot, dist[:], distEntry)
}

// dynamic reads the lengths of the codes of a block (RFC 1951, 3.2.7) and makes their tables.
func (d *segmentInflater) dynamic(r *bitReader) bool {
	hlit, _ := r.take(5)
	hdist, _ := r.take(5)
	hclen, ok := r.take(4)
	lits, dists := int(hlit)+257, int(hdist)+1
	if !ok || lits > maxLitCodes-2 || dists > maxDistCodes-2 {
		return false
	}
	var own [len(codeOrder)]uint8
	for _, symbol := range codeOrder[:hclen+4] {
		length, ok := r.take(3)
		if !ok {
			return false
		}
		own[symbol] = uint8(length)
	}
	const ownRoot = 7
	if !d.table(d.dist[:1<<ownRoot], ownRoot, own[:], plainEntry) || !d.readLengths(r, d.lengths[:lits+dists]) {
		return false
	}
	return d.lengths[256] != 0 && d.table(d.lit[:], litRoot, d.lengths[:lits], litEntry) &&
		d.table(d.dist[:], distRoot, d.lengths[lits:lits+dists], distEntry)
}

// readLengths reads lengths of codes, through the table of their own code, which is in dist.
func (d *segmentInflater) readLengths(r *bitReader, out []uint8) bool {
	for i := 0; i < len(out); {
		r.fill()
		e := d.dist[r.bits&0x7F]
		if e == 0 {
			return false
		}
		if _, ok := r.take(uint(e & lengthMask)); !ok {
			return false
		}
		symbol := e >> valueShift
		if symbol < 16 {
			out[i] = uint8(symbol)
			i++
			continue
		}
		value, least, more := uint8(0), 3, uint(3) // 17
		switch symbol {
		case 16:
			if i == 0 {
				return false
			}
			value, more = out[i-1], 2
		case 18:
			least, more = 11, 7
		}
		count, ok := r.take(more)
		n := least + int(count)
		if !ok || n > len(out)-i {
			return false
		}
		for ; n > 0; n-- {
			out[i] = value
			i++
		}
	}
	return true
}

// table makes the table of the code with those lengths (RFC 1951, 3.2.2). It is false for codes that are not whole, but for
// those of one symbol and of none, which block without matches have.
func (d *segmentInflater) table(t []uint32, root uint, lengths []uint8, entry func(int) uint32) bool {
	var count, next [maxCodeLength + 1]int
	for _, l := range lengths {
		count[l]++
	}
	count[0] = 0
	code, left := 0, 1<<maxCodeLength
	for l := 1; l <= maxCodeLength; l++ {
		next[l] = code
		code = (code + count[l]) << 1
		left -= count[l] << (maxCodeLength - l)
	}
	if left < 0 || left > 0 && left != 1<<maxCodeLength && !(count[1] == 1 && left == 1<<(maxCodeLength-1)) {
		return false
	}
	clear(t[:1<<root])
	if !d.depths(root, lengths, next) {
		return false
	}
	free := 1 << root
	for symbol, l := range lengths {
		if l == 0 {
			continue
		}
		e := entry(symbol)
		reversed := int(bits.Reverse16(uint16(next[l])) >> (16 - l))
		next[l]++
		if e != 0 {
			e |= uint32(l)
		}
		if uint(l) <= root {
			for i := reversed; i < 1<<root; i += 1 << l {
				t[i] = e
			}
			continue
		}
		prefix := reversed & (1<<root - 1)
		more := uint(d.deepest[prefix]) - root
		if t[prefix] == 0 {
			if free+1<<more > len(t) {
				return false
			}
			t[prefix] = kindTable | uint32(more)<<extraShift | uint32(free)<<valueShift
			clear(t[free : free+1<<more])
			free += 1 << more
		}
		at := int(t[prefix] >> valueShift)
		for i := reversed >> root; i < 1<<more; i += 1 << (uint(l) - root) {
			t[at+i] = e
		}
	}
	return true
}

// depths finds how long the longest code behind each entry of the root is, where some are longer than it.
func (d *segmentInflater) depths(root uint, lengths []uint8, next [maxCodeLength + 1]int) bool {
	first := true
	for _, l := range lengths {
		if l == 0 {
			continue
		}
		code := next[l]
		next[l]++
		if uint(l) <= root {
			continue
		}
		if first {
			clear(d.deepest[:1<<root])
			first = false
		}
		at := bits.Reverse16(uint16(code)) >> (16 - l) & (1<<root - 1)
		d.deepest[at] = max(d.deepest[at], l)
	}
	return true
}
