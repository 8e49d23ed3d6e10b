package vhdx

import (
	"encoding/binary"
	"io"
)

// Payload block states, [MS-VHDX] 2.5.1.1; 4 and 5 are not assigned.
const (
	stateNotPresent = 0
	stateUnmapped   = 3 // and below it 1, undefined, and 2, zero
	stateFull       = 6
	statePartial    = 7
)

// The table kept in memory has offsets of blocks, multiples of 1 MiB, or these.
const (
	absent    = 0  // the block reads as zeroes
	inherited = -1 // the block is the parent's
	partial   = 1  // added to the offset of a block whose bitmap tells its sectors from the parent's
)

// maxBlocks bounds the table in memory at 64 MiB: a disk of 16 TiB in blocks of
// 2 MiB.
const maxBlocks = 8 << 20

// layout is the arithmetic of [MS-VHDX] 2.5: after each chunk of payload
// entries the BAT holds one entry for a sector bitmap block.
type layout struct {
	blockSize int64
	diskSize  int64
	ratio     int64 // payload entries in a chunk
	hasParent bool
}

func (m *metadata) layout() layout {
	return layout{m.blockSize, m.diskSize, (1 << 23) * m.logicalSector / m.blockSize, m.parent != nil}
}

// blocks is the number of payload blocks.
func (l layout) blocks() int64 { return (l.diskSize + l.blockSize - 1) / l.blockSize }

// index is the position of the entry of payload block i.
func (l layout) index(i int64) int64 { return i + i/l.ratio }

// entries is the number of entries: a disk without a parent needs no sector
// bitmap behind its last block.
func (l layout) entries() int64 {
	if l.hasParent {
		return (l.blocks() + l.ratio - 1) / l.ratio * (l.ratio + 1)
	}
	return l.index(l.blocks()-1) + 1
}

// readBAT reads the block allocation table in one read and returns the offset
// of each payload block, or one of the constants, and the bitmaps of a disk with
// a parent. size is the size of the file.
func readBAT(r io.ReaderAt, reg region, l layout, size int64) ([]int64, *bitmaps, error) {
	if l.blocks() > maxBlocks {
		return nil, nil, fail(ErrUnsupported, "BAT", reg.offset, "%d blocks, at most %d are handled", l.blocks(), maxBlocks)
	}
	if 8*l.entries() > reg.length {
		return nil, nil, fail(ErrCorrupt, "BAT", reg.offset, "the disk needs %d bytes, the region has %d", 8*l.entries(), reg.length)
	}
	raw := make([]byte, 8*l.entries())
	if err := readFull(r, raw, reg.offset, "BAT"); err != nil {
		return nil, nil, err
	}
	var maps *bitmaps
	if l.hasParent {
		var err error
		if maps, err = readBitmaps(raw, l, reg.offset, size); err != nil {
			return nil, nil, err
		}
	}
	table := make([]int64, l.blocks())
	for i := range table {
		at := 8 * l.index(int64(i))
		offset, err := l.block(binary.LittleEndian.Uint64(raw[at:]), int64(i), size)
		if err != nil {
			err.Offset = reg.offset + at
			return nil, nil, err
		}
		if offset&partial != 0 && offset != inherited && !maps.has(int64(i), l) {
			return nil, nil, fail(ErrCorrupt, "BAT entry", reg.offset+at, "block %d is partially present, but has no sector bitmap", i)
		}
		table[i] = offset
	}
	return table, maps, nil
}

// block decodes the entry of payload block i, [MS-VHDX] 2.5.1: a state in three
// bits, an offset in MiB in the upper 44.
func (l layout) block(entry uint64, i, size int64) (int64, *Error) {
	const structure = "BAT entry"
	state := entry & 7
	switch {
	case state == stateNotPresent && l.hasParent:
		return inherited, nil
	case state <= stateUnmapped:
		// Undefined and unmapped blocks may read as anything; zero is it.
		return absent, nil
	case state == stateFull, state == statePartial && l.hasParent:
	case state == statePartial:
		return 0, failure(ErrCorrupt, structure, 0, "block %d is partially present in an image without a parent", i)
	default:
		return 0, failure(ErrCorrupt, structure, 0, "block %d has the unknown state %d", i, state)
	}
	offset := entry >> 20
	// The file need not hold what the last block has beyond the disk's end.
	need := uint64(min(l.blockSize, l.diskSize-i*l.blockSize))
	switch {
	case offset == 0:
		return 0, failure(ErrCorrupt, structure, 0, "block %d lies over the file's header", i)
	case offset > uint64(size)/mib || offset*mib+need > uint64(size):
		return 0, failure(ErrTruncated, structure, 0, "block %d ends at byte %d, the file has %d bytes", i, min(offset, 1<<43)*mib+need, size)
	}
	if state == statePartial {
		return int64(offset)*mib | partial, nil
	}
	return int64(offset) * mib, nil
}
