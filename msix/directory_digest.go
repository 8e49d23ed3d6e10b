package msix

import (
	"crypto"
	"encoding/binary"
	"math"
	"slices"
)

// digest computes AXCD: the hash of the directory and its end records as they
// were, or would be, in the container without the signature, whose local
// header at offset is where the directory then begins.
func (d *zipDirectory) digest(hash crypto.Hash, offset int64) []byte {
	h := hash.New()
	count, length := 0, 0
	for i := range d.entries {
		if foldName(d.entries[i].path) == foldName(SignatureName) {
			continue
		}
		h.Write(d.entries[i].record)
		count++
		length += len(d.entries[i].record)
	}
	h.Write(d.endRecords(count, int64(length), offset))
	return h.Sum(nil)
}

// endRecords gives the end records rewritten for a directory of count entries
// and length bytes at offset.
func (d *zipDirectory) endRecords(count int, length, offset int64) []byte {
	le := binary.LittleEndian
	var out []byte
	if d.end64 != nil {
		end64, locator := slices.Clone(d.end64), slices.Clone(d.locator)
		le.PutUint64(end64[24:], uint64(count))
		le.PutUint64(end64[32:], uint64(count))
		le.PutUint64(end64[40:], uint64(length))
		le.PutUint64(end64[48:], uint64(offset))
		le.PutUint64(locator[8:], uint64(offset+length))
		out = append(end64, locator...)
	}
	end := slices.Clone(d.end)
	clear(end[4:8]) // disk numbers (4.4.19, 4.4.20): some writers set them to all ones
	for _, at := range []int{8, 10} {
		if le.Uint16(end[at:]) != math.MaxUint16 {
			le.PutUint16(end[at:], uint16(count))
		}
	}
	if le.Uint32(end[12:]) != math.MaxUint32 {
		le.PutUint32(end[12:], uint32(length))
	}
	if le.Uint32(end[16:]) != math.MaxUint32 {
		le.PutUint32(end[16:], uint32(offset))
	}
	return append(out, end...)
}
