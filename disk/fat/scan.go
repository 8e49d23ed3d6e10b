package fat

import (
	"io/fs"
	"path"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// node is a file or folder of the tree to write.
type node struct {
	path     string // in the tree
	name     string
	short    [11]byte // DIR_Name
	isDir    bool
	size     int64 // bytes; of a folder, those of its entries
	children []*node
	parent   *node
	first    uint32 // first cluster, 0 for an empty file
}

// at names a node in errors.
func (n *node) at() place { return place{"tree, " + n.path, -1} }

// scan reads the names and sizes of a tree.
func scan(tree fs.FS) (*node, error) {
	root := &node{path: ".", isDir: true}
	return root, root.scan(tree)
}

// scan reads a folder's children, depth first. Two entries are in every folder besides: "." and ".." or, in the root,
// the label.
func (n *node) scan(tree fs.FS) error {
	list, err := fs.ReadDir(tree, n.path)
	if err != nil {
		return n.at().wrap(err)
	}
	for _, d := range list {
		child := &node{path: path.Join(n.path, d.Name()), name: d.Name(), isDir: d.IsDir(), parent: n}
		if err := child.check(d); err != nil {
			return err
		}
		n.children = append(n.children, child)
		if child.isDir {
			if err := child.scan(tree); err != nil {
				return err
			}
		}
	}
	if err := assignShortNames(n); err != nil {
		return err
	}
	n.size = 2 * entrySize
	for _, c := range n.children {
		n.size += int64(entrySize * (1 + c.longEntries()))
	}
	if n.size > maxDirBytes {
		return n.at().unsupported("%d entries are more than the 65536 of FAT; divide the folder", n.size/entrySize)
	}
	return nil
}

// check holds a file to what FAT can store.
func (n *node) check(d fs.DirEntry) error {
	if err := n.checkName(); err != nil {
		return err
	}
	if n.isDir {
		return nil
	}
	if !d.Type().IsRegular() {
		return n.at().unsupported("FAT stores files and folders only, this is %v", d.Type())
	}
	info, err := d.Info()
	if err != nil {
		return n.at().wrap(err)
	}
	if n.size = info.Size(); n.size > maxFileSize {
		return n.at().unsupported("%d bytes; files on FAT32 end at 4 GiB, use NTFS", n.size)
	}
	return nil
}

// checkName holds a name to what Windows can open from a FAT volume.
func (n *node) checkName() error {
	switch name := n.name; {
	case !utf8.ValidString(name):
		return n.at().unsupported("the name is not UTF-8")
	case len(utf16.Encode([]rune(name))) > 255:
		return n.at().unsupported("the name is longer than 255 characters")
	case strings.TrimRight(name, ". ") != name:
		return n.at().unsupported("Windows drops the dot or blank at the end of the name")
	}
	for _, r := range n.name {
		if r < 0x20 || strings.ContainsRune(`"*/:<>?\|`, r) {
			return n.at().unsupported("the name holds %q, which FAT does not allow", r)
		}
	}
	return nil
}

// clusters counts the clusters that a tree takes.
func (n *node) clusters(cluster int64) int64 {
	total := (n.size + cluster - 1) / cluster
	for _, c := range n.children {
		total += c.clusters(cluster)
	}
	return total
}

// place numbers the clusters of a tree one after the other, from next on: a folder, its files, then its folders. It
// answers the nodes in that order, and the first cluster left free.
func (n *node) place(cluster int64, next uint32) ([]*node, uint32) {
	take := func(n *node) {
		if n.size > 0 {
			n.first = next
			next += uint32((n.size + cluster - 1) / cluster)
		}
	}
	order := []*node{n}
	take(n)
	for _, c := range n.children {
		if !c.isDir {
			order = append(order, c)
			take(c)
		}
	}
	for _, c := range n.children {
		if c.isDir {
			var below []*node
			below, next = c.place(cluster, next)
			order = append(order, below...)
		}
	}
	return order, next
}
