package disk_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"berth/disk"
	"berth/disk/ntfs"
)

// TestConformance holds every image of the samples to what independent tools say of it, and says how many there are. An
// image that nothing is said of fails: none is left out silently.
func TestConformance(t *testing.T) {
	all := readFacts(t)
	names := images(t)
	good, files := 0, 0
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && strings.HasPrefix(name, "msuhanov") {
				t.Skip("skipped: unpacking a gigabyte takes long; run without -short")
			}
			c := &conformance{T: t, name: name}
			if f, ok := all[name]; ok {
				c.facts(f)
			} else if check, ok := others[name]; ok {
				check(c)
			} else {
				t.Error("nothing is said of this image: what is it to be held to?")
			}
			if files += c.files; !t.Failed() {
				good++
			}
		})
	}
	for name := range all {
		if !slices.Contains(names, name) {
			t.Errorf("the facts tell of %s, which is not there", name)
		}
	}
	t.Logf("conformance: %d of %d images, %d files", good, len(names), files)
}

// images lists the samples that are images.
func images(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(samples, "*", "*.gz"))
	if err != nil || len(found) == 0 {
		t.Skip("skipped: the conformance data ../shared/testdata is missing")
	}
	var names []string
	for _, file := range found {
		if base := filepath.Base(file); !strings.HasSuffix(base, ".sha256.gz") && !strings.HasSuffix(base, ".pri.gz") {
			names = append(names, filepath.Base(filepath.Dir(file))+"/"+base)
		}
	}
	return names
}

// others are the images without facts of their own, and what they are held to.
var others = map[string]func(*conformance){
	"diskfs_go-diskfs/gpt.img.gz":                       func(c *conformance) { c.table("gpt", [2]int64{2048 * 512, 1001 * 512}) }, // sfdisk
	"diskfs_go-diskfs/mbr.img.gz":                       func(c *conformance) { c.table("mbr", [2]int64{2048 * 512, 20480 * 512}) },
	"generated-ntfs3g/edge4k.raw.gz":                    func(c *conformance) { c.hashes("generated-ntfs3g/edge4k.sha256.gz") },
	"generated-ntfs3g/edge512.raw.gz":                   func(c *conformance) { c.hashes("generated-ntfs3g/edge512.sha256.gz") },
	"generated-appattach/coffee-gpt-dyn.vhd.gz":         func(c *conformance) { c.packages("vhd dynamic gpt NTFS apps", 41, "") },
	"generated-appattach/coffee-gpt-dyn.vhdx.gz":        func(c *conformance) { c.packages("vhdx dynamic gpt NTFS apps", 41, "") },
	"generated-appattach/coffee-gpt-fix.vhdx.gz":        func(c *conformance) { c.packages("vhdx fixed gpt NTFS apps", 41, "") },
	"generated-appattach/coffee-mbr-fat32.vhd.gz":       func(c *conformance) { c.packages("vhd dynamic mbr FAT32 MSIX", 41, "") },
	"generated-appattach/coffee-nopt-root.vhd.gz":       func(c *conformance) { c.packages("vhd dynamic none NTFS .", 41, "") },
	"generated-appattach/multi-gpt-dyn.vhdx.gz":         func(c *conformance) { c.packages("vhdx dynamic gpt NTFS MSIX", 203, "") },
	"generated-appattach/missing-file.vhdx.gz":          func(c *conformance) { c.packages("vhdx dynamic gpt NTFS MSIX", 40, "") },
	"generated-appattach/unsigned.vhdx.gz":              func(c *conformance) { c.packages("vhdx dynamic gpt NTFS MSIX", 40, "") },
	"generated-appattach/tampered-blockmap.vhdx.gz":     func(c *conformance) { c.packages("vhdx dynamic gpt NTFS MSIX", 41, "AppxBlockMap.xml") },
	"generated-appattach/tampered-payload-byte.vhdx.gz": func(c *conformance) { c.packages("vhdx dynamic gpt NTFS MSIX", 41, "ccoffee.exe") },
	"generated-appattach/truncated.vhdx.gz":             func(c *conformance) { c.refused(disk.ErrCorrupt, "truncated") },
	"log2timeline_dfvfs/bdetogo.first1MiB.raw.gz":       func(c *conformance) { c.volumeRefused(disk.BitLocker) },
	"log2timeline_dfvfs/ext2.vhd.gz":                    func(c *conformance) { c.volumeRefused(disk.Unknown) }, // its disk is held to QEMU's below
	"log2timeline_dfvfs/ext2.vhdx.gz":                   func(c *conformance) { c.volumeRefused(disk.Unknown) },
	"log2timeline_dfvfs/image.vhd.gz":                   func(c *conformance) { c.refused(disk.ErrCorrupt, "footer checksum") }, // changed by hand
	"log2timeline_dfvfs/image-differential.vhd.gz":      func(c *conformance) { c.refused(disk.ErrCorrupt, "footer checksum") },
	"qemu_qemu-iotests/iotest-dirtylog-10G-4M.vhdx.gz":  func(c *conformance) { c.starts(10<<30, [2]int64{18, 0xA5}, [2]int64{182, 0}) },                   // QEMU's test 070
	"qemu_qemu-iotests/iotest-dynamic-1G.vhdx.gz":       func(c *conformance) { c.starts(1<<30, [2]int64{33, 0xA5}, [2]int64{33, 0x96}, [2]int64{20, 0}) }, // and 064
	"qemu_qemu-iotests/virtualpc-dynamic.vhd.gz":        func(c *conformance) { c.starts(136365211648, [2]int64{20, 0}) },                                  // the footer's size
}

