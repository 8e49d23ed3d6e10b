package imaging

import (
	"io/fs"
	"time"

	"berth/disk/ntfs"
)

// Entry is one file or folder of a volume, as a listing shows it.
type Entry struct {
	Path     string    `json:"path"` // in the volume, with slashes
	Folder   bool      `json:"folder,omitempty"`
	Size     int64     `json:"size"` // bytes
	Modified time.Time `json:"modified,omitzero"`

	Streams []Stream `json:"streams,omitempty"` // beside the content
}

// Walk visits what is in a folder, and when it goes deep what is below, or one file, in the order of [io/fs.WalkDir]. What
// cannot be read is visited with its error and left out; the error of Walk is that of root, or of visit.
func (f *Files) Walk(root string, deep bool, visit func(Entry, error) error) error {
	if volume, ok := f.FS.(*ntfs.FS); ok && deep && root == "." {
		return volume.Walk(func(at *ntfs.Found, err error) error {
			e := Entry{Path: at.Path, Folder: at.Type.IsDir(), Size: at.Size, Modified: at.Modified}
			for _, s := range at.Streams {
				e.Streams = append(e.Streams, Stream(s))
			}
			return visit(e, err)
		})
	}
	return fs.WalkDir(f.FS, root, func(name string, d fs.DirEntry, err error) error {
		if name == root && (err != nil || d.IsDir()) {
			return err
		}
		e := Entry{Path: name}
		if err == nil {
			err = e.of(d)
		}
		if verr := visit(e, err); verr != nil {
			return verr
		}
		if d.IsDir() && (!deep || err != nil) {
			return fs.SkipDir
		}
		return nil
	})
}

func (e *Entry) of(d fs.DirEntry) error {
	info, err := d.Info()
	if err != nil {
		return err
	}
	e.Folder, e.Size, e.Modified, e.Streams = d.IsDir(), info.Size(), info.ModTime(), StreamsOf(info)
	if e.Folder {
		e.Size = 0
	}
	return nil
}
