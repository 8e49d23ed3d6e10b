package exfat

import (
	"io/fs"
	"slices"
	"sort"
	"strings"

	"berth/disk/block"
)

// Bounds: the specification ends a directory at 256 MiB (7.4); dirBudget bounds the entries kept between calls, maxEntries
// those of one directory.
const (
	maxDirBytes = 256 << 20
	dirWindow   = 64 << 10
	dirBudget   = 200_000
	maxEntries  = 1_000_000
	maxDirs     = 1_000_000
)

// directory is a loaded directory, sorted by name.
type directory struct {
	entries []*entry
	special special // of the root
	folded  map[string]int
}

// special are the entries of the root that are the volume's.
type special struct {
	label  string
	upcase allocation
	sum    uint32 // TableChecksum
	found  bool   // the up-case table
}

// directory loads the directory in a, or finds it among those kept. It is known by its first cluster.
func (f *FS) directory(a allocation, p place) (*directory, error) {
	if d, ok := f.dirs.Get(a.first); ok {
		return d, nil
	}
	s, err := f.dirStream(a, p)
	if err != nil {
		return nil, err
	}
	r := dirReader{fs: f, stream: s, place: p, root: a.first == f.geo.root}
	if err := r.read(); err != nil {
		return nil, err
	}
	d := &directory{entries: r.entries, special: r.special}
	if err := f.finish(d, a.first, p); err != nil {
		return nil, err
	}
	f.dirs.Put(a.first, d, len(d.entries)+1)
	return d, nil
}

// dirStream is the content of a directory. The root has no entry that tells its length: its chain does.
func (f *FS) dirStream(a allocation, p place) (*block.Extents, error) {
	if a.first != f.geo.root {
		if a.length > maxDirBytes {
			return nil, p.corrupt("a directory of %d bytes", a.length)
		}
		return f.stream(a, p)
	}
	runs, err := f.chain(a.first, 0, uint32(maxDirBytes/f.geo.cluster)+1, p)
	if err != nil {
		return nil, err
	}
	last := runs[len(runs)-1]
	size := last.Pos + last.Length
	return &block.Extents{Reader: f.r, Runs: runs, Size: size, Valid: size, At: p.error()}, nil
}

// finish sorts the entries, refuses a name that comes twice, and notes where each directory is: one that is in two places
// would make a walk endless, or as good as.
func (f *FS) finish(d *directory, first uint32, p place) error {
	slices.SortFunc(d.entries, func(a, b *entry) int { return strings.Compare(a.name, b.name) })
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, e := range d.entries {
		if i > 0 && e.name == d.entries[i-1].name {
			return p.corrupt("the directory holds the name %q twice", e.name)
		}
		if !e.isDir() || e.data.length == 0 {
			continue
		}
		is := owner{first, e.name}
		if was, ok := f.owners[e.data.first]; ok && was != is || e.data.first == f.geo.root {
			return p.corrupt("the directory %q at cluster %d is in another place as well", e.name, e.data.first)
		}
		if len(f.owners) == maxDirs {
			return p.unsupported("more than %d directories", maxDirs)
		}
		f.owners[e.data.first] = is
	}
	return nil
}

// owner is the one place of a directory.
type owner struct {
	parent uint32 // first cluster
	name   string
}

// dirReader reads the entries of a directory.
type dirReader struct {
	fs      *FS
	stream  *block.Extents
	place   place
	root    bool
	entries []*entry
	special special
}

// read goes through the directory in windows, each starting at the entry where the one before was left.
func (r *dirReader) read() error {
	window := make([]byte, min(dirWindow, r.stream.Size))
	for off := int64(0); off+entrySize <= r.stream.Size; {
		b := window[:min(int64(len(window)), r.stream.Size-off)]
		if err := readFull(r.stream, b, off, r.place); err != nil {
			return err
		}
		n, err := r.window(b, off, off+int64(len(b)) == r.stream.Size)
		if n < 0 || err != nil {
			return err
		}
		off += int64(n)
	}
	return nil
}

// window reads the sets in b and returns how many bytes they take, or -1 when the directory has ended.
func (r *dirReader) window(b []byte, off int64, last bool) (int, error) {
	for at := 0; at+entrySize <= len(b); {
		e := b[at:]
		p := place{"entry of " + r.place.structure, r.offsetOf(off + int64(at))}
		count := 1
		switch kind := e[0]; {
		case kind == typeEnd:
			return -1, nil
		case kind&inUse == 0: // deleted, or freed
		case kind&secondary != 0:
			return 0, p.corrupt("an entry of type %#02x, which belongs to a set, stands alone", kind)
		case kind == typeFile, kind&benign != 0:
			if count += int(e[1]); at+count*entrySize > len(b) { // SecondaryCount
				if last {
					return 0, p.corrupt("a set of %d entries does not fit into the directory", count)
				}
				return at, nil
			}
			if err := r.set(e[:count*entrySize], p); err != nil {
				return 0, err
			}
		case r.root && (kind == typeBitmap || kind == typeUpcase || kind == typeLabel):
			if err := r.volume(e[:entrySize], p); err != nil {
				return 0, err
			}
		default:
			return 0, unknownEntry(kind, p)
		}
		at += count * entrySize
	}
	return len(b) / entrySize * entrySize, nil
}

// offsetOf answers where in the volume a byte of the directory lies.
func (r *dirReader) offsetOf(off int64) int64 {
	runs := r.stream.Runs
	i := sort.Search(len(runs), func(i int) bool { return runs[i].Pos+runs[i].Length > off })
	if i == len(runs) {
		return -1
	}
	return runs[i].Offset + off - runs[i].Pos
}

// set takes up a file. Benign sets are passed over.
func (r *dirReader) set(set []byte, p place) error {
	if set[0] != typeFile {
		return nil
	}
	for i := entrySize; i < len(set); i += entrySize {
		if set[i]&(inUse|secondary) != inUse|secondary {
			return p.corrupt("entry %d of the set is of type %#02x, which belongs to none", i/entrySize, set[i])
		}
	}
	e, err := parseSet(set, p)
	if err != nil {
		return err
	}
	if len(r.entries) == maxEntries {
		return r.place.unsupported("more than %d files in one directory", maxEntries)
	}
	r.entries = append(r.entries, e)
	return nil
}

// list makes the entries of a directory.
func (d *directory) list() []fs.DirEntry {
	list := make([]fs.DirEntry, len(d.entries))
	for i, e := range d.entries {
		list[i] = info{e}
	}
	return list
}
