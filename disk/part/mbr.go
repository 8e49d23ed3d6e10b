package part

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"
)

const (
	mbrSize       = 512
	mbrEntries    = 446 // four entries of 16 bytes, then the signature 55 AA
	typeProtected = 0xEE
	maxLogical    = 128
)

// mbrEntry is one of the four entries of a boot record.
type mbrEntry struct {
	status byte   // 0: 0x80 active, 0x00 not
	kind   byte   // 4
	first  uint32 // 8: first sector
	count  uint32 // 12: sectors
}

func entryOf(sector []byte, i int) mbrEntry {
	e, le := sector[mbrEntries+16*i:], binary.LittleEndian
	return mbrEntry{e[0], e[4], le.Uint32(e[8:]), le.Uint32(e[12:])}
}

func (e mbrEntry) empty() bool { return e.kind == 0 || e.count == 0 }

// extended reports whether the entry holds a chain of logical partitions.
func (e mbrEntry) extended() bool { return e.kind == 0x05 || e.kind == 0x0F || e.kind == 0x85 }

// isMBR tells a boot record with partitions from the boot sector of a file
// system, which ends in 55 AA as well.
func isMBR(sector []byte) bool {
	if sector[510] != 0x55 || sector[511] != 0xAA || isVolume(sector) {
		return false
	}
	for i := range 4 {
		if s := entryOf(sector, i).status; s != 0 && s != 0x80 {
			return false
		}
	}
	return true
}

// isVolume recognises boot sectors: of NTFS, exFAT, ReFS and BitLocker by name,
// of FAT by a parameter block that makes sense. A boot manager may jump like
// one, but leaves these fields zero.
func isVolume(b []byte) bool {
	for _, name := range []string{"NTFS    ", "EXFAT   ", "-FVE-FS-", "ReFS"} {
		if bytes.HasPrefix(b[3:], []byte(name)) {
			return true
		}
	}
	bytesPerSector := binary.LittleEndian.Uint16(b[11:])
	return (b[0] == 0xEB || b[0] == 0xE9) &&
		bits.OnesCount16(bytesPerSector) == 1 && bytesPerSector >= 512 && bytesPerSector <= 4096 &&
		bits.OnesCount8(b[13]) == 1 && // sectors per cluster
		binary.LittleEndian.Uint16(b[14:]) > 0 && // reserved sectors
		b[16] >= 1 && b[16] <= 16 && // file allocation tables
		b[21] >= 0xF0 // media
}

// hasProtective reports whether the boot record guards a GPT (UEFI 5.2.3).
func hasProtective(sector []byte) bool {
	for i := range 4 {
		if entryOf(sector, i).kind == typeProtected {
			return true
		}
	}
	return false
}

// readMBR reads the four primary partitions and the logical ones.
func (d *disk) readMBR() (*Table, error) {
	t := &Table{Scheme: MBR}
	if id := binary.LittleEndian.Uint32(d.front[440:]); id != 0 {
		t.ID = fmt.Sprintf("%08X", id)
	}
	for i := range 4 {
		e := entryOf(d.front, i)
		if e.empty() {
			continue
		}
		if e.extended() {
			if err := d.readLogical(t, uint64(e.first)); err != nil {
				return nil, err
			}
			continue
		}
		p, err := d.place(e.partition(i+1), uint64(e.first), uint64(e.count), MBR, mbrEntries+16*int64(i))
		if err != nil {
			return nil, err
		}
		t.Partitions = append(t.Partitions, p)
	}
	return t, nil
}

func (e mbrEntry) partition(index int) Partition {
	return Partition{Index: index, Type: fmt.Sprintf("0x%02X", e.kind), Active: e.status == 0x80}
}

// readLogical follows the chain of extended boot records from sector base on:
// each describes one partition relative to itself and the next record relative
// to base.
func (d *disk) readLogical(t *Table, base uint64) error {
	index, seen := 5, map[uint64]bool{}
	for at := base; ; index++ {
		off := int64(at) * d.sector
		if seen[at] || len(seen) == maxLogical {
			return fail(ErrCorrupt, MBR, "extended boot record", off, "the chain of logical partitions is a circle or longer than %d", maxLogical)
		}
		seen[at] = true
		b, err := d.bytes(off, mbrSize, MBR, "extended boot record")
		if err != nil {
			return err
		}
		if b[510] != 0x55 || b[511] != 0xAA {
			return fail(ErrCorrupt, MBR, "extended boot record", off+510, "found %x, expected 55aa", b[510:512])
		}
		if e := entryOf(b, 0); !e.empty() {
			p, err := d.place(e.partition(index), at+uint64(e.first), uint64(e.count), MBR, off+mbrEntries)
			if err != nil {
				return err
			}
			t.Partitions = append(t.Partitions, p)
		}
		next := entryOf(b, 1)
		if next.empty() || !next.extended() {
			return nil
		}
		at = base + uint64(next.first)
	}
}
