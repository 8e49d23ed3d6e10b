package exfat

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"
)

const both = flagAllocated | flagContiguous

// fullVolume has one of each kind of file.
func fullVolume() *volume {
	long := strings.Repeat("long name ", 25) + "𝄞"
	var many [][]byte
	for i := range 40 {
		many = append(many, set{name: "n" + strings.Repeat("x", i)}.bytes())
	}
	v := newVolume(append([][]byte{
		set{name: "Contiguous.bin", flags: both, first: vFree, size: 9000, valid: 9000}.bytes(),
		deleted(set{name: "gone", flags: both, first: vFree, size: 10, valid: 10}.bytes()),
		set{name: "chained.bin", flags: flagAllocated, first: vFree + 9, size: 9000, valid: 9000}.bytes(),
		set{name: "valid.bin", flags: both, first: vFree, size: 9000, valid: 5000}.bytes(),
		set{name: "empty", flags: flagAllocated}.bytes(),
		{0xA0, 0, 1}, // a volume GUID, benign
		make([]byte, 29),
		set{name: long, attr: 1}.bytes(),
		set{name: "Größe", attr: attrDirectory, flags: both, first: vFree + 20, size: vCluster, valid: vCluster}.bytes(),
	}, many...)...)
	for i := range uint32(20) {
		copy(v.cluster(vFree+i), bytes.Repeat([]byte{byte('A' + i)}, vCluster))
	}
	v.chain(vFree+9, vFree+5, vFree+6)
	v.dir([]uint32{vFree + 20}, set{name: "inner.txt", flags: both, first: vFree + 1, size: 3, valid: 3}.bytes())
	return v
}

