package vhdx

import "encoding/binary"

// marshal encodes the metadata table and the items behind it.
func (m *metadata) marshal() []byte {
	const (
		isDisk     = 2 // IsVirtualDisk
		isRequired = 4
	)
	le := binary.LittleEndian
	var flags uint32
	if m.leaveAllocated {
		flags = 1
	}
	items := []struct {
		id    guid
		flags uint32
		b     []byte
	}{
		{itemFileParameters, isRequired, le.AppendUint32(le.AppendUint32(nil, uint32(m.blockSize)), flags)},
		{itemDiskSize, isRequired | isDisk, le.AppendUint64(nil, uint64(m.diskSize))},
		{itemDiskID, isRequired | isDisk, m.diskID[:]},
		{itemLogicalSector, isRequired | isDisk, le.AppendUint32(nil, uint32(m.logicalSector))},
		{itemPhysicalSector, isRequired | isDisk, le.AppendUint32(nil, uint32(m.physicalSector))},
	}
	b := make([]byte, metadataTableSize)
	copy(b, "metadata")
	le.PutUint16(b[10:], uint16(len(items)))
	for i, item := range items {
		e := b[32*(i+1):]
		copy(e, item.id[:])
		le.PutUint32(e[16:], uint32(len(b)))
		le.PutUint32(e[20:], uint32(len(item.b)))
		le.PutUint32(e[24:], item.flags)
		b = append(b, item.b...)
	}
	return append(b, make([]byte, mib-len(b))...)
}
