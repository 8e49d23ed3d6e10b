package msix

import (
	"encoding/binary"
	"io"
	"math"
	"net/url"
	"strings"
	"time"
)

// zipVersion is the version needed and made by that makeappx writes: 4.5, zip64.
const zipVersion = 45

// zipWriter writes a container front to back, the way makeappx does: sizes in
// data descriptors, and always a zip64 end record.
type zipWriter struct {
	w       io.Writer
	pos     int64
	entries []zipEntry
}

// Write implements io.Writer and counts.
func (z *zipWriter) Write(p []byte) (int, error) {
	n, err := z.w.Write(p)
	z.pos += int64(n)
	return n, err
}

// begin writes a local header (4.3.7) and gives its length.
func (z *zipWriter) begin(path string, method uint16, modified time.Time) (*zipEntry, int64, error) {
	z.entries = append(z.entries, zipEntry{
		raw: encodeName(path), path: path, method: method, flags: flagDescriptor, modified: modified, header: z.pos,
	})
	e := &z.entries[len(z.entries)-1]
	if len(e.raw) > math.MaxUint16 {
		return nil, 0, unsupported(zipFormat, clip(path), -1, "the name is longer than a zip can hold")
	}
	le := binary.LittleEndian
	b := make([]byte, lenLocal, lenLocal+len(e.raw))
	date, clock := toDOSTime(modified)
	le.PutUint32(b, sigLocal)
	le.PutUint16(b[4:], zipVersion)
	le.PutUint16(b[6:], e.flags)
	le.PutUint16(b[8:], e.method)
	le.PutUint16(b[10:], clock)
	le.PutUint16(b[12:], date)
	le.PutUint16(b[26:], uint16(len(e.raw)))
	_, err := z.Write(append(b, e.raw...))
	return e, z.pos - e.header, err
}

// finish writes the data descriptor (4.3.9), with 64-bit sizes as makeappx does.
func (z *zipWriter) finish(e *zipEntry, crc uint32, csize, usize int64) error {
	e.crc, e.csize, e.usize = crc, csize, usize
	le := binary.LittleEndian
	b := make([]byte, 24)
	le.PutUint32(b, sigData)
	le.PutUint32(b[4:], crc)
	le.PutUint64(b[8:], uint64(csize))
	le.PutUint64(b[16:], uint64(usize))
	_, err := z.Write(b)
	return err
}

// close writes the directory and its end records.
func (z *zipWriter) close() error {
	d := zipDirectory{entries: z.entries, offset: z.pos}
	d.end64, d.locator, d.end = newEndRecords()
	length := int64(0)
	for i := range d.entries {
		e := &d.entries[i]
		if e.record == nil {
			e.record = e.centralRecord()
		}
		length += int64(len(e.record))
		if _, err := z.Write(e.record); err != nil {
			return err
		}
	}
	_, err := z.Write(d.endRecords(len(d.entries), length, d.offset))
	return err
}

// newEndRecords gives end records without numbers; the 32-bit ones are all
// ones, which sends readers to the zip64 record.
func newEndRecords() (end64, locator, end []byte) {
	le := binary.LittleEndian
	end64, locator, end = make([]byte, lenEnd64), make([]byte, lenLocator64), make([]byte, lenEnd)
	le.PutUint32(end64, sigEnd64)
	le.PutUint64(end64[4:], lenEnd64-12) // 4.3.14.1: without the leading 12 bytes
	le.PutUint16(end64[12:], zipVersion)
	le.PutUint16(end64[14:], zipVersion)
	le.PutUint32(locator, sigLocator64)
	le.PutUint32(locator[16:], 1) // number of disks
	le.PutUint32(end, sigEnd)
	for i := 8; i < 20; i++ {
		end[i] = 0xff
	}
	return end64, locator, end
}

// centralRecord writes an entry's record of the directory (4.3.12), with a
// zip64 extra field for the numbers that need it.
func (e *zipEntry) centralRecord() []byte {
	le := binary.LittleEndian
	var extra []byte
	small := func(v int64) uint32 {
		if v < math.MaxUint32 {
			return uint32(v)
		}
		extra = le.AppendUint64(extra, uint64(v))
		return math.MaxUint32
	}
	b := make([]byte, lenCentral)
	date, clock := toDOSTime(e.modified)
	le.PutUint32(b, sigCentral)
	le.PutUint16(b[4:], zipVersion)
	le.PutUint16(b[6:], zipVersion)
	le.PutUint16(b[8:], e.flags)
	le.PutUint16(b[10:], e.method)
	le.PutUint16(b[12:], clock)
	le.PutUint16(b[14:], date)
	le.PutUint32(b[16:], e.crc)
	le.PutUint32(b[24:], small(e.usize)) // 4.5.3 fixes the order in the extra field
	le.PutUint32(b[20:], small(e.csize))
	le.PutUint32(b[42:], small(e.header))
	le.PutUint16(b[28:], uint16(len(e.raw)))
	b = append(b, e.raw...)
	if len(extra) > 0 {
		le.PutUint16(b[30:], uint16(4+len(extra)))
		b = le.AppendUint16(b, extraZip64)
		b = le.AppendUint16(b, uint16(len(extra)))
		b = append(b, extra...)
	}
	return b
}

// encodeName percent-encodes a path as makeappx does. [Content_Types].xml is
// no part name, and keeps its brackets.
func encodeName(path string) string {
	if path == ContentTypesName {
		return path
	}
	parts := strings.Split(path, "/")
	for i, p := range parts {
		p = url.PathEscape(p)
		for _, c := range []string{"+", "$", "&", "=", "@", ":"} { // legal in a URL path, escaped by makeappx
			p = strings.ReplaceAll(p, c, url.QueryEscape(c))
		}
		parts[i] = p
	}
	return strings.Join(parts, "/")
}

// toDOSTime is the inverse of dosTime; what the format cannot hold becomes 1980.
func toDOSTime(t time.Time) (date, clock uint16) {
	t = t.UTC()
	if t.Year() < 1980 || t.Year() > 2107 {
		t = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	date = uint16(t.Year()-1980)<<9 | uint16(t.Month())<<5 | uint16(t.Day())
	clock = uint16(t.Hour())<<11 | uint16(t.Minute())<<5 | uint16(t.Second()/2)
	return date, clock
}
