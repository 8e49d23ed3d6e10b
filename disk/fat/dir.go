package fat

import (
	"encoding/binary"
	"io/fs"
	"slices"
	"strings"
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

// Bounds: the specification ends a directory at 65536 entries; dirBudget bounds the entries kept between calls.
const (
	maxDirBytes = 65536 * entrySize
	dirBudget   = 200_000
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

// directory is a loaded directory, sorted by name.
type directory struct {
	parent  uint32 // first cluster that ".." names; 0 for the root
	label   string // volume label, where an entry holds one
	entries []entry
	folded  map[string]int
}

// rootKey stands for the root directory where first clusters name directories, as it does in "..".
const rootKey = 0

// directory loads the directory at a first cluster, or finds it among those kept.
func (f *FS) directory(first uint32, p place) (*directory, error) {
	if d, ok := f.dirs.get(first); ok {
		return d, nil
	}
	b, err := f.readDirectory(first, p)
	if err != nil {
		return nil, err
	}
	d := &directory{}
	if err := f.parseDirectory(d, b, p, first == rootKey); err != nil {
		return nil, err
	}
	if err := d.finish(p); err != nil {
		return nil, err
	}
	f.dirs.put(first, d, len(d.entries)+1)
	return d, nil
}

// readDirectory reads the bytes of a directory: the root of FAT12 and FAT16 has a place of its own, all others are chains.
func (f *FS) readDirectory(first uint32, p place) ([]byte, error) {
	if first == rootKey && f.geo.kind != FAT32 {
		b := make([]byte, f.geo.rootLen)
		return b, readFull(f.r, b, f.geo.root, p)
	}
	if first == rootKey {
		first = f.geo.rootAt
	}
	limit := uint32((maxDirBytes + f.geo.cluster - 1) / f.geo.cluster)
	runs, err := f.table.chain(first, 0, limit, p)
	if err != nil {
		return nil, err
	}
	last := runs[len(runs)-1]
	s := &stream{r: f.r, runs: runs, size: last.pos + last.length, place: p}
	b := make([]byte, s.size)
	return b, readFull(s, b, 0, p)
}

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

// finish sorts the entries. It refuses a name or a folder that comes twice: together with the check that a folder's ".."
// leads back to where it was found, this gives every folder one path, and so an end to every walk.
func (d *directory) finish(p place) error {
	slices.SortFunc(d.entries, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	d.folded = make(map[string]int, len(d.entries))
	folders := map[uint32]struct{}{}
	for i := range d.entries {
		e := &d.entries[i]
		if i > 0 && e.name == d.entries[i-1].name {
			return p.corrupt("the directory holds the name %q twice", e.name)
		}
		if _, ok := folders[e.first]; ok && e.isDir() {
			return p.corrupt("the directory holds the folder at cluster %d twice", e.first)
		}
		if e.isDir() {
			folders[e.first] = struct{}{}
		}
		if _, ok := d.folded[fold(e.name)]; !ok {
			d.folded[fold(e.name)] = i
		}
	}
	return nil
}

// find looks a name up as it is written, then without regard to case.
func (d *directory) find(name string) (*entry, error) {
	i, ok := slices.BinarySearchFunc(d.entries, name, func(e entry, name string) int {
		return strings.Compare(e.name, name)
	})
	if !ok {
		i, ok = d.folded[fold(name)]
	}
	if !ok {
		return nil, fs.ErrNotExist
	}
	return &d.entries[i], nil
}

// fileTime reads a date and a time in the resolution of two seconds. FAT records no time zone: it is taken for UTC.
func fileTime(date, clock uint16) time.Time {
	day, month, year := int(date&31), time.Month(date>>5&15), 1980+int(date>>9)
	if day == 0 || month == 0 || month > 12 {
		return time.Time{}
	}
	return time.Date(year, month, day, int(clock>>11), int(clock>>5&63), 2*int(clock&31), 0, time.UTC)
}
