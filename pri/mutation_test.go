package pri_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"berth/pri"
	"berth/test/mutate"
)

// TestMutants damages the indexes of the samples where a reader looks.
func TestMutants(t *testing.T) {
	files, err := filepath.Glob("../../shared/testdata/*/*.pri")
	if err != nil || len(files) == 0 {
		t.Skip("skipped: the conformance data ../shared/testdata is missing")
	}
	for _, file := range files {
		t.Run(filepath.Base(filepath.Dir(file)), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			mutate.Settle()
			mutate.Run(t, bytes.NewReader(data), int64(len(data)), 1, mutate.Count(300), func(r io.ReaderAt, size int64) {
				f, err := pri.Open(r, size)
				if err != nil {
					return
				}
				for _, name := range f.Names()[:min(len(f.Names()), 500)] {
					list, _, _ := f.Resource(name)
					_, _ = pri.Choose(list, pri.Context{Languages: []string{"de-DE"}})
				}
			})
		})
	}
}
