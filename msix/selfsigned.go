package msix

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"io"
	"math/big"
	"time"
)

// What SelfSigned makes: keys that Windows takes today, and a validity that
// outlasts a demonstration. The hour before covers clocks that differ.
const (
	selfSignedBits  = 3072
	selfSignedYears = 3
	selfSignedEarly = time.Hour
)

// SelfSigned makes a certificate for signing packages of the publisher, given
// as the manifest has it, and its key: for tests and demonstrations. Hosts
// trust it once it is in their Trusted People store.
func SelfSigned(publisher string, now time.Time, random io.Reader) (*x509.Certificate, crypto.Signer, error) {
	subject, err := parseX500(publisher)
	if err != nil {
		return nil, nil, err
	}
	if back := x500Name(subject); back != publisher {
		return nil, nil, corrupt("name", "publisher", -1, "Windows writes %q as %q: use that in the manifest", clip(publisher), clip(back))
	}
	key, err := rsa.GenerateKey(random, selfSignedBits)
	if err != nil {
		return nil, nil, err
	}
	serial, err := rand.Int(random, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		RawSubject:            subject,
		SerialNumber:          serial.Add(serial, big.NewInt(1)), // never zero (RFC 5280, 4.1.2.2)
		NotBefore:             now.Add(-selfSignedEarly),
		NotAfter:              now.AddDate(selfSignedYears, 0, 0),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
		BasicConstraintsValid: true, // not a certificate authority
	}
	der, err := x509.CreateCertificate(random, template, template, key.Public(), key)
	if err != nil {
		return nil, nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return cert, key, err
}
