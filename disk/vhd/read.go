package vhd

import (
	"encoding/binary"
	"errors"
	"io"

	"berth/disk/block"
)

// Disk is the virtual disk in an image file. It may be read concurrently if the
// reader under it may.
type Disk struct {
	r         io.ReaderAt
	foot      footer
	subformat string
	blockSize int64    // 0 for fixed disks
	table     []uint32 // sector at which each block's bitmap starts, or free

	end, headerAt int64 // where footer and dynamic header were read
	parent        *Parent
	base          io.ReaderAt // the parent, once joined
	baseSize      int64
	bitmaps       *block.Cache[int64, []byte] // by block, of differencing disks
}

// Open reads the structures of the image of size bytes in r. Errors are
// [*Error] and wrap ErrCorrupt, ErrTruncated or ErrUnsupported unless r failed.
// A differencing image can be read once its [Disk.Parent] was joined to it.
func Open(r io.ReaderAt, size int64) (*Disk, error) {
	foot, end, err := findFooter(r, size)
	if err != nil {
		return nil, err
	}
	d := &Disk{r: r, foot: foot, end: max(end, 0), headerAt: int64(foot.dataOffset & (1<<63 - 1))}
	switch foot.kind {
	case kindFixed:
		d.subformat = Fixed
		if foot.size > end {
			return nil, fail(ErrTruncated, "data", 0, "expected %d bytes of disk before the footer, found %d", foot.size, end)
		}
		return d, nil
	case kindDynamic:
		d.subformat = Dynamic
	case kindDifferencing:
		d.subformat, d.bitmaps = Differencing, newBitmaps()
	default:
		return nil, fail(ErrUnsupported, "footer disk type", end+60, "type %d, known are 2 (fixed), 3 (dynamic) and 4 (differencing)", foot.kind)
	}
	return d, d.openDynamic(size, end)
}

// findFooter returns the footer and the offset at which it starts, or -1 when
// the file has lost it and the copy at the start of a dynamic image stands in.
func findFooter(r io.ReaderAt, size int64) (footer, int64, error) {
	if size < footerSize {
		return footer{}, 0, fail(ErrNoFooter, "footer", 0, "expected at least %d bytes, the file has %d", footerSize, size)
	}
	tail := make([]byte, footerSize)
	if err := readFull(r, tail, size-footerSize, "footer"); err != nil {
		return footer{}, 0, err
	}
	shift := cookieShift(tail)
	if shift < 0 {
		f, err := readCopy(r)
		if errors.Is(err, ErrCorrupt) {
			err = fail(ErrNoFooter, "footer", size-footerSize, "no %q there and no sound copy at byte 0: not a VHD, or cut short", footerCookie)
		}
		return f, -1, err
	}
	end := size - footerSize + int64(shift)
	// The 511 byte footer lacks the last reserved byte, a zero.
	f, err := parseFooter(append(tail[shift:], make([]byte, shift)...), end)
	if errors.Is(err, ErrCorrupt) {
		// Damaged in place: the copy exists for this (specification,
		// "Dynamic Hard Disk Image").
		if c, cerr := readCopy(r); cerr == nil {
			return c, end, nil
		}
	}
	return f, end, err
}

// readCopy reads the footer copy at the start of a dynamic image.
func readCopy(r io.ReaderAt) (footer, error) {
	b := make([]byte, footerSize)
	if err := readFull(r, b, 0, "footer copy"); err != nil {
		return footer{}, err
	}
	if cookieShift(b) != 0 {
		return footer{}, fail(ErrCorrupt, "footer copy", 0, "no %q", footerCookie)
	}
	f, err := parseFooter(b, 0)
	if err == nil && f.kind == kindFixed {
		err = fail(ErrCorrupt, "footer copy", 60, "a fixed disk has none")
	}
	return f, err
}

// openDynamic reads header and table of an image of size bytes whose footer
// starts at end.
func (d *Disk) openDynamic(size, end int64) error {
	raw, err := readHeader(d.r, size, d.foot)
	if err != nil {
		return err
	}
	h, err := parseHeader(raw, d.headerAt)
	if err != nil {
		return err
	}
	if d.foot.kind == kindDifferencing {
		if err := d.readParent(raw, size); err != nil {
			return err
		}
	}
	d.blockSize = int64(h.blockSize)
	if err := d.readTable(h, size); err != nil {
		return err
	}
	last, err := d.checkTable(int64(h.tableOffset), size)
	if err == nil && end < 0 {
		err = fail(ErrTruncated, "footer", size, "it is missing: expected at least %d bytes, the file has %d", last+footerSize, size)
	}
	return err
}

