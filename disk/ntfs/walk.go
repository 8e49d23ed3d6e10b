package ntfs

import (
	"cmp"
	"io/fs"
	"strings"
	"time"
)

// Found is a file or folder that Walk comes by.
type Found struct {
	Path     string
	Type     fs.FileMode // as of an [io/fs.DirEntry]
	Size     int64       // bytes; 0 for folders
	Modified time.Time   // UTC
	Streams  []NamedStream
}

// Walk visits everything in the volume in the order of [io/fs.WalkDir] and tells what that and Info tell, but reads the
// records of files by and by and not one at a time, and takes no memory for each. It stops at the first error of visit. What
// cannot be read is visited with its error, a folder a second time; it returns that of the root.
func (f *FS) Walk(visit func(found *Found, err error) error) error {
	w := &walker{fs: f, scan: newScan(f), nodes: nodes{once: true}, visit: visit}
	if _, err := f.Stat("."); err != nil {
		return err
	}
	if w.scan != nil {
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			w.scan.run()
		}()
		defer func() {
			w.scan.stop()
			<-ended // nothing reads the volume when Walk has returned
		}()
	}
	d, err := w.load(recordRoot)
	if err != nil {
		return &fs.PathError{Op: "readdir", Path: ".", Err: err}
	}
	return w.folder(d, recordRoot, "")
}

type walker struct {
	fs    *FS
	scan  *scan // nil: the MFT is too large
	nodes nodes
	attrs []attribute
	visit func(*Found, error) error
	found Found
}

// folder visits what is in a folder, whose path ends with a slash but for the root's, which is empty.
func (w *walker) folder(d *directory, number int64, path string) error {
	links, err := w.links(d)
	if err != nil {
		return w.unread(strings.TrimSuffix(path, "/"), err)
	}
	for i := range d.entries {
		e := &d.entries[i]
		w.found = Found{Path: path + e.name}
		err := w.tell(e, links[i])
		isDir := err == nil && w.found.Type.IsDir()
		if err := w.visit(&w.found, err); err != nil {
			return err
		}
		if isDir {
			if err := w.below(e, number, path+e.name); err != nil {
				return err
			}
		}
	}
	return nil
}

// below goes into the folder behind an entry of the folder with that record number.
func (w *walker) below(e *entry, parent int64, name string) error {
	d, err := w.enter(e, parent, name)
	if err != nil {
		return w.unread(name, err)
	}
	return w.folder(d, e.ref.number(), name+"/")
}

// unread tells of a folder that cannot be listed; the root has nobody to tell.
func (w *walker) unread(name string, err error) error {
	err = &fs.PathError{Op: "readdir", Path: cmp.Or(name, "."), Err: err}
	if name == "" {
		return err
	}
	w.found = Found{Path: name, Type: fs.ModeDir}
	return w.visit(&w.found, err)
}

// links reads the reparse points of a folder, by the place of their entries: what one is, only its record tells.
func (w *walker) links(d *directory) (map[int]*info, error) {
	var links map[int]*info
	for i := range d.entries {
		if d.entries[i].flags&attributeReparse == 0 {
			continue
		}
		link, err := w.fs.infoOf(d.entries[i])
		if err != nil {
			return nil, err
		}
		if links == nil {
			links = map[int]*info{}
		}
		links[i] = link
	}
	return links, nil
}

// tell fills in what was found.
func (w *walker) tell(e *entry, link *info) error {
	if w.scan != nil && link == nil {
		if b := w.scan.brief(e.ref); b != nil {
			w.found.Size, w.found.Modified = b.size, timeOf(b.modified)
			if e.flags&fileNameDirectoryIndex != 0 {
				w.found.Type, w.found.Size = fs.ModeDir, 0
			}
			return nil
		}
	}
	if e.flags&fileNameDirectoryIndex != 0 {
		w.found.Type = fs.ModeDir
	}
	kind := link
	if link == nil {
		var err error
		if link, err = w.fs.infoOf(*e); err != nil {
			return &fs.PathError{Op: "stat", Path: e.name, Err: err}
		}
	}
	w.found.Size, w.found.Modified, w.found.Streams = link.size, link.stat.Modified, link.stat.Streams
	if kind != nil {
		w.found.Type = kind.Type()
	}
	if w.found.Type.IsDir() {
		w.found.Size = 0
	}
	return nil
}

// enter loads the folder behind an entry, and holds it to its one place as checkChild does.
func (w *walker) enter(e *entry, parent int64, name string) (*directory, error) {
	if strings.Count(name, "/") >= maxLevels {
		return nil, tooDeep()
	}
	d, err := w.load(e.ref)
	if err != nil {
		return nil, err
	}
	return d, d.in(parent, *e)
}

func (w *walker) load(ref reference) (*directory, error) {
	if w.scan == nil {
		return w.fs.directory(ref)
	}
	b := w.scan.brief(ref)
	if b == nil || b.folder == nil {
		return w.fs.directory(ref)
	}
	ino, err := w.scan.inode(b, ref, w.attrs[:0])
	if err != nil {
		return nil, err
	}
	w.attrs = ino.attrs
	return w.fs.loadDirectory(ino, &w.nodes)
}
