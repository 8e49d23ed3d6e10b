package msix

import (
	"errors"
	"io"
	"io/fs"
	"path"
)

// NewVerifiedFS serves the expanded package in dir of fsys so that no byte of
// a file leaves it before the block it is in has been compared with bm. Files
// that bm does not list are not there, save the footprint files, which the
// signature covers instead. Opened files can also be read at any offset
// (io.ReaderAt, io.Seeker). The files of fsys must be io.ReaderAt.
func NewVerifiedFS(fsys fs.FS, dir string, bm *BlockMap) (fs.FS, error) {
	sub, err := fs.Sub(fsys, dir)
	if err != nil {
		return nil, &Error{Format: blockMapFormat, Structure: dir, Offset: -1, Err: err}
	}
	return &verifiedFS{base: sub, bm: bm}, nil
}

type verifiedFS struct {
	base fs.FS
	bm   *BlockMap
}

// served tells whether a file of the folder belongs to the package.
func (v *verifiedFS) served(name string) bool {
	if isUnmapped(name) {
		return true
	}
	_, ok := v.bm.File(name)
	return ok
}

// Open implements fs.FS.
func (v *verifiedFS) Open(name string) (fs.File, error) {
	f, err := v.base.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if info.IsDir() {
		return &verifiedDir{File: f, v: v, name: name}, nil
	}
	if isUnmapped(name) {
		return f, nil
	}
	opened, err := v.verified(name, f, info)
	if err != nil {
		return nil, errors.Join(&fs.PathError{Op: "open", Path: name, Err: err}, f.Close())
	}
	return opened, nil
}

func (v *verifiedFS) verified(name string, f fs.File, info fs.FileInfo) (fs.File, error) {
	mapped, ok := v.bm.File(name)
	if !ok {
		return nil, fs.ErrNotExist
	}
	if info.Size() != mapped.Size {
		return nil, &Error{Format: blockMapFormat, Structure: mapped.Path, Offset: -1, Err: ErrBlockHash}
	}
	at, ok := f.(io.ReaderAt)
	if !ok {
		return nil, unsupported(blockMapFormat, mapped.Path, -1, "the file system cannot read at an offset")
	}
	return &verifiedFile{info: info, file: mapped, hash: v.bm.Hash, src: plainBlocks{r: at}, closer: f, cached: -1}, nil
}

// Stat implements fs.StatFS. It reads nothing of a file: that its size is not that of the block map shows when it is opened.
func (v *verifiedFS) Stat(name string) (fs.FileInfo, error) {
	info, err := fs.Stat(v.base, name)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() && !v.served(name) {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrNotExist}
	}
	return info, nil
}

// ReadDir implements fs.ReadDirFS: folders, and the files that are served.
func (v *verifiedFS) ReadDir(name string) ([]fs.DirEntry, error) {
	list, err := fs.ReadDir(v.base, name)
	kept := list[:0]
	for _, e := range list {
		if e.IsDir() || v.served(path.Join(name, e.Name())) {
			kept = append(kept, e)
		}
	}
	return kept, err
}

// verifiedDir is an open folder that hides what is not served.
type verifiedDir struct {
	fs.File
	v    *verifiedFS
	name string
	list []fs.DirEntry
	read bool
}

// ReadDir implements fs.ReadDirFile.
func (d *verifiedDir) ReadDir(n int) ([]fs.DirEntry, error) {
	if !d.read {
		list, err := d.v.ReadDir(d.name)
		if err != nil {
			return nil, err
		}
		d.list, d.read = list, true
	}
	return takeEntries(&d.list, n)
}

// takeEntries gives the next n entries in the manner of fs.ReadDirFile.
func takeEntries(list *[]fs.DirEntry, n int) ([]fs.DirEntry, error) {
	if n <= 0 {
		all := *list
		*list = nil
		return all, nil
	}
	if len(*list) == 0 {
		return nil, io.EOF
	}
	n = min(n, len(*list))
	part := (*list)[:n]
	*list = (*list)[n:]
	return part, nil
}
