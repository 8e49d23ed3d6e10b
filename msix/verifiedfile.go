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

// parallel tells whether blocks can be read by several at once: what lies as it is needs no state to be read.
func (f *verifiedFile) parallel() bool {
	_, plain := f.src.(plainBlocks)
	return plain
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

// ReadAt implements io.ReaderAt. Where it can be, nothing is locked while a block is read and hashed.
func (f *verifiedFile) ReadAt(p []byte, off int64) (int, error) {
	if f.parallel() {
		return f.readBlocks(p, off, f.readUnlocked)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.readAt(p, off)
}

// readUnlocked is readInBlock without the lock.
func (f *verifiedFile) readUnlocked(p []byte, off int64) (int, error) {
	i, within := int(off/BlockSize), int(off%BlockSize)
	size := f.file.blockLen(i)
	if within == 0 && len(p) >= size {
		return size, f.load(i, p[:size])
	}
	if n := f.fromCache(i, within, p); n > 0 {
		return n, nil
	}
	block := make([]byte, size)
	if err := f.load(i, block); err != nil {
		return 0, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cached, f.cache = i, block
	return copy(p, block[within:]), nil
}

// fromCache copies from the block that is kept, if it is this one.
func (f *verifiedFile) fromCache(i, within int, p []byte) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	if i != f.cached {
		return 0
	}
	return copy(p, f.cache[within:f.file.blockLen(i)])
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
	return f.readBlocks(p, off, f.readInBlock)
}

// readBlocks fills p by reading what one block after another gives of it.
func (f *verifiedFile) readBlocks(p []byte, off int64, read func([]byte, int64) (int, error)) (int, error) {
	if off < 0 {
		return 0, &fs.PathError{Op: "read", Path: f.file.Path, Err: fs.ErrInvalid}
	}
	done := 0
	for done < len(p) {
		if off >= f.file.Size {
			return done, io.EOF
		}
		n, err := read(p[done:], off)
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
		if int64(len(f.cache)) < min(BlockSize, f.file.Size) {
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
