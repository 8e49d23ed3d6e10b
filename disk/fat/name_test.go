package fat

import (
	"encoding/binary"
	"strings"
	"testing"
	"time"
)

func TestShortName(t *testing.T) {
	for raw, want := range map[string]string{
		"README  TXT\x00":          "README.TXT",
		"README  TXT\x08":          "readme.TXT",
		"README  TXT\x10":          "README.txt",
		"README  TXT\x18":          "readme.txt",
		"NOEXT      \x00":          "NOEXT",
		"A B     C  \x00":          "A B.C",
		"\x05BC     D  \x00":       "σBC.D", // 0x05 stands for 0xE5
		"\x8E\x99\x9A     TXT\x00": "ÄÖÜ.TXT",
	} {
		if got := shortName([]byte(raw[:11]), raw[11]); got != want {
			t.Errorf("%q: %q, want %q", raw, got, want)
		}
	}
	if len(oemHigh) != 128 {
		t.Errorf("the code page has %d upper characters", len(oemHigh))
	}
}

func TestBasis(t *testing.T) {
	for name, c := range map[string]struct {
		short string
		exact bool
	}{
		"README.TXT":    {"README  TXT", true},
		"readme.txt":    {"README  TXT", true},
		"noext":         {"NOEXT      ", true},
		"longer name":   {"LONGERNA   ", false},
		"a.b.c":         {"AB      C  ", false},
		".hidden":       {"HIDDEN     ", false},
		"a+b.txt":       {"A_B     TXT", false},
		"ä.txt":         {"_       TXT", false},
		"file.html":     {"FILE    HTM", false},
		"eightchr.ext":  {"EIGHTCHREXT", true},
		"ninechars.ext": {"NINECHAREXT", false},
	} {
		short, exact := basis(name)
		if string(short[:]) != c.short || exact != c.exact {
			t.Errorf("%s: %q %v, want %q %v", name, short, exact, c.short, c.exact)
		}
	}
	short, _ := basis("longer name.txt")
	for n, want := range map[int]string{1: "LONGER~1TXT", 10: "LONGE~10TXT", 123456: "L~123456TXT"} {
		if got := withTail(short, n); string(got[:]) != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
	short, _ = basis("ab c")
	if got := withTail(short, 2); string(got[:]) != "ABC~2      " {
		t.Errorf("%q", got)
	}
}

// TestLongNameEntries writes names and reads them back, around the 13 characters that one entry holds.
func TestLongNameEntries(t *testing.T) {
	for _, name := range []string{"a", "ä", strings.Repeat("x", 12), strings.Repeat("x", 13), strings.Repeat("x", 14),
		strings.Repeat("ß", 26), strings.Repeat("😀", 127), strings.Repeat("n", 255)} {
		n := &node{name: name, short: [11]byte([]byte("SHORT~1 TXT"))}
		b := n.appendLong(nil)
		if len(b) != entrySize*n.longEntries() {
			t.Fatalf("%s: %d bytes", name, len(b))
		}
		var long longName
		for at := 0; at < len(b); at += entrySize {
			long.add(b[at : at+entrySize])
		}
		if got := long.name(n.short[:]); got != name {
			t.Errorf("%q came back as %q", name, got)
		}
		if got := long.name([]byte("OTHER~1 TXT")); got != "" {
			t.Errorf("%q belongs to another file", got)
		}
	}
}

func TestLongNameOutOfOrder(t *testing.T) {
	n := &node{name: strings.Repeat("x", 30), short: [11]byte([]byte("SHORT~1 TXT"))}
	b := n.appendLong(nil)
	for name, order := range map[string][]int{"first missing": {1, 2}, "middle missing": {0, 2}, "last missing": {0, 1}, "twice": {0, 1, 1, 2}} {
		var long longName
		for _, i := range order {
			long.add(b[i*entrySize : (i+1)*entrySize])
		}
		if got := long.name(n.short[:]); got != "" {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestTimes(t *testing.T) {
	for _, c := range []struct{ in, want time.Time }{
		{testTime, testTime},
		{time.Date(2024, 5, 17, 12, 34, 57, 999, time.UTC), testTime},
		{time.Date(2024, 5, 17, 14, 34, 56, 0, time.FixedZone("", 7200)), testTime},
		{time.Time{}, time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)},
		{time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2107, 12, 31, 23, 59, 58, 0, time.UTC)},
	} {
		if s := newStamp(c.in); !fileTime(s.date, s.clock).Equal(c.want) {
			t.Errorf("%v: %v", c.in, fileTime(s.date, s.clock))
		}
	}
	for _, date := range []uint16{0, 1, 1 << 5, 13<<5 | 1} {
		if got := fileTime(date, 0); !got.IsZero() {
			t.Errorf("%#x: %v", date, got)
		}
	}
}

// TestTableEntries reads the entries of each width at odd and even clusters.
func TestTableEntries(t *testing.T) {
	const at = 512
	for _, c := range []struct {
		kind  Type
		bytes []byte
		want  []uint32 // from cluster 0 on
	}{
		{FAT12, []byte{0xF8, 0xFF, 0xFF, 0x23, 0x61, 0x45, 0x89, 0xA7, 0x06}, []uint32{0xFF8, 0xFFF, 0x123, 0x456, 0x789, 0x06A}},
		{FAT16, []byte{0xF8, 0xFF, 0xFF, 0xFF, 0x34, 0x12}, []uint32{0xFFF8, 0xFFFF, 0x1234}},
		{FAT32, binary.LittleEndian.AppendUint32([]byte{1, 2, 3, 4}, 0xA7654321), []uint32{0x04030201, 0x07654321}},
	} {
		image := append(make([]byte, at), c.bytes...)
		geo := &geometry{kind: c.kind, table: at, tableLen: int64(len(c.bytes))}
		win := window{table: newTable(strings.NewReader(string(image)), geo), index: -1}
		for cluster, want := range c.want {
			if got, err := win.entry(uint32(cluster)); err != nil || got != want {
				t.Errorf("%v, cluster %d: %#x, want %#x (%v)", c.kind, cluster, got, want, err)
			}
		}
	}
}
