package vhd

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

const defaultBlockSize = 2 << 20 // specification, "Block Size"

// errClosed is what a Writer says after Close.
var errClosed = errors.New("vhd: the writer is closed")

// Options are the choices of [Create]. The zero value makes a dynamic image of
// 2 MiB blocks with a zero identity.
type Options struct {
	Subformat string    // Fixed or Dynamic; "" is Dynamic
	BlockSize int64     // of dynamic images, in bytes; 0 is 2 MiB
	ID        [16]byte  // unique identity; the caller draws it
	Time      time.Time // time of creation, kept in seconds since 2000
}

// Writer writes a virtual disk into an image file. A block of a dynamic image
// is placed when a byte of it other than zero is written. It may not be used
// concurrently.
type Writer struct {
	w         io.WriterAt
	foot      footer
	blockSize int64 // 0 for fixed images
	table     []uint32
	next      int64 // where the next block, or at last the footer, goes
	closed    bool
}

// Create starts an image with a virtual disk of size bytes, whole sectors, in w.
// w must be empty: what is not written is taken to read as zero. The image is
// complete, and recognisable as one, only after Close.
func Create(w io.WriterAt, size int64, opt Options) (*Writer, error) {
	if size <= 0 || size > maxDiskSize || size%sectorSize != 0 {
		return nil, fmt.Errorf("vhd: a disk of %d bytes cannot be made: expected whole sectors of 512 bytes up to 2040 GiB", size)
	}
	v := &Writer{w: w, next: size, foot: footer{
		dataOffset: noOffset,
		timestamp:  timestampOf(opt.Time),
		// Readers trust the size beside this creator and the geometry beside
		// unknown ones, which would shorten most disks.
		creator:  "win ",
		size:     size,
		geometry: geometryOf(size),
		kind:     kindFixed,
		id:       opt.ID,
	}}
	switch opt.Subformat {
	case Fixed:
		return v, nil
	case Dynamic, "":
		return v, v.layOut(opt.BlockSize)
	default:
		return nil, fmt.Errorf("vhd: subformat %q cannot be made: expected %q or %q", opt.Subformat, Fixed, Dynamic)
	}
}

// layOut prepares a dynamic image: footer copy, header, table, then blocks.
func (v *Writer) layOut(blockSize int64) error {
	if blockSize == 0 {
		blockSize = defaultBlockSize
	}
	if blockSize < minBlockSize || blockSize > maxBlockSize || blockSize&(blockSize-1) != 0 {
		return fmt.Errorf("vhd: block size %d: expected a power of two from 512 KiB to 256 MiB", blockSize)
	}
	v.blockSize = blockSize
	v.foot.kind, v.foot.dataOffset = kindDynamic, footerSize
	v.table = make([]uint32, (v.foot.size+blockSize-1)/blockSize)
	for i := range v.table {
		v.table[i] = free
	}
	tableSize := (4*int64(len(v.table)) + sectorSize - 1) / sectorSize * sectorSize
	v.next = footerSize + headerSize + tableSize
	return nil
}

// Size is the size of the virtual disk in bytes.
func (v *Writer) Size() int64 { return v.foot.size }

// WriteAt writes p at offset off of the virtual disk, whose end it may not pass.
func (v *Writer) WriteAt(p []byte, off int64) (int, error) {
	if v.closed {
		return 0, errClosed
	}
	if off < 0 || off > v.foot.size || int64(len(p)) > v.foot.size-off {
		return 0, fmt.Errorf("vhd: %d bytes at %d do not fit into the disk of %d bytes: %w", len(p), off, v.foot.size, io.ErrShortWrite)
	}
	if v.blockSize == 0 {
		return v.w.WriteAt(p, off)
	}
	for n := 0; n < len(p); {
		m, err := v.writeBlock(p[n:], off+int64(n))
		if n += m; err != nil {
			return n, err
		}
	}
	return len(p), nil
}

// writeBlock writes what one block takes of p.
func (v *Writer) writeBlock(p []byte, off int64) (int, error) {
	i, within := off/v.blockSize, off%v.blockSize
	p = p[:min(int64(len(p)), v.blockSize-within)]
	bitmap := bitmapSize(v.blockSize)
	if v.table[i] == free {
		if isZero(p) {
			return len(p), nil
		}
		// All sectors count as written: the bitmap serves parents only.
		if _, err := v.w.WriteAt(bytes.Repeat([]byte{0xFF}, int(bitmap)), v.next); err != nil {
			return 0, err
		}
		v.table[i] = uint32(v.next / sectorSize)
		v.next += bitmap + v.blockSize
	}
	return v.w.WriteAt(p, int64(v.table[i])*sectorSize+bitmap+within)
}

// Close writes the structures that make the file an image. It does not close
// the underlying writer; a second Close does nothing.
func (v *Writer) Close() error {
	if v.closed {
		return nil
	}
	v.closed = true
	foot := v.foot.marshal()
	if v.blockSize != 0 {
		if _, err := v.w.WriteAt(v.front(foot), 0); err != nil {
			return err
		}
	}
	_, err := v.w.WriteAt(foot, v.next)
	return err
}

// front is what a dynamic image has before its blocks.
func (v *Writer) front(foot []byte) []byte {
	h := header{
		tableOffset: footerSize + headerSize,
		maxEntries:  uint32(len(v.table)),
		blockSize:   uint32(v.blockSize),
	}
	b := append(foot[:footerSize:footerSize], h.marshal()...)
	for _, entry := range v.table {
		b = binary.BigEndian.AppendUint32(b, entry)
	}
	// Entries past the last block, padding to a sector, are free as well.
	for len(b)%sectorSize != 0 {
		b = append(b, 0xFF)
	}
	return b
}

// isZero reports whether p holds nothing but zeroes: its first byte is one, and
// each other equals the one before it.
func isZero(p []byte) bool {
	return len(p) == 0 || p[0] == 0 && bytes.Equal(p[1:], p[:len(p)-1])
}
