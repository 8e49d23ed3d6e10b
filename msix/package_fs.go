package msix

import (
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// FS gives every file of the container under its decoded name, as it is and
// unchecked but for length and CRC-32. Files are read forward only.
func (p *Package) FS() fs.FS {
	return newTree(p, nil)
}

// Expanded gives the package as the fs.FS of an expanded folder: without
// [Content_Types].xml, and with every block compared with the block map before
// it is handed out. An image can be made from it without unpacking to disk.
// Files of the block map can also be read at an offset (io.ReaderAt), which is
// cheap for stored files and for those whose block map gives sizes of blocks.
//
// Files that are neither in the block map nor footprint files are not there.
func (p *Package) Expanded() (fs.FS, error) {
	bm, err := p.BlockMap()
	if err != nil {
		return nil, err
	}
	return newTree(p, bm), nil
}

// treeFS is the folder tree of a container.
type treeFS struct {
	p     *Package
	bm    *BlockMap            // nil: no block is checked
	nodes map[string]*treeNode // foldName(path) -> node
}

// treeNode is a file or folder of the tree.
type treeNode struct {
	name     string
	entry    *zipEntry // nil for folders
	children []fs.DirEntry
}

func newTree(p *Package, bm *BlockMap) *treeFS {
	t := &treeFS{p: p, bm: bm, nodes: map[string]*treeNode{".": {name: "."}}}
	for i := range p.dir.entries {
		if e := &p.dir.entries[i]; !strings.HasSuffix(e.path, "/") && t.wanted(e.path) {
			t.insert(e.path, e)
		}
	}
	for _, n := range t.nodes {
		slices.SortFunc(n.children, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	}
	return t
}

// wanted tells the files that an expanded folder has.
func (t *treeFS) wanted(name string) bool {
	if t.bm == nil {
		return true
	}
	if foldName(name) == foldName(ContentTypesName) {
		return false
	}
	_, ok := t.bm.File(name)
	return ok || isUnmapped(name)
}

// insert adds a file and the folders above it. Folders that differ in case
// only are one, spelled as they are met first: they would be one on Windows.
// OpenPackage has refused names that are a file and a folder at once.
func (t *treeFS) insert(name string, e *zipEntry) {
	n := &treeNode{name: path.Base(name), entry: e}
	for child := name; child != "."; {
		dir := path.Dir(child)
		parent, known := t.nodes[foldName(dir)]
		if !known {
			parent = &treeNode{name: path.Base(dir)}
		}
		t.nodes[foldName(child)] = n
		parent.children = append(parent.children, fs.FileInfoToDirEntry(n))
		if known {
			return
		}
		child, n = dir, parent
	}
}

// Open implements fs.FS. As on Windows, case does not matter.
func (t *treeFS) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	n, ok := t.nodes[foldName(name)]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	if n.entry == nil {
		return &treeDir{node: n, left: slices.Clone(n.children)}, nil
	}
	f, err := t.openFile(n)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return f, nil
}

func (t *treeFS) openFile(n *treeNode) (fs.File, error) {
	e := n.entry
	if t.bm != nil {
		if f, ok := t.bm.File(e.path); ok {
			return t.openVerified(n, f)
		}
	}
	r, err := t.p.open(e)
	if err != nil {
		return nil, err
	}
	return &treeFile{ReadCloser: r, node: n}, nil
}

// openVerified opens a file of the block map with the cheapest source of its blocks.
func (t *treeFS) openVerified(n *treeNode, f *BlockMapFile) (fs.File, error) {
	e := n.entry
	if e.usize != f.Size {
		return nil, &Error{Format: blockMapFormat, Structure: f.Path, Offset: -1, Err: ErrBlockHash}
	}
	data, err := t.p.dataOffset(e)
	if err != nil {
		return nil, err
	}
	opened := &verifiedFile{info: n, file: f, hash: t.bm.Hash, cached: -1}
	ends, segmented := segmentEnds(f, data, e.csize)
	switch {
	case e.method == methodStore:
		opened.src = plainBlocks{r: io.NewSectionReader(t.p.r, data, e.csize)}
	case segmented:
		opened.src = &segmentBlocks{r: t.p.r, ends: ends, base: data}
	default:
		opened.src = &streamBlocks{open: func() (io.ReadCloser, error) { return t.p.open(e) }}
	}
	return opened, nil
}
