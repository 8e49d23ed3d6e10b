package fat

import (
	"encoding/binary"
	"time"
	"unicode/utf16"
)

// stamp is a time as DIR_WrtDate and DIR_WrtTime hold it.
type stamp struct {
	date, clock uint16
}

// newStamp rounds down to two seconds and keeps within 1980 to 2107.
func newStamp(t time.Time) stamp {
	t = t.UTC()
	switch {
	case t.Year() < 1980:
		return stamp{date: 1<<5 | 1}
	case t.Year() > 2107:
		return stamp{date: 127<<9 | 12<<5 | 31, clock: 23<<11 | 59<<5 | 29}
	}
	return stamp{
		date:  uint16(t.Year()-1980)<<9 | uint16(t.Month())<<5 | uint16(t.Day()),
		clock: uint16(t.Hour())<<11 | uint16(t.Minute())<<5 | uint16(t.Second()/2),
	}
}

// encode writes the entries of a folder. label is the volume's name, for the root.
func (n *node) encode(at stamp, label string) []byte {
	b := make([]byte, 0, n.size)
	switch {
	case n.parent != nil:
		b = appendEntry(b, [11]byte([]byte(".          ")), attrDirectory, n.first, 0, at)
		up := n.parent.first
		if n.parent.parent == nil {
			up = rootKey
		}
		b = appendEntry(b, [11]byte([]byte("..         ")), attrDirectory, up, 0, at)
	case label != "":
		b = appendEntry(b, [11]byte([]byte(label)), attrVolume, 0, 0, at)
	}
	for _, c := range n.children {
		b = c.appendLong(b)
		if c.isDir {
			b = appendEntry(b, c.short, attrDirectory, c.first, 0, at)
		} else {
			b = appendEntry(b, c.short, attrArchive, c.first, uint32(c.size), at)
		}
	}
	return b
}

// appendEntry writes one directory entry.
func appendEntry(b []byte, name [11]byte, attr byte, first, size uint32, at stamp) []byte {
	var e [entrySize]byte
	copy(e[:], name[:])                                      // DIR_Name
	e[11] = attr                                             // DIR_Attr
	binary.LittleEndian.PutUint16(e[14:], at.clock)          // DIR_CrtTime
	binary.LittleEndian.PutUint16(e[16:], at.date)           // DIR_CrtDate
	binary.LittleEndian.PutUint16(e[18:], at.date)           // DIR_LstAccDate
	binary.LittleEndian.PutUint16(e[20:], uint16(first>>16)) // DIR_FstClusHI
	binary.LittleEndian.PutUint16(e[22:], at.clock)          // DIR_WrtTime
	binary.LittleEndian.PutUint16(e[24:], at.date)           // DIR_WrtDate
	binary.LittleEndian.PutUint16(e[26:], uint16(first))     // DIR_FstClusLO
	binary.LittleEndian.PutUint32(e[28:], size)              // DIR_FileSize
	return append(b, e[:]...)
}

// appendLong writes the long name entries of a file, last part first. A name that does not fill its last part ends with
// 0 and is padded with 0xFFFF.
func (n *node) appendLong(b []byte) []byte {
	count := n.longEntries()
	units := utf16.Encode([]rune(n.name))
	sum := checksum(n.short[:])
	for part := count; part > 0; part-- {
		var e [entrySize]byte
		e[0], e[11], e[13] = byte(part), attrLong, sum // LDIR_Ord, LDIR_Attr, LDIR_Chksum
		if part == count {
			e[0] |= longLast
		}
		for i, at := range longParts {
			unit := uint16(0xFFFF)
			if pos := (part-1)*longUnits + i; pos < len(units) {
				unit = units[pos]
			} else if pos == len(units) {
				unit = 0
			}
			binary.LittleEndian.PutUint16(e[at:], unit)
		}
		b = append(b, e[:]...)
	}
	return b
}
