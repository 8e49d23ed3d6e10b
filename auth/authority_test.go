package auth

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"berth"
)

// clock is a time that tests can change.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

// openAuthority opens the authority of a folder on a clock that stands at noon.
func openAuthority(t *testing.T, dir string) (*Authority, *clock) {
	t.Helper()
	c := &clock{noon}
	a, err := OpenAuthority(dir, rand.Reader, c.now)
	if err != nil {
		t.Fatal(err)
	}
	return a, c
}

func TestAuthorityCertificate(t *testing.T) {
	a, _ := openAuthority(t, filepath.Join(t.TempDir(), "deep", "auth"))
	block, rest := pem.Decode(a.CertificatePEM())
	if block == nil || len(rest) != 0 || !bytes.Equal(block.Bytes, a.CertificateDER()) {
		t.Fatalf("the PEM form is not that of the DER form:\n%s", a.CertificatePEM())
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	key, ok := cert.PublicKey.(*ecdsa.PublicKey)
	if !ok || key.Curve.Params().BitSize != 256 {
		t.Errorf("key %T, want ECDSA P-256", cert.PublicKey)
	}
	if !cert.IsCA || cert.MaxPathLen != 0 || !cert.MaxPathLenZero || cert.KeyUsage != x509.KeyUsageCertSign|x509.KeyUsageCRLSign {
		t.Errorf("CA %v, path %d, usage %b", cert.IsCA, cert.MaxPathLen, cert.KeyUsage)
	}
	if years := cert.NotAfter.Sub(noon).Hours() / 24 / 365; years != 10 {
		t.Errorf("valid for %v years", years)
	}
	if err := cert.CheckSignatureFrom(cert); err != nil {
		t.Errorf("not signed by itself: %v", err)
	}
}

func TestFingerprint(t *testing.T) {
	// SHA-256 of "abc", FIPS 180-2, B.1.
	if got, want := Fingerprint([]byte("abc")), "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestAuthorityIsKept(t *testing.T) {
	dir := t.TempDir()
	first, _ := openAuthority(t, dir)
	der, _, err := first.IssueHost(request(t, ecKey(t)), "id-1")
	if err != nil {
		t.Fatal(err)
	}
	second, _ := openAuthority(t, dir)
	if !bytes.Equal(first.CertificateDER(), second.CertificateDER()) {
		t.Fatal("opening again made another certificate")
	}
	if id, err := second.VerifyHost(parse(t, der)); id != "id-1" || err != nil {
		t.Errorf("a host from before is %q, %v", id, err)
	}
	if _, _, err := second.IssueHost(request(t, ecKey(t)), "id-2"); err != nil {
		t.Error(err)
	}
}

func TestFileModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("skipped: Windows has no file modes; the folder's access list counts there")
	}
	dir := filepath.Join(t.TempDir(), "auth")
	a, _ := openAuthority(t, dir)
	if _, err := a.IssueServer([]string{"localhost"}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{".": 0o700, "ca.key": 0o600, "server.key": 0o600, "ca.crt": 0o644, "server.crt": 0o644} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
		} else if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %v, want %v", name, got, want)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 4 {
		t.Errorf("files left over: %v", entries)
	}
}

// TestCrashWhileCreating makes each state that a crash can leave, and opens it.
func TestCrashWhileCreating(t *testing.T) {
	for name, tt := range map[string]struct {
		damage  func(dir string) error
		sameKey bool
	}{
		"half of the key":         {func(dir string) error { return unfinished(dir, "ca.key", "ca.crt") }, false},
		"key without certificate": {func(dir string) error { return os.Remove(filepath.Join(dir, "ca.crt")) }, true},
		"half of the certificate": {func(dir string) error { return unfinished(dir, "ca.crt") }, true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			before, _ := openAuthority(t, dir)
			if err := tt.damage(dir); err != nil {
				t.Fatal(err)
			}
			after, _ := openAuthority(t, dir)
			if same := before.cert.PublicKey.(*ecdsa.PublicKey).Equal(after.key.Public()); same != tt.sameKey {
				t.Errorf("same key: %v, want %v", same, tt.sameKey)
			}
			again, _ := openAuthority(t, dir)
			if !bytes.Equal(after.CertificateDER(), again.CertificateDER()) {
				t.Error("what was made after the crash is not kept")
			}
			if entries, _ := os.ReadDir(dir); len(entries) != 2 {
				t.Errorf("files left over: %v", entries)
			}
		})
	}
}

