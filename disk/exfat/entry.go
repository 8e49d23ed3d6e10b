package exfat

import (
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"berth/disk/block"
)

// EntryType of directory entries (6.2.1): the highest bit says that the entry is in use, the next one that it is
// secondary, the third that a reader need not know it.
const (
	entrySize = 32

	typeEnd    = 0x00
	typeBitmap = 0x81
	typeUpcase = 0x82
	typeLabel  = 0x83
	typeFile   = 0x85
	typeStream = 0xC0
	typeName   = 0xC1

	inUse     = 0x80
	secondary = 0x40
	benign    = 0x20
)

// FileAttributes (7.4.4) and GeneralSecondaryFlags (6.4.2).
const (
	attrDirectory = 0x10

	flagAllocated  = 1
	flagContiguous = 2 // NoFatChain
)

// nameUnits is what one file name entry holds (7.7).
const (
	nameUnits = 15
	maxName   = 255
)

// allocation is where the content of a file or directory lies.
type allocation struct {
	first      uint32
	length     int64 // DataLength
	valid      int64 // ValidDataLength
	contiguous bool  // NoFatChain
}

// entry is a file or directory.
type entry struct {
	name     string
	attr     uint16
	created  time.Time
	modified time.Time
	accessed time.Time
	data     allocation
}

func (e *entry) isDir() bool { return e.attr&attrDirectory != 0 }

// parseSet reads a set: a file entry, its stream extension and its name (7.4, 7.6, 7.7). set are the bytes of all of its
// entries.
func parseSet(set []byte, p place) (*entry, error) {
	le := binary.LittleEndian
	if want, got := le.Uint16(set[2:]), setChecksum(set); want != got {
		return nil, p.corrupt("the set's checksum is %#04x, computed %#04x", want, got)
	}
	stream := set[entrySize:]
	if len(stream) < 2*entrySize || stream[0] != typeStream {
		return nil, p.corrupt("a file without stream extension and name")
	}
	e := &entry{
		attr:     le.Uint16(set[4:]),                               // FileAttributes
		created:  timestamp(le.Uint32(set[8:]), set[20], set[22]),  // CreateTimestamp, Create10msIncrement, CreateUtcOffset
		modified: timestamp(le.Uint32(set[12:]), set[21], set[23]), // LastModified…
		accessed: timestamp(le.Uint32(set[16:]), 0, set[24]),       // LastAccessed…
	}
	var err error
	if e.data, err = parseAllocation(stream, p); err != nil {
		return nil, err
	}
	if e.isDir() && e.data.valid != e.data.length {
		return nil, p.corrupt("a directory of %d bytes, of which %d are valid", e.data.length, e.data.valid)
	}
	e.name, err = parseName(stream[entrySize:], int(stream[3]), p) // NameLength
	return e, err
}

// parseAllocation reads the fields of a stream extension (7.6) that say where the data is.
func parseAllocation(b []byte, p place) (allocation, error) {
	le := binary.LittleEndian
	valid, length := le.Uint64(b[8:]), le.Uint64(b[24:]) // ValidDataLength, DataLength
	if length > 1<<62 || valid > length {
		return allocation{}, p.corrupt("%d bytes, of which %d are valid", length, valid)
	}
	a := allocation{first: le.Uint32(b[20:]), length: int64(length), valid: int64(valid)}
	if b[1]&flagAllocated == 0 && length > 0 {
		return a, p.corrupt("%d bytes, and no allocation is possible", length)
	}
	a.contiguous = b[1]&flagContiguous != 0
	return a, nil
}

// parseName joins the file name entries, of which there are as many as the name's length asks for. Benign ones may follow.
func parseName(b []byte, length int, p place) (string, error) {
	var units []byte
	if length == 0 {
		return "", p.corrupt("a file without a name")
	}
	for ; len(b) > 0; b = b[entrySize:] {
		switch {
		case b[0] == typeName && len(units) < 2*length:
			units = append(units, b[2:entrySize]...) // FileName
		case b[0]&benign == 0:
			return "", p.unsupported("an entry of the unknown type %#02x belongs to it", b[0])
		}
	}
	if len(units) < 2*length {
		return "", p.corrupt("a name of %d characters, of which %d are there", length, len(units)/2)
	}
	name := block.UTF16(units[:2*length])
	if name == "." || name == ".." || strings.ContainsAny(name, "/\\\x00") {
		return "", p.corrupt("the name %q is no path element", name)
	}
	return name, nil
}

// setChecksum sums a set without the field that holds the sum (6.3.3, figure 2).
func setChecksum(set []byte) uint16 {
	var sum uint16
	for i, b := range set {
		if i != 2 && i != 3 {
			sum = sum<<15 | sum>>1 + uint16(b)
		}
	}
	return sum
}

// timestamp reads a time in the resolution of two seconds, its 10 ms increment and its offset from UTC in quarters of an
// hour (7.4.5 to 7.4.10). A time without an offset is taken for UTC.
func timestamp(v uint32, tens, offset byte) time.Time {
	day, month, year := int(v>>16&31), time.Month(v>>21&15), 1980+int(v>>25)
	if day == 0 || month == 0 || month > 12 {
		return time.Time{}
	}
	t := time.Date(year, month, day, int(v>>11&31), int(v>>5&63), 2*int(v&31), 0, time.UTC)
	t = t.Add(time.Duration(min(tens, 199)) * 10 * time.Millisecond)
	if offset&0x80 != 0 { // OffsetValid
		quarters := int(int8(offset<<1) >> 1)
		t = t.Add(-time.Duration(quarters) * 15 * time.Minute)
	}
	return t
}

// unknownEntry names what is not passed over.
func unknownEntry(kind byte, p place) error {
	return p.unsupported("%s", fmt.Sprintf("an entry of the unknown type %#02x, which a reader must know", kind))
}
