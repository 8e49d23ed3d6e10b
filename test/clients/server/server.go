// Package server starts a real Berth server for tests of foreign clients, each of which is a Go module of its own.
package server

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// startLimit is how long a server may take to begin an empty farm and answer.
const startLimit = 60 * time.Second

// Server is a running server with one empty site. The fields are those of the file that `berth server --bootstrap` writes.
type Server struct {
	URL            string `json:"url"`
	CAFile         string `json:"caFile"` // PEM of the authority that certified the server
	Token          string `json:"token"`  // of an owner
	Site           string `json:"site"`
	SubscriptionID string `json:"subscriptionId"`
	ResourceGroup  string `json:"resourceGroup"`

	// What the service principal of the file signs in with.
	Endpoint     string `json:"endpoint"`
	Authority    string `json:"authority"`
	TenantID     string `json:"tenantId"`
	TenantUUID   string `json:"tenantUuid"`
	ClientID     string `json:"clientId"`
	ClientSecret string `json:"clientSecret"`

	Client *http.Client `json:"-"` // trusts CAFile and nothing else
	Dir    string       `json:"-"` // a folder from which the server reads images
	Bin    string       `json:"-"` // the program
	File   string       `json:"-"` // the bootstrap file
}

// Start builds the server from this checkout, or takes the program that BERTH_BIN names, starts it over a folder of its own
// and waits until it answers. It is stopped when the test ends.
func Start(t testing.TB) *Server {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "bootstrap.json")
	bin := program(t, dir)
	output := run(t, bin, "server", "--data", filepath.Join(dir, "data"), "--listen", "127.0.0.1:0",
		"--bootstrap", file, "--image-root", dir)
	s, err := await(file)
	if err != nil {
		t.Fatalf("the server does not answer: %v\n%s", err, output)
	}
	s.Dir, s.Bin, s.File = dir, bin, file
	return s
}

// program returns the path of the server's program.
func program(t testing.TB, dir string) string {
	t.Helper()
	if bin := os.Getenv("BERTH_BIN"); bin != "" {
		return bin
	}
	_, here, _, _ := runtime.Caller(0)
	bin := filepath.Join(dir, "berth")
	if runtime.GOOS == "windows" {
		bin += ".exe"
	}
	build := exec.Command("go", "build", "-o", bin, "./cmd/berth")
	build.Dir = filepath.Join(filepath.Dir(here), "..", "..", "..")
	build.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-buildvcs=false", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the server: %v\n%s", err, out)
	}
	return bin
}

// run starts the program and stops it when the test ends.
func run(t testing.TB, bin string, args ...string) fmt.Stringer {
	t.Helper()
	output := &log{}
	c := exec.Command(bin, args...)
	c.Stdout, c.Stderr = output, output
	if err := c.Start(); err != nil {
		t.Fatalf("starting the server: %v", err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill() // what was acknowledged must survive that anyhow
		_ = c.Wait()
		if t.Failed() {
			t.Logf("%s %s said:\n%s", filepath.Base(bin), args[0], output)
		}
	})
	return output
}

// log keeps what a process writes while a test reads it.
type log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write keeps the bytes.
func (l *log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

// String returns what was written so far.
func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// await waits for the bootstrap file, then for an answer to anything.
func await(file string) (*Server, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	for {
		s, err := open(ctx, file)
		if err == nil {
			return s, nil
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func open(ctx context.Context, file string) (*Server, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	s := &Server{}
	if err := json.Unmarshal(b, s); err != nil {
		return nil, err
	}
	pem, err := os.ReadFile(s.CAFile)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate", s.CAFile)
	}
	s.Client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}}
	_, err = s.do(ctx, http.MethodGet, "/healthz", "")
	return s, err
}

// AddPool makes an AVD host pool through the native API.
func (s *Server) AddPool(t testing.TB, name string) {
	t.Helper()
	body := fmt.Sprintf(`{"name": %q, "kind": "avd", "now": true}`, name)
	if _, err := s.do(t.Context(), http.MethodPost, "/api/v1/sites/"+s.Site+"/pools", body); err != nil {
		t.Fatalf("adding the pool %s: %v", name, err)
	}
}

// do sends a request with the owner's token; an answer that is no success is an error with its text.
func (s *Server) do(ctx context.Context, method, path, body string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, s.URL+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+s.Token)
	r.Header.Set("Content-Type", "application/json")
	answer, err := s.Client.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode/100 != 2 {
		err = fmt.Errorf("%s %s: %s: %s", method, path, answer.Status, text)
	}
	return text, err
}
