package msix

import "encoding/binary"

// segmentInflater expands raw deflate data (RFC 1951) that lies in memory whole into memory of a known size, which takes half
// the time that a stream takes. It tells only that it succeeded: whatever is odd is left to the library to judge.
//
// Counts of bits are below 64: the compiler does not know that, and is told by masks where it counts. It is not safe for
// concurrent use.
type segmentInflater struct {
	lit     [1 << litTableBits]uint32
	dist    [1 << distTableBits]uint32
	lengths [maxLitCodes + maxDistCodes]uint8
	deepest [1 << litRoot]uint8 // see table
}

// bitReader gives bits from the least significant on (RFC 1951, 3.1.1). Bits above n are those of the input or zero.
type bitReader struct {
	src  []byte
	at   int // the byte that bit n is in
	bits uint64
	n    uint
}

// fill makes at least 56 bits ready, or all that are left.
func (r *bitReader) fill() {
	if r.at+8 <= len(r.src) {
		r.bits |= binary.LittleEndian.Uint64(r.src[r.at:]) << (r.n & 63)
		r.at += int((63 - r.n) >> 3)
		r.n |= 56
		return
	}
	for r.n <= 55 && r.at < len(r.src) {
		r.bits |= uint64(r.src[r.at]) << r.n
		r.at++
		r.n += 8
	}
}

// take gives so many bits, 32 at the most; false when the input has ended.
func (r *bitReader) take(count uint) (uint32, bool) {
	if r.n < count {
		if r.fill(); r.n < count {
			return 0, false
		}
	}
	v := uint32(r.bits & (1<<count - 1))
	r.bits >>= count
	r.n -= count
	return v, true
}

// inflate fills dst with what src expands to. Both have to be used up; ended tells that the stream says of itself that it
// ends there.
func (d *segmentInflater) inflate(dst, src []byte) (ended, ok bool) {
	r := bitReader{src: src}
	out := 0
	for {
		if r.n == 0 && r.at == len(src) {
			return false, out == len(dst)
		}
		final, _ := r.take(1) // BFINAL
		kind, ok := r.take(2) // BTYPE
		if !ok {
			return false, false
		}
		switch kind {
		case 0:
			out, ok = r.stored(dst, out)
		case 1:
			if ok = d.fixed(); ok {
				out, ok = d.codes(&r, dst, out)
			}
		case 2:
			if ok = d.dynamic(&r); ok {
				out, ok = d.codes(&r, dst, out)
			}
		default:
			ok = false
		}
		if !ok {
			return false, false
		}
		if final == 1 {
			return true, out == len(dst) && r.n < 8 && r.at == len(src)
		}
	}
}

// stored copies a block without compression (RFC 1951, 3.2.4).
func (r *bitReader) stored(dst []byte, out int) (int, bool) {
	r.bits >>= r.n & 7
	r.n -= r.n & 7
	length, _ := r.take(16)   // LEN
	inverse, ok := r.take(16) // NLEN
	if !ok || length != ^inverse&0xFFFF {
		return out, false
	}
	r.at -= int(r.n >> 3)
	r.bits, r.n = 0, 0
	end := r.at + int(length)
	if end > len(r.src) || out+int(length) > len(dst) {
		return out, false
	}
	copy(dst[out:], r.src[r.at:end])
	r.at = end
	return out + int(length), true
}

// codes expands the literals and matches of a block (RFC 1951, 3.2.3) until its end. This is where the time goes: what it
// works with is in variables of its own.
func (d *segmentInflater) codes(r *bitReader, dst []byte, out int) (int, bool) {
	bits, n := r.bits, r.n
	for {
		if n < maxCodeLength {
			r.bits, r.n = bits, n
			r.fill()
			bits, n = r.bits, r.n
		}
		e := d.lit[bits&(1<<litRoot-1)]
		if e&kindMask == kindTable {
			e = d.lit[(e>>valueShift+uint32(bits>>litRoot)&(1<<(e>>extraShift&extraMask&31)-1))&(1<<litTableBits-1)]
		}
		used := uint(e & lengthMask)
		if used > n || e == 0 {
			return out, false
		}
		bits >>= used & 63
		n -= used
		if e&kindMask == kindLiteral {
			if out >= len(dst) {
				return out, false
			}
			dst[out] = byte(e >> valueShift)
			out++
			continue
		}
		r.bits, r.n = bits, n
		if e&kindMask == kindEnd {
			return out, true
		}
		length, distance, ok := d.match(r, e)
		if !ok || distance > out || length > len(dst)-out {
			return out, false
		}
		repeat(dst, out, length, distance)
		out += length
		bits, n = r.bits, r.n
	}
}

// match reads the rest of a match, whose length has the code e.
func (d *segmentInflater) match(r *bitReader, e uint32) (length, distance int, ok bool) {
	r.fill()
	extra := uint(e >> extraShift & extraMask)
	length = int(e>>valueShift) + int(r.bits&(1<<(extra&63)-1))
	f := d.dist[r.bits>>(extra&63)&(1<<distRoot-1)]
	if f&kindMask == kindTable {
		f = d.dist[(f>>valueShift+uint32(r.bits>>((extra+distRoot)&63))&(1<<(f>>extraShift&extraMask)-1))&(1<<distTableBits-1)]
	}
	code := extra + uint(f&lengthMask)
	more := uint(f >> extraShift & extraMask)
	if f == 0 || code+more > r.n {
		return 0, 0, false
	}
	distance = int(f>>valueShift) + int(r.bits>>(code&63)&(1<<(more&63)-1))
	r.bits >>= (code + more) & 63
	r.n -= code + more
	return length, distance, true
}

// repeat copies length bytes from distance before at, which may be bytes that it has just written.
func repeat(dst []byte, at, length, distance int) {
	from := at - distance
	switch {
	case distance >= 8 && at+length+8 <= len(dst):
		// What is written behind the end is written again by what comes next.
		for i := 0; i < length; i += 8 {
			binary.LittleEndian.PutUint64(dst[at+i:], binary.LittleEndian.Uint64(dst[from+i:]))
		}
	case distance >= length:
		copy(dst[at:at+length], dst[from:])
	default:
		for i := range length {
			dst[at+i] = dst[from+i]
		}
	}
}
