package vhd

import (
	"encoding/binary"
	"io"
	"math/bits"
	"unicode/utf16"
)

const (
	headerCookie = "cxsparse"
	headerSize   = 1024
	free         = 0xFFFFFFFF // allocation table entry of a block not present

	// Blocks are 2 MiB by default, some tools use 512 KiB. The bounds keep the
	// allocation table of a hostile file at 16 MiB, its block bitmap small.
	minBlockSize = 512 << 10
	maxBlockSize = 256 << 20
)

// header holds the fields of the "Dynamic Disk Header Format" that Berth uses.
type header struct {
	tableOffset uint64 // 16
	maxEntries  uint32 // 28: entries in the table
	blockSize   uint32 // 32: without the bitmap in front of each block
}

// readHeader reads the dynamic header to which the footer f points.
func readHeader(r io.ReaderAt, size int64, f footer) ([]byte, error) {
	if f.dataOffset > uint64(max(size-headerSize, 0)) {
		return nil, fail(ErrTruncated, "dynamic header", int64(f.dataOffset&(1<<63-1)),
			"expected %d bytes there, the file has %d bytes", headerSize, size)
	}
	at := int64(f.dataOffset)
	b := make([]byte, headerSize)
	return b, readFull(r, b, at, "dynamic header")
}

// parseHeader checks and decodes the header in b, read at offset at.
func parseHeader(b []byte, at int64) (header, error) {
	be := binary.BigEndian
	if string(b[:8]) != headerCookie {
		return header{}, fail(ErrCorrupt, "dynamic header cookie", at, "found %q, expected %q", b[:8], headerCookie)
	}
	if want, got := checksum(b, 36), be.Uint32(b[36:]); want != got {
		return header{}, fail(ErrCorrupt, "dynamic header checksum", at+36, "stored %#08x, computed %#08x", got, want)
	}
	if v := be.Uint32(b[24:]); v>>16 != 1 {
		return header{}, fail(ErrUnsupported, "dynamic header version", at+24, "version %d.%d, known is 1.0", v>>16, v&0xFFFF)
	}
	h := header{
		tableOffset: be.Uint64(b[16:]),
		maxEntries:  be.Uint32(b[28:]),
		blockSize:   be.Uint32(b[32:]),
	}
	if bits.OnesCount32(h.blockSize) != 1 || h.blockSize < minBlockSize || h.blockSize > maxBlockSize {
		return header{}, fail(ErrUnsupported, "dynamic header block size", at+32,
			"%d bytes, expected a power of two from 512 KiB to 256 MiB", h.blockSize)
	}
	return h, nil
}

// parentName decodes "Parent Unicode Name": UTF-16 big endian, ended by a zero
// or by the field.
func parentName(b []byte) string {
	var units []uint16
	for ; len(b) >= 2; b = b[2:] {
		u := binary.BigEndian.Uint16(b)
		if u == 0 {
			break
		}
		units = append(units, u)
	}
	return string(utf16.Decode(units))
}

// marshal encodes the header of a dynamic disk without a parent.
func (h *header) marshal() []byte {
	be := binary.BigEndian
	b := make([]byte, headerSize)
	copy(b, headerCookie)
	be.PutUint64(b[8:], noOffset) // "Data Offset": unused, all ones
	be.PutUint64(b[16:], h.tableOffset)
	be.PutUint32(b[24:], 0x10000) // "Header Version" 1.0
	be.PutUint32(b[28:], h.maxEntries)
	be.PutUint32(b[32:], h.blockSize)
	be.PutUint32(b[36:], checksum(b, 36))
	return b
}

// bitmapSize is the size of the sector bitmap in front of each block: a bit per
// sector, padded to whole sectors (specification, "Data Blocks").
func bitmapSize(blockSize int64) int64 {
	return (blockSize/sectorSize/8 + sectorSize - 1) / sectorSize * sectorSize
}
