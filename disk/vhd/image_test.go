package vhd_test

import (
	"io"
	"math/rand/v2"
	"testing"

	"berth/disk/vhd"
)

// file is an image file in memory that grows as it is written.
type file struct{ b []byte }

func (f *file) WriteAt(p []byte, off int64) (int, error) {
	if end := int(off) + len(p); end > len(f.b) {
		f.b = append(f.b, make([]byte, end-len(f.b))...)
	}
	return copy(f.b[off:], p), nil
}

func (f *file) ReadAt(p []byte, off int64) (int, error) {
	if off >= int64(len(f.b)) {
		return 0, io.EOF
	}
	n := copy(p, f.b[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// counter counts reads and the bytes they ask for.
type counter struct {
	io.ReaderAt
	reads, bytes int
}

func (c *counter) ReadAt(p []byte, off int64) (int, error) {
	c.reads, c.bytes = c.reads+1, c.bytes+len(p)
	return c.ReaderAt.ReadAt(p, off)
}

// content is a disk with data at both ends and in the middle, across a block
// boundary, and zeroes in between.
func content(size int64) []byte {
	b := make([]byte, size)
	r := rand.NewChaCha8([32]byte{2})
	for _, at := range []int64{0, size/2 - 3000, size - 700} {
		_, _ = r.Read(b[max(at, 0):min(max(at, 0)+6000, size)])
	}
	return b
}

// build makes an image of disk, written in pieces of an odd size.
func build(t testing.TB, disk []byte, opt vhd.Options) *file {
	t.Helper()
	f := &file{}
	w, err := vhd.Create(f, int64(len(disk)), opt)
	if err != nil {
		t.Fatal(err)
	}
	const piece = 1<<20 + 4097
	for at := 0; at < len(disk); at += piece {
		if _, err := w.WriteAt(disk[at:min(at+piece, len(disk))], int64(at)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return f
}
