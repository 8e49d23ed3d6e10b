package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestTable(t *testing.T) {
	tests := map[string]struct {
		as   table
		fill func(*table)
		want string
	}{
		"aligned": {table{}, func(t *table) {
			t.columns("A", "LONG HEAD")
			t.row("1", "x")
			t.row("12345", "")
		}, "A      LONG HEAD\n1      x\n12345  -\n"},
		"no rows, no heading": {table{}, func(t *table) { t.columns("A") }, ""},
		"lines below do not disturb the columns": {table{}, func(t *table) {
			t.columns("HOST", "STATUS")
			t.rowWith([]string{"what to do: wait"}, "a", "bad")
			t.row("longer", "good")
		}, "HOST    STATUS\na       bad\n  what to do: wait\nlonger  good\n"},
		"the last column goes on under itself": {table{width: 32}, func(t *table) {
			t.columns("HOST", "CAUSE")
			t.row("rdsh", "the image is not on the share any more")
		}, "HOST  CAUSE\nrdsh  the image is not on the\n      share any more\n"},
		"no control characters": {table{}, func(t *table) {
			t.columns("FILE")
			t.row("a\tb\x1b]0;\nc")
		}, "FILE\na\\tb\\x1b]0;\\nc\n"},
		"bytes that are no characters": {table{}, func(t *table) {
			t.columns("FILE")
			t.row("a\xed\xa0\x80\u202e\ufffd")
		}, "FILE\na\\xed\\xa0\\x80\\u202e\ufffd\n"},
		"a column is as wide as its characters, not its bytes": {table{}, func(t *table) {
			t.columns("FILE", "SIZE")
			t.row("Gerät", "1")
			t.row("Geraet", "2")
		}, "FILE    SIZE\nGerät   1\nGeraet  2\n"},
		"without headings the columns are as wide as the rows": {table{width: 26, headless: true}, func(t *table) {
			t.columns("A LONG HEAD", "CAUSE")
			t.row("a", "the image is not on the share")
			t.titled("Title", "X")
			t.row("1")
		}, "a  the image is not on the\n   share\n\nTitle\n1\n"},
		"colours take no room": {table{width: 36, colored: true}, func(t *table) {
			t.columns("STATUS", "SINCE", "CAUSE")
			t.row("Staging failed", "1s", "the platform said no")
			t.paint(0, red)
			t.row("Ready", "2s", "-")
			t.paint(0, green)
			t.row("plain", "3s", "-")
		}, "STATUS          SINCE  CAUSE\n\x1b[31mStaging failed\x1b[0m  1s     the platform said no\n" +
			"\x1b[32mReady\x1b[0m           2s     -\nplain           3s     -\n"},
		"no colours": {table{}, func(t *table) {
			t.columns("STATUS")
			t.row("Ready")
			t.paint(0, green)
		}, "STATUS\nReady\n"},
		"facts stay whole": {table{width: 30}, func(t *table) { t.fact("Path", strings.Repeat("long ", 10)) }, "Path:  " + strings.TrimSpace(strings.Repeat("long ", 10)) + "\n"},
		"facts": {table{}, func(t *table) {
			t.fact("Name", "x")
			t.fact("Empty", "")
			t.titled("Title")
			t.fact("Other name", "y")
		}, "Name:  x\n\nTitle\nOther name:  y\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tab := &tt.as
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
