package fat

import (
	"encoding/binary"
	"strings"
	"unicode"
	"unicode/utf8"

	"berth/disk/block"
)

// oemHigh holds the characters 0x80 to 0xFF of code page 437, in which short names are read. Which code page a volume
// was written with is recorded nowhere; names that matter have a long name, which is Unicode.
var oemHigh = []rune("ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐" +
	"└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0")

func decodeOEM(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		if c < 0x80 {
			s.WriteByte(c)
		} else {
			s.WriteRune(oemHigh[c-0x80])
		}
	}
	return s.String()
}

// DIR_NTRes: Windows NT stores here that a short name is to be shown in lower case.
const (
	lowerBase = 0x08
	lowerExt  = 0x10
)

// shortName reads DIR_Name: eight characters and three, padded with blanks.
func shortName(raw []byte, ntRes byte) string {
	base, ext := decodeOEM(raw[:8]), decodeOEM(raw[8:11])
	if raw[0] == 0x05 { // stands for 0xE5, which would mark the entry as deleted
		base = decodeOEM([]byte{0xE5}) + decodeOEM(raw[1:8])
	}
	if ntRes&lowerBase != 0 {
		base = strings.ToLower(base)
	}
	if ntRes&lowerExt != 0 {
		ext = strings.ToLower(ext)
	}
	base, ext = strings.TrimRight(base, " "), strings.TrimRight(ext, " ")
	if ext == "" {
		return base
	}
	return base + "." + ext
}

// checksum ties long name entries to DIR_Name of the entry behind them.
func checksum(short []byte) byte {
	var sum byte
	for _, c := range short[:11] {
		sum = sum>>1 | sum<<7
		sum += c
	}
	return sum
}

// Long name entries, LDIR_Ord.
const (
	longLast    = 0x40
	longMaxPart = 20 // 255 characters in parts of 13
	longUnits   = 13
)

// longParts are the places of the 13 UTF-16 units in a long name entry: LDIR_Name1, LDIR_Name2, LDIR_Name3.
var longParts = [longUnits]int{1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30}

// longName gathers long name entries, which come last part first, before the entry that they name.
type longName struct {
	units []uint16
	next  byte // LDIR_Ord expected, 0 when complete
	sum   byte
	valid bool
}

// add takes one long name entry. An entry out of order makes the name void, and the short name counts.
func (l *longName) add(b []byte) {
	order := b[0] &^ longLast
	switch {
	case order == 0 || order > longMaxPart || binary.LittleEndian.Uint16(b[26:]) != 0: // LDIR_FstClusLO
		*l = longName{}
		return
	case b[0]&longLast != 0:
		*l = longName{units: make([]uint16, int(order)*longUnits), next: order, sum: b[13], valid: true}
	case !l.valid || order != l.next || b[13] != l.sum: // LDIR_Chksum
		*l = longName{}
		return
	}
	for i, at := range longParts {
		l.units[int(order-1)*longUnits+i] = binary.LittleEndian.Uint16(b[at:])
	}
	l.next = order - 1
}

// name answers the name gathered for the entry with DIR_Name short, or "".
func (l *longName) name(short []byte) string {
	if !l.valid || l.next != 0 || l.sum != checksum(short) {
		return ""
	}
	units := l.units
	for i, u := range units {
		if u == 0 {
			units = units[:i]
			break
		}
	}
	b := make([]byte, 0, 2*len(units))
	for _, u := range units {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return block.UTF16(b)
}

// usable refuses names that are no path element: a caller that joins them must stay in its folder.
func usable(name string) bool {
	return name != "" && name != "." && name != ".." && !strings.ContainsAny(name, "/\\\x00")
}

// fold brings a name into the form in which names that differ by case only are equal.
func fold(name string) string {
	if utf8.ValidString(name) {
		return strings.Map(unicode.ToUpper, name)
	}
	units := block.Units(name)
	b := make([]byte, 0, 2*len(units))
	for _, u := range units {
		b = binary.LittleEndian.AppendUint16(b, uint16(unicode.ToUpper(rune(u))))
	}
	return string(b)
}
