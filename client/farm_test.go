package client_test

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/pem"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"berth"
	"berth/api"
	"berth/auth"
	"berth/client"
	"berth/control"
	"berth/store"
)

// shelf is a Library of images in memory.
type shelf map[string][]berth.Package

func (s shelf) Read(_ context.Context, path string) ([]berth.Package, error) {
	ps, ok := s[path]
	if !ok {
		return nil, berth.Errorf(berth.NotFound, "there is no image %s", path).On("imagePath")
	}
	return slices.Clone(ps), nil
}

func (s shelf) Verify(context.Context, berth.Package) error { return nil }

// server is the real interface over a real database, served as cmd/berth serves it.
type server struct {
	*httptest.Server
	service   *control.Service
	authority *auth.Authority
	images    shelf
	token     string // of an owner
}

const notesOne, notesTwo, family = "Contoso.Notes_1.0.0.0_x64__abc", "Contoso.Notes_2.0.0.0_x64__abc", "Contoso.Notes_abc"

func newServer(t *testing.T) *server {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	db, err := store.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "berth.db"), log)
	must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	authority, err := auth.OpenAuthority(t.TempDir(), rand.Reader, time.Now)
	must(t, err)
	images := shelf{}
	for n, name := range []string{notesOne, notesTwo} {
		images["image of "+name] = []berth.Package{{FullName: name, FamilyName: family, DisplayName: "Notes", Architecture: "x64",
			Version: berth.Version{uint16(n + 1)}, ImagePath: "image of " + name}}
	}
	service := control.New(control.Options{Store: db, Library: images, Authority: authority, Log: log, Now: time.Now, Random: rand.Reader})
	token, _, err := service.Begin(t.Context(), berth.Site{Name: "Main", SubscriptionID: "3b9f1b1e-0000-4000-8000-000000000001", Location: "here"})
	must(t, err)
	s := &server{service: service, authority: authority, images: images, token: token.Text}
	handler := api.New(api.Options{Service: service, Version: "1.2.3", Log: log, HostID: authority.VerifyHost})
	s.Server = s.serve(t, handler, "127.0.0.1")
	return s
}

// serve starts a TLS server with a certificate of the farm's authority for the name.
func (s *server) serve(t *testing.T, h http.Handler, name string) *httptest.Server {
	t.Helper()
	cert, err := s.authority.IssueServer([]string{name})
	must(t, err)
	web := httptest.NewUnstartedServer(h)
	web.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: s.authority.Pool()}
	web.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)
	web.StartTLS()
	t.Cleanup(web.Close)
	return web
}

func (s *server) ca() []byte { return s.authority.CertificatePEM() }

// client is a client with that token.
func (s *server) client(t *testing.T, token string) *client.Client {
	t.Helper()
	c, err := client.New(client.Options{Server: s.URL, Token: token, CA: s.ca(), Site: "Main", Face: "cli"})
	must(t, err)
	return c
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantKind(t *testing.T, err error, kind berth.Kind) {
	t.Helper()
	if err == nil || berth.ErrorKind(err) != kind {
		t.Errorf("got %v, want %s", err, kind)
	}
}

func pemOf(der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}) }
