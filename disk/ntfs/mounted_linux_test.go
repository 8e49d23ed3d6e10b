package ntfs

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// mounted has ntfs-3g mount a new volume, fill it, and tell the hash of each file in it. It answers the image.
func mounted(t *testing.T, size int64, options []string, fill func(root string)) (*os.File, map[string]string) {
	t.Helper()
	mkntfs, driver := tool(t, "mkntfs"), tool(t, "ntfs-3g")
	image, root := filepath.Join(t.TempDir(), "volume"), t.TempDir()
	file, err := os.Create(image)
	if err == nil {
		err = file.Truncate(size)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	command(t, mkntfs, append(options, "-q", "-F", "-Q", image)...)
	if out, err := exec.Command(driver, "-o", "compression,streams_interface=xattr", image, root).CombinedOutput(); err != nil {
		t.Skipf("skipped: ntfs-3g cannot mount here: %v %s", err, out)
	}
	unmount := func() error { return exec.Command("umount", root).Run() }
	defer func() { _ = unmount() }()
	fill(root)
	sums := map[string]string{}
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		sums[strings.TrimPrefix(path, root+"/")] = fmt.Sprintf("%x", sha256.Sum256(content))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := unmount(); err != nil {
		t.Fatalf("umount: %v", err)
	}
	return file, sums
}

// sumsOf tells the hash of each file of a volume as this package reads it.
func sumsOf(t *testing.T, f *FS) map[string]string {
	t.Helper()
	sums := map[string]string{}
	err := fs.WalkDir(f, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(f, path)
		sums[path] = fmt.Sprintf("%x", sha256.Sum256(content))
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return sums
}

// TestReadsNTFS3G reads what ntfs-3g's driver makes when it is used as a disk: compressed files written to in their midst,
// holes, pieces, and every name that the file system can hold.
func TestReadsNTFS3G(t *testing.T) {
	for _, g := range [][2]int{{512, 512}, {4096, 4096}, {2048, 65536}} {
		t.Run(fmt.Sprint(g), func(t *testing.T) {
			options := []string{"-s", fmt.Sprint(g[0]), "-c", fmt.Sprint(g[1])}
			file, want := mounted(t, 48<<20, options, func(root string) { fillOddly(t, root, g[1]) })
			f, err := Open(file, 48<<20)
			if err != nil {
				t.Fatal(err)
			}
			got := sumsOf(t, f)
			for name, sum := range want {
				if got[name] != sum {
					t.Errorf("%q: hash %s, ntfs-3g read %s", name, got[name], sum)
				}
			}
			if len(want) < 100 || !maps.Equal(got, want) {
				t.Errorf("%d files, ntfs-3g has %d", len(got), len(want))
			}
		})
	}
}

// fillOddly writes what a volume seldom has.
func fillOddly(t *testing.T, root string, cluster int) {
	random := rand.New(rand.NewPCG(1, uint64(cluster)))
	noise := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		return b
	}
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	write := func(name string, content []byte) {
		must(os.MkdirAll(filepath.Dir(root+"/"+name), 0o755))
		must(os.WriteFile(root+"/"+name, content, 0o644))
	}
	at := func(name string, content []byte, off int64) {
		f, err := os.OpenFile(root+"/"+name, os.O_CREATE|os.O_WRONLY, 0o644)
		must(err)
		_, err = f.WriteAt(content, off)
		must(err)
		must(f.Close())
	}
	for _, n := range []int{0, 1, 600, 700, 65535, 65536, 65537, cluster - 1, cluster + 1, 16*cluster + 1} {
		write(fmt.Sprintf("sizes/%d", n), noise(n))
	}
	must(os.Mkdir(root+"/packed", 0o755))
	// FILE_ATTRIBUTE_COMPRESSED of a folder, which its files take over.
	must(syscall.Setxattr(root+"/packed", "system.ntfs_attrib_be", binary.BigEndian.AppendUint32(nil, 0x810), 0))
	for i := range 8 {
		write(fmt.Sprintf("packed/%d", i), bytes.Join([][]byte{noise(i * 9000), bytes.Repeat([]byte("again "), i*20000), make([]byte, i*30000), noise(i * 100)}, nil))
		at(fmt.Sprintf("packed/%d", i), noise(5000), int64(i)*11111)
	}
	for i := range int64(3) {
		at(fmt.Sprintf("sparse%d", i), noise(70_000), 300_000*i)
		at(fmt.Sprintf("sparse%d", i), noise(10), 1_500_000)
		must(os.Truncate(fmt.Sprintf("%s/sparse%d", root, i), 2_000_000+i))
	}
	for piece := range int64(40) { // two files, cluster by cluster
		at("piece0", noise(cluster), piece*int64(cluster))
		at("piece1", noise(cluster), piece*int64(cluster))
	}
	for _, name := range oddNames {
		write("names/"+name, []byte(name))
	}
	write("deep/"+strings.Repeat("d/", 60)+"x", []byte("deep"))
	for i := range 40 {
		must(os.Link(root+"/sizes/600", fmt.Sprintf("%s/link%d", root, i)))
	}
	for i := range 400 {
		write(fmt.Sprintf("many/a name of some length %03d", i*7%400), nil)
	}
	for i := 0; i < 400; i += 3 {
		must(os.Remove(fmt.Sprintf("%s/many/a name of some length %03d", root, i)))
	}
}

// oddNames are names that Windows would not make, and that are legal on the disk. The two with half a surrogate pair differ
// in nothing else.
var oddNames = []string{
	strings.Repeat("n", 255), strings.Repeat("é", 120), strings.Repeat("😀", 60), "CON", "NUL.txt", "dot.", "blank ", " blank",
	"...", "c:d", "tab\t", "line\nline", "\x01\x1b[31m", `back\slash`, `..\up`, `q?*<>|"`, "AbC", "abC", "ABC", "%41", "ﬀ", "ß", "İ", "ı",
	"half\xed\xa0\x80", "half\xed\xa0\x81", "half\xed\xb0\x80.txt", "folder\xed\xa0\x81/inside", "folder\xed\xa0\x82/inside",
}

// TestStreamsWithoutCase opens streams beside a file as Windows does: as written, else in any case.
func TestStreamsWithoutCase(t *testing.T) {
	file, _ := mounted(t, 16<<20, nil, func(root string) {
		for _, err := range []error{os.WriteFile(root+"/a", nil, 0o644), syscall.Setxattr(root+"/a", "user.Größe", []byte("large"), 0)} {
			if err != nil {
				t.Fatal(err)
			}
		}
	})
	f, err := Open(file, 16<<20)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]error{"Größe": nil, "GRÖßE": nil, "größen": fs.ErrNotExist, "": fs.ErrNotExist} {
		s, err := f.OpenStream("A", name)
		if !errors.Is(err, want) {
			t.Errorf("%q: %v", name, err)
		}
		if err != nil {
			continue
		}
		if b, err := io.ReadAll(s); err != nil || string(b) != "large" {
			t.Errorf("%q: %q, %v", name, b, err)
		}
	}
}
