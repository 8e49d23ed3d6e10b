package ntfs

import (
	"encoding/binary"

	"berth/disk/block"
)

// ATTRIBUTE_RECORD_HEADER, TypeCode.
const (
	typeStandardInformation = 0x10
	typeAttributeList       = 0x20
	typeFileName            = 0x30
	typeVolumeName          = 0x60
	typeData                = 0x80
	typeIndexRoot           = 0x90
	typeIndexAllocation     = 0xA0
	typeReparsePoint        = 0xC0
	typeEnd                 = 0xFFFFFFFF
)

// ATTRIBUTE_RECORD_HEADER, Flags.
const (
	attrCompressionMask = 0x00FF
	attrCompressedLZNT1 = 0x0001
	attrEncrypted       = 0x4000
	attrSparse          = 0x8000
)

// directoryIndex is the name of the attributes that make up a directory: an index over attribute type 0x30.
const directoryIndex = "$I30"

// attribute is one ATTRIBUTE_RECORD_HEADER with its form-dependent part. Slices alias the record.
type attribute struct {
	place
	kind     uint32
	name     string
	id       uint16
	flags    uint16
	resident bool
	value    []byte // resident: the value

	lowVCN, highVCN  int64  // non-resident: the clusters of the stream that this part maps
	pairs            []byte // mapping pairs
	unit             uint8  // log2 of clusters in a compression unit
	alloc, size, ini int64  // bytes: allocated, real, valid; told in the part with lowVCN 0 only
}

// usualAttributes is how many attributes most records have: three of a file, with one more for a short name.
const usualAttributes = 5

// attributes lists the attributes of one record.
func (r *record) attributes() ([]attribute, error) {
	return r.appendAttributes(make([]attribute, 0, usualAttributes))
}

// appendAttributes does so in memory that there is.
func (r *record) appendAttributes(list []attribute) ([]attribute, error) {
	off := int(binary.LittleEndian.Uint16(r.data[20:])) // FirstAttributeOffset
	for {
		if off < 42 || off%8 != 0 || off+4 > len(r.data) {
			return nil, r.corrupt("the attribute list runs past the record at %d", off)
		}
		b := r.data[off:]
		kind := binary.LittleEndian.Uint32(b) // TypeCode
		if kind == typeEnd {
			return list, nil
		}
		p := r.part(attributeName(kind), int64(off))
		if len(b) < 24 {
			return nil, p.corrupt("%d bytes cannot hold an attribute", len(b))
		}
		length := binary.LittleEndian.Uint32(b[4:]) // RecordLength
		if length < 24 || int64(length) > int64(len(b)) {
			return nil, p.corrupt("length %d exceeds the record", length)
		}
		list = append(list, attribute{place: p, kind: kind})
		if err := list[len(list)-1].parse(b[:length]); err != nil {
			return nil, err
		}
		off += int(length)
	}
}

// parse reads the header that all attributes share, then the one of its form.
func (a *attribute) parse(b []byte) error {
	a.resident = b[8] == 0                                                 // FormCode
	a.flags = binary.LittleEndian.Uint16(b[12:])                           // Flags
	a.id = binary.LittleEndian.Uint16(b[14:])                              // Instance
	nameLen, nameOff := int(b[9]), int(binary.LittleEndian.Uint16(b[10:])) // NameLength, NameOffset
	if nameLen > 0 {
		if nameOff+2*nameLen > len(b) {
			return a.corrupt("the name lies outside the attribute")
		}
		a.name = attributeLabel(b[nameOff : nameOff+2*nameLen])
	}
	if a.resident {
		n, off := binary.LittleEndian.Uint32(b[16:]), binary.LittleEndian.Uint16(b[20:]) // ValueLength, ValueOffset
		if int64(off)+int64(n) > int64(len(b)) {
			return a.corrupt("a value of %d bytes at %d lies outside the attribute", n, off)
		}
		a.value = b[off:][:n]
		a.size = int64(n)
		return nil
	}
	return a.parseNonresident(b)
}

// parseNonresident reads ATTRIBUTE_RECORD_HEADER, Form.Nonresident.
func (a *attribute) parseNonresident(b []byte) error {
	if len(b) < 64 {
		return a.corrupt("%d bytes cannot hold a non-resident attribute", len(b))
	}
	a.lowVCN = int64(binary.LittleEndian.Uint64(b[16:]))  // LowestVcn
	a.highVCN = int64(binary.LittleEndian.Uint64(b[24:])) // HighestVcn
	pairs := int(binary.LittleEndian.Uint16(b[32:]))      // MappingPairsOffset
	a.unit = b[34]                                        // CompressionUnit
	a.alloc = int64(binary.LittleEndian.Uint64(b[40:]))   // AllocatedLength
	a.size = int64(binary.LittleEndian.Uint64(b[48:]))    // FileSize
	a.ini = int64(binary.LittleEndian.Uint64(b[56:]))     // ValidDataLength
	if a.lowVCN < 0 || a.highVCN < a.lowVCN-1 || pairs > len(b) || pairs < 64 {
		return a.corrupt("clusters %d to %d with mapping pairs at %d", a.lowVCN, a.highVCN, pairs)
	}
	a.pairs = b[pairs:]
	if a.lowVCN == 0 && (a.size < 0 || a.ini < 0 || a.ini > a.size || a.alloc < 0) {
		return a.corrupt("sizes allocated %d, real %d, valid %d contradict each other", a.alloc, a.size, a.ini)
	}
	return nil
}

// attributeName is the name that $AttrDef gives an attribute type.
func attributeName(kind uint32) string {
	switch kind {
	case typeStandardInformation:
		return "$STANDARD_INFORMATION"
	case typeAttributeList:
		return "$ATTRIBUTE_LIST"
	case typeFileName:
		return "$FILE_NAME"
	case typeVolumeName:
		return "$VOLUME_NAME"
	case typeData:
		return "$DATA"
	case typeIndexRoot:
		return "$INDEX_ROOT"
	case typeIndexAllocation:
		return "$INDEX_ALLOCATION"
	case typeReparsePoint:
		return "$REPARSE_POINT"
	}
	return "attribute"
}

// attributeLabel reads the name of an attribute; that of every directory is not made anew.
func attributeLabel(b []byte) string {
	if string(b) == "$\x00I\x003\x000\x00" {
		return directoryIndex
	}
	return block.UTF16(b)
}
