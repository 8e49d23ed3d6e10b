package fat

import (
	"io"
	"io/fs"
	"sort"
)

// stream is the content of a file. It is an [io.ReaderAt] and safe for concurrent use.
type stream struct {
	place
	r    io.ReaderAt
	runs []run
	size int64 // bytes
}

// ReadAt implements [io.ReaderAt]: one read for every contiguous part of the range.
func (s *stream) ReadAt(p []byte, off int64) (int, error) {
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
	done := 0
	i := sort.Search(len(s.runs), func(i int) bool { return s.runs[i].pos+s.runs[i].length > off })
	for ; done < len(p); i++ {
		r := s.runs[i]
		within := off + int64(done) - r.pos
		n := int(min(int64(len(p)-done), r.length-within))
		at := r.offset + within
		if err := readFull(s.r, p[done:done+n], at, place{s.structure, at}); err != nil {
			return done, err
		}
		done += n
	}
	return done, eof
}

// open makes the content of a file; its runs hold its whole size.
func (f *FS) open(e *entry) (*stream, error) {
	p := place{"file " + e.name, -1}
	s := &stream{place: p, r: f.r, size: e.size}
	if e.size == 0 {
		return s, nil
	}
	need := uint32((e.size + f.geo.cluster - 1) / f.geo.cluster)
	var err error
	s.runs, err = f.table.chain(e.first, need, f.geo.clusters, p)
	return s, err
}
