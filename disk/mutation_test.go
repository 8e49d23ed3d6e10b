package disk_test

import (
	"bytes"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"berth/disk"
	"berth/test/mutate"
)

// look opens an image as an inspection does, lists all of it up to a limit and reads the ends of some files. It returns
// how many names it saw.
func look(r io.ReaderAt, size int64, name string, opt disk.Options) int {
	img, err := disk.Open(r, size, name, opt)
	if err != nil {
		return 0
	}
	seen := 0
	for _, v := range img.Volumes {
		fsys, err := v.Open()
		if err != nil {
			continue
		}
		b := make([]byte, 100_000)
		_ = fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
			if seen++; seen > 5000 {
				return fs.SkipAll
			}
			if err != nil || d.IsDir() || seen > 200 {
				return nil
			}
			f, err := fsys.Open(name)
			if err != nil {
				return nil
			}
			_, _ = f.Read(b)
			if info, err := f.Stat(); err == nil && info.Size() > 1000 {
				_, _ = f.(io.ReaderAt).ReadAt(b[:1000], info.Size()-1000)
			}
			return f.Close()
		})
	}
	return seen
}

// TestMutants damages every image of the samples where a reader looks.
func TestMutants(t *testing.T) {
	for _, name := range images(t) {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && strings.HasPrefix(name, "msuhanov") {
				t.Skip("skipped: unpacking a gigabyte takes long; run without -short")
			}
			b, file := loadPaged(t, name), filepath.Join(samples, filepath.FromSlash(name))
			opt := besideSample(t, filepath.Dir(file))
			mutate.Settle()
			mutate.Run(t, b, b.size, 1, mutate.Count(10), func(r io.ReaderAt, size int64) {
				look(r, size, strings.TrimSuffix(name, ".gz"), opt)
			})
		})
	}
}

// besideSample opens the parents of samples in the same folder.
func besideSample(t *testing.T, folder string) disk.Options {
	open := map[string][]byte{}
	return disk.Options{OpenBeside: func(_, name string) (disk.File, error) {
		if strings.Contains(name, "/") {
			return disk.File{}, fs.ErrNotExist
		}
		if _, ok := open[name]; !ok {
			if found, _ := filepath.Glob(filepath.Join(folder, name+".gz")); len(found) == 0 {
				return disk.File{}, fs.ErrNotExist
			}
			open[name] = sample(t, filepath.Base(folder)+"/"+name+".gz")
		}
		b := open[name]
		return disk.File{ReaderAt: bytes.NewReader(b), Size: int64(len(b)), Name: name}, nil
	}}
}