// conformance holds one image to what is said of it, and counts the files that were compared.
type conformance struct {
	*testing.T
	name  string
	next  volumeFacts // of the volume behind the one that is looked at
	files int
}

// open opens the image with its parents beside it.
func (c *conformance) open() (*disk.Image, error) {
	b := loadPaged(c.T, c.name)
	return disk.Open(b, b.size, strings.TrimSuffix(c.name, ".gz"), besideSample(c.T, filepath.Join(samples, filepath.Dir(c.name))))
}

func (c *conformance) must() *disk.Image {
	c.Helper()
	img, err := c.open()
	if err != nil {
		c.Fatal(err)
	}
	return img
}

// facts holds the image to an entry of FACTS-images.json.
func (c *conformance) facts(want facts) {
	img := c.must()
	sum := want.SHA256 // of the file, which is the disk of a raw image
	if want.DiskSHA != "" {
		sum = want.DiskSHA
	}
	h := sha256.New()
	if _, err := io.CopyBuffer(h, struct{ io.Reader }{io.NewSectionReader(img, 0, img.Size)}, make([]byte, 1<<20)); err != nil {
		c.Error(err)
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != sum || want.DiskSize != 0 && want.DiskSize != img.Size {
		c.Errorf("the disk has %d bytes and hash %s, want %d and %s", img.Size, got, want.DiskSize, sum)
	}
	checkTable(c.T, img, want)
	if len(img.Volumes) != len(want.Volumes) {
		c.Fatalf("%d volumes, want %d", len(img.Volumes), len(want.Volumes))
	}
	for i, v := range img.Volumes {
		if i+1 < len(want.Volumes) {
			c.next = want.Volumes[i+1]
		}
		c.volume(v, want.Volumes[i])
	}
}

var partitionType = regexp.MustCompile(`\(0x([0-9a-f]{2})\)$`)

func checkTable(t *testing.T, img *disk.Image, want facts) {
	t.Helper()
	schemes := map[string]string{"none": "none", "DOS Partition Table": "mbr", "GUID Partition Table (EFI)": "gpt"}
	if got := img.PartitionTable; got.Scheme != schemes[want.Scheme] || len(got.Partitions) != len(want.Partitions) {
		t.Fatalf("table %+v, want %+v", got, want)
	}
	for i, p := range img.PartitionTable.Partitions {
		w := want.Partitions[i]
		if p.Start != w.Offset || p.Size != w.Size {
			t.Errorf("partition %d: %d bytes at %d, want %d at %d", p.Index, p.Size, p.Start, w.Size, w.Offset)
		}
		if m := partitionType.FindStringSubmatch(w.Desc); m != nil && !strings.EqualFold(p.Type, "0x"+m[1]) {
			t.Errorf("partition %d is of type %s, want %s", p.Index, p.Type, w.Desc)
		}
	}
}

// volume holds a volume to its facts: file system, label, and its files, all of them and no others.
func (c *conformance) volume(v *disk.Volume, want volumeFacts) {
	kind := strings.ToLower(strings.TrimRight(v.FileSystem, "0123456789"))
	if v.FileSystem == disk.Unknown {
		kind = "?"
	}
	if kind != want.FS || v.Start != want.Offset {
		c.Errorf("volume %d is %s at %d, want %s at %d", v.Index, v.FileSystem, v.Start, want.FS, want.Offset)
	}
	fsys, err := v.Open()
	if want.FS == "?" {
		if !errors.Is(err, disk.ErrUnsupported) {
			c.Errorf("%s opens with %v, want ErrUnsupported", v.FileSystem, err)
		}
		return
	}
	if err != nil {
		c.Fatalf("volume %d: %v", v.Index, err)
	}
	// Of exFAT the facts have the tool's first line in place of the label.
	if label, _ := v.Label(); label != strings.TrimPrefix(want.Label, "Volume label is ") && want.FS != "exfat" {
		c.Errorf("label %q, want %q", label, want.Label)
	}
	if c.name == "forensics-samples/fs.multiple.gz" && want.FS == "exfat" {
		// The volume is larger than its partition, so that the tool of the facts refused it. What is there can be read; the
		// volume beside it has the same files.
		want.Files = c.next.Files
	}
	expected := map[string]string{}
	for _, f := range want.Files {
		expected[f[0].(string)] = fmt.Sprintf("%.0f %s", f[1], f[2])
	}
	c.tree(fsys, expected)
}

// tree compares all files of a volume: path to size and hash, or to the hash alone.
func (c *conformance) tree(fsys fs.FS, want map[string]string) {
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		w, known := want[name]
		delete(want, name)
		c.files++
		b, err := fs.ReadFile(fsys, name)
		// What ntfs-3g shows as links: to Windows, one is a reparse point, the other a file that begins so.
		link := d.Type() == fs.ModeSymlink && errors.Is(err, ntfs.ErrUnsupported) || bytes.HasPrefix(b, []byte("IntxLNK\x01"))
		sum := sha256.Sum256(b)
		got := hex.EncodeToString(sum[:])
		switch {
		case link:
		case err != nil:
			c.Errorf("%s: %v", name, err)
		case !known:
			c.Errorf("%s should not be there", name)
		case got != w && fmt.Sprint(len(b), " ", got) != w:
			c.Errorf("%s: %d bytes with hash %s, want %s", name, len(b), got, w)
		}
		return nil
	})
	if err != nil {
		c.Error(err)
	}
	for name := range want {
		c.Errorf("%s is missing", name)
	}
}

