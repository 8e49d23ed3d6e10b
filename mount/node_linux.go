package mount

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"path"
	"runtime/debug"
	"strings"
	"syscall"

	fusefs "github.com/hanwen/go-fuse/v2/fs"
	proto "github.com/hanwen/go-fuse/v2/fuse"
)

// served is the content of a mount and what was found wrong with it.
type served struct {
	fsys  fs.FS
	files *openFiles
	note  func(name string, off int64, err error)
}

// guard turns a panic of a format package, which reads what anybody may have made, into EIO: it must not end the process
// that serves all the other mounts.
func (s *served) guard(name string, e *syscall.Errno) {
	if p := recover(); p != nil {
		s.note(name, 0, errors.New("panic: "+string(debug.Stack())))
		*e = syscall.EIO
	}
}

func (s *served) errno(name string, off int64, err error) syscall.Errno {
	e := errno(err)
	if e == syscall.EIO {
		s.note(name, off, err)
	}
	return e
}

// node is a file or folder of a mount. Nodes are made when the kernel asks for a name and go when it forgets it, so that an
// image with many files takes no memory for those that nobody opens.
type node struct {
	fusefs.Inode
	served *served
	name   string // slash path in the fs.FS, "." for its root
	info   fs.FileInfo
}

var (
	_ fusefs.NodeLookuper  = (*node)(nil)
	_ fusefs.NodeGetattrer = (*node)(nil)
	_ fusefs.NodeReaddirer = (*node)(nil)
	_ fusefs.NodeOpener    = (*node)(nil)
	_ fusefs.NodeReader    = (*node)(nil)
)

// Lookup implements fusefs.NodeLookuper.
func (n *node) Lookup(ctx context.Context, name string, out *proto.EntryOut) (child *fusefs.Inode, e syscall.Errno) {
	full := path.Join(n.name, name)
	defer n.served.guard(full, &e)
	if !fs.ValidPath(strings.ToValidUTF8(full, "_")) { // names of an image may hold half a surrogate pair
		return nil, syscall.ENOENT
	}
	if known := n.GetChild(name); known != nil {
		if k, ok := known.Operations().(*node); ok {
			k.fill(&out.Attr)
			return known, 0
		}
	}
	info, err := fs.Stat(n.served.fsys, full)
	if err != nil {
		return nil, n.served.errno(full, 0, err)
	}
	made := &node{served: n.served, name: full, info: info}
	made.fill(&out.Attr)
	return n.NewInode(ctx, made, fusefs.StableAttr{Mode: kind(info)}), 0
}

// Getattr implements fusefs.NodeGetattrer.
func (n *node) Getattr(_ context.Context, _ fusefs.FileHandle, out *proto.AttrOut) syscall.Errno {
	n.fill(&out.Attr)
	return 0
}

// fill gives everything the modes of a read-only file that may be executed: Wine maps programs so.
func (n *node) fill(a *proto.Attr) {
	a.Mode = kind(n.info) | 0o555
	if n.info.IsDir() {
		a.Nlink = 2
	} else {
		a.Nlink = 1
		a.Size = uint64(max(n.info.Size(), 0))
		a.Blocks = (a.Size + 511) / 512
	}
	if t := n.info.ModTime(); !t.IsZero() && t.Unix() > 0 {
		a.SetTimes(&t, &t, &t)
	}
}

func kind(info fs.FileInfo) uint32 {
	if info.IsDir() {
		return syscall.S_IFDIR
	}
	return syscall.S_IFREG
}

// Readdir implements fusefs.NodeReaddirer.
func (n *node) Readdir(context.Context) (stream fusefs.DirStream, e syscall.Errno) {
	defer n.served.guard(n.name, &e)
	entries, err := fs.ReadDir(n.served.fsys, n.name)
	if err != nil {
		return nil, n.served.errno(n.name, 0, err)
	}
	list := make([]proto.DirEntry, 0, len(entries))
	for _, entry := range entries {
		mode := uint32(syscall.S_IFREG)
		if entry.IsDir() {
			mode = syscall.S_IFDIR
		}
		list = append(list, proto.DirEntry{Name: entry.Name(), Mode: mode})
	}
	return fusefs.NewListDirStream(list), 0
}

// Open implements fusefs.NodeOpener: there is no need to ask. The kernel then opens files by itself, asks for what is read,
// and keeps it for as long as it likes: the content does not change. Most files are small, and to open and to close each
// would cost more than to read it.
func (n *node) Open(context.Context, uint32) (fusefs.FileHandle, uint32, syscall.Errno) {
	return nil, 0, syscall.ENOSYS
}

// Read implements fusefs.NodeReader. It gives all that was asked for or an error: the kernel would fill what is missing from
// a short answer with zeros, and a program would take them for content.
func (n *node) Read(_ context.Context, _ fusefs.FileHandle, dest []byte, off int64) (r proto.ReadResult, e syscall.Errno) {
	defer n.served.guard(n.name, &e)
	dest = dest[:min(int64(len(dest)), max(n.info.Size()-off, 0))]
	if len(dest) == 0 {
		return proto.ReadResultData(nil), 0
	}
	f, err := n.served.files.acquire(n.name)
	if err != nil {
		return nil, n.served.errno(n.name, off, err)
	}
	defer n.served.files.release(f)
	got, err := f.readAt(dest, off)
	if got == len(dest) {
		return proto.ReadResultData(dest), 0
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	n.served.note(n.name, off+int64(got), err)
	return nil, syscall.EIO
}

// errno is what a program that reads a mount gets for an error.
func errno(err error) syscall.Errno {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, fs.ErrNotExist):
		return syscall.ENOENT
	case errors.Is(err, fs.ErrPermission):
		return syscall.EACCES
	}
	return syscall.EIO
}
