package mount

import (
	"container/list"
	"errors"
	"io"
	"io/fs"
	"sync"
)

// mostOpen bounds the files that are kept open for the next read of them.
const mostOpen = 128

// openFiles keeps the files that were read last open. The kernel does not tell when a program closes a file, see node.Open.
type openFiles struct {
	fsys fs.FS

	mu    sync.Mutex
	files map[string]*openFile
	order *list.List // of *openFile; front is the most recent
}

func newOpenFiles(fsys fs.FS) *openFiles {
	return &openFiles{fsys: fsys, files: map[string]*openFile{}, order: list.New()}
}

// openFile is an open file. It is closed by the last that reads it once it is no longer kept.
type openFile struct {
	name  string
	file  fs.File
	users int           // guarded by openFiles, as are the next
	at    *list.Element // nil: no longer kept

	mu sync.Mutex // of files that have one position
}

// acquire gives the file to one read. Nothing is locked while a file is opened.
func (o *openFiles) acquire(name string) (*openFile, error) {
	if f := o.known(name); f != nil {
		return f, nil
	}
	file, err := o.fsys.Open(name)
	if err != nil {
		return nil, err
	}
	f, old := o.keep(&openFile{name: name, file: file, users: 1})
	closeAll(old)
	return f, nil
}

func (o *openFiles) known(name string) *openFile {
	o.mu.Lock()
	defer o.mu.Unlock()
	f := o.files[name]
	if f != nil {
		f.users++
		o.order.MoveToFront(f.at)
	}
	return f
}

// keep puts a file that was opened among the others, and returns those to close. Another read may have been faster.
func (o *openFiles) keep(f *openFile) (kept *openFile, old []fs.File) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if there := o.files[f.name]; there != nil {
		there.users++
		return there, []fs.File{f.file}
	}
	o.files[f.name], f.at = f, o.order.PushFront(f)
	if o.order.Len() <= mostOpen {
		return f, nil
	}
	if last, ok := o.order.Remove(o.order.Back()).(*openFile); ok {
		delete(o.files, last.name)
		if last.at = nil; last.users == 0 {
			old = append(old, last.file)
		}
	}
	return f, old
}

// release gives the file back.
func (o *openFiles) release(f *openFile) {
	o.mu.Lock()
	f.users--
	last := f.users == 0 && f.at == nil
	o.mu.Unlock()
	if last {
		_ = f.file.Close() // it was only read
	}
}

// close closes what nobody reads any more; the rest is closed by its readers.
func (o *openFiles) close() {
	o.mu.Lock()
	var old []fs.File
	for name, f := range o.files {
		delete(o.files, name)
		if f.at = nil; f.users == 0 {
			old = append(old, f.file)
		}
	}
	o.order.Init()
	o.mu.Unlock()
	closeAll(old)
}

func closeAll(files []fs.File) {
	for _, f := range files {
		_ = f.Close() // it was only read
	}
}

func (f *openFile) readAt(p []byte, off int64) (int, error) {
	if at, ok := f.file.(io.ReaderAt); ok {
		return at.ReadAt(p, off)
	}
	seeker, ok := f.file.(io.Seeker)
	if !ok {
		return 0, errors.ErrUnsupported
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := seeker.Seek(off, io.SeekStart); err != nil {
		return 0, err
	}
	return io.ReadFull(f.file, p)
}
