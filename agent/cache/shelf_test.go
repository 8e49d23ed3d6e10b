package cache

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"sync"

	"berth"
	"berth/imaging"
	"berth/share"
)

// shelf plays a share of files in memory that can be slow, hostile or away. A package is "good" when the digest of its
// image's files is what the plan says.
type shelf struct {
	mu     sync.Mutex
	files  map[string][]byte
	stamps map[string]string
	beside map[string][]string // image -> its other files
	read   int64               // bytes
	opened int
	asked  int // how often what an image consists of
	away   error
	fail   func(path string, off int64) error // before each read; nil: none
	twist  func(path string, off int64, p []byte)
}

func newShelf() *shelf {
	return &shelf{files: map[string][]byte{}, stamps: map[string]string{}, beside: map[string][]string{}}
}

func (s *shelf) put(path string, content []byte, stamp string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[path], s.stamps[path] = content, stamp
}

func (s *shelf) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

func (s *shelf) bytesRead() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.read
}

func (s *shelf) Open(_ context.Context, path string) (*share.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away != nil {
		return nil, s.away
	}
	content, ok := s.files[path]
	if !ok {
		return nil, berth.Errorf(berth.NotFound, "no file %s", path)
	}
	s.opened++
	f := share.NewFile(&shelfFile{s, path}, path, int64(len(content)), func() error { return nil })
	f.Stamp = s.stamps[path]
	return f, nil
}

type shelfFile struct {
	shelf *shelf
	path  string
}

func (f *shelfFile) ReadAt(p []byte, off int64) (int, error) {
	f.shelf.mu.Lock()
	fail, away := f.shelf.fail, f.shelf.away
	f.shelf.mu.Unlock()
	if away != nil {
		return 0, away
	}
	if fail != nil {
		if err := fail(f.path, off); err != nil {
			return 0, err
		}
	}
	f.shelf.mu.Lock()
	defer f.shelf.mu.Unlock()
	n, err := bytes.NewReader(f.shelf.files[f.path]).ReadAt(p, off)
	f.shelf.read += int64(n)
	if f.shelf.twist != nil {
		f.shelf.twist(f.path, off, p[:n])
	}
	return n, err
}

func (s *shelf) Parts(ctx context.Context, path string) (parts []imaging.Part, err error) {
	s.set(func() { s.asked++ })
	for _, p := range append([]string{path}, s.beside[path]...) {
		f, err := s.Open(ctx, p)
		if err != nil {
			return nil, err
		}
		parts = append(parts, imaging.Part{Path: p, Size: f.Size, Stamp: f.Stamp})
	}
	return parts, nil
}

func (s *shelf) Check(_ context.Context, file string, p berth.PlannedPackage) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if got := digestOf(b); p.BlockMapSHA256 != "" && got != p.BlockMapSHA256 {
		return berth.Errorf(berth.Invalid, "file app.exe of %s is not as signed", p.FullName)
	}
	return nil
}

func digestOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
