package vhdx

import (
	"encoding/binary"
	"hash/crc32"
)

const headerSize = 4 * kib

// header holds the fields of [MS-VHDX] 2.2.2 that Berth uses.
type header struct {
	at        int64  // where it was read
	sequence  uint64 // 8
	dataID    guid   // 32: DataWriteGuid, changes whenever the disk's content does
	logID     guid   // 48: LogGuid, zero when there is nothing to replay
	logLength uint32 // 68
	logOffset uint64 // 72
}

// currentHeader is the sound one of the two with the higher sequence number.
func currentHeader(front []byte) (header, error) {
	h1, err1 := parseHeader(front[headerAt1:headerAt1+headerSize], headerAt1)
	h2, err2 := parseHeader(front[headerAt2:headerAt2+headerSize], headerAt2)
	switch {
	case err1 != nil && err2 != nil:
		return header{}, err1
	case err1 != nil, err2 == nil && h2.sequence > h1.sequence:
		return h2, nil
	default:
		return h1, nil
	}
}

// parseHeader checks and decodes the header in b, read at offset at.
func parseHeader(b []byte, at int64) (header, error) {
	le := binary.LittleEndian
	if string(b[:4]) != "head" {
		return header{}, fail(ErrCorrupt, "header signature", at, "found %q, expected \"head\"", b[:4])
	}
	if want, got := checksum(b), le.Uint32(b[4:]); want != got {
		return header{}, fail(ErrCorrupt, "header checksum", at+4, "stored %#08x, computed %#08x", got, want)
	}
	if v := le.Uint16(b[66:]); v != 1 {
		return header{}, fail(ErrUnsupported, "header version", at+66, "version %d, known is 1", v)
	}
	h := header{
		at:        at,
		sequence:  le.Uint64(b[8:]),
		dataID:    guid(b[32:48]),
		logID:     guid(b[48:64]),
		logLength: le.Uint32(b[68:]),
		logOffset: le.Uint64(b[72:]),
	}
	if v := le.Uint16(b[64:]); v != 0 && h.logID != (guid{}) {
		return header{}, fail(ErrUnsupported, "header log version", at+64, "version %d, known is 0", v)
	}
	return h, nil
}

// marshal encodes a header whose log is empty; fileID is its FileWriteGuid.
func (h *header) marshal(fileID guid) []byte {
	le := binary.LittleEndian
	b := make([]byte, headerSize)
	copy(b, "head")
	le.PutUint64(b[8:], h.sequence)
	copy(b[16:], fileID[:])
	copy(b[32:], h.dataID[:])
	le.PutUint16(b[66:], 1)
	le.PutUint32(b[68:], h.logLength)
	le.PutUint64(b[72:], h.logOffset)
	le.PutUint32(b[4:], checksum(b))
	return b
}

// checksum is the CRC-32C of b with its second four bytes, which hold the
// checksum itself in every structure, taken as zero ([MS-VHDX] 2.2.2).
func checksum(b []byte) uint32 {
	castagnoli := crc32.MakeTable(crc32.Castagnoli)
	sum := crc32.Update(0, castagnoli, b[:4])
	sum = crc32.Update(sum, castagnoli, make([]byte, 4))
	return crc32.Update(sum, castagnoli, b[8:])
}
