package vhdx

import (
	"encoding/binary"
	"slices"
	"strings"
	"unicode/utf16"
)

// Parent says where the parent of a differencing disk is and which it must be.
type Parent struct {
	IDs   []string // one of them is the parent's [Disk.DataID]
	Paths []string // where it was, as Windows wrote it, the most useful first
}

// Parent returns what the image says of its parent; nil unless it is
// [Differencing].
func (d *Disk) Parent() *Parent { return d.meta.parent }

// Join gives a differencing disk its parent. What the image does not hold is
// then read from there. It is ErrCorrupt when p is another disk than the one
// the image was made from, or was written to since.
func (d *Disk) Join(p *Disk) error {
	parent := d.meta.parent
	if parent == nil {
		return fail(ErrUnsupported, "metadata file parameters", d.meta.at, "the image has no parent: it is %s", d.Subformat())
	}
	if !slices.Contains(parent.IDs, p.DataID()) {
		return fail(ErrCorrupt, "metadata parent locator", d.meta.at, "the image was made from content %s, the parent given holds content %s: "+
			"it is another disk, or was written to since", strings.Join(parent.IDs, " or "), p.DataID())
	}
	d.base = p
	return nil
}

// locatorType is the type of parent locators that name VHDX files, [MS-VHDX]
// 2.6.2.6.1.
var locatorType = parseGUID(0xB04AEFB7, 0xD19E, 0x4A81, 0xB78925B8E9445913)

// parseParent decodes a parent locator, [MS-VHDX] 2.6.2.6: a table of keys and
// values in UTF-16, read from the region at.
func parseParent(b []byte, at int64) (*Parent, error) {
	const structure, head, entrySize = "metadata parent locator", 20, 12
	if len(b) < head {
		return nil, fail(ErrCorrupt, structure, at, "%d bytes, expected at least %d", len(b), head)
	}
	if id := guid(b[:16]); id != locatorType {
		return nil, fail(ErrUnsupported, structure, at, "its type is %v, known is %v", id, locatorType)
	}
	le := binary.LittleEndian
	count := int(le.Uint16(b[18:])) // KeyValueCount
	if head+entrySize*count > len(b) {
		return nil, fail(ErrCorrupt, structure, at, "%d keys in %d bytes", count, len(b))
	}
	values := map[string]string{}
	for i := range count {
		e := b[head+entrySize*i:]
		key, ok := utf16At(b, le.Uint32(e[0:]), le.Uint16(e[8:]))
		value, ok2 := utf16At(b, le.Uint32(e[4:]), le.Uint16(e[10:]))
		if !ok || !ok2 {
			return nil, fail(ErrCorrupt, structure, at, "key %d lies outside its %d bytes", i, len(b))
		}
		values[key] = value
	}
	p := &Parent{}
	for _, key := range []string{"parent_linkage", "parent_linkage2"} {
		if id := strings.ToLower(strings.Trim(values[key], "{}")); id != "" && id != (guid{}).String() {
			p.IDs = append(p.IDs, id)
		}
	}
	if len(p.IDs) == 0 {
		return nil, fail(ErrCorrupt, structure, at, "it has no parent_linkage")
	}
	for _, key := range []string{"relative_path", "absolute_win32_path", "volume_path"} {
		if values[key] != "" {
			p.Paths = append(p.Paths, values[key])
		}
	}
	return p, nil
}

// utf16At decodes length bytes at offset, if they are there.
func utf16At(b []byte, offset uint32, length uint16) (string, bool) {
	if int64(offset)+int64(length) > int64(len(b)) {
		return "", false
	}
	b = b[offset : int64(offset)+int64(length)]
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return strings.TrimRight(string(utf16.Decode(units)), "\x00"), true
}