// readTable reads as many entries of the block allocation table as the disk
// has blocks, in one read.
func (d *Disk) readTable(h header, size int64) error {
	at := int64(h.tableOffset & (1<<63 - 1))
	blocks := (d.foot.size + d.blockSize - 1) / d.blockSize
	if int64(h.maxEntries) < blocks {
		return fail(ErrCorrupt, "dynamic header table entries", int64(d.foot.dataOffset)+28,
			"%d entries for a disk of %d blocks", h.maxEntries, blocks)
	}
	if h.tableOffset > uint64(size) || at+4*blocks > size {
		return fail(ErrTruncated, "block allocation table", at, "expected %d bytes there, the file has %d bytes", 4*blocks, size)
	}
	raw := make([]byte, 4*blocks)
	if err := readFull(d.r, raw, at, "block allocation table"); err != nil {
		return err
	}
	d.table = make([]uint32, blocks)
	for i := range d.table {
		d.table[i] = binary.BigEndian.Uint32(raw[4*i:])
	}
	return nil
}

// checkTable holds every entry against the file's size and returns where the
// last block ends.
func (d *Disk) checkTable(at, size int64) (int64, error) {
	last := at + 4*int64(len(d.table))
	for i, entry := range d.table {
		if entry == free {
			continue
		}
		// A shortened last block needs only what the disk has of it.
		need := min(d.blockSize, d.foot.size-int64(i)*d.blockSize)
		end := d.blockStart(entry) + need
		if end > size {
			return 0, fail(ErrTruncated, "block allocation table entry", at+4*int64(i),
				"block %d ends at byte %d, the file has %d bytes", i, end, size)
		}
		last = max(last, end)
	}
	return last, nil
}

// blockStart is the offset of a block's data, behind its sector bitmap. In a
// dynamic image the bitmap is not consulted: it tells written sectors from never
// written ones, and the latter are zero in the file as well.
func (d *Disk) blockStart(entry uint32) int64 {
	return int64(entry)*sectorSize + bitmapSize(d.blockSize)
}

// ReadAt reads the virtual disk; blocks that are not present read as zeroes, or
// come from the parent.
func (d *Disk) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fail(ErrCorrupt, "virtual disk", off, "a negative offset was asked for")
	}
	if off >= d.foot.size {
		return 0, io.EOF
	}
	var short error
	if int64(len(p)) > d.foot.size-off {
		p, short = p[:d.foot.size-off], io.EOF
	}
	for n := 0; n < len(p); {
		m, err := d.readBlock(p[n:], off+int64(n))
		if n += m; err != nil {
			return n, err
		}
	}
	return len(p), short
}

// readBlock reads what one block, or a whole fixed disk, gives of p.
func (d *Disk) readBlock(p []byte, off int64) (int, error) {
	if d.blockSize == 0 {
		return all(p, readFull(d.r, p, off, "data"))
	}
	within := off % d.blockSize
	p = p[:min(int64(len(p)), d.blockSize-within)]
	entry := d.table[off/d.blockSize]
	switch {
	case entry == free && d.parent != nil:
		return all(p, d.readParentAt(p, off))
	case entry == free:
		clear(p)
		return len(p), nil
	case d.parent != nil:
		return d.readMixed(p, off, int64(entry)*sectorSize)
	}
	if err := readFull(d.r, p, d.blockStart(entry)+within, "block"); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Size is the size of the virtual disk in bytes.
func (d *Disk) Size() int64 { return d.foot.size }

// Subformat is [Fixed], [Dynamic] or [Differencing].
func (d *Disk) Subformat() string { return d.subformat }

// SectorSize is the logical sector size in bytes, always 512.
func (d *Disk) SectorSize() int { return sectorSize }

// ID is the unique identity in the footer, as a UUID in lower case.
func (d *Disk) ID() string { return formatUUID(d.foot.id) }

// Creator is the footer's four characters for the program that made the image,
// for instance "win ", "vpc " or "qem2".
func (d *Disk) Creator() string { return d.foot.creator }

// Geometry is the footer's geometry; see [Geometry] on why it is not the size.
func (d *Disk) Geometry() Geometry { return d.foot.geometry }
