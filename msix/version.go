package msix

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// Version is the four-part version of a package: major, minor, build, revision.
// The zero value is 0.0.0.0.
type Version [4]uint16

// ParseVersion reads exactly four decimal numbers of 16 bits, as the manifest
// schema (ST_VersionQuad) writes them.
func ParseVersion(s string) (Version, error) {
	parts := strings.Split(s, ".")
	if len(parts) != 4 {
		return Version{}, corrupt("version", strconv.Quote(s), -1, "want four numbers, as in 1.2.3.4")
	}
	return parseParts(s, parts)
}

// parseOSVersion also takes two and three parts, as OSMinVersion of the
// Windows 8 manifest has them; missing parts are zero.
func parseOSVersion(s string) (Version, error) {
	parts := strings.Split(s, ".")
	if len(parts) < 2 || len(parts) > 4 {
		return Version{}, corrupt("version", strconv.Quote(s), -1, "want two to four numbers")
	}
	return parseParts(s, parts)
}

func parseParts(s string, parts []string) (v Version, err error) {
	for i, p := range parts {
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil || p[0] == '+' {
			return Version{}, corrupt("version", strconv.Quote(s), -1, "part %d is not a number from 0 to 65535", i+1)
		}
		v[i] = uint16(n)
	}
	return v, nil
}

// String gives the four parts with dots.
func (v Version) String() string {
	return fmt.Sprintf("%d.%d.%d.%d", v[0], v[1], v[2], v[3])
}

// Compare gives -1, 0 or +1 as v is lower than, equal to or higher than w.
func (v Version) Compare(w Version) int {
	for i := range v {
		if c := cmp.Compare(v[i], w[i]); c != 0 {
			return c
		}
	}
	return 0
}

// MarshalText implements encoding.TextMarshaler with the form of String.
func (v Version) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler with ParseVersion.
func (v *Version) UnmarshalText(text []byte) (err error) {
	*v, err = ParseVersion(string(text))
	return err
}
