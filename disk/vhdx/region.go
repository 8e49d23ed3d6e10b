package vhdx

import "encoding/binary"

const (
	regionTableSize = 64 * kib
	maxRegions      = 2047 // [MS-VHDX] 2.2.3.1, EntryCount; metadata has the same
)

// region is a part of the file, [MS-VHDX] 2.2.3.2.
type region struct {
	offset int64
	length int64
}

// regions are the two that version 1 of the format knows.
type regions struct {
	bat, metadata region
}

// parseRegions decodes the region table from the first sound copy. size is the
// size of the file.
func parseRegions(front []byte, size int64) (regions, error) {
	r, err := parseRegionTable(front[regionsAt1:regionsAt1+regionTableSize], regionsAt1, size)
	if err == nil {
		return r, nil
	}
	if r, err2 := parseRegionTable(front[regionsAt2:regionsAt2+regionTableSize], regionsAt2, size); err2 == nil {
		return r, nil
	}
	return regions{}, err
}

func parseRegionTable(b []byte, at, size int64) (regions, error) {
	le := binary.LittleEndian
	if string(b[:4]) != "regi" {
		return regions{}, fail(ErrCorrupt, "region table signature", at, "found %q, expected \"regi\"", b[:4])
	}
	if want, got := checksum(b), le.Uint32(b[4:]); want != got {
		return regions{}, fail(ErrCorrupt, "region table checksum", at+4, "stored %#08x, computed %#08x", got, want)
	}
	count := le.Uint32(b[8:])
	if count > maxRegions {
		return regions{}, fail(ErrCorrupt, "region table entry count", at+8, "%d entries, at most %d are allowed", count, maxRegions)
	}
	var found regions
	for i := range int(count) {
		e := 16 + 32*i
		if err := found.add(b[e:e+32], at+int64(e), size); err != nil {
			return regions{}, err
		}
	}
	if found.bat.length == 0 || found.metadata.length == 0 {
		return regions{}, fail(ErrCorrupt, "region table", at, "the BAT or the metadata region is not in it")
	}
	return found, nil
}

// add takes up the region table entry e, which lies at offset at.
func (r *regions) add(e []byte, at, size int64) error {
	le := binary.LittleEndian
	var dst *region
	switch id := guid(e[:16]); {
	case id == regionBAT:
		dst = &r.bat
	case id == regionMetadata:
		dst = &r.metadata
	case le.Uint32(e[28:])&1 != 0: // Required
		return fail(ErrUnsupported, "region table entry", at, "region %v is required and unknown", id)
	default:
		return nil
	}
	offset, length := le.Uint64(e[16:]), int64(le.Uint32(e[24:]))
	if dst.length != 0 {
		return fail(ErrCorrupt, "region table entry", at, "the region is listed twice")
	}
	if offset < mib || offset%mib != 0 || length == 0 || length%mib != 0 {
		return fail(ErrCorrupt, "region table entry", at, "a region of %d bytes at byte %d, expected multiples of 1 MiB", length, offset)
	}
	if offset > uint64(size) || int64(offset)+length > size {
		return fail(ErrTruncated, "region table entry", at, "a region of %d bytes at byte %d, the file has %d bytes", length, offset, size)
	}
	*dst = region{int64(offset), length}
	return nil
}

// marshal encodes the region table.
func (r *regions) marshal() []byte {
	le := binary.LittleEndian
	b := make([]byte, regionTableSize)
	copy(b, "regi")
	le.PutUint32(b[8:], 2)
	put := func(e []byte, id guid, reg region) {
		copy(e, id[:])
		le.PutUint64(e[16:], uint64(reg.offset))
		le.PutUint32(e[24:], uint32(reg.length))
		le.PutUint32(e[28:], 1)
	}
	put(b[16:], regionBAT, r.bat)
	put(b[48:], regionMetadata, r.metadata)
	le.PutUint32(b[4:], checksum(b))
	return b
}
