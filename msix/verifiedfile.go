package msix

import (
	"crypto"
	"errors"
	"io"
	"io/fs"
	"sync"
)

// verifiedFile is an open file that checks each block when it is read. The
// one block that was read last is kept; nothing that was checked once is read
// again unchecked, since what lies under it (a share) can change.
type verifiedFile struct {
	info   fs.FileInfo
	file   *BlockMapFile
	hash   crypto.Hash
	src    blockSource
	closer io.Closer // may be nil

	mu     sync.Mutex
	pos    int64
	cached int // block in cache; -1: none
	cache  []byte
}

// Stat implements fs.File.
func (f *verifiedFile) Stat() (fs.FileInfo, error) { return f.info, nil }

// Close implements fs.File.
func (f *verifiedFile) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cached, f.cache = -1, nil
	if c, ok := f.src.(io.Closer); ok {
		return c.Close()
	}
	if f.closer != nil {
		return f.closer.Close()
	}
	return nil
}

// Read implements io.Reader.
func (f *verifiedFile) Read(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, err := f.readAt(p, f.pos)
	f.pos += int64(n)
	if n > 0 && errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

// ReadAt implements io.ReaderAt.
func (f *verifiedFile) ReadAt(p []byte, off int64) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.readAt(p, off)
}

// Seek implements io.Seeker.
func (f *verifiedFile) Seek(offset int64, whence int) (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch whence {
	case io.SeekCurrent:
		offset += f.pos
	case io.SeekEnd:
		offset += f.file.Size
	}
	if offset < 0 {
		return 0, &fs.PathError{Op: "seek", Path: f.file.Path, Err: fs.ErrInvalid}
	}
	f.pos = offset
	return offset, nil
}

func (f *verifiedFile) readAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, &fs.PathError{Op: "read", Path: f.file.Path, Err: fs.ErrInvalid}
	}
	done := 0
	for done < len(p) {
		if off >= f.file.Size {
			return done, io.EOF
		}
		n, err := f.readInBlock(p[done:], off)
		if err != nil {
			return done, err
		}
		done += n
		off += int64(n)
	}
	return done, nil
}

// readInBlock copies from the block that holds off. Whole blocks go straight
// into p, parts of blocks by way of the cache.
func (f *verifiedFile) readInBlock(p []byte, off int64) (int, error) {
	i, within := int(off/BlockSize), int(off%BlockSize)
	size := f.file.blockLen(i)
	if within == 0 && len(p) >= size && i != f.cached {
		return size, f.load(i, p[:size])
	}
	if i != f.cached {
		if f.cache == nil {
			f.cache = make([]byte, min(BlockSize, f.file.Size))
		}
		f.cached = -1
		if err := f.load(i, f.cache[:size]); err != nil {
			return 0, err
		}
		f.cached = i
	}
	return copy(p, f.cache[within:size]), nil
}

// load reads block i into p and checks it. On failure p holds no unchecked bytes.
func (f *verifiedFile) load(i int, p []byte) error {
	err := f.src.readBlock(i, p)
	if err == nil {
		err = f.file.checkBlock(f.hash, i, p)
	} else {
		err = &Error{Format: blockMapFormat, Structure: f.file.Path, Offset: int64(i) * BlockSize, Err: err}
	}
	if err != nil {
		clear(p)
	}
	return err
}
