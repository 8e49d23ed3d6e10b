package share

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"berth"
)

// tree makes a folder with an image root and, beside it, what nobody may open through it.
func tree(t *testing.T) (root, beside string) {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	root, beside = filepath.Join(dir, "images"), filepath.Join(dir, "images2")
	for _, d := range []string{filepath.Join(root, "sub"), beside} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range []string{filepath.Join(root, "a.vhdx"), filepath.Join(root, "sub", "b.vhdx"), filepath.Join(beside, "s.vhdx")} {
		if err := os.WriteFile(f, []byte(f), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	links := map[string]string{"in": "sub/b.vhdx", "out": "../images2/s.vhdx", "outdir": "../images2", "absolute": filepath.Join(root, "a.vhdx"),
		"nowhere": "none", "round": "round"}
	for name, to := range links {
		if err := os.Symlink(to, filepath.Join(root, name)); err != nil {
			t.Skipf("skipped: symbolic links cannot be made here: %v", err)
		}
	}
	return root, beside
}

func newOpener(t *testing.T, o Options) *Opener {
	t.Helper()
	op, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return op
}

func TestRoots(t *testing.T) {
	root, beside := tree(t)
	o := newOpener(t, Options{Roots: []string{root + "/", `\\fs\images`}})
	for path, want := range map[string]berth.Kind{
		root + "/a.vhdx":                   -1,
		root + "/sub/b.vhdx":               -1,
		root + "/sub/../a.vhdx":            -1,
		root + "//sub//b.vhdx":             -1,
		root + "/in":                       -1,
		root + "/../images2/s.vhdx":        berth.Forbidden,
		root + "/sub/../../images2/s.vhdx": berth.Forbidden,
		beside + "/s.vhdx":                 berth.Forbidden, // a sibling whose name starts like the root's
		"/etc/passwd":                      berth.Forbidden,
		"images/a.vhdx":                    berth.Forbidden,
		"..":                               berth.Forbidden,
		root + "/out":                      berth.Forbidden,
		root + "/outdir/s.vhdx":            berth.Forbidden,
		root + "/absolute":                 berth.Forbidden,
		`\\fs\next\a.vhdx`:                 berth.Forbidden,
		`\\fs\images2\a.vhdx`:              berth.Forbidden,
		`\\fs\images\..\next\a.vhdx`:       berth.Forbidden,
		`\\fs2\images\a.vhdx`:              berth.Forbidden,
		`\\?\UNC\fs\next\a.vhdx`:           berth.Forbidden,
		`\\.\pipe\x`:                       berth.Forbidden,
		`\\fs\images`:                      berth.Invalid,
		`\\fs\images\`:                     berth.Invalid,
		root:                               berth.Invalid,
		root + "/sub":                      berth.Invalid,
		root + "/sub/":                     berth.Invalid,
		"":                                 berth.Invalid,
		" \t":                              berth.Invalid,
		root + "/a.vhdx\x00":               berth.Invalid,
		root + "/none.vhdx":                berth.NotFound,
		root + "/none/a.vhdx":              berth.NotFound,
		root + "/a.vhdx/x":                 berth.NotFound,
		root + "/nowhere":                  berth.NotFound,
	} {
		t.Run(strings.ReplaceAll(path, root, "root"), func(t *testing.T) {
			f, err := o.Open(context.Background(), path)
			if want == -1 {
				opensAs(t, f, err)
				return
			}
			e, ok := errors.AsType[*berth.Error](err)
			if !ok || e.Kind != want || e.Remedy == "" || e.Field != "imagePath" {
				t.Errorf("%#v, want %v", err, want)
			}
			if ok && want == berth.NotFound && berth.Explain(berth.Failure{Code: e.Code}).Status != berth.StatusNotFound {
				t.Errorf("code %q does not read as not found", e.Code)
			}
			t.Log(err)
		})
	}
}

// opensAs expects an open file that holds its own path.
func opensAs(t *testing.T, f *File, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size))
	if err != nil || !bytes.HasSuffix(b, []byte(".vhdx")) || f.Size != int64(len(b)) {
		t.Errorf("%q, %v", b, err)
	}
	if n, err := f.ReadAt(make([]byte, 10), f.Size); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %d, %v", n, err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if _, err := f.ReadAt(make([]byte, 1), 0); err == nil || !strings.Contains(err.Error(), f.Path) {
		t.Errorf("read after Close: %v", err)
	}
}

// TestRootsThatOverlap opens through a link that leads out of one root and into another.
func TestRootsThatOverlap(t *testing.T) {
	root, beside := tree(t)
	o := newOpener(t, Options{Roots: []string{root, filepath.Join(root, "outdir"), beside}})
	f, err := o.Open(context.Background(), root+"/outdir/s.vhdx")
	opensAs(t, f, err)
}

func TestRootsAreChecked(t *testing.T) {
	root, _ := tree(t)
	for _, bad := range []string{"", " ", root + "/none", root + "/a.vhdx", `\\fs\images\..\next`, `\\fs\..`} {
		_, err := New(Options{Roots: []string{bad}})
		if e, ok := errors.AsType[*berth.Error](err); !ok || e.Kind != berth.Invalid || e.Remedy == "" {
			t.Errorf("root %q: %v", bad, err)
		}
	}
	o := newOpener(t, Options{Roots: []string{root, `//fs/images/`}})
	if got := strings.Join(o.Roots(), " "); got != root+` \\fs\images` {
		t.Errorf("roots %q", got)
	}
	_, err := newOpener(t, Options{}).Open(context.Background(), root+"/a.vhdx")
	if berth.ErrorKind(err) != berth.Forbidden || !strings.Contains(err.Error(), "--image-root") {
		t.Errorf("without roots: %v", err)
	}
}

func TestAnywhere(t *testing.T) {
	root, beside := tree(t)
	o := newOpener(t, Options{Anywhere: true})
	for _, p := range []string{"a.vhdx", "in", "out", "absolute", "outdir/s.vhdx"} {
		f, err := o.Open(context.Background(), filepath.Join(root, p))
		opensAs(t, f, err)
	}
	t.Chdir(beside)
	f, err := o.Open(context.Background(), "s.vhdx")
	opensAs(t, f, err)
	for p, want := range map[string]berth.Kind{root: berth.Invalid, root + "/none": berth.NotFound, root + "/round": berth.Unavailable} {
		if _, err := o.Open(context.Background(), p); berth.ErrorKind(err) != want || !strings.Contains(err.Error(), p) {
			t.Errorf("%s: %v", p, err)
		}
	}
}

// TestLinkIsSwapped changes a folder for a link that leads out, again and again, while it is opened.
func TestLinkIsSwapped(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("skipped: Windows does not rename over an open folder")
	}
	root, beside := tree(t)
	if err := os.WriteFile(filepath.Join(beside, "b.vhdx"), []byte("stolen"), 0o644); err != nil {
		t.Fatal(err)
	}
	o := newOpener(t, Options{Roots: []string{root}})
	done := make(chan struct{})
	var swaps sync.WaitGroup
	swaps.Go(func() {
		sub, aside := filepath.Join(root, "sub"), filepath.Join(root, "aside")
		for {
			select {
			case <-done:
				return
			default:
			}
			_ = os.Rename(sub, aside)
			_ = os.Symlink(beside, sub)
			_ = os.Remove(sub)
			_ = os.Rename(aside, sub)
		}
	})
	opened := 0
	for range 3000 {
		f, err := o.Open(context.Background(), root+"/sub/b.vhdx")
		if err != nil {
			continue
		}
		opened++
		b, _ := io.ReadAll(io.NewSectionReader(f, 0, f.Size))
		_ = f.Close()
		if string(b) == "stolen" {
			t.Fatal("a file outside the root was opened")
		}
	}
	close(done)
	swaps.Wait()
	if opened == 0 {
		t.Error("the file was never opened")
	}
}
