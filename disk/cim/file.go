package cim

import (
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"sort"
	"time"
)

const (
	filesPerTable = 1024
	tableEntry    = 16 // FileTableDirectoryEntry
	fileSize      = 96 // File; 88 in version 1
	fileNeeds     = 56 // up to and with the default stream
)

// Stream types, in bits 48 to 55 of Stream.LengthAndType.
const (
	streamData  = 0
	streamLinks = 1 // a folder
	streamPE    = 2
	sparseBit   = 1 << 56
)

// file is a File of a file table.
type file struct {
	id     uint32
	flags  uint16 // 1 read only, 2 hidden, 4 system, 8 archive
	tag    uint32 // ReparseTag
	times  [4]time.Time
	stream stream
	parent uint32 // ParentFileId, 0 in version 1
}

// stream is a Stream: where the content of a file or folder is.
type stream struct {
	data   offset
	size   int64
	kind   byte
	sparse bool
}

func parseStream(b []byte) stream {
	le := binary.LittleEndian
	v := le.Uint64(b[8:]) // LengthAndType
	return stream{offset(le.Uint64(b)), int64(v & (1<<48 - 1)), byte(v >> 48), v&sparseBit != 0}
}

func (f *file) isDir() bool { return f.stream.kind == streamLinks }

// file reads the file with an id, which counts from 1.
func (f *FS) file(id uint32) (*file, error) {
	le := binary.LittleEndian
	p := place{structure: fmt.Sprintf("file %d", id), offset: -1}
	if id == 0 || (id-1)/filesPerTable >= f.tables {
		return nil, p.corrupt("there are %d file tables of %d files", f.tables, filesPerTable)
	}
	entry, err := f.img.read(f.directory+offset(tableEntry*((id-1)/filesPerTable)), tableEntry, "file table directory")
	if err != nil {
		return nil, err
	}
	slot, count, size := (id-1)%filesPerTable, uint32(le.Uint16(entry[8:])), int64(le.Uint16(entry[10:])) // Count, EntrySize
	if slot >= count || size < fileNeeds {
		return nil, p.corrupt("its table has %d files of %d bytes each", count, size)
	}
	b, err := f.img.read(offset(le.Uint64(entry))+offset(int64(slot)*size), min(size, fileSize), p.structure)
	if err != nil {
		return nil, err
	}
	// What an older version does not have is zero.
	return parseFile(id, append(b, make([]byte, fileSize-len(b))...)), nil
}

func parseFile(id uint32, b []byte) *file {
	le := binary.LittleEndian
	f := &file{id: id, flags: le.Uint16(b), tag: le.Uint32(b[4:]), stream: parseStream(b[40:]), parent: le.Uint32(b[88:])}
	for i := range f.times { // CreationTime, LastWriteTime, ChangeTime, LastAccessTime
		f.times[i] = fileTime(le.Uint64(b[8+8*i:]))
	}
	return f
}

// content opens the default stream of a file.
func (f *FS) content(file *file) (io.ReaderAt, error) {
	s, name := file.stream, fmt.Sprintf("content of file %d", file.id)
	switch {
	case s.size == 0 || s.sparse:
		return zeroes(s.size), nil
	case s.kind == streamPE:
		return f.peContent(s, name)
	case s.kind != streamData:
		return nil, place{structure: name, offset: -1}.unsupported("stream type %d; known are 0 (data), 1 (folder), 2 (PE image)", s.kind)
	}
	r, at, err := f.img.at(s.data, s.size, name)
	if err != nil {
		return nil, err
	}
	return &extent{r, at, s.size, name}, nil
}

// extent is content in one piece.
type extent struct {
	region *region
	at     int64
	size   int64
	name   string
}

// ReadAt implements [io.ReaderAt].
func (e *extent) ReadAt(p []byte, off int64) (int, error) {
	p, eof, err := clip(p, off, e.size)
	if err != nil || len(p) == 0 {
		return 0, err
	}
	if err := readFull(e.region.r, p, e.at+off, place{e.name, e.region.name, e.at + off}); err != nil {
		return 0, err
	}
	return len(p), eof
}

