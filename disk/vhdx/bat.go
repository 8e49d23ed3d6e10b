package vhdx

import (
	"encoding/binary"
	"io"
)

// Payload block states, [MS-VHDX] 2.5.1.1; 4 and 5 are not assigned.
const (
	stateNotPresent = 0
	stateUndefined  = 1
	stateZero       = 2
	stateUnmapped   = 3
	stateFull       = 6
	statePartial    = 7
)

// absent marks a block that reads as zeroes in the table kept in memory.
const absent = 0

// maxBlocks bounds the table in memory at 64 MiB: a disk of 16 TiB in blocks of
// 2 MiB.
const maxBlocks = 8 << 20

// layout is the arithmetic of [MS-VHDX] 2.5: after each chunk of payload
// entries the BAT holds one entry for a sector bitmap block.
type layout struct {
	blockSize int64
	diskSize  int64
	ratio     int64 // payload entries in a chunk
}

func (m *metadata) layout() layout {
	return layout{m.blockSize, m.diskSize, (1 << 23) * m.logicalSector / m.blockSize}
}

// blocks is the number of payload blocks.
func (l layout) blocks() int64 { return (l.diskSize + l.blockSize - 1) / l.blockSize }

// index is the position of the entry of payload block i.
func (l layout) index(i int64) int64 { return i + i/l.ratio }

// entries is the number of entries of a disk without a parent.
func (l layout) entries() int64 { return l.index(l.blocks()-1) + 1 }

// readBAT reads the block allocation table in one read and returns the offset
// of each payload block, or absent. size is the size of the file.
func readBAT(r io.ReaderAt, reg region, l layout, size int64) ([]int64, error) {
	if l.blocks() > maxBlocks {
		return nil, fail(ErrUnsupported, "BAT", reg.offset, "%d blocks, at most %d are handled", l.blocks(), maxBlocks)
	}
	if 8*l.entries() > reg.length {
		return nil, fail(ErrCorrupt, "BAT", reg.offset, "the disk needs %d bytes, the region has %d", 8*l.entries(), reg.length)
	}
	raw := make([]byte, 8*l.entries())
	if err := readFull(r, raw, reg.offset, "BAT"); err != nil {
		return nil, err
	}
	table := make([]int64, l.blocks())
	for i := range table {
		at := 8 * l.index(int64(i))
		offset, err := l.block(binary.LittleEndian.Uint64(raw[at:]), int64(i), size)
		if err != nil {
			err.Offset = reg.offset + at
			return nil, err
		}
		table[i] = offset
	}
	return table, nil
}

// block decodes the entry of payload block i, [MS-VHDX] 2.5.1: a state in three
// bits, an offset in MiB in the upper 44.
func (l layout) block(entry uint64, i, size int64) (int64, *Error) {
	const structure = "BAT entry"
	switch state := entry & 7; state {
	case stateNotPresent, stateUndefined, stateZero, stateUnmapped:
		// Undefined and unmapped blocks may read as anything; zero is it.
		return absent, nil
	case stateFull:
	case statePartial:
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
	case offset*mib+need > uint64(size):
		return 0, failure(ErrTruncated, structure, 0, "block %d ends at byte %d, the file has %d bytes", i, offset*mib+need, size)
	}
	return int64(offset) * mib, nil
}
