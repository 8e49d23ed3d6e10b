package msix

import (
	"bytes"
	"crypto"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"path"
	"slices"
	"strings"
)

// hashMethodOf is the HashMethod of a hash function; "" when it has none.
func hashMethodOf(hash crypto.Hash) string {
	switch hash {
	case crypto.SHA256:
		return "http://www.w3.org/2001/04/xmlenc#sha256"
	case crypto.SHA384:
		return "http://www.w3.org/2001/04/xmldsig-more#sha384"
	case crypto.SHA512:
		return "http://www.w3.org/2001/04/xmlenc#sha512"
	default:
		return ""
	}
}

// writeBlockMap writes a block map in the schema of 2010, which every Windows reads.
func writeBlockMap(m *BlockMap) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\r\n"+
		"<BlockMap xmlns=\"http://schemas.microsoft.com/appx/2010/blockmap\" HashMethod=\"%s\">", hashMethodOf(m.Hash))
	for _, f := range m.Files {
		fmt.Fprintf(&b, "<File Name=\"%s\" Size=\"%d\" LfhSize=\"%d\">", escapeXML(f.Name), f.Size, f.LfhSize)
		for _, k := range f.Blocks {
			fmt.Fprintf(&b, "<Block Hash=\"%s\"", base64.StdEncoding.EncodeToString(k.Hash))
			if k.Size >= 0 {
				fmt.Fprintf(&b, " Size=\"%d\"", k.Size)
			}
			b.WriteString("/>")
		}
		b.WriteString("</File>")
	}
	b.WriteString("</BlockMap>")
	return b.Bytes()
}

func escapeXML(s string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(s)); err != nil {
		return "" // a strings.Builder never fails
	}
	return b.String()
}

// Content types of the parts that every package has (ECMA-376 part 2, 7.3.1).
const (
	typeManifest  = "application/vnd.ms-appx.manifest+xml"
	typeBlockMap  = "application/vnd.ms-appx.blockmap+xml"
	typeSignature = "application/vnd.ms-appx.signature"
	typeOther     = "application/octet-stream"
)

// knownTypes are what makeappx writes for some extensions; all else is octets.
var knownTypes = map[string]string{
	"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "ico": "image/vnd.microsoft.icon",
	"exe": "application/x-msdownload", "dll": "application/x-msdownload", "txt": "text/plain", "htm": "text/html", "html": "text/html",
	"css": "text/css", "js": "application/x-javascript", "xml": "text/xml", "svg": "image/svg+xml",
}

// contentTypes writes [Content_Types].xml. The signature's line is there from
// the start, so that signing changes no byte of the payload.
func contentTypes(files []string) []byte {
	var b bytes.Buffer
	b.WriteString("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\r\n" +
		"<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">")
	override := func(part, contentType string) {
		fmt.Fprintf(&b, "<Override PartName=\"/%s\" ContentType=\"%s\"/>", escapeXML(part), contentType)
	}
	var extensions, bare []string
	for _, f := range files {
		ext := strings.ToLower(strings.TrimPrefix(path.Ext(f), "."))
		if ext == "" || encodeName(ext) != ext {
			bare = append(bare, f)
		} else {
			extensions = append(extensions, ext)
		}
	}
	slices.Sort(extensions)
	for _, ext := range slices.Compact(extensions) {
		fmt.Fprintf(&b, "<Default Extension=\"%s\" ContentType=\"%s\"/>", escapeXML(ext), firstOf(knownTypes[ext], typeOther))
	}
	for _, f := range bare {
		override(encodeName(f), typeOther)
	}
	override(ManifestName, typeManifest)
	override(BlockMapName, typeBlockMap)
	override(SignatureName, typeSignature)
	b.WriteString("</Types>")
	return b.Bytes()
}
