package cim

import (
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"strings"
	"sync"
	"time"

	"berth/disk/block"
)

const (
	headerSize     = 72 // FilesystemHeader
	filesystemSize = 24 // Filesystem
	upcaseSize     = 2 << 16
)

// FS is a composite image. It implements [io/fs.FS], [io/fs.ReadDirFS] and [io/fs.StatFS] and is safe for concurrent use.
//
// Names keep their case. A name is looked up as written first, then without regard to case in the way the image defines
// it. Files implement [io.ReaderAt] and [io.Seeker], folders [io/fs.ReadDirFile].
type FS struct {
	img       *image
	version   [2]uint32
	upcase    []byte // 65536 UTF-16 units
	directory offset // FileTableDirectory
	tables    uint32 // entries in it
	root      uint32
	dirs      *block.Cache[uint32, *directory] // by file id

	mu     sync.Mutex
	owners map[uint32]owner // of folders, by file id
}

// Open opens the image whose .cim file of size bytes is r; open opens its other files.
func Open(r io.ReaderAt, size int64, open Opener) (*FS, error) {
	le := binary.LittleEndian
	p := place{structure: "header"}
	b := make([]byte, headerSize)
	if size < headerSize {
		return nil, p.truncated("expected %d bytes, the file has %d", headerSize, size)
	}
	if err := readFull(r, b, 0, p); err != nil {
		return nil, err
	}
	if err := checkCommon(b, typeImage, p); err != nil {
		return nil, err
	}
	f := &FS{img: &image{pages: block.NewCache[pageKey, []byte](pageBudget)}, dirs: block.NewCache[uint32, *directory](dirBudget), owners: map[uint32]owner{}}
	f.version = [2]uint32{le.Uint32(b[16:]), le.Uint32(b[20:])}
	if err := f.openRegions(r, b, open); err != nil {
		return nil, err
	}
	return f, f.openFilesystem(offset(le.Uint64(b[56:]))) // FilesystemOffset
}

// openRegions opens the region files: first those of the images that this one was forked from.
func (f *FS) openRegions(r io.ReaderAt, header []byte, open Opener) error {
	parents := int(binary.LittleEndian.Uint16(header[70:])) // ParentCount
	p := place{structure: "parent region sets", offset: headerSize}
	if parents > maxParents {
		return p.unsupported("%d parents, at most %d are read", parents, maxParents)
	}
	sets := make([]byte, parents*setSize)
	if err := readFull(r, sets, headerSize, p); err != nil {
		return err
	}
	for ; len(sets) > 0; sets = sets[setSize:] {
		if err := f.img.openSet(sets, open); err != nil {
			return err
		}
	}
	if err := f.img.openSet(header[commonSize:], open); err != nil { // Regions
		return err
	}
	if len(f.img.regions) == 0 {
		return place{structure: "region set", offset: commonSize}.corrupt("the image has no regions")
	}
	return nil
}

// openFilesystem reads Filesystem and the table of upper case.
func (f *FS) openFilesystem(at offset) error {
	le := binary.LittleEndian
	b, err := f.img.read(at, filesystemSize, "file system")
	if err != nil {
		return err
	}
	if f.upcase, err = f.img.read(offset(le.Uint64(b)), upcaseSize, "up-case table"); err != nil { // UpcaseTableOffset
		return err
	}
	f.directory, f.tables, f.root = offset(le.Uint64(b[8:])), le.Uint32(b[16:]), le.Uint32(b[20:]) // FileTableDirectoryOffset, …Length, RootDirectory
	root, err := f.file(f.root)
	if err != nil {
		return err
	}
	if !root.isDir() {
		return place{structure: "root directory", offset: -1}.corrupt("file %d is no folder", f.root)
	}
	return nil
}

// Version is the version that the image states.
func (f *FS) Version() (major, minor uint32) { return f.version[0], f.version[1] }

// Label is always empty: a composite image has none.
func (f *FS) Label() string { return "" }

