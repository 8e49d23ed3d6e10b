package fat

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

var testTime = time.Date(2024, 5, 17, 12, 34, 56, 0, time.UTC)

// memory is a volume in memory that grows as it is written.
type memory struct{ b []byte }

func (m *memory) WriteAt(p []byte, off int64) (int, error) {
	if need := int(off) + len(p); need > cap(m.b) {
		m.b = append(m.b, make([]byte, need-len(m.b))...)
	} else if need > len(m.b) {
		m.b = m.b[:need]
	}
	return copy(m.b[off:], p), nil
}

// awkwardTree has the names, sizes and shapes that go wrong first.
func awkwardTree() fstest.MapFS {
	tree := fstest.MapFS{}
	put := func(name string, size int) {
		tree[name] = &fstest.MapFile{Data: bytes.Repeat([]byte(name+"|"), size/(len(name)+1)+1)[:size], ModTime: testTime}
	}
	for i, size := range []int{0, 1, 511, 512, 513, 4095, 4096, 4097, 65536, 1 << 20} {
		put(fmt.Sprintf("Sizes/%d-%d.bin", i, size), size)
	}
	for _, name := range []string{"UPPER.TXT", "lower.txt", "MiXeD.Txt", "no extension", "a.b.c.d", ".hidden", "ÄÖÜ.txt",
		"日本語ファイル.txt", "😀 emoji.txt", "[Content_Types].xml", "with%20percent.txt", " leading.txt",
		"thirteenchars", "thirteenchar.txt", "twentysixcharactersarehere", strings.Repeat("a", 251) + ".txt", "a+b,c;d=e.txt",
		"LONGNAME1.TXT", "LONGNAME2.TXT", "LONGNA~1.TXT", "å", "XN--A.TXT"} {
		put("Names/"+name, len(name))
	}
	for i := range 1500 {
		put(fmt.Sprintf("Many/file with a long name %d.txt", i), i%37)
	}
	deep := "Deep"
	for i := range 40 {
		deep += fmt.Sprintf("/level%02d", i)
	}
	put(deep+"/bottom.txt", 6)
	tree["Empty folder"] = &fstest.MapFile{Mode: fs.ModeDir}
	return tree
}

var testOptions = Options{Label: "berth test", Serial: 0x1234ABCD, Time: testTime, HiddenSectors: 2048}

// makeVolume formats a tree at the size that SizeFor tells.
func makeVolume(t testing.TB, tree fs.FS, opt Options) []byte {
	t.Helper()
	size, err := SizeFor(tree)
	if err != nil {
		t.Fatal(err)
	}
	m := &memory{make([]byte, 0, size)}
	if err := Format(m, size, opt, tree); err != nil {
		t.Fatal(err)
	}
	if int64(len(m.b)) != size {
		t.Fatalf("%d bytes written of %d", len(m.b), size)
	}
	return m.b
}

func TestRoundTrip(t *testing.T) {
	source := awkwardTree()
	b := makeVolume(t, source, testOptions)
	f := openBytes(t, b)
	if f.Type() != FAT32 || f.Label() != "BERTH TEST" {
		t.Errorf("%v %q", f.Type(), f.Label())
	}
	want, got := tree(t, source), tree(t, f)
	if !maps.Equal(want, got) {
		for path := range want {
			if want[path] != got[path] {
				t.Errorf("%s: %q, want %q", path, got[path], want[path])
			}
		}
		t.Errorf("%d files and folders, want %d", len(got), len(want))
	}
	info, err := f.Stat("Names/UPPER.TXT")
	if err != nil || !info.ModTime().Equal(testTime) {
		t.Errorf("time %v, %v", info.ModTime(), err)
	}
	if again := makeVolume(t, awkwardTree(), testOptions); !bytes.Equal(b, again) {
		t.Error("equal input gave different bytes")
	}
}

func TestFSContract(t *testing.T) {
	source := awkwardTree()
	f := openBytes(t, makeVolume(t, source, testOptions))
	if err := fstest.TestFS(f, "Names/😀 emoji.txt", "Empty folder", "Many/file with a long name 7.txt"); err != nil {
		t.Error(err)
	}
}

