package share

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"berth"
)

// site is an https server with one file, at /images/a.vhdx.
type site struct {
	*httptest.Server
	mu      sync.Mutex
	content []byte
	etag    string
	asked   atomic.Int64
	auth    []string // Authorization headers that came

	// before may answer a request itself, and tells that it did.
	before func(w http.ResponseWriter, r *http.Request) bool
}

func newSite(t *testing.T, content []byte) *site {
	t.Helper()
	s := &site{content: content, etag: `"one"`}
	s.Server = httptest.NewTLSServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.asked.Add(1)
	s.mu.Lock()
	s.auth = append(s.auth, r.Header.Get("Authorization"))
	content, etag := s.content, s.etag
	s.mu.Unlock()
	if s.before != nil && s.before(w, r) {
		return
	}
	if r.URL.Path != "/images/a.vhdx" {
		http.NotFound(w, r)
		return
	}
	if etag != "" {
		w.Header().Set("ETag", etag)
	}
	http.ServeContent(w, r, "a.vhdx", time.Unix(1e9, 0), bytes.NewReader(content))
}

func (s *site) replace(content []byte, etag string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.content, s.etag = content, etag
}

func (s *site) image() string { return s.URL + "/images/a.vhdx" }

func (s *site) opener(t *testing.T, change func(*Options)) *Opener {
	t.Helper()
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	o := Options{Anywhere: true, TLSRoots: pool, Patience: 5 * time.Second}
	if change != nil {
		change(&o)
	}
	op, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { op.client().CloseIdleConnections() })
	return op
}

func (s *site) open(t *testing.T) *File {
	t.Helper()
	f, err := s.opener(t, nil).Open(t.Context(), s.image())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func TestWebReads(t *testing.T) {
	content := pattern(3_000_000)
	s := newSite(t, content)
	f := s.open(t)
	if f.Size != int64(len(content)) || f.Path != s.image() {
		t.Errorf("size %d, path %s", f.Size, f.Path)
	}
	for _, r := range []struct{ off, n int }{{0, 10}, {131_070, 10}, {2_999_990, 10}, {1_000_000, 600_000}, {5, 3_000_000 - 5}, {2_000_000, 1}} {
		p := make([]byte, r.n)
		if n, err := f.ReadAt(p, int64(r.off)); n != r.n || err != nil || !bytes.Equal(p, content[r.off:r.off+r.n]) {
			t.Errorf("%d bytes at %d: %d, %v", r.n, r.off, n, err)
		}
	}
	p := make([]byte, 20)
	if n, err := f.ReadAt(p, f.Size-5); n != 5 || !errors.Is(err, io.EOF) || !bytes.Equal(p[:5], content[len(content)-5:]) {
		t.Errorf("at the end: %d, %v", n, err)
	}
	if n, err := f.ReadAt(p, f.Size); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("behind the end: %d, %v", n, err)
	}
}

// TestWebAsksSeldom counts the requests: small reads that lie together are one.
func TestWebAsksSeldom(t *testing.T) {
	content := pattern(4 << 20)
	s := newSite(t, content)
	f := s.open(t)
	p := make([]byte, 512)
	for off := int64(0); off < f.Size; off += 4096 {
		if _, err := f.ReadAt(p, off); err != nil || !bytes.Equal(p, content[off:off+512]) {
			t.Fatalf("at %d: %v", off, err)
		}
	}
	if n := s.asked.Load(); n > 6 {
		t.Errorf("%d requests for 1,024 small reads of 4 MiB in order", n)
	}
	before := s.asked.Load()
	var readers sync.WaitGroup
	for range 8 { // all want the same block
		readers.Go(func() {
			if _, err := f.ReadAt(make([]byte, 100), 2<<20); err != nil {
				t.Error(err)
			}
		})
	}
	readers.Wait()
	if n := s.asked.Load() - before; n > 1 {
		t.Errorf("%d requests for one block", n)
	}
}

