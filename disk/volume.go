package disk

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"

	"berth/disk/exfat"
	"berth/disk/fat"
	"berth/disk/ntfs"
	"berth/disk/part"
)

// File systems of a [Volume]. The first six are read.
const (
	NTFS  = "NTFS"
	FAT12 = "FAT12"
	FAT16 = "FAT16"
	FAT32 = "FAT32"
	ExFAT = "exFAT"
	CimFS = "CimFS" // of a CIM

	ReFS      = "ReFS"
	BitLocker = "BitLocker" // an encrypted volume of whichever file system
	Unknown   = "unknown"
)

// Volume is a part of a virtual disk that may hold a file system.
type Volume struct {
	Index      int    // the partition's, or 0 for a disk without a table
	Start      int64  // offset on the virtual disk in bytes
	Size       int64  // in bytes
	FileSystem string // one of the constants
	Type       string // the partition's type, "" without a table
	Name       string // the partition's name, GPT only

	r    io.ReaderAt
	open func() (labelled, error)
}

// labelled is what the packages of the file systems return.
type labelled interface {
	fs.FS
	Label() string
}

// Open returns the volume's files. Calls after the first return the same. The
// file system implements fs.ReadDirFS and fs.StatFS; its files implement
// io.ReaderAt and io.Seeker. It is ErrUnsupported when FileSystem is not one
// that is read.
func (v *Volume) Open() (fs.FS, error) { return v.open() }

// Label returns the volume's label, "" if it has none. It opens the volume.
func (v *Volume) Label() (string, error) {
	f, err := v.open()
	if err != nil {
		return "", err
	}
	return f.Label(), nil
}

// ReadAt reads the volume's bytes.
func (v *Volume) ReadAt(p []byte, off int64) (int, error) { return v.r.ReadAt(p, off) }

// bootSize is how much of a volume tells its file system.
const bootSize = 512

// readVolumes reads the partition table and the boot sector of each volume.
func (i *Image) readVolumes() error {
	t, err := part.Read(i.disk, i.Size, i.SectorSize)
	if i.Format == Raw && (errors.Is(err, part.ErrCorrupt) || err == nil && t.Scheme == part.None) {
		// A raw file does not say how long its sectors are: only the place of
		// a GPT shows it.
		if big, bigErr := part.Read(i.disk, i.Size, 4096); bigErr == nil && big.Scheme != part.None {
			t, err, i.SectorSize = big, nil, 4096
		}
	}
	if err != nil {
		return err
	}
	i.PartitionTable = t
	if t.FromBackup {
		i.Notes = append(i.Notes, "the partition table at the start of the disk is damaged; its backup at the end was read")
	}
	if t.Bare {
		i.Notes = append(i.Notes, "the boot record that protects the partition table (GPT) is missing: Windows may take the disk for an empty one")
	}
	if t.Scheme == part.None {
		return i.addVolume(part.Partition{Size: i.Size})
	}
	for _, p := range t.Partitions {
		if err := i.addVolume(p); err != nil {
			return err
		}
	}
	return nil
}

// addVolume reads the boot sector of the volume in p.
func (i *Image) addVolume(p part.Partition) error {
	boot := make([]byte, min(p.Size, bootSize))
	if n, err := i.disk.ReadAt(boot, p.Start); n < len(boot) {
		return &Error{Format: i.Format, Structure: fmt.Sprintf("boot sector of volume %d", p.Index), Offset: p.Start, Err: err}
	}
	v := &Volume{Index: p.Index, Start: p.Start, Size: p.Size, Type: p.Type, Name: p.Name, FileSystem: fileSystem(boot)}
	v.r = io.NewSectionReader(i.disk, p.Start, p.Size)
	v.open = sync.OnceValues(v.load)
	i.Volumes = append(i.Volumes, v)
	return nil
}

// load opens the file system.
func (v *Volume) load() (labelled, error) {
	switch v.FileSystem {
	case NTFS:
		return ntfs.Open(v.r, v.Size)
	case FAT12, FAT16, FAT32:
		return fat.Open(v.r, v.Size)
	case ExFAT:
		return exfat.Open(v.r, v.Size)
	}
	why := map[string]string{
		ReFS:      "ReFS volumes are not read; put the packages on an NTFS volume",
		BitLocker: "the volume is encrypted with BitLocker; packages must lie on one that is not",
		Unknown:   "no known file system starts here",
	}[v.FileSystem]
	return nil, &Error{Format: v.FileSystem, Structure: "boot sector", Offset: v.Start, Err: fmt.Errorf("%w: %s", ErrUnsupported, why)}
}

// bitLockerGUID is the volume identifier 4967D63B-2E29-4AD8-8399-F6A339E3D001,
// which the FAT32 lookalike in front of a removable BitLocker volume carries.
const bitLockerGUID = "\x3b\xd6\x67\x49\x29\x2e\xd8\x4a\x83\x99\xf6\xa3\x39\xe3\xd0\x01"

// fileSystem names the file system that starts with boot. The encrypted ones
// come first: they pose as FAT or NTFS for systems that do not know them.
func fileSystem(boot []byte) string {
	named := func(name string) bool { return len(boot) >= 11 && bytes.HasPrefix(boot[3:], []byte(name)) }
	switch {
	case named("-FVE-FS-"), bytes.Contains(boot, []byte(bitLockerGUID)):
		return BitLocker
	case named("ReFS"), named("\x00\x00\x00\x00ReFS"):
		return ReFS
	case named("EXFAT   "):
		return ExFAT
	case ntfs.Detect(boot):
		return NTFS
	case fat.Detect(boot):
		return fatKind(boot)
	}
	return Unknown
}

// fatKind tells the three kinds of FAT apart, which differ in nothing but the
// number of clusters (Microsoft's FAT specification 1.03, "FAT Type
// Determination"). boot has passed fat.Detect.
func fatKind(boot []byte) string {
	le := binary.LittleEndian
	number := func(at int) int64 { return int64(le.Uint16(boot[at:])) }
	sectorSize, perCluster := number(11), int64(boot[13])
	total, fatSize := number(19), number(22) // BPB_TotSec16, BPB_FATSz16
	if fatSize == 0 || sectorSize == 0 || perCluster == 0 {
		return FAT32 // whose sizes are elsewhere
	}
	if total == 0 {
		total = int64(le.Uint32(boot[32:])) // BPB_TotSec32
	}
	root := (32*number(17) + sectorSize - 1) / sectorSize // BPB_RootEntCnt
	clusters := (total - number(14) - int64(boot[16])*fatSize - root) / perCluster
	switch {
	case clusters < 4085:
		return FAT12
	case clusters < 65525:
		return FAT16
	}
	return FAT32
}

// recognised reports whether anything in the image is known.
func (i *Image) recognised() bool {
	if i.PartitionTable.Scheme == part.GPT {
		return true
	}
	for _, v := range i.Volumes {
		if v.Index != 0 || v.FileSystem != Unknown {
			return true
		}
	}
	return false
}
