package msix

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"slices"
	"time"

	"github.com/smallstep/pkcs7"
)

// Verify proves that the signer's key signed exactly these digests: the
// signed attributes cover the content, and the signature covers the
// attributes. It says nothing about who the signer is: see VerifyChain.
func (s *Signature) Verify() error {
	signer := s.message.Signers[0]
	if _, err := hashForOID(signer.DigestAlgorithm.Algorithm); err != nil {
		return err
	}
	// Without signed attributes, or with those of another content type, a
	// signature that was made for something else could be presented here.
	var contentType asn1.ObjectIdentifier
	if err := s.message.UnmarshalSignedAttribute(pkcs7.OIDAttributeContentType, &contentType); err != nil {
		return corrupt(signatureFormat, "signed attribute contentType", -1, "%v", err)
	}
	if !contentType.Equal(oidSpcIndirectData) {
		return corrupt(signatureFormat, "signed attribute contentType", -1, "%v, want %v", contentType, oidSpcIndirectData)
	}
	if err := verifyMessage(s.message); err != nil {
		return corrupt(signatureFormat, "SignerInfo", -1, "%v", err)
	}
	return nil
}

// verifyMessage checks the signature of a message by the key of its signer. The time of signing that it may state is the
// signer's own word, and its clock may be wrong: that is not held against the certificate, whose validity the chain shows.
func verifyMessage(message *pkcs7.PKCS7) error {
	timeless := *message
	timeless.Certificates = make([]*x509.Certificate, len(message.Certificates))
	for i, c := range message.Certificates {
		always := *c
		always.NotBefore, always.NotAfter = time.Time{}, time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
		timeless.Certificates[i] = &always
	}
	return timeless.Verify()
}

// VerifyChain checks that the signer's certificate leads to one of roots and
// may sign code. A self-signed certificate is trusted when it is itself in
// roots. The chain must hold at the time of a proven time stamp whose own
// chain leads to roots, else at now: a time stamp that nobody vouches for
// cannot bring an expired certificate back, nor one whose own use says that
// signatures end with it. extra are further intermediates. Revocation is not
// looked up.
func (s *Signature) VerifyChain(roots *x509.CertPool, now time.Time, extra ...*x509.Certificate) error {
	if roots == nil { // x509 would take the system's roots, which trust no packages
		roots = x509.NewCertPool()
	}
	at := now
	var unused error // why the time stamp does not count
	if t := s.Timestamp; t != nil && !lifetimeSigning(s.Signer) {
		if unused = t.verifyChain(roots, extra); unused == nil {
			at = t.Time
		}
	}
	err := verifyCert(s.Signer, certPool(s.Certificates, extra), x509.VerifyOptions{
		Roots: roots, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
	})
	if err != nil && unused != nil {
		err = fmt.Errorf("%w; its time stamp does not count: %w", err, unused)
	}
	if err != nil {
		return &Error{Format: signatureFormat, Structure: "certificate of " + clip(SubjectName(s.Signer)), Offset: -1, Err: err}
	}
	return nil
}

// oidLifetimeSigning (szOID_KP_LIFETIME_SIGNING) is the use of certificates
// whose signatures no time stamp keeps valid.
var oidLifetimeSigning = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 10, 3, 13}

func lifetimeSigning(cert *x509.Certificate) bool {
	return slices.ContainsFunc(cert.UnknownExtKeyUsage, oidLifetimeSigning.Equal)
}

func certPool(lists ...[]*x509.Certificate) *x509.CertPool {
	pool := x509.NewCertPool()
	for _, list := range lists {
		for _, c := range list {
			pool.AddCert(c)
		}
	}
	return pool
}

func verifyCert(cert *x509.Certificate, intermediates *x509.CertPool, opt x509.VerifyOptions) error {
	opt.Intermediates = intermediates
	_, err := cert.Verify(opt)
	return err
}

// VerifyPublisher checks that publisher, the manifest's Identity/@Publisher,
// is the signer's subject.
func (s *Signature) VerifyPublisher(publisher string) error {
	if subject := SubjectName(s.Signer); subject != publisher {
		return corrupt(signatureFormat, "publisher", -1, "the manifest says %q, the signing certificate %q", clip(publisher), clip(subject))
	}
	return nil
}

// KeySize is the size in bits of a certificate's public key; 0 for kinds of
// keys other than RSA and ECDSA.
func KeySize(cert *x509.Certificate) int {
	switch key := cert.PublicKey.(type) {
	case *rsa.PublicKey:
		return key.N.BitLen()
	case *ecdsa.PublicKey:
		return key.Params().BitSize
	}
	return 0
}

// String names the signer for a log line.
func (s *Signature) String() string {
	return fmt.Sprintf("%s, %s", SubjectName(s.Signer), SHA1Thumbprint(s.Signer))
}
