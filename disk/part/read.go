package part

import (
	"errors"
	"fmt"
	"io"
)

// frontSize covers the MBR, a GPT header and 128 entries on disks with sectors
// of 512 or 4096 bytes, so that one read usually is enough.
const frontSize = 2*4096 + 128*128

// disk is what a table is read from.
type disk struct {
	r      io.ReaderAt
	size   int64
	sector int64
	front  []byte
}

// Read finds the partition table of a disk of size bytes whose logical sectors
// have sectorSize bytes (512 or 4096). A disk without a table, or whose first
// sector starts a file system, has the scheme None and no partitions. Errors are
// [*Error] and wrap ErrCorrupt, ErrTruncated or ErrUnsupported unless r failed.
func Read(r io.ReaderAt, size int64, sectorSize int) (*Table, error) {
	if sectorSize != 512 && sectorSize != 4096 {
		return nil, fail(ErrUnsupported, "mbr", "sector size", 0, "%d bytes, expected 512 or 4096", sectorSize)
	}
	d := &disk{r: r, size: size, sector: int64(sectorSize), front: make([]byte, min(max(size, 0), frontSize))}
	if err := readFull(r, d.front, 0, "mbr", "first sectors"); err != nil {
		return nil, err
	}
	switch {
	case len(d.front) < sectorSize || isVolume(d.front):
		return &Table{Scheme: None}, nil
	case !isMBR(d.front):
		return d.readBare()
	}
	// A GPT counts only behind a protective MBR (UEFI 5.2.3), so that a stale
	// one on a disk partitioned anew does not.
	if hasProtective(d.front) {
		return d.readGPT()
	}
	return d.readMBR()
}

// readBare finds the GPT of a disk whose first sector is neither a boot record nor a file system: somebody has overwritten it.
// Where there is no sound one, the disk has no table.
func (d *disk) readBare() (*Table, error) {
	t, err := d.readGPT()
	if err == nil {
		t.Bare = true
		return t, nil
	}
	if errors.Is(err, ErrCorrupt) || errors.Is(err, ErrUnsupported) {
		return &Table{Scheme: None}, nil
	}
	return nil, err
}

// bytes returns length bytes at offset off, from the front if they are there.
func (d *disk) bytes(off, length int64, format, structure string) ([]byte, error) {
	if off >= 0 && off+length <= int64(len(d.front)) {
		return d.front[off : off+length], nil
	}
	if off < 0 || off > d.size-length {
		return nil, fail(ErrTruncated, format, structure, off, "expected %d bytes there, the disk has %d", length, d.size)
	}
	b := make([]byte, length)
	return b, readFull(d.r, b, off, format, structure)
}

// place turns first sector and sector count into a partition within the disk;
// at is where its entry lies.
func (d *disk) place(p Partition, first, count uint64, format string, at int64) (Partition, error) {
	sectors := uint64(d.size / d.sector)
	if first == 0 || first > sectors || count > sectors-first {
		return p, fail(ErrTruncated, format, fmt.Sprintf("entry of partition %d", p.Index), at,
			"%d sectors from sector %d on do not fit into the disk of %d sectors (%d bytes)", count, first, sectors, d.size)
	}
	p.Start, p.Size = int64(first)*d.sector, int64(count)*d.sector
	return p, nil
}
