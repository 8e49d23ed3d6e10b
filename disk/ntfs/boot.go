package ntfs

import (
	"encoding/binary"
	"math/bits"
)

// bootSize is the length of the boot sector's part that carries fields; volumes with larger sectors keep it first.
const bootSize = 512

// Limits of what Windows makes, and so of what is believed.
const (
	minSector  = 256
	maxSector  = 4096
	minCluster = 512 // smaller than a sector of 512 bytes is impossible
	maxCluster = 2 << 20
	minRecord  = 512
	maxRecord  = 64 << 10
)

// geometry is what the boot sector says, in bytes unless named otherwise.
type geometry struct {
	cluster  int64 // bytes per cluster
	clusters int64 // clusters in the volume
	record   int   // bytes per MFT record
	mftStart int64 // byte offset of MFT record 0
}

// Detect reports whether boot, the first bytes of a volume (512 suffice), is the boot sector of an NTFS volume.
func Detect(boot []byte) bool {
	return len(boot) >= bootSize &&
		string(boot[3:11]) == "NTFS    " && // BOOT_SECTOR, Oem
		boot[510] == 0x55 && boot[511] == 0xAA
}

// parseBoot reads BOOT_SECTOR (packed BIOS parameter block) of a volume of size bytes.
func parseBoot(b []byte, size int64) (geometry, error) {
	at := func(field string, off int64) place { return place{structure: "boot sector, " + field, offset: off} }
	var g geometry
	if !Detect(b) {
		return g, at("Oem", 3).corrupt("this is not an NTFS volume")
	}
	sector := int64(binary.LittleEndian.Uint16(b[11:])) // BytesPerSector
	if sector < minSector || sector > maxSector || bits.OnesCount64(uint64(sector)) != 1 {
		return g, at("BytesPerSector", 11).corrupt("%d is not a power of two from %d to %d", sector, minSector, maxSector)
	}
	g.cluster = sector * sectorsPerCluster(b[13]) // SectorsPerCluster
	if g.cluster < minCluster || g.cluster > maxCluster || bits.OnesCount64(uint64(g.cluster)) != 1 {
		return g, at("SectorsPerCluster", 13).corrupt("clusters of %d bytes do not exist", g.cluster)
	}
	sectors := binary.LittleEndian.Uint64(b[40:]) // NumberSectors
	if sectors == 0 || sectors > uint64(size/sector) {
		return g, at("NumberSectors", 40).corrupt(
			"a volume of %d sectors of %d bytes does not fit into %d bytes; the image is truncated", sectors, sector, size)
	}
	g.clusters = int64(sectors) * sector / g.cluster
	lcn := binary.LittleEndian.Uint64(b[48:]) // MftStartLcn
	if lcn == 0 || lcn >= uint64(g.clusters) {
		return g, at("MftStartLcn", 48).corrupt("cluster %d is outside the volume's %d clusters", lcn, g.clusters)
	}
	g.mftStart = int64(lcn) * g.cluster
	record := recordBytes(b[64], g.cluster) // ClustersPerFileRecordSegment
	if !plausibleRecord(record) {
		return g, at("ClustersPerFileRecordSegment", 64).corrupt("MFT records of %d bytes do not exist", record)
	}
	g.record = int(record)
	return g, nil
}

// sectorsPerCluster decodes BOOT_SECTOR SectorsPerCluster: a count up to 128, above that a negative power of two
// (0xF4 is 2^12), which is how clusters over 64 KiB are written. It answers 0 for what cannot be.
func sectorsPerCluster(v byte) int64 {
	if v <= 0x80 {
		return int64(v)
	}
	if shift := 256 - int(v); shift <= 21 {
		return 1 << shift
	}
	return 0
}

// recordBytes decodes the signed sizes of the boot sector: clusters when positive, a negative power of two in bytes
// otherwise (0xF6 is 1024 bytes). It answers 0 for what cannot be.
func recordBytes(v byte, cluster int64) int64 {
	n := int8(v)
	if n > 0 {
		return int64(n) * cluster
	}
	if n < -30 {
		return 0
	}
	return 1 << -n
}

// plausibleRecord holds for sizes of MFT records and index blocks: powers of two within fixed limits.
func plausibleRecord(n int64) bool {
	return n >= minRecord && n <= maxRecord && bits.OnesCount64(uint64(n)) == 1
}
