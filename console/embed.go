// Package console serves the web console, which is built from src into dist and embedded here. Where it was not built,
// a plain page says how to build it.
package console

import (
	"embed"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

// The folder always holds .gitkeep, so that this compiles before anything was built.
//
//go:embed all:dist
var dist embed.FS

// Handler serves the console: assets under their own names, and the page itself for every other path, because the console
// finds its way by the path too.
func Handler() http.Handler { return handler(dist) }

func handler(files fs.FS) http.Handler {
	built, err := fs.Sub(files, "dist")
	if err != nil { // the folder's name is ours
		panic(err)
	}
	index, err := fs.ReadFile(built, "index.html")
	if err != nil {
		index = []byte(notBuilt)
	}
	assets := http.FileServerFS(built)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.Error(w, "only GET is answered here", http.StatusMethodNotAllowed)
			return
		}
		guard(w.Header())
		name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
		if strings.HasPrefix(name, "assets/") {
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable") // names carry a hash of the content
			assets.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(index)
	})
}

// guard sets what keeps a page from loading or being loaded by anything foreign.
func guard(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'self'; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
}

const notBuilt = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Berth</title>
<body style="font-family: system-ui; max-width: 40rem; margin: 4rem auto">
<h1>Berth</h1>
<p>The server runs. Its web console was not built into this program: run <code>make console build</code> and start it again.</p>
<p>Until then, everything is at hand in the command line (<code>berth --help</code>) and in the
<a href="/api/v1/openapi.json">native API</a>.</p>
</body></html>
`
