package exfat

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// tool finds an independent tool, or skips the test.
func tool(t *testing.T, name string) string {
	t.Helper()
	for _, dir := range []string{"", "/usr/sbin/", "/sbin/"} {
		if path, err := exec.LookPath(dir + name); err == nil {
			return path
		}
	}
	t.Skipf("skipped: %s is not installed", name)
	return ""
}

// TestFixtureIsSound lets exfatprogs check the volume that the other tests are about.
func TestFixtureIsSound(t *testing.T) {
	fsck := tool(t, "fsck.exfat")
	// The checker wants each file's clusters for itself, which the other tests do not care for.
	v := newVolume(set{name: "one.bin", flags: both, first: vFree, size: 9000, valid: 9000}.bytes(),
		set{name: "two.bin", flags: flagAllocated, first: vFree + 9, size: 9000, valid: 9000}.bytes())
	v.chain(vFree+9, vFree+5, vFree+6)
	for i := range v.clusters {
		used := i+2 == 2 || i+2 == 4 || i+2 == vRoot || i+2 == vRoot+2 || i+2 >= vFree && i+2 < vFree+3 || i+2 == vFree+5 || i+2 == vFree+6 || i+2 == vFree+9
		if i%8 == 0 {
			v.cluster(2)[i/8] = 0
		}
		if used {
			v.cluster(2)[i/8] |= 1 << (i % 8)
		}
	}
	file := filepath.Join(t.TempDir(), "v")
	if err := os.WriteFile(file, v.b, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(fsck, "-n", file).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// TestReadsMkfs opens empty volumes of every sector and cluster size that exfatprogs makes.
func TestReadsMkfs(t *testing.T) {
	mkfs := tool(t, "mkfs.exfat")
	for _, cluster := range []int{512, 4096, 32 << 10, 1 << 20, 32 << 20} {
		file := filepath.Join(t.TempDir(), "v")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(file, int64(max(8<<20, 8*cluster))); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(mkfs, "-c", fmt.Sprint(cluster), "-L", "Größe", file).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		info, _ := f.Stat()
		v, err := Open(f, info.Size())
		if err != nil {
			t.Fatalf("clusters of %d: %v", cluster, err)
		}
		list, err := v.ReadDir(".")
		if err != nil || len(list) != 0 || v.Label() != "Größe" {
			t.Errorf("clusters of %d: %v, %v, label %q", cluster, list, err, v.Label())
		}
		if _, err := v.Stat("x"); err == nil { // reads the up-case table
			t.Error("x is there")
		}
	}
}

// TestReadsWhatFUSEWrote lets exfat-fuse write a tree, delete from it and fragment it.
func TestReadsWhatFUSEWrote(t *testing.T) {
	mkfs, mount, umount, losetup := tool(t, "mkfs.exfat"), tool(t, "mount.exfat-fuse"), tool(t, "fusermount"), tool(t, "losetup")
	if f, err := os.OpenFile("/dev/fuse", os.O_RDWR, 0); err != nil {
		t.Skipf("skipped: FUSE cannot be used: %v", err)
	} else {
		f.Close()
	}
	dir := t.TempDir()
	image, at := filepath.Join(dir, "v"), filepath.Join(dir, "m")
	if err := os.WriteFile(image, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(image, 64<<20); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(mkfs, "-c", "4096", image).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := os.Mkdir(at, 0o700); err != nil {
		t.Fatal(err)
	}
	loop, err := exec.Command(losetup, "-f", "--show", image).Output()
	if err != nil {
		t.Skipf("skipped: there is no loop device here: %v", err)
	}
	device := strings.TrimSpace(string(loop))
	defer func() { _ = exec.Command(losetup, "-d", device).Run() }()
	if out, err := exec.Command(mount, device, at).CombinedOutput(); err != nil {
		t.Skipf("skipped: exfat-fuse cannot mount here: %s", out)
	}
	defer func() { _ = exec.Command(umount, "-u", at).Run() }()
	want := fill(t, at)
	if out, err := exec.Command(umount, "-u", at).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	// exfat-fuse writes back as it ends, which is after fusermount does; then the device is let go.
	_ = exec.Command(losetup, "-d", device).Run()
	for out := []byte("in use"); len(out) > 0; time.Sleep(10 * time.Millisecond) {
		if out, err = exec.CommandContext(t.Context(), losetup, "-j", image).Output(); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.Open(image)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	v, err := Open(f, 64<<20)
	if err != nil {
		t.Fatal(err)
	}
	if got := hashes(t, v); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%d files, want %d", len(got), len(want))
		for name := range want {
			if got[name] != want[name] {
				t.Errorf("%s differs", name)
			}
		}
	}
}

// fill writes files into a mounted volume: in turns, so that they are fragmented, with names of all kinds, and with
// deletions. It returns what is there afterwards.
func fill(t *testing.T, at string) map[string]string {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.MkdirAll(filepath.Join(at, "deep/er/still"), 0o700))
	for i := range 300 {
		must(os.WriteFile(filepath.Join(at, fmt.Sprintf("deep/file %d with a longer name than one entry holds", i)), bytes.Repeat([]byte{byte(i)}, i*37), 0o600))
	}
	for i := 0; i < 300; i += 3 {
		must(os.Remove(filepath.Join(at, fmt.Sprintf("deep/file %d with a longer name than one entry holds", i))))
	}
	var turns []*os.File
	for _, name := range []string{"Größe 𝄞.txt", "deep/er/still/turn", "third"} {
		f, err := os.Create(filepath.Join(at, name))
		must(err)
		turns = append(turns, f)
	}
	for i := range 60 {
		_, err := turns[i%3].Write(bytes.Repeat([]byte(fmt.Sprint(i, ".")), 900))
		must(err)
	}
	for _, f := range turns {
		must(f.Close())
	}
	must(os.WriteFile(filepath.Join(at, "empty"), nil, 0o600))
	return hashes(t, os.DirFS(at))
}

func hashes(t *testing.T, fsys fs.FS) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(fsys, name)
		sum := sha256.Sum256(b)
		out[name] = hex.EncodeToString(sum[:])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestDamagedSample cuts and flips a volume of Linux' driver.
func TestDamagedSample(t *testing.T) {
	file, err := os.Open("../../../shared/testdata/dsoprea_go-exfat/test.exfat.gz")
	if err != nil {
		t.Skip("skipped: the conformance data ../shared/testdata is missing")
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	v, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(hashes(t, v)); n != 7 {
		t.Errorf("%d files, want 7", n)
	}
	// A volume may lie in a partition that is smaller; what is not there is told when it is read.
	cut, err := Open(bytes.NewReader(b), int64(len(b)/4))
	if err == nil {
		_, err = fs.ReadFile(cut, "2-delahaye-type-165-cabriolet-dsc_8025.jpg")
	}
	if !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), "truncated") {
		t.Errorf("cut: %v", err)
	}
}
