package msix

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"math"

	"github.com/klauspost/compress/flate"
)

// dataOffset reads an entry's local header (4.3.7) and gives where its data starts.
func (p *Package) dataOffset(e *zipEntry) (int64, error) {
	var head [lenLocal]byte
	if err := readFull(p.r, head[:], e.header, e.path); err != nil {
		return 0, err
	}
	nameLen := int(binary.LittleEndian.Uint16(head[26:]))
	extraLen := int(binary.LittleEndian.Uint16(head[28:]))
	name := make([]byte, nameLen)
	if err := readFull(p.r, name, e.header+lenLocal, e.path); err != nil {
		return 0, err
	}
	if err := e.checkLocal(head[:], name); err != nil {
		return 0, err
	}
	data := e.header + lenLocal + int64(nameLen) + int64(extraLen)
	if data+e.csize > p.dir.offset {
		return 0, corrupt(zipFormat, e.path, e.header, "the data runs into the directory")
	}
	return data, nil
}

// checkLocal compares the local header with the directory: a reader that
// streams takes the former, one that seeks the latter.
func (e *zipEntry) checkLocal(head, name []byte) error {
	le := binary.LittleEndian
	if le.Uint32(head) != sigLocal {
		return corrupt(zipFormat, e.path, e.header, "the local file header has a wrong signature")
	}
	if string(name) != e.raw || le.Uint16(head[8:]) != e.method {
		return corrupt(zipFormat, e.path, e.header, "the local file header names another file or method")
	}
	flags := le.Uint16(head[6:])
	if flags&flagEncrypted != 0 {
		return unsupported(zipFormat, e.path, e.header, "the local file header says that it is encrypted")
	}
	if flags&flagDescriptor != 0 {
		return nil // crc and sizes follow the data
	}
	crc, csize, usize := le.Uint32(head[14:]), le.Uint32(head[18:]), le.Uint32(head[22:])
	if crc != e.crc || differs(csize, e.csize) || differs(usize, e.usize) {
		return corrupt(zipFormat, e.path, e.header, "the local file header has another CRC-32 or size")
	}
	return nil
}

// differs compares a 32-bit size with the true one. All ones stand for a
// zip64 field, which is read from the directory only.
func differs(short uint32, size int64) bool {
	return short != math.MaxUint32 && int64(short) != size
}

// open gives an entry's uncompressed content as a stream that checks length
// and CRC-32 at its end.
func (p *Package) open(e *zipEntry) (io.ReadCloser, error) {
	data, err := p.dataOffset(e)
	if err != nil {
		return nil, err
	}
	return e.stream(io.NewSectionReader(p.r, data, e.csize)), nil
}

// stream inflates the entry's data.
func (e *zipEntry) stream(raw io.Reader) io.ReadCloser {
	s := &entryReader{e: e, r: raw}
	if e.method == methodDeflate {
		s.r = flate.NewReader(raw)
	}
	return s
}

// entryReader is an open zip entry.
type entryReader struct {
	e    *zipEntry
	r    io.Reader
	done int64
	crc  uint32
}

// Read implements io.Reader.
func (s *entryReader) Read(b []byte) (int, error) {
	n, err := s.r.Read(b)
	s.done += int64(n)
	s.crc = crc32.Update(s.crc, crc32.IEEETable, b[:n])
	if errors.Is(err, io.ErrUnexpectedEOF) && s.done == s.e.usize {
		err = io.EOF // makemsix does not end its deflate streams; the length and CRC-32 tell
	}
	switch {
	case s.done > s.e.usize:
		return 0, corrupt(zipFormat, s.e.path, s.e.header, "longer than the %d bytes its header says", s.e.usize)
	case err == io.EOF && (s.done != s.e.usize || s.crc != s.e.crc):
		return n, corrupt(zipFormat, s.e.path, s.e.header, "its length or CRC-32 is not what the header says")
	}
	return n, s.e.readError(err)
}

// readError tells damaged content from a device that cannot be read.
func (e *zipEntry) readError(err error) error {
	var (
		damaged flate.CorruptInputError
		lost    flate.InternalError // what the library calls some damage that it does not look for
	)
	if errors.As(err, &damaged) || errors.As(err, &lost) || errors.Is(err, io.ErrUnexpectedEOF) {
		return corrupt(zipFormat, e.path, e.header, "%v", err)
	}
	return err
}

// Close implements io.Closer. There is nothing to let go of; an inflater only tells its last error once more, such as that
// of a stream that does not end, whose content was complete.
func (s *entryReader) Close() error { return nil }

// readFile reads a whole footprint file of at most limit bytes.
func (p *Package) readFile(name string, limit int64) ([]byte, error) {
	e, ok := p.files[foldName(name)]
	if !ok {
		return nil, &Error{Format: zipFormat, Structure: name, Offset: -1, Err: fs.ErrNotExist}
	}
	r, err := p.open(e)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return readLimited(r, limit, zipFormat, name)
}