func TestWebNoticesReplacement(t *testing.T) {
	for name, change := range map[string]func(*site){
		"another file":        func(s *site) { s.replace(pattern(3_000_001), `"two"`) },
		"same size":           func(s *site) { s.replace(bytes.Repeat([]byte("x"), 3_000_000), `"two"`) },
		"same tag, cut short": func(s *site) { s.replace(pattern(2_500_000), `"one"`) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, pattern(3_000_000))
			f := s.open(t)
			if _, err := f.ReadAt(make([]byte, 10), 0); err != nil {
				t.Fatal(err)
			}
			change(s)
			_, err := f.ReadAt(make([]byte, 300_000), 1_500_000)
			e, ok := errors.AsType[*berth.Error](err)
			if !ok || e.Code != "ESTALE" || !strings.Contains(e.Message, s.image()) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestWebRefuses(t *testing.T) {
	plain := func(w http.ResponseWriter, header, value string, status int) bool {
		w.Header().Set(header, value)
		w.WriteHeader(status)
		_, _ = w.Write(make([]byte, 100))
		return true
	}
	tests := map[string]struct {
		before func(w http.ResponseWriter, r *http.Request) bool
		kind   berth.Kind
		want   string
	}{
		"no ranges":  {func(w http.ResponseWriter, _ *http.Request) bool { return plain(w, "ETag", `"x"`, 200) }, berth.Invalid, "does not give parts"},
		"not there":  {func(w http.ResponseWriter, _ *http.Request) bool { return plain(w, "A", "b", 404) }, berth.NotFound, "is not there"},
		"may not":    {func(w http.ResponseWriter, _ *http.Request) bool { return plain(w, "A", "b", 403) }, berth.Invalid, "may not be opened"},
		"overloaded": {func(w http.ResponseWriter, _ *http.Request) bool { return plain(w, "A", "b", 503) }, berth.Unavailable, "503 Service Unavailable"},
		"odd range": {func(w http.ResponseWriter, _ *http.Request) bool {
			return plain(w, "Content-Range", "bytes 5-9/100", 206)
		}, berth.Invalid, "another part"},
		"no length": {func(w http.ResponseWriter, _ *http.Request) bool {
			return plain(w, "Content-Range", "bytes 0-99/*", 206)
		}, berth.Invalid, "another part"},
		"huge": {func(w http.ResponseWriter, _ *http.Request) bool {
			return plain(w, "Content-Range", "bytes 0-131071/9223372036854775807", 206)
		}, berth.Invalid, "another part"},
		"no validator": {func(w http.ResponseWriter, _ *http.Request) bool {
			return plain(w, "Content-Range", "bytes 0-99/100", 206)
		}, berth.Invalid, "neither ETag"},
		"compressed": {func(w http.ResponseWriter, _ *http.Request) bool { return plain(w, "Content-Encoding", "gzip", 206) }, berth.Invalid, "compresses"},
		"round and round": {func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, "/again"+r.URL.Path, http.StatusFound)
			return true
		}, berth.Unavailable, "more than 5 times"},
		"to http": {func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, "http://127.0.0.1:1/x", http.StatusFound)
			return true
		}, berth.Unavailable, "not https"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, nil)
			s.before = tt.before
			_, err := s.opener(t, nil).Open(t.Context(), s.image())
			e, ok := errors.AsType[*berth.Error](err)
			if !ok || e.Kind != tt.kind || !strings.Contains(e.Message, tt.want) || !strings.Contains(e.Message, s.image()) || e.Remedy == "" {
				t.Errorf("error %v", err)
			}
		})
	}
	for name, c := range map[string]string{"http": "http://127.0.0.1/a.vhdx", "password": "https://a:b@127.0.0.1/a.vhdx", "no host": "https:///a.vhdx"} {
		if _, err := newSite(t, nil).opener(t, nil).Open(t.Context(), c); berth.ErrorKind(err) != berth.Invalid || strings.Contains(err.Error(), "a:b") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWebTrustsNobodyElse(t *testing.T) {
	s := newSite(t, pattern(100))
	op, err := New(Options{Anywhere: true, TLSRoots: x509.NewCertPool(), Patience: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	_, err = op.Open(t.Context(), s.image())
	if e, ok := errors.AsType[*berth.Error](err); !ok || e.Code != codeUntrusted || e.Kind != berth.Invalid {
		t.Errorf("error %v", err)
	}
}

// TestWebLogin has one server send on to another: neither gets what belongs to the other.
func TestWebLogin(t *testing.T) {
	other := newSite(t, pattern(500_000))
	s := newSite(t, nil)
	s.before = func(w http.ResponseWriter, r *http.Request) bool {
		http.Redirect(w, r, other.image(), http.StatusFound)
		return true
	}
	host := func(s *site) string { u, _ := url.Parse(s.URL); return u.Host }
	op := s.opener(t, func(o *Options) {
		o.TLSRoots.AddCert(other.Certificate())
		o.Logins = []Login{{Server: host(s), User: "ann", Password: "secret"}, {Server: "127.0.0.1", User: "elsewhere", Password: "x"}}
	})
	f, err := op.Open(t.Context(), s.image())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if _, err := f.ReadAt(make([]byte, 300_000), 100_000); err != nil {
		t.Error(err)
	}
	if len(s.auth) != 1 || !strings.HasPrefix(s.auth[0], "Basic ") {
		t.Errorf("the server was asked %d times with %q: once, with its login, is enough", len(s.auth), s.auth)
	}
	for _, a := range other.auth {
		if a != "" {
			t.Errorf("the other server got %q", a)
		}
	}
}

func TestWebRoots(t *testing.T) {
	s := newSite(t, pattern(1000))
	outside := newSite(t, pattern(1000))
	op := s.opener(t, func(o *Options) {
		o.Anywhere, o.Roots = false, []string{s.URL + "/images"}
		o.TLSRoots.AddCert(outside.Certificate())
	})
	f, err := op.Open(t.Context(), s.image())
	if err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	for _, name := range []string{outside.image(), s.URL + "/imagesmore/a.vhdx", s.URL + "/images/../secret", s.URL + "/images/%2e%2e/secret", s.URL + "/images/..%5csecret", s.URL + "/", s.URL} {
		if _, err := op.Open(t.Context(), name); berth.ErrorKind(err) != berth.Forbidden {
			t.Errorf("%s: %v", name, err)
		}
	}
	s.before = func(w http.ResponseWriter, r *http.Request) bool {
		http.Redirect(w, r, outside.image(), http.StatusFound)
		return true
	}
	if _, err := op.Open(t.Context(), s.image()); err == nil || !strings.Contains(err.Error(), "not below a configured image root") {
		t.Errorf("sent on: %v", err)
	}
}

// TestWebConnectionLost drops connections half way: once is made good, always is an error that names the file, and later
// reads succeed when the server is well again.
func TestWebConnectionLost(t *testing.T) {
	content := pattern(2_000_000)
	s := newSite(t, content)
	f := s.open(t)
	var drops atomic.Int64
	s.before = func(w http.ResponseWriter, r *http.Request) bool {
		if drops.Add(-1) < 0 {
			return false
		}
		w.Header().Set("ETag", `"one"`)
		w.Header().Set("Content-Range", strings.Replace(r.Header.Get("Range"), "=", " ", 1)+"/2000000")
		w.Header().Set("Content-Length", "500000")
		w.WriteHeader(http.StatusPartialContent)
		_, _ = w.Write(content[500_000:600_000])
		panic(http.ErrAbortHandler)
	}
	p := make([]byte, 500_000)
	drops.Store(1)
	if n, err := f.ReadAt(p, 500_000); err != nil || !bytes.Equal(p, content[500_000:1_000_000]) {
		t.Errorf("dropped once: %d, %v", n, err)
	}
	drops.Store(5)
	_, err := f.ReadAt(p, 500_000)
	if e, ok := errors.AsType[*berth.Error](err); !ok || e.Kind != berth.Unavailable || !strings.Contains(e.Message, s.image()) {
		t.Errorf("dropped always: %v", err)
	}
	drops.Store(0)
	if _, err := f.ReadAt(p, 500_000); err != nil || !bytes.Equal(p, content[500_000:1_000_000]) {
		t.Errorf("well again: %v", err)
	}
}

func TestWebSilentServer(t *testing.T) {
	s := newSite(t, pattern(2_000_000))
	op := s.opener(t, func(o *Options) { o.Patience = 300 * time.Millisecond })
	f, err := op.Open(t.Context(), s.image())
	if err != nil {
		t.Fatal(err)
	}
	hang := make(chan struct{})
	t.Cleanup(func() { close(hang) })
	s.before = func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("ETag", `"one"`)
		w.Header().Set("Content-Range", strings.Replace(r.Header.Get("Range"), "=", " ", 1)+"/2000000")
		w.WriteHeader(http.StatusPartialContent)
		_ = http.NewResponseController(w).Flush()
		select {
		case <-hang:
		case <-r.Context().Done():
		}
		return true
	}
	_, err = f.ReadAt(make([]byte, 300_000), 1_000_000)
	if e, ok := errors.AsType[*berth.Error](err); !ok || e.Code != "ETIMEDOUT" {
		t.Errorf("silent: %v", err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := f.ReadAt(make([]byte, 300_000), 1_000_000)
		done <- err
	}()
	_ = f.Close()
	if err := <-done; err == nil {
		t.Error("closed: no error")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := op.Open(ctx, s.image()); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}

func pattern(n int) []byte {
	b := make([]byte, 0, n+8)
	for i := 0; len(b) < n; i++ {
		b = append(b, strconv.Itoa(i)...)
	}
	return b[:n]
}
