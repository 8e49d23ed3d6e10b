package exfat

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Sizes of the boot regions (section 2): sectors 0 to 11, and their copy from sector 12 on.
const (
	bootSize      = 512 // fields of the boot sector
	bootSectors   = 12
	checksumAt    = 11 // sector
	minShift      = 9
	maxShift      = 12
	maxClusterLog = 25 // clusters end at 32 MiB (3.1.15)
	lastCluster   = 0xFFFFFFF6
)

// geometry is what the boot sector says. Offsets and lengths are in bytes unless named otherwise.
type geometry struct {
	sector   int64
	cluster  int64
	clusters uint32 // numbered from 2; those that are there
	missing  uint32 // clusters that the volume should have behind them
	table    int64  // offset of the FAT that is used
	heap     int64  // offset of cluster 2
	root     uint32 // first cluster of the root directory
}

// extent tells the clusters of the volume, for errors.
func (g *geometry) extent() string {
	s := fmt.Sprintf("the volume has 2 to %d", g.end()-1)
	if g.missing > 0 {
		s += fmt.Sprintf(", and should have %d more: it is truncated, or its partition too small", g.missing)
	}
	return s
}

// end is the first cluster number past the volume.
func (g *geometry) end() uint32 { return g.clusters + 2 }

// offset answers where a cluster lies.
func (g *geometry) offset(cluster uint32) int64 { return g.heap + int64(cluster-2)*g.cluster }

// Detect reports whether boot, the first bytes of a volume (512 suffice), is the boot sector of an exFAT volume.
func Detect(boot []byte) bool {
	return len(boot) >= bootSize &&
		string(boot[3:11]) == "EXFAT   " && // FileSystemName
		boot[510] == 0x55 && boot[511] == 0xAA // BootSignature
}

// readBoot reads the main boot region or, where that is damaged, the backup. If both are, the error is the main's.
func readBoot(r io.ReaderAt, size int64) (geometry, error) {
	g, err := readBootAt(r, size, 0)
	if err == nil || !errors.Is(err, ErrCorrupt) {
		return g, err
	}
	for shift := minShift; shift <= maxShift; shift++ { // the sector size is known to the region alone
		if b, backupErr := readBootAt(r, size, bootSectors<<shift); backupErr == nil && b.sector == 1<<shift {
			return b, nil
		}
	}
	return g, err
}

// readBootAt reads the boot region at an offset and checks its sum.
func readBootAt(r io.ReaderAt, size, at int64) (geometry, error) {
	p := place{"boot sector", at}
	b := make([]byte, bootSize)
	if at > size-bootSize {
		return geometry{}, p.corrupt("a volume of %d bytes has no room for it", size)
	}
	if err := readFull(r, b, at, p); err != nil {
		return geometry{}, err
	}
	if !Detect(b) {
		return geometry{}, p.corrupt("this is not an exFAT volume")
	}
	g, err := parseBoot(b, size, at)
	if err != nil {
		return g, err
	}
	region := make([]byte, bootSectors*g.sector)
	p = place{"boot checksum", at + checksumAt*g.sector}
	if at > size-int64(len(region)) {
		return g, p.corrupt("the volume ends before it")
	}
	if err := readFull(r, region, at, p); err != nil {
		return g, err
	}
	sum := bootChecksum(region[:checksumAt*g.sector])
	for i := checksumAt * g.sector; i < int64(len(region)); i += 4 {
		if got := binary.LittleEndian.Uint32(region[i:]); got != sum {
			return g, p.corrupt("stored %#08x, computed %#08x", got, sum)
		}
	}
	return g, nil
}

// bootChecksum sums a boot region without VolumeFlags and PercentInUse, which change (3.4, figure 1).
func bootChecksum(b []byte) uint32 {
	var sum uint32
	for i, v := range b {
		if i != 106 && i != 107 && i != 112 {
			sum = sum<<31 | sum>>1 + uint32(v)
		}
	}
	return sum
}

// parseBoot reads the fields of 3.1 and holds them to the size of the volume.
func parseBoot(b []byte, size, base int64) (geometry, error) {
	le := binary.LittleEndian
	at := func(field string, off int64) place { return place{"boot sector, " + field, base + off} }
	if v := le.Uint16(b[104:]); v>>8 != 1 { // FileSystemRevision
		return geometry{}, at("FileSystemRevision", 104).unsupported("version %d.%d, known is 1", v>>8, v&0xFF)
	}
	sectorLog, clusterLog := int(b[108]), int(b[108])+int(b[109]) // BytesPerSectorShift, SectorsPerClusterShift
	if sectorLog < minShift || sectorLog > maxShift || clusterLog > maxClusterLog {
		return geometry{}, at("BytesPerSectorShift", 108).corrupt("sectors of 2^%d bytes in clusters of 2^%d", sectorLog, clusterLog)
	}
	g := geometry{sector: 1 << sectorLog, cluster: 1 << clusterLog, root: le.Uint32(b[96:]), clusters: le.Uint32(b[92:])} // FirstClusterOfRootDirectory, ClusterCount
	sectors := le.Uint64(b[72:])                                                                                          // VolumeLength
	if sectors > 1<<54 || sectors<<sectorLog < uint64(g.cluster) {
		return g, at("VolumeLength", 72).corrupt("%d sectors of %d bytes", sectors, g.sector)
	}
	tables := uint64(b[110]) // NumberOfFats
	if tables != 1 && tables != 2 {
		return g, at("NumberOfFats", 110).corrupt("%d, expected 1 or 2", tables)
	}
	table, length, heap := uint64(le.Uint32(b[80:])), uint64(le.Uint32(b[84:])), uint64(le.Uint32(b[88:])) // FatOffset, FatLength, ClusterHeapOffset
	if table < 2*bootSectors || table+tables*length > heap || heap > sectors {
		return g, at("FatOffset", 80).corrupt("%d FATs of %d sectors at sector %d, clusters from sector %d on, in %d sectors", tables, length, table, heap, sectors)
	}
	if g.clusters == 0 || g.clusters > lastCluster-2 || uint64(g.clusters) > (sectors-heap)>>b[109] {
		return g, at("ClusterCount", 92).corrupt("%d clusters of %d bytes from sector %d on do not fit into %d sectors", g.clusters, g.cluster, heap, sectors)
	}
	if there := max(size>>sectorLog-int64(heap), 0) >> b[109]; there < int64(g.clusters) {
		g.missing = g.clusters - uint32(there)
		g.clusters = uint32(there)
	}
	if (uint64(g.clusters+g.missing)+2)*4 > length<<sectorLog {
		return g, at("FatLength", 84).corrupt("%d sectors do not hold %d clusters", length, g.clusters)
	}
	if g.root < 2 || g.root >= g.end() {
		return g, at("FirstClusterOfRootDirectory", 96).corrupt("cluster %d; %s", g.root, g.extent())
	}
	if tables == 2 && b[106]&1 != 0 { // VolumeFlags, ActiveFat
		table += length
	}
	g.table, g.heap = int64(table)<<sectorLog, int64(heap)<<sectorLog
	return g, nil
}
