package msix

import (
	"encoding/binary"
	"errors"
	"io"
	"math"
	"slices"
	"time"
)

// zipFormat is the Format of errors about the container.
const zipFormat = "zip"

// Signatures and fixed lengths of the records of a zip file (PKWARE APPNOTE
// 6.3, section 4.3; the numbers of its subsections stand beside the fields).
const (
	sigLocal     = 0x04034b50 // 4.3.7
	sigData      = 0x08074b50 // 4.3.9
	sigCentral   = 0x02014b50 // 4.3.12
	sigEnd64     = 0x06064b50 // 4.3.14
	sigLocator64 = 0x07064b50 // 4.3.15
	sigEnd       = 0x06054b50 // 4.3.16

	lenLocal     = 30
	lenCentral   = 46
	lenEnd64     = 56
	lenLocator64 = 20
	lenEnd       = 22

	extraZip64 = 0x0001 // 4.5.3

	methodStore   = 0
	methodDeflate = 8

	flagEncrypted  = 1 << 0
	flagDescriptor = 1 << 3
	flagUTF8       = 1 << 11
)

// Bounds on a container. The directory of a million files takes about 100 MiB.
const (
	maxDirectory = 256 << 20
	maxComment   = math.MaxUint16
)

// zipEntry is one record of the central directory (4.3.12).
type zipEntry struct {
	raw      string // name as it is in the zip: percent-encoded
	path     string // name in the package, with slashes
	flags    uint16
	method   uint16
	modified time.Time
	crc      uint32
	csize    int64
	usize    int64
	header   int64 // offset of the local file header
	record   []byte
}

// zipDirectory is what stands behind the data of a zip file.
type zipDirectory struct {
	entries []zipEntry // in the order of the directory
	offset  int64      // of the central directory in the file
	end64   []byte     // zip64 end of central directory record; nil when there is none
	locator []byte     // its locator
	end     []byte     // end of central directory record, with comment
}

// readDirectory finds and reads the central directory.
func readDirectory(r io.ReaderAt, size int64) (*zipDirectory, error) {
	d := &zipDirectory{}
	if err := refuseEncrypted(r, size); err != nil {
		return nil, err
	}
	endAt, err := d.findEnd(r, size)
	if err != nil {
		return nil, err
	}
	le := binary.LittleEndian
	count := int64(le.Uint16(d.end[10:]))  // 4.4.22
	length := int64(le.Uint32(d.end[12:])) // 4.4.23
	d.offset = int64(le.Uint32(d.end[16:]))
	limit := endAt
	if at, err := d.readEnd64(r, endAt); err != nil {
		return nil, err
	} else if d.end64 != nil {
		limit = at
		count = int64(le.Uint64(d.end64[32:]))
		length = int64(le.Uint64(d.end64[40:]))
		d.offset = int64(le.Uint64(d.end64[48:]))
	}
	switch {
	case d.offset < 0 || length < 0 || length > limit || d.offset != limit-length:
		return nil, corrupt(zipFormat, "central directory", d.offset, "%d bytes there do not end at byte %d, where its end record is", length, limit)
	case length > maxDirectory:
		return nil, unsupported(zipFormat, "central directory", d.offset, "longer than %d bytes", maxDirectory)
	case count < 0 || count > length/lenCentral:
		return nil, corrupt(zipFormat, "entry count", endAt, "%d entries do not fit %d bytes", count, length)
	}
	raw := make([]byte, length)
	if err := readFull(r, raw, d.offset, "central directory"); err != nil {
		return nil, err
	}
	return d, d.parse(raw, count)
}

// refuseEncrypted names the packages of the Store's encrypted form (.eappx,
// .emsix and their bundles), which have a header in place of the first file's.
func refuseEncrypted(r io.ReaderAt, size int64) error {
	var mark [4]byte
	if size < int64(len(mark)) {
		return nil // too short for anything: findEnd says so
	}
	if err := readFull(r, mark[:], 0, "beginning"); err != nil {
		return err
	}
	switch string(mark[:]) {
	case "EXPH", "EXSH", "EXBH":
		return unsupported(zipFormat, "beginning", 0, "an encrypted package or bundle (.eappx, .emsix): only the Store's licence opens it")
	}
	return nil
}

// readFull reads all of p at off.
func readFull(r io.ReaderAt, p []byte, off int64, structure string) error {
	n, err := r.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return corrupt(zipFormat, structure, off, "the file ends inside")
	}
	return &Error{Format: zipFormat, Structure: structure, Offset: off, Err: err}
}

