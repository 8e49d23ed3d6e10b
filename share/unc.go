package share

import (
	"strings"

	"berth"
)

// uncPath is \\server\share\path taken apart; the path is without separators at its ends and may be empty in a prefix.
type uncPath struct{ server, share, path string }

// parseUNC reads \\server\share\path, also written with slashes or as \\?\UNC\server\share\path.
// Source: MS-DTYP 2.2.57, UNC.
func parseUNC(s string) (u uncPath, ok bool) {
	const long = `\\?\UNC\`
	s = strings.ReplaceAll(s, `/`, `\`)
	if len(s) > len(long) && strings.EqualFold(s[:len(long)], long) {
		s = `\\` + s[len(long):]
	}
	rest, ok := strings.CutPrefix(s, `\\`)
	if !ok {
		return u, false
	}
	u.server, rest, _ = strings.Cut(rest, `\`)
	u.share, rest, _ = strings.Cut(rest, `\`)
	for part := range strings.SplitSeq(rest, `\`) {
		if part != "" { // a doubled separator counts once
			u.path += `\` + part
		}
	}
	u.path = strings.TrimPrefix(u.path, `\`)
	device := u.server == "?" || u.server == "." // \\?\C:\... and \\.\pipe\... are Windows' own
	return u, u.server != "" && u.share != "" && !device
}

// String gives the path in Windows' form.
func (u uncPath) String() string {
	return strings.TrimSuffix(`\\`+u.server+`\`+u.share+`\`+u.path, `\`)
}

// climbs tells whether the path leaves its own prefix on the way.
func (u uncPath) climbs() bool {
	for part := range strings.SplitSeq(u.share+`\`+u.path, `\`) {
		if part == ".." || part == "." {
			return true
		}
	}
	return false
}

// allowsUNC tells whether the path is below a configured prefix. Names compare without regard to case, as on Windows, and
// a path that climbs is below nothing.
func (o *Opener) allowsUNC(u uncPath) bool {
	if u.climbs() {
		return false
	}
	for _, root := range o.unc {
		if strings.HasPrefix(berth.Fold(u.String())+`\`, berth.Fold(root.String())+`\`) {
			return true
		}
	}
	return false
}
