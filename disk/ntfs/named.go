package ntfs

import (
	"io/fs"
	"time"

	"berth/disk/block"
)

// NamedStream is a $DATA attribute with a name: a stream beside the content of a file or folder, NAME:STREAM on Windows.
type NamedStream struct {
	Name string
	Size int64 // bytes
}

// namedStreams lists them in the order of the record, which NTFS keeps by name.
func (ino *inode) namedStreams() []NamedStream {
	var list []NamedStream
	for i := range ino.attrs {
		// A stream in several parts tells its size in the first.
		if a := &ino.attrs[i]; a.kind == typeData && a.name != "" && a.lowVCN == 0 {
			list = append(list, NamedStream{a.name, a.size})
		}
	}
	return list
}

// OpenStream opens a stream beside the content of a file or folder. As with files, its name as it is written comes first, then
// one that differs in case.
func (f *FS) OpenStream(name, stream string) (fs.File, error) {
	info, ino, err := f.lookup(name)
	if err == nil {
		var s *namedFile
		if s, err = f.openNamed(info, ino, stream); err == nil {
			return block.NewFile(name+":"+stream, s, s.data), nil
		}
	}
	return nil, &fs.PathError{Op: "open", Path: name + ":" + stream, Err: err}
}

func (f *FS) openNamed(of *info, ino *inode, stream string) (*namedFile, error) {
	parts := ino.parts(typeData, stream)
	if len(parts) == 0 && stream != "" {
		table, err := f.upcaseTable()
		if err != nil {
			return nil, err
		}
		for _, s := range ino.namedStreams() {
			if fold(s.Name, table) == fold(stream, table) {
				stream, parts = s.Name, ino.parts(typeData, s.Name)
				break
			}
		}
	}
	if stream == "" || len(parts) == 0 {
		return nil, fs.ErrNotExist
	}
	s, err := newStream(f.r, f.geo, parts)
	if err != nil {
		return nil, err
	}
	return &namedFile{of, stream, s}, nil
}

// namedFile is [io/fs.FileInfo] of an open stream.
type namedFile struct {
	of     *info
	stream string
	data   *stream
}

func (n *namedFile) Name() string       { return n.of.name + ":" + n.stream }
func (n *namedFile) Size() int64        { return n.data.size }
func (n *namedFile) Mode() fs.FileMode  { return 0o444 }
func (n *namedFile) ModTime() time.Time { return n.of.stat.Modified }
func (n *namedFile) IsDir() bool        { return false }
func (n *namedFile) Sys() any           { return n.of.Sys() }
