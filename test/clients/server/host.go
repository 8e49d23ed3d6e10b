package server

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// The package in the image that Image makes.
const (
	PackageName = "Contoso.Notes"
	Publisher   = "CN=Contoso"
)

const manifest = `<?xml version="1.0" encoding="utf-8"?>
<Package xmlns="http://schemas.microsoft.com/appx/manifest/foundation/windows10"
  xmlns:uap="http://schemas.microsoft.com/appx/manifest/uap/windows10" IgnorableNamespaces="uap">
  <Identity Name="` + PackageName + `" Publisher="` + Publisher + `" Version="1.2.3.0" ProcessorArchitecture="x64"/>
  <Properties><DisplayName>Contoso Notes</DisplayName><PublisherDisplayName>Contoso</PublisherDisplayName><Logo>logo.png</Logo></Properties>
  <Dependencies><TargetDeviceFamily Name="Windows.Desktop" MinVersion="10.0.19041.0" MaxVersionTested="10.0.26100.0"/></Dependencies>
  <Resources><Resource Language="en-us"/></Resources>
  <Applications><Application Id="Notes" Executable="notes.exe" EntryPoint="Windows.FullTrustApplication">
    <uap:VisualElements DisplayName="Notes" Description="Write notes" BackgroundColor="transparent" Square150x150Logo="logo.png" Square44x44Logo="logo.png"/>
  </Application></Applications>
</Package>`

// Image makes an image with one signed package in the folder, and returns its path.
func Image(t testing.TB, s *Server, dir string) string {
	t.Helper()
	work := t.TempDir()
	files := filepath.Join(work, "files")
	if err := os.Mkdir(files, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"AppxManifest.xml": manifest, "notes.exe": "MZ", "logo.png": "none"} {
		if err := os.WriteFile(filepath.Join(files, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cert, key := signer(t, work)
	plain, signed, image := filepath.Join(work, "plain.msix"), filepath.Join(work, "signed.msix"), filepath.Join(dir, "notes.vhdx")
	s.Berth(t, "msix", "pack", files, "--out", plain)
	s.Berth(t, "msix", "sign", plain, "--cert", cert, "--key", key, "--out", signed)
	s.Berth(t, "image", "build", signed, "--out", image)
	return image
}

// signer writes a certificate that signs packages, and its key.
func signer(t testing.TB, dir string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Contoso"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(24 * time.Hour), KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "signer.pem"), filepath.Join(dir, "signer.key")
	for file, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// Berth runs the program and returns what it writes to standard output.
func (s *Server) Berth(t testing.TB, args ...string) string {
	t.Helper()
	c := exec.Command(s.Bin, args...)
	out, err := c.Output()
	if err != nil {
		text := ""
		if e, ok := errors.AsType[*exec.ExitError](err); ok {
			text = string(e.Stderr)
		}
		t.Fatalf("berth %v: %v\n%s", args, err, text)
	}
	return string(out)
}

// Host enrols a real agent with a key, as a host of that name, and runs it until the test ends. It returns the agent's
// state folder.
func (s *Server) Host(t testing.TB, name, key string) string {
	t.Helper()
	state := filepath.Join(t.TempDir(), "state")
	s.Berth(t, "agent", "enroll", "--server", s.URL, "--ca", s.CAFile, "--key", key, "--name", name, "--state", state)
	run(t, s.Bin, "agent", "run", "--sessions", "pam", "--state", state, "--attach", "extract")
	return state
}

// Until asks again and again until it is so, and fails when it is not so in the end.
func Until(t testing.TB, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(startLimit); ; time.Sleep(100 * time.Millisecond) {
		if is() {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("not in time: %s", what)
		}
	}
}

// Get asks the native API as the owner, and reads the answer's JSON.
func (s *Server) Get(ctx context.Context, path string, into any) error {
	text, err := s.do(ctx, http.MethodGet, path, "")
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

// Joined is the server that another process started, as the variables say that Environment made.
func Joined(t testing.TB) *Server {
	t.Helper()
	file := os.Getenv("BERTH_TEST_BOOTSTRAP")
	if file == "" {
		t.Skip("skipped: runs inside another test")
	}
	s, err := open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	s.File, s.Bin, s.Dir = file, os.Getenv("BERTH_BIN"), filepath.Dir(file)
	return s
}

// Environment is what a process needs to join the server, and to trust it as everything on its machine does.
func (s *Server) Environment() []string {
	return append(os.Environ(), "BERTH_TEST_BOOTSTRAP="+s.File, "BERTH_BIN="+s.Bin, "SSL_CERT_FILE="+s.CAFile, "NODE_EXTRA_CA_CERTS="+s.CAFile,
		"REQUESTS_CA_BUNDLE="+s.CAFile)
}
