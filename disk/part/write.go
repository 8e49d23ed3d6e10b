package part

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"unicode/utf16"
)

// writtenEntries is the smallest number UEFI 5.3.1 allows, and the usual one.
const writtenEntries = 128

// Layout says how to partition a disk.
type Layout struct {
	Size       int64    // of the disk in bytes, whole sectors
	SectorSize int      // 512 or 4096; 0 is 512
	DiskID     [16]byte // GPT: the disk's GUID as stored; MBR: its first four bytes are the signature
	Partitions []Partition
}

// OnePartition returns the place of a single partition over a whole disk of size
// bytes, as Windows makes it: from 1 MiB on, in whole MiB, leaving the last for
// the backup of a GPT.
func OnePartition(size int64) (start, length int64) {
	return Alignment, max((size-2*Alignment)/Alignment*Alignment, 0)
}

// WriteGPT writes a protective MBR, the primary table and the backup. Type and
// ID of a partition are GUIDs; an Index is its place in the table, 0 the next.
func WriteGPT(w io.WriterAt, l Layout) error {
	l, err := l.check()
	if err != nil {
		return err
	}
	entries, err := l.gptEntries()
	if err != nil {
		return err
	}
	sector := int64(l.SectorSize)
	last := uint64(l.Size/sector - 1)
	span := uint64(len(entries)) / uint64(sector)
	front := make([]byte, 2*sector, 2*sector+int64(len(entries)))
	putEntry(front, 0, mbrEntry{kind: typeProtected, first: 1, count: uint32(min(last, 0xFFFFFFFF))})
	copy(front[sector:], l.gptHeader(entries, 1, last, 2))
	if _, err := w.WriteAt(append(front, entries...), 0); err != nil {
		return err
	}
	back := make([]byte, len(entries)+int(sector))
	copy(back, entries)
	copy(back[len(entries):], l.gptHeader(entries, last, 1, last-span))
	_, err = w.WriteAt(back, l.Size-int64(len(back)))
	return err
}

// WriteMBR writes a boot record with up to four primary partitions, whose Type
// is written "0x07". It starts no operating system.
func WriteMBR(w io.WriterAt, l Layout) error {
	l, err := l.check()
	if err != nil {
		return err
	}
	if len(l.Partitions) > 4 {
		return fmt.Errorf("mbr: %d partitions: expected 4 at most", len(l.Partitions))
	}
	b := make([]byte, mbrSize)
	copy(b[440:], l.DiskID[:4])
	for i, p := range l.Partitions {
		kind, err := hex.DecodeString(strings.TrimPrefix(p.Type, "0x"))
		first, count := p.Start/int64(l.SectorSize), p.Size/int64(l.SectorSize)
		if err != nil || len(kind) != 1 || first+count > 0xFFFFFFFF {
			return fmt.Errorf("mbr: partition %d: type %q or its place is not one of an MBR", i+1, p.Type)
		}
		e := mbrEntry{kind: kind[0], first: uint32(first), count: uint32(count)}
		if p.Active {
			e.status = 0x80
		}
		putEntry(b, i, e)
	}
	_, err = w.WriteAt(b, 0)
	return err
}

// check fills in the defaults and refuses what does not fit.
func (l Layout) check() (Layout, error) {
	if l.SectorSize == 0 {
		l.SectorSize = 512
	}
	sector := int64(l.SectorSize)
	if sector != 512 && sector != 4096 || l.Size%sector != 0 || l.Size < 2*Alignment {
		return l, fmt.Errorf("part: a disk of %d bytes with sectors of %d: expected whole sectors of 512 or 4096 bytes and 2 MiB", l.Size, sector)
	}
	reserved := sector + writtenEntries*gptEntrySize // at each end, for a GPT
	for i, p := range l.Partitions {
		if p.Start%sector != 0 || p.Size%sector != 0 || p.Size <= 0 || p.Start < sector+reserved || p.Start > l.Size-reserved-p.Size {
			return l, fmt.Errorf("part: partition %d: %d bytes at %d do not fit into the disk of %d bytes", i+1, p.Size, p.Start, l.Size)
		}
		for _, q := range l.Partitions[:i] {
			if p.Start < q.Start+q.Size && q.Start < p.Start+p.Size {
				return l, fmt.Errorf("part: partition %d overlaps another", i+1)
			}
		}
	}
	return l, nil
}

