package block

import (
	"encoding/binary"
	"io/fs"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// UTF16 turns little-endian UTF-16 into a string. Windows allows half a surrogate pair alone in names, and names that differ
// in nothing else: each becomes the three bytes that UTF-8 would take for it ("WTF-8"), as other readers of these file
// systems and Go on Windows write it. Such a string is no valid UTF-8.
func UTF16(b []byte) string {
	var short [96]byte // most names: one allocation less
	out := short[:0]
	for len(b) >= 2 {
		r := rune(binary.LittleEndian.Uint16(b))
		b = b[2:]
		switch {
		case !utf16.IsSurrogate(r):
			out = utf8.AppendRune(out, r)
		case len(b) >= 2 && utf16.DecodeRune(r, rune(binary.LittleEndian.Uint16(b))) != utf8.RuneError:
			out = utf8.AppendRune(out, utf16.DecodeRune(r, rune(binary.LittleEndian.Uint16(b))))
			b = b[2:]
		default:
			out = append(out, 0xE0|byte(r>>12), 0x80|byte(r>>6)&0xBF, 0x80|byte(r)&0xBF)
		}
	}
	return string(out)
}

// Units turns a string that UTF16 made into UTF-16 again.
func Units(s string) []uint16 {
	units := make([]uint16, 0, len(s))
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && n == 1 && halfPair(s) {
			units, s = append(units, 0xD000|uint16(s[1]&0x3F)<<6|uint16(s[2]&0x3F)), s[3:]
			continue
		}
		units, s = utf16.AppendRune(units, r), s[n:]
	}
	return units
}

// halfPair tells that s starts with what UTF16 makes of D800 to DFFF.
func halfPair(s string) bool {
	return len(s) >= 3 && s[0] == 0xED && s[1] >= 0xA0 && s[1] <= 0xBF && s[2] >= 0x80 && s[2] <= 0xBF
}

// ValidPath is [io/fs.ValidPath], but for names that UTF16 made.
func ValidPath(name string) bool { return fs.ValidPath(strings.ToValidUTF8(name, "_")) }
