package ntfs

import (
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
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

// pagedImage holds an image in memory with equal pages kept once: samples are gigabytes of a repeated pattern.
type pagedImage struct {
	pages [][]byte
	size  int64
}

const imagePage = 64 << 10

func (m *pagedImage) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	for n < len(p) && off+int64(n) < m.size {
		at := off + int64(n)
		n += copy(p[n:], m.pages[at/imagePage][at%imagePage:])
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (m *pagedImage) volume(off int64) *io.SectionReader {
	return io.NewSectionReader(m, off, m.size-off)
}

// openGzip opens a sample, or skips the test when the samples are not there.
func openGzip(t testing.TB, name string) io.Reader {
	t.Helper()
	f, err := os.Open(filepath.Join(samples, name))
	if err != nil {
		t.Skipf("skipped: the sample is not there: %v", err)
	}
	t.Cleanup(func() { f.Close() })
	z, err := gzip.NewReader(bufio.NewReader(f))
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func loadImage(t testing.TB, name string) *pagedImage {
	t.Helper()
	r := openGzip(t, name)
	m := &pagedImage{}
	known := map[string][]byte{}
	for {
		b := make([]byte, imagePage)
		n, err := io.ReadFull(r, b)
		if n > 0 {
			b = b[:n]
			page, ok := known[string(b)]
			if !ok {
				page = b
				known[string(b)] = b
			}
			m.pages = append(m.pages, page)
			m.size += int64(n)
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return m
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// fact is what an independent tool said of one volume.
type fact struct {
	FS     string
	Label  string
	Offset int64
	Files  [][3]any // path, size, sha256
}

func ntfsFacts(t *testing.T) map[string][]fact {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(samples, "FACTS-images.json"))
	if err != nil {
		t.Skipf("skipped: the facts about the samples are not there: %v", err)
	}
	var all map[string]struct{ Volumes []fact }
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	found := map[string][]fact{}
	for name, image := range all {
		// Images inside VHD and VHDX files are tested where those are read.
		if strings.Contains(name, ".vhd") {
			continue
		}
		for _, v := range image.Volumes {
			if v.FS == "ntfs" {
				found[name] = append(found[name], v)
			}
		}
	}
	if len(found) < 5 {
		t.Fatalf("only %d samples with NTFS in the facts", len(found))
	}
	return found
}

// tree reads a whole volume: path to "size sha256", or to the error where a file cannot be read.
func tree(t testing.TB, f *FS) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := fs.WalkDir(f, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		all[path] = digest(f, path)
		return nil
	})
	if err != nil {
		t.Fatalf("walk: %v", err)
	}
	return all
}

func digest(f *FS, path string) string {
	file, err := f.Open(path)
	if err != nil {
		return err.Error()
	}
	defer file.Close()
	h := sha256.New()
	n, err := io.Copy(h, file)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%d %s", n, hex.EncodeToString(h.Sum(nil)))
}

func TestSamplesMatchFacts(t *testing.T) {
	for name, facts := range ntfsFacts(t) {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && strings.Contains(name, "msuhanov") {
				t.Skip("skipped: unpacking a gigabyte takes long; run without -short")
			}
			image := loadImage(t, name)
			for _, want := range facts {
				v := image.volume(want.Offset)
				f, err := Open(v, v.Size())
				if err != nil {
					t.Fatal(err)
				}
				if f.Label() != want.Label {
					t.Errorf("label %q, want %q", f.Label(), want.Label)
				}
				compareTree(t, f, want.Files)
			}
		})
	}
}

func compareTree(t *testing.T, f *FS, want [][3]any) {
	t.Helper()
	got := tree(t, f)
	for _, w := range want {
		path := w[0].(string)
		expected := fmt.Sprintf("%.0f %s", w[1], w[2])
		// The facts come from a tool that follows links.
		if info, err := f.Stat(path); err == nil && info.Mode().Type() == fs.ModeSymlink {
			expected = got[path]
			if !strings.Contains(expected, "symbolic link") {
				t.Errorf("%s: reading a link answered %q", path, expected)
			}
		}
		// To Windows and to this package, a link written by ntfs-3g is a small file that begins like this.
		if b, err := fs.ReadFile(f, path); err == nil && strings.HasPrefix(string(b), "IntxLNK\x01") {
			expected = got[path]
		}
		if got[path] != expected {
			t.Errorf("%s: %q, want %q", path, got[path], expected)
		}
		delete(got, path)
	}
	for path, v := range got {
		t.Errorf("%s (%s) is not in the facts", path, v)
	}
}

func TestEdgeImagesMatchHashes(t *testing.T) {
	for _, name := range []string{"edge512", "edge4k"} {
		t.Run(name, func(t *testing.T) {
			image := loadImage(t, "generated-ntfs3g/"+name+".raw.gz")
			f, err := Open(image, image.size)
			if err != nil {
				t.Fatal(err)
			}
			if f.Label() != "Édge ☃" {
				t.Errorf("label %q", f.Label())
			}
			got := tree(t, f)
			lines := bufio.NewScanner(openGzip(t, "generated-ntfs3g/"+name+".sha256.gz"))
			n := 0
			for ; lines.Scan(); n++ {
				sum, path, _ := strings.Cut(lines.Text(), "  ./")
				if _, hash, _ := strings.Cut(got[path], " "); hash != sum {
					t.Errorf("%s: %q, want %s", path, got[path], sum)
				}
				delete(got, path)
			}
			if n < 2600 {
				t.Fatalf("only %d files compared", n)
			}
			// ntfs-3g writes symbolic links as small files, which its list of regular files leaves out.
			delete(got, "MSIX/Links/sym")
			for path := range got {
				t.Errorf("%s should not be there", path)
			}
		})
	}
}
