package winhost

import (
	"net/url"
	"strings"
)

// Forms of the address under which a package is staged.
const (
	URIAuto     = "auto"     // the volume, then the volume unescaped, then a junction, as Windows takes them
	URIVolume   = "volume"   // the volume, by its GUID
	URIJunction = "junction" // a junction in the state folder that leads to the volume
)

// volumeRoot is the path of a volume by its GUID: \\?\Volume{…}\.
func volumeRoot(id string) string {
	return `\\?\Volume{` + strings.ToLower(strings.Trim(id, "{}")) + `}\`
}

// below joins a path in an image, which is written with slashes, to the root of its volume.
func below(root, relative string) string {
	if relative == "." { // behind \\?\ nothing is resolved
		return root
	}
	return root + strings.ReplaceAll(strings.Trim(relative, "/"), "/", `\`)
}

// fileURL is the address of a folder. Characters are escaped as .NET's Uri.AbsoluteUri does it, which all published
// scripts use; raw leaves the braces of a volume's name as they are.
func fileURL(folder string, raw bool) string {
	path := strings.ReplaceAll(strings.TrimPrefix(folder, `\\?\`), `\`, "/")
	escaped := (&url.URL{Path: "/" + path}).EscapedPath()
	if raw {
		escaped = strings.NewReplacer("%7B", "{", "%7D", "}").Replace(escaped)
	}
	return "file://" + escaped
}
