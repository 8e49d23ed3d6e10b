package fat

import (
	"io/fs"
	"slices"
	"strings"

	"berth/disk/block"
)

// Bounds: the specification ends a directory at 65536 entries; dirBudget bounds the entries kept between calls.
const (
	maxDirBytes = 65536 * entrySize
	dirBudget   = 200_000
)

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
	if d, ok := f.dirs.Get(first); ok {
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
	f.dirs.Put(first, d, len(d.entries)+1)
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
	size := last.Pos + last.Length
	s := &block.Extents{Reader: f.r, Runs: runs, Size: size, Valid: size, At: p.error()}
	b := make([]byte, size)
	return b, readFull(s, b, 0, p)
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
