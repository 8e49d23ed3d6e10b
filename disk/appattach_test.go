package disk_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"berth/disk"
)

// expanded returns path -> hash of every file that the images' packages have.
func expanded(t *testing.T) map[string]string {
	t.Helper()
	want := map[string]string{}
	lines := bufio.NewScanner(bytes.NewReader(sample(t, "generated-appattach/expanded.sha256.gz")))
	for lines.Scan() {
		if hash, name, ok := strings.Cut(lines.Text(), "  ./"); ok {
			want[name] = hash
		}
	}
	return want
}

// TestAppAttachImages reads every file of every kind of app attach image and
// holds it against the package that it was expanded from.
func TestAppAttachImages(t *testing.T) {
	want := expanded(t)
	for name, c := range map[string]struct {
		container, scheme, fileSystem, parent string
		files, changed                        int
	}{
		"coffee-gpt-dyn.vhd":         {"vhd dynamic", "gpt", "NTFS", "apps", 41, 0},
		"coffee-gpt-dyn.vhdx":        {"vhdx dynamic", "gpt", "NTFS", "apps", 41, 0},
		"coffee-gpt-fix.vhdx":        {"vhdx fixed", "gpt", "NTFS", "apps", 41, 0},
		"coffee-mbr-fat32.vhd":       {"vhd dynamic", "mbr", "FAT32", "MSIX", 41, 0},
		"coffee-nopt-root.vhd":       {"vhd dynamic", "none", "NTFS", "", 41, 0},
		"multi-gpt-dyn.vhdx":         {"vhdx dynamic", "gpt", "NTFS", "MSIX", 203, 0},
		"missing-file.vhdx":          {"vhdx dynamic", "gpt", "NTFS", "MSIX", 40, 0},
		"unsigned.vhdx":              {"vhdx dynamic", "gpt", "NTFS", "MSIX", 40, 0},
		"tampered-blockmap.vhdx":     {"vhdx dynamic", "gpt", "NTFS", "MSIX", 41, 1},
		"tampered-payload-byte.vhdx": {"vhdx dynamic", "gpt", "NTFS", "MSIX", 41, 1},
	} {
		t.Run(name, func(t *testing.T) {
			b := sample(t, "generated-appattach/"+name+".gz")
			img, err := disk.Open(bytes.NewReader(b), int64(len(b)), name, disk.Options{})
			if err != nil {
				t.Fatal(err)
			}
			v := img.Volumes[0]
			if img.Format+" "+img.Subformat != c.container || img.PartitionTable.Scheme != c.scheme || v.FileSystem != c.fileSystem {
				t.Errorf("it is %s %s with %s and %s", img.Format, img.Subformat, img.PartitionTable.Scheme, v.FileSystem)
			}
			files, changed := compare(t, v, c.parent, want)
			if files != c.files || changed != c.changed {
				t.Errorf("%d files, %d of them changed; want %d and %d", files, changed, c.files, c.changed)
			}
		})
	}
}

// compare counts the files below parent, and those whose hash is not in want.
func compare(t *testing.T, v *disk.Volume, parent string, want map[string]string) (files, changed int) {
	t.Helper()
	root, err := v.Open()
	if err == nil && parent != "" {
		root, err = fs.Sub(root, parent)
	}
	if err != nil {
		t.Fatal(err)
	}
	err = fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(name, "/") {
			return err
		}
		if strings.HasPrefix(name, "System Volume Information/") {
			return nil
		}
		b, err := fs.ReadFile(root, name)
		if sum := sha256.Sum256(b); err == nil && hex.EncodeToString(sum[:]) != want[name] {
			changed++
		}
		files++
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return files, changed
}

// TestVirtualDisksEqualQEMUs converts the images whose disks no fact sheet has.
func TestVirtualDisksEqualQEMUs(t *testing.T) {
	if _, err := exec.LookPath("qemu-img"); err != nil {
		t.Skip("skipped: qemu-img is missing")
	}
	names, err := filepath.Glob(filepath.Join(samples, "generated-appattach", "*.vhd*.gz"))
	if err != nil || len(names) == 0 {
		t.Skip("skipped: the conformance data ../shared/testdata is missing")
	}
	names = append(names, filepath.Join(samples, "qemu_qemu-iotests", "iotest-dynamic-1G.vhdx.gz"),
		filepath.Join(samples, "log2timeline_dfvfs", "ext2.vhd.gz"), filepath.Join(samples, "log2timeline_dfvfs", "ext2.vhdx.gz"))
	for _, name := range names {
		base := strings.TrimSuffix(filepath.Base(name), ".gz")
		if base == "truncated.vhdx" {
			continue
		}
		t.Run(base, func(t *testing.T) {
			b := sample(t, filepath.ToSlash(strings.TrimPrefix(name, samples+string(filepath.Separator))))
			img, err := disk.Open(bytes.NewReader(b), int64(len(b)), base, disk.Options{})
			if err != nil {
				t.Fatal(err)
			}
			equalsQEMU(t, img, b)
		})
	}
}

// equalsQEMU compares the disk in file with what QEMU makes of it.
func equalsQEMU(t *testing.T, img *disk.Image, file []byte) {
	t.Helper()
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	if err := os.WriteFile(in, file, 0o600); err != nil {
		t.Fatal(err)
	}
	format := map[string]string{disk.VHD: "vpc", disk.VHDX: "vhdx"}[img.Format]
	if msg, err := exec.Command("qemu-img", "convert", "-f", format, "-O", "raw", in, out).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, msg)
	}
	f, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	a, b := make([]byte, 1<<20), make([]byte, 1<<20)
	for at := int64(0); at < img.Size; at += int64(len(a)) {
		n, _ := img.ReadAt(a, at)
		m, _ := f.ReadAt(b, at)
		if int64(n) != min(img.Size-at, int64(len(a))) || !bytes.Equal(a[:n], b[:m]) {
			t.Fatalf("differs between %d and %d", at, at+int64(n))
		}
	}
}
