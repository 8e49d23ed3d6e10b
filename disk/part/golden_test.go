package part_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"berth/disk/part"
)

const samples = "../../../shared/testdata"

// window is how much of a sample is unpacked: tables lie at the front, and a
// read past it fails the test.
const window = 5 << 20

type facts struct {
	Scheme     string
	Size       int64
	Partitions []struct {
		Desc   string
		Offset int64
		Size   int64
	}
}

// front unpacks the first bytes of a sample.
func front(t *testing.T, name string) []byte {
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
	b, err := io.ReadAll(io.LimitReader(z, window))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSamplesReadAsSleuthkitSays(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(samples, "FACTS-images.json"))
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("skipped: the conformance data ../shared/testdata is missing")
	}
	all := map[string]facts{}
	if err == nil {
		err = json.Unmarshal(raw, &all)
	}
	if err != nil {
		t.Fatal(err)
	}
	schemes := map[string]string{"none": part.None, "DOS Partition Table": part.MBR, "GUID Partition Table (EFI)": part.GPT}
	for name, want := range all {
		if strings.HasSuffix(name, ".vhd.gz") || strings.HasSuffix(name, ".vhdx.gz") {
			continue // the disk in a container is checked in berth/disk
		}
		t.Run(name, func(t *testing.T) {
			got, err := part.Read(bytes.NewReader(front(t, name)), want.Size, 512)
			if err != nil {
				t.Fatal(err)
			}
			if got.Scheme != schemes[want.Scheme] || len(got.Partitions) != len(want.Partitions) {
				t.Fatalf("got %+v, want %+v", got, want)
			}
			for i, p := range got.Partitions {
				if w := want.Partitions[i]; p.Start != w.Offset || p.Size != w.Size {
					t.Errorf("partition %d: %d bytes at %d, want %d at %d", p.Index, p.Size, p.Start, w.Size, w.Offset)
				}
			}
		})
	}
}

// TestBitLockerBootSectorIsNoTable reads a boot sector with 55 AA whose bytes at
// the table's place are code.
func TestBitLockerBootSectorIsNoTable(t *testing.T) {
	b := front(t, "log2timeline_dfvfs/bdetogo.first1MiB.raw.gz")
	got, err := part.Read(bytes.NewReader(b), int64(len(b)), 512)
	if err != nil || got.Scheme != part.None {
		t.Errorf("got %+v, %v; want none", got, err)
	}
}
