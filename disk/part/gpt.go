package part

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"unicode/utf16"
)

const (
	gptSignature  = "EFI PART"
	gptHeaderSize = 92      // UEFI table 5-5, up to and with the entries' CRC
	gptEntrySize  = 128     // UEFI 5.3.3: 128 times a power of two
	maxEntryBytes = 1 << 20 // 128 entries of 128 bytes are usual, 16 KiB
)

// gptHeader holds the fields of UEFI table 5-5 that Berth uses.
type gptHeader struct {
	id        []byte // 56
	entries   uint64 // 72: first sector of the entries
	count     uint32 // 80
	entrySize uint32 // 84
	entryCRC  uint32 // 88
}

// readGPT reads the primary table or, when that is damaged, the backup at the
// disk's end. If both are, the error is that of the primary.
func (d *disk) readGPT() (*Table, error) {
	t, err := d.readGPTAt(1)
	if err == nil {
		return t, nil
	}
	if !errors.Is(err, ErrCorrupt) {
		return nil, err
	}
	if t, backupErr := d.readGPTAt(uint64(d.size/d.sector) - 1); backupErr == nil {
		t.FromBackup = true
		return t, nil
	}
	return nil, err
}

// readGPTAt reads header and entries of the table whose header is in sector lba.
func (d *disk) readGPTAt(lba uint64) (*Table, error) {
	at := int64(lba) * d.sector
	b, err := d.bytes(at, d.sector, GPT, "header")
	if err != nil {
		return nil, err
	}
	h, err := parseGPTHeader(b, lba, at)
	if err != nil {
		return nil, err
	}
	if h.entries > uint64(d.size/d.sector) {
		return nil, fail(ErrTruncated, GPT, "header first entry", at+72, "sector %d, the disk has %d", h.entries, d.size/d.sector)
	}
	start := int64(h.entries) * d.sector
	raw, err := d.bytes(start, int64(h.count)*int64(h.entrySize), GPT, "entries")
	if err != nil {
		return nil, err
	}
	if sum := crc32.ChecksumIEEE(raw); sum != h.entryCRC {
		return nil, fail(ErrCorrupt, GPT, "entries", start, "their CRC is %#08x, the header has %#08x", sum, h.entryCRC)
	}
	t := &Table{Scheme: GPT, ID: FormatGUID([16]byte(h.id))}
	return t, d.addEntries(t, raw, h)
}

// parseGPTHeader checks and decodes the header in b, from sector lba at offset
// at.
func parseGPTHeader(b []byte, lba uint64, at int64) (gptHeader, error) {
	le := binary.LittleEndian
	if string(b[:8]) != gptSignature {
		return gptHeader{}, fail(ErrCorrupt, GPT, "header signature", at, "found %q, expected %q", b[:8], gptSignature)
	}
	size := le.Uint32(b[12:])
	if size < gptHeaderSize || size > uint32(len(b)) {
		return gptHeader{}, fail(ErrCorrupt, GPT, "header size", at+12, "%d bytes, expected %d up to a sector", size, gptHeaderSize)
	}
	summed := bytes.Clone(b[:size])
	clear(summed[16:20]) // HeaderCRC32 counts as zero
	if sum := crc32.ChecksumIEEE(summed); sum != le.Uint32(b[16:]) {
		return gptHeader{}, fail(ErrCorrupt, GPT, "header CRC", at+16, "stored %#08x, computed %#08x", le.Uint32(b[16:]), sum)
	}
	if my := le.Uint64(b[24:]); my != lba {
		return gptHeader{}, fail(ErrCorrupt, GPT, "header MyLBA", at+24, "sector %d, it was read from %d", my, lba)
	}
	h := gptHeader{b[56:72], le.Uint64(b[72:]), le.Uint32(b[80:]), le.Uint32(b[84:]), le.Uint32(b[88:])}
	if h.entrySize < gptEntrySize || h.entrySize%gptEntrySize != 0 || uint64(h.count)*uint64(h.entrySize) > maxEntryBytes {
		return gptHeader{}, fail(ErrUnsupported, GPT, "header entries", at+80,
			"%d entries of %d bytes, expected multiples of 128 bytes, 1 MiB in all", h.count, h.entrySize)
	}
	return h, nil
}

// addEntries takes up the entries in use, in the order of the table; partitions
// may lie on the disk in any other, with unused entries between them.
func (d *disk) addEntries(t *Table, raw []byte, h gptHeader) error {
	le := binary.LittleEndian
	for i := range int(h.count) {
		e := raw[i*int(h.entrySize):][:gptEntrySize]
		if bytes.Equal(e[:16], make([]byte, 16)) {
			continue
		}
		at := int64(h.entries)*d.sector + int64(i)*int64(h.entrySize)
		first, last := le.Uint64(e[32:]), le.Uint64(e[40:])
		if last < first || last == 1<<64-1 {
			return fail(ErrCorrupt, GPT, "entry", at+40, "partition %d ends at sector %d before it starts at %d", i+1, last, first)
		}
		p := Partition{Index: i + 1, Type: FormatGUID([16]byte(e[:16])), ID: FormatGUID([16]byte(e[16:32])), Name: gptName(e[56:128])}
		p, err := d.place(p, first, last-first+1, GPT, at)
		if err != nil {
			return err
		}
		t.Partitions = append(t.Partitions, p)
	}
	return nil
}

// gptName decodes PartitionName, UTF-16 little endian ended by a zero or by the
// field.
func gptName(b []byte) string {
	units := make([]uint16, 0, len(b)/2)
	for ; len(b) >= 2; b = b[2:] {
		u := binary.LittleEndian.Uint16(b)
		if u == 0 {
			break
		}
		units = append(units, u)
	}
	return string(utf16.Decode(units))
}
