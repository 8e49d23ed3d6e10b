package fat

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// samples is the folder of images that this project did not make.
const samples = "../../../shared/testdata"

// loadSample unpacks a sample, or skips the test when it is not there.
func loadSample(t testing.TB, name string) []byte {
	t.Helper()
	f, err := os.Open(filepath.Join(samples, name))
	if err != nil {
		t.Skipf("skipped: the sample is not there: %v", err)
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

func openBytes(t testing.TB, b []byte) *FS {
	t.Helper()
	f, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// tree reads a whole volume: path to "size sha256", folders to "folder".
func tree(t testing.TB, f fs.FS) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := fs.WalkDir(f, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			all[path] = "folder"
			return nil
		}
		b, err := fs.ReadFile(f, path)
		sum := sha256.Sum256(b)
		all[path] = fmt.Sprintf("%d %s", len(b), hex.EncodeToString(sum[:]))
		return err
	})
	if err != nil {
		t.Fatalf("walk: %v", err)
	}
	return all
}

func TestSampleMatchesFacts(t *testing.T) {
	const name = "log2timeline_dfvfs/fat12.raw.gz"
	f := openBytes(t, loadSample(t, name))
	raw, err := os.ReadFile(filepath.Join(samples, "FACTS-images.json"))
	if err != nil {
		t.Fatal(err)
	}
	var facts map[string]struct {
		Volumes []struct {
			Label string
			Files [][3]any // path, size, sha256
		}
	}
	if err := json.Unmarshal(raw, &facts); err != nil {
		t.Fatal(err)
	}
	want := facts[name].Volumes[0]
	if label := strings.TrimPrefix(want.Label, "Volume label is "); f.Label() != label {
		t.Errorf("label %q, want %q", f.Label(), label)
	}
	if f.Type() != FAT12 {
		t.Errorf("type %v, want FAT12", f.Type())
	}
	got := tree(t, f)
	for _, w := range want.Files {
		path := w[0].(string)
		if expected := fmt.Sprintf("%.0f %s", w[1], w[2]); got[path] != expected {
			t.Errorf("%s: %q, want %q", path, got[path], expected)
		}
		delete(got, path)
	}
	for path, v := range got {
		if v != "folder" {
			t.Errorf("%s (%s) is not in the facts", path, v)
		}
	}
}

// TestOtherVolumesAreNotFAT feeds the boot sectors of other systems.
func TestOtherVolumesAreNotFAT(t *testing.T) {
	for name, want := range map[string]error{
		"log2timeline_dfvfs/bdetogo.first1MiB.raw.gz": ErrUnsupported,
		"log2timeline_dfvfs/ntfs.raw.gz":              ErrCorrupt,
		"dsoprea_go-exfat/test.exfat.gz":              ErrCorrupt,
		"log2timeline_dfvfs/mbr.raw.gz":               ErrCorrupt,
		"log2timeline_dfvfs/gpt.raw.gz":               ErrCorrupt,
	} {
		t.Run(name, func(t *testing.T) {
			b := loadSample(t, name)
			if Detect(b) {
				t.Error("detected as FAT")
			}
			if _, err := Open(bytes.NewReader(b), int64(len(b))); !errors.Is(err, want) {
				t.Errorf("Open: %v, want %v", err, want)
			}
		})
	}
}