func TestNamesAreFoundWithoutCase(t *testing.T) {
	f := openBytes(t, makeVolume(t, awkwardTree(), testOptions))
	for name, want := range map[string]string{
		"names/upper.txt":    "UPPER.TXT",
		"NAMES/äöü.TXT":      "ÄÖÜ.txt",
		"Names/LOWER.TXT":    "lower.txt",
		"eMPTY fOLDER":       "Empty folder",
		"Names/LONGNA~1.TXT": "LONGNA~1.TXT",
	} {
		info, err := f.Stat(name)
		if err != nil || info.Name() != want {
			t.Errorf("%s: %v, %v; want %s", name, info, err, want)
		}
	}
	for _, name := range []string{"Names/absent", "Names/UPPER.TXT/below", "names/longna~2.txt"} {
		if _, err := f.Open(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestShortNamesAreUnique reads every DIR_Name of a folder whose names all begin alike.
func TestShortNamesAreUnique(t *testing.T) {
	root, err := scan(awkwardTree())
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range root.children {
		seen := map[[11]byte]string{}
		for _, c := range folder.children {
			if other, ok := seen[c.short]; ok {
				t.Errorf("%q and %q are both %q", other, c.name, c.short)
			}
			seen[c.short] = c.name
		}
	}
}

func TestReservedArea(t *testing.T) {
	b := makeVolume(t, awkwardTree(), testOptions)
	if !Detect(b) {
		t.Error("not detected")
	}
	if !bytes.Equal(b[:3*512], b[6*512:9*512]) {
		t.Error("the backup differs")
	}
	for at, want := range map[int]uint32{28: 2048, 67: 0x1234ABCD, 512: fsiLeadSig, 512 + 508: fsiTrailSig} {
		if got := binary.LittleEndian.Uint32(b[at:]); got != want {
			t.Errorf("at %d: %#x, want %#x", at, got, want)
		}
	}
}

func TestSizes(t *testing.T) {
	size, err := SizeFor(fstest.MapFS{})
	if err != nil || size > 34<<20 || size%mebibyte != 0 {
		t.Errorf("an empty volume takes %d bytes, %v", size, err)
	}
	if err := Format(&memory{}, size-mebibyte, Options{}, fstest.MapFS{}); !errors.Is(err, ErrUnsupported) {
		t.Errorf("one MiB less: %v", err)
	}
	for _, size := range []int64{33 << 20, 64 << 20, 65 << 20, 260 << 20, 1 << 30, 9 << 30, 40 << 30, 1 << 40} {
		l, err := newLayout(size)
		if err != nil {
			t.Errorf("%d: %v", size, err)
			continue
		}
		if int64(l.clusters+2)*4 > int64(l.table)*512 || l.offset(l.clusters+2) > size || l.offset(2)%4096 != 0 {
			t.Errorf("%d: %+v does not fit", size, l)
		}
	}
	if _, err := newLayout(3 << 40); !errors.Is(err, ErrUnsupported) {
		t.Errorf("3 TiB: %v", err)
	}
}

// sizedFS tells a size that its one file does not have.
type sizedFS struct {
	fstest.MapFS
	size int64
}

type sizedEntry struct {
	fs.DirEntry
	size int64
}

type sizedInfo struct {
	fs.FileInfo
	size int64
}

func (s sizedFS) ReadDir(name string) ([]fs.DirEntry, error) {
	list, err := s.MapFS.ReadDir(name)
	for i := range list {
		list[i] = sizedEntry{list[i], s.size}
	}
	return list, err
}

func (e sizedEntry) Info() (fs.FileInfo, error) {
	info, err := e.DirEntry.Info()
	return sizedInfo{info, e.size}, err
}

func (i sizedInfo) Size() int64 { return i.size }

func TestRefusedTrees(t *testing.T) {
	file := &fstest.MapFile{Data: []byte("x")}
	many := fstest.MapFS{}
	for i := range 22000 {
		many[fmt.Sprintf("Many/file with a long name %d", i)] = &fstest.MapFile{}
	}
	for name, tree := range map[string]fs.FS{
		"4 GiB":        sizedFS{fstest.MapFS{"big.bin": file}, 1 << 32},
		"link":         fstest.MapFS{"link": {Mode: fs.ModeSymlink}},
		"case":         fstest.MapFS{"a.txt": file, "A.TXT": file},
		"colon":        fstest.MapFS{"a:b": file},
		"trailing dot": fstest.MapFS{"folder./x": file},
		"256 long":     fstest.MapFS{strings.Repeat("n", 256): file},
		"too many":     many,
	} {
		t.Run(name, func(t *testing.T) {
			m := &memory{}
			err := Format(m, 64<<20, Options{}, tree)
			var own *Error
			if !errors.Is(err, ErrUnsupported) || !errors.As(err, &own) {
				t.Errorf("%v", err)
			}
			if len(m.b) > 0 {
				t.Error("something was written")
			}
			if _, err := SizeFor(tree); !errors.Is(err, ErrUnsupported) {
				t.Errorf("SizeFor: %v", err)
			}
		})
	}
	if err := Format(&memory{}, 64<<20, Options{Label: "a*b"}, fstest.MapFS{}); !errors.Is(err, ErrUnsupported) {
		t.Errorf("label: %v", err)
	}
}

func TestFileThatChanges(t *testing.T) {
	tree := sizedFS{fstest.MapFS{"f": {Data: []byte("four")}}, 5}
	if err := Format(&memory{}, 64<<20, Options{}, tree); err == nil || !strings.Contains(err.Error(), "changed") {
		t.Errorf("%v", err)
	}
}