// unfinished leaves the first file as writing it would at its middle, and removes the others.
func unfinished(dir, file string, others ...string) error {
	path := filepath.Join(dir, file)
	data, err := os.ReadFile(path)
	err = errors.Join(err, os.WriteFile(path+".new", data[:len(data)/2], 0o600), os.Remove(path))
	for _, other := range others {
		err = errors.Join(err, os.Remove(filepath.Join(dir, other)))
	}
	return err
}

func TestDamagedAuthorityIsRefused(t *testing.T) {
	foreign := t.TempDir()
	openAuthority(t, foreign)
	a, _ := openAuthority(t, foreign)
	if _, err := a.IssueServer([]string{"localhost"}); err != nil {
		t.Fatal(err)
	}
	swap := func(from, to string) func(string) error {
		return func(dir string) error {
			data, err := os.ReadFile(filepath.Join(foreign, from))
			return errors.Join(err, os.WriteFile(filepath.Join(dir, to), data, 0o600))
		}
	}
	for name, tt := range map[string]struct {
		damage func(dir string) error
		want   string
	}{
		"no key":              {func(dir string) error { return os.Remove(filepath.Join(dir, "ca.key")) }, "restore the key"},
		"empty key":           {func(dir string) error { return os.Truncate(filepath.Join(dir, "ca.key"), 0) }, "PRIVATE KEY"},
		"empty certificate":   {func(dir string) error { return os.Truncate(filepath.Join(dir, "ca.crt"), 0) }, "CERTIFICATE"},
		"certificate as key":  {swap("ca.crt", "ca.key"), "PRIVATE KEY"},
		"foreign key":         {swap("ca.key", "ca.key"), "do not belong together"},
		"foreign certificate": {swap("ca.crt", "ca.crt"), "do not belong together"},
		"no authority": {func(dir string) error {
			return errors.Join(swap("server.key", "ca.key")(dir), swap("server.crt", "ca.crt")(dir))
		}, "not the certificate of an authority"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			openAuthority(t, dir)
			if err := tt.damage(dir); err != nil {
				t.Fatal(err)
			}
			before := contents(t, dir)
			a, err := OpenAuthority(dir, rand.Reader, time.Now)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q in it", err, tt.want)
			}
			if err != nil && a != nil {
				t.Error("an authority came with the error")
			}
			if after := contents(t, dir); after != before {
				t.Error("the folder was changed")
			}
		})
	}
}

func contents(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString(e.Name() + "\n" + string(data))
	}
	return all.String()
}

func TestSerials(t *testing.T) {
	a, _ := openAuthority(t, t.TempDir())
	csr, seen := request(t, ecKey(t)), map[string]bool{}
	for range 50 {
		der, serial, err := a.IssueHost(csr, "id-1")
		if err != nil {
			t.Fatal(err)
		}
		if got := parse(t, der).SerialNumber; got.Text(16) != serial || got.Sign() <= 0 {
			t.Errorf("serial %q, in the certificate %x", serial, got)
		}
		if !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(serial) || seen[serial] {
			t.Errorf("serial %q is not of 32 digits, or came twice", serial)
		}
		seen[serial] = true
	}
	a.random = iotest.ErrReader(errors.New("no entropy"))
	if _, _, err := a.IssueHost(csr, "id-1"); err == nil {
		t.Error("signed without random bytes")
	}
}

// TestAuthorityEnds: nothing outlives the authority, and an authority that is over says so.
func TestAuthorityEnds(t *testing.T) {
	a, clock := openAuthority(t, t.TempDir())
	clock.at = a.cert.NotAfter.Add(-24 * time.Hour)
	der, _, err := a.IssueHost(request(t, ecKey(t)), "id-1")
	if err != nil {
		t.Fatal(err)
	}
	if end := parse(t, der).NotAfter; !end.Equal(a.cert.NotAfter) {
		t.Errorf("the host's certificate ends %v, the authority %v", end, a.cert.NotAfter)
	}
	clock.at = a.cert.NotAfter.Add(time.Second)
	if _, _, err := a.IssueHost(request(t, ecKey(t)), "id-1"); berth.ErrorKind(err) != berth.Unavailable || !strings.Contains(err.Error(), "expired") {
		t.Errorf("an expired authority signs with %v", err)
	}
}
