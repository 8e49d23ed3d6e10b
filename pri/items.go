package pri

// dataItems is a section of values (DEFFILE_DATAITEMS_HEADER): small items are
// texts, large ones files that were put into the index. Only its tables are
// kept; values are read when they are wanted.
type dataItems struct {
	small, large table
	at           int64 // of the values in the file
	size         int64 // of the values together
}

// lenItemsHeader is the length of DEFFILE_DATAITEMS_HEADER.
const lenItemsHeader = 12

// maxValue bounds one value that is read.
const maxValue = 16 << 20

// dataItems reads the tables of a section, once.
func (f *File) dataItems(i int) (*dataItems, error) {
	if d := f.items[i]; d != nil {
		return d, nil
	}
	s, err := f.check(i, typeItems)
	if err != nil {
		return nil, err
	}
	body := s.size - lenSection - lenEnd
	head := make([]byte, lenItemsHeader)
	if body < lenItemsHeader {
		return nil, corrupt(s.label(), s.at, "%d bytes hold no header", body)
	}
	if err := f.readAt(head, s.at+lenSection, s.label()); err != nil {
		return nil, err
	}
	h := row(head)
	small, large := h.u16(4), h.u16(6)
	if flags := h.u32(0); flags&1 != 0 { // DEFFILE_DATAITEMS_EXTENDED_LARGE_ITEMS
		large |= flags & 0xff0000
	}
	tables := int64(small)*4 + int64(large)*8
	d := &dataItems{at: s.at + lenSection + lenItemsHeader + tables, size: int64(h.u32(8))}
	if d.size > body-lenItemsHeader-tables {
		return nil, corrupt(s.label(), s.at+lenSection, "%d and %d items with %d bytes do not fit %d", small, large, d.size, body)
	}
	raw := make([]byte, tables) // bounded by the section, which is inside the file
	if err := f.readAt(raw, s.at+lenSection+lenItemsHeader, s.label()); err != nil {
		return nil, err
	}
	d.small, d.large = table{raw[:small*4], 4}, table{raw[small*4:], 8}
	f.items[i] = d
	return d, nil
}

// locate gives where the value of an item is in the file.
func (d *dataItems) locate(item int) (at, size int64, err error) {
	offset, length, ok := pair(d.small, d.large, item)
	if !ok {
		return 0, 0, corrupt("[mrm_dataitem]", d.at, "there is no item %d, only %d", item, d.small.len()+d.large.len())
	}
	if int64(offset) > d.size || int64(length) > d.size-int64(offset) {
		return 0, 0, corrupt("[mrm_dataitem]", d.at, "item %d lies outside of the section's data", item)
	}
	return d.at + int64(offset), int64(length), nil
}

// load fills a candidate whose value is a data item of this file. Of embedded
// data only the size is taken: see Data.
func (f *File) load(c *Candidate) error {
	d, err := f.dataItems(c.section)
	if err != nil {
		return err
	}
	at, size, err := d.locate(c.item)
	if err != nil {
		return err
	}
	if c.Kind == EmbeddedData {
		c.Size = int(size)
		return nil
	}
	b := make([]byte, min(size, 2*maxText))
	if err := f.readAt(b, at, "[mrm_dataitem]"); err != nil {
		return err
	}
	c.set(b)
	return nil
}

// Data reads the embedded data of a candidate.
func (f *File) Data(c Candidate) ([]byte, error) {
	if c.internal != nil {
		return c.internal, nil
	}
	if c.Elsewhere || c.Kind != EmbeddedData {
		return nil, unsupported("[mrm_dataitem]", 0, "the candidate holds no data here")
	}
	d, err := f.dataItems(c.section)
	if err != nil {
		return nil, err
	}
	at, size, err := d.locate(c.item)
	if err != nil {
		return nil, err
	}
	if size > maxValue {
		return nil, unsupported("[mrm_dataitem]", at, "%d bytes, more than %d", size, maxValue)
	}
	b := make([]byte, size)
	return b, f.readAt(b, at, "[mrm_dataitem]")
}
