package imaging

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"berth"
	"berth/disk"
	"berth/msix"
)

// endless is a file system whose files claim one size and give zeroes without end.
type endless struct {
	fs.FS
	claims int64
	given  int64
}

func (e *endless) Open(string) (fs.File, error) { return &endlessFile{e}, nil }

type endlessFile struct{ e *endless }

func (f *endlessFile) Stat() (fs.FileInfo, error) { return sized{folderEntry("f"), f.e.claims}, nil }
func (f *endlessFile) Close() error               { return nil }
func (f *endlessFile) Read(p []byte) (int, error) {
	f.e.given += int64(len(p))
	clear(p)
	return len(p), nil
}

type sized struct {
	folderEntry
	size int64
}

func (s sized) Size() int64 { return s.size }

// TestHugeFootprintFiles reads footprint files that claim terabytes, and one that lies.
func TestHugeFootprintFiles(t *testing.T) {
	for name, claims := range map[string]int64{"claims": 8 << 40, "lies": 100} {
		e := &endless{claims: claims}
		_, err := read(found{fsys: e, dir: "."})
		if !errors.Is(err, msix.ErrUnsupported) || !strings.Contains(err.Error(), msix.ManifestName) {
			t.Errorf("%s: %v", name, err)
		}
		if claims > mostManifest && e.given > 0 {
			t.Errorf("%s: %d bytes were read", name, e.given)
		}
		if e.given > 4*mostManifest {
			t.Errorf("%s: %d bytes were read", name, e.given)
		}
	}
}

// expandedFiles gives the files of an expanded package without signature.
func expandedFiles(t *testing.T, name string) map[string][]byte {
	t.Helper()
	dir, _ := folder(t, name)
	file := filepath.Join(t.TempDir(), "a.msix")
	if err := Pack(dir, file); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	p, err := msix.OpenPackage(inMemory(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	tree, err := p.Expanded()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, name := range []string{msix.ManifestName, msix.BlockMapName} {
		if out[name], err = fs.ReadFile(tree, name); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// imageOf makes an image of any tree, in memory.
func imageOf(t *testing.T, tree fs.FS) *fake {
	t.Helper()
	file := filepath.Join(t.TempDir(), "a.vhdx")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if err := disk.Create(f, disk.Spec{Time: time.Unix(1e9, 0), Random: rand.Reader}, tree); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return inMemory(b)
}

// TestManyPackages finds many packages, those in a package not among them, and shows the sound ones beside the broken.
func TestManyPackages(t *testing.T) {
	tree := fstest.MapFS{}
	files := expandedFiles(t, "Test.One")
	add := func(dir string) {
		for name, b := range files {
			tree[dir+"/"+name] = &fstest.MapFile{Data: b}
		}
	}
	const many = 400
	for i := range many {
		add(fmt.Sprintf("apps/p%d", i))
	}
	add("apps/p0/VFS/ProgramFilesX64/WindowsApps/inner")
	add("apps/p1/Assets")
	tree["apps/broken/AppxManifest.xml"] = &fstest.MapFile{Data: []byte("<Package")}
	tree["apps/nomap/AppxManifest.xml"] = &fstest.MapFile{Data: files[msix.ManifestName]}
	tree["apps/zeroes/AppxManifest.xml"] = &fstest.MapFile{Data: make([]byte, 1000)}
	l := New(imageOf(t, tree), nil)
	img, err := l.Inspect(context.Background(), "a.vhdx")
	if err != nil {
		t.Fatal(err)
	}
	if len(img.Packages) != many || len(img.Notes) != 3 {
		t.Errorf("%d packages, notes %q", len(img.Packages), img.Notes)
	}
	for _, n := range img.Notes {
		t.Log(n)
	}
	_, err = l.Read(context.Background(), "a.vhdx") // all or nothing: what is added to a catalogue must be clear
	if e, ok := errors.AsType[*berth.Error](err); !ok || e.Kind != berth.Invalid || !strings.Contains(err.Error(), "a.vhdx: apps/") {
		t.Errorf("%v", err)
	}
	v, err := l.VerifyImage(context.Background(), "a.vhdx", VerifyOptions{AllowUnsigned: true})
	if err != nil || v.OK || len(v.Packages) != many+3 {
		t.Errorf("%v", err)
	}
}

// TestTamperedManifest alters the manifest alone: the signature and the block map still hold, but the applications that
// it names are not those that were signed.
func TestTamperedManifest(t *testing.T) {
	file, _ := signedPackage(t, "Test.One")
	f, err := library(t).opener.Open(context.Background(), file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	p, err := msix.OpenPackage(f, f.Size)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := p.Expanded()
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{}
	err = fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(tree, name)
		if name == msix.ManifestName {
			b = []byte(strings.Replace(string(b), `Executable="app.exe"`, `Executable="bad.exe"`, 1))
		}
		files["apps/x/"+name] = &fstest.MapFile{Data: b}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	l := New(imageOf(t, files), nil)
	_, err = l.Attach(context.Background(), "a.vhdx", "apps/x")
	fails(t, err, berth.Invalid, codeBlockHash)
	ps, err := l.Read(context.Background(), "a.vhdx")
	if err != nil || ps[0].Observed.Signature != "fail" {
		t.Errorf("%+v, %v", ps, err)
	}
}

// TestDamagedImages alters bytes all over an image: whatever is found is said, nothing crashes or hangs.
func TestDamagedImages(t *testing.T) {
	b := sample(t, "generated-appattach/coffee-gpt-dyn.vhdx.gz")
	for at := 0; at < len(b); at += len(b) / 30 {
		damaged := append([]byte{}, b...)
		for i := at; i < min(at+512, len(b)); i++ {
			damaged[i] ^= 0xA5
		}
		l := New(inMemory(damaged), nil)
		if _, err := l.VerifyImage(context.Background(), "a.vhdx", VerifyOptions{}); err != nil {
			if e, ok := errors.AsType[*berth.Error](err); !ok || e.Kind != berth.Invalid {
				t.Errorf("byte %d: %v", at, err)
			}
			readable(t, err)
		}
	}
}

// TestEndOfFileIsDamage reads a file that ends early where its size said more: damage, not a lost connection.
func TestEndOfFileIsDamage(t *testing.T) {
	f := inMemory(sample(t, "generated-appattach/coffee-gpt-dyn.vhdx.gz"))
	f.read = func(_ []byte, off int64) error {
		if off > f.size/2 {
			return io.EOF
		}
		return nil
	}
	v, err := New(f, nil).VerifyImage(context.Background(), "a.vhdx", VerifyOptions{})
	if e, ok := errors.AsType[*berth.Error](err); ok && e.Kind == berth.Unavailable || err == nil && v.OK {
		t.Errorf("%+v, %v", v, err)
	}
}
