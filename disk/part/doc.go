// Package part reads and writes partition tables: GPT as chapter 5 of the UEFI
// specification describes it, and MBR with logical partitions. A disk whose
// first sector starts a file system has none; that is a scheme too.
//
// [Read] takes two or three reads: the front of the disk, a GPT's entries if
// they lie elsewhere, and one sector for each logical partition.
package part

import (
	"encoding/binary"
	"fmt"
)

// The schemes of a [Table].
const (
	GPT  = "gpt"
	MBR  = "mbr"
	None = "none"
)

// Types of partitions that hold a file system which Windows mounts, as
// [Partition.Type] spells them.
const (
	TypeBasicData = "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7" // GPT
	TypeNTFS      = "0x07"                                 // MBR: NTFS, exFAT
	TypeFAT32     = "0x0C"                                 // MBR: FAT32 with LBA
)

// Alignment is where the first partition starts, in bytes, and what Windows
// rounds partitions to.
const Alignment = 1 << 20

// Table is the partition table of a disk.
type Table struct {
	Scheme     string // GPT, MBR or None
	ID         string // GUID of a GPT disk, signature of an MBR disk, or ""
	FromBackup bool   // the primary GPT was damaged, the backup was read
	Bare       bool   // a GPT without the boot record that protects it
	Partitions []Partition
}

// Partition is one entry that is in use.
type Partition struct {
	Index  int    // position in the table from 1; logical partitions start at 5
	Start  int64  // offset on the disk in bytes
	Size   int64  // in bytes
	Type   string // GUID in upper case (GPT), or "0x07" (MBR)
	Name   string // GPT only
	ID     string // unique GUID in upper case (GPT only)
	Active bool   // MBR only: marked as the one to boot
}

// FormatGUID prints a GUID given as stored, its first three fields little endian,
// as [Partition] has it: in upper case, without braces.
func FormatGUID(b [16]byte) string {
	le := binary.LittleEndian
	return fmt.Sprintf("%08X-%04X-%04X-%X-%X", le.Uint32(b[0:]), le.Uint16(b[4:]), le.Uint16(b[6:]), b[8:10], b[10:])
}
