package disk_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"berth/disk"
	"berth/disk/part"
)

// file is an image file in memory that grows as it is written.
type file struct{ b []byte }

func (f *file) WriteAt(p []byte, off int64) (int, error) {
	if end := int(off) + len(p); end > len(f.b) {
		f.b = append(f.b, make([]byte, end-len(f.b))...)
	}
	return copy(f.b[off:], p), nil
}

func (f *file) ReadAt(p []byte, off int64) (int, error) { return bytes.NewReader(f.b).ReadAt(p, off) }

// tree is a small package with a file of several clusters.
func tree() fstest.MapFS {
	big := make([]byte, 300_000)
	_, _ = rand.NewChaCha8([32]byte{7}).Read(big)
	return fstest.MapFS{
		"MSIX/App_1.0.0.0_x64__8wekyb3d8bbwe/AppxManifest.xml": {Data: []byte("<Package/>")},
		"MSIX/App_1.0.0.0_x64__8wekyb3d8bbwe/VFS/app.exe":      {Data: big},
		"MSIX/App_1.0.0.0_x64__8wekyb3d8bbwe/Größe 𝄞.txt":      {Data: []byte("long name")},
	}
}

func specs() []disk.Spec {
	var all []disk.Spec
	for _, format := range []string{disk.VHD, disk.VHDX} {
		for _, subformat := range []string{"fixed", "dynamic"} {
			for _, table := range []string{part.GPT, part.MBR, part.None} {
				all = append(all, disk.Spec{Format: format, Subformat: subformat, Table: table, Label: "APPS",
					Time: time.Date(2026, 5, 4, 3, 2, 0, 0, time.UTC)})
			}
		}
	}
	return all
}

func create(t *testing.T, spec disk.Spec, files fs.FS) *file {
	t.Helper()
	f := &file{}
	spec.Random = rand.NewChaCha8([32]byte{8})
	if err := disk.Create(f, spec, files); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestCreatedImagesReadBack(t *testing.T) {
	for _, spec := range specs() {
		t.Run(fmt.Sprint(spec.Format, spec.Subformat, spec.Table), func(t *testing.T) {
			f := create(t, spec, tree())
			img, err := disk.Open(f, int64(len(f.b)), "x."+spec.Format, disk.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if img.Format != spec.Format || img.Subformat != spec.Subformat || img.PartitionTable.Scheme != spec.Table {
				t.Errorf("it is %s %s with %s", img.Format, img.Subformat, img.PartitionTable.Scheme)
			}
			v := img.Volumes[0]
			if label, err := v.Label(); v.FileSystem != disk.FAT32 || label != "APPS" || len(img.Volumes) != 1 {
				t.Errorf("%d volumes, the first %s %q, %v", len(img.Volumes), v.FileSystem, label, err)
			}
			root, err := v.Open()
			if err != nil {
				t.Fatal(err)
			}
			if err := same(root, tree()); err != nil {
				t.Error(err)
			}
			if again := create(t, spec, tree()); !bytes.Equal(f.b, again.b) {
				t.Error("the same input made a different image")
			}
		})
	}
}

// same compares the files of got with want, both ways.
func same(got fs.FS, want fstest.MapFS) error {
	found := 0
	err := fs.WalkDir(got, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		found++
		b, err := fs.ReadFile(got, name)
		if w := want[name]; err == nil && (w == nil || !bytes.Equal(b, w.Data)) {
			return fmt.Errorf("%s differs", name)
		}
		return err
	})
	if err == nil && found != len(want) {
		return fmt.Errorf("%d files, want %d", found, len(want))
	}
	return err
}

// TestDynamicImagesAreSmall holds that the empty room of a FAT32 volume, which
// cannot be smaller than 33 MB, takes none in the file.
func TestDynamicImagesAreSmall(t *testing.T) {
	for _, format := range []string{disk.VHD, disk.VHDX} {
		f := create(t, disk.Spec{Format: format, Size: 256 << 20}, tree())
		if len(f.b) > 24<<20 {
			t.Errorf("%s: %d bytes", format, len(f.b))
		}
	}
}

func TestCreateRefuses(t *testing.T) {
	random := rand.NewChaCha8([32]byte{})
	for name, spec := range map[string]disk.Spec{
		"no random":  {},
		"short":      {Random: bytes.NewReader(make([]byte, 10))},
		"format":     {Format: "cim", Random: random},
		"subformat":  {Subformat: "differencing", Random: random},
		"table":      {Table: "apm", Random: random},
		"small":      {Size: 2 << 20, Random: random},
		"odd size":   {Size: 100<<20 + 512, Random: random},
		"block size": {BlockSize: 12345, Random: random},
	} {
		f := &file{}
		if err := disk.Create(f, spec, tree()); err == nil || len(f.b) != 0 {
			t.Errorf("%s: %v, %d bytes written", name, err, len(f.b))
		}
	}
}

// TestOtherToolsAgree has QEMU check the containers and fsck.fat the volumes.
func TestOtherToolsAgree(t *testing.T) {
	for _, tool := range []string{"qemu-img", "fsck.fat"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("skipped: " + tool + " is missing")
		}
	}
	for _, spec := range specs() {
		f := create(t, spec, tree())
		img, err := disk.Open(f, int64(len(f.b)), "", disk.Options{})
		if err != nil {
			t.Fatal(err)
		}
		equalsQEMU(t, img, f.b)
		volume := make([]byte, img.Volumes[0].Size)
		if _, err := img.Volumes[0].ReadAt(volume, 0); err != nil && !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		name := filepath.Join(t.TempDir(), "volume")
		if err := os.WriteFile(name, volume, 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("fsck.fat", "-n", "-v", name).CombinedOutput(); err != nil {
			t.Errorf("%s %s: %v: %s", spec.Format, spec.Table, err, out)
		}
	}
}
