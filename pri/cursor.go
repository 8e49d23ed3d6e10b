package pri

import (
	"encoding/binary"
	"unicode/utf16"
)

// cursor reads a section forward. The first read past its end sets err; reads
// after that give zeroes, so that a header is read without a check per field.
type cursor struct {
	data []byte
	at   int64 // offset of data in the file
	pos  int
	name string // of the structure, for errors
	err  error
}

// take gives the next n bytes.
func (c *cursor) take(n int) []byte {
	if c.err == nil && (n < 0 || n > len(c.data)-c.pos) {
		c.err = corrupt(c.name, c.at+int64(c.pos), "%d bytes are wanted here, %d are left", n, len(c.data)-c.pos)
	}
	if c.err != nil {
		return nil
	}
	b := c.data[c.pos : c.pos+n]
	c.pos += n
	return b
}

// array gives count elements of size bytes each. Both come from 32-bit fields
// at most, so that the product cannot overflow.
func (c *cursor) array(count, size int) table {
	total := int64(count) * int64(size)
	if total > int64(len(c.data)) {
		total = int64(len(c.data)) + 1 // for take to refuse
	}
	return table{c.take(int(total)), size}
}

func (c *cursor) u16() int {
	if b := c.take(2); b != nil {
		return int(binary.LittleEndian.Uint16(b))
	}
	return 0
}

func (c *cursor) u32() int {
	if b := c.take(4); b != nil {
		return int(binary.LittleEndian.Uint32(b))
	}
	return 0
}

// align skips to the next multiple of n bytes from the start of the section.
func (c *cursor) align(n int) {
	if rest := c.pos % n; rest != 0 {
		c.take(n - rest)
	}
}

// table is an array of structures of one size.
type table struct {
	data []byte
	size int
}

func (t table) len() int {
	if t.size == 0 {
		return 0
	}
	return len(t.data) / t.size
}

// row gives element i; false when there is none.
func (t table) row(i int) (row, bool) {
	if i < 0 || i >= t.len() {
		return nil, false
	}
	return t.data[i*t.size : (i+1)*t.size], true
}

// row is one structure.
type row []byte

func (r row) u16(at int) int { return int(binary.LittleEndian.Uint16(r[at:])) }
func (r row) u32(at int) int { return int(binary.LittleEndian.Uint32(r[at:])) }

// maxText bounds one text that is read up to its zero.
const maxText = 32 << 10

// wideText decodes UTF-16LE up to a zero or the end of b.
func wideText(b []byte) string {
	units := make([]uint16, 0, min(len(b)/2, 64))
	for i := 0; i+1 < len(b) && len(units) < maxText; i += 2 {
		u := binary.LittleEndian.Uint16(b[i:])
		if u == 0 {
			break
		}
		units = append(units, u)
	}
	return string(utf16.Decode(units))
}

// narrowText decodes UTF-8, of which ASCII is a part, up to a zero or the end of b.
func narrowText(b []byte) string {
	b = b[:min(len(b), maxText)]
	for i, c := range b {
		if c == 0 {
			b = b[:i]
			break
		}
	}
	return string(b)
}