// findEnd looks for the end record backwards from the end of the file.
func (d *zipDirectory) findEnd(r io.ReaderAt, size int64) (int64, error) {
	tail := make([]byte, max(0, min(size, lenEnd+maxComment)))
	start := size - int64(len(tail))
	if err := readFull(r, tail, start, "end of central directory"); err != nil {
		return 0, err
	}
	for i := len(tail) - lenEnd; i >= 0; i-- {
		if binary.LittleEndian.Uint32(tail[i:]) != sigEnd {
			continue
		}
		comment := int(binary.LittleEndian.Uint16(tail[i+20:])) // 4.4.24
		if i+lenEnd+comment == len(tail) {
			d.end = tail[i:]
			return start + int64(i), nil
		}
	}
	return 0, corrupt(zipFormat, "end of central directory", -1, "not found; this is not a package, or it was cut off")
}

// readEnd64 reads the zip64 end record, if the locator before the end record
// points to one, and gives where it is.
func (d *zipDirectory) readEnd64(r io.ReaderAt, endAt int64) (int64, error) {
	if endAt < lenLocator64+lenEnd64 {
		return 0, nil
	}
	locator := make([]byte, lenLocator64)
	if err := readFull(r, locator, endAt-lenLocator64, "zip64 locator"); err != nil {
		return 0, err
	}
	if binary.LittleEndian.Uint32(locator) != sigLocator64 {
		return 0, nil
	}
	at := int64(binary.LittleEndian.Uint64(locator[8:])) // 4.3.15
	length := endAt - lenLocator64 - at                  // 56, or more with an extensible data sector (4.3.14.2)
	if at < 0 || length < lenEnd64 || length > lenEnd64+maxComment {
		return 0, corrupt(zipFormat, "zip64 locator", endAt-lenLocator64, "points to byte %d, want the record before it", at)
	}
	d.locator, d.end64 = locator, make([]byte, length)
	if err := readFull(r, d.end64, at, "zip64 end of central directory"); err != nil {
		return 0, err
	}
	const before = 12 // the signature and the length itself, which the length leaves out
	if binary.LittleEndian.Uint32(d.end64) != sigEnd64 || binary.LittleEndian.Uint64(d.end64[4:]) != uint64(length-before) {
		return 0, corrupt(zipFormat, "zip64 end of central directory", at, "wrong signature or length")
	}
	return at, d.agree(endAt)
}

// agree compares the two end records: what is not all ones in the short one
// must be the same in the long one, or readers would see different packages.
func (d *zipDirectory) agree(endAt int64) error {
	le := binary.LittleEndian
	for _, f := range []struct {
		name string
		all  uint64
		have uint64
		want uint64
	}{
		{"entry count", math.MaxUint16, uint64(le.Uint16(d.end[10:])), le.Uint64(d.end64[32:])},
		{"directory length", math.MaxUint32, uint64(le.Uint32(d.end[12:])), le.Uint64(d.end64[40:])},
		{"directory offset", math.MaxUint32, uint64(le.Uint32(d.end[16:])), le.Uint64(d.end64[48:])},
	} {
		if f.have != f.all && f.have != f.want {
			return corrupt(zipFormat, f.name, endAt, "%d, and %d in the zip64 record", f.have, f.want)
		}
	}
	return nil
}

// parse splits the directory into entries and refuses those that overlap.
func (d *zipDirectory) parse(raw []byte, count int64) error {
	d.entries = make([]zipEntry, 0, count)
	for pos := 0; pos < len(raw); {
		e, n, err := parseEntry(raw[pos:], d.offset+int64(pos))
		if err != nil {
			return err
		}
		d.entries = append(d.entries, e)
		pos += n
	}
	if int64(len(d.entries)) != count {
		return corrupt(zipFormat, "entry count", -1, "the end record says %d, the directory has %d", count, len(d.entries))
	}
	end := int64(0)
	for _, e := range d.byOffset() {
		if e.header < end || e.header > d.offset-lenLocal || e.csize > d.offset-lenLocal-e.header {
			return corrupt(zipFormat, e.path, e.header, "the entry overlaps another or the directory")
		}
		end = e.header + lenLocal + e.csize
	}
	return nil
}

// byOffset gives the entries as they lie in the file.
func (d *zipDirectory) byOffset() []*zipEntry {
	list := make([]*zipEntry, len(d.entries))
	for i := range d.entries {
		list[i] = &d.entries[i]
	}
	slices.SortStableFunc(list, func(a, b *zipEntry) int {
		return int(max(-1, min(1, a.header-b.header)))
	})
	return list
}
