package msix

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/smallstep/pkcs7"
)

// authority makes a certificate that may stamp times, and its key.
func authority(t *testing.T) (*x509.Certificate, crypto.Signer) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(7), NotBefore: testNow.AddDate(-1, 0, 0), NotAfter: testNow.AddDate(9, 0, 0),
		Subject: pkix.Name{CommonName: "Test Clock"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping},
	}
	return create(t, template, template, key.Public(), key), key
}

// counterSign makes a PKCS#9 counter signature over signature at a time.
func counterSign(t *testing.T, signature []byte, at time.Time, cert *x509.Certificate, key crypto.Signer) []byte {
	t.Helper()
	h := crypto.SHA256.New()
	h.Write(signature)
	var members [][]byte
	for _, a := range []struct {
		oid   asn1.ObjectIdentifier
		value any
	}{{pkcs7.OIDAttributeContentType, pkcs7.OIDData}, {pkcs7.OIDAttributeSigningTime, at}, {pkcs7.OIDAttributeMessageDigest, h.Sum(nil)}} {
		der, err := asn1.Marshal(a.value)
		if err != nil {
			t.Fatal(err)
		}
		member, err := asn1.Marshal(p7Attribute{a.oid, asn1.RawValue{Tag: asn1.TagSet, IsCompound: true, Bytes: der}})
		if err != nil {
			t.Fatal(err)
		}
		members = append(members, member)
	}
	slices.SortFunc(members, bytes.Compare)
	info, err := signAttributes(signRequest{hash: crypto.SHA256, cert: cert, key: key}, slices.Concat(members...))
	if err != nil {
		t.Fatal(err)
	}
	der, err := asn1.Marshal(info)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// TestTimestampKeepsExpiredCertificate holds the rule that only a time stamp
// of a trusted authority brings back a certificate that has expired.
func TestTimestampKeepsExpiredCertificate(t *testing.T) {
	_, signed := packed(t, crypto.SHA256)
	s, err := open(t, signed).Signature()
	if err != nil {
		t.Fatal(err)
	}
	clock, key := authority(t)
	signer, _ := testSigner()
	s.message.Certificates = append(s.message.Certificates, clock)
	digest := s.message.Signers[0].EncryptedDigest
	later := testNow.AddDate(5, 0, 0)
	for name, c := range map[string]struct {
		signature []byte
		at        time.Time
		roots     *x509.CertPool
		ok        bool
	}{
		"in time":           {digest, testNow.AddDate(1, 0, 0), pool(signer, clock), true},
		"too late":          {digest, testNow.AddDate(4, 0, 0), pool(signer, clock), false},
		"unknown authority": {digest, testNow.AddDate(1, 0, 0), pool(signer), false},
		"other signature":   {[]byte("other"), testNow.AddDate(1, 0, 0), pool(signer, clock), false},
	} {
		if s.Timestamp, err = readCounterSignature(counterSign(t, c.signature, c.at, clock, key), s.message); err != nil {
			t.Fatal(err)
		}
		same(t, name+": time", s.Timestamp.Time, c.at)
		if err := s.VerifyChain(c.roots, later); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	s.Timestamp = nil
	if s.VerifyChain(pool(signer, clock), later) == nil {
		t.Error("an expired certificate without a time stamp passed")
	}
}

// TestTokensOfSamples reads RFC 3161 tokens that Microsoft's authority made.
func TestTokensOfSamples(t *testing.T) {
	found := 0
	for name, want := range facts(t) {
		if want.Signature == nil || want.Signature.Timestamp == "" {
			continue
		}
		found++
		p, err := openSample(t, name)
		if err != nil {
			t.Fatal(err)
		}
		s, err := p.Signature()
		if err != nil {
			t.Fatal(err)
		}
		if y := s.Timestamp.Time.Year(); y < 2010 || y > 2026 || s.Timestamp.Signer == nil {
			t.Errorf("%s: %v by %v", name, s.Timestamp.Time, s.Timestamp.Signer)
		}
	}
	if found < 3 {
		t.Errorf("%d samples with a time stamp", found)
	}
}
