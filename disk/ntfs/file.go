package ntfs

import (
	"errors"
	"io"
	"io/fs"
)

// openFile is an open file, or an open reparse point that only tells what it is.
type openFile struct {
	path    string
	info    *info
	data    *stream
	refusal error // why the content cannot be read
	off     int64
	closed  bool
}

func (f *openFile) Stat() (fs.FileInfo, error) { return f.info, nil }

func (f *openFile) Close() error {
	f.closed = true
	return nil
}

func (f *openFile) fail(op string, err error) error {
	return &fs.PathError{Op: op, Path: f.path, Err: err}
}

// ready answers why nothing can be read, if so.
func (f *openFile) ready() error {
	if f.closed {
		return fs.ErrClosed
	}
	return f.refusal
}

func (f *openFile) Read(p []byte) (int, error) {
	n, err := f.ReadAt(p, f.off)
	f.off += int64(n)
	if n > 0 && errors.Is(err, io.EOF) {
		err = nil // told by the next call
	}
	return n, err
}

// ReadAt implements [io.ReaderAt]: one read of the volume for each contiguous part of the range.
func (f *openFile) ReadAt(p []byte, off int64) (int, error) {
	if err := f.ready(); err != nil {
		return 0, f.fail("read", err)
	}
	if len(p) == 0 && off >= 0 {
		return 0, nil
	}
	n, err := f.data.ReadAt(p, off)
	if err != nil && !errors.Is(err, io.EOF) {
		err = f.fail("read", err)
	}
	return n, err
}

// Seek implements [io.Seeker].
func (f *openFile) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		offset += f.off
	case io.SeekEnd:
		offset += f.info.size
	default:
		return 0, f.fail("seek", fs.ErrInvalid)
	}
	if offset < 0 {
		return 0, f.fail("seek", fs.ErrInvalid)
	}
	f.off = offset
	return offset, nil
}

// openDir is an open directory.
type openDir struct {
	fs     *FS
	path   string
	info   *info
	ref    reference
	list   []fs.DirEntry
	loaded bool
}

func (d *openDir) Stat() (fs.FileInfo, error) { return d.info, nil }
func (d *openDir) Close() error               { return nil }

func (d *openDir) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.path, Err: errors.New("is a directory")}
}

// ReadDir implements [io/fs.ReadDirFile].
func (d *openDir) ReadDir(n int) ([]fs.DirEntry, error) {
	if !d.loaded {
		var err error
		if d.list, err = d.fs.list(d.ref); err != nil {
			return nil, &fs.PathError{Op: "readdir", Path: d.path, Err: err}
		}
		d.loaded = true
	}
	if n <= 0 {
		n = len(d.list)
	} else if len(d.list) == 0 {
		return nil, io.EOF
	}
	n = min(n, len(d.list))
	list := d.list[:n:n]
	d.list = d.list[n:]
	return list, nil
}

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
	ino, err := f.readInode(e.ref)
	if err != nil {
		return nil, err
	}
	return f.newInfo(e.name, ino)
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
