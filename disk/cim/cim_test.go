package cim_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"berth/disk/cim"
	"berth/test/cimimage"
	"berth/test/mutate"
)

var le = binary.LittleEndian

// files are the files of an image, by name.
type files map[string][]byte

func write(t testing.TB, tree fs.FS) files {
	t.Helper()
	out := files{}
	err := cimimage.Write(tree, "app", func(p string) bool { return strings.HasSuffix(p, ".exe") }, func(name string, b []byte) error {
		out[name] = b
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func region(n int) string { return fmt.Sprintf("region_%s_%d", cimimage.ID, n) }

func (f files) open(name string) (io.ReaderAt, int64, error) {
	b, ok := f[name]
	if !ok {
		return nil, 0, fs.ErrNotExist
	}
	return bytes.NewReader(b), int64(len(b)), nil
}

func (f files) image() (*cim.FS, error) {
	b := f["app.cim"]
	return cim.Open(bytes.NewReader(b), int64(len(b)), f.open)
}

// tree has one of each kind of file, and more than one table of them.
func tree() fstest.MapFS {
	t := fstest.MapFS{
		"MSIX/App_1.0.0.0_x64__8wekyb3d8bbwe/App.exe":      {Data: bytes.Repeat([]byte("PE image"), 1000)},
		"MSIX/App_1.0.0.0_x64__8wekyb3d8bbwe/tiny.exe":     {Data: []byte("MZ")},
		"MSIX/App_1.0.0.0_x64__8wekyb3d8bbwe/small.txt":    {Data: []byte("small")},
		"MSIX/App_1.0.0.0_x64__8wekyb3d8bbwe/Größe 𝄞.bin":  {Data: bytes.Repeat([]byte{1, 2, 3}, 5000)},
		"MSIX/App_1.0.0.0_x64__8wekyb3d8bbwe/empty":        {},
		"MSIX/App_1.0.0.0_x64__8wekyb3d8bbwe/empty folder": {Mode: fs.ModeDir},
	}
	for i := range 1500 {
		t[fmt.Sprintf("many/%d", i)] = &fstest.MapFile{Data: []byte(fmt.Sprint(i))}
	}
	return t
}

func TestReadsWhatWasWritten(t *testing.T) {
	f, err := write(t, tree()).image()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range tree() {
		if want.Mode.IsDir() {
			continue
		}
		for _, n := range []string{name, strings.ToUpper(name)} {
			if got, err := fs.ReadFile(f, n); err != nil || !bytes.Equal(got, want.Data) {
				t.Errorf("%s: %d bytes, %v", n, len(got), err)
			}
		}
	}
	if err := fstest.TestFS(f, "many/1499", "MSIX/App_1.0.0.0_x64__8wekyb3d8bbwe/App.exe"); err != nil {
		t.Error(err)
	}
	if list, err := f.ReadDir("many"); err != nil || len(list) != 1500 {
		t.Errorf("%d names, %v", len(list), err)
	}
	if major, minor := f.Version(); major != 2 || minor != 0 {
		t.Errorf("version %d.%d", major, minor)
	}
	info, err := f.Stat("msix/app_1.0.0.0_X64__8wekyb3d8bbwe/SMALL.txt")
	if err != nil || info.Name() != "small.txt" || info.Size() != 5 || info.ModTime().Year() != 2022 || info.Sys().(*cim.Stat).Flags != 8 {
		t.Errorf("%+v, %v", info, err)
	}
	if _, err := f.Stat("MSIX/none"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// TestPiecesOfPEImages reads across the gap between the parts.
func TestPiecesOfPEImages(t *testing.T) {
	f, err := write(t, tree()).image()
	if err != nil {
		t.Fatal(err)
	}
	const name = "MSIX/App_1.0.0.0_x64__8wekyb3d8bbwe/App.exe"
	want := tree()[name].Data
	file, err := f.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	for off := 0; off < len(want); off += 13 {
		p := make([]byte, min(100, len(want)-off))
		if n, err := file.(io.ReaderAt).ReadAt(p, int64(off)); n != len(p) || err != nil && err != io.EOF || !bytes.Equal(p, want[off:][:n]) {
			t.Fatalf("%d bytes at %d: %v", n, off, err)
		}
	}
}

// TestVersions reads images that say to be of other versions.
func TestVersions(t *testing.T) {
	for major := range uint32(6) {
		f := write(t, tree())
		for _, b := range f {
			le.PutUint32(b[16:], major)
		}
		_, err := f.image()
		if ok := major >= 1 && major <= 3; ok != (err == nil) || !ok && !errors.Is(err, cim.ErrUnsupported) {
			t.Errorf("version %d: %v", major, err)
		}
	}
}

// TestForkedImages has its first region in a set of its parent.
func TestForkedImages(t *testing.T) {
	f := write(t, tree())
	img := f["app.cim"]
	parent := bytes.Clone(img[32:56])
	parent[0], parent[16] = 0xFF, 1
	le.PutUint16(img[48:], 2)
	le.PutUint16(img[70:], 1)
	f["app.cim"] = append(img, parent...)
	f[strings.Replace(region(0), "03020100", "030201ff", 1)] = f[region(0)]
	f[region(0)], f[region(1)] = f[region(1)], f[region(2)]
	v, err := f.image()
	if err != nil {
		t.Fatal(err)
	}
	if b, err := fs.ReadFile(v, "many/77"); err != nil || string(b) != "77" {
		t.Errorf("%q, %v", b, err)
	}
}

func TestReparsePointsAreTold(t *testing.T) {
	f := write(t, fstest.MapFS{"a": {Data: []byte("x")}, "b": {Data: []byte("y")}})
	meta := f[region(0)]
	// File 1 is the root; the table begins where the directory of tables says.
	at := tableAt(f)
	le.PutUint32(meta[at+96+4:], 0xA000000C)
	le.PutUint32(meta[at+2*96+4:], 0x80000017)
	v, err := f.image()
	if err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]fs.FileMode{"a": fs.ModeSymlink, "b": fs.ModeIrregular} {
		info, err := v.Stat(name)
		if err != nil || info.Mode().Type() != mode {
			t.Errorf("%s: %v, %v", name, info, err)
		}
		if _, err := fs.ReadFile(v, name); !errors.Is(err, cim.ErrUnsupported) || !strings.Contains(err.Error(), "reparse point") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// tableAt finds the first file table in region 0.
func tableAt(f files) int {
	meta := f[region(0)]
	fsAt := le.Uint64(f["app.cim"][56:]) & (1<<48 - 1)
	dir := le.Uint64(meta[fsAt+8:]) & (1<<48 - 1)
	return int(le.Uint64(meta[dir:]) & (1<<48 - 1))
}

// TestDamage changes one thing at a time.
func TestDamage(t *testing.T) {
	simple := fstest.MapFS{"a": {Data: []byte("x")}, "d/e": {Data: bytes.Repeat([]byte{1}, 9000)}, "p.exe": {Data: make([]byte, 2000)}}
	root := func(f files) []byte { return f[region(0)][tableAt(f):] }
	for name, c := range map[string]struct {
		change func(f files)
		kind   error
		says   string
	}{
		"a region is missing": {func(f files) { delete(f, region(1)) }, cim.ErrTruncated, "region_" + cimimage.ID + "_1 is not beside"},
		"a region is cut":     {func(f files) { f[region(0)] = f[region(0)][:1000] }, cim.ErrTruncated, "the file has 1000 bytes"},
		"data is cut":         {func(f files) { f[region(1)] = f[region(1)][:4096] }, cim.ErrTruncated, "region_"},
		"an image as region":  {func(f files) { f[region(2)] = f["app.cim"] }, cim.ErrCorrupt, "of type 0, expected 1"},
		"no region":           {func(f files) { f["app.cim"][48] = 0 }, cim.ErrCorrupt, "no regions"},
		"too many regions":    {func(f files) { f["app.cim"][49] = 0xFF }, cim.ErrUnsupported, "more than"},
		"too many parents":    {func(f files) { f["app.cim"][71] = 0xFF }, cim.ErrUnsupported, "parents"},
		"file system is null": {func(f files) { clear(f["app.cim"][56:64]) }, cim.ErrCorrupt, "byte 0 of region 0"},
		"region outside":      {func(f files) { f["app.cim"][62] = 9 }, cim.ErrCorrupt, "region 9"},
		"file id":             {func(f files) { f[region(0)][len(f[region(0)])-1] = 9 }, cim.ErrCorrupt, "file tables"},
		"root is a file":      {func(f files) { f[region(0)][len(f[region(0)])-4] = 2 }, cim.ErrCorrupt, "no folder"},
		"stream type":         {func(f files) { root(f)[96+54] = 7 }, cim.ErrUnsupported, "stream type 7"},
		"content outside":     {func(f files) { root(f)[96+53] = 1 }, cim.ErrTruncated, "content of file 2"},
		"links outside":       {func(f files) { root(f)[50] = 0xFF }, cim.ErrCorrupt, ""},
		"huge links":          {func(f files) { root(f)[53] = 0xFF }, cim.ErrUnsupported, "link table of"},
		"folder twice":        {func(f files) { links(f)[8], links(f)[12] = 3, 3 }, cim.ErrCorrupt, "in another folder"},
		"root in itself":      {func(f files) { links(f)[12] = 1 }, cim.ErrCorrupt, "in another folder"},
		"count":               {func(f files) { links(f)[6] = 1 }, cim.ErrCorrupt, "names in"},
		"name outside":        {func(f files) { links(f)[8+12+3] = 1 }, cim.ErrCorrupt, "name 0 is said"},
		"long name":           {func(f files) { links(f)[8+24+1] = 1 }, cim.ErrCorrupt, "name 0 ends"},
		"path":                {func(f files) { links(f)[8+24+2] = '/' }, cim.ErrCorrupt, "no path element"},
	} {
		f := write(t, simple)
		c.change(f)
		v, err := f.image()
		if err == nil {
			err = fs.WalkDir(v, ".", func(name string, d fs.DirEntry, err error) error {
				if err == nil && !d.IsDir() {
					_, err = fs.ReadFile(v, name)
				}
				return err
			})
		}
		if e := (*cim.Error)(nil); !errors.Is(err, c.kind) || !errors.As(err, &e) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// links is the link table of the root.
func links(f files) []byte {
	return f[region(0)][le.Uint64(f[region(0)][tableAt(f)+40:])&(1<<48-1):]
}

func TestConcurrentReads(t *testing.T) {
	f, err := write(t, tree()).image()
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range 200 {
				if b, err := fs.ReadFile(f, fmt.Sprintf("MANY/%d", i)); err != nil || string(b) != fmt.Sprint(i) {
					t.Errorf("%q, %v", b, err)
				}
			}
		})
	}
	all.Wait()
}

// walk reads whatever opens.
func walk(f files) (names int, err error) {
	v, err := f.image()
	if err != nil {
		return 0, err
	}
	_ = fs.WalkDir(v, ".", func(name string, d fs.DirEntry, err error) error {
		if names++; names > 5000 {
			return fs.SkipAll
		}
		if err != nil || d.IsDir() {
			return nil
		}
		if file, err := v.Open(name); err == nil {
			_, _ = io.CopyN(io.Discard, file, 1<<20)
		}
		return nil
	})
	return names, nil
}

// TestMutants damages the image file and the metadata, joined to one sample.
func TestMutants(t *testing.T) {
	small := tree()
	for i := 50; i < 1500; i++ {
		delete(small, fmt.Sprintf("many/%d", i))
	}
	f := write(t, small)
	head := len(f["app.cim"])
	joined := append(bytes.Clone(f["app.cim"]), f[region(0)]...)
	mutate.Run(t, bytes.NewReader(joined), int64(len(joined)), 1, mutate.Count(50), func(r io.ReaderAt, size int64) {
		img, meta := io.NewSectionReader(r, 0, min(size, int64(head))), io.NewSectionReader(r, int64(head), max(size-int64(head), 0))
		v, err := cim.Open(img, img.Size(), func(name string) (io.ReaderAt, int64, error) {
			if name == region(0) {
				return meta, meta.Size(), nil
			}
			return f.open(name)
		})
		if err != nil {
			return
		}
		_ = fs.WalkDir(v, ".", func(name string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				if file, err := v.Open(name); err == nil {
					_, _ = io.CopyN(io.Discard, file, 1<<20)
				}
			}
			return nil
		})
	})
}

// FuzzOpen changes the image file and the metadata.
func FuzzOpen(f *testing.F) {
	base := write(f, fstest.MapFS{"a": {Data: []byte("x")}, "d/e": {Data: bytes.Repeat([]byte{1}, 9000)}, "p.exe": {Data: make([]byte, 2000)}})
	f.Add(uint16(0), []byte{}, uint32(0), []byte{})
	f.Add(uint16(56), []byte{40}, uint32(60), []byte{1})
	meta := len(base[region(0)])
	f.Fuzz(func(t *testing.T, at uint16, a []byte, at2 uint32, b []byte) {
		img := files{region(1): base[region(1)], region(2): base[region(2)]}
		img["app.cim"], img[region(0)] = bytes.Clone(base["app.cim"]), bytes.Clone(base[region(0)])
		copy(img["app.cim"][int(at)%len(img["app.cim"]):], a)
		// What is behind the table of upper case matters most, and is at the end.
		from := int(at2) % meta
		if from > 2000 {
			from = meta - 1 - from%600
		}
		copy(img[region(0)][from:], b)
		names, err := walk(img)
		if err != nil && !errors.Is(err, cim.ErrCorrupt) && !errors.Is(err, cim.ErrUnsupported) {
			t.Errorf("%v has no kind", err)
		}
		if names > 1000 {
			t.Errorf("%d names", names)
		}
	})
}
