package vhd_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"berth/disk/vhd"
)

// written are the kinds of images that Create makes.
var written = map[string]struct {
	opt  vhd.Options
	size int64
}{
	"dynamic":         {vhd.Options{}, 9<<20 + 512},
	"fixed":           {vhd.Options{Subformat: vhd.Fixed}, 9 << 20},
	"large blocks":    {vhd.Options{BlockSize: 32 << 20}, 40 << 20},
	"small blocks":    {vhd.Options{BlockSize: 512 << 10}, 5 << 20},
	"less than block": {vhd.Options{}, 4096},
}

func TestWrittenImagesReadBack(t *testing.T) {
	for name, c := range written {
		t.Run(name, func(t *testing.T) {
			want := content(c.size)
			c.opt.ID = [16]byte{0xB7, 0x1B, 15: 0xEE}
			f := build(t, want, c.opt)
			d, err := vhd.Open(f, int64(len(f.b)))
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(io.NewSectionReader(d, 0, d.Size()))
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("read back %d bytes, %v; want %d equal ones", len(got), err, len(want))
			}
			if (c.opt.Subformat == vhd.Fixed) != (d.Subformat() == vhd.Fixed) {
				t.Errorf("subformat %q, asked for %q", d.Subformat(), c.opt.Subformat)
			}
			if id := d.ID(); id != "b71b0000-0000-0000-0000-0000000000ee" || d.SectorSize() != 512 || d.Creator() != "win " {
				t.Errorf("id %s, sector %d, creator %q", id, d.SectorSize(), d.Creator())
			}
			if again := build(t, want, c.opt); !bytes.Equal(again.b, f.b) {
				t.Error("the same input made a different image")
			}
		})
	}
}

func TestDynamicImagesLeaveOutZeroes(t *testing.T) {
	f := build(t, content(64<<20), vhd.Options{})
	if len(f.b) > 9<<20 {
		t.Errorf("%d bytes for a disk with data in at most 4 blocks of 2 MiB", len(f.b))
	}
}

// TestTimeIsKept reads the footer's seconds since 2000 where the specification
// puts them.
func TestTimeIsKept(t *testing.T) {
	for when, want := range map[time.Time][]byte{
		{}: {0, 0, 0, 0},
		time.Date(2000, 1, 1, 0, 0, 9, 0, time.UTC): {0, 0, 0, 9},
		time.Date(2900, 1, 1, 0, 0, 0, 0, time.UTC): {255, 255, 255, 255},
	} {
		f := build(t, make([]byte, 512), vhd.Options{Subformat: vhd.Fixed, Time: when})
		if got := f.b[512+24 : 512+28]; !bytes.Equal(got, want) {
			t.Errorf("%v is kept as %x, want %x", when, got, want)
		}
	}
}

// TestGeometry holds the calculation against disks that QEMU and Windows made,
// and against the limits of its branches.
func TestGeometry(t *testing.T) {
	for size, want := range map[int64]vhd.Geometry{
		4 << 20:         {Cylinders: 120, Heads: 4, Sectors: 17}, // ntfs-fixed.vhd, Windows
		104448:          {Cylinders: 3, Heads: 4, Sectors: 17},   // image.vhd, QEMU
		4212736:         {Cylinders: 121, Heads: 4, Sectors: 17}, // ext2.vhd, QEMU
		127 << 30:       {Cylinders: 65278, Heads: 16, Sectors: 255},
		1 << 30:         {Cylinders: 2080, Heads: 16, Sectors: 63},
		200 << 20:       {Cylinders: 825, Heads: 16, Sectors: 31},
		2040<<30 - 1024: {Cylinders: 65535, Heads: 16, Sectors: 255},
	} {
		// Nothing of the disk is written but the structures at its front.
		f := &file{}
		w, err := vhd.Create(f, size, vhd.Options{})
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		d, err := vhd.Open(f, int64(len(f.b)))
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Geometry(); got != want || got.Bytes() > size {
			t.Errorf("%d bytes: %+v (%d bytes), want %+v", size, got, got.Bytes(), want)
		}
	}
}

func TestCreateRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		size int64
		opt  vhd.Options
	}{
		"no size":          {0, vhd.Options{}},
		"part of a sector": {513, vhd.Options{}},
		"above 2040 GiB":   {2041 << 30, vhd.Options{}},
		"block size":       {1 << 20, vhd.Options{BlockSize: 3 << 20}},
		"tiny blocks":      {1 << 20, vhd.Options{BlockSize: 4096}},
		"subformat":        {1 << 20, vhd.Options{Subformat: vhd.Differencing}},
	} {
		if _, err := vhd.Create(&file{}, c.size, c.opt); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestWriterKeepsItsBounds(t *testing.T) {
	w, err := vhd.Create(&file{}, 1<<20, vhd.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, off := range []int64{-1, 1<<20 - 1, 1 << 40} {
		if _, err := w.WriteAt([]byte{1, 2}, off); !errors.Is(err, io.ErrShortWrite) {
			t.Errorf("two bytes at %d: %v", off, err)
		}
	}
	if err := errors.Join(w.Close(), w.Close()); err != nil {
		t.Errorf("closed twice: %v", err)
	}
	if _, err := w.WriteAt([]byte{1}, 0); err == nil {
		t.Error("written after Close")
	}
}

// TestQEMUAgrees has QEMU compare the images that Create makes with the disk.
func TestQEMUAgrees(t *testing.T) {
	if _, err := exec.LookPath("qemu-img"); err != nil {
		t.Skip("skipped: qemu-img is missing")
	}
	for name, c := range written {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			img, raw := filepath.Join(dir, "i.vhd"), filepath.Join(dir, "i.raw")
			disk := content(c.size)
			f := build(t, disk, c.opt)
			if err := errors.Join(os.WriteFile(img, f.b, 0o600), os.WriteFile(raw, disk, 0o600)); err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command("qemu-img", "compare", "-f", "vpc", "-F", "raw", img, raw).CombinedOutput()
			if err != nil || bytes.Contains(out, []byte("mismatch")) {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}

// TestQEMUImagesRead has QEMU make the images.
func TestQEMUImagesRead(t *testing.T) {
	if _, err := exec.LookPath("qemu-img"); err != nil {
		t.Skip("skipped: qemu-img is missing")
	}
	dir := t.TempDir()
	raw, img, disk := filepath.Join(dir, "i.raw"), filepath.Join(dir, "i.vhd"), content(20<<20)
	if err := os.WriteFile(raw, disk, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, subformat := range []string{vhd.Fixed, vhd.Dynamic} {
		args := []string{"convert", "-f", "raw", "-O", "vpc", "-o", "force_size=on,subformat=" + subformat, raw, img}
		if out, err := exec.Command("qemu-img", args...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		b, err := os.ReadFile(img)
		if err != nil {
			t.Fatal(err)
		}
		d, err := vhd.Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(io.NewSectionReader(d, 0, d.Size()))
		if err != nil || !bytes.Equal(got, disk) || d.Subformat() != subformat {
			t.Errorf("%s: %d bytes, %v, subformat %q", subformat, len(got), err, d.Subformat())
		}
	}
}