// Open implements [io/fs.FS]. Reparse points can be opened and told, but not read.
func (f *FS) Open(name string) (fs.File, error) {
	i, err := f.walk(name)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	if i.IsDir() {
		return block.NewDir(name, i, func() ([]fs.DirEntry, error) { return f.list(i.file) }), nil
	}
	if i.file.tag != 0 {
		return block.Refused(name, i, place{structure: "file " + i.name, offset: -1}.unsupported("it is a reparse point with tag %#08x; they are not followed", i.file.tag)), nil
	}
	data, err := f.content(i.file)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return block.NewFile(name, i, data), nil
}

// Stat implements [io/fs.StatFS].
func (f *FS) Stat(name string) (fs.FileInfo, error) {
	i, err := f.walk(name)
	if err != nil {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: err}
	}
	return i, nil
}

// ReadDir implements [io/fs.ReadDirFS]: the entries are sorted by name.
func (f *FS) ReadDir(name string) ([]fs.DirEntry, error) {
	i, err := f.walk(name)
	if err == nil && !i.IsDir() {
		err = errors.New("is not a directory")
	}
	var list []fs.DirEntry
	if err == nil {
		list, err = f.list(i.file)
	}
	if err != nil {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: err}
	}
	return list, nil
}

// list reads the files of a folder.
func (f *FS) list(folder *file) ([]fs.DirEntry, error) {
	d, err := f.folder(folder)
	if err != nil {
		return nil, err
	}
	list := make([]fs.DirEntry, len(d.links))
	for n, l := range d.links {
		file, err := f.file(l.id)
		if err != nil {
			return nil, err
		}
		list[n] = &info{l.name, file}
	}
	return list, nil
}

// maxLevels bounds the depth of paths: walking a tree costs the square of its depth, and Windows ends a path at 32767
// characters.
const maxLevels = 1000

// walk follows a path from the root.
func (f *FS) walk(name string) (*info, error) {
	if !block.ValidPath(name) {
		return nil, fs.ErrInvalid
	}
	root, err := f.file(f.root)
	i := &info{".", root}
	if err != nil || name == "." {
		return i, err
	}
	if strings.Count(name, "/") >= maxLevels {
		return nil, place{structure: "path", offset: -1}.unsupported("it is deeper than %d folders", maxLevels)
	}
	for part := range strings.SplitSeq(name, "/") {
		if !i.IsDir() {
			return nil, fs.ErrNotExist // a file has nothing below it
		}
		d, err := f.folder(i.file)
		if err != nil {
			return nil, err
		}
		l, err := f.find(d, part)
		if err != nil {
			return nil, err
		}
		file, err := f.file(l.id)
		if err != nil {
			return nil, err
		}
		if file.isDir() {
			if err := f.own(l.id, i.file.id, l.name); err != nil {
				return nil, err
			}
		}
		i = &info{l.name, file}
	}
	return i, nil
}

// Stat is what [io/fs.FileInfo.Sys] of this package's files answers, as a *Stat.
type Stat struct {
	ID         uint32 // equal for all hard links of a file
	Flags      uint16 // 1 read only, 2 hidden, 4 system, 8 archive
	ReparseTag uint32
	Created    time.Time
	Changed    time.Time
	Accessed   time.Time
}

// info is [io/fs.FileInfo] and [io/fs.DirEntry] of one file.
type info struct {
	name string
	file *file
}

func (i *info) Name() string               { return i.name }
func (i *info) IsDir() bool                { return i.Mode().IsDir() }
func (i *info) ModTime() time.Time         { return i.file.times[1] }
func (i *info) Type() fs.FileMode          { return i.Mode().Type() }
func (i *info) Info() (fs.FileInfo, error) { return i, nil }

func (i *info) Size() int64 {
	if i.IsDir() {
		return 0
	}
	return i.file.stream.size
}

func (i *info) Sys() any {
	t := i.file.times
	return &Stat{i.file.id, i.file.flags, i.file.tag, t[0], t[2], t[3]}
}

// Mode tells reparse points apart: they are neither file nor directory, because they cannot be read through.
func (i *info) Mode() fs.FileMode {
	const tagSymlink = 0xA000000C
	switch {
	case i.file.tag == tagSymlink:
		return fs.ModeSymlink | 0o777
	case i.file.tag != 0:
		return fs.ModeIrregular | 0o444
	case i.file.isDir():
		return fs.ModeDir | 0o555
	}
	return 0o444
}
