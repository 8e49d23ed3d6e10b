package block

import (
	"errors"
	"io"
	"io/fs"
)

// File is an open file of a volume, or one that only tells what it is because it cannot be read.
type File struct {
	path    string
	info    fs.FileInfo
	data    io.ReaderAt
	refusal error
	off     int64
	closed  bool
}

// NewFile opens a file whose content is data, info.Size() bytes of it.
func NewFile(path string, info fs.FileInfo, data io.ReaderAt) *File {
	return &File{path: path, info: info, data: data}
}

// Refused opens a file that can be told, but not read because of why.
func Refused(path string, info fs.FileInfo, why error) *File {
	return &File{path: path, info: info, refusal: why}
}

// Stat implements [fs.File].
func (f *File) Stat() (fs.FileInfo, error) { return f.info, nil }

// Close implements [fs.File].
func (f *File) Close() error {
	f.closed = true
	return nil
}

// Read implements [fs.File].
func (f *File) Read(p []byte) (int, error) {
	n, err := f.ReadAt(p, f.off)
	f.off += int64(n)
	if n > 0 && errors.Is(err, io.EOF) {
		err = nil // told by the next call
	}
	return n, err
}

// ReadAt implements [io.ReaderAt]. Errors other than io.EOF name the path.
func (f *File) ReadAt(p []byte, off int64) (int, error) {
	switch {
	case f.closed:
		return 0, f.fail("read", fs.ErrClosed)
	case f.refusal != nil:
		return 0, f.fail("read", f.refusal)
	case len(p) == 0 && off >= 0:
		return 0, nil
	}
	n, err := f.data.ReadAt(p, off)
	if err != nil && !errors.Is(err, io.EOF) {
		err = f.fail("read", err)
	}
	return n, err
}

// copySize is what WriteTo reads at a time: over a network the round trip costs more than the bytes.
const copySize = 1 << 20

// WriteTo implements [io.WriterTo], with which io.Copy reads in large pieces.
func (f *File) WriteTo(w io.Writer) (int64, error) {
	b := make([]byte, min(max(f.info.Size()-f.off, 1), copySize))
	for total := int64(0); ; {
		n, err := f.ReadAt(b, f.off)
		f.off += int64(n)
		if n > 0 {
			written, werr := w.Write(b[:n])
			if total += int64(written); werr != nil {
				return total, werr
			}
		}
		if errors.Is(err, io.EOF) {
			return total, nil
		}
		if err != nil {
			return total, err
		}
	}
}

// Seek implements [io.Seeker].
func (f *File) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		offset += f.off
	case io.SeekEnd:
		offset += f.info.Size()
	default:
		return 0, f.fail("seek", fs.ErrInvalid)
	}
	if offset < 0 {
		return 0, f.fail("seek", fs.ErrInvalid)
	}
	f.off = offset
	return offset, nil
}

func (f *File) fail(op string, err error) error {
	return &fs.PathError{Op: op, Path: f.path, Err: err}
}

// Dir is an open folder of a volume.
type Dir struct {
	path string
	info fs.FileInfo
	load func() ([]fs.DirEntry, error) // nil once it was called
	list []fs.DirEntry
}

// NewDir opens a folder, whose entries load gives when they are first asked for.
func NewDir(path string, info fs.FileInfo, load func() ([]fs.DirEntry, error)) *Dir {
	return &Dir{path: path, info: info, load: load}
}

// Stat implements [fs.File].
func (d *Dir) Stat() (fs.FileInfo, error) { return d.info, nil }

// Close implements [fs.File].
func (d *Dir) Close() error { return nil }

// Read implements [fs.File]; a folder has no content.
func (d *Dir) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.path, Err: errors.New("is a directory")}
}

// ReadDir implements [fs.ReadDirFile].
func (d *Dir) ReadDir(n int) ([]fs.DirEntry, error) {
	if d.load != nil {
		list, err := d.load()
		if err != nil {
			return nil, &fs.PathError{Op: "readdir", Path: d.path, Err: err}
		}
		d.list, d.load = list, nil
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
