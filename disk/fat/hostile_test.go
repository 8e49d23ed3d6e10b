package fat

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"testing"
	"testing/fstest"
	"time"
)

func checkFile(t *testing.T, f fs.FS, name string, want []byte) {
	t.Helper()
	if got, err := fs.ReadFile(f, name); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s: %d bytes of %d, %v", name, len(got), len(want), err)
	}
}

// countingReader counts reads and their bytes.
type countingReader struct {
	io.ReaderAt
	reads int
	bytes int
}

func (c *countingReader) ReadAt(p []byte, off int64) (int, error) {
	c.reads++
	c.bytes += len(p)
	return c.ReaderAt.ReadAt(p, off)
}

func TestContiguousFileIsOneRead(t *testing.T) {
	want := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	b := makeVolume(t, fstest.MapFS{"folder/file.bin": {Data: want}}, testOptions)
	c := &countingReader{ReaderAt: bytes.NewReader(b)}
	f, err := Open(c, int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	file, err := f.Open("folder/file.bin")
	if err != nil {
		t.Fatal(err)
	}
	*c = countingReader{ReaderAt: c.ReaderAt}
	got := make([]byte, len(want)-100)
	if _, err := file.(io.ReaderAt).ReadAt(got, 50); err != nil || !bytes.Equal(got, want[50:len(want)-50]) {
		t.Errorf("content differs, %v", err)
	}
	if c.reads != 1 || c.bytes != len(got) {
		t.Errorf("%d reads of %d bytes for one range of %d", c.reads, c.bytes, len(got))
	}
}

func TestSeekAndReadAt(t *testing.T) {
	f := openBytes(t, makeVolume(t, fstest.MapFS{"f": {Data: []byte("0123456789")}}, testOptions))
	file, err := f.Open("f")
	if err != nil {
		t.Fatal(err)
	}
	s := file.(io.ReadSeeker)
	for _, c := range []struct {
		off    int64
		whence int
		want   string
	}{{3, io.SeekStart, "3456789"}, {-2, io.SeekEnd, "89"}, {-10, io.SeekCurrent, "0123456789"}, {20, io.SeekStart, ""}} {
		if _, err := s.Seek(c.off, c.whence); err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(s); err != nil || string(b) != c.want {
			t.Errorf("%+v: %q, %v", c, b, err)
		}
	}
	if _, err := s.Seek(-1, io.SeekStart); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("negative: %v", err)
	}
	if _, err := file.(io.ReaderAt).ReadAt(make([]byte, 1), -1); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("negative: %v", err)
	}
	if err := file.Close(); err != nil {
		t.Error(err)
	}
	if _, err := file.Read(make([]byte, 1)); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