// table holds an image to its partitions alone.
func (c *conformance) table(scheme string, partitions ...[2]int64) {
	got := c.must().PartitionTable
	if got.Scheme != scheme || len(got.Partitions) != len(partitions) {
		c.Fatalf("table %+v", got)
	}
	for i, p := range got.Partitions {
		if [2]int64{p.Start, p.Size} != partitions[i] {
			c.Errorf("partition %d: %d bytes at %d, want %v", p.Index, p.Size, p.Start, partitions[i])
		}
	}
}

// hashes holds the only volume to a list as sha256sum writes it.
func (c *conformance) hashes(list string) {
	fsys, err := c.must().Volumes[0].Open()
	if err != nil {
		c.Fatal(err)
	}
	want := map[string]string{}
	lines := bufio.NewScanner(bytes.NewReader(sample(c.T, list)))
	for lines.Scan() {
		if sum, name, ok := strings.Cut(lines.Text(), "  ./"); ok {
			want[name] = sum
		}
	}
	if len(want) < 2600 {
		c.Errorf("only %d files in the list", len(want))
	}
	c.tree(fsys, want)
}

// packages holds an app attach image to what it was made from: that many files, all as they were expanded but one.
func (c *conformance) packages(form string, files int, changed string) {
	img := c.must()
	v := img.Volumes[0]
	f := strings.Fields(form)
	if got := []string{img.Format, img.Subformat, img.PartitionTable.Scheme, v.FileSystem}; !slices.Equal(got, f[:4]) {
		c.Errorf("it is %v, want %v", got, f[:4])
	}
	root, err := v.Open()
	if err == nil {
		root, err = fs.Sub(root, f[4])
	}
	if err != nil {
		c.Fatal(err)
	}
	want := expanded(c.T)
	err = fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(name, "/") || strings.HasPrefix(name, "System Volume Information/") {
			return err
		}
		c.files++
		b, err := fs.ReadFile(root, name)
		sum := sha256.Sum256(b)
		if err == nil && (hex.EncodeToString(sum[:]) != want[name]) != (name[strings.Index(name, "/")+1:] == changed) {
			c.Errorf("%s is not what is expected", name)
		}
		return err
	})
	if err != nil || c.files != files {
		c.Errorf("%d files, want %d; %v", c.files, files, err)
	}
}

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

