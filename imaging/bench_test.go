package imaging

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
)

// BenchmarkInspect counts what inspecting reads of the image file: over a share each call is a question to the server.
func BenchmarkInspect(b *testing.B) {
	for _, name := range []string{"coffee-gpt-dyn.vhdx", "multi-gpt-dyn.vhdx", "coffee-mbr-fat32.vhd"} {
		b.Run(name, func(b *testing.B) { inspectCounted(b, sample(b, "generated-appattach/"+name+".gz"), name) })
	}
	for _, format := range []string{"vhd", "vhdx"} {
		for _, subformat := range []string{"fixed", "dynamic"} {
			b.Run(fmt.Sprintf("300MB-%s-%s", format, subformat), func(b *testing.B) {
				out := filepath.Join(b.TempDir(), "big."+format)
				o := BuildOptions{Packages: []string{bigPackage(b)}, Out: out, Subformat: subformat}
				if _, err := library(b).Build(context.Background(), o); err != nil {
					b.Fatal(err)
				}
				content, err := os.ReadFile(out)
				if err != nil {
					b.Fatal(err)
				}
				inspectCounted(b, content, out)
			})
		}
	}
}

func inspectCounted(b *testing.B, content []byte, name string) {
	b.Helper()
	f := inMemory(content)
	for b.Loop() {
		f.calls.Store(0)
		f.bytes.Store(0)
		if _, err := New(f, nil).Inspect(context.Background(), name); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(f.calls.Load()), "reads")
	b.ReportMetric(float64(f.bytes.Load()), "bytes")
	b.ReportMetric(100*float64(f.bytes.Load())/float64(f.size), "%ofimage")
}

// bigPackage is a package of 300 MB in 600 files.
func bigPackage(b *testing.B) string {
	b.Helper()
	cert, err := signer()
	if err != nil {
		b.Fatal(err)
	}
	dir, _ := folder(b, "Test.Big")
	noise := fstest.MapFS{}
	for i := range 600 {
		noise[fmt.Sprintf("data/%d/f%d.zip", i%20, i)] = &fstest.MapFile{Data: bytes.Repeat([]byte{1}, 500_000)}
	}
	if err := os.CopyFS(dir, fs.FS(noise)); err != nil {
		b.Fatal(err)
	}
	file := filepath.Join(b.TempDir(), "big.msix")
	if err := SignFolder(dir, file, cert, parseKey(signingKey)); err != nil {
		b.Fatal(err)
	}
	return file
}
