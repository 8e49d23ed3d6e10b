package ntfs

import "encoding/binary"

// maxList is the length to which Windows lets an attribute list grow.
const maxList = 256 << 10

// listEntry is ATTRIBUTE_LIST_ENTRY: where an attribute, or a part of one, is recorded.
type listEntry struct {
	kind   uint32
	id     uint16
	lowVCN int64
	ref    reference
}

// used reports whether this package has a use for attributes of a type. The names of files are left out: a file may
// have thousands of links, and its directories tell them. A directory has one, which is checked.
func (e listEntry) used(isDir bool) bool {
	switch e.kind {
	case typeStandardInformation, typeData, typeIndexRoot, typeIndexAllocation, typeReparsePoint, typeVolumeName:
		return true
	case typeFileName:
		return isDir
	}
	return false
}

// readList reads the entries of an attribute list.
func (f *FS) readList(list attribute) ([]listEntry, error) {
	s, err := newStream(f.pager, f.geo, []attribute{list})
	if err != nil {
		return nil, err
	}
	if s.size > maxList {
		return nil, s.corrupt("an attribute list of %d bytes; Windows stops at %d", s.size, maxList)
	}
	b := make([]byte, s.size)
	if err := readFull(s, b, 0, s.place); err != nil {
		return nil, err
	}
	var entries []listEntry
	for len(b) > 0 {
		if len(b) < 26 {
			return nil, s.corrupt("%d bytes are left behind the last entry", len(b))
		}
		length := int(binary.LittleEndian.Uint16(b[4:])) // RecordLength
		if length < 26 || length > len(b) {
			return nil, s.corrupt("an entry of %d bytes with %d left", length, len(b))
		}
		entries = append(entries, listEntry{
			kind:   binary.LittleEndian.Uint32(b),                 // AttributeTypeCode
			lowVCN: int64(binary.LittleEndian.Uint64(b[8:])),      // LowestVcn
			ref:    reference(binary.LittleEndian.Uint64(b[16:])), // SegmentReference
			id:     binary.LittleEndian.Uint16(b[24:]),            // Instance
		})
		b = b[length:]
	}
	return entries, nil
}

// followList collects the attributes that a list names. Each record is read once.
func (f *FS) followList(ino *inode, list attribute) ([]attribute, error) {
	entries, err := f.readList(list)
	if err != nil {
		return nil, err
	}
	var found []attribute
	records := map[int64][]attribute{ino.num: ino.attrs}
	for _, e := range entries {
		if !e.used(ino.isDir()) {
			continue
		}
		attrs, ok := records[e.ref.number()]
		if !ok {
			if attrs, err = f.extension(ino, e.ref); err != nil {
				return nil, err
			}
			records[e.ref.number()] = attrs
		}
		a, ok := pick(attrs, e)
		if !ok {
			return nil, list.corrupt("%s with id %d is not in record %d", attributeName(e.kind), e.id, e.ref.number())
		}
		found = append(found, a)
	}
	return found, nil
}

// extension reads the attributes of a record that continues another one.
func (f *FS) extension(ino *inode, ref reference) ([]attribute, error) {
	r, err := f.expect(ref, nil)
	if err != nil {
		return nil, err
	}
	if want := ino.num; r.base.number() != want {
		return nil, r.corrupt("the record continues record %d, not record %d which lists it", r.base.number(), want)
	}
	return r.attributes()
}

// pick finds the attribute that a list entry means.
func pick(attrs []attribute, e listEntry) (attribute, bool) {
	for _, a := range attrs {
		if a.kind == e.kind && a.id == e.id && a.lowVCN == e.lowVCN {
			return a, true
		}
	}
	return attribute{}, false
}
