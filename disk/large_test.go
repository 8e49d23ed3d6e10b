package disk_test

import (
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"berth/disk"
	"berth/disk/part"
	"berth/disk/vhd"
	"berth/disk/vhdx"
	"berth/test/mutate"
)

const large = 100 << 30

// ntfsVolume lets mkntfs format a volume of size bytes, and ntfscp put files into it.
func ntfsVolume(t *testing.T, size int64) string {
	t.Helper()
	mkntfs, err := exec.LookPath("/usr/sbin/mkntfs")
	if err != nil {
		t.Skip("skipped: mkntfs is not installed")
	}
	dir := t.TempDir()
	file, source := filepath.Join(dir, "volume"), filepath.Join(dir, "source")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(file, size); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(mkntfs, "-q", "-F", "-f", "-s", "512", "-p", "2048", "-L", "Large", file).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for i := range 8 {
		if err := os.WriteFile(source, []byte(strings.Repeat(fmt.Sprint("file ", i, " "), 1+i*i*2000)), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("ntfscp", "-f", "-q", file, source, fmt.Sprintf("file %d.txt", i)).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	return file
}

// copyData copies what a sparse file holds.
func copyData(t *testing.T, w io.WriterAt, name string, at int64) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const seekData, seekHole = 3, 4 // lseek(2) of Linux
	for off := int64(0); ; {
		start, err := f.Seek(off, seekData)
		if err != nil {
			return // no more data
		}
		end, err := f.Seek(start, seekHole)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.NewOffsetWriter(w, at+start), io.NewSectionReader(f, start, end-start)); err != nil {
			t.Fatal(err)
		}
		off = end
	}
}

// counter counts reads and the bytes they ask for.
type counter struct {
	io.ReaderAt
	reads, bytes atomic.Int64
}

func (c *counter) ReadAt(p []byte, off int64) (int, error) {
	c.reads.Add(1)
	c.bytes.Add(int64(len(p)))
	return c.ReaderAt.ReadAt(p, off)
}

// TestLargeImages lists and reads images of 100 GB, and counts what that reads of them and what memory it takes.
func TestLargeImages(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("skipped: sparse files are copied as Linux has them")
	}
	volume := ntfsVolume(t, large-2*part.Alignment)
	for name, create := range map[string]func(w io.WriterAt) (io.WriterAt, func() error, error){
		"dynamic.vhdx": func(w io.WriterAt) (io.WriterAt, func() error, error) {
			v, err := vhdx.Create(w, large, vhdx.Options{Random: rand.NewChaCha8([32]byte{1})})
			return v, v.Close, err
		},
		"fixed.vhd": func(w io.WriterAt) (io.WriterAt, func() error, error) {
			v, err := vhd.Create(w, large, vhd.Options{Subformat: vhd.Fixed})
			return v, v.Close, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := os.Create(filepath.Join(t.TempDir(), name))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			w, done, err := create(f)
			if err != nil {
				t.Fatal(err)
			}
			p := part.Partition{Start: part.Alignment, Size: large - 2*part.Alignment, Type: part.TypeBasicData}
			if err := part.WriteGPT(w, part.Layout{Size: large, Partitions: []part.Partition{p}}); err != nil {
				t.Fatal(err)
			}
			copyData(t, w, volume, part.Alignment)
			if err := done(); err != nil {
				t.Fatal(err)
			}
			lookAtLarge(t, f, name)
		})
	}
}

// lookAtLarge holds an inspection to a small part of the image. The limits are a multiple of what was measured, and far
// below the hundredth of an image that the project promises.
func lookAtLarge(t *testing.T, f *os.File, name string) {
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	c := &counter{ReaderAt: f}
	names := 0
	mutate.Settle()
	before := mutate.Heap()
	img, err := disk.Open(c, info.Size(), name, disk.Options{})
	if err != nil {
		t.Fatal(err)
	}
	fsys, err := img.Volumes[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	err = fs.WalkDir(fsys, ".", func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names++
			_, err = d.Info()
		}
		return err
	})
	if err != nil || names != 8 || img.Size != large {
		t.Errorf("%d files on a disk of %d bytes, %v", names, img.Size, err)
	}
	used := mutate.Heap() - before
	t.Logf("%s: opened and listed with %d reads of %d KiB, %d KiB of memory", name, c.reads.Load(), c.bytes.Load()>>10, used>>10)
	if c.reads.Load() > 40 || c.bytes.Load() > 4<<20 || used > 16<<20 {
		t.Errorf("%d reads of %d bytes, %d bytes of memory", c.reads.Load(), c.bytes.Load(), used)
	}
	b, err := fs.ReadFile(fsys, "file 7.txt")
	if want := strings.Repeat("file 7 ", 1+7*7*2000); err != nil || string(b) != want {
		t.Errorf("file 7.txt: %d bytes of %d, %v", len(b), len(want), err)
	}
}

// TestLargeSectors reads a VHDX whose sectors have 4096 bytes, with a GPT and an NTFS volume made for them.
func TestLargeSectors(t *testing.T) {
	mkntfs, err := exec.LookPath("/usr/sbin/mkntfs")
	if err != nil || runtime.GOOS != "linux" {
		t.Skip("skipped: mkntfs is not installed")
	}
	const size = 64 << 20
	volume := filepath.Join(t.TempDir(), "volume")
	if err := os.WriteFile(volume, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(volume, size-2*part.Alignment); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(mkntfs, "-q", "-F", "-f", "-s", "4096", "-p", "256", "-L", "4K", volume).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if out, err := exec.Command("ntfscp", "-f", "-q", volume, "large_test.go", "large_test.go").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	f := &file{}
	w, err := vhdx.Create(f, size, vhdx.Options{SectorSize: 4096, Random: rand.NewChaCha8([32]byte{1})})
	if err != nil {
		t.Fatal(err)
	}
	p := part.Partition{Start: part.Alignment, Size: size - 2*part.Alignment, Type: part.TypeBasicData}
	if err := part.WriteGPT(w, part.Layout{Size: size, SectorSize: 4096, Partitions: []part.Partition{p}}); err != nil {
		t.Fatal(err)
	}
	copyData(t, w, volume, part.Alignment)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	img, err := disk.Open(f, int64(len(f.b)), "x.vhdx", disk.Options{})
	if err != nil || img.SectorSize != 4096 || img.PartitionTable.Scheme != part.GPT {
		t.Fatalf("%+v, %v", img, err)
	}
	fsys, err := img.Volumes[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("large_test.go")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := fs.ReadFile(fsys, "large_test.go"); err != nil || string(got) != string(want) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}
