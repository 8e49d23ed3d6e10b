package ntfs

import (
	"io/fs"
	"slices"
	"strings"
	"sync"
)

// dirBudget bounds the directory entries that are kept in memory between calls.
const dirBudget = 200_000

// directory is a loaded directory, sorted by name.
type directory struct {
	sequence uint16
	parent   int64 // record number
	name     string
	entries  []entry

	foldOnce sync.Once
	folded   map[string]int // index of the first entry with a folded name
}

// directory loads a directory, or finds it among those kept.
func (f *FS) directory(ref reference) (*directory, error) {
	// A reference with another sequence number is stale, which reading the record will tell.
	if d, ok := f.dirs.Get(ref.number()); ok && (ref.sequence() == 0 || ref.sequence() == d.sequence) {
		return d, nil
	}
	ino, err := f.readInode(ref)
	if err != nil {
		return nil, err
	}
	d, err := f.loadDirectory(ino, &nodes{})
	if err != nil {
		return nil, err
	}
	f.dirs.Put(ref.number(), d, len(d.entries)+1)
	return d, nil
}

// loadDirectory reads the index of a directory, through memory that the caller may have for more of them.
func (f *FS) loadDirectory(ino *inode, n *nodes) (*directory, error) {
	info, err := f.newInfo("", ino)
	if err != nil {
		return nil, err
	}
	if err := info.refuse(ino.place); err != nil {
		return nil, err
	}
	if !ino.isDir() {
		return nil, ino.corrupt("a directory entry says that the file is a directory, its record does not")
	}
	own, err := ino.ownName()
	if err != nil {
		return nil, err
	}
	d := &directory{sequence: ino.sequence, parent: own.parent.number(), name: own.name}
	if d.entries, err = f.readIndex(ino, n); err != nil {
		return nil, err
	}
	slices.SortFunc(d.entries, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	for i := 1; i < len(d.entries); i++ {
		if d.entries[i].name == d.entries[i-1].name {
			return nil, ino.corrupt("the directory holds the name %q twice", d.entries[i].name)
		}
	}
	return d, nil
}

// in holds a directory to the one place that it says it has, which is an entry of a parent; see ownName.
func (d *directory) in(parent int64, e entry) error {
	if d.parent == parent && d.name == e.name {
		return nil
	}
	return place{structure: "directory " + e.name, offset: -1}.corrupt("record %d says it is %q in record %d, but record %d holds it as well",
		e.ref.number(), d.name, d.parent, parent)
}

// ownName finds the one name of a directory. One name in one parent is what makes a walk end: a directory with two
// could be its own ancestor, or be reached by more paths than any caller can follow.
func (ino *inode) ownName() (fileName, error) {
	var own fileName
	for _, a := range ino.parts(typeFileName, "") {
		n, err := parseFileName(a.value, a.place)
		if err != nil {
			return own, err
		}
		if n.namespace == namespaceDOS {
			continue
		}
		if own.name != "" {
			return own, ino.corrupt("the directory has two names, %q and %q", own.name, n.name)
		}
		own = n
	}
	if own.name == "" {
		return own, ino.corrupt("the directory has no name")
	}
	return own, nil
}

// find looks a name up as it is written, then as Windows does, without regard to case.
func (d *directory) find(f *FS, name string) (entry, error) {
	i, ok := slices.BinarySearchFunc(d.entries, name, func(e entry, name string) int {
		return strings.Compare(e.name, name)
	})
	if ok {
		return d.entries[i], nil
	}
	table, err := f.upcaseTable()
	if err != nil {
		return entry{}, err
	}
	d.foldOnce.Do(func() {
		d.folded = make(map[string]int, len(d.entries))
		for i := range d.entries {
			if key := fold(d.entries[i].name, table); !d.knows(key) {
				d.folded[key] = i
			}
		}
	})
	if i, ok := d.folded[fold(name, table)]; ok {
		return d.entries[i], nil
	}
	return entry{}, fs.ErrNotExist
}

func (d *directory) knows(key string) bool {
	_, ok := d.folded[key]
	return ok
}
