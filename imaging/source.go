package imaging

import (
	"errors"
	"io"
	"sync"
)

// source reads the image's file and remembers that reading it failed: the formats above it may take that for damage, and
// an image must not be called tampered with because its file server went away.
type source struct {
	r        io.ReaderAt
	progress Progress // may be nil; set before anything is read that counts

	mu  sync.Mutex
	err error // the first since failure was asked
}

// ReadAt implements io.ReaderAt.
func (s *source) ReadAt(p []byte, off int64) (int, error) {
	n, err := s.r.ReadAt(p, off)
	s.note(n, err)
	return n, err
}

// note tells how far a read came, and remembers its error.
func (s *source) note(n int, err error) {
	if s.progress != nil {
		s.progress.Add(int64(n))
	}
	if err == nil || errors.Is(err, io.EOF) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
}

// also makes a reader of another file of the same image, whose failures count for the image.
func (s *source) also(r io.ReaderAt) io.ReaderAt { return &companion{r, s} }

type companion struct {
	r io.ReaderAt
	s *source
}

func (c *companion) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.r.ReadAt(p, off)
	c.s.note(n, err)
	return n, err
}

// failure returns the first error of reading since it was asked last.
func (s *source) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.err
	s.err = nil
	return err
}

// Progress is told how far something long has come. Its methods may be called by several goroutines at once.
type Progress interface {
	Expect(total int64) // bytes in all, roughly
	Add(bytes int64)    // that were read or written
}
