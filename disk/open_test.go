package disk_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"berth/disk"
	"berth/disk/part"
	"berth/disk/vhd"
	"berth/disk/vhdx"
)

func TestUnknownFormats(t *testing.T) {
	for name, c := range map[string]struct {
		b    []byte
		says string
	}{
		"notes.txt":          {[]byte(strings.Repeat("no disk at all\n", 1000)), "neither a VHD nor a VHDX"},
		"empty.img":          {nil, "neither a VHD nor a VHDX"},
		"zero.raw":           {make([]byte, 1<<20), "neither a VHD nor a VHDX"},
		"app.vhdx":           {make([]byte, 1<<20), "not a VHDX"},
		`\\nas\apps\App.VHD`: {make([]byte, 1<<20), "not a VHD:"},
		"mbr only.img":       {append(append(make([]byte, 510), 0x55, 0xAA), make([]byte, 1<<20)...), "no partition table"},
	} {
		_, err := disk.Open(bytes.NewReader(c.b), int64(len(c.b)), name, disk.Options{})
		if !errors.Is(err, disk.ErrUnknownFormat) || !strings.Contains(err.Error(), c.says) || !errors.Is(disk.Classify(err), disk.ErrUnknownFormat) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
}

// TestRefusedSamples opens what is recognised and not read.
func TestRefusedSamples(t *testing.T) {
	for name, c := range map[string]struct {
		kind      error
		structure string
		says      []string
	}{
		"generated-appattach/truncated.vhdx.gz":       {disk.ErrCorrupt, "BAT entry", []string{"truncated", "block 0 ends at byte", "5000000 bytes"}},
		"log2timeline_dfvfs/fat-differential.vhdx.gz": {disk.ErrNoParent, "parent locator", []string{"fat-parent.vhdx"}},
		"log2timeline_dfvfs/ntfs-differential.vhd.gz": {disk.ErrNoParent, "parent locator", []string{"ntfs-parent.vhd"}},
		"log2timeline_dfvfs/image.vhd.gz":             {disk.ErrCorrupt, "footer checksum", nil},
	} {
		b := sample(t, name)
		_, err := disk.Open(bytes.NewReader(b), int64(len(b)), name, disk.Options{})
		where, ok := disk.Locate(err)
		if !errors.Is(disk.Classify(err), c.kind) || !ok || where.Structure != c.structure {
			t.Errorf("%s: %v at %+v", name, err, where)
			continue
		}
		for _, part := range c.says {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %q does not say %q", name, err, part)
			}
		}
	}
}

// bootSector is a raw volume of one MiB with a boot sector that starts so.
func bootSector(start string) []byte {
	b := make([]byte, 1<<20)
	copy(b, start)
	return b
}

