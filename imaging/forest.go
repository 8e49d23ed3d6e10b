package imaging

import (
	"errors"
	"io/fs"
	"slices"
	"time"

	"berth"
)

// forest is a folder with one tree for each package: folder/<full name>/<files>.
type forest struct {
	folder string
	names  []string
	trees  map[string]fs.FS
}

// plant adds a tree; it tells false when there is one of this name, as Windows compares names.
func (f *forest) plant(name string, tree fs.FS) bool {
	for _, n := range f.names {
		if berth.Fold(n) == berth.Fold(name) {
			return false
		}
	}
	at, _ := slices.BinarySearch(f.names, name) // folders are listed in order
	f.names, f.trees[name] = slices.Insert(f.names, at, name), tree
	return true
}

// Open opens a file of one of the trees, or one of the two folders above them.
func (f *forest) Open(name string) (fs.File, error) {
	tree, rest, ok := f.below(name)
	if ok {
		return tree.Open(rest)
	}
	if name != "." && name != f.folder {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &folderFile{name: name}, nil
}

// ReadDir lists a folder.
func (f *forest) ReadDir(name string) ([]fs.DirEntry, error) {
	if tree, rest, ok := f.below(name); ok {
		return fs.ReadDir(tree, rest)
	}
	switch name {
	case ".":
		return []fs.DirEntry{folderEntry(f.folder)}, nil
	case f.folder:
		var out []fs.DirEntry
		for _, n := range f.names {
			out = append(out, folderEntry(n))
		}
		return out, nil
	}
	return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
}

// below finds the tree that a path is in, and the path there.
func (f *forest) below(name string) (fs.FS, string, bool) {
	for _, n := range f.names {
		root := f.folder + "/" + n
		if name == root {
			return f.trees[n], ".", true
		}
		if len(name) > len(root) && name[:len(root)+1] == root+"/" {
			return f.trees[n], name[len(root)+1:], true
		}
	}
	return nil, "", false
}

// folderEntry is a folder that exists in the image alone.
type folderEntry string

// The methods of fs.DirEntry and fs.FileInfo.
func (e folderEntry) Name() string               { return string(e) }
func (e folderEntry) IsDir() bool                { return true }
func (e folderEntry) Type() fs.FileMode          { return fs.ModeDir }
func (e folderEntry) Info() (fs.FileInfo, error) { return e, nil }
func (e folderEntry) Size() int64                { return 0 }
func (e folderEntry) Mode() fs.FileMode          { return fs.ModeDir | 0o555 }
func (e folderEntry) ModTime() time.Time         { return time.Time{} }
func (e folderEntry) Sys() any                   { return nil }

type folderFile struct{ name string }

func (f *folderFile) Stat() (fs.FileInfo, error) { return folderEntry(f.name), nil }
func (f *folderFile) Close() error               { return nil }
func (f *folderFile) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: f.name, Err: errors.New("is a folder")}
}
