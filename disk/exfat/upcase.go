package exfat

import (
	"encoding/binary"
	"io/fs"
	"slices"
	"strings"

	"berth/disk/block"
)

// upcaseUnits is what the up-case table maps: each UTF-16 unit to its upper case (7.2.5).
const upcaseUnits = 1 << 16

// volume takes up an entry of the root that is the volume's (7.1 to 7.3).
func (r *dirReader) volume(e []byte, p place) error {
	le := binary.LittleEndian
	switch e[0] {
	case typeLabel:
		n := int(e[1]) // CharacterCount: up to 11 by the specification, up to 15, which fit too, from exfat-utils
		if n > nameUnits {
			return p.corrupt("a label of %d characters", n)
		}
		r.special.label = block.UTF16(e[2 : 2+2*n]) // VolumeLabel
	case typeUpcase:
		length := le.Uint64(e[24:]) // DataLength
		if length > 2*upcaseUnits || length%2 != 0 {
			return p.corrupt("an up-case table of %d bytes", length)
		}
		r.special.upcase = allocation{first: le.Uint32(e[20:]), length: int64(length), valid: int64(length)} // FirstCluster
		r.special.sum, r.special.found = le.Uint32(e[4:]), true                                              // TableChecksum
	}
	return nil
}

// upcaseTable reads the volume's table when a lookup first needs it.
func (f *FS) upcaseTable() ([]uint16, error) {
	f.upcaseOnce.Do(func() { f.upcase, f.upcaseErr = f.readUpcase() })
	return f.upcase, f.upcaseErr
}

func (f *FS) readUpcase() ([]uint16, error) {
	p := place{"up-case table", -1}
	if !f.special.found {
		return nil, p.corrupt("the root directory has none")
	}
	s, err := f.stream(f.special.upcase, p)
	if err != nil {
		return nil, err
	}
	b := make([]byte, s.Size)
	if err := readFull(s, b, 0, p); err != nil {
		return nil, err
	}
	var sum uint32 // figure 3 of 7.2.2
	for _, v := range b {
		sum = sum<<31 | sum>>1 + uint32(v)
	}
	if sum != f.special.sum {
		return nil, p.corrupt("its checksum is %#08x, computed %#08x", f.special.sum, sum)
	}
	return expandUpcase(b, p)
}

// expandUpcase undoes the compression of 7.2.5: 0xFFFF and a count stand for as many units that map to themselves. What
// the table does not reach maps to itself too.
func expandUpcase(b []byte, p place) ([]uint16, error) {
	table := make([]uint16, upcaseUnits)
	for i := range table {
		table[i] = uint16(i)
	}
	for i := 0; len(b) > 0; b = b[2:] {
		v := binary.LittleEndian.Uint16(b)
		if v == 0xFFFF && len(b) >= 4 && i < upcaseUnits-1 {
			i += int(binary.LittleEndian.Uint16(b[2:]))
			b = b[2:]
			continue
		}
		if i >= upcaseUnits {
			return nil, p.corrupt("it maps more than %d characters", upcaseUnits)
		}
		table[i] = v
		i++
	}
	return table, nil
}

// find looks a name up as it is written, then without regard to case.
func (f *FS) find(d *directory, name string) (*entry, error) {
	i, ok := slices.BinarySearchFunc(d.entries, name, func(e *entry, name string) int { return strings.Compare(e.name, name) })
	if ok {
		return d.entries[i], nil
	}
	table, err := f.upcaseTable()
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if d.folded == nil {
		d.folded = make(map[string]int, len(d.entries))
		for i, e := range d.entries {
			if key := fold(e.name, table); !has(d.folded, key) {
				d.folded[key] = i
			}
		}
	}
	if i, ok := d.folded[fold(name, table)]; ok {
		return d.entries[i], nil
	}
	return nil, fs.ErrNotExist
}

func has(m map[string]int, key string) bool {
	_, ok := m[key]
	return ok
}

// fold brings a name into the form in which names that Windows takes for equal are equal.
func fold(name string, table []uint16) string {
	units := block.Units(name)
	b := make([]byte, 2*len(units))
	for i, u := range units {
		binary.LittleEndian.PutUint16(b[2*i:], table[u])
	}
	return string(b)
}
