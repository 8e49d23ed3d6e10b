package disk_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"berth/disk"
)

const samples = "../../shared/testdata"

type facts struct {
	Scheme     string
	Partitions []struct{ Offset, Size int64 }
	VHDIInfo   map[string]string
	Volumes    []struct {
		FS     string
		Label  string
		Offset int64
		Files  [][3]any // path, size, hash
	}
}

// sample returns the unpacked content of a sample.
func sample(t *testing.T, name string) []byte {
	t.Helper()
	f, err := os.Open(filepath.Join(samples, filepath.FromSlash(name)))
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("skipped: the conformance data ../shared/testdata is missing: " + name)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func readFacts(t *testing.T) map[string]facts {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(samples, "FACTS-images.json"))
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("skipped: the conformance data ../shared/testdata is missing")
	}
	all := map[string]facts{}
	if err == nil {
		err = json.Unmarshal(b, &all)
	}
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestSamplesOpenAsIndependentToolsSay(t *testing.T) {
	for name, want := range readFacts(t) {
		// The rest of that folder is 1 GB each and a matter of berth/disk/ntfs.
		if want.VHDIInfo["Disk type"] == "Differential" || strings.HasPrefix(name, "msuhanov") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			b := sample(t, name)
			img, err := disk.Open(bytes.NewReader(b), int64(len(b)), name, disk.Options{})
			if err != nil {
				t.Fatal(err)
			}
			checkTable(t, img, want)
			checkVolumes(t, img, want)
		})
	}
}

func checkTable(t *testing.T, img *disk.Image, want facts) {
	t.Helper()
	schemes := map[string]string{"none": "none", "DOS Partition Table": "mbr", "GUID Partition Table (EFI)": "gpt"}
	if got := img.PartitionTable; got.Scheme != schemes[want.Scheme] || len(got.Partitions) != len(want.Partitions) {
		t.Fatalf("table %+v, want %+v", got, want)
	}
	for i, p := range img.PartitionTable.Partitions {
		if w := want.Partitions[i]; p.Start != w.Offset || p.Size != w.Size {
			t.Errorf("partition %d: %d bytes at %d, want %d at %d", p.Index, p.Size, p.Start, w.Size, w.Offset)
		}
	}
}

func checkVolumes(t *testing.T, img *disk.Image, want facts) {
	t.Helper()
	if len(img.Volumes) != len(want.Volumes) {
		t.Fatalf("%d volumes, want %d", len(img.Volumes), len(want.Volumes))
	}
	for i, v := range img.Volumes {
		w := want.Volumes[i]
		kind := strings.ToLower(strings.TrimRight(v.FileSystem, "0123456789"))
		if v.FileSystem == disk.Unknown {
			kind = "?"
		}
		if kind != w.FS || v.Start != w.Offset {
			t.Errorf("volume %d is %s at %d, want %s at %d", i, v.FileSystem, v.Start, w.FS, w.Offset)
		}
		files, err := v.Open()
		if w.FS == "?" {
			if !errors.Is(err, disk.ErrUnsupported) {
				t.Errorf("%s opens with %v, want ErrUnsupported", v.FileSystem, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("volume %d: %v", i, err)
			continue
		}
		// Of exFAT the facts have the tool's first line in place of the label.
		if label, _ := v.Label(); label != strings.TrimPrefix(w.Label, "Volume label is ") && w.FS != "exfat" {
			t.Errorf("label %q, want %q", label, w.Label)
		}
		for _, f := range w.Files {
			if f[0] == "a_link" {
				continue // ntfs-3g followed it, berth/disk/ntfs does not
			}
			b, err := fs.ReadFile(files, f[0].(string))
			sum := sha256.Sum256(b)
			if err != nil || hex.EncodeToString(sum[:]) != f[2].(string) {
				t.Errorf("%v: %d bytes, error %v; want %v bytes with hash %v", f[0], len(b), err, f[1], f[2])
			}
		}
	}
}
