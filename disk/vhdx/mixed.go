package vhdx

import (
	"encoding/binary"
	"fmt"

	"berth/disk/block"
)

// bitmapBudget bounds the bytes of sector bitmaps that are kept.
const bitmapBudget = 1 * mib

// bitmaps are the sector bitmap blocks of a differencing image, [MS-VHDX]
// 2.5.1.2: one MiB for each chunk of payload blocks, a bit for each sector.
type bitmaps struct {
	chunks []int64                     // offset of each chunk's block, or absent
	kept   *block.Cache[int64, []byte] // by payload block
}

// readBitmaps takes the sector bitmap entries of the BAT in raw, which was read
// at offset at.
func readBitmaps(raw []byte, l layout, at, size int64) (*bitmaps, error) {
	b := &bitmaps{kept: block.NewCache[int64, []byte](bitmapBudget)}
	for i := l.ratio; i < int64(len(raw))/8; i += l.ratio + 1 {
		entry := binary.LittleEndian.Uint64(raw[8*i:])
		offset := entry >> 20
		switch {
		case entry&7 != stateFull:
			offset = absent
		case offset == 0 || offset >= uint64(size)/mib:
			return nil, fail(ErrTruncated, "BAT entry", at+8*i, "the sector bitmap lies at MiB %d, the file has %d bytes", offset, size)
		}
		b.chunks = append(b.chunks, int64(offset)*mib)
	}
	return b, nil
}

// has reports whether payload block i has a bitmap.
func (b *bitmaps) has(i int64, l layout) bool {
	chunk := i / l.ratio
	return chunk < int64(len(b.chunks)) && b.chunks[chunk] != absent
}

// bitmap returns the part of a chunk's bitmap that is of payload block i.
func (d *Disk) bitmap(i int64) ([]byte, error) {
	if b, ok := d.bitmaps.kept.Get(i); ok {
		return b, nil
	}
	l := d.meta.layout()
	b := make([]byte, d.meta.blockSize/d.meta.logicalSector/8)
	at := d.bitmaps.chunks[i/l.ratio] + i%l.ratio*int64(len(b))
	if err := readFull(d.r, b, at, "sector bitmap"); err != nil {
		return nil, err
	}
	d.bitmaps.kept.Put(i, b, len(b))
	return b, nil
}

// readMixed reads the start of p from block i, which is partially present: as
// many sectors as are in the block together, or missing together.
func (d *Disk) readMixed(p []byte, off, i int64) (int, error) {
	bitmap, err := d.bitmap(i)
	if err != nil {
		return 0, err
	}
	within, sector := off%d.meta.blockSize, d.meta.logicalSector
	first, last := within/sector, d.meta.blockSize/sector
	own := bit(bitmap, first)
	n := sector - within%sector
	for s := first + 1; s < last && n < int64(len(p)) && bit(bitmap, s) == own; s++ {
		n += sector
	}
	p = p[:min(n, int64(len(p)))]
	if own {
		return all(p, readFull(d.r, p, d.table[i]&^partial+within, "block"))
	}
	return all(p, d.readParentAt(p, off))
}

// bit tells sector s of a bitmap, whose bytes start with their lowest bit.
func bit(bitmap []byte, s int64) bool { return bitmap[s/8]>>(s%8)&1 != 0 }

// readParentAt reads from the parent; past its end are zeroes, as after a disk
// was made larger.
func (d *Disk) readParentAt(p []byte, off int64) error {
	if d.base == nil {
		return fail(ErrUnsupported, "metadata parent locator", d.meta.at,
			"a differencing image holds only what differs from its parent %q, which was not opened", d.meta.parent.Paths)
	}
	there := max(min(int64(len(p)), d.base.Size()-off), 0)
	clear(p[there:])
	if there == 0 {
		return nil
	}
	if n, err := d.base.ReadAt(p[:there], off); int64(n) < there {
		return fmt.Errorf("parent %s: %w", d.base.DataID(), err)
	}
	return nil
}
