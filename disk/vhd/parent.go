package vhd

import (
	"encoding/binary"
	"fmt"
	"unicode/utf16"

	"berth/disk/block"
)

// Parent says where the parent of a differencing disk is and which it must be.
type Parent struct {
	ID    string   // identity of the parent, as its [Disk.ID]
	Paths []string // where it was, as Windows wrote it, the most useful first
}

// Parent returns what the image says of its parent; nil unless it is
// [Differencing].
func (d *Disk) Parent() *Parent { return d.parent }

// Join gives a differencing disk its parent. What the image does not hold is
// then read from there. It is ErrCorrupt when p is another disk than the one
// the image was made from.
func (d *Disk) Join(p *Disk) error {
	if d.parent == nil {
		return fail(ErrUnsupported, "footer disk type", d.end+60, "the image has no parent: it is %s", d.subformat)
	}
	if p.ID() != d.parent.ID {
		return fail(ErrCorrupt, "dynamic header parent unique id", d.headerAt+40, "the image was made from disk %s, the parent given is disk %s", d.parent.ID, p.ID())
	}
	d.base, d.baseSize = p, p.Size()
	return nil
}

const (
	locators     = 8         // in a header
	locatorSize  = 24        // of an entry
	maxPathBytes = 64 << 10  // Windows ends a path at 32767 characters
	bitmapBudget = 512 << 10 // bytes of sector bitmaps kept
)

// Platform codes of "Parent Locator Entries" that hold paths of Windows.
const (
	relativeCode = 0x57327275 // W2ru: UTF-16 little endian, relative to the child
	absoluteCode = 0x57326B75 // W2ku: UTF-16 little endian
)

// readParent reads the parent locators of the dynamic header in b.
func (d *Disk) readParent(b []byte, size int64) error {
	be := binary.BigEndian
	p := &Parent{ID: formatUUID([16]byte(b[40:56]))} // "Parent Unique ID"
	for _, code := range []uint32{relativeCode, absoluteCode} {
		for i := range locators {
			e, at := b[576+locatorSize*i:][:locatorSize], d.headerAt+576+int64(locatorSize*i)
			if be.Uint32(e) != code { // "Platform Code"
				continue
			}
			// "Platform Data Space" is sectors to some and bytes to others: it is not needed.
			length, offset := be.Uint32(e[8:]), be.Uint64(e[16:]) // "Platform Data Length", "Platform Data Offset"
			if length > maxPathBytes {
				return fail(ErrCorrupt, "parent locator", at+8, "a path of %d bytes", length)
			}
			if offset > uint64(size) || int64(offset)+int64(length) > size {
				return fail(ErrTruncated, "parent locator", at+16, "a path of %d bytes at byte %d, the file has %d bytes", length, offset, size)
			}
			path := make([]byte, length)
			if err := readFull(d.r, path, int64(offset), "parent locator"); err != nil {
				return err
			}
			p.add(littleUTF16(path))
		}
	}
	p.add(parentName(b[64:576]))
	d.parent = p
	return nil
}

func (p *Parent) add(path string) {
	if path != "" {
		p.Paths = append(p.Paths, path)
	}
}

// littleUTF16 decodes a locator's path, which a zero may end.
func littleUTF16(b []byte) string {
	var units []uint16
	for ; len(b) >= 2; b = b[2:] {
		u := binary.LittleEndian.Uint16(b)
		if u == 0 {
			break
		}
		units = append(units, u)
	}
	return string(utf16.Decode(units))
}

// readParentAt reads from the parent; past its end are zeroes, as after a disk
// was made larger.
func (d *Disk) readParentAt(p []byte, off int64) error {
	if d.base == nil {
		return fail(ErrUnsupported, "footer disk type", d.end+60, "a differencing image holds only what differs from its parent %q, which was not opened", d.parent.Paths)
	}
	there := max(min(int64(len(p)), d.baseSize-off), 0)
	clear(p[there:])
	if there == 0 {
		return nil
	}
	if n, err := d.base.ReadAt(p[:there], off); int64(n) < there {
		return fmt.Errorf("parent %s: %w", d.parent.ID, err)
	}
	return nil
}

// readMixed reads the start of p from a block of a differencing disk whose
// bitmap starts at offset at: as many sectors as are in the block together, or
// missing together.
func (d *Disk) readMixed(p []byte, off, at int64) (int, error) {
	bitmap, err := d.bitmap(off/d.blockSize, at)
	if err != nil {
		return 0, err
	}
	within := off % d.blockSize
	first := within / sectorSize
	own := bit(bitmap, first)
	n := sectorSize - within%sectorSize
	for s := first + 1; n < int64(len(p)) && bit(bitmap, s) == own; s++ {
		n += sectorSize
	}
	p = p[:min(n, int64(len(p)))]
	if own {
		return all(p, readFull(d.r, p, at+bitmapSize(d.blockSize)+within, "block"))
	}
	return all(p, d.readParentAt(p, off))
}

// bit tells sector s of a bitmap, whose bytes start with their highest bit
// (specification, "Block Allocation Table and Data Blocks").
func bit(bitmap []byte, s int64) bool { return bitmap[s/8]<<(s%8)&0x80 != 0 }

// bitmap reads the sector bitmap of a block.
func (d *Disk) bitmap(index, at int64) ([]byte, error) {
	if b, ok := d.bitmaps.Get(index); ok {
		return b, nil
	}
	b := make([]byte, bitmapSize(d.blockSize))
	if err := readFull(d.r, b, at, "sector bitmap"); err != nil {
		return nil, err
	}
	d.bitmaps.Put(index, b, len(b))
	return b, nil
}

// newBitmaps makes the cache of bitmaps.
func newBitmaps() *block.Cache[int64, []byte] { return block.NewCache[int64, []byte](bitmapBudget) }
