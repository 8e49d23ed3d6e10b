// Package console serves the web console, which is built from src into dist and embedded here. Where it was not built,
// a plain page says how to build it.
package console

import (
	"crypto/rand"
	"embed"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

// The shapes of the native API are written for the console from the server's code.
//
//go:generate go test ../api -run TestConsoleTypes -update

// The folder always holds .gitkeep, so that this compiles before anything was built.
//
//go:embed all:dist
var dist embed.FS

// Handler serves the console: built files under their own names, and the page itself for every other path, because the
// console finds its way by the path too. It answers GET and HEAD.
func Handler() http.Handler {
	h, err := newHandler(dist)
	if err != nil {
		panic("console: " + err.Error()) // reading memory does not fail
	}
	return h
}

// handler holds everything that it can answer.
type handler struct {
	page  []string // the page, cut where each answer's nonce goes
	files map[string]asset
}

func newHandler(files fs.FS) (*handler, error) {
	built, err := fs.Sub(files, "dist")
	if err != nil {
		return nil, err
	}
	all, err := readAssets(built)
	if err != nil {
		return nil, err
	}
	index := notBuilt
	if page, ok := all["index.html"]; ok {
		index = string(page.plain)
		delete(all, "index.html") // never goes out without a nonce
	}
	return &handler{page: strings.Split(index, noncePlace), files: all}, nil
}

// noncePlace is what the build (html.cspNonce in vite.config.ts) and notBuilt write where a nonce belongs.
const noncePlace = "BERTH-CSP-NONCE"

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	nonce := rand.Text()
	guard(w.Header(), nonce)
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "the web console only answers GET and HEAD; the native API is under /api/v1", http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	hashed := strings.HasPrefix(name, "assets/")
	file, ok := h.files[name]
	switch {
	case ok && hashed: // its name carries a hash of its content
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		file.serve(w, r)
	case ok:
		w.Header().Set("Cache-Control", "no-cache")
		file.serve(w, r)
	case hashed: // of another build: a page instead of a script would only confuse the browser
		w.Header().Set("Cache-Control", "no-store")
		http.Error(w, "this build of the console has no such file; load the page again", http.StatusNotFound)
	default:
		// The nonce is worth something only while nobody can learn it beforehand, so the page is never kept.
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(strings.Join(h.page, nonce))) // the client went away
	}
}

// guard sets what keeps a page from loading, or being loaded by, anything foreign. Scripts are files of ours only. Styles
// need the nonce, because Fluent UI makes its style elements in the browser.
func guard(h http.Header, nonce string) {
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-"+nonce+"'; "+
		"img-src 'self' data:; font-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
}

const notBuilt = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Berth</title>
<style nonce="` + noncePlace + `">body { font-family: system-ui, sans-serif; line-height: 1.5; max-width: 40rem; margin: 4rem auto; padding: 0 1rem }</style>
<h1>Berth</h1>
<p>The server runs. Its web console was not built into this program: run <code>make build</code> and start it again.</p>
<p>Until then, everything is at hand in the command line (<code>berth --help</code>) and in the
<a href="/api/v1/openapi.json">native API</a>.</p>
</html>
`
