package pri

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// samples is the folder of real packages that this project did not make.
const samples = "../../shared/testdata"

// priFacts is one entry of FACTS-pri.json.gz, which an independent reader wrote.
type priFacts struct {
	Magic          string
	Map            string
	ResourceCount  *int `json:"resource_count"`
	CandidateCount *int `json:"candidate_count"`
	Resources      []struct {
		Name       string
		Candidates []struct {
			Q     []string
			Type  string
			Value any
		}
	}
}

func unzipped(t testing.TB, data []byte) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if data, err = io.ReadAll(r); err != nil {
		t.Fatal(err)
	}
	return data
}

func facts(t testing.TB) map[string]priFacts {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(samples, "FACTS-pri.json.gz"))
	if err != nil {
		t.Skipf("skipped: the conformance data %s is missing", samples)
	}
	var all map[string]priFacts
	if err := json.Unmarshal(unzipped(t, data), &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// indexes gives every index among the samples, by the file it is in: alone, gzipped, or in a package.
func indexes(t testing.TB) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	err := filepath.WalkDir(samples, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		switch name := strings.TrimSuffix(path, ".gz"); filepath.Ext(name) {
		case ".pri":
			data, err := os.ReadFile(path)
			if err == nil && name != path {
				data = unzipped(t, data)
			}
			found[path] = data
			return err
		case ".appx", ".msix", ".256appx":
			if data := packed(path); data != nil {
				found[path+"!resources.pri"] = data
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// packed reads the index of a package; nil when it has none that can be read.
func packed(path string) []byte {
	z, err := zip.OpenReader(path)
	if err != nil {
		return nil
	}
	defer func() { _ = z.Close() }()
	at := slices.IndexFunc(z.File, func(f *zip.File) bool { return strings.EqualFold(f.Name, "resources.pri") })
	if at < 0 {
		return nil
	}
	f, err := z.File[at].Open()
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(f)
	if uint64(len(data)) != z.File[at].UncompressedSize64 {
		return nil
	}
	_ = err // makemsix does not end its deflate streams, which the zip reader minds after the last byte
	return data
}

// sourceOf finds the sample that an entry of the facts is about, by folder and name.
func sourceOf(all map[string][]byte, entry string) ([]byte, bool) {
	file, _, inPackage := strings.Cut(entry, "!")
	project, _, _ := strings.Cut(entry, "/")
	for path, data := range all {
		plain, _, _ := strings.Cut(path, "!")
		// The MSIX SDK has two files called resources.pri; the one among the samples is the second.
		other := strings.HasSuffix(entry, "pack/input/resources.pri")
		if filepath.Base(plain) == filepath.Base(file) && strings.Contains(path, project) && inPackage == strings.Contains(path, "!") && !other {
			return data, true
		}
	}
	return nil, false
}

var kindNames = []string{"String", "Path", "EmbeddedData", "AsciiString", "Utf8String", "AsciiPath", "Utf8Path"}

// TestFacts holds every index to what the independent reader found in it.
func TestFacts(t *testing.T) {
	all, entries := indexes(t), facts(t)
	passed, absent := 0, []string{}
	for entry, want := range entries {
		data, ok := sourceOf(all, entry)
		if !ok {
			absent = append(absent, entry)
			continue
		}
		t.Run(entry, func(t *testing.T) {
			f, err := Open(bytes.NewReader(data), int64(len(data)))
			if err != nil {
				t.Fatal(err)
			}
			compare(t, f, want)
		})
		if !t.Failed() {
			passed++
		}
	}
	slices.Sort(absent)
	t.Logf("indexes with facts: %d of %d; not among the samples: %d: %q", passed, len(entries)-len(absent), len(absent), absent)
	if len(entries)-len(absent) < 12 {
		t.Errorf("only %d indexes were compared", len(entries)-len(absent))
	}
}

func compare(t *testing.T, f *File, want priFacts) {
	if f.Magic != want.Magic || f.Name != want.Map {
		t.Errorf("%s %q, want %s %q", f.Magic, f.Name, want.Magic, want.Map)
	}
	if want.ResourceCount != nil && len(f.Names()) != *want.ResourceCount {
		t.Errorf("%d resources, want %d", len(f.Names()), *want.ResourceCount)
	}
	total := 0
	for _, name := range f.Names() {
		list, ok, err := f.Resource(name)
		if err != nil || !ok {
			t.Fatalf("%s: %v", name, err)
		}
		total += len(list)
	}
	if want.CandidateCount != nil && total != *want.CandidateCount {
		t.Errorf("%d candidates, want %d", total, *want.CandidateCount)
	}
	for _, r := range want.Resources {
		list, ok, err := f.Resource(r.Name)
		if err != nil || !ok || len(list) != len(r.Candidates) {
			t.Fatalf("%s: %d candidates, %v, %v; want %d", r.Name, len(list), ok, err, len(r.Candidates))
		}
		if !slices.Contains(f.Names(), r.Name) {
			t.Errorf("%s is spelled otherwise", r.Name)
		}
		for i, c := range list {
			w := r.Candidates[i]
			var q []string
			for _, one := range c.Qualifiers {
				q = append(q, fmt.Sprintf("%s=%s@%d/%d", one.Name, one.Value, one.Priority, one.Fallback))
			}
			if !slices.Equal(q, w.Q) || kindNames[c.Kind] != w.Type {
				t.Errorf("%s: candidate %d is %s %q, want %s %q", r.Name, i, kindNames[c.Kind], q, w.Type, w.Q)
			}
			if text, ok := w.Value.(string); ok && text != c.Text {
				t.Errorf("%s: candidate %d is %q, want %q", r.Name, i, c.Text, text)
			}
			if m, ok := w.Value.(map[string]any); ok {
				data, err := f.Data(c)
				if err != nil || float64(len(data)) != m["bytes"] || float64(c.Size) != m["bytes"] {
					t.Errorf("%s: candidate %d has %d bytes, want %v: %v", r.Name, i, len(data), m["bytes"], err)
				}
			}
		}
	}
}

// TestResourcePackages reads the indexes of packages of languages and scales.
func TestResourcePackages(t *testing.T) {
	n := 0
	for path, data := range indexes(t) {
		if !strings.Contains(path, "language-") && !strings.Contains(path, "scale-") {
			continue
		}
		n++
		if _, err := Open(bytes.NewReader(data), int64(len(data))); !errors.Is(err, ErrNoNames) {
			t.Errorf("%s: %v, want ErrNoNames", path, err)
		}
	}
	if n < 5 {
		t.Errorf("only %d resource packages", n)
	}
}
