package cim

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"berth/disk/block"
)

const (
	maxLinks  = 16 << 20 // bytes of a link table: some 300,000 names
	dirBudget = 200_000  // entries kept between calls
	maxDirs   = 1_000_000
)

// link is one name in a folder.
type link struct {
	name string
	id   uint32
}

// directory is a loaded folder, sorted by name.
type directory struct {
	links  []link
	folded map[string]int
}

// folder loads a folder, or finds it among those kept.
func (f *FS) folder(file *file) (*directory, error) {
	if d, ok := f.dirs.Get(file.id); ok {
		return d, nil
	}
	d := &directory{}
	p := place{structure: fmt.Sprintf("link table of file %d", file.id), offset: -1}
	if file.stream.size > 0 {
		if file.stream.size > maxLinks {
			return nil, p.unsupported("a link table of %d bytes; up to %d are read", file.stream.size, maxLinks)
		}
		b, err := f.img.read(file.stream.data, file.stream.size, p.structure)
		if err != nil {
			return nil, err
		}
		if d.links, err = parseLinks(b, p); err != nil {
			return nil, err
		}
	}
	d.folded = make(map[string]int, len(d.links))
	for i, l := range d.links {
		if key := f.fold(l.name); !has(d.folded, key) {
			d.folded[key] = i
		}
	}
	f.dirs.Put(file.id, d, len(d.links)+1)
	return d, nil
}

func has(m map[string]int, key string) bool {
	_, ok := m[key]
	return ok
}

// parseLinks reads a LinkTable of file ids: length, count, that many ids, that many offsets of names from the table's
// start, and the names, each with its length in characters before it.
func parseLinks(b []byte, p place) ([]link, error) {
	le := binary.LittleEndian
	if len(b) < 8 {
		return nil, p.corrupt("%d bytes cannot hold a link table", len(b))
	}
	length, count := int64(le.Uint32(b)), int64(le.Uint32(b[4:])) // Length, LinkCount
	if length < 8 || length > int64(len(b)) || count > (length-8)/8 {
		return nil, p.corrupt("%d names in %d bytes of %d", count, length, len(b))
	}
	b = b[:length]
	ids, names := b[8:], b[8+4*count:]
	links := make([]link, 0, count)
	for i := range count {
		at := int64(le.Uint32(names[4*i:]))
		if at < 8+8*count || at+2 > length {
			return nil, p.corrupt("name %d is said to be at byte %d of %d", i, at, length)
		}
		end := at + 2 + 2*int64(le.Uint16(b[at:]))
		if end > length {
			return nil, p.corrupt("name %d ends at byte %d of %d", i, end, length)
		}
		name := block.UTF16(b[at+2 : end])
		if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\\\x00") {
			return nil, p.corrupt("the name %q is no path element", name)
		}
		links = append(links, link{name, le.Uint32(ids[4*i:])})
	}
	slices.SortFunc(links, func(a, b link) int { return strings.Compare(a.name, b.name) })
	for i := 1; i < len(links); i++ {
		if links[i].name == links[i-1].name {
			return nil, p.corrupt("the folder holds the name %q twice", links[i].name)
		}
	}
	return links, nil
}

// find looks a name up as it is written, then without regard to case.
func (f *FS) find(d *directory, name string) (link, error) {
	i, ok := slices.BinarySearchFunc(d.links, name, func(l link, name string) int { return strings.Compare(l.name, name) })
	if !ok {
		i, ok = d.folded[f.fold(name)]
	}
	if !ok {
		return link{}, fs.ErrNotExist
	}
	return d.links[i], nil
}

// fold brings a name into the form in which names that Windows takes for equal are equal.
func (f *FS) fold(name string) string {
	units := block.Units(name)
	b := make([]byte, 2*len(units))
	for i, u := range units {
		copy(b[2*i:], f.upcase[2*int(u):][:2])
	}
	return string(b)
}

// owner is the one place of a folder.
type owner struct {
	parent uint32
	name   string
}

// own notes where a folder is, and refuses one that is in another place as well: a walk would be endless, or as good as.
func (f *FS) own(folder, parent uint32, name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := place{structure: fmt.Sprintf("folder %q", name), offset: -1}
	is := owner{parent, name}
	if was, ok := f.owners[folder]; ok && was != is || folder == f.root {
		return p.corrupt("file %d is in another folder as well", folder)
	}
	if len(f.owners) == maxDirs {
		return p.unsupported("more than %d folders", maxDirs)
	}
	f.owners[folder] = is
	return nil
}
