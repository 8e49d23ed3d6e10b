package ntfs

import "fmt"

// openMFT reads record 0, which describes the file that all records lie in. When the MFT is so fragmented that record
// 0 has an attribute list, the parts of its own map lie in records that the parts before them map.
func (f *FS) openMFT() error {
	p := place{structure: fmt.Sprintf("MFT record %d ($MFT)", recordMFT), offset: f.geo.mftStart}
	b := make([]byte, f.geo.record)
	if err := readFull(f.pager, b, f.geo.mftStart, p); err != nil {
		return err
	}
	r, err := parseRecord(b, recordMFT, p)
	if err != nil {
		return err
	}
	ino := &inode{record: r}
	if ino.attrs, err = r.attributes(); err != nil {
		return err
	}
	parts := ino.parts(typeData, "")
	if len(parts) == 0 || parts[0].resident {
		return p.corrupt("the MFT has no non-resident $DATA")
	}
	if f.mft, err = f.mftPart(parts[:1]); err != nil {
		return err
	}
	if list, ok := ino.first(typeAttributeList, ""); ok {
		return f.extendMFT(ino, list)
	}
	return f.checkMFT()
}

// mftPart makes the stream of the MFT from as many parts of its map as are known. Its size is what they map.
func (f *FS) mftPart(parts []attribute) (*stream, error) {
	known := make([]attribute, len(parts))
	copy(known, parts)
	size := known[0].size
	known[0].size = 0 // the check of size against map has to wait for the last part
	s, err := newStream(f.pager, f.geo, known)
	if err != nil {
		return nil, err
	}
	s.size = size
	if s.unit != 0 {
		return nil, s.corrupt("the MFT is compressed")
	}
	return s, nil
}

// extendMFT appends the parts of the MFT's map that are recorded elsewhere, each read through those before it.
func (f *FS) extendMFT(ino *inode, list attribute) error {
	entries, err := f.readList(list)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.kind != typeData || e.lowVCN == 0 {
			continue
		}
		attrs, err := f.extension(ino, e.ref)
		if err != nil {
			return err
		}
		a, ok := pick(attrs, e)
		if !ok || a.resident || a.name != "" {
			return list.corrupt("the MFT's part from cluster %d is not in record %d", e.lowVCN, e.ref.number())
		}
		if f.mft.runs, err = appendRuns(f.mft.runs, &a, f.geo); err != nil {
			return err
		}
	}
	return f.checkMFT()
}

// checkMFT makes the checks of a stream that had to wait for the whole map.
func (f *FS) checkMFT() error {
	if f.mft.size > f.mft.mapped() || overlaps(f.mft.runs) {
		return f.mft.corrupt("the map of %d bytes does not serve a size of %d", f.mft.mapped(), f.mft.size)
	}
	return nil
}
