package berth

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// Version is the four-part version of a package: major, minor, build, revision.
type Version [4]uint16

// ParseVersion reads "1.2.3.4"; missing parts are not allowed, as in a package manifest.
func ParseVersion(s string) (Version, error) {
	var v Version
	parts := strings.Split(s, ".")
	if len(parts) != len(v) {
		return v, Errorf(Invalid, "version %q does not have four parts such as 1.0.0.0", s).On("version")
	}
	for i, p := range parts {
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil {
			return Version{}, Errorf(Invalid, "version %q: part %q is not a number from 0 to 65535", s, p).On("version")
		}
		v[i] = uint16(n)
	}
	return v, nil
}

// String gives the version as "1.2.3.4".
func (v Version) String() string { return fmt.Sprintf("%d.%d.%d.%d", v[0], v[1], v[2], v[3]) }

// Compare returns -1, 0 or 1 as v is lower than, equal to or higher than w.
func (v Version) Compare(w Version) int {
	for i := range v {
		if c := cmp.Compare(v[i], w[i]); c != 0 {
			return c
		}
	}
	return 0
}

// MarshalText writes the version as "1.2.3.4".
func (v Version) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads "1.2.3.4".
func (v *Version) UnmarshalText(b []byte) (err error) {
	*v, err = ParseVersion(string(b))
	return err
}
