package msix

import (
	"archive/zip"
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestSignSamples signs packages of other makers, whose content types do not
// know of a signature, and which have other end records.
func TestSignSamples(t *testing.T) {
	for _, name := range []string{"mtrojnar_osslsigncode/unsigned.256appx", "microsoft_winget-cli/Installer-Good.msixbundle", "microsoft_msix-packaging/platforms/TestWindows.msix", "microsoft_winget-cli/TestSignedApp.msix"} {
		t.Run(name, func(t *testing.T) {
			data := readSample(t, name)
			p := open(t, data)
			before, err := VerifyPackage(t.Context(), p, VerifyOptions{AllowUnsigned: true})
			if err != nil || !before.OK() {
				t.Fatalf("before: %+v, %v", before, err)
			}
			cert, key, err := SelfSigned(before.publisher(), testNow, rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			if err := Sign(bytes.NewReader(data), int64(len(data)), &out, cert, key); err != nil {
				t.Fatal(err)
			}
			r, err := VerifyPackage(t.Context(), open(t, out.Bytes()), VerifyOptions{Roots: pool(cert), Now: testNow})
			if err != nil || !r.Trusted() {
				t.Errorf("%+v, %v", r, err)
			}
			same(t, "bundle", r.Signature.Bundle, p.IsBundle())
			osslsigncode(t, out.Bytes(), cert)
		})
	}
}

func TestOsslsigncodeAccepts(t *testing.T) {
	cert, _ := testSigner()
	for _, hash := range []crypto.Hash{crypto.SHA256, crypto.SHA512} {
		_, signed := packed(t, hash)
		osslsigncode(t, signed, cert)
	}
}

// osslsigncode asks an independent implementation whether the digests and the
// signature hold.
func osslsigncode(t *testing.T, signed []byte, cert *x509.Certificate) {
	t.Helper()
	tool, err := exec.LookPath("osslsigncode")
	if err != nil {
		t.Skip("skipped: osslsigncode is not installed")
	}
	dir := t.TempDir()
	file, root := filepath.Join(dir, "signed.msix"), filepath.Join(dir, "root.pem")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})
	if err := errors.Join(os.WriteFile(file, signed, 0o600), os.WriteFile(root, certificate, 0o600)); err != nil {
		t.Fatal(err)
	}
	said, err := exec.Command(tool, "verify", "-in", file, "-CAfile", root).CombinedOutput()
	if strings.Contains(string(said), "MISMATCH") || !strings.Contains(string(said), "Number of verified signatures: 1") {
		t.Errorf("osslsigncode: %v\n%s", err, said)
	}
}

func TestUnzipAccepts(t *testing.T) {
	_, signed := packed(t, crypto.SHA256)
	z, err := zip.NewReader(bytes.NewReader(signed), int64(len(signed)))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "entries", len(z.File), len(testTree())+3)
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, r); err != nil {
			t.Errorf("archive/zip: %s: %v", f.Name, err)
		}
	}
	for _, tool := range [][]string{{"unzip", "-tq"}, {"7zz", "t"}, {"7z", "t"}} {
		path, err := exec.LookPath(tool[0])
		if err != nil {
			t.Logf("skipped: %s is not installed", tool[0])
			continue
		}
		file := filepath.Join(t.TempDir(), "signed.msix")
		if err := os.WriteFile(file, signed, 0o600); err != nil {
			t.Fatal(err)
		}
		if said, err := exec.Command(path, append(tool[1:], file)...).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", tool[0], err, said)
		}
	}
}
