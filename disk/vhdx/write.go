package vhdx

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"unicode/utf16"
)

const (
	defaultBlockSize = 2 * mib // small, as most app attach images are
	creator          = "Berth"

	// Where a new image has its regions; payload blocks follow the BAT.
	newLogAt      = 1 * mib
	newMetadataAt = 2 * mib
	newBATAt      = 3 * mib
)

// errClosed is what a Writer says after Close.
var errClosed = errors.New("vhdx: the writer is closed")

// Options are the choices of [Create]. All but Random may be left out.
type Options struct {
	Subformat          string    // Fixed or Dynamic; "" is Dynamic
	BlockSize          int64     // 1 to 256 MiB, a power of two; 0 is 2 MiB
	SectorSize         int       // logical sectors: 512 or 4096; 0 is 512
	PhysicalSectorSize int       // 512 or 4096; 0 is 4096
	Random             io.Reader // source of the image's four GUIDs
}

// Writer writes a virtual disk into an image file. A block of a dynamic image
// is placed when a byte of it other than zero is written. It may not be used
// concurrently.
type Writer struct {
	w      io.WriterAt
	meta   metadata
	layout layout
	regs   regions
	fileID guid
	dataID guid
	table  []int64
	next   int64 // where the next block goes: the file's size
	high   int64 // up to where the file has been written
	closed bool
}

// Create starts an image with a virtual disk of size bytes, whole sectors, in w.
// w must be empty: what is not written is taken to read as zero. The image is
// complete, and recognisable as one, only after Close.
func Create(w io.WriterAt, size int64, opt Options) (*Writer, error) {
	opt = opt.withDefaults()
	m := metadata{
		blockSize:      opt.BlockSize,
		leaveAllocated: opt.Subformat == Fixed,
		diskSize:       size,
		logicalSector:  int64(opt.SectorSize),
		physicalSector: int64(opt.PhysicalSectorSize),
	}
	if opt.Subformat != Fixed && opt.Subformat != Dynamic {
		return nil, fmt.Errorf("vhdx: subformat %q cannot be made: expected %q or %q", opt.Subformat, Fixed, Dynamic)
	}
	if err := m.check(0); err != nil {
		return nil, fmt.Errorf("cannot be made: %w", err)
	}
	if m.physicalSector != 512 && m.physicalSector != 4096 || opt.Random == nil {
		return nil, errors.New("vhdx: expected a physical sector size of 512 or 4096 and a source of random bytes")
	}
	v := &Writer{w: w, meta: m, layout: m.layout()}
	if v.layout.blocks() > maxBlocks {
		return nil, fmt.Errorf("vhdx: %d blocks, at most %d are handled: choose larger ones", v.layout.blocks(), maxBlocks)
	}
	for _, id := range []*guid{&v.fileID, &v.dataID, &v.meta.diskID} {
		if _, err := io.ReadFull(opt.Random, id[:]); err != nil {
			return nil, fmt.Errorf("vhdx: random bytes: %w", err)
		}
		id[7], id[8] = id[7]&0x0F|0x40, id[8]&0x3F|0x80 // RFC 9562: version 4
	}
	v.layOut()
	return v, nil
}

func (o Options) withDefaults() Options {
	if o.Subformat == "" {
		o.Subformat = Dynamic
	}
	if o.BlockSize == 0 {
		o.BlockSize = defaultBlockSize
	}
	if o.SectorSize == 0 {
		o.SectorSize = 512
	}
	if o.PhysicalSectorSize == 0 {
		o.PhysicalSectorSize = 4096
	}
	return o
}

// layOut places the regions, and all blocks of a fixed image.
func (v *Writer) layOut() {
	length := (8*v.layout.entries() + mib - 1) / mib * mib
	v.regs = regions{bat: region{newBATAt, length}, metadata: region{newMetadataAt, mib}}
	v.next = newBATAt + length
	v.table = make([]int64, v.layout.blocks())
	for i := range v.table {
		if v.meta.leaveAllocated {
			v.place(i)
		}
	}
}

// place gives block i the next room in the file.
func (v *Writer) place(i int) {
	v.table[i] = v.next
	v.next += v.meta.blockSize
}

// Size is the size of the virtual disk in bytes.
func (v *Writer) Size() int64 { return v.meta.diskSize }

// WriteAt writes p at offset off of the virtual disk, whose end it may not pass.
func (v *Writer) WriteAt(p []byte, off int64) (int, error) {
	if v.closed {
		return 0, errClosed
	}
	if off < 0 || off > v.meta.diskSize || int64(len(p)) > v.meta.diskSize-off {
		return 0, fmt.Errorf("vhdx: %d bytes at %d do not fit into the disk of %d bytes: %w", len(p), off, v.meta.diskSize, io.ErrShortWrite)
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
	i, within := int(off/v.meta.blockSize), off%v.meta.blockSize
	p = p[:min(int64(len(p)), v.meta.blockSize-within)]
	if v.table[i] == absent {
		if isZero(p) {
			return len(p), nil
		}
		v.place(i)
	}
	at := v.table[i] + within
	v.high = max(v.high, at+int64(len(p)))
	return v.w.WriteAt(p, at)
}

// Close writes the structures that make the file an image. It does not close
// the underlying writer; a second Close does nothing.
func (v *Writer) Close() error {
	if v.closed {
		return nil
	}
	v.closed = true
	parts := []struct {
		b  []byte
		at int64
	}{
		{v.bat(), v.regs.bat.offset},
		{v.meta.marshal(), v.regs.metadata.offset},
		{v.front(), 0},
	}
	for _, p := range parts {
		if _, err := v.w.WriteAt(p.b, p.at); err != nil {
			return err
		}
	}
	if written := max(v.high, v.regs.bat.offset+v.regs.bat.length); written < v.next {
		// The last block is to be there in full.
		_, err := v.w.WriteAt([]byte{0}, v.next-1)
		return err
	}
	return nil
}

// bat encodes the table with an empty entry after each chunk, where images with
// a parent have a sector bitmap.
func (v *Writer) bat() []byte {
	b := make([]byte, v.regs.bat.length)
	for i, offset := range v.table {
		if offset != absent {
			binary.LittleEndian.PutUint64(b[8*v.layout.index(int64(i)):], uint64(offset)/mib<<20|stateFull)
		}
	}
	return b
}

// front encodes the file identifier, both headers and both region tables.
func (v *Writer) front() []byte {
	b := make([]byte, frontSize)
	copy(b, signature)
	for i, u := range utf16.Encode([]rune(creator)) {
		binary.LittleEndian.PutUint16(b[8+2*i:], u)
	}
	h := header{sequence: 1, dataID: v.dataID, logLength: mib, logOffset: newLogAt}
	copy(b[headerAt1:], h.marshal(v.fileID))
	h.sequence++
	copy(b[headerAt2:], h.marshal(v.fileID))
	copy(b[regionsAt1:], v.regs.marshal())
	copy(b[regionsAt2:], v.regs.marshal())
	return b
}

// isZero reports whether p holds nothing but zeroes: its first byte is one, and
// each other equals the one before it.
func isZero(p []byte) bool {
	return len(p) == 0 || p[0] == 0 && bytes.Equal(p[1:], p[:len(p)-1])
}
