package console

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

const (
	testScript = "console.log('a script that is long enough to be worth compressing, compressing, compressing, compressing')"
	testPage   = `<!doctype html><meta property="csp-nonce" nonce="BERTH-CSP-NONCE"><link nonce="BERTH-CSP-NONCE" rel="stylesheet"><title>built</title>`
)

func built(t *testing.T) http.Handler {
	t.Helper()
	return from(t, fstest.MapFS{
		"dist/.gitkeep":             {},
		"dist/index.html":           {Data: []byte(testPage)},
		"dist/favicon.svg":          {Data: []byte("<svg/>")},
		"dist/assets/index-Ab12.js": {Data: []byte(testScript)},
		"secret.txt":                {Data: []byte("not served")},
	})
}

func from(t *testing.T, files fstest.MapFS) http.Handler {
	t.Helper()
	h, err := newHandler(files)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// ask sends a request whose path goes out as it is given, as a hostile client would send it.
func ask(h http.Handler, method, path string, header ...string) *http.Response {
	r := httptest.NewRequest(method, "/", nil)
	r.URL.Path = path
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func text(t *testing.T, resp *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestEmbeddedConsoleAnswers(t *testing.T) {
	resp := ask(Handler(), http.MethodGet, "/")
	if body := text(t, resp); resp.StatusCode != http.StatusOK || !strings.Contains(body, "<title>Berth</title>") {
		t.Errorf("got %s:\n%s", resp.Status, body)
	}
}

func TestNotBuilt(t *testing.T) {
	h := from(t, fstest.MapFS{"dist/.gitkeep": {}})
	for _, path := range []string{"/", "/index.html", "/packages"} {
		resp := ask(h, http.MethodGet, path)
		body := text(t, resp)
		if resp.StatusCode != http.StatusOK || !strings.Contains(body, "make build") {
			t.Errorf("%s: got %s:\n%s", path, resp.Status, body)
		}
		if strings.Contains(body, noncePlace) {
			t.Errorf("%s: the place of the nonce was not filled", path)
		}
	}
	if resp := ask(h, http.MethodGet, "/assets/index.js"); resp.StatusCode != http.StatusNotFound {
		t.Errorf("an asset of a console that was not built: got %s", resp.Status)
	}
}

func TestPaths(t *testing.T) {
	const page, hashed = "no-store", "public, max-age=31536000, immutable"
	tests := map[string]struct {
		status      int
		cache, body string
	}{
		"/":                              {200, page, "<title>built</title>"},
		"/index.html":                    {200, page, "<title>built</title>"},
		"/packages/Some.App_1.0.0.0_x64": {200, page, "<title>built</title>"},
		"/assets/index-Ab12.js":          {200, hashed, testScript},
		"/assets//index-Ab12.js":         {200, hashed, testScript},
		"/favicon.svg":                   {200, "no-cache", "<svg/>"},
		"/assets/index-Old9.js":          {404, page, "load the page again"},
		"/assets/":                       {200, page, "<title>built</title>"}, // no listing
		"/assets/../../secret.txt":       {200, page, "<title>built</title>"},
		"/../secret.txt":                 {200, page, "<title>built</title>"},
		"/assets/..\\..\\secret.txt":     {404, page, "load the page again"},
		"/.gitkeep":                      {200, page, "<title>built</title>"},
		"/assets/index-Ab12.js\x00":      {404, page, "load the page again"},
	}
	h := built(t)
	for path, tt := range tests {
		t.Run(path, func(t *testing.T) {
			resp := ask(h, http.MethodGet, path)
			body := text(t, resp)
			if resp.StatusCode != tt.status || resp.Header.Get("Cache-Control") != tt.cache || !strings.Contains(body, tt.body) {
				t.Errorf("got %s, Cache-Control %q, body %q", resp.Status, resp.Header.Get("Cache-Control"), body)
			}
			if strings.Contains(body, "not served") {
				t.Error("a file outside of the build went out")
			}
		})
	}
}

func TestEveryAnswerIsGuarded(t *testing.T) {
	h := built(t)
	for _, path := range []string{"/", "/assets/index-Ab12.js", "/assets/none.js", "/favicon.svg"} {
		head := ask(h, http.MethodGet, path).Header
		policy := head.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self';", "frame-ancestors 'none'", "form-action 'none'", "base-uri 'none'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: the policy lacks %s: %s", path, want, policy)
			}
		}
		if strings.Contains(policy, "unsafe") {
			t.Errorf("%s: unsafe policy: %s", path, policy)
		}
		if head.Get("X-Content-Type-Options") != "nosniff" || head.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: headers %v", path, head)
		}
	}
}

