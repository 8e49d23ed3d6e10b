package msix

import (
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// Sink takes the files of the block map while [VerifyPackage] reads them, so that unpacking inflates and hashes nothing
// twice. What it was given is sound only if the report says so in the end: blocks that are not as they should be are left
// out, and the digests of the whole container are known last.
type Sink interface {
	// Begin starts a file. It is called for one file after another; the files are written and closed by several
	// goroutines at once.
	Begin(path string, size int64, modified time.Time) (SinkFile, error)
}

// SinkFile is a file that is being written. Blocks come in any order; Close comes after the last.
type SinkFile interface {
	io.WriterAt
	io.Closer
}

// sinkFile closes the file behind it after its last block, and keeps the first error of all.
type sinkFile struct {
	file SinkFile
	left atomic.Int64 // blocks on their way, and one for the reader
	all  *sinkErrors
}

// sinkErrors is the first error of a Sink.
type sinkErrors struct {
	mu  sync.Mutex
	err error
}

func (s *sinkErrors) add(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
}

func (s *sinkErrors) first() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// beginSink starts a file of the sink; nil when there is no sink.
func (v *packageCheck) beginSink(e *zipEntry) (*sinkFile, error) {
	if v.opt.Sink == nil {
		return nil, nil //nolint:nilnil // no sink, no file
	}
	f, err := v.opt.Sink.Begin(e.path, e.usize, e.modified)
	if err != nil {
		return nil, err
	}
	s := &sinkFile{file: f, all: &v.sinkErr}
	s.left.Store(1)
	return s, nil
}

// hold counts a block that is on its way.
func (s *sinkFile) hold() {
	if s != nil {
		s.left.Add(1)
	}
}

// write writes a block that was found sound.
func (s *sinkFile) write(content []byte, off int64) {
	if s == nil {
		return
	}
	if _, err := s.file.WriteAt(content, off); err != nil {
		s.all.add(err)
	}
}

// release counts a block that has arrived.
func (s *sinkFile) release() {
	if s == nil || s.left.Add(-1) > 0 {
		return
	}
	if err := s.file.Close(); err != nil {
		s.all.add(err)
	}
}
