package pri

import "encoding/binary"

// section is an entry of the table of contents.
type section struct {
	kind string // one of the types above, or one that is not needed here
	at   int64  // of the section's header in the file
	size int64  // with header and trailer
}

// check finds section i and holds its header and trailer to the table of contents.
func (f *File) check(i int, kinds ...string) (section, error) {
	if i < 0 || i >= len(f.sections) {
		return section{}, corrupt("table of contents", lenHeader, "there is no section %d, only %d sections", i, len(f.sections))
	}
	s := f.sections[i]
	known := false
	for _, k := range kinds {
		known = known || s.kind == k
	}
	if !known {
		return s, corrupt("section", s.at, "section %d is of type %q, want %q", i, s.kind, kinds[0])
	}
	head := make([]byte, lenSection) // DEFFILE_SECTION_HEADER
	if err := f.readAt(head, s.at, "section"); err != nil {
		return s, err
	}
	if string(head[:16]) != s.kind || int64(row(head).u32(24)) != s.size {
		return s, corrupt("section", s.at, "its header differs from the table of contents")
	}
	return s, nil
}

// payload reads a whole section without its header and trailer.
func (f *File) payload(i int, kinds ...string) (*cursor, section, error) {
	s, err := f.check(i, kinds...)
	if err != nil {
		return nil, s, err
	}
	if s.size > maxSection {
		return nil, s, unsupported(s.label(), s.at, "longer than %d bytes", maxSection)
	}
	data := make([]byte, s.size-lenSection)
	if err := f.readAt(data, s.at+lenSection, s.label()); err != nil {
		return nil, s, err
	}
	body := data[:len(data)-lenEnd]
	if end := data[len(body):]; binary.LittleEndian.Uint32(end) != sectionEnd {
		return nil, s, corrupt(s.label(), s.at+s.size-lenEnd, "the section's end mark is missing")
	}
	return &cursor{data: body, at: s.at + lenSection, name: s.label()}, s, nil
}

// label is the type as people read it: "[mrm_hschemaex]".
func (s section) label() string {
	for i := range len(s.kind) {
		if s.kind[i] == ']' {
			return s.kind[:i+1]
		}
	}
	return "section"
}

// primary gives the resource map that the descriptor names
// (MRMFILE_PRI_DESCRIPTOR_EX.primaryResourceMap), else the first; -1: none.
func (f *File) primary() int {
	first := -1
	for i, s := range f.sections {
		switch s.kind {
		case typeDescriptorEx:
			if c, _, err := f.payload(i, typeDescriptorEx); err == nil {
				c.take(12)
				if at := c.u16(); c.err == nil && at < len(f.sections) && isMap(f.sections[at].kind) {
					return at
				}
			}
		case typeMap, typeMap2, typeMap3:
			if first < 0 {
				first = i
			}
		}
	}
	return first
}

func isMap(kind string) bool { return kind == typeMap || kind == typeMap2 || kind == typeMap3 }
