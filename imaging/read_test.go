package imaging

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"berth"
)

// filesOf makes Files of any file system.
func filesOf(fsys fs.FS) *Files {
	return &Files{FS: fsys, img: &opened{path: "disk.raw", source: &source{}}}
}

// TestHashSample compares with what sha256sum said of the volume when ntfs-3g had it mounted: compressed and sparse files,
// attribute lists, streams beside files, thousands of names in a folder, and a link, which it followed.
func TestHashSample(t *testing.T) {
	for _, name := range []string{"edge512", "edge4k"} {
		raw := sample(t, "generated-ntfs3g/"+name+".raw.gz")
		files, err := New(inMemory(raw), nil).Open(t.Context(), name+".raw", -1)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		var order []string
		err = files.Hash(t.Context(), ".", func(s Sum) error {
			if s.Error != "" {
				t.Errorf("%s: %s", s.Path, s.Error)
			}
			got[s.Path] = s.SHA256
			order = append(order, s.Path)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(bytes.NewReader(sample(t, "generated-ntfs3g/"+name+".sha256.gz")))
		n := 0
		for lines.Scan() {
			sum, path, _ := strings.Cut(lines.Text(), "  ./")
			if n++; got[path] != sum {
				t.Errorf("%s: %s is %s, want %s", name, path, got[path], sum)
			}
		}
		if n == 0 || len(order) < n {
			t.Errorf("%d files of %d", len(order), n)
		}
	}
}

// TestStreams reads what lies beside the content of files, as Windows names it.
func TestStreams(t *testing.T) {
	files, err := New(inMemory(sample(t, "generated-ntfs3g/edge4k.raw.gz")), nil).Open(t.Context(), "edge4k.raw", -1)
	if err != nil {
		t.Fatal(err)
	}
	info, err := fs.Stat(files.FS, "MSIX/Ads/host.txt")
	if err != nil {
		t.Fatal(err)
	}
	if got := StreamsOf(info); !slices.Equal(got, []Stream{{"stream1", 10}, {"Zone.Identifier", 26}}) {
		t.Errorf("streams %v", got)
	}
	for name, want := range map[string]string{"MSIX/Ads/host.txt:stream1": "stream one", "MSIX/Ads/host.txt": "host",
		"MSIX/Ads/host.txt:Zone.Identifier": "[ZoneTransfer]\r\nZoneId=3\r\n"} {
		var b bytes.Buffer
		if err := files.Copy(t.Context(), name, &b); err != nil || b.String() != want {
			t.Errorf("%s: %q, %v", name, b.String(), err)
		}
	}
	for _, name := range []string{"MSIX/Ads/host.txt:none", "MSIX/Ads/none:stream1", "MSIX/Ads/host.txt:", "MSIX/Ads/host.txt:STREAM"} {
		if err := files.Copy(t.Context(), name, io.Discard); berth.ErrorKind(err) != berth.NotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// slow gives its files after those that were asked for later.
type slow struct {
	fstest.MapFS
	open atomic.Int64
}

func (s *slow) Open(name string) (fs.File, error) {
	if s.open.Add(1)%2 == 0 {
		time.Sleep(time.Millisecond)
	}
	return s.MapFS.Open(name)
}

func TestHashKeepsOrder(t *testing.T) {
	tree := &slow{MapFS: fstest.MapFS{}}
	for i := range 600 { // more than may wait
		tree.MapFS[strings.Repeat("d/", i%4)+"f"+string(rune('a'+i%26))+strings.Repeat("x", i%7)] = &fstest.MapFile{Data: []byte{byte(i)}}
	}
	var want, got []string
	_ = fs.WalkDir(tree.MapFS, ".", func(name string, d fs.DirEntry, _ error) error {
		if !d.IsDir() {
			want = append(want, name)
		}
		return nil
	})
	if err := filesOf(tree).Hash(t.Context(), ".", func(s Sum) error { got = append(got, s.Path); return nil }); err != nil || !slices.Equal(got, want) {
		t.Errorf("%v: %d files in another order than the %d of the walk", err, len(got), len(want))
	}
	stop := errors.New("enough")
	n := 0
	err := filesOf(tree).Hash(t.Context(), ".", func(Sum) error {
		if n++; n == 3 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || n != 3 {
		t.Errorf("stopped after %d: %v", n, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = filesOf(tree).Hash(ctx, ".", func(Sum) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}

// bad has a file that cannot be read and a folder that cannot be listed.
type bad struct{ fstest.MapFS }

func (b bad) Open(name string) (fs.File, error) {
	if strings.Contains(name, "bad") {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errors.New("compressed in an unknown way")}
	}
	return b.MapFS.Open(name)
}

func TestOneBadFile(t *testing.T) {
	tree := bad{fstest.MapFS{"a": {Data: []byte("a")}, "bad": {}, "c/badfolder/x": {}, "d": {Data: []byte("d")}}}
	var said []string
	err := filesOf(tree).Hash(t.Context(), ".", func(s Sum) error {
		said = append(said, s.Path+" "+s.Error)
		return nil
	})
	if got := strings.Join(said, "|"); err != nil || !strings.HasPrefix(got, "a |bad open bad: compressed") || !strings.HasSuffix(got, "|d ") || len(said) != 4 {
		t.Errorf("%v, %v", said, err)
	}
	out := filepath.Join(t.TempDir(), "out")
	x, err := filesOf(tree).Extract(t.Context(), ".", out, nil)
	if err != nil || x.Files != 2 || x.Bytes != 2 || len(x.Failed) != 2 {
		t.Fatalf("%+v, %v", x, err)
	}
	if b, err := os.ReadFile(filepath.Join(out, "d")); err != nil || string(b) != "d" {
		t.Errorf("%q, %v", b, err)
	}
}

// named has whatever names a hostile volume may hold in its root.
type names struct {
	fstest.MapFS
	list []string
}

func (n names) ReadDir(name string) ([]fs.DirEntry, error) {
	if name != "." {
		return n.MapFS.ReadDir(name)
	}
	var out []fs.DirEntry
	for _, l := range n.list {
		out = append(out, namedEntry{folderEntry(l), l})
	}
	return out, nil
}

type namedEntry struct {
	fs.DirEntry
	name string
}

func (n namedEntry) Name() string { return n.name }

func TestExtractStaysInside(t *testing.T) {
	dir := t.TempDir()
	tree := names{fstest.MapFS{"good/file": {Data: []byte("x"), ModTime: time.Unix(1e9, 0)}},
		[]string{"..", ".", "", "a/b", "../evil", "zero\x00", "good", "good"}}
	x, err := filesOf(tree).Extract(t.Context(), ".", filepath.Join(dir, "out"), nil)
	if err != nil || x.Files != 1 || len(x.Failed) != 7 {
		t.Errorf("%+v, %v", x, err)
	}
	info, err := os.Stat(filepath.Join(dir, "out", "good", "file"))
	if err != nil || !info.ModTime().Equal(time.Unix(1e9, 0)) {
		t.Errorf("%v, %v", info, err)
	}
	if list, _ := os.ReadDir(dir); len(list) != 1 {
		t.Errorf("something was written outside: %v", list)
	}
}

func TestWindowsNames(t *testing.T) {
	for name, want := range map[string]bool{"notes.exe": true, "CON": false, "con.txt": false, "COM1": false, "com¹.x": false, "COMET": true, "COM": true, "LPT0": false,
		"a:b": false, "end.": false, "end ": false, "tab\t": false, "NUL .txt": false, "console": true, "ünï": true} {
		if got := windowsName(name); got != want {
			t.Errorf("%q: %v, want %v", name, got, want)
		}
	}
}

// stopping ends the context when it is read.
type stopping struct {
	fstest.MapFS
	stop func()
}

func (s stopping) Open(name string) (fs.File, error) {
	if name == "z" {
		s.stop()
	}
	return s.MapFS.Open(name)
}

func TestExtractInterrupted(t *testing.T) {
	dir := t.TempDir()
	for _, there := range []bool{false, true} {
		out := filepath.Join(dir, "out")
		if there {
			if err := os.Mkdir(out, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		ctx, stop := context.WithCancel(t.Context())
		tree := stopping{fstest.MapFS{"a/b": {Data: []byte("x")}, "z": {Data: []byte("y")}}, stop}
		if _, err := filesOf(tree).Extract(ctx, ".", out, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		list, err := os.ReadDir(out)
		if there && (err != nil || len(list) > 0) || !there && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("left behind: %v, %v", list, err)
		}
	}
}

func TestGuarded(t *testing.T) {
	for _, name := range []string{"coffee-gpt-dyn.vhdx", "coffee-mbr-fat32.vhd", "multi-gpt-dyn.vhdx", "unsigned.vhdx"} {
		img := image(t, name)
		g, err := library(t).OpenGuarded(t.Context(), img, -1)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := library(t).Open(t.Context(), img, -1)
		if err != nil {
			t.Fatal(err)
		}
		sums := func(f *Files) (lines []string) {
			if err := f.Hash(t.Context(), ".", func(s Sum) error { lines = append(lines, s.Path+s.SHA256+s.Error); return nil }); err != nil {
				t.Error(err)
			}
			return lines
		}
		if a, b := sums(g.Files), sums(plain); len(a) == 0 || !slices.Equal(a, b) {
			t.Errorf("%s: guarded files differ from plain ones: %d and %d", name, len(a), len(b))
		}
		if len(g.Packages) == 0 || (name == "unsigned.vhdx" || name == "multi-gpt-dyn.vhdx") != (len(g.Notes) > 0) {
			t.Errorf("%s: packages %v, notes %v", name, g.Packages, g.Notes)
		}
		if err := errors.Join(g.Close(), plain.Close()); err != nil {
			t.Error(err)
		}
	}
}

// TestGuardCannotBeWalkedAround spells the names of a tampered file in ways that the volume understands.
func TestGuardCannotBeWalkedAround(t *testing.T) {
	g, err := library(t).OpenGuarded(t.Context(), image(t, "tampered-payload-byte.vhdx"), -1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = g.Close() }()
	dir := "MSIX/CentennialCoffee_1.1.0.0_neutral__8wekyb3d8bbwe"
	if _, err := fs.ReadFile(g.FS, dir+"/ccoffee.exe"); err == nil {
		t.Error("the tampered file was read")
	}
	for _, name := range []string{strings.ToLower(dir) + "/ccoffee.exe", strings.ToUpper(dir) + "/CCOFFEE.EXE", dir + "/CCoffee.exe", "msix/" + dir[5:] + "/ccoffee.exe"} {
		if b, err := fs.ReadFile(g.FS, name); err == nil {
			t.Errorf("%s: %d bytes were read around the guard", name, len(b))
		}
		if _, err := fs.Stat(g.FS, name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := library(t).OpenGuarded(t.Context(), image(t, "tampered-blockmap.vhdx"), -1); berth.ErrorKind(err) != berth.Invalid {
		t.Errorf("a block map that was not signed: %v", err)
	}
}
