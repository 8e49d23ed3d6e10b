package block

import (
	"encoding/binary"
	"slices"
	"testing"
	"unicode/utf8"
)

func TestUTF16(t *testing.T) {
	for _, c := range []struct {
		units []uint16
		want  string
	}{
		{nil, ""},
		{[]uint16{'a', 0xE9, 0x20AC, 0xFFFD}, "aé€\ufffd"},
		{[]uint16{0xD83D, 0xDE00}, "😀"},
		{[]uint16{0xD800, 'x'}, "\xed\xa0\x80x"},
		{[]uint16{'x', 0xDBFF}, "x\xed\xaf\xbf"},
		{[]uint16{0xDC00, 0xD83D, 0xDE00, 0xDFFF}, "\xed\xb0\x80😀\xed\xbf\xbf"},
	} {
		var b []byte
		for _, u := range c.units {
			b = binary.LittleEndian.AppendUint16(b, u)
		}
		if got := UTF16(b); got != c.want {
			t.Errorf("%x became %q, want %q", c.units, got, c.want)
		}
		if got := Units(c.want); !slices.Equal(got, c.units) {
			t.Errorf("%q became %x, want %x", c.want, got, c.units)
		}
		if c.want != "" && !ValidPath(c.want) {
			t.Errorf("%q is no path", c.want)
		}
	}
	if ValidPath("\xed\xa0\x80/../x") || ValidPath("/\xed\xa0\x80") {
		t.Error("a path that leaves its folder is valid")
	}
	for u := range 1 << 16 { // what is no half of a pair is UTF-8
		s := UTF16([]byte{byte(u), byte(u >> 8)})
		if half := u >= 0xD800 && u < 0xE000; utf8.ValidString(s) == half || Units(s)[0] != uint16(u) {
			t.Fatalf("%x became %q", u, s)
		}
	}
}
