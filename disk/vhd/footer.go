package vhd

import (
	"encoding/binary"
	"encoding/hex"
	"time"
)

const (
	footerCookie = "conectix"
	footerSize   = 512
	noOffset     = 0xFFFFFFFFFFFFFFFF // "Data Offset" of a fixed disk

	kindFixed        = 2 // "Disk Type"; 0, 1, 5 and 6 are reserved
	kindDynamic      = 3
	kindDifferencing = 4
)

// footer holds the fields of the "Hard Disk Footer Format" that Berth uses.
type footer struct {
	dataOffset uint64 // 16: of the dynamic header, noOffset for fixed disks
	timestamp  uint32 // 24: seconds since 2000-01-01 UTC
	creator    string // 28: "Creator Application", four characters
	size       int64  // 48: "Current Size" in bytes
	geometry   Geometry
	kind       uint32   // 60: "Disk Type"
	id         [16]byte // 68: "Unique Id"
}

// Geometry is the cylinders, heads and sectors per track that a footer states.
// Virtual PC and some other creators sized their disks by it, the footer's
// current size being the larger number they were asked for; Windows attaches
// an image at its current size, and so does this package.
type Geometry struct {
	Cylinders uint16
	Heads     uint8
	Sectors   uint8
}

// Bytes is the capacity that the geometry describes.
func (g Geometry) Bytes() int64 {
	return int64(g.Cylinders) * int64(g.Heads) * int64(g.Sectors) * sectorSize
}

// parseFooter checks and decodes the footer in b, 512 bytes read at offset at.
func parseFooter(b []byte, at int64) (footer, error) {
	be := binary.BigEndian
	if want, got := checksum(b, 64), be.Uint32(b[64:]); want != got {
		return footer{}, fail(ErrCorrupt, "footer checksum", at+64, "stored %#08x, computed %#08x", got, want)
	}
	// 12: "File Format Version"; the major number alone decides.
	if v := be.Uint32(b[12:]); v>>16 != 1 {
		return footer{}, fail(ErrUnsupported, "footer version", at+12, "version %d.%d, known is 1.0", v>>16, v&0xFFFF)
	}
	f := footer{
		dataOffset: be.Uint64(b[16:]),
		timestamp:  be.Uint32(b[24:]),
		creator:    string(b[28:32]),
		size:       int64(be.Uint64(b[48:])),
		geometry:   Geometry{be.Uint16(b[56:]), b[58], b[59]},
		kind:       be.Uint32(b[60:]),
		id:         [16]byte(b[68:84]),
	}
	if f.size <= 0 || f.size > maxDiskSize || f.size%sectorSize != 0 {
		return footer{}, fail(ErrCorrupt, "footer current size", at+48, "%d bytes, expected whole sectors up to 2040 GiB", uint64(f.size))
	}
	return f, nil
}

// marshal encodes the footer with the fields every footer written here shares.
func (f *footer) marshal() []byte {
	be := binary.BigEndian
	b := make([]byte, footerSize)
	copy(b, footerCookie)
	be.PutUint32(b[8:], 2)        // "Features": the reserved bit is always set
	be.PutUint32(b[12:], 0x10000) // "File Format Version" 1.0
	be.PutUint64(b[16:], f.dataOffset)
	be.PutUint32(b[24:], f.timestamp)
	copy(b[28:32], f.creator)
	be.PutUint32(b[32:], 0xA0000) // "Creator Version" 10.0
	copy(b[36:], "Wi2k")          // "Creator Host OS"
	be.PutUint64(b[40:], uint64(f.size))
	be.PutUint64(b[48:], uint64(f.size))
	be.PutUint16(b[56:], f.geometry.Cylinders)
	b[58], b[59] = f.geometry.Heads, f.geometry.Sectors
	be.PutUint32(b[60:], f.kind)
	copy(b[68:], f.id[:])
	be.PutUint32(b[64:], checksum(b, 64))
	return b
}

// checksum is the complement of the sum of all bytes but the four at skip,
// which hold the checksum itself (specification, "Checksum").
func checksum(b []byte, skip int) uint32 {
	var sum uint32
	for i, c := range b {
		if i < skip || i >= skip+4 {
			sum += uint32(c)
		}
	}
	return ^sum
}

// geometryOf follows the specification's appendix "CHS Calculation".
func geometryOf(size int64) Geometry {
	total := min(size/sectorSize, 65535*16*255)
	if total >= 65535*16*63 {
		return Geometry{uint16(total / 255 / 16), 16, 255}
	}
	spt, heads := int64(17), max((total/17+1023)/1024, 4)
	if total/17 >= heads*1024 || heads > 16 {
		spt, heads = 31, 16
	}
	if total/spt >= heads*1024 {
		spt, heads = 63, 16
	}
	return Geometry{uint16(total / spt / heads), uint8(heads), uint8(spt)}
}

// timestampOf counts the seconds from 2000-01-01 UTC, the format's epoch; times
// outside the 32 bit range become its nearest end.
func timestampOf(t time.Time) uint32 {
	epoch := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	return uint32(min(max(t.Unix()-epoch.Unix(), 0), 0xFFFFFFFF))
}

// formatUUID prints the identity as the specification stores it, big endian.
func formatUUID(id [16]byte) string {
	s := hex.EncodeToString(id[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}
