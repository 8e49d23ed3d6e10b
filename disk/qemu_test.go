package disk_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"berth/disk"
)

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
