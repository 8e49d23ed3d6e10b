package ntfs

import (
	"encoding/binary"
	"io"
)

// INDEX_ENTRY, Flags.
const (
	entryHasChild = 1
	entryLast     = 2
)

// maxDepth bounds the height of a directory's tree; three levels hold millions of names.
const maxDepth = 32

// entry is one name in a directory.
type entry struct {
	name  string
	ref   reference
	flags uint32 // file attributes as the directory tells them; fileNameDirectoryIndex marks directories
}

// indexWalk collects the entries of a directory's tree of index blocks.
type indexWalk struct {
	place
	blocks  *stream // $INDEX_ALLOCATION, nil when the root holds everything
	block   int64   // bytes per block
	vcn     int64   // bytes per unit in which children are numbered
	seen    map[int64]struct{}
	nodes   *nodes
	entries []entry
}

// nodes is memory for reading indexes, one after the other.
type nodes struct {
	once   bool     // what is read is not asked for again: small indexes are read past the pager
	whole  []byte   // all blocks of a small index
	filled bool     // whole is that of the index that is being read
	levels [][]byte // a block for each level of the tree
}

// smallIndex is the size up to which the blocks of an index are read in one go.
const smallIndex = 64 << 10

// reader is where an index of a size is read from.
func (n *nodes) reader(f *FS, size int64) io.ReaderAt {
	if n.once && size <= smallIndex {
		return f.r
	}
	return f.pager
}

// read gives the bytes of a block at off, which nobody else has.
func (n *nodes) read(w *indexWalk, off int64, depth int) ([]byte, error) {
	small := n.once && w.blocks.size <= smallIndex && w.blocks.size > w.block
	if small && !n.filled {
		if n.whole == nil {
			n.whole = make([]byte, smallIndex)
		}
		// When that fails, each block tells of its own.
		n.filled = readFull(w.blocks, n.whole[:w.blocks.size], 0, w.place) == nil
	}
	if small && n.filled {
		return n.whole[off:][:w.block], nil
	}
	b := n.level(depth, w.block)
	return b, readFull(w.blocks, b, off, w.place)
}

// level is a block that is used until the next at the same depth is read.
func (n *nodes) level(depth int, size int64) []byte {
	for depth >= len(n.levels) {
		n.levels = append(n.levels, nil)
	}
	if int64(len(n.levels[depth])) < size {
		n.levels[depth] = make([]byte, size)
	}
	return n.levels[depth][:size]
}

// readIndex lists a directory by walking its tree from the root, so that blocks that were given back are not read.
func (f *FS) readIndex(ino *inode, n *nodes) ([]entry, error) {
	root, ok := ino.first(typeIndexRoot, directoryIndex)
	if !ok || !root.resident {
		return nil, ino.corrupt("a directory without a resident $INDEX_ROOT")
	}
	if len(root.value) < 32 {
		return nil, root.corrupt("%d bytes cannot hold an index root", len(root.value))
	}
	if kind := binary.LittleEndian.Uint32(root.value); kind != typeFileName { // INDEX_ROOT, AttributeType
		return nil, root.corrupt("the index is over attribute type %#x, not over names", kind)
	}
	w := &indexWalk{place: root.place, nodes: n}
	w.block = int64(binary.LittleEndian.Uint32(root.value[8:])) // INDEX_ROOT, BytesPerIndexBuffer
	if !plausibleRecord(w.block) {
		return nil, root.corrupt("index blocks of %d bytes do not exist", w.block)
	}
	// Blocks smaller than a cluster are numbered in units of 512 bytes.
	if w.vcn = f.geo.cluster; w.vcn > w.block {
		w.vcn = fixupStride
	}
	if parts := ino.parts(typeIndexAllocation, directoryIndex); len(parts) > 0 {
		var err error
		if w.blocks, err = newStream(n.reader(f, parts[0].size), f.geo, parts); err != nil {
			return nil, err
		}
	}
	n.filled = false
	err := w.node(root.value[16:], 0)
	return w.entries, err
}

// node reads INDEX_HEADER and the INDEX_ENTRYs behind it. Its errors are complete only when it returns nil.
func (w *indexWalk) node(b []byte, depth int) error {
	if len(b) < 16 || depth > maxDepth {
		return w.corrupt("an index node of %d bytes at depth %d", len(b), depth)
	}
	first := binary.LittleEndian.Uint32(b)    // FirstIndexEntry
	free := binary.LittleEndian.Uint32(b[4:]) // FirstFreeByte
	if first < 16 || first > free || int64(free) > int64(len(b)) {
		return w.corrupt("entries from %d to %d in %d bytes", first, free, len(b))
	}
	for b = b[first:free]; ; {
		if len(b) < 16 {
			return w.corrupt("an index node has no last entry")
		}
		length := int(binary.LittleEndian.Uint16(b[8:])) // Length
		if length < 16 || length%8 != 0 || length > len(b) {
			return w.corrupt("an index entry of %d bytes with %d left", length, len(b))
		}
		flags := binary.LittleEndian.Uint16(b[12:]) // Flags
		if err := w.entry(b[:length], flags, depth); err != nil {
			return err
		}
		if flags&entryLast != 0 {
			return nil
		}
		b = b[length:]
	}
}

// entry reads one INDEX_ENTRY: first what sorts before it, then itself.
func (w *indexWalk) entry(b []byte, flags uint16, depth int) error {
	keyEnd := len(b)
	if flags&entryHasChild != 0 {
		if keyEnd -= 8; keyEnd < 16 {
			return w.corrupt("an index entry has no room for its child")
		}
		if err := w.child(int64(binary.LittleEndian.Uint64(b[keyEnd:])), depth+1); err != nil {
			return err
		}
	}
	if flags&entryLast != 0 {
		return nil
	}
	n := int(binary.LittleEndian.Uint16(b[10:])) // AttributeLength
	if 16+n > keyEnd {
		return w.corrupt("a key of %d bytes in an entry of %d", n, len(b))
	}
	name, err := parseFileName(b[16:16+n], w.place)
	if err != nil {
		return err
	}
	ref := reference(binary.LittleEndian.Uint64(b)) // FileReference
	if name.namespace == namespaceDOS || ref.number() < firstUserRecord {
		return nil
	}
	if !usable(name.name) {
		return w.corrupt("the name %q is no path element", name.name)
	}
	w.entries = append(w.entries, entry{name.name, ref, name.flags})
	return nil
}

// child reads INDEX_ALLOCATION_BUFFER number vcn.
func (w *indexWalk) child(vcn int64, depth int) error {
	if w.blocks == nil || vcn < 0 || vcn > (w.blocks.size-w.block)/w.vcn {
		return w.corrupt("index block %d does not exist", vcn)
	}
	if _, ok := w.seen[vcn]; ok {
		return w.corrupt("index block %d has two parents", vcn)
	}
	if w.seen == nil {
		w.seen = map[int64]struct{}{}
	}
	w.seen[vcn] = struct{}{}
	off := vcn * w.vcn
	sub := *w
	sub.index, sub.offset = vcn+1, w.blocks.locate(off)
	p := sub.place
	b, err := w.nodes.read(&sub, off, depth)
	if err != nil {
		return err
	}
	if err := applyFixups(b, "INDX", p); err != nil {
		return err
	}
	if got := binary.LittleEndian.Uint64(b[16:]); got != uint64(vcn) { // ThisBlock
		return p.corrupt("the block says that it is number %d", got)
	}
	err = sub.node(b[24:], depth)
	w.entries = sub.entries
	return err
}
