package ntfs

import (
	"encoding/binary"
	"io"
	"io/fs"
	"sync"
)

// wofData is the stream in which the Windows overlay filter keeps what it compressed. The unnamed stream has the file's
// size and nothing stored.
const wofData = "WofCompressedData"

// WOF_EXTERNAL_INFO, Provider, and FILE_PROVIDER_EXTERNAL_INFO_V1, Algorithm (wdm.h, winioctl.h).
const (
	wofProviderFile = 2

	wofXpress4K  = 0
	wofLZX       = 1
	wofXpress8K  = 2
	wofXpress16K = 3
)

// wofChunks are the sizes of chunks, by algorithm.
var wofChunks = map[uint32]int64{wofXpress4K: 4 << 10, wofLZX: lzxWindow, wofXpress8K: 8 << 10, wofXpress16K: 16 << 10}

// wofBatch bounds the packed bytes that are read in one go.
const wofBatch = 1 << 20

// wofInfo is what the reparse point of a compressed file says. ok is false for files that are not read: those whose
// content is in a WIM file, and of unknown algorithms.
type wofInfo struct {
	algorithm uint32
	ok        bool
}

// parseWOF reads REPARSE_DATA_BUFFER, DataBuffer of a WOF reparse point.
func parseWOF(b []byte) wofInfo {
	le := binary.LittleEndian
	if len(b) < 16 || le.Uint32(b) != 1 || le.Uint32(b[4:]) != wofProviderFile || le.Uint32(b[8:]) != 1 { // Version, Provider, Version
		return wofInfo{}
	}
	algorithm := le.Uint32(b[12:])
	_, known := wofChunks[algorithm]
	return wofInfo{algorithm, known}
}

// expander expands one chunk.
type expander interface {
	expand(dst, src []byte) error
}

// wofStream is the content of a compressed file: a table of where each chunk but the first starts, counted from the
// table's end, then the chunks; one that did not get smaller is stored as it is. It is an [io.ReaderAt] and safe for
// concurrent use.
type wofStream struct {
	place
	packed    io.ReaderAt // the chunks
	table     io.ReaderAt // the same bytes, read in pages that are kept
	packedLen int64
	size      int64 // of the file
	chunk     int64
	entry     int64 // bytes of an entry of the table
	make      func() expander
	idle      sync.Pool // of expanders

	mu   sync.Mutex
	last int64 // the chunk in kept; -1 for none
	kept []byte
}

// openWOF makes the content of a file of size bytes.
func (ino *inode) openWOF(f *FS, info wofInfo, size int64) (*wofStream, error) {
	parts := ino.parts(typeData, wofData)
	if len(parts) == 0 {
		return nil, ino.corrupt("the file is compressed by WOF, but has no stream %s", wofData)
	}
	packed, err := newStream(f.r, f.geo, parts)
	if err != nil {
		return nil, err
	}
	table, err := newStream(f.pager, f.geo, parts)
	if err != nil {
		return nil, err
	}
	s := newWOF(packed, table, packed.size, wofShape{size, info.algorithm})
	s.place = packed.place
	if s.entries()*s.entry > packed.size {
		return nil, packed.corrupt("%d bytes cannot hold the table of %d chunks", packed.size, s.entries()+1)
	}
	return s, nil
}

// wofShape is what a reparse point and the unnamed stream say.
type wofShape struct {
	size      int64
	algorithm uint32
}

func newWOF(packed, table io.ReaderAt, packedLen int64, shape wofShape) *wofStream {
	s := &wofStream{packed: packed, table: table, packedLen: packedLen, size: shape.size, chunk: wofChunks[shape.algorithm], entry: 4, last: -1}
	if s.size > 1<<32-1 {
		s.entry = 8
	}
	s.make = func() expander { return &xpress{} }
	if shape.algorithm == wofLZX {
		s.make = func() expander { return &lzx{} }
	}
	return s
}

// entries is the number of entries in the table: the first chunk needs none.
func (s *wofStream) entries() int64 { return max((s.size+s.chunk-1)/s.chunk-1, 0) }

