package fat

import (
	"encoding/binary"
	"math/bits"
	"strings"
)

// bootSize is the part of the boot sector that carries fields.
const bootSize = 512

// Type tells the three variants apart by the bits of a FAT entry.
type Type int

// The variants of FAT.
const (
	FAT12 Type = 12
	FAT16 Type = 16
	FAT32 Type = 32
)

// String answers "FAT12", "FAT16" or "FAT32".
func (t Type) String() string {
	switch t {
	case FAT12:
		return "FAT12"
	case FAT16:
		return "FAT16"
	default:
		return "FAT32"
	}
}

// entrySize is the length of a directory entry.
const entrySize = 32

// geometry is what the boot sector says. Offsets and lengths are in bytes unless named otherwise.
type geometry struct {
	kind     Type
	cluster  int64
	clusters uint32 // data clusters, numbered from 2
	table    int64  // offset of the FAT that is used
	tableLen int64
	root     int64 // FAT12 and FAT16: offset of the root directory
	rootLen  int64
	rootAt   uint32 // FAT32: first cluster of the root directory
	data     int64  // offset of cluster 2
	label    string // BS_VolLab
}

// end is the first cluster number past the volume.
func (g *geometry) end() uint32 { return g.clusters + 2 }

// offset answers where a cluster lies.
func (g *geometry) offset(cluster uint32) int64 { return g.data + int64(cluster-2)*g.cluster }

// maxFATs is how many copies of the FAT there may be. Nearly all volumes have one or two; BPB_ExtFlags
// can tell 16 apart.
const maxFATs = 16

// bitLockerToGo is the GUID, as stored at offset 424, in the boot sector of a drive encrypted with BitLocker To Go, whose
// other fields are those of FAT32.
const bitLockerToGo = "\x3B\xD6\x67\x49\x29\x2E\xD8\x4A\x83\x99\xF6\xA3\x39\xE3\xD0\x01"

// Detect reports whether boot, the first bytes of a volume (512 suffice), is the boot sector of a FAT volume. FAT has no
// signature of its own: the fields must agree with each other.
func Detect(boot []byte) bool {
	if len(boot) < bootSize || boot[510] != 0x55 || boot[511] != 0xAA { // Signature_word
		return false
	}
	if boot[0] != 0xEB && boot[0] != 0xE9 { // BS_jmpBoot
		return false
	}
	switch string(boot[3:11]) { // BS_OEMName of those that share the place
	case "NTFS    ", "EXFAT   ", "-FVE-FS-":
		return false
	}
	if string(boot[424:440]) == bitLockerToGo {
		return false
	}
	sector := binary.LittleEndian.Uint16(boot[11:]) // BPB_BytsPerSec
	return sector >= 512 && sector <= 4096 && bits.OnesCount16(sector) == 1 &&
		bits.OnesCount8(boot[13]) == 1 && // BPB_SecPerClus
		binary.LittleEndian.Uint16(boot[14:]) != 0 && // BPB_RsvdSecCnt
		boot[16] >= 1 && boot[16] <= maxFATs && // BPB_NumFATs
		boot[21] >= 0xF0 // BPB_Media
}

