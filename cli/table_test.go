package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestTable(t *testing.T) {
	tests := map[string]struct {
		width int
		fill  func(*table)
		want  string
	}{
		"aligned": {0, func(t *table) {
			t.columns("A", "LONG HEAD")
			t.row("1", "x")
			t.row("12345", "")
		}, "A      LONG HEAD\n1      x\n12345  -\n"},
		"no rows, no heading": {0, func(t *table) { t.columns("A") }, ""},
		"lines below do not disturb the columns": {0, func(t *table) {
			t.columns("HOST", "STATUS")
			t.rowWith([]string{"what to do: wait"}, "a", "bad")
			t.row("longer", "good")
		}, "HOST    STATUS\na       bad\n  what to do: wait\nlonger  good\n"},
		"the last column goes on under itself": {32, func(t *table) {
			t.columns("HOST", "CAUSE")
			t.row("rdsh", "the image is not on the share any more")
		}, "HOST  CAUSE\nrdsh  the image is not on the\n      share any more\n"},
		"no control characters": {0, func(t *table) {
			t.columns("FILE")
			t.row("a\tb\x1b]0;\nc")
		}, "FILE\na\\tb\\x1b]0;\\nc\n"},
		"facts": {0, func(t *table) {
			t.fact("Name", "x")
			t.fact("Empty", "")
			t.titled("Title")
			t.fact("Other name", "y")
		}, "Name:  x\n\nTitle\nOther name:  y\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tab := &table{width: tt.width}
			tt.fill(tab)
			var b bytes.Buffer
			if err := tab.write(&b); err != nil {
				t.Fatal(err)
			}
			if b.String() != tt.want {
				t.Errorf("got\n%s\nwant\n%s", b.String(), tt.want)
			}
		})
	}
}

func TestYAMLKeepsTypesAndOrder(t *testing.T) {
	v := struct {
		Zulu  string   `json:"zulu"`
		Alpha []string `json:"alpha"`
		Text  string   `json:"text"`
		Yes   bool     `json:"yes"`
		None  []int    `json:"none"`
	}{"1.0", []string{"true", "a: b", "# no comment", ""}, "two\nlines", true, []int{}}
	var b bytes.Buffer
	if err := writeYAML(&b, v); err != nil {
		t.Fatal(err)
	}
	want := "zulu: \"1.0\"\nalpha:\n    - \"true\"\n    - 'a: b'\n    - '# no comment'\n    - \"\"\ntext: |-\n    two\n    lines\nyes: true\nnone: []\n"
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

func TestAgeAndSize(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	p := &program{Options: Options{Now: func() time.Time { return now }}}
	for ago, want := range map[time.Duration]string{-time.Hour: "0s", 59 * time.Second: "59s", time.Minute: "1m", 47 * time.Hour: "47h", 48 * time.Hour: "2d"} {
		if got := p.age(now.Add(-ago)); got != want {
			t.Errorf("%s ago is %s, want %s", ago, got, want)
		}
	}
	if p.age(time.Time{}) != "" {
		t.Error("never has an age")
	}
	for n, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 5 << 30: "5.0 GiB", 1<<63 - 1: "8.0 EiB"} {
		if got := bytesOf(n); got != want {
			t.Errorf("%d bytes are %s, want %s", n, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"abc", "", 3}, {"notes", "nots", 1}, {"kitten", "sitting", 3}, {strings.Repeat("a", 1000), "", 256}} {
		if got := distance(tt.a, tt.b); got != tt.want {
			t.Errorf("%.10q and %q are %d apart, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}
