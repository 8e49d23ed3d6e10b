package winhost

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/windows"

	"berth"
)

func certificate(t *testing.T, change func(*x509.Certificate)) berth.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "Berth test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}}
	if change != nil {
		change(c)
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return berth.Certificate{DER: der, Thumbprint: thumbprint(der), Subject: "CN=Berth test"}
}

func inMachine(t *testing.T, store, thumb string) bool {
	t.Helper()
	s, err := openStore(store)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = windows.CertCloseStore(s, 0) }()
	there, err := inStore(s, thumb)
	if err != nil {
		t.Fatal(err)
	}
	return there
}

// TestTrust works on the machine's real stores: it takes away again what it puts there.
func TestTrust(t *testing.T) {
	h := &Host{}
	signer := certificate(t, nil)
	if err := h.Trust(t.Context(), []berth.Certificate{signer}, nil); err != nil {
		t.Fatal(err)
	}
	if !inMachine(t, storePeople, signer.Thumbprint) || inMachine(t, storeRoot, signer.Thumbprint) {
		t.Error("the signer is not in TrustedPeople, or is in Root")
	}
	if list, err := trusted(); err != nil || !slices.Contains(list, signer.Thumbprint) {
		t.Errorf("trusted: %v, %v", list, err)
	}
	if err := h.Trust(t.Context(), []berth.Certificate{signer}, nil); err != nil {
		t.Errorf("once more: %v", err)
	}
	if err := h.Trust(t.Context(), nil, []string{signer.Thumbprint}); err != nil {
		t.Fatal(err)
	}
	if list, err := trusted(); err != nil || slices.Contains(list, signer.Thumbprint) || inMachine(t, storePeople, signer.Thumbprint) {
		t.Errorf("after removal: %v, %v, in the store: %t", list, err, inMachine(t, storePeople, signer.Thumbprint))
	}
}

// TestTrustLeavesOthers: what an administrator installed stays, although Berth needed it for a while.
func TestTrustLeavesOthers(t *testing.T) {
	h := &Host{}
	c := certificate(t, nil)
	store, err := openStore(storePeople)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = windows.CertCloseStore(store, 0) }()
	cert, err := windows.CertCreateCertificateContext(windows.X509_ASN_ENCODING, &c.DER[0], uint32(len(c.DER)))
	if err != nil {
		t.Fatal(err)
	}
	if err := windows.CertAddCertificateContextToStore(store, cert, windows.CERT_STORE_ADD_ALWAYS, nil); err != nil {
		t.Fatal(err)
	}
	for _, step := range []func() error{
		func() error { return h.Trust(t.Context(), []berth.Certificate{c}, nil) },
		func() error { return h.Trust(t.Context(), nil, []string{c.Thumbprint}) },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
		if !inMachine(t, storePeople, c.Thumbprint) {
			t.Fatal("the administrator's certificate is gone")
		}
	}
	if found, err := findInStore(store, c.Thumbprint); err != nil || found == nil || windows.CertDeleteCertificateFromStore(found) != nil {
		t.Errorf("clearing up: %v", err)
	}
	commit(store)
}

func TestStoreFor(t *testing.T) {
	ca := func(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid, c.ExtKeyUsage = true, true, nil }
	signing := func(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = true, true }
	for want, change := range map[string]func(*x509.Certificate){storeRoot: ca, storePeople: signing} {
		parsed, err := x509.ParseCertificate(certificate(t, change).DER)
		if err != nil {
			t.Fatal(err)
		}
		if got := storeFor(parsed); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestTrustRefuses(t *testing.T) {
	h := &Host{}
	c := certificate(t, nil)
	c.Thumbprint = certificate(t, nil).Thumbprint
	if err := h.Trust(t.Context(), []berth.Certificate{c}, nil); err == nil {
		t.Error("a certificate under another's thumbprint was installed")
	}
	if err := h.Trust(t.Context(), []berth.Certificate{{DER: []byte("x"), Thumbprint: "00"}}, nil); err == nil {
		t.Error("what is no certificate was installed")
	}
}
