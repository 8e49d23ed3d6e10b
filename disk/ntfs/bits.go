package ntfs

import (
	"encoding/binary"
	"errors"
)

var errPacked = errors.New("the compressed data is damaged")

// bitReader reads bits, highest first, from little-endian words of 16 bits. Between words, bytes can be read as they lie
// (MS-XCA 2.2.4; "LZX DELTA" 2.1 has the same stream). Behind the end it reads zeroes, for as long as over allows.
type bitReader struct {
	b    []byte
	pos  int // of the next word
	acc  uint64
	n    uint // bits in acc
	over int  // words read behind the end
}

// fill makes sure of 16 bits. How far it reads ahead is a part of the format: bytes between the words start there.
func (r *bitReader) fill() {
	for r.n < 16 {
		var w uint16
		if r.pos+2 <= len(r.b) {
			w = binary.LittleEndian.Uint16(r.b[r.pos:])
			r.pos += 2
		} else {
			r.over++
		}
		r.acc, r.n = r.acc<<16|uint64(w), r.n+16
	}
}

// bits reads up to 16 bits.
func (r *bitReader) bits(n uint) int {
	r.fill()
	r.n -= n
	return int(r.acc>>r.n) & (1<<n - 1)
}

// byte reads a byte that lies between the words.
func (r *bitReader) byte() int {
	if r.pos >= len(r.b) {
		r.over++
		return 0
	}
	r.pos++
	return int(r.b[r.pos-1])
}

// word reads two bytes that lie between the words of bits.
func (r *bitReader) word() int { return r.byte() | r.byte()<<8 }

// align leaves the word that is begun, or the next one where none is, and returns the bytes behind it.
func (r *bitReader) align() []byte {
	r.fill()
	back := 2 * int((r.n-1)/16) // what was read ahead of the word to leave
	return r.b[max(r.pos-back, 0):]
}

// ended tells that more was read than there is: a decoder's look ahead takes two words.
func (r *bitReader) ended() bool { return r.over > 2 }

const (
	fastBits = 10
	maxCode  = 16 // bits
)

// huffman is a canonical code: codes of one length are given out in the order of the symbols.
type huffman struct {
	fast   [1 << fastBits]uint16 // symbol<<4 and length, by the next bits; 0 for longer codes
	count  [maxCode + 1]int
	sorted []uint16 // symbols by length, then by number
}

// build makes the code of these lengths. Codes that are not given out are damage when they are met.
func (h *huffman) build(lengths []uint8) error {
	clear(h.fast[:])
	clear(h.count[:])
	for _, l := range lengths {
		h.count[l]++
	}
	h.count[0] = 0
	var next, code [maxCode + 1]int
	for l := 1; l <= maxCode; l++ {
		next[l] = next[l-1] + h.count[l-1]
		code[l] = (code[l-1] + h.count[l-1]) << 1
		if code[l]+h.count[l] > 1<<l {
			return errPacked
		}
	}
	h.sorted = append(h.sorted[:0], make([]uint16, len(lengths))...)
	for sym, l := range lengths {
		if l == 0 {
			continue
		}
		h.sorted[next[l]] = uint16(sym)
		next[l]++
		if l <= fastBits {
			for i := range 1 << (fastBits - l) {
				h.fast[code[l]<<(fastBits-l)+i] = uint16(sym)<<4 | uint16(l)
			}
		}
		code[l]++
	}
	return nil
}

// read decodes one symbol, or answers -1.
func (h *huffman) read(r *bitReader) int {
	r.fill()
	ahead := int(r.acc>>(r.n-16)) & 0xFFFF
	if v := h.fast[ahead>>(16-fastBits)]; v != 0 {
		r.n -= uint(v & 15)
		return int(v >> 4)
	}
	first, index := 0, 0
	for l := 1; l <= maxCode; l++ {
		first <<= 1
		if at := ahead>>(16-l) - first; at < h.count[l] {
			r.n -= uint(l)
			return int(h.sorted[index+at])
		}
		first, index = first+h.count[l], index+h.count[l]
	}
	return -1
}

// copyBack appends length bytes from distance back in dst, which is filled up to pos; the two may overlap.
func copyBack(dst []byte, pos, distance, length int) (int, error) {
	if distance <= 0 || distance > pos || length > len(dst)-pos {
		return pos, errPacked
	}
	if distance >= length {
		copy(dst[pos:pos+length], dst[pos-distance:])
		return pos + length, nil
	}
	for end := pos + length; pos < end; pos++ {
		dst[pos] = dst[pos-distance]
	}
	return pos, nil
}
