package cache

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"berth"
	"berth/imaging"
	"berth/share"
	"berth/test/cimimage"
)

const (
	samples = "../../../shared/testdata/generated-appattach"
	coffee  = "CentennialCoffee_1.1.0.0_neutral__8wekyb3d8bbwe"
)

// unpack writes a sample, an app attach image that other tools made of a real package.
func unpack(t *testing.T, name, to string) {
	t.Helper()
	f, err := os.Open(filepath.Join(samples, name+".gz"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("skipped: the sample %s is not here", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(out, z)
	if err := errors.Join(err, out.Close()); err != nil {
		t.Fatal(err)
	}
}

// realBench copies real images of a folder, read and checked by the library.
func realBench(t *testing.T) (*bench, *imaging.Library) {
	t.Helper()
	opener, err := share.New(share.Options{Anywhere: true})
	if err != nil {
		t.Fatal(err)
	}
	l := imaging.New(opener, slog.New(slog.DiscardHandler))
	return newBench(t, func(o *Options) { o.Images, o.Chunk = NewImages(opener, l), 1<<18 }), l
}

// planned says of the package in an image what the server would.
func planned(t *testing.T, l *imaging.Library, file string) berth.PlannedPackage {
	t.Helper()
	all, err := l.Read(context.Background(), file)
	if err != nil || len(all) != 1 || all[0].FullName != coffee {
		t.Fatalf("%v, %v", all, err)
	}
	return berth.PlannedPackage{FullName: coffee, ImagePath: file, RelativePath: all[0].RelativePath,
		Thumbprint: all[0].Certificate.Thumbprint, BlockMapSHA256: all[0].Observed.BlockMapSHA256}
}

// TestRealImages copies a VHDX and a composite image, which is several files, and opens the copies.
func TestRealImages(t *testing.T) {
	b, l := realBench(t)
	dir := t.TempDir()
	disk := filepath.Join(dir, "coffee.vhdx")
	unpack(t, "coffee-gpt-dyn.vhdx", disk)
	files, err := l.Open(context.Background(), disk, -1)
	if err != nil {
		t.Fatal(err)
	}
	err = cimimage.Write(files, "app", nil, func(name string, b []byte) error {
		return os.WriteFile(filepath.Join(dir, name), b, 0o644)
	})
	if err := errors.Join(err, files.Close()); err != nil {
		t.Fatal(err)
	}
	cim := filepath.Join(dir, "app.cim")
	b.plan.Packages = []berth.PlannedPackage{planned(t, l, disk), planned(t, l, cim)}
	b.start()
	for _, p := range b.plan.Packages {
		b.complete(p.ImagePath)
	}
	if err := os.RemoveAll(dir); err != nil { // the share is gone
		t.Fatal(err)
	}
	for _, p := range b.plan.Packages {
		path, done := b.cache.Use(p)
		defer done()
		p.ImagePath = path
		if err := l.CheckPackage(context.Background(), p, imaging.CheckOptions{All: true}); path == "" || err != nil {
			t.Errorf("%q: %v", path, err)
		}
	}
}

// TestRealTampered: an image in which a block of a file was altered is not copied for good, and the file is named.
func TestRealTampered(t *testing.T) {
	b, l := realBench(t)
	dir := t.TempDir()
	sound, altered := filepath.Join(dir, "coffee.vhdx"), filepath.Join(dir, "altered.vhdx")
	unpack(t, "coffee-gpt-dyn.vhdx", sound)
	unpack(t, "tampered-payload-byte.vhdx", altered)
	p, q := planned(t, l, sound), planned(t, l, altered)
	p.ImagePath, p.RelativePath = altered, q.RelativePath
	b.plan.Packages = []berth.PlannedPackage{p}
	b.start()
	b.until("the file's name", func() bool {
		e := b.facts(altered).Error
		return strings.Contains(e, "what the share has is not what was added") && strings.Contains(e, "ccoffee.exe")
	})
	if path, _ := b.cache.Use(p); path != "" {
		t.Errorf("%s is given", path)
	}
}