func TestContents(t *testing.T) {
	f := fullVolume().open(t)
	if f.Label() != "Ördnung!" {
		t.Errorf("label %q", f.Label())
	}
	a := func(s string, n int) string { return strings.Repeat(s, n) }
	for name, want := range map[string]string{
		"Contiguous.bin":          a("A", 4096) + a("B", 4096) + a("C", 808),
		"CONTIGUOUS.BIN":          a("A", 4096) + a("B", 4096) + a("C", 808),
		"chained.bin":             a("J", 4096) + a("F", 4096) + a("G", 808),
		"valid.bin":               a("A", 4096) + a("B", 904) + a("\x00", 4000),
		"empty":                   "",
		"Größe/inner.txt":         "BBB",
		"gRÖSSE/x":                "-",
		"grÖße/INNER.TXT":         "BBB",
		"gone":                    "-",
		a("Long NAME ", 25) + "𝄞": "",
		"n" + a("x", 39):          "",
		"Contiguous.bin/x":        "-",
	} {
		got, err := fs.ReadFile(f, name)
		if want == "-" {
			if !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil || string(got) != want {
			t.Errorf("%s: %d bytes of %d, %v", name, len(got), len(want), err)
		}
	}
	info, err := f.Stat("grösse")
	if err == nil {
		t.Errorf("ß is not ss: %v", info)
	}
	if info, err = f.Stat("contiguous.bin"); err != nil || info.Size() != 9000 || info.Name() != "Contiguous.bin" ||
		!info.ModTime().Equal(time.Date(2026, 11, 29, 11, 34, 57, 500e6, time.UTC)) {
		t.Errorf("%+v, %v", info, err)
	}
	if st := info.Sys().(*Stat); !st.Created.Equal(time.Date(2026, 11, 29, 12, 34, 56, 0, time.UTC)) || !st.Accessed.IsZero() {
		t.Errorf("%+v", st)
	}
}

func TestBehavesAsAFileSystem(t *testing.T) {
	if err := fstest.TestFS(fullVolume().open(t), "Contiguous.bin", "chained.bin", "Größe/inner.txt", "empty"); err != nil {
		t.Error(err)
	}
}

// TestBackupBootRegion damages the main one.
func TestBackupBootRegion(t *testing.T) {
	v := fullVolume()
	v.b[100] ^= 1
	if _, err := fs.ReadFile(v.open(t), "chained.bin"); err != nil {
		t.Error(err)
	}
	v.b[bootSectors*vSector+100] ^= 1
	_, err := Open(bytes.NewReader(v.b), int64(len(v.b)))
	if e := (*Error)(nil); !errors.Is(err, ErrCorrupt) || !errors.As(err, &e) || e.Structure != "boot checksum" {
		t.Errorf("both damaged: %v", err)
	}
}

// TestFieldsThatChangeAreNotSummed sets the flags and the percentage in use.
func TestFieldsThatChangeAreNotSummed(t *testing.T) {
	v := fullVolume()
	v.b[106], v.b[112] = 2, 77
	v.b[bootSectors*vSector] = 0 // no backup could help
	v.open(t)
}

// TestSecondFAT has the chains in the second one.
func TestSecondFAT(t *testing.T) {
	v := fullVolume()
	v.b[110], v.b[106] = 2, 1
	le.PutUint32(v.b[84:], (vHeap-vTable)/2)
	half := (vHeap - vTable) / 2 * vSector
	first := v.b[vTable*vSector:][:half]
	copy(v.b[vTable*vSector+half:], first)
	clear(first)
	v.sum()
	if b, err := fs.ReadFile(v.open(t), "chained.bin"); err != nil || len(b) != 9000 {
		t.Errorf("%d bytes, %v", len(b), err)
	}
}

func TestConcurrentReads(t *testing.T) {
	f := fullVolume().open(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for _, name := range []string{"CHAINED.bin", "grÖße/inner.txt", "valid.bin"} {
				if _, err := fs.ReadFile(f, name); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}

// TestDamage changes one thing at a time.
func TestDamage(t *testing.T) {
	boot := func(at int, v ...byte) func(*volume) {
		return func(vol *volume) { copy(vol.b[at:], v); vol.sum() }
	}
	file := func(s set) func(*volume) {
		return func(v *volume) { *v = *newVolume(s.bytes()) }
	}
	for name, c := range map[string]struct {
		change func(*volume)
		kind   error
		says   string
	}{
		"version":          {boot(105, 2), ErrUnsupported, "version 2.0"},
		"sector size":      {boot(108, 8), ErrCorrupt, "BytesPerSectorShift"},
		"cluster size":     {boot(109, 20), ErrCorrupt, "BytesPerSectorShift"},
		"length":           {boot(79, 1), ErrCorrupt, "VolumeLength"},
		"no FAT":           {boot(110, 0), ErrCorrupt, "NumberOfFats"},
		"FAT outside":      {boot(83, 1), ErrCorrupt, "FatOffset"},
		"heap":             {boot(91, 1), ErrCorrupt, "FatOffset"},
		"clusters":         {boot(94, 1), ErrCorrupt, "ClusterCount"},
		"short FAT":        {boot(84, 1), ErrCorrupt, "FatLength"},
		"root":             {boot(96, 1), ErrCorrupt, "FirstClusterOfRootDirectory"},
		"root chain":       {func(v *volume) { v.link(vRoot, vRoot) }, ErrCorrupt, "does not end"},
		"root leads out":   {func(v *volume) { v.link(vRoot, 0) }, ErrCorrupt, "leads to cluster 0"},
		"set sum":          {func(v *volume) { *v = *newVolume(append(set{name: "x"}.bytes()[:95], 9)) }, ErrCorrupt, "checksum"},
		"no name":          {file(set{name: "x", change: func(b []byte) { b[entrySize+3] = 0 }}), ErrCorrupt, "without a name"},
		"longer name":      {file(set{name: "x", change: func(b []byte) { b[entrySize+3] = 16 }}), ErrCorrupt, "a name of 16"},
		"path":             {file(set{name: "a/b"}), ErrCorrupt, "no path element"},
		"dots":             {file(set{name: ".."}), ErrCorrupt, "no path element"},
		"valid":            {file(set{name: "x", size: 1, valid: 2, flags: 1}), ErrCorrupt, "of which 2 are valid"},
		"no allocation":    {file(set{name: "x", size: 1, valid: 1}), ErrCorrupt, "no allocation"},
		"unknown critical": {func(v *volume) { *v = *newVolume(append([]byte{0x86}, make([]byte, 31)...)) }, ErrUnsupported, "0x86"},
		"unknown second":   {file(set{name: "xxxxxxxxxxxxxxxxxxxx", change: func(b []byte) { b[3*entrySize] = 0xC2 }}), ErrUnsupported, "0xc2"},
		"lone stream":      {func(v *volume) { *v = *newVolume(append([]byte{typeStream}, make([]byte, 31)...)) }, ErrCorrupt, "stands alone"},
		"twice":            {func(v *volume) { *v = *newVolume(set{name: "x"}.bytes(), set{name: "x"}.bytes()) }, ErrCorrupt, "twice"},
		"root in root":     {file(set{name: "x", attr: attrDirectory, flags: 1, first: vRoot, size: vCluster, valid: vCluster}), ErrCorrupt, "another place"},
		"two places": {func(v *volume) {
			*v = *newVolume(set{name: "x", attr: attrDirectory, flags: both, first: vFree, size: vCluster, valid: vCluster}.bytes(),
				set{name: "y", attr: attrDirectory, flags: both, first: vFree, size: vCluster, valid: vCluster}.bytes())
		}, ErrCorrupt, "another place"},
		"label": {func(v *volume) { v.cluster(vRoot)[1] = 16 }, ErrCorrupt, "16 characters"},
	} {
		v := fullVolume()
		c.change(v)
		_, err := Open(bytes.NewReader(v.b), int64(len(v.b)))
		if e := (*Error)(nil); !errors.Is(err, c.kind) || !errors.As(err, &e) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestDamageOfFiles is told when the file is opened or read.
func TestDamageOfFiles(t *testing.T) {
	for name, c := range map[string]struct {
		set  set
		says string
	}{
		"contiguous out":  {set{name: "x", flags: both, first: vFree, size: 2 << 20, valid: 1}, "more than there are"},
		"at the end":      {set{name: "x", flags: both, first: 200, size: 300_000, valid: 1}, "clusters 200 to"},
		"chain too short": {set{name: "x", flags: flagAllocated, first: 2, size: 9000, valid: 1}, "ends after 1 of 3"},
		"zero cluster":    {set{name: "x", flags: flagAllocated, size: 9000, valid: 1}, "leads to cluster 0"},
	} {
		f := newVolume(c.set.bytes()).open(t)
		if _, err := fs.ReadFile(f, "x"); !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	v := fullVolume()
	v.cluster(4)[7] ^= 1
	if _, err := v.open(t).Stat("NONE"); !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), "up-case table") {
		t.Errorf("up-case table: %v", err)
	}
}

// TestDirectoryInItself is a cycle two levels down.
func TestDirectoryInItself(t *testing.T) {
	folder := set{name: "a", attr: attrDirectory, flags: both, first: vFree, size: vCluster, valid: vCluster}
	v := newVolume(folder.bytes())
	folder.name = "b"
	v.dir([]uint32{vFree}, folder.bytes())
	err := fs.WalkDir(v.open(t), ".", func(_ string, _ fs.DirEntry, err error) error { return err })
	if !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), "another place") {
		t.Error(err)
	}
}

// FuzzOpen lists and reads whatever opens.
func FuzzOpen(f *testing.F) {
	f.Add(uint32(0), []byte{}, uint32(0), []byte{})
	f.Add(uint32(vHeap*vSector+(vRoot-2)*vCluster+100), []byte{1, 2}, uint32(88), []byte{1})
	base := fullVolume().b
	f.Fuzz(func(t *testing.T, at uint32, a []byte, at2 uint32, b []byte) {
		v := &volume{b: bytes.Clone(base)}
		copy(v.b[int(at)%len(v.b):], a)
		copy(v.b[int(at2)%len(v.b):], b)
		for i := 0; i+96 <= 2*vCluster; i += entrySize { // sums as they should be, so that more is reached
			e := v.cluster(vRoot)[i%vCluster:]
			if n := entrySize * (1 + int(e[1])); e[0] == typeFile && i%vCluster+n <= vCluster {
				le.PutUint16(e[2:], setChecksum(e[:n]))
			}
		}
		v.sum()
		fsys, err := Open(bytes.NewReader(v.b), int64(len(v.b)))
		if err != nil {
			if !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrUnsupported) {
				t.Errorf("%v has no kind", err)
			}
			return
		}
		names := 0
		_ = fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
			if names++; names > 10_000 {
				t.Fatal("more names than the volume can hold")
			}
			if err != nil || d.IsDir() {
				return nil
			}
			if file, err := fsys.Open(name); err == nil {
				_, _ = io.CopyN(io.Discard, file, 1<<20)
			}
			_, _ = fsys.Stat(strings.ToUpper(name))
			return nil
		})
	})
}
