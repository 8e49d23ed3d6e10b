package api_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"berth"
	"berth/api"
	"berth/auth"
	"berth/control"
	"berth/store"
	"berth/wire"
)

// shelf is a Library of images in memory. The image "cursed" fails in a way that is nobody's business.
type shelf map[string][]berth.Package

func (s shelf) Read(_ context.Context, path string) ([]berth.Package, error) {
	if path == "cursed" {
		return nil, io.ErrUnexpectedEOF
	}
	ps, ok := s[path]
	if !ok {
		e := berth.Errorf(berth.NotFound, "there is no image %s", path).On("imagePath").With("look for it")
		e.Code = "ENOENT"
		return nil, e
	}
	return slices.Clone(ps), nil
}

func (s shelf) Verify(context.Context, berth.Package) error { return nil }

func (s shelf) Roots() []string { return []string{"images"} }

func (s shelf) List(_ context.Context, folder string) (entries []berth.ImageEntry, more bool, err error) {
	if folder != "" && folder != "images" {
		return nil, false, berth.Errorf(berth.Forbidden, "%s is not below a configured image root", folder).On("path").With("look below images")
	}
	for _, name := range slices.Sorted(maps.Keys(s)) {
		entries = append(entries, berth.ImageEntry{Name: name, Path: name, Kind: berth.EntryImage, Size: 1})
	}
	return entries, false, nil
}

func (s shelf) Survey(ctx context.Context, path string) (berth.Image, error) {
	ps, err := s.Read(ctx, path)
	return berth.Image{Path: path, Format: "vhdx", Packages: ps, Notes: []string{}}, err
}

func (s shelf) CheckNew(string) error { return nil }

func (s shelf) Make(context.Context, berth.BuildImage) (berth.Image, error) {
	return berth.Image{}, nil
}

// site is the real interface over a real database, with the site Main, a pool and one package.
type site struct {
	t         *testing.T
	web       *httptest.Server
	api       *api.API
	service   *control.Service
	authority *auth.Authority
	logged    *bytes.Buffer
	moved     atomic.Int64 // nanoseconds that the clock is ahead
	token     string
	owner     context.Context
	stop      context.CancelFunc // ends the base context of all requests, as cmd/berth does when it stops
}

const notesOne, family = "Contoso.Notes_1.0.0.0_x64__abc", "Contoso.Notes_abc"

func (s *site) now() time.Time { return time.Now().Add(time.Duration(s.moved.Load())) }

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{t: t, logged: &bytes.Buffer{}, owner: auth.With(context.Background(), auth.Principal{Name: "olga", Role: berth.RoleOwner, Face: "api"})}
	log := slog.New(slog.NewTextHandler(s.logged, nil))
	db, err := store.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "berth.db"), log)
	s.must(err)
	t.Cleanup(func() { s.service.Stop(context.Background()); _ = db.Close() })
	s.authority, err = auth.OpenAuthority(t.TempDir(), rand.Reader, s.now)
	s.must(err)
	images := shelf{"notes.vhdx": {{FullName: notesOne, FamilyName: family, DisplayName: "Notes", Architecture: "x64", Version: berth.Version{1}}}}
	s.service = control.New(control.Options{Store: db, Library: images, Images: images, Authority: s.authority, Log: log, Now: s.now, Random: rand.Reader})
	token, _, err := s.service.Begin(t.Context(), berth.Site{Name: "Main", SubscriptionID: "3b9f1b1e-0000-4000-8000-000000000001"})
	s.must(err)
	s.token = token.Text
	_, err = s.service.AddPackage(s.owner, control.NewPackage{Site: "Main", ImagePath: "notes.vhdx"})
	s.must(err)
	s.api = api.New(api.Options{Service: s.service, Version: "1.2.3", Log: log, HostID: s.authority.VerifyHost})
	s.serve()
	return s
}

func (s *site) serve() {
	s.t.Helper()
	cert, err := s.authority.IssueServer([]string{"127.0.0.1"})
	s.must(err)
	var base context.Context
	base, s.stop = context.WithCancel(context.Background())
	s.web = httptest.NewUnstartedServer(s.api)
	s.web.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: s.authority.Pool()}
	s.web.Config.BaseContext = func(net.Listener) context.Context { return base }
	s.web.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)
	s.web.StartTLS()
	s.t.Cleanup(func() { s.stop(); s.web.Close() })
}

func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// tokenOf makes a token with a role in the site.
func (s *site) tokenOf(role berth.Role, in string) string {
	s.t.Helper()
	secret, err := s.service.CreateToken(s.owner, wire.CreateToken{Name: string(role), Role: role, Site: in})
	s.must(err)
	return secret.Text
}

// client is an HTTP client that may have a certificate.
func (s *site) client(cert *tls.Certificate) *http.Client {
	config := &tls.Config{RootCAs: s.authority.Pool()}
	if cert != nil {
		config.Certificates = []tls.Certificate{*cert}
	}
	t := &http.Transport{TLSClientConfig: config}
	s.t.Cleanup(t.CloseIdleConnections)
	return &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// ask is one request; what it leaves out is left out.
type ask struct {
	method, path, token, body string
	header                    map[string]string
	cert                      *tls.Certificate
}

// answer is what came back, whole.
type answer struct {
	status  int
	header  http.Header
	body    []byte
	problem wire.Problem
}

func (s *site) ask(a ask) answer {
	s.t.Helper()
	r, err := http.NewRequest(a.method, s.web.URL+a.path, bytes.NewReader([]byte(a.body)))
	s.must(err)
	if a.token != "" {
		r.Header.Set("Authorization", "Bearer "+a.token)
	}
	if a.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for k, v := range a.header {
		r.Header.Set(k, v)
	}
	resp, err := s.client(a.cert).Do(r)
	s.must(err)
	defer func() { _ = resp.Body.Close() }()
	out := answer{status: resp.StatusCode, header: resp.Header}
	out.body, err = io.ReadAll(resp.Body)
	s.must(err)
	if resp.StatusCode >= 400 {
		if got := resp.Header.Get("Content-Type"); got != "application/problem+json" {
			s.t.Errorf("%s %s: %d as %q: %s", a.method, a.path, resp.StatusCode, got, out.body)
		}
		s.must(json.Unmarshal(out.body, &out.problem))
		if out.problem.Status != resp.StatusCode || out.problem.Type == "" || out.problem.Title == "" || out.problem.Detail == "" {
			s.t.Errorf("%s %s: %d with an incomplete problem: %s", a.method, a.path, resp.StatusCode, out.body)
		}
	}
	return out
}

// host is an enrolled host with its key.
type host struct {
	id   string
	cert tls.Certificate
	der  []byte
}

func (s *site) enroll(name string) host {
	s.t.Helper()
	key, err := s.service.CreateEnrollKey(s.owner, "main", wire.CreateEnrollKey{Kind: berth.KindRDSH})
	s.must(err)
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	s.must(err)
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, private)
	s.must(err)
	body, err := json.Marshal(wire.EnrollRequest{Protocol: wire.Protocol, Key: key.Text, Name: name, CSR: csr})
	s.must(err)
	got := s.ask(ask{method: "POST", path: wire.PathEnroll, body: string(body)})
	var out wire.EnrollResponse
	s.must(json.Unmarshal(got.body, &out))
	if got.status != http.StatusOK || out.Site != "Main" {
		s.t.Fatalf("enrolment: %d %s", got.status, got.body)
	}
	return host{id: out.HostID, der: out.Certificate, cert: tls.Certificate{Certificate: [][]byte{out.Certificate}, PrivateKey: private}}
}
