package exfat

import (
	"errors"
	"io"
	"io/fs"
	"strings"
	"sync"
	"time"

	"berth/disk/block"
)

// FS is an exFAT volume. It implements [io/fs.FS], [io/fs.ReadDirFS] and [io/fs.StatFS] and is safe for concurrent use.
//
// Names keep their case. A name is looked up as written first, then without regard to case in the way the volume defines
// it. Files implement [io.ReaderAt] and [io.Seeker], directories [io/fs.ReadDirFile].
type FS struct {
	r     io.ReaderAt  // file data
	pager *block.Pager // the FAT
	geo   geometry
	dirs  *block.Cache[uint32, *directory] // by first cluster

	special special

	mu     sync.Mutex
	owners map[uint32]owner // of directories, by first cluster

	upcaseOnce sync.Once
	upcase     []uint16
	upcaseErr  error
}

// Open opens the volume in the first size bytes of r, which must stay open as long as the FS is used.
func Open(r io.ReaderAt, size int64) (*FS, error) {
	geo, err := readBoot(r, size)
	if err != nil {
		return nil, err
	}
	f := &FS{r: r, geo: geo, pager: block.NewPager(r, size, "exfat"), dirs: block.NewCache[uint32, *directory](dirBudget), owners: map[uint32]owner{}}
	root, err := f.root()
	if err != nil {
		return nil, err
	}
	f.special = root.special
	return f, nil
}

func (f *FS) root() (*directory, error) {
	return f.directory(allocation{first: f.geo.root}, place{"root directory", f.geo.offset(f.geo.root)})
}

// Label is the volume's name, often empty.
func (f *FS) Label() string { return f.special.label }

// Open implements [io/fs.FS].
func (f *FS) Open(name string) (fs.File, error) {
	e, d, err := f.walk(name)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	if d != nil {
		return block.NewDir(name, info{e}, func() ([]fs.DirEntry, error) { return d.list(), nil }), nil
	}
	s, err := f.stream(e.data, place{"file " + e.name, -1})
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return block.NewFile(name, info{e}, s), nil
}

// Stat implements [io/fs.StatFS].
func (f *FS) Stat(name string) (fs.FileInfo, error) {
	e, _, err := f.walk(name)
	if err != nil {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: err}
	}
	return info{e}, nil
}

// ReadDir implements [io/fs.ReadDirFS]: the entries are sorted by name.
func (f *FS) ReadDir(name string) ([]fs.DirEntry, error) {
	_, d, err := f.walk(name)
	if err == nil && d == nil {
		err = errors.New("is not a directory")
	}
	if err != nil {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: err}
	}
	return d.list(), nil
}

// maxLevels bounds the depth of paths: walking a tree costs the square of its depth, and Windows ends a path at 32767
// characters.
const maxLevels = 1000

// walk follows a path from the root. It answers the directory too where the path ends at one.
func (f *FS) walk(name string) (*entry, *directory, error) {
	if !block.ValidPath(name) {
		return nil, nil, fs.ErrInvalid
	}
	e := &entry{name: ".", attr: attrDirectory}
	d, err := f.root()
	if err != nil || name == "." {
		return e, d, err
	}
	if strings.Count(name, "/") >= maxLevels {
		return nil, nil, place{"path", -1}.unsupported("it is deeper than %d folders", maxLevels)
	}
	for part := range strings.SplitSeq(name, "/") {
		if d == nil {
			return nil, nil, fs.ErrNotExist // a file has nothing below it
		}
		if e, err = f.find(d, part); err != nil {
			return nil, nil, err
		}
		if d, err = f.enter(e); err != nil {
			return nil, nil, err
		}
	}
	return e, d, nil
}

// enter loads the directory behind an entry, or answers nil for a file.
func (f *FS) enter(e *entry) (*directory, error) {
	switch {
	case !e.isDir():
		return nil, nil
	case e.data.length == 0:
		return &directory{}, nil
	}
	p := place{"directory " + e.name, -1}
	if e.data.first >= 2 && e.data.first < f.geo.end() {
		p.offset = f.geo.offset(e.data.first)
	}
	return f.directory(e.data, p)
}

// Stat is what [io/fs.FileInfo.Sys] of this package's files answers, as a *Stat.
type Stat struct {
	Attributes uint16    // FileAttributes: 1 read only, 2 hidden, 4 system, 16 directory, 32 archive
	Created    time.Time // zero where none is recorded
	Accessed   time.Time
}

// info is [io/fs.FileInfo] and [io/fs.DirEntry] of one file.
type info struct{ e *entry }

func (i info) Name() string               { return i.e.name }
func (i info) IsDir() bool                { return i.e.isDir() }
func (i info) ModTime() time.Time         { return i.e.modified }
func (i info) Sys() any                   { return &Stat{i.e.attr, i.e.created, i.e.accessed} }
func (i info) Type() fs.FileMode          { return i.Mode().Type() }
func (i info) Info() (fs.FileInfo, error) { return i, nil }

func (i info) Size() int64 {
	if i.IsDir() {
		return 0
	}
	return i.e.data.length
}

func (i info) Mode() fs.FileMode {
	if i.e.isDir() {
		return fs.ModeDir | 0o555
	}
	return 0o444
}
