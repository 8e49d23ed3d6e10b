package vhdx

import (
	"encoding/binary"
	"io"
	"math/bits"
)

const (
	metadataTableSize = 64 * kib
	metadataWindow    = 128 * kib // table and items, where every known writer puts them
	maxItemSize       = 1 * mib   // [MS-VHDX] 2.6.1.2
	maxDiskSize       = 64 << 40  // [MS-VHDX] 2.6.2.2
)

// metadata holds the items of [MS-VHDX] 2.6.2.
type metadata struct {
	blockSize      int64
	leaveAllocated bool // FileParameters bit 0: a fixed disk
	diskSize       int64
	diskID         guid // page 83 data: the disk's identity
	logicalSector  int64
	physicalSector int64
	parent         *Parent // of differencing disks: FileParameters bit 1 and the parent locator
	at             int64   // of the region
}

// readMetadata reads the metadata region reg.
func readMetadata(r io.ReaderAt, reg region) (metadata, error) {
	t := itemTable{r: r, reg: reg, window: make([]byte, min(reg.length, metadataWindow))}
	if err := readFull(r, t.window, reg.offset, "metadata region"); err != nil {
		return metadata{}, err
	}
	if err := t.check(); err != nil {
		return metadata{}, err
	}
	m, err := t.decode()
	if err != nil {
		return metadata{}, err
	}
	return m, m.check(reg.offset)
}

// check holds the sizes against what the format allows; at is the region.
func (m *metadata) check(at int64) error {
	if bits.OnesCount64(uint64(m.blockSize)) != 1 || m.blockSize < mib || m.blockSize > 256*mib {
		return fail(ErrCorrupt, "metadata file parameters", at, "block size %d, expected a power of two from 1 to 256 MiB", m.blockSize)
	}
	if m.logicalSector != 512 && m.logicalSector != 4096 {
		return fail(ErrCorrupt, "metadata logical sector size", at, "%d, expected 512 or 4096", m.logicalSector)
	}
	if m.diskSize <= 0 || m.diskSize > maxDiskSize || m.diskSize%m.logicalSector != 0 {
		return fail(ErrCorrupt, "metadata virtual disk size", at, "%d bytes, expected whole sectors up to 64 TiB", uint64(m.diskSize))
	}
	return nil
}

// itemTable is the metadata table, [MS-VHDX] 2.6.1.
type itemTable struct {
	r      io.ReaderAt
	reg    region
	window []byte // the region's start, read at once
}

// check verifies the table's header and that every required item is known.
func (t *itemTable) check() error {
	if string(t.window[:8]) != "metadata" {
		return fail(ErrCorrupt, "metadata table signature", t.reg.offset, "found %q, expected \"metadata\"", t.window[:8])
	}
	if n := t.count(); n > maxRegions {
		return fail(ErrCorrupt, "metadata table entry count", t.reg.offset+10, "%d entries, at most %d are allowed", n, maxRegions)
	}
	for i := range t.count() {
		e := t.entry(i)
		required := binary.LittleEndian.Uint32(e[24:])&4 != 0 // IsRequired
		if id := guid(e[:16]); required && !knownItem(id) {
			return fail(ErrUnsupported, "metadata table entry", t.reg.offset+32*int64(i+1), "item %v is required and unknown", id)
		}
	}
	return nil
}

func (t *itemTable) count() int { return int(binary.LittleEndian.Uint16(t.window[10:])) }

// entry is entry i of the table, 32 bytes.
func (t *itemTable) entry(i int) []byte { return t.window[32*(i+1) : 32*(i+2)] }

func knownItem(id guid) bool {
	switch id {
	case itemFileParameters, itemDiskSize, itemDiskID, itemLogicalSector, itemPhysicalSector, itemParentLocator:
		return true
	}
	return false
}

// decode reads all items.
func (t *itemTable) decode() (m metadata, err error) {
	m.at = t.reg.offset
	le := binary.LittleEndian
	number := func(id guid, name string, size int) uint64 {
		b := t.item(id, name, size, &err)
		if len(b) == 4 {
			return uint64(le.Uint32(b))
		} else if len(b) == 8 {
			return le.Uint64(b)
		}
		return 0
	}
	params := number(itemFileParameters, "file parameters", 8)
	m.blockSize = int64(params & 0xFFFFFFFF)
	m.leaveAllocated = params>>32&1 != 0
	m.diskSize = int64(number(itemDiskSize, "virtual disk size", 8))
	m.logicalSector = int64(number(itemLogicalSector, "logical sector size", 4))
	m.physicalSector = int64(number(itemPhysicalSector, "physical sector size", 4))
	copy(m.diskID[:], t.item(itemDiskID, "virtual disk id", 16, &err))
	if params>>32&2 == 0 || err != nil {
		return m, err
	}
	locator := t.item(itemParentLocator, "parent locator", 0, &err)
	if err == nil {
		m.parent, err = parseParent(locator, t.reg.offset)
	}
	return m, err
}

// item returns the content of the item id, which must have size bytes unless
// size is 0. It does nothing when err holds an error already.
func (t *itemTable) item(id guid, name string, size int, err *error) []byte {
	if *err != nil {
		return nil
	}
	le := binary.LittleEndian
	for i := range t.count() {
		e := t.entry(i)
		if guid(e[:16]) != id {
			continue
		}
		offset, length := int64(le.Uint32(e[16:])), int64(le.Uint32(e[20:]))
		at := t.reg.offset + 32*int64(i+1)
		if size != 0 && length != int64(size) {
			*err = fail(ErrCorrupt, "metadata "+name, at+20, "%d bytes, expected %d", length, size)
			return nil
		}
		if offset < metadataTableSize || length > maxItemSize || offset+length > t.reg.length {
			*err = fail(ErrCorrupt, "metadata "+name, at+16, "%d bytes at %d do not fit into the region", length, offset)
			return nil
		}
		return t.bytes(offset, length, name, err)
	}
	*err = fail(ErrCorrupt, "metadata "+name, t.reg.offset, "the item is missing")
	return nil
}

// bytes returns a part of the region, from what is read already if it is there.
func (t *itemTable) bytes(offset, length int64, name string, err *error) []byte {
	if offset+length <= int64(len(t.window)) {
		return t.window[offset : offset+length]
	}
	b := make([]byte, length)
	if *err = readFull(t.r, b, t.reg.offset+offset, "metadata "+name); *err != nil {
		return nil
	}
	return b
}
