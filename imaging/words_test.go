package imaging

import (
	"errors"
	"testing"
)

// TestWords: what is said for programs goes, the names of files stay.
func TestWords(t *testing.T) {
	for text, want := range map[string]string{
		"msix: signature: corrupt: cut off":                  "signature: cut off",
		"x64.msix: msix: zip: corrupt: cut off":              "x64.msix: zip: cut off",
		"vhdx: header: unsupported: version 2":               "VHDX header: version 2",
		"parent.vhd: vhd: footer at byte 0: corrupt: no sum": "parent.vhd: VHD footer at byte 0: no sum",
		"open a.unknown: file does not exist":                "open a.unknown: it is missing",
		"2 findings, the first: b.package: corrupt: other":   "2 findings, the first: b.package: other",
		"Grüße.fat: (fat: chain)":                            "Grüße.fat: (FAT chain)",
		"":                                                   "",
	} {
		if got := words(errors.New(text)); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}
