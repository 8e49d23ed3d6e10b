package winhost

import (
	"io/fs"
	"os"
	"strings"
)

// folder is a folder of a volume as a file system. os.DirFS would append "\." for its root, which is a name like any other
// behind \\?\, where Windows resolves nothing.
type folder string

func (f folder) path(op, name string) (string, error) {
	if !fs.ValidPath(name) || strings.ContainsAny(name, `\:`) {
		return "", &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	root := strings.TrimRight(string(f), `\/`)
	if name == "." {
		return root + string(os.PathSeparator), nil // with it, the root of a volume is a folder and not the volume itself
	}
	return root + string(os.PathSeparator) + strings.ReplaceAll(name, "/", string(os.PathSeparator)), nil
}

// Open implements fs.FS.
func (f folder) Open(name string) (fs.File, error) {
	path, err := f.path("open", name)
	if err != nil {
		return nil, err
	}
	return os.Open(path)
}

// ReadDir implements fs.ReadDirFS.
func (f folder) ReadDir(name string) ([]fs.DirEntry, error) {
	path, err := f.path("readdir", name)
	if err != nil {
		return nil, err
	}
	return os.ReadDir(path)
}

// Stat implements fs.StatFS.
func (f folder) Stat(name string) (fs.FileInfo, error) {
	path, err := f.path("stat", name)
	if err != nil {
		return nil, err
	}
	return os.Stat(path)
}
