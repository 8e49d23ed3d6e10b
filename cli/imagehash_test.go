package cli

import (
	"testing"

	"berth/imaging"
)

// TestSumLine: what sha256sum reads back, and what of that a terminal is shown.
func TestSumLine(t *testing.T) {
	for path, want := range map[string][2]string{
		"a/b c":            {"12  a/b c", "12  a/b c"},
		"two\nlines":       {`\12  two\nlines`, `\12  two\nlines`},
		`back\slash`:       {`\12  back\\slash`, `\12  back\\slash`},
		"red\x1b[31m":      {"12  red\x1b[31m", `12  red\x1b[31m`},
		"half\xed\xa0\x80": {"12  half\xed\xa0\x80", `12  half\xed\xa0\x80`},
	} {
		line := sumLine(imaging.Sum{Path: path, SHA256: "12"})
		if line != want[0] || plain(line) != want[1] {
			t.Errorf("%q: %q, on a terminal %q", path, line, plain(line))
		}
	}
}
