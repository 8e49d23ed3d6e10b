package vhdx_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"berth/disk/vhdx"
)

// written are the kinds of images that Create makes.
var written = map[string]struct {
	opt  vhdx.Options
	size int64
}{
	"dynamic":          {vhdx.Options{}, 9<<20 + 512},
	"fixed":            {vhdx.Options{Subformat: vhdx.Fixed}, 9 << 20},
	"large blocks":     {vhdx.Options{BlockSize: 32 << 20}, 40 << 20},
	"small blocks":     {vhdx.Options{BlockSize: 1 << 20}, 5 << 20},
	"4096 byte sector": {vhdx.Options{SectorSize: 4096}, 8 << 20},
	"less than block":  {vhdx.Options{}, 4096},
}

func TestWrittenImagesReadBack(t *testing.T) {
	for name, c := range written {
		t.Run(name, func(t *testing.T) {
			want := content(c.size)
			f := build(t, want, c.opt)
			d, err := vhdx.Open(f, int64(len(f.b)))
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(io.NewSectionReader(d, 0, d.Size()))
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("read back %d bytes, %v; want %d equal ones", len(got), err, len(want))
			}
			if subformat := d.Subformat(); (c.opt.Subformat == vhdx.Fixed) != (subformat == vhdx.Fixed) {
				t.Errorf("subformat %q, asked for %q", subformat, c.opt.Subformat)
			}
			if sector := max(c.opt.SectorSize, 512); d.SectorSize() != sector || d.Replayed() {
				t.Errorf("sectors of %d bytes, replayed %v", d.SectorSize(), d.Replayed())
			}
			if again := build(t, want, c.opt); !bytes.Equal(again.b, f.b) {
				t.Error("the same input made a different image")
			}
		})
	}
}

func TestDynamicImagesLeaveOutZeroes(t *testing.T) {
	f := build(t, content(64<<20), vhdx.Options{})
	if len(f.b) > 13<<20 {
		t.Errorf("%d bytes for a disk with data in at most 4 blocks of 2 MiB", len(f.b))
	}
}

// TestManyChunks reaches past the first sector bitmap entry of the BAT, which
// follows 4096 payload entries with blocks of 1 MiB and sectors of 512 bytes.
func TestManyChunks(t *testing.T) {
	f := &file{}
	w, err := vhdx.Create(f, 5000<<20, vhdx.Options{BlockSize: 1 << 20, Random: random()})
	if err != nil {
		t.Fatal(err)
	}
	want := []byte("behind the first chunk")
	if _, err := w.WriteAt(want, 4500<<20); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	// Entry 4500 of the payload comes second after the chunk's own entry.
	if state := f.b[3<<20+8*4501]; state != 6 {
		t.Errorf("BAT entry 4501 has state %d, want 6", state)
	}
	d, err := vhdx.Open(f, int64(len(f.b)))
	if err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(want))
	if _, err := d.ReadAt(got, 4500<<20); err != nil || !bytes.Equal(got, want) {
		t.Errorf("read %q, %v", got, err)
	}
}

func TestCreateRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		size int64
		opt  vhdx.Options
	}{
		"no size":          {0, vhdx.Options{Random: random()}},
		"part of a sector": {4097, vhdx.Options{Random: random()}},
		"above 64 TiB":     {65 << 40, vhdx.Options{Random: random()}},
		"block size":       {1 << 20, vhdx.Options{BlockSize: 3 << 20, Random: random()}},
		"sector size":      {1 << 20, vhdx.Options{SectorSize: 1024, Random: random()}},
		"subformat":        {1 << 20, vhdx.Options{Subformat: vhdx.Differencing, Random: random()}},
		"no random":        {1 << 20, vhdx.Options{}},
		"random runs dry":  {1 << 20, vhdx.Options{Random: bytes.NewReader(make([]byte, 20))}},
	} {
		if _, err := vhdx.Create(&file{}, c.size, c.opt); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestWriterKeepsItsBounds(t *testing.T) {
	w, err := vhdx.Create(&file{}, 1<<20, vhdx.Options{Random: random()})
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

// TestQEMUAgrees has QEMU check and compare the images that Create makes.
func TestQEMUAgrees(t *testing.T) {
	if _, err := exec.LookPath("qemu-img"); err != nil {
		t.Skip("skipped: qemu-img is missing")
	}
	for name, c := range written {
		if c.size%512 != 0 || c.opt.SectorSize == 4096 {
			continue // QEMU emulates sectors of 512 bytes only
		}
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			img, raw := filepath.Join(dir, "i.vhdx"), filepath.Join(dir, "i.raw")
			disk := content(c.size)
			f := build(t, disk, c.opt)
			if err := errors.Join(os.WriteFile(img, f.b, 0o600), os.WriteFile(raw, disk, 0o600)); err != nil {
				t.Fatal(err)
			}
			for _, args := range [][]string{
				{"check", "-f", "vhdx", img},
				{"compare", "-f", "vhdx", "-F", "raw", img, raw},
			} {
				if out, err := exec.Command("qemu-img", args...).CombinedOutput(); err != nil {
					t.Errorf("qemu-img %v: %v: %s", args, err, out)
				}
			}
		})
	}
}

// TestQEMUImagesRead has QEMU make the images, samples of others included.
func TestQEMUImagesRead(t *testing.T) {
	if _, err := exec.LookPath("qemu-img"); err != nil {
		t.Skip("skipped: qemu-img is missing")
	}
	dir := t.TempDir()
	raw, img, disk := filepath.Join(dir, "i.raw"), filepath.Join(dir, "i.vhdx"), content(20<<20)
	if err := os.WriteFile(raw, disk, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, subformat := range []string{vhdx.Fixed, vhdx.Dynamic} {
		args := []string{"convert", "-f", "raw", "-O", "vhdx", "-o", "subformat=" + subformat, raw, img}
		if out, err := exec.Command("qemu-img", args...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		b, err := os.ReadFile(img)
		if err != nil {
			t.Fatal(err)
		}
		d, err := vhdx.Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(io.NewSectionReader(d, 0, d.Size()))
		if err != nil || !bytes.Equal(got, disk) || d.Subformat() != subformat {
			t.Errorf("%s: %d bytes, %v, subformat %q", subformat, len(got), err, d.Subformat())
		}
	}
}