// damaged makes a volume with A/B/file and lets change spoil it. Clusters: 2 root, 3 A, 4 B, 5 to 8 file.
func damaged(t *testing.T, change func(b []byte, g *geometry)) *FS {
	t.Helper()
	b := makeVolume(t, fstest.MapFS{"A/B/file": {Data: make([]byte, 2000)}}, Options{})
	g, err := parseBoot(b, int64(len(b)))
	if err != nil || g.cluster != 512 {
		t.Fatal(g, err)
	}
	change(b, g)
	f, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func setFAT(b []byte, g *geometry, cluster, value uint32) {
	binary.LittleEndian.PutUint32(b[g.table+4*int64(cluster):], value)
}

func TestDamageIsTold(t *testing.T) {
	for name, change := range map[string]func([]byte, *geometry){
		"cycle of two":         func(b []byte, g *geometry) { setFAT(b, g, 6, 5) },
		"cycle of one":         func(b []byte, g *geometry) { setFAT(b, g, 5, 5) },
		"chain too short":      func(b []byte, g *geometry) { setFAT(b, g, 6, 0x0FFFFFFF) },
		"chain outside":        func(b []byte, g *geometry) { setFAT(b, g, 6, 0x0FFFFFF0) },
		"chain to free":        func(b []byte, g *geometry) { setFAT(b, g, 6, 0) },
		"bad cluster":          func(b []byte, g *geometry) { setFAT(b, g, 6, 0x0FFFFFF7) },
		"folder cycle":         func(b []byte, g *geometry) { setFAT(b, g, 3, 3) },
		"folder without dots":  func(b []byte, g *geometry) { b[g.offset(3)+32] = 'X' },
		"parent elsewhere":     func(b []byte, g *geometry) { b[g.offset(4)+32+26] = 7 },
		"folder is its parent": func(b []byte, g *geometry) { b[g.offset(3)+64+26] = 3 },
		"folder is root":       func(b []byte, g *geometry) { b[g.offset(3)+64+26] = 2 },
		"same folder twice": func(b []byte, g *geometry) {
			e := b[g.offset(3)+64:]
			copy(e[32:64], e[:32])
			e[32] = 'C'
		},
		"same name twice": func(b []byte, g *geometry) {
			e := b[g.offset(3)+64:]
			copy(e[32:64], e[:32])
			e[32+26] = 5
		},
		"name with backslash": func(b []byte, g *geometry) { copy(b[g.offset(3)+64:], "A\\B") },
		"name with slash":     func(b []byte, g *geometry) { copy(b[g.offset(3)+64:], "A/B") },
	} {
		t.Run(name, func(t *testing.T) {
			f := damaged(t, change)
			_, err := fs.ReadFile(f, "A/B/file")
			if err == nil || errors.Is(err, fs.ErrNotExist) {
				err = fs.WalkDir(f, ".", func(_ string, _ fs.DirEntry, err error) error { return err })
			}
			var own *Error
			if !errors.Is(err, ErrCorrupt) || !errors.As(err, &own) || own.Structure == "" {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestReservedBitsOfFAT32AreIgnored(t *testing.T) {
	f := damaged(t, func(b []byte, g *geometry) { setFAT(b, g, 5, 0xF0000006) })
	checkFile(t, f, "A/B/file", make([]byte, 2000))
}

func TestLongNameWithWrongChecksumFallsBack(t *testing.T) {
	b := makeVolume(t, fstest.MapFS{"a long name.txt": {Data: []byte("x")}}, Options{})
	g, _ := parseBoot(b, int64(len(b)))
	for _, at := range []int64{13, 32 + 13} {
		b[g.offset(2)+at]++
	}
	checkFile(t, openBytes(t, b), "ALONGN~1.TXT", []byte("x"))
}

func TestTruncatedImage(t *testing.T) {
	b := makeVolume(t, fstest.MapFS{}, Options{})
	if _, err := Open(bytes.NewReader(b), int64(len(b))/2); !errors.Is(err, ErrCorrupt) {
		t.Errorf("size told: %v", err)
	}
	if _, err := Open(bytes.NewReader(b[:600]), int64(len(b))); !errors.Is(err, ErrCorrupt) {
		t.Errorf("size not told: %v", err)
	}
}

// exercise reads as much of an image as a hostile one should be able to offer.
func exercise(b []byte, size int64) {
	f, err := Open(bytes.NewReader(b), size)
	if err != nil {
		return
	}
	budget := 200
	_ = fs.WalkDir(f, ".", func(path string, d fs.DirEntry, err error) error {
		if budget--; budget < 0 {
			return fs.SkipAll
		}
		if err != nil || d.IsDir() {
			return nil
		}
		if file, err := f.Open(path); err == nil {
			_, _ = io.CopyN(io.Discard, file, 1<<16)
			_, _ = file.(io.ReaderAt).ReadAt(make([]byte, 100), 70000)
		}
		return nil
	})
}

// smallHead makes the head of a volume that is small enough to mutate; the rest of the volume is free.
func smallHead(t testing.TB) ([]byte, int64) {
	b := makeVolume(t, fstest.MapFS{"A/B/file": {Data: make([]byte, 2000)}, "A/a long name.txt": {Data: []byte("x")}}, Options{})
	g, err := parseBoot(b, int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return b[:g.offset(12)], int64(len(b))
}

func TestMutants(t *testing.T) {
	head, size := smallHead(t)
	g, _ := parseBoot(head, size)
	random := rand.New(rand.NewPCG(1, 2))
	// Where the fields lie: boot sector, the used part of the FAT, directories.
	areas := [][2]int64{{0, 96}, {g.table, 64}, {g.offset(2), 512}, {g.offset(3), 512}, {g.offset(4), 512}}
	deadline := time.Now().Add(20 * time.Second)
	for i := range 800 {
		b := bytes.Clone(head)
		for range 1 + random.IntN(4) {
			area := areas[random.IntN(len(areas))]
			b[area[0]+random.Int64N(area[1])] = byte(random.IntN(256))
		}
		exercise(b, size)
		if time.Now().After(deadline) {
			t.Fatalf("%d mutants took 20 seconds", i)
		}
	}
}

func FuzzOpen(f *testing.F) {
	head, size := smallHead(f)
	f.Add(head[:512], head[len(head)-10*512:], size)
	f.Fuzz(func(t *testing.T, boot, data []byte, size int64) {
		b := bytes.Clone(head)
		copy(b, boot)
		copy(b[max(0, len(b)-len(data)):], data)
		exercise(b, size)
	})
}
