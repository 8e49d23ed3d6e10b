package msix

import (
	"io/fs"
	"strings"
	"unicode"
)

// foldName is the key under which Windows would find a name: upper case rune
// by rune, without the longer foldings of full Unicode.
func foldName(name string) string {
	return strings.Map(unicode.ToUpper, name)
}

// slashed turns a name of the block map or manifest into a path of fs.FS.
// Anything that could leave the package's folder, or that Windows cannot have
// as a file or would read as another one, is refused: streams, devices, names
// with wildcards or control characters, and parts that end in a dot or blank.
func slashed(name string) (string, bool) {
	p := strings.ReplaceAll(name, `\`, "/")
	if p == "." || len(p) > maxPath || !fs.ValidPath(p) || strings.ContainsAny(p, `<>:"|?*`) || strings.ContainsFunc(p, isControl) {
		return "", false
	}
	for part := range strings.SplitSeq(p, "/") {
		if last := part[len(part)-1]; last == '.' || last == ' ' || isDevice(part) {
			return "", false
		}
	}
	return p, true
}

// maxPath is the number of characters, of up to three bytes, of the longest
// path that Windows has.
const maxPath = 3 * 32767

func isControl(r rune) bool { return r < ' ' }

// isDevice tells the names under which Windows opens a device in any folder,
// with whatever extension. Source: Microsoft Learn, "Naming Files, Paths, and Namespaces".
func isDevice(part string) bool {
	stem, _, _ := strings.Cut(part, ".")
	stem = strings.ToUpper(strings.TrimRight(stem, " "))
	switch stem {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	if rest, ok := strings.CutPrefix(stem, "COM"); ok {
		return isPort(rest)
	}
	rest, ok := strings.CutPrefix(stem, "LPT")
	return ok && isPort(rest)
}

// isPort tells one digit, which may also be superscript.
func isPort(s string) bool {
	switch s {
	case "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "¹", "²", "³":
		return true
	}
	return false
}

// isUnmapped tells the footprint files that a block map must not list.
func isUnmapped(path string) bool {
	switch foldName(path) {
	case foldName(BlockMapName), foldName(SignatureName), foldName(ContentTypesName), foldName(CodeIntegrityName):
		return true
	}
	return false
}
