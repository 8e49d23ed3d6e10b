package vhdx

import (
	"encoding/binary"
	"fmt"
)

// guid is a GUID as stored: the first three fields little endian.
type guid [16]byte

// The GUIDs of [MS-VHDX] 2.2.3.2 (regions), 2.6.2 (metadata), 2.6.2.6.1
// (parent locator type).
var (
	regionBAT      = parseGUID(0x2DC27766, 0xF623, 0x4200, 0x9D64115E9BFD4A08)
	regionMetadata = parseGUID(0x8B7CA206, 0x4790, 0x4B9A, 0xB8FE575F050F886E)

	itemFileParameters = parseGUID(0xCAA16737, 0xFA36, 0x4D43, 0xB3B633F0AA44E76B)
	itemDiskSize       = parseGUID(0x2FA54224, 0xCD1B, 0x4876, 0xB2115DBED83BF4B8)
	itemDiskID         = parseGUID(0xBECA12AB, 0xB2E6, 0x4523, 0x93EFC309E000C746)
	itemLogicalSector  = parseGUID(0x8141BF1D, 0xA96F, 0x4709, 0xBA47F233A8FAAB5F)
	itemPhysicalSector = parseGUID(0xCDA348C7, 0x445D, 0x4471, 0x9CC9E9885251C556)
	itemParentLocator  = parseGUID(0xA8D35F2D, 0xB30B, 0x454D, 0xABF7D3D84834AB0C)
)

// parseGUID takes the fields of a GUID as they are printed.
func parseGUID(a uint32, b, c uint16, d uint64) (g guid) {
	binary.LittleEndian.PutUint32(g[0:], a)
	binary.LittleEndian.PutUint16(g[4:], b)
	binary.LittleEndian.PutUint16(g[6:], c)
	binary.BigEndian.PutUint64(g[8:], d)
	return g
}

// String prints the GUID in lower case without braces.
func (g guid) String() string {
	le := binary.LittleEndian
	return fmt.Sprintf("%08x-%04x-%04x-%x-%x", le.Uint32(g[0:]), le.Uint16(g[4:]), le.Uint16(g[6:]), g[8:10], g[10:])
}