// parseBoot reads the BIOS parameter block of a volume of size bytes.
func parseBoot(b []byte, size int64) (*geometry, error) {
	p := place{"boot sector", 0}
	if string(b[424:440]) == bitLockerToGo || string(b[3:11]) == "-FVE-FS-" {
		return nil, p.unsupported("the volume is encrypted with BitLocker; decrypt it first")
	}
	if !Detect(b) {
		return nil, p.corrupt("this is not a FAT volume")
	}
	sector := int64(binary.LittleEndian.Uint16(b[11:])) // BPB_BytsPerSec
	total := int64(binary.LittleEndian.Uint16(b[19:]))  // BPB_TotSec16
	if total == 0 {
		total = int64(binary.LittleEndian.Uint32(b[32:])) // BPB_TotSec32
	}
	if total == 0 || total > size/sector {
		return nil, place{"boot sector, BPB_TotSec32", 32}.corrupt(
			"a volume of %d sectors of %d bytes does not fit into %d bytes; the image is truncated", total, sector, size)
	}
	g := &geometry{cluster: sector * int64(b[13])}                    // BPB_SecPerClus
	g.table = sector * int64(binary.LittleEndian.Uint16(b[14:]))      // BPB_RsvdSecCnt
	g.rootLen = entrySize * int64(binary.LittleEndian.Uint16(b[17:])) // BPB_RootEntCnt
	narrow := int64(binary.LittleEndian.Uint16(b[22:]))               // BPB_FATSz16
	g.tableLen = sector * narrow
	if narrow == 0 {
		g.tableLen = sector * int64(binary.LittleEndian.Uint32(b[36:])) // BPB_FATSz32
	}
	g.root = g.table + g.tableLen*int64(b[16]) // BPB_NumFATs
	g.data = g.root + (g.rootLen+sector-1)/sector*sector
	if clusters := (total*sector - g.data) / g.cluster; clusters > 0 && clusters <= maxClusters {
		g.clusters = uint32(clusters)
	} else {
		return nil, p.corrupt("the fields leave room for %d clusters", clusters)
	}
	if narrow == 0 {
		return g, g.parse32(b)
	}
	return g, g.parseNarrow(b)
}

// maxClusters is how many clusters 28 bits can number, less the reserved numbers.
const maxClusters = 0x0FFFFFF5

// parseNarrow settles FAT12 and FAT16, which differ by nothing but the count of clusters.
func (g *geometry) parseNarrow(b []byte) error {
	g.kind = FAT12
	if g.clusters >= 4085 {
		g.kind = FAT16
	}
	if g.clusters >= 65525 || g.rootLen == 0 {
		return place{"boot sector, BPB_FATSz16", 22}.corrupt("%d clusters do not fit a FAT16 volume", g.clusters)
	}
	if b[38] == 0x29 { // BS_BootSig: the label is there
		g.label = volumeLabel(b[43:54])
	}
	return g.checkTable()
}

// parse32 reads the fields that only FAT32 has.
func (g *geometry) parse32(b []byte) error {
	g.kind = FAT32
	if v := binary.LittleEndian.Uint16(b[42:]); v != 0 { // BPB_FSVer
		return place{"boot sector, BPB_FSVer", 42}.unsupported("FAT32 version %d.%d", v>>8, v&0xFF)
	}
	flags := binary.LittleEndian.Uint16(b[40:]) // BPB_ExtFlags
	if flags&0x80 != 0 {                        // one FAT is active, the others are old
		active := int64(flags & 15)
		if active >= int64(b[16]) {
			return place{"boot sector, BPB_ExtFlags", 40}.corrupt("FAT %d is active of %d", active, b[16])
		}
		g.table += active * g.tableLen
	}
	g.rootAt = binary.LittleEndian.Uint32(b[44:]) // BPB_RootClus
	if g.rootAt < 2 || g.rootAt >= g.end() {
		return place{"boot sector, BPB_RootClus", 44}.corrupt("cluster %d is outside the volume", g.rootAt)
	}
	if b[66] == 0x29 { // BS_BootSig
		g.label = volumeLabel(b[71:82])
	}
	return g.checkTable()
}

func (g *geometry) checkTable() error {
	if need := (int64(g.end())*int64(g.kind) + 7) / 8; need > g.tableLen {
		return place{"boot sector, BPB_FATSz", 36}.corrupt("a FAT of %d bytes cannot hold %d clusters", g.tableLen, g.clusters)
	}
	return nil
}

// volumeLabel reads BS_VolLab, where "NO NAME" stands for none.
func volumeLabel(b []byte) string {
	label := strings.TrimRight(decodeOEM(b), " \x00")
	if label == "NO NAME" {
		return ""
	}
	return label
}