func TestNonce(t *testing.T) {
	nonce := regexp.MustCompile(`style-src 'self' 'nonce-([A-Z2-7]{26})'`)
	seen := map[string]bool{}
	h := built(t)
	for range 20 {
		resp := ask(h, http.MethodGet, "/packages")
		m := nonce.FindStringSubmatch(resp.Header.Get("Content-Security-Policy"))
		if m == nil {
			t.Fatalf("no nonce in %q", resp.Header.Get("Content-Security-Policy"))
		}
		body := text(t, resp)
		if n := strings.Count(body, `nonce="`+m[1]+`"`); n != 2 || strings.Contains(body, noncePlace) {
			t.Fatalf("the nonce %s stands %d times, not 2, in %s", m[1], n, body)
		}
		if seen[m[1]] {
			t.Fatalf("the nonce %s came twice", m[1])
		}
		seen[m[1]] = true
	}
}

func TestMethods(t *testing.T) {
	h := built(t)
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions, "BREW"} {
		resp := ask(h, method, "/")
		if resp.StatusCode != http.StatusMethodNotAllowed || resp.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: got %s, Allow %q", method, resp.Status, resp.Header.Get("Allow"))
		}
	}
}

// A real server, because it is net/http that leaves the body of an answer to HEAD out.
func TestHead(t *testing.T) {
	s := httptest.NewServer(built(t))
	defer s.Close()
	for path, length := range map[string]int64{"/": -1, "/assets/index-Ab12.js": int64(len(testScript))} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodHead, s.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept-Encoding", "identity")
		resp, err := s.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if body := text(t, resp); resp.StatusCode != http.StatusOK || body != "" {
			t.Errorf("%s: got %s with body %q", path, resp.Status, body)
		}
		if length >= 0 && resp.ContentLength != length {
			t.Errorf("%s: length %d, want %d", path, resp.ContentLength, length)
		}
		_ = resp.Body.Close()
	}
}

func TestCompression(t *testing.T) {
	h := built(t)
	for accept, want := range map[string]bool{
		"gzip, deflate, br": true, "GZIP": true, "br;q=1.0, gzip;q=0.8": true, "gzip; q=0.001": true,
		"": false, "br": false, "gzip;q=0": false, "gzip; q=0.000, br": false, "gzip;q=x": false, "x-gzip": false,
	} {
		t.Run(accept, func(t *testing.T) {
			resp := ask(h, http.MethodGet, "/assets/index-Ab12.js", "Accept-Encoding", accept)
			body := text(t, resp)
			if got := resp.Header.Get("Content-Encoding") == "gzip"; got != want {
				t.Fatalf("compressed %t, want %t", got, want)
			}
			if want {
				body = unzip(t, body)
			}
			if body != testScript {
				t.Errorf("got %q", body)
			}
			if resp.Header.Get("Vary") != "Accept-Encoding" || resp.Header.Get("Content-Type") != "text/javascript; charset=utf-8" {
				t.Errorf("headers %v", resp.Header)
			}
		})
	}
	if resp := ask(h, http.MethodGet, "/favicon.svg", "Accept-Encoding", "gzip"); resp.Header.Get("Content-Encoding") != "" {
		t.Error("a file of six bytes was compressed")
	}
}

func unzip(t *testing.T, s string) string {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader([]byte(s)))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