// putEntry encodes a boot record's entry and its signature. The addresses in
// cylinders, heads and sectors are those that mean "use the sector numbers".
func putEntry(b []byte, i int, e mbrEntry) {
	p := b[mbrEntries+16*i:]
	p[0], p[4] = e.status, e.kind
	if copy(p[1:4], "\xFE\xFF\xFF"); e.kind == typeProtected {
		copy(p[1:4], "\x00\x02\x00") // UEFI table 5-4: sector 1
	}
	copy(p[5:8], "\xFE\xFF\xFF")
	if e.kind == typeProtected {
		copy(p[5:8], "\xFF\xFF\xFF")
	}
	binary.LittleEndian.PutUint32(p[8:], e.first)
	binary.LittleEndian.PutUint32(p[12:], e.count)
	b[510], b[511] = 0x55, 0xAA
}

// gptEntries encodes the table's entries, UEFI table 5-6.
func (l Layout) gptEntries() ([]byte, error) {
	le := binary.LittleEndian
	b := make([]byte, writtenEntries*gptEntrySize)
	used := make([]bool, writtenEntries)
	for i, p := range l.Partitions {
		slot := p.Index - 1
		if p.Index == 0 {
			slot = i
		}
		if slot < 0 || slot >= writtenEntries || used[slot] {
			return nil, fmt.Errorf("gpt: partition %d: place %d in the table is taken or not there", i+1, slot+1)
		}
		used[slot] = true
		e := b[slot*gptEntrySize:]
		kind, err1 := parseGUID(p.Type)
		id, err2 := parseGUID(p.ID)
		name := utf16.Encode([]rune(p.Name))
		if err := errors.Join(err1, err2); err != nil || len(name) > 36 {
			return nil, fmt.Errorf("gpt: partition %d: type %q, id %q or name %q cannot be kept: %w", i+1, p.Type, p.ID, p.Name, err)
		}
		copy(e, kind[:])
		copy(e[16:], id[:])
		le.PutUint64(e[32:], uint64(p.Start)/uint64(l.SectorSize))
		le.PutUint64(e[40:], uint64(p.Start+p.Size)/uint64(l.SectorSize)-1)
		for j, u := range name {
			le.PutUint16(e[56+2*j:], u)
		}
	}
	return b, nil
}

// gptHeader encodes a header, UEFI table 5-5, for sector my; the other one is
// in sector other, the entries start in sector first.
func (l Layout) gptHeader(entries []byte, my, other, first uint64) []byte {
	le := binary.LittleEndian
	span := uint64(len(entries) / l.SectorSize)
	b := make([]byte, gptHeaderSize)
	copy(b, gptSignature)
	le.PutUint32(b[8:], 0x10000) // Revision 1.0
	le.PutUint32(b[12:], gptHeaderSize)
	le.PutUint64(b[24:], my)
	le.PutUint64(b[32:], other)
	le.PutUint64(b[40:], 2+span)                // FirstUsableLBA
	le.PutUint64(b[48:], max(my, other)-span-1) // LastUsableLBA
	copy(b[56:], l.DiskID[:])
	le.PutUint64(b[72:], first)
	le.PutUint32(b[80:], writtenEntries)
	le.PutUint32(b[84:], gptEntrySize)
	le.PutUint32(b[88:], crc32.ChecksumIEEE(entries))
	le.PutUint32(b[16:], crc32.ChecksumIEEE(b))
	return b
}

// parseGUID reads a GUID as FormatGUID prints it; "" is the zero one.
func parseGUID(s string) (g [16]byte, err error) {
	if s == "" {
		return g, nil
	}
	b, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	if err != nil || len(b) != 16 {
		return g, fmt.Errorf("%q is not a GUID", s)
	}
	copy(g[:], []byte{b[3], b[2], b[1], b[0], b[5], b[4], b[7], b[6]})
	copy(g[8:], b[8:])
	return g, nil
}
