package vhdx_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"berth/disk/vhdx"
)

const samples = "../../../shared/testdata"

// facts is what independent tools say of an image.
type facts struct {
	SHA256   string `json:"sha256"`
	Size     int64  `json:"size"`
	DiskSHA  string `json:"disk_sha256"`
	DiskSize int64  `json:"disk_size"`
	VHDIInfo map[string]string
}

// disk gives the hash and size of the virtual disk, whichever way it is noted.
func (f facts) disk() (string, int64) {
	if f.DiskSHA != "" {
		return f.DiskSHA, f.DiskSize
	}
	return f.SHA256, f.Size
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

func hashOf(t *testing.T, d *vhdx.Disk) string {
	t.Helper()
	h := sha256.New()
	if _, err := io.CopyBuffer(h, io.NewSectionReader(d, 0, d.Size()), make([]byte, 3<<20+512)); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func TestSamplesReadAsIndependentToolsSay(t *testing.T) {
	for name, want := range readFacts(t) {
		if !strings.HasSuffix(name, ".vhdx.gz") || want.VHDIInfo["Disk type"] == "Differential" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			b := sample(t, name)
			d, err := vhdx.Open(bytes.NewReader(b), int64(len(b)))
			if err != nil {
				t.Fatal(err)
			}
			sha, size := want.disk()
			if d.Size() != size || hashOf(t, d) != sha {
				t.Errorf("size %d, hash %s; want %d, %s", d.Size(), hashOf(t, d), size, sha)
			}
			if got, want := d.Subformat(), strings.ToLower(want.VHDIInfo["Disk type"]); got != want {
				t.Errorf("subformat %q, want %q", got, want)
			}
			if got, want := d.DataID(), want.VHDIInfo["Identifier"]; got != want {
				t.Errorf("data id %q, want %q", got, want)
			}
			if d.SectorSize() != 512 {
				t.Errorf("sector size %d, want 512", d.SectorSize())
			}
		})
	}
}
