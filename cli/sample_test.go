package cli_test

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const samples = "../../shared/testdata"

func trimmed(s string) string { return strings.TrimSpace(s) }

// sampleFile unpacks a sample into a folder of the test, under its own name without .gz.
func sampleFile(t *testing.T, name string) string {
	t.Helper()
	f, err := os.Open(filepath.Join(samples, filepath.FromSlash(name)))
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("skipped: the conformance data ../shared/testdata is missing: " + name)
	}
	check(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	check(t, err)
	out, err := os.Create(filepath.Join(t.TempDir(), strings.TrimSuffix(filepath.Base(name), ".gz")))
	check(t, err)
	_, err = io.Copy(out, z)
	check(t, errors.Join(err, out.Close()))
	return out.Name()
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func readJSON(t *testing.T, name string, into any) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(samples, name))
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("skipped: the conformance data ../shared/testdata is missing: " + name)
	}
	check(t, err)
	check(t, json.Unmarshal(b, into))
}

// imageFact is what is known of an app attach image.
type imageFact struct {
	Packages map[string]struct {
		Blockmap struct {
			Files int
			Bad   []any
		}
		Signature *struct {
			Signer string `json:"signer_sha1"`
		}
	}
}

// packageFact is what is known of a package, whatever it lies in.
type packageFact struct {
	FullName     string `json:"full_name"`
	FamilyName   string `json:"family_name"`
	Identity     struct{ Name, Publisher, Version, ProcessorArchitecture, ResourceId string }
	Properties   struct{ DisplayName string }
	Applications []struct {
		Id, Executable, Aumid string
		Visual                struct{ DisplayName string }
	}
	Dependencies []struct{ El, Name, Publisher, MinVersion string }
	Signature    *struct {
		Subject string `json:"subject_windows"`
		Signer  struct {
			Sha1      string
			NotBefore string `json:"not_before"`
			NotAfter  string `json:"not_after"`
			Key       [2]any
		}
	}
}

// imageFacts returns the facts of the images, by name, without the decoys in their packages.
func imageFacts(t *testing.T) map[string]imageFact {
	t.Helper()
	facts := map[string]imageFact{}
	readJSON(t, "FACTS-appattach.json", &facts)
	for _, f := range facts {
		for dir := range f.Packages {
			if strings.Contains(dir, "/VFS/") {
				delete(f.Packages, dir)
			}
		}
	}
	return facts
}

// packageFacts returns the facts of the packages of a full name: samples of one name can differ in their signature.
func packageFacts(t *testing.T) map[string][]packageFact {
	t.Helper()
	var all map[string]packageFact
	readJSON(t, "FACTS-packages.json", &all)
	by := map[string][]packageFact{}
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		by[all[name].FullName] = append(by[all[name].FullName], all[name])
	}
	return by
}
