package fat

import (
	"io"
	"io/fs"
	"strings"

	"berth/disk/block"
)

// FS is a FAT volume. It implements [io/fs.FS], [io/fs.ReadDirFS] and [io/fs.StatFS] and is safe for concurrent use.
//
// Names keep their case. A name is looked up as written first, then without regard to case. Short names that stand for
// long ones are hidden. FAT records times without a zone; they are taken for UTC. Files implement [io.ReaderAt] and
// [io.Seeker], directories [io/fs.ReadDirFile].
type FS struct {
	r     io.ReaderAt
	geo   *geometry
	table *table
	dirs  *block.Cache[uint32, *directory] // by first cluster
	label string
}

// Open opens the volume in the first size bytes of r, which must stay open as long as the FS is used.
func Open(r io.ReaderAt, size int64) (*FS, error) {
	p := place{"boot sector", 0}
	if size < bootSize {
		return nil, p.corrupt("a volume of %d bytes has no room for it", size)
	}
	boot := make([]byte, bootSize)
	if err := readFull(r, boot, 0, p); err != nil {
		return nil, err
	}
	geo, err := parseBoot(boot, size)
	if err != nil {
		return nil, err
	}
	f := &FS{r: r, geo: geo, table: newTable(r, geo), dirs: block.NewCache[uint32, *directory](dirBudget)}
	root, err := f.directory(rootKey, f.rootPlace())
	if err != nil {
		return nil, err
	}
	// Windows changes the label in the root directory only; the boot sector keeps the first one.
	if f.label = root.label; f.label == "" {
		f.label = geo.label
	}
	return f, nil
}

func (f *FS) rootPlace() place {
	if f.geo.kind == FAT32 {
		return place{"root directory", f.geo.offset(f.geo.rootAt)}
	}
	return place{"root directory", f.geo.root}
}

// Label is the volume's name, often empty.
func (f *FS) Label() string { return f.label }

// Type is the variant of FAT.
func (f *FS) Type() Type { return f.geo.kind }

// Open implements [io/fs.FS].
func (f *FS) Open(name string) (fs.File, error) {
	e, d, err := f.walk(name)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	if d != nil {
		return block.NewDir(name, info{e}, func() ([]fs.DirEntry, error) { return d.list(), nil }), nil
	}
	s, err := f.open(e)
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
		err = errNotDir
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
	d, err := f.directory(rootKey, f.rootPlace())
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
		parent := e.first
		if e, err = d.find(part); err != nil {
			return nil, nil, err
		}
		if d, err = f.enter(e, parent); err != nil {
			return nil, nil, err
		}
	}
	return e, d, nil
}

// enter loads the directory behind an entry, or answers nil for a file.
func (f *FS) enter(e *entry, parent uint32) (*directory, error) {
	if !e.isDir() {
		return nil, nil
	}
	p := place{"directory " + e.name, -1}
	if e.first >= 2 && e.first < f.geo.end() {
		p.offset = f.geo.offset(e.first)
	}
	d, err := f.directory(e.first, p)
	if err != nil {
		return nil, err
	}
	if d.parent != parent {
		return nil, p.corrupt("its parent is at cluster %d, but the directory at %d holds it as well", d.parent, parent)
	}
	return d, nil
}

// open makes the content of a file; its runs hold its whole size.
func (f *FS) open(e *entry) (*block.Extents, error) {
	s := &block.Extents{Reader: f.r, Size: e.size, Valid: e.size, At: place{"file " + e.name, -1}.error()}
	if e.size == 0 {
		return s, nil
	}
	need := uint32((e.size + f.geo.cluster - 1) / f.geo.cluster)
	var err error
	s.Runs, err = f.table.chain(e.first, need, f.geo.clusters, place{s.At.Structure, -1})
	return s, err
}
