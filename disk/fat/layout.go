package fat

import "io/fs"

// Sizes of volumes that Format makes.
const (
	sectorSize  = 512
	mebibyte    = 1 << 20
	minClusters = 65525 // fewer, and systems take the volume for FAT16
	minReserved = 32    // sectors, as Windows makes
	alignment   = 8     // sectors: data starts at a multiple of 4 KiB
	maxFileSize = 1<<32 - 1
)

// layout says where the parts of a new volume lie.
type layout struct {
	sectors    uint32 // of the volume
	perCluster uint32 // sectors
	reserved   uint32 // sectors before the first FAT
	table      uint32 // sectors of one FAT
	clusters   uint32
}

func (l *layout) cluster() int64 { return int64(l.perCluster) * sectorSize }

// offset answers where a cluster lies, in bytes.
func (l *layout) offset(cluster uint32) int64 {
	return int64(l.reserved+2*l.table)*sectorSize + int64(cluster-2)*l.cluster()
}

// newLayout chooses the largest cluster size that Windows would use for a volume of size bytes and that leaves enough
// clusters for FAT32.
func newLayout(size int64) (*layout, error) {
	p := place{"new volume", -1}
	sectors := size / sectorSize
	if sectors < 0 || sectors > 1<<32-1 {
		return nil, p.unsupported("%d bytes; FAT32 ends at 2 TiB", size)
	}
	for per := usualCluster(size); per > 0; per /= 2 {
		if l := fit(uint32(sectors), per); l.clusters >= minClusters {
			if l.clusters > maxClusters {
				break
			}
			return l, nil
		}
	}
	return nil, p.unsupported("%d bytes are too few for FAT32; SizeFor tells the size", size)
}

// usualCluster answers the sectors per cluster for a size of volume: small clusters waste less behind each file, large
// ones keep the FAT small.
func usualCluster(size int64) uint32 {
	const gibibyte = 1 << 30
	switch {
	case size <= 8*gibibyte:
		return 8
	case size <= 16*gibibyte:
		return 16
	case size <= 32*gibibyte:
		return 32
	}
	return 64
}

// fit divides a volume between FATs and clusters (fatgen103, "FAT Volume Initialization").
func fit(sectors, perCluster uint32) *layout {
	l := &layout{sectors: sectors, perCluster: perCluster, reserved: minReserved}
	if sectors < minReserved+2*alignment {
		return l
	}
	const entriesPerSector = sectorSize / 4
	per := uint64(entriesPerSector)*uint64(perCluster) + 1
	l.table = uint32((uint64(sectors-minReserved)+2*uint64(perCluster))/per) + 1
	if rest := (l.reserved + 2*l.table) % alignment; rest != 0 {
		l.reserved += alignment - rest
	}
	if used := l.reserved + 2*l.table; used < sectors {
		l.clusters = (sectors - used) / perCluster
	}
	return l
}

// SizeFor answers the size in bytes of the smallest volume, in whole MiB, that Format can write a tree to. It reads the
// tree's names and sizes, not its files.
func SizeFor(tree fs.FS) (int64, error) {
	root, err := scan(tree)
	if err != nil {
		return 0, err
	}
	for size := int64(33 * mebibyte); ; {
		l, err := newLayout(size)
		if err != nil && size > 64*mebibyte {
			return 0, err
		}
		if err != nil {
			size += mebibyte
			continue
		}
		missing := root.clusters(l.cluster()) - int64(l.clusters)
		if missing <= 0 {
			return size, nil
		}
		// A larger volume may get larger clusters, so the next size is tried anew.
		size += max(1, missing*l.cluster()/mebibyte) * mebibyte
	}
}
