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
// Anything that could leave the package's folder, or that Windows would read
// as another file (streams, devices with colons), is refused.
func slashed(name string) (string, bool) {
	p := strings.ReplaceAll(name, `\`, "/")
	if p == "." || !fs.ValidPath(p) || strings.ContainsAny(p, ":\x00") {
		return "", false
	}
	return p, true
}

// isUnmapped tells the footprint files that a block map must not list.
func isUnmapped(path string) bool {
	switch foldName(path) {
	case foldName(BlockMapName), foldName(SignatureName), foldName(ContentTypesName), foldName(CodeIntegrityName):
		return true
	}
	return false
}
