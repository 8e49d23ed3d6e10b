package ntfs

import (
	"io"
	"io/fs"
	"strings"
	"sync"

	"berth/disk/block"
)

// FS is an NTFS volume. It implements [io/fs.FS], [io/fs.ReadDirFS] and [io/fs.StatFS] and is safe for concurrent use.
//
// Names keep their case. A name is looked up as written first, then without regard to case in the way the volume
// defines it. Times are UTC. Files implement [io.ReaderAt] and [io.Seeker], directories [io/fs.ReadDirFile].
type FS struct {
	r     io.ReaderAt  // file data
	pager *block.Pager // metadata
	geo   geometry
	mft   *stream
	label string
	dirs  *block.Cache[int64, *directory] // by record number

	spare sync.Pool // of *scratch

	upcaseOnce sync.Once
	upcase     []uint16
	upcaseErr  error
}

// Open opens the volume in the first size bytes of r, which must stay open as long as the FS is used.
func Open(r io.ReaderAt, size int64) (*FS, error) {
	boot := make([]byte, bootSize)
	if size < bootSize {
		return nil, place{structure: "boot sector"}.corrupt("a volume of %d bytes has no room for it", size)
	}
	f := &FS{r: r, pager: block.NewPager(r, size, "ntfs"), dirs: block.NewCache[int64, *directory](dirBudget)}
	if err := readFull(f.pager, boot, 0, place{structure: "boot sector"}); err != nil {
		return nil, err
	}
	var err error
	if f.geo, err = parseBoot(boot, size); err != nil {
		return nil, err
	}
	if err := f.openMFT(); err != nil {
		return nil, err
	}
	volume, err := f.readInode(recordVolume)
	if err != nil {
		return nil, err
	}
	if name, ok := volume.first(typeVolumeName, ""); ok {
		f.label = block.UTF16(name.value)
	}
	return f, nil
}

// Label is the volume's name, often empty.
func (f *FS) Label() string { return f.label }

// Open implements [io/fs.FS]. Reparse points can be opened and told, but not read.
func (f *FS) Open(name string) (fs.File, error) {
	info, ino, err := f.lookup(name)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	if info.IsDir() {
		ref := ino.reference()
		return block.NewDir(name, info, func() ([]fs.DirEntry, error) { return f.list(ref) }), nil
	}
	if err := info.refuse(ino.place); err != nil {
		return block.Refused(name, info, err), nil
	}
	s, err := ino.content(f, info)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return block.NewFile(name, info, s), nil
}

// Stat implements [io/fs.StatFS]. Links are not followed.
func (f *FS) Stat(name string) (fs.FileInfo, error) {
	info, _, err := f.lookup(name)
	if err != nil {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: err}
	}
	return info, nil
}

// ReadDir implements [io/fs.ReadDirFS]: the entries are sorted by name.
func (f *FS) ReadDir(name string) ([]fs.DirEntry, error) {
	ref, _, err := f.walk(name)
	if err == nil {
		var list []fs.DirEntry
		if list, err = f.list(ref); err == nil {
			return list, nil
		}
	}
	return nil, &fs.PathError{Op: "readdir", Path: name, Err: err}
}

// lookup finds a file by its path and reads its record.
func (f *FS) lookup(name string) (*info, *inode, error) {
	ref, base, err := f.walk(name)
	if err != nil {
		return nil, nil, err
	}
	ino, err := f.readInode(ref)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.newInfo(base, ino)
	return info, ino, err
}

// maxLevels bounds the depth of paths: walking a tree costs the square of its depth, and Windows ends a path at 32767
// characters.
const maxLevels = 1000

func tooDeep() error {
	return place{structure: "path", offset: -1}.unsupported("it is deeper than %d folders", maxLevels)
}

// walk follows a path from the root and answers the file's reference and its name as the volume has it.
func (f *FS) walk(name string) (reference, string, error) {
	if !block.ValidPath(name) {
		return 0, "", fs.ErrInvalid
	}
	e := entry{name: ".", ref: recordRoot, flags: fileNameDirectoryIndex}
	if name == "." {
		return e.ref, e.name, nil
	}
	if strings.Count(name, "/") >= maxLevels {
		return 0, "", tooDeep()
	}
	for part := range strings.SplitSeq(name, "/") {
		d, err := f.enter(e)
		if err != nil {
			return 0, "", err
		}
		parent := e
		if e, err = d.find(f, part); err != nil {
			return 0, "", err
		}
		if err := f.checkChild(parent, e); err != nil {
			return 0, "", err
		}
	}
	return e.ref, e.name, nil
}

// enter loads the directory behind an entry; a plain file has nothing below it.
func (f *FS) enter(e entry) (*directory, error) {
	if e.flags&fileNameDirectoryIndex == 0 && e.flags&attributeReparse == 0 {
		return nil, fs.ErrNotExist
	}
	return f.directory(e.ref)
}

// checkChild holds a directory to the one place it says it has; see ownName.
func (f *FS) checkChild(parent, e entry) error {
	if e.flags&fileNameDirectoryIndex == 0 && e.flags&attributeReparse == 0 {
		return nil
	}
	if e.flags&attributeReparse != 0 {
		// What the parent tells of a reparse point is settled by the record.
		if info, err := f.infoOf(e); err != nil || !info.IsDir() {
			return err
		}
	}
	d, err := f.directory(e.ref)
	if err != nil {
		return err
	}
	return d.in(parent.ref.number(), e)
}