// clip cuts p to what a stream of size bytes has from off on. eof is what a read that fills it answers.
func clip(p []byte, off, size int64) (cut []byte, eof, err error) {
	switch {
	case off < 0:
		return nil, nil, fs.ErrInvalid
	case off >= size:
		return nil, nil, io.EOF
	case int64(len(p)) > size-off:
		return p[:size-off], io.EOF, nil
	}
	return p, nil, nil
}

// zeroes is a stream of that many zero bytes.
type zeroes int64

// ReadAt implements [io.ReaderAt].
func (z zeroes) ReadAt(p []byte, off int64) (int, error) {
	p, eof, err := clip(p, off, int64(z))
	clear(p)
	if err != nil {
		eof = err
	}
	return len(p), eof
}

// peImage is a PE image, whose sections are stored at other distances than in the file so that they can be mapped.
type peImage struct {
	extent
	mappings []mapping
}

// mapping is PeImageMapping: from fileOffset on, the content is delta bytes further in the data.
type mapping struct {
	fileOffset, delta int64
}

const (
	peSize      = 24 // PeImage
	mappingSize = 8
)

func (f *FS) peContent(s stream, name string) (io.ReaderAt, error) {
	le := binary.LittleEndian
	b, err := f.img.read(s.data, peSize, "PE image of "+name)
	if err != nil {
		return nil, err
	}
	count := int(le.Uint16(b[20:])) // MappingCount
	raw, err := f.img.read(s.data+peSize, int64(count)*mappingSize, "PE mappings of "+name)
	if err != nil {
		return nil, err
	}
	length := int64(le.Uint64(b[8:]) & (1<<63 - 1)) // DataLength
	r, at, err := f.img.at(offset(le.Uint64(b)), length, name)
	if err != nil {
		return nil, err
	}
	img := &peImage{extent: extent{r, at, s.size, name}}
	for i := range count {
		m := mapping{int64(le.Uint32(raw[mappingSize*i:])), int64(le.Uint32(raw[mappingSize*i+4:]))} // FileOffset, Delta
		if i > 0 && m.fileOffset <= img.mappings[i-1].fileOffset {
			return nil, place{structure: "PE mappings of " + name, offset: -1}.corrupt("mapping %d does not follow the one before", i)
		}
		img.mappings = append(img.mappings, m)
	}
	return img, img.check(length)
}

// check holds the last byte of each part to the data that is there.
func (i *peImage) check(length int64) error {
	end, delta := int64(0), int64(0)
	for n := 0; n <= len(i.mappings); n++ {
		end = i.size
		if n < len(i.mappings) {
			end = min(end, i.mappings[n].fileOffset)
		}
		if end+delta > length {
			return place{i.name, i.region.name, i.at}.corrupt("its bytes up to %d are stored up to %d, and %d are stored", end, end+delta, length)
		}
		if n < len(i.mappings) && i.mappings[n].fileOffset < i.size {
			delta = i.mappings[n].delta
		}
	}
	return nil
}

// ReadAt implements [io.ReaderAt]: one read for each part touched.
func (i *peImage) ReadAt(p []byte, off int64) (int, error) {
	p, eof, err := clip(p, off, i.size)
	if err != nil {
		return 0, err
	}
	n := sort.Search(len(i.mappings), func(n int) bool { return i.mappings[n].fileOffset > off })
	for done := 0; done < len(p); n++ {
		at, part := off+int64(done), p[done:]
		if n < len(i.mappings) {
			part = part[:min(int64(len(part)), i.mappings[n].fileOffset-at)]
		}
		if n > 0 {
			at += i.mappings[n-1].delta
		}
		if err := readFull(i.region.r, part, i.at+at, place{i.name, i.region.name, i.at + at}); err != nil {
			return done, err
		}
		done += len(part)
	}
	return len(p), eof
}

// Seconds from 1601, where FILETIME starts, to 1970.
const epochOffset = 11644473600

// fileTime reads a FILETIME: 100 nanoseconds since 1601 (MS-DTYP 2.3.3). 0 and what is negative are no time.
func fileTime(v uint64) time.Time {
	if v == 0 || v > 1<<63-1 {
		return time.Time{}
	}
	return time.Unix(int64(v/1e7)-epochOffset, int64(v%1e7*100)).UTC()
}
