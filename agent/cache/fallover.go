package cache

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"berth"
	"berth/imaging"
	"berth/share"
)

// FallOver opens files where they are, and goes on in the host's copy of them once they cannot be read any more: what was
// attached from the share outlives it. Only complete and checked copies of exactly the file that was opened are used, by
// size and stamp. Folder is that of a Cache, which need not be in this process.
type FallOver struct {
	Opener imaging.Opener
	Folder string
	Log    *slog.Logger
}

// Open implements imaging.Opener.
func (o FallOver) Open(ctx context.Context, path string) (*share.File, error) {
	f, err := o.Opener.Open(ctx, path)
	if err != nil || f.Stamp == "" {
		return f, err
	}
	r := &fallenOver{from: o, file: f}
	out := share.NewFile(r, f.Path, f.Size, r.Close)
	out.Stamp = f.Stamp
	return out, nil
}

// fallenOver reads a file of the share, or the copy of it once that was needed.
type fallenOver struct {
	from FallOver
	file *share.File

	mu     sync.Mutex
	copy   *os.File // nil: the share is read
	closed bool
}

// ReadAt implements io.ReaderAt.
func (r *fallenOver) ReadAt(p []byte, off int64) (int, error) {
	if k := r.copied(); k != nil {
		return k.ReadAt(p, off)
	}
	n, err := r.file.ReadAt(p, off)
	if err == nil || errors.Is(err, io.EOF) || berth.ErrorKind(err) != berth.Unavailable {
		return n, err
	}
	if k := r.switchOver(err); k != nil {
		return k.ReadAt(p, off)
	}
	return n, err
}

func (r *fallenOver) copied() *os.File {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.copy
}

// switchOver looks for a copy of the file. There may be none: then the share is asked again by the next read.
func (r *fallenOver) switchOver(why error) *os.File {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.copy != nil || r.closed {
		return r.copy
	}
	path := r.from.find(r.file)
	if path == "" {
		return nil
	}
	k, err := os.Open(path)
	if err != nil {
		return nil
	}
	r.from.Log.Warn("the share cannot be read; going on in the host's copy", "file", r.file.Path, "copy", path, "error", why)
	r.copy = k
	return k
}

// find returns the path of a file in a good copy, empty when there is none.
func (o FallOver) find(f *share.File) string {
	entries, err := os.ReadDir(o.Folder)
	if err != nil {
		return ""
	}
	for _, e := range entries {
		if !e.IsDir() || !folderNames().MatchString(e.Name()) {
			continue
		}
		k, err := loadCopy(filepath.Join(o.Folder, e.Name()))
		if err != nil || k.good == nil {
			continue
		}
		for _, part := range k.doc.Files {
			if nameOf(part.Path) == nameOf(f.Path) && part.Size == f.Size && part.Stamp == f.Stamp {
				return k.path(part)
			}
		}
	}
	return ""
}

// Close lets go of the file, and of the copy.
func (r *fallenOver) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	err := r.file.Close()
	if r.copy != nil {
		err = errors.Join(err, r.copy.Close())
	}
	return err
}
