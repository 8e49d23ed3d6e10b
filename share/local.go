package share

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

func (o *Opener) openLocal(path string) (*File, error) {
	if o.anywhere {
		return openAnywhere(path)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, explain(path, "opened", err)
	}
	linked := false
	for _, root := range o.local {
		rel, err := filepath.Rel(root, abs)
		if err != nil || !filepath.IsLocal(rel) {
			continue
		}
		f, err := openBelow(root, rel, abs)
		if !escapes(err) { // else a root further down the list may hold where it leads
			return f, err
		}
		linked = true
	}
	e := o.outside(path)
	if linked {
		e.Message = fmt.Sprintf("a symbolic link on the way to %s is absolute or leads out of the image root", path)
	}
	return nil, e
}

// openBelow opens a file below a root. os.Root refuses symbolic links and names that lead out, also when they change
// meanwhile.
func openBelow(root, rel, path string) (*File, error) {
	r, err := os.OpenRoot(root)
	if err != nil {
		return nil, explain(path, "opened", err)
	}
	defer func() { _ = r.Close() }()
	return openRegular(path, func() (fs.FileInfo, error) { return r.Stat(rel) },
		func() (*os.File, error) { return r.OpenFile(rel, os.O_RDONLY|nonblock, 0) })
}

// openAnywhere opens a file wherever the system lets this process.
func openAnywhere(path string) (*File, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, explain(path, "opened", err)
	}
	return openRegular(abs, func() (fs.FileInfo, error) { return os.Stat(abs) },
		func() (*os.File, error) { return os.OpenFile(abs, os.O_RDONLY|nonblock, 0) })
}

// openRegular opens what is a regular file before and after: opening a device can do things, opening a pipe can wait for
// ever, and what is at a path can change in between.
func openRegular(path string, stat func() (fs.FileInfo, error), open func() (*os.File, error)) (*File, error) {
	fi, err := stat()
	if err == nil {
		err = regular(fi)
	}
	if err != nil {
		return nil, explain(path, "opened", err)
	}
	f, err := open()
	if err != nil {
		return nil, explain(path, "opened", err)
	}
	if fi, err = f.Stat(); err == nil {
		err = regular(fi)
	}
	if err != nil {
		_ = f.Close()
		return nil, explain(path, "opened", err)
	}
	return &File{ReaderAt: reader{f, path}, Path: path, Size: fi.Size(), Stamp: stampOf(fi), close: f.Close}, nil
}

var (
	errFolder     = errors.New("a folder")
	errNotRegular = errors.New("a device or a pipe")
)

func regular(fi fs.FileInfo) error {
	switch {
	case fi.IsDir():
		return errFolder
	case !fi.Mode().IsRegular():
		return errNotRegular
	}
	return nil
}

// escapes recognises os.Root's refusal, for which package os exports no sentinel.
func escapes(err error) bool {
	return err != nil && strings.Contains(err.Error(), "path escapes from parent")
}
