package pri

import (
	"errors"
	"io"
)

// Lengths of the fixed structures (FileBase.h).
const (
	lenHeader  = 32 // DEFFILE_HEADER
	lenTrailer = 16 // DEFFILE_TRAILER
	lenEntry   = 32 // DEFFILE_TOC_ENTRY
	lenSection = 32 // DEFFILE_SECTION_HEADER; the trailer has 8
	lenEnd     = 8  // DEFFILE_SECTION_TRAILER

	fileEnd    = 0xdefffade
	sectionEnd = 0xdef5fade
)

// maxSection bounds what is read into memory at once; the largest section
// that is not made of embedded data has a few megabytes.
const maxSection = 32 << 20

// Types of sections, padded to 16 bytes in the file.
const (
	typeSchema       = "[mrm_hschema]  \x00"
	typeSchemaEx     = "[mrm_hschemaex] "
	typeDecisions    = "[mrm_decn_info]\x00"
	typeMap          = "[mrm_res_map__]\x00"
	typeMap2         = "[mrm_res_map2_]\x00"
	typeMap3         = "[mrm_res_map3_]\x00"
	typeItems        = "[mrm_dataitem] \x00"
	typeDescriptorEx = "[mrm_pridescex]\x00"
)

// magics are the versions of the format (MrmFiles.h), by who wrote them.
var magics = map[string]string{
	"mrm_pri0": "Windows 8", "mrm_pri1": "Windows 8.1", "mrm_prif": "Windows Phone 8.1",
	"mrm_pri2": "Windows 10", "mrm_pri3": "Windows 10 1803", "mrm_vnxt": "Windows App SDK",
}

// File is an open index. It is not safe for concurrent use.
type File struct {
	Magic string // "mrm_pri2" and so on
	Name  string // of the resource map: in most packages the package's name

	r        io.ReaderAt
	size     int64
	sections []section
	names    *names
	dec      *decisions
	m        *resourceMap
	items    map[int]*dataItems // by section, once read
}

// Open reads the table of contents and the names of an index of size bytes.
// The error wraps ErrNoNames for the index of a resource package.
func Open(r io.ReaderAt, size int64) (*File, error) {
	f := &File{r: r, size: size, items: map[int]*dataItems{}}
	if err := f.readHeader(); err != nil {
		return nil, err
	}
	at := f.primary()
	if at < 0 {
		return nil, corrupt("table of contents", lenHeader, "there is no resource map")
	}
	m, err := f.readMap(at)
	if err != nil {
		return nil, err
	}
	f.m = m
	if f.dec, err = f.readDecisions(m.decisions); err != nil {
		return nil, err
	}
	f.names, err = f.readNames(m)
	if err != nil {
		return nil, err
	}
	f.Name = f.names.simple
	return f, nil
}

// readHeader reads DEFFILE_HEADER and the table of contents behind it.
func (f *File) readHeader() error {
	head := make([]byte, lenHeader)
	if err := f.readAt(head, 0, "header"); err != nil {
		return err
	}
	f.Magic = string(head[:8])
	if magics[f.Magic] == "" {
		return unsupported("header", 0, "%q is not the mark of a package resource index", f.Magic)
	}
	h := row(head)
	total, toc, data, count := int64(h.u32(12)), int64(h.u32(16)), int64(h.u32(20)), h.u16(24)
	if total > f.size || total < lenHeader+lenTrailer {
		return corrupt("header", 12, "the file should have %d bytes, it has %d", total, f.size)
	}
	if err := f.checkEnd(total); err != nil {
		return err
	}
	if toc < lenHeader || toc > total-int64(count)*lenEntry {
		return corrupt("header", 16, "a table of contents of %d entries does not fit at byte %d", count, toc)
	}
	raw := make([]byte, count*lenEntry)
	if err := f.readAt(raw, toc, "table of contents"); err != nil {
		return err
	}
	for i := range count {
		e := row(raw[i*lenEntry : (i+1)*lenEntry]) // DEFFILE_TOC_ENTRY
		s := section{kind: string(e[:16]), at: data + int64(e.u32(24)), size: int64(e.u32(28))}
		if s.size < lenSection+lenEnd || s.at > total-s.size {
			return corrupt("table of contents", toc+int64(i*lenEntry), "section %d has %d bytes at byte %d, which is not inside the file", i, s.size, s.at)
		}
		f.sections = append(f.sections, s)
	}
	return nil
}

// checkEnd compares the trailer with the header: a file that was cut off has none.
func (f *File) checkEnd(total int64) error {
	end := make([]byte, lenTrailer) // DEFFILE_TRAILER
	at := total - lenTrailer
	if err := f.readAt(end, at, "trailer"); err != nil {
		return err
	}
	if e := row(end); e.u32(0) != fileEnd || int64(e.u32(4)) != total || string(end[8:]) != f.Magic {
		return corrupt("trailer", at, "the file does not end as it began")
	}
	return nil
}

func (f *File) readAt(p []byte, at int64, structure string) error {
	n, err := f.r.ReadAt(p, at)
	if n == len(p) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return corrupt(structure, at, "the file ends inside")
	}
	return &Error{structure, at, err}
}
