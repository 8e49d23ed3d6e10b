package msix

import (
	"io"
	"io/fs"
	"time"
)

// Name implements fs.FileInfo.
func (n *treeNode) Name() string { return n.name }

// Size implements fs.FileInfo.
func (n *treeNode) Size() int64 {
	if n.entry == nil {
		return 0
	}
	return n.entry.usize
}

// Mode implements fs.FileInfo: files and folders are read-only.
func (n *treeNode) Mode() fs.FileMode {
	if n.entry == nil {
		return fs.ModeDir | 0o555
	}
	return 0o444
}

// ModTime implements fs.FileInfo; folders have none.
func (n *treeNode) ModTime() time.Time {
	if n.entry == nil {
		return time.Time{}
	}
	return n.entry.modified
}

// IsDir implements fs.FileInfo.
func (n *treeNode) IsDir() bool { return n.entry == nil }

// Sys implements fs.FileInfo.
func (n *treeNode) Sys() any { return nil }

// treeFile is an open file that is not checked block by block.
type treeFile struct {
	io.ReadCloser
	node *treeNode
}

// Stat implements fs.File.
func (f *treeFile) Stat() (fs.FileInfo, error) { return f.node, nil }

// treeDir is an open folder.
type treeDir struct {
	node *treeNode
	left []fs.DirEntry
}

// Stat implements fs.File.
func (d *treeDir) Stat() (fs.FileInfo, error) { return d.node, nil }

// Close implements fs.File.
func (d *treeDir) Close() error { return nil }

// Read implements fs.File.
func (d *treeDir) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.node.name, Err: fs.ErrInvalid}
}

// ReadDir implements fs.ReadDirFile.
func (d *treeDir) ReadDir(n int) ([]fs.DirEntry, error) { return takeEntries(&d.left, n) }
