//go:build unix

package share

import (
	"io"
	"path/filepath"
	"sync/atomic"
	"testing"
)

// TestServer is the real file server of these tests, for tests that look at it from above.
type TestServer struct{ s *samba }

// StartTestServer starts one.
func StartTestServer(t *testing.T) TestServer {
	t.Helper()
	return TestServer{startSamba(t)}
}

// Path is where a file on the share lies on this machine; its UNC path is \\fs\private\NAME.
func (t TestServer) Path(name string) string { return filepath.Join(t.s.dir, "images", name) }

// Address is where the server listens.
func (t TestServer) Address() string { return t.s.address }

// Opener knows the server under the name fs, behind an address.
func (t TestServer) Opener(address string) *Opener {
	return t.s.opener(func(o *Options) { o.Logins[0].Address = address })
}

// Counted makes a file on a server count what it asks for.
func Counted(f *File, reads, bytes *atomic.Int64) {
	if r, ok := f.ReaderAt.(reader); ok {
		if a, ok := r.ReaderAt.(*ahead); ok {
			a.r = counter{a.r, reads, bytes}
		}
	}
}

type counter struct {
	io.ReaderAt
	reads, bytes *atomic.Int64
}

func (c counter) ReadAt(p []byte, off int64) (int, error) {
	c.reads.Add(1)
	c.bytes.Add(int64(len(p)))
	return c.ReaderAt.ReadAt(p, off)
}
