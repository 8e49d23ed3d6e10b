package ntfs

import (
	"encoding/binary"
	"errors"
)

// chunkSize is how much one LZNT1 chunk expands to (MS-XCA 2.5.1.1).
const chunkSize = 4096

var errLZNT1 = errors.New("LZNT1 data is damaged")

// expandLZNT1 expands src into dst, which it fills: what src does not reach becomes zero (MS-XCA 2.5).
func expandLZNT1(dst, src []byte) error {
	for len(dst) > 0 {
		out := dst[:min(chunkSize, len(dst))]
		dst = dst[len(out):]
		if len(src) < 2 || src[0] == 0 && src[1] == 0 {
			clear(out)
			src = nil
			continue
		}
		header := binary.LittleEndian.Uint16(src) // Compressed_chunk_header
		n := int(header&0x0FFF) + 1
		if header&0x7000 != 0x3000 || 2+n > len(src) {
			return errLZNT1
		}
		if header&0x8000 == 0 {
			clear(out[copy(out, src[2:2+n]):])
		} else if err := expandChunk(out, src[2:2+n]); err != nil {
			return err
		}
		src = src[2+n:]
	}
	return nil
}

// expandChunk expands one chunk: a flag byte for every eight elements, each a literal or a pair of distance and length
// whose bits are divided by the position in the chunk (MS-XCA 2.5.1.2 to 2.5.1.4).
func expandChunk(dst, src []byte) error {
	pos := 0
	for len(src) > 0 {
		flags := src[0]
		src = src[1:]
		for bit := 0; bit < 8 && len(src) > 0; bit, flags = bit+1, flags>>1 {
			if flags&1 == 0 {
				if pos >= len(dst) {
					return errLZNT1
				}
				dst[pos] = src[0]
				pos, src = pos+1, src[1:]
				continue
			}
			if len(src) < 2 {
				return errLZNT1
			}
			distance, length := splitPair(binary.LittleEndian.Uint16(src), pos)
			src = src[2:]
			if distance > pos || length > len(dst)-pos {
				return errLZNT1
			}
			// Byte by byte, because the copy may overlap what it makes.
			for end := pos + length; pos < end; pos++ {
				dst[pos] = dst[pos-distance]
			}
		}
	}
	clear(dst[pos:])
	return nil
}

// splitPair divides a compressed word: the further into the chunk, the more bits go to the distance.
func splitPair(pair uint16, pos int) (distance, length int) {
	lengthBits := 12
	for i := pos - 1; i >= 16; i >>= 1 {
		lengthBits--
	}
	return int(pair>>lengthBits) + 1, int(pair)&(1<<lengthBits-1) + 3
}