// refused holds an image to an error.
func (c *conformance) refused(kind error, says string) {
	_, err := c.open()
	if !errors.Is(err, kind) || !strings.Contains(err.Error(), says) {
		c.Errorf("%v, want %v: %s", err, kind, says)
	}
}

// volumeRefused holds an image without a table to a file system that is named and not read.
func (c *conformance) volumeRefused(fileSystem string) {
	v := c.must().Volumes[0]
	if _, err := v.Open(); v.FileSystem != fileSystem || !errors.Is(err, disk.ErrUnsupported) {
		c.Errorf("%s, %v; want %s", v.FileSystem, err, fileSystem)
	}
}

// starts holds a disk to its size and to what it starts with: so many MiB of one value, then of the next.
func (c *conformance) starts(size int64, parts ...[2]int64) {
	img := c.must()
	if img.Size != size {
		c.Errorf("%d bytes, want %d", img.Size, size)
	}
	b, off := make([]byte, 1<<20), int64(0)
	for _, part := range parts {
		for range part[0] {
			if _, err := img.ReadAt(b, off); err != nil || bytes.Count(b, []byte{byte(part[1])}) != len(b) {
				c.Fatalf("at %d: not all bytes are %#x; %v", off, part[1], err)
			}
			off += int64(len(b))
		}
	}
}

// paged is a file in memory, of which equal pages are kept once: samples are gigabytes of a pattern.
type paged struct {
	pages [][]byte
	size  int64
}

const page = 64 << 10

// ReadAt implements io.ReaderAt.
func (p *paged) ReadAt(b []byte, off int64) (int, error) {
	n := 0
	for n < len(b) && off+int64(n) < p.size {
		at := off + int64(n)
		n += copy(b[n:], p.pages[at/page][at%page:])
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func loadPaged(t *testing.T, name string) *paged {
	t.Helper()
	f, err := os.Open(filepath.Join(samples, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(bufio.NewReader(f))
	if err != nil {
		t.Fatal(err)
	}
	p, known := &paged{}, map[string][]byte{}
	b := make([]byte, page)
	for {
		n, err := io.ReadFull(z, b)
		if n > 0 {
			kept, ok := known[string(b[:n])]
			if !ok {
				kept = bytes.Clone(b[:n])
				known[string(kept)] = kept
			}
			p.pages, p.size = append(p.pages, kept), p.size+int64(n)
		}
		if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
			return p
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
