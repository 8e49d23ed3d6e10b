package vhdx

import (
	"encoding/binary"
	"unicode/utf16"
)

// parentPath finds the most telling path in a parent locator, [MS-VHDX] 2.6.2.6:
// a table of keys and values in UTF-16. It is empty when there is none.
func parentPath(b []byte) string {
	const head, entrySize = 20, 12
	if len(b) < head {
		return ""
	}
	le := binary.LittleEndian
	paths := map[string]string{}
	for i := range int(le.Uint16(b[18:])) { // KeyValueCount
		at := head + entrySize*i
		if at+entrySize > len(b) {
			break
		}
		e := b[at:]
		key := utf16At(b, le.Uint32(e[0:]), le.Uint16(e[8:]))
		paths[key] = utf16At(b, le.Uint32(e[4:]), le.Uint16(e[10:]))
	}
	for _, key := range []string{"absolute_win32_path", "relative_path", "volume_path"} {
		if paths[key] != "" {
			return paths[key]
		}
	}
	return ""
}

// utf16At decodes length bytes at offset, or nothing if they are not there.
func utf16At(b []byte, offset uint32, length uint16) string {
	if int64(offset)+int64(length) > int64(len(b)) {
		return ""
	}
	b = b[offset : int64(offset)+int64(length)]
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return string(utf16.Decode(units))
}
