package ntfs

import "io"

// inode is a file or directory: a base record with the attributes this package uses, wherever they are recorded.
type inode struct {
	*record
	attrs []attribute
}

// readInode loads a base record and follows its attribute list.
func (f *FS) readInode(ref reference) (*inode, error) { return f.readInodeInto(ref, &scratch{}) }

// scratch is memory for an inode that is looked at and let go.
type scratch struct {
	record []byte
	attrs  []attribute
}

// look reads an inode as readInode does, lends it to use, and takes its memory back.
func (f *FS) look(ref reference, use func(*inode) error) error {
	s, ok := f.spare.Get().(*scratch)
	if !ok {
		s = &scratch{record: make([]byte, f.geo.record), attrs: make([]attribute, 0, usualAttributes)}
	}
	defer f.spare.Put(s)
	ino, err := f.readInodeInto(ref, s)
	if err != nil {
		return err
	}
	return use(ino)
}

// readInodeInto reads into memory of its own when s is the zero scratch.
func (f *FS) readInodeInto(ref reference, s *scratch) (*inode, error) {
	r, err := f.expect(ref, s.record)
	if err != nil {
		return nil, err
	}
	if r.base != 0 {
		return nil, r.corrupt("a reference to a file leads to an extension of record %d", r.base.number())
	}
	ino := &inode{record: r}
	if s.attrs == nil {
		s.attrs = make([]attribute, 0, usualAttributes)
	}
	if ino.attrs, err = r.appendAttributes(s.attrs[:0]); err != nil {
		return nil, err
	}
	if list, ok := ino.first(typeAttributeList, ""); ok {
		ino.attrs, err = f.followList(ino, list)
	}
	return ino, err
}

// parts lists the attributes of one type and name: they are recorded as neighbours, in the order of their clusters.
func (ino *inode) parts(kind uint32, name string) []attribute {
	is := func(a *attribute) bool { return a.kind == kind && a.name == name }
	from := 0
	for from < len(ino.attrs) && !is(&ino.attrs[from]) {
		from++
	}
	to := from
	for to < len(ino.attrs) && is(&ino.attrs[to]) {
		to++
	}
	return ino.attrs[from:to]
}

func (ino *inode) first(kind uint32, name string) (attribute, bool) {
	if parts := ino.parts(kind, name); len(parts) > 0 {
		return parts[0], true
	}
	return attribute{}, false
}

// isDir reports whether the record says that it is a directory.
func (ino *inode) isDir() bool { return ino.flags&flagDirectory != 0 }

// content opens what a reader of the file sees.
func (ino *inode) content(f *FS, info *info) (io.ReaderAt, error) {
	if info.wof.ok {
		return ino.openWOF(f, info.wof, info.size)
	}
	return ino.data(f)
}

// data opens the unnamed $DATA; a file without one is empty.
func (ino *inode) data(f *FS) (*stream, error) {
	parts := ino.parts(typeData, "")
	if len(parts) == 0 {
		return &stream{place: ino.place, cluster: f.geo.cluster}, nil
	}
	return newStream(f.r, f.geo, parts)
}