// ReadAt implements [io.ReaderAt].
func (s *wofStream) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fs.ErrInvalid
	}
	if off >= s.size {
		return 0, io.EOF
	}
	var eof error
	if int64(len(p)) > s.size-off {
		p, eof = p[:s.size-off], io.EOF
	}
	for done := 0; done < len(p); {
		n, err := s.batch(p[done:], off+int64(done))
		if done += n; err != nil {
			return done, err
		}
	}
	return len(p), eof
}

// batch reads the start of p: as many chunks as one read of packed bytes takes.
func (s *wofStream) batch(p []byte, off int64) (int, error) {
	first := off / s.chunk
	last := min((off+int64(len(p))-1)/s.chunk, first+wofBatch/s.chunk-1)
	if n, ok := s.fromKept(p, off); ok {
		return n, nil
	}
	starts, err := s.starts(first, last)
	if err != nil {
		return 0, err
	}
	packed := make([]byte, starts[len(starts)-1]-starts[0])
	if err := readFull(s.packed, packed, starts[0], s.place); err != nil {
		return 0, err
	}
	x, _ := s.idle.Get().(expander)
	if x == nil {
		x = s.make()
	}
	defer s.idle.Put(x)
	done := 0
	for i := first; i <= last; i++ {
		src := packed[starts[i-first]-starts[0] : starts[i-first+1]-starts[0]]
		n, err := s.one(x, p[done:], chunkOf{i, off + int64(done), src})
		if err != nil {
			return done, err
		}
		done += n
	}
	return done, nil
}

// chunkOf is a packed chunk, from which the bytes from off on are wanted.
type chunkOf struct {
	index, off int64
	src        []byte
}

// one expands a chunk: into p where p takes all of it, else aside, where it is kept for the next small read.
func (s *wofStream) one(x expander, p []byte, c chunkOf) (int, error) {
	start := c.index * s.chunk
	length := min(s.chunk, s.size-start)
	if c.off == start && int64(len(p)) >= length {
		return int(length), s.expand(x, p[:length], c)
	}
	b := make([]byte, length)
	if err := s.expand(x, b, c); err != nil {
		return 0, err
	}
	s.mu.Lock()
	s.last, s.kept = c.index, b
	s.mu.Unlock()
	return copy(p, b[c.off-start:]), nil
}

func (s *wofStream) expand(x expander, dst []byte, c chunkOf) error {
	if len(c.src) == len(dst) {
		copy(dst, c.src)
		return nil
	}
	if err := x.expand(dst, c.src); err != nil {
		return s.corrupt("chunk %d of %s: %v", c.index, wofData, err)
	}
	return nil
}

// fromKept serves a read from the chunk that was expanded last.
func (s *wofStream) fromKept(p []byte, off int64) (int, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last != off/s.chunk {
		return 0, false
	}
	return copy(p, s.kept[off%s.chunk:]), true
}

// starts answers where the chunks first to last start in the packed bytes, and where the last one ends.
func (s *wofStream) starts(first, last int64) ([]int64, error) {
	base, entries := s.entries()*s.entry, s.entries()
	from, to := max(first-1, 0), min(last+1, entries)
	raw := make([]byte, (to-from)*s.entry)
	if err := readFull(s.table, raw, from*s.entry, s.place); err != nil {
		return nil, err
	}
	starts := make([]int64, 0, last-first+2)
	for i := first; i <= last+1; i++ {
		at := base // of the first chunk
		if i > entries {
			at = s.packedLen
		} else if i > 0 {
			v := s.value(raw[(i-1-from)*s.entry:])
			if v > uint64(s.packedLen-base) {
				return nil, s.corrupt("chunk %d starts at byte %d of %d", i, v, s.packedLen-base)
			}
			at += int64(v)
		}
		if n := len(starts); n > 0 && (at < starts[n-1] || at-starts[n-1] > s.chunk) {
			return nil, s.corrupt("chunk %d takes the bytes from %d to %d", i-1, starts[n-1], at)
		}
		starts = append(starts, at)
	}
	return starts, nil
}

func (s *wofStream) value(b []byte) uint64 {
	if s.entry == 8 {
		return binary.LittleEndian.Uint64(b)
	}
	return uint64(binary.LittleEndian.Uint32(b))
}
