package fat

import (
	"errors"
	"io/fs"
	"time"
)

var errNotDir = errors.New("is not a directory")

// Stat is what [io/fs.FileInfo.Sys] of this package's files answers, as a *Stat.
type Stat struct {
	Attributes uint8     // DIR_Attr: 1 read only, 2 hidden, 4 system, 16 directory, 32 archive
	Created    time.Time // zero where none is recorded
}

// info is [io/fs.FileInfo] and [io/fs.DirEntry] of one file.
type info struct{ e *entry }

func (i info) Name() string               { return i.e.name }
func (i info) Size() int64                { return i.e.size }
func (i info) IsDir() bool                { return i.e.isDir() }
func (i info) ModTime() time.Time         { return i.e.modified }
func (i info) Sys() any                   { return &Stat{i.e.attr, i.e.created} }
func (i info) Type() fs.FileMode          { return i.Mode().Type() }
func (i info) Info() (fs.FileInfo, error) { return i, nil }

func (i info) Mode() fs.FileMode {
	if i.e.isDir() {
		return fs.ModeDir | 0o555
	}
	return 0o444
}

// list makes the entries of a directory.
func (d *directory) list() []fs.DirEntry {
	list := make([]fs.DirEntry, len(d.entries))
	for i := range d.entries {
		list[i] = info{&d.entries[i]}
	}
	return list
}
