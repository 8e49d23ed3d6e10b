package mount

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/fstest"
	"time"
)

var modified = time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)

// bench is a mounted file system and what was said of it.
type bench struct {
	dir string
	m   *Mount

	mu     sync.Mutex
	failed []string
}

func serve(t *testing.T, fsys fs.FS) *bench {
	t.Helper()
	b := &bench{dir: t.TempDir()}
	m, err := Serve(b.dir, fsys, Options{Source: "a test", Failed: b.fail})
	if err != nil {
		t.Skipf("skipped: FUSE cannot be used here: %v", err)
	}
	if err := m.OpenHere(); err != nil {
		t.Fatal(err)
	}
	b.m = m
	t.Cleanup(func() {
		if err := m.Unmount(true); err != nil {
			t.Error(err)
		}
	})
	return b
}

func (b *bench) fail(name string, off int64, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failed = append(b.failed, name+": "+err.Error())
}

func (b *bench) said() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Join(b.failed, "\n")
}

func TestServe(t *testing.T) {
	big := make([]byte, 5<<20+123)
	for i := range big {
		big[i] = byte(i>>8) ^ byte(i)
	}
	files := fstest.MapFS{"empty": {}, "big": {Data: big, ModTime: modified}, "a/b/ünï [1].txt": {Data: []byte("text"), ModTime: modified}}
	b := serve(t, files)
	for name, f := range files {
		got, err := os.ReadFile(filepath.Join(b.dir, name))
		if err != nil || !bytes.Equal(got, f.Data) {
			t.Errorf("%s: %d bytes, %v; want %d", name, len(got), err, len(f.Data))
		}
	}
	info, err := os.Stat(filepath.Join(b.dir, "big"))
	if err != nil || info.Size() != int64(len(big)) || !info.ModTime().Equal(modified) || info.Mode() != 0o555 {
		t.Errorf("stat: %v, %v", info, err)
	}
	if said := b.said(); said != "" {
		t.Error(said)
	}
}

func TestMannersOfFS(t *testing.T) {
	b := serve(t, fstest.MapFS{"empty": {}, "a/b/ünï [1].txt": {Data: []byte("text"), ModTime: modified}})
	if err := fstest.TestFS(os.DirFS(b.dir), "empty", "a/b/ünï [1].txt"); err != nil {
		t.Error(err)
	}
}

func TestReadOnly(t *testing.T) {
	b := serve(t, fstest.MapFS{"file": {Data: []byte("x")}})
	file := filepath.Join(b.dir, "file")
	for name, try := range map[string]func() error{
		"write":  func() error { return os.WriteFile(file, nil, 0o600) },
		"create": func() error { return os.WriteFile(file+"2", nil, 0o600) },
		"remove": func() error { return os.Remove(file) },
		"mkdir":  func() error { return os.Mkdir(file+"3", 0o700) },
	} {
		if err := try(); !errors.Is(err, syscall.EROFS) {
			t.Errorf("%s: %v, want EROFS", name, err)
		}
	}
}

// TestParallelReads reads one file from many goroutines at once, each in its own steps.
func TestParallelReads(t *testing.T) {
	data := make([]byte, 3<<20)
	for i := range data {
		data[i] = byte(i * 7 >> 4)
	}
	b := serve(t, fstest.MapFS{"file": {Data: data}})
	var readers sync.WaitGroup
	for i := range 8 {
		readers.Go(func() {
			f, err := os.Open(filepath.Join(b.dir, "file"))
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = f.Close() }()
			p := make([]byte, 70_001+i)
			for off := 0; off < len(data); off += len(p) {
				n, err := f.ReadAt(p, int64(off))
				if err != nil && !errors.Is(err, io.EOF) || !bytes.Equal(p[:n], data[off:min(off+len(p), len(data))]) {
					t.Errorf("reader %d at byte %d: %d bytes, %v", i, off, n, err)
					return
				}
			}
		})
	}
	readers.Wait()
}

// broken serves a file that fails, one that panics and one that is shorter than it says.
type broken struct{ fstest.MapFS }

func (b broken) Open(name string) (fs.File, error) {
	f, err := b.MapFS.Open(name)
	switch name {
	case "fails", "panics", "short":
		return badFile{f, name}, err
	}
	return f, err
}

type badFile struct {
	fs.File
	name string
}

func (f badFile) ReadAt(p []byte, off int64) (int, error) {
	switch f.name {
	case "fails":
		return 0, errors.New("block 0 differs")
	case "panics":
		panic("a defect of a format")
	}
	return copy(p, "half"), io.EOF
}

func TestBadFiles(t *testing.T) {
	long := &fstest.MapFile{Data: []byte("much longer than half")}
	b := serve(t, broken{fstest.MapFS{"fails": long, "panics": long, "short": long, "good": long}})
	for _, name := range []string{"fails", "panics", "short"} {
		if got, err := os.ReadFile(filepath.Join(b.dir, name)); !errors.Is(err, syscall.EIO) || len(got) > 0 {
			t.Errorf("%s: %q, %v, want EIO", name, got, err)
		}
	}
	for _, want := range []string{"fails: block 0 differs", "panics: panic: ", "short: unexpected EOF"} {
		if !strings.Contains(b.said(), want) {
			t.Errorf("%q is missing in %q", want, b.said())
		}
	}
	if got, err := os.ReadFile(filepath.Join(b.dir, "good")); err != nil || len(got) != len(long.Data) {
		t.Errorf("the good file: %q, %v", got, err)
	}
}

func TestUnmount(t *testing.T) {
	b := serve(t, fstest.MapFS{"file": {Data: []byte("x")}})
	points, err := Points(filepath.Dir(b.dir))
	if err != nil || points[b.dir] != 1 {
		t.Errorf("mounted: %v, %v", points, err)
	}
	f, err := os.Open(filepath.Join(b.dir, "file"))
	if err != nil {
		t.Fatal(err)
	}
	if err := b.m.Unmount(false); !errors.Is(err, syscall.EBUSY) {
		t.Errorf("in use: %v, want EBUSY", err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	for { // the kernel tells of the closing when it has time
		if err = b.m.Unmount(false); !errors.Is(err, syscall.EBUSY) {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	points, perr := Points(filepath.Dir(b.dir))
	if err != nil || perr != nil || points[b.dir] != 0 {
		t.Errorf("unmounted: %v, %v, %v", points, err, perr)
	}
	if err := Unmount(b.dir, false); err != nil {
		t.Errorf("what is not mounted: %v", err)
	}
	b.m.Wait()
	if list, err := os.ReadDir(b.dir); err != nil || slices.ContainsFunc(list, func(e fs.DirEntry) bool { return e.Name() == "file" }) {
		t.Errorf("the folder afterwards: %v, %v", list, err)
	}
}

// TestNoMountPoint expects an error that can be shown.
func TestNoMountPoint(t *testing.T) {
	m, err := Serve(filepath.Join(t.TempDir(), "absent"), fstest.MapFS{}, Options{})
	if err == nil {
		t.Error("mounted on a folder that is not there")
		_ = m.Unmount(true)
	}
}
