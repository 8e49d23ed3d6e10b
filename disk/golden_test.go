package disk_test

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

const samples = "../../shared/testdata"

// facts are what independent tools say of an image.
type facts struct {
	SHA256     string `json:"sha256"`      // of the file
	DiskSHA    string `json:"disk_sha256"` // of the virtual disk, where the file is not it
	DiskSize   int64  `json:"disk_size"`
	Scheme     string
	Partitions []struct {
		Offset, Size int64
		Desc         string
	}
	Volumes []volumeFacts
}

type volumeFacts struct {
	FS     string
	Label  string
	Offset int64
	Files  [][3]any // path, size, hash
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
