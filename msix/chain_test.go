package msix

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"math/big"
	"testing"
	"time"
)

func TestChain(t *testing.T) {
	_, signed := packed(t, crypto.SHA256)
	s, err := open(t, signed).Signature()
	if err != nil {
		t.Fatal(err)
	}
	cert, _ := testSigner()
	other, _, err := SelfSigned(testPublisher, testNow, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		roots *x509.CertPool
		now   time.Time
		ok    bool
	}{
		"pinned":               {pool(cert), testNow, true},
		"nobody is trusted":    {nil, testNow, false},
		"same name, other key": {pool(other), testNow, false},
		"expired":              {pool(cert), testNow.AddDate(4, 0, 0), false},
		"not yet valid":        {pool(cert), testNow.AddDate(-1, 0, 0), false},
	} {
		if err := s.VerifyChain(c.roots, c.now); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestIssuedCertificate signs with ECDSA under an authority, and with a
// certificate that may not sign code.
func TestIssuedCertificate(t *testing.T) {
	unsigned, _ := packed(t, crypto.SHA256)
	for name, c := range map[string]struct {
		usage x509.ExtKeyUsage
		ok    bool
	}{"code signing": {x509.ExtKeyUsageCodeSigning, true}, "web server": {x509.ExtKeyUsageServerAuth, false}} {
		root, cert, key := issued(t, c.usage)
		var out bytes.Buffer
		if err := Sign(bytes.NewReader(unsigned), int64(len(unsigned)), &out, cert, key, root); err != nil {
			t.Fatal(err)
		}
		r, err := VerifyPackage(t.Context(), open(t, out.Bytes()), VerifyOptions{Roots: pool(root), Now: testNow})
		if err != nil || !r.OK() || r.Trusted() != c.ok || KeySize(r.Signature.Signer) != 256 {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}

func issued(t *testing.T, usage x509.ExtKeyUsage) (root, cert *x509.Certificate, key crypto.Signer) {
	t.Helper()
	subject, err := parseX500(testPublisher)
	if err != nil {
		t.Fatal(err)
	}
	authority := x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: testNow, NotAfter: testNow.AddDate(1, 0, 0), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	authority.Subject.CommonName = "Test Authority"
	leaf := x509.Certificate{SerialNumber: big.NewInt(2), NotBefore: testNow, NotAfter: testNow.AddDate(1, 0, 0), RawSubject: subject, ExtKeyUsage: []x509.ExtKeyUsage{usage}, KeyUsage: x509.KeyUsageDigitalSignature}
	rootKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	root = create(t, &authority, &authority, rootKey.Public(), rootKey)
	return root, create(t, &leaf, root, leafKey.Public(), rootKey), leafKey
}

func create(t *testing.T, template, parent *x509.Certificate, public crypto.PublicKey, key crypto.Signer) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}
