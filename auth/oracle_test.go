package auth

import (
	"crypto/rand"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// TestOpenSSLAgrees lets another implementation judge both sorts of certificates, each for its purpose and for the other.
func TestOpenSSLAgrees(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("skipped: openssl is not installed")
	}
	dir := t.TempDir()
	a := must(OpenAuthority(dir, rand.Reader, time.Now))(t)
	issueServer(t, a, "berth.example", "10.0.0.7")
	der, _, err := a.IssueHost(request(t, ecKey(t)), hostID)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: pemCertificate, Bytes: der})
	if err := os.WriteFile(filepath.Join(dir, "host.crt"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		file, purpose string
		ok            bool
	}{
		{"host.crt", "sslclient", true}, {"host.crt", "sslserver", false},
		{"server.crt", "sslserver", true}, {"server.crt", "sslclient", false},
	} {
		out, err := exec.CommandContext(t.Context(), openssl, "verify", "-x509_strict", "-CAfile", filepath.Join(dir, "ca.crt"),
			"-purpose", tt.purpose, filepath.Join(dir, tt.file)).CombinedOutput()
		if (err == nil) != tt.ok {
			t.Errorf("%s for %s: %v, want success %v\n%s", tt.file, tt.purpose, err, tt.ok, out)
		}
	}
}
