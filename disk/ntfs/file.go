package ntfs

import "io/fs"

// list makes the entries of a directory. A reparse point's type is in its own record, so that is read; other records
// are read when Info asks.
func (f *FS) list(ref reference) ([]fs.DirEntry, error) {
	d, err := f.directory(ref)
	if err != nil {
		return nil, err
	}
	list := make([]fs.DirEntry, len(d.entries))
	for i, e := range d.entries {
		list[i] = &dirEntry{fs: f, entry: e}
		if e.flags&attributeReparse != 0 {
			if list[i], err = f.infoOf(e); err != nil {
				return nil, err
			}
		}
	}
	return list, nil
}

func (f *FS) infoOf(e entry) (*info, error) {
	var i *info
	err := f.look(e.ref, func(ino *inode) (err error) {
		i, err = f.newInfo(e.name, ino)
		return err
	})
	return i, err
}

// dirEntry is a directory entry whose record is not read yet.
type dirEntry struct {
	fs *FS
	entry
}

func (e *dirEntry) Name() string { return e.name }
func (e *dirEntry) IsDir() bool  { return e.flags&fileNameDirectoryIndex != 0 }

func (e *dirEntry) Type() fs.FileMode {
	if e.IsDir() {
		return fs.ModeDir
	}
	return 0
}

func (e *dirEntry) Info() (fs.FileInfo, error) {
	i, err := e.fs.infoOf(e.entry)
	if err != nil {
		return nil, &fs.PathError{Op: "stat", Path: e.name, Err: err}
	}
	return i, nil
}
