package console

import (
	"bytes"
	"compress/gzip"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// asset is a built file, kept as it goes out: it is compressed once, when the server starts, and not for every answer.
type asset struct {
	contentType string
	plain       []byte
	gzip        []byte // nil where compressing does not pay
}

// readAssets reads all files but those whose names begin with a dot.
func readAssets(built fs.FS) (map[string]asset, error) {
	all := map[string]asset{}
	err := fs.WalkDir(built, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		plain, err := fs.ReadFile(built, name)
		if err != nil {
			return err
		}
		all[name], err = newAsset(name, plain)
		return err
	})
	return all, err
}

// contentTypes are named here because mime asks the system, and systems differ: some Windows registries call
// scripts text/plain, which browsers then refuse.
var contentTypes = map[string]string{
	".css":   "text/css; charset=utf-8",
	".html":  "text/html; charset=utf-8",
	".js":    "text/javascript; charset=utf-8",
	".svg":   "image/svg+xml",
	".woff2": "font/woff2",
}

func newAsset(name string, plain []byte) (asset, error) {
	a := asset{contentType: contentTypes[path.Ext(name)], plain: plain}
	if a.contentType == "" {
		a.contentType = mime.TypeByExtension(path.Ext(name))
	}
	if a.contentType == "" {
		a.contentType = "application/octet-stream"
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(plain); err != nil {
		return a, err
	}
	if err := z.Close(); err != nil {
		return a, err
	}
	if b.Len() < len(plain)*9/10 {
		a.gzip = b.Bytes()
	}
	return a, nil
}

// serve writes the whole file; what is this small is not asked for in ranges.
func (a asset) serve(w http.ResponseWriter, r *http.Request) {
	h, body := w.Header(), a.plain
	if a.gzip != nil {
		h.Set("Vary", "Accept-Encoding")
		if acceptsGzip(r.Header.Get("Accept-Encoding")) {
			h.Set("Content-Encoding", "gzip")
			body = a.gzip
		}
	}
	h.Set("Content-Type", a.contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // the client went away
}

// acceptsGzip reads an Accept-Encoding header (RFC 9110, section 12.5.3): gzip by name, not with a weight of zero.
func acceptsGzip(header string) bool {
	for coding := range strings.SplitSeq(header, ",") {
		name, weight, _ := strings.Cut(coding, ";")
		if !strings.EqualFold(strings.TrimSpace(name), "gzip") {
			continue
		}
		q, found := strings.CutPrefix(strings.ToLower(strings.TrimSpace(weight)), "q=")
		if !found {
			return true
		}
		n, err := strconv.ParseFloat(q, 64)
		return err == nil && n > 0
	}
	return false
}
