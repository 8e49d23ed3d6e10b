package fat

import (
	"encoding/binary"
	"time"
)

// DIR_Attr.
const (
	attrReadOnly  = 0x01
	attrVolume    = 0x08
	attrDirectory = 0x10
	attrArchive   = 0x20
	attrLong      = 0x0F
	attrMask      = 0x3F
)

// entry is one file or folder of a directory.
type entry struct {
	name     string
	size     int64
	first    uint32 // DIR_FstClus
	attr     byte
	created  time.Time
	modified time.Time
}

func (e *entry) isDir() bool { return e.attr&attrDirectory != 0 }

// parseDirectory reads 32-byte entries up to the first that was never used.
func (f *FS) parseDirectory(d *directory, b []byte, p place, root bool) error {
	var long longName
	dotdot := root
	for ; len(b) >= entrySize && b[0] != 0; b = b[entrySize:] {
		e := b[:entrySize]
		attr := e[11] & attrMask // DIR_Attr
		switch {
		case e[0] == 0xE5: // deleted
		case attr == attrLong:
			long.add(e)
			continue
		case attr&attrVolume != 0:
			if root && d.label == "" {
				d.label = volumeLabel(e[:11])
			}
		case string(e[:11]) == ".          ":
		case string(e[:11]) == "..         ":
			d.parent, dotdot = f.firstCluster(e), true
		default:
			next, err := f.parseEntry(e, &long, p)
			if err != nil {
				return err
			}
			d.entries = append(d.entries, next)
		}
		long = longName{}
	}
	if !dotdot {
		return p.corrupt("a directory without an entry for its parent")
	}
	return nil
}

// firstCluster reads DIR_FstClusHI and DIR_FstClusLO; only FAT32 has the former.
func (f *FS) firstCluster(e []byte) uint32 {
	first := uint32(binary.LittleEndian.Uint16(e[26:]))
	if f.geo.kind == FAT32 {
		first |= uint32(binary.LittleEndian.Uint16(e[20:])) << 16
		if first == f.geo.rootAt { // some writers name the root this way in ".."
			return rootKey
		}
	}
	return first
}

func (f *FS) parseEntry(b []byte, long *longName, p place) (entry, error) {
	e := entry{
		name:     long.name(b),
		attr:     b[11],                                                                            // DIR_Attr
		created:  fileTime(binary.LittleEndian.Uint16(b[16:]), binary.LittleEndian.Uint16(b[14:])), // DIR_CrtDate, DIR_CrtTime
		modified: fileTime(binary.LittleEndian.Uint16(b[24:]), binary.LittleEndian.Uint16(b[22:])), // DIR_WrtDate, DIR_WrtTime
		first:    f.firstCluster(b),
	}
	if !usable(e.name) {
		e.name = shortName(b, b[12]) // DIR_NTRes
	}
	if !usable(e.name) {
		return e, p.corrupt("the name %q is no path element", e.name)
	}
	if !e.isDir() {
		e.size = int64(binary.LittleEndian.Uint32(b[28:])) // DIR_FileSize
	} else if e.first == rootKey {
		return e, p.corrupt("the folder %q is the root folder", e.name)
	}
	return e, nil
}

// fileTime reads a date and a time in the resolution of two seconds. FAT records no time zone: it is taken for UTC.
func fileTime(date, clock uint16) time.Time {
	day, month, year := int(date&31), time.Month(date>>5&15), 1980+int(date>>9)
	if day == 0 || month == 0 || month > 12 {
		return time.Time{}
	}
	return time.Date(year, month, day, int(clock>>11), int(clock>>5&63), 2*int(clock&31), 0, time.UTC)
}