func TestFileSystemsThatAreNotRead(t *testing.T) {
	for name, c := range map[string]struct {
		b    []byte
		want string
	}{
		"BitLocker":       {bootSector("\xEB\x58\x90-FVE-FS-"), disk.BitLocker},
		"BitLocker to go": {sample(t, "log2timeline_dfvfs/bdetogo.first1MiB.raw.gz"), disk.BitLocker},
		"ReFS":            {bootSector("\x00\x00\x00ReFS\x00\x00\x00\x00"), disk.ReFS},
	} {
		img, err := disk.Open(bytes.NewReader(c.b), int64(len(c.b)), "x.raw", disk.Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		v := img.Volumes[0]
		if v.FileSystem != c.want || v.Index != 0 || v.Size != int64(len(c.b)) {
			t.Errorf("%s: volume %+v", name, v)
		}
		_, err = v.Open()
		if !errors.Is(err, disk.ErrUnsupported) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := v.Label(); !errors.Is(err, disk.ErrUnsupported) {
			t.Errorf("%s: label: %v", name, err)
		}
	}
}

// TestFATKinds reads the boundaries between the kinds, which are numbers of
// clusters.
func TestFATKinds(t *testing.T) {
	for clusters, want := range map[int]string{4084: "FAT12", 4085: "FAT16", 65524: "FAT16", 65525: "FAT32"} {
		total := 1 + 2*10 + 32 + clusters
		b := bootSector("\xEB\x3C\x90mkfs.fat\x00\x02\x01\x01\x00\x02\x00\x02\x00\x00\xF8\x0A\x00")
		b[32], b[33], b[34] = byte(total), byte(total>>8), byte(total>>16)
		b[510], b[511] = 0x55, 0xAA
		img, err := disk.Open(bytes.NewReader(b), int64(len(b)), "x.raw", disk.Options{})
		if err != nil || img.Volumes[0].FileSystem != want {
			t.Errorf("%d clusters: %v, want %s", clusters, err, want)
			if err == nil {
				t.Errorf("got %s", img.Volumes[0].FileSystem)
			}
		}
	}
}

// TestRawDiskOf4KSectors has its GPT's header at byte 4096.
func TestRawDiskOf4KSectors(t *testing.T) {
	f := &file{b: make([]byte, 8<<20)}
	p := part.Partition{Start: 1 << 20, Size: 1 << 20, Type: part.TypeBasicData}
	if err := part.WriteGPT(f, part.Layout{Size: 8 << 20, SectorSize: 4096, Partitions: []part.Partition{p}}); err != nil {
		t.Fatal(err)
	}
	img, err := disk.Open(f, 8<<20, "x.img", disk.Options{})
	if err != nil || img.SectorSize != 4096 || img.PartitionTable.Scheme != part.GPT || img.Volumes[0].FileSystem != disk.Unknown {
		t.Errorf("%+v, %v", img, err)
	}
}

// failing is a share that went away.
type failing struct{}

func (failing) ReadAt([]byte, int64) (int, error) { return 0, os.ErrDeadlineExceeded }

func TestReadErrorsAreNotVerdicts(t *testing.T) {
	_, err := disk.Open(failing{}, 1<<20, "x.vhdx", disk.Options{})
	if !errors.Is(err, os.ErrDeadlineExceeded) || disk.Classify(err) != nil {
		t.Errorf("got %v, classified as %v", err, disk.Classify(err))
	}
	for _, open := range []func() error{
		func() error { _, err := vhd.Open(failing{}, 1<<20); return err },
		func() error { _, err := vhdx.Open(failing{}, 1<<20); return err },
		func() error { _, err := part.Read(failing{}, 1<<20, 512); return err },
	} {
		if err := open(); !errors.Is(err, os.ErrDeadlineExceeded) || disk.Classify(err) != nil {
			t.Errorf("got %v", err)
		}
	}
	if _, ok := disk.Locate(io.EOF); ok {
		t.Error("io.EOF has no place")
	}
}

// FuzzOpen opens whatever it gets, and lists what opens.
func FuzzOpen(f *testing.F) {
	f.Add(bootSector("\xEB\x76\x90EXFAT   ")[:1024])
	f.Add([]byte("vhdxfile"))
	gpt := &file{b: make([]byte, 3<<20)}
	p := part.Partition{Start: 1 << 20, Size: 1 << 20, Type: part.TypeBasicData}
	if err := part.WriteGPT(gpt, part.Layout{Size: 3 << 20, Partitions: []part.Partition{p}}); err != nil {
		f.Fatal(err)
	}
	f.Add(gpt.b[:2048])
	f.Fuzz(func(t *testing.T, in []byte) {
		img, err := disk.Open(bytes.NewReader(in), int64(len(in)), "x", disk.Options{})
		if err != nil {
			if _, ok := disk.Locate(err); !ok || disk.Classify(err) == nil {
				t.Errorf("%v has no place or kind", err)
			}
			return
		}
		for _, v := range img.Volumes {
			_, _ = v.Label()
		}
	})
}

// breaking is a share that goes away once the image is open.
type breaking struct {
	io.ReaderAt
	gone bool
}

func (b *breaking) ReadAt(p []byte, off int64) (int, error) {
	if b.gone {
		return 0, os.ErrDeadlineExceeded
	}
	return b.ReaderAt.ReadAt(p, off)
}

// TestReadsThatFailReadNothing counts what a failed read claims to have read: callers take a full count for success.
func TestReadsThatFailReadNothing(t *testing.T) {
	for _, format := range []string{disk.VHD, disk.VHDX} {
		for _, subformat := range []string{"fixed", "dynamic"} {
			f := create(t, disk.Spec{Format: format, Subformat: subformat}, tree())
			r := &breaking{ReaderAt: f}
			img, err := disk.Open(r, int64(len(f.b)), "x", disk.Options{})
			if err != nil {
				t.Fatal(err)
			}
			r.gone = true
			if n, err := img.ReadAt(make([]byte, 512), 0); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%s %s: %d bytes, %v", subformat, format, n, err)
			}
		}
	}
}
