package msix_test

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"berth/msix"
	"berth/test/mutate"
)

const samples = "../../shared/testdata"

// packages gives the path of every package and bundle among the samples.
func packages(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, pattern := range []string{"*/*.msix", "*/*.*appx", "*/*bundle", "*/*/*.msix", "*/*/*.*appx", "*/*/*bundle"} {
		list, err := filepath.Glob(filepath.Join(samples, pattern))
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, list...)
	}
	if len(found) == 0 {
		t.Skip("skipped: the conformance data ../shared/testdata is missing")
	}
	return found
}

// use does with a container what verifying, inspecting and building do.
func use(t *testing.T, r io.ReaderAt, size int64) {
	p, err := msix.OpenPackage(r, size)
	if err != nil {
		return
	}
	_, _ = msix.VerifyPackage(t.Context(), p, msix.VerifyOptions{Now: time.Unix(1.7e9, 0)})
	if bundle, err := p.Bundle(); err == nil {
		for _, b := range bundle.Packages[:min(len(bundle.Packages), 3)] {
			if inner, err := p.OpenBundled(b); err == nil {
				_, _ = inner.Manifest()
			}
		}
	}
	tree, err := p.Expanded()
	if err != nil {
		return
	}
	_ = fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil //nolint:nilerr // damage is expected
		}
		f, err := tree.Open(name)
		if err != nil {
			return nil //nolint:nilerr // damage is expected
		}
		_, _ = f.Read(make([]byte, 100))
		return f.Close()
	})
}

// TestMutants damages every package of the samples where a reader looks.
func TestMutants(t *testing.T) {
	for _, file := range packages(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			mutate.Settle()
			mutate.Run(t, bytes.NewReader(data), int64(len(data)), 1, mutate.Count(5), func(r io.ReaderAt, size int64) {
				use(t, r, size)
			})
		})
	}
}

// TestMutantsOfParts damages the footprint files themselves: in the container most damage breaks the compression first.
func TestMutantsOfParts(t *testing.T) {
	readers := map[string]func(data []byte){
		msix.ManifestName:       func(data []byte) { _, _ = msix.ReadManifest(bytes.NewReader(data)) },
		msix.BundleManifestName: func(data []byte) { _, _ = msix.ReadBundleManifest(bytes.NewReader(data)) },
		msix.BlockMapName:       func(data []byte) { _, _ = msix.ReadBlockMap(bytes.NewReader(data)) },
		msix.SignatureName: func(data []byte) {
			s, err := msix.ReadSignature(data)
			if err != nil {
				return
			}
			_, _, _ = s.Verify(), s.VerifyPublisher("CN=x"), s.VerifyChain(nil, time.Unix(1.7e9, 0))
		},
	}
	for _, file := range packages(t) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		p, err := msix.OpenPackage(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			continue
		}
		for name, read := range readers {
			part, err := fs.ReadFile(p.FS(), name)
			if err != nil {
				continue
			}
			t.Run(filepath.Base(file)+"/"+filepath.Base(name), func(t *testing.T) {
				mutate.Run(t, bytes.NewReader(part), int64(len(part)), 2, mutate.Count(5), func(r io.ReaderAt, size int64) {
					if b, err := io.ReadAll(io.NewSectionReader(r, 0, size)); err == nil {
						read(b)
					}
				})
			})
		}
	}
}
