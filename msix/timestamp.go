package msix

import (
	"bytes"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"time"

	"github.com/smallstep/pkcs7"
)

// Unsigned attributes that hold a time stamp, and the content type of its token.
var (
	oidRFC3161Token     = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 3, 3, 1}
	oidCounterSignature = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 6}
	oidTSTInfo          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
)

// Timestamp is a third party's word on when the signature existed.
type Timestamp struct {
	Time   time.Time
	Kind   string            // "rfc3161" or, from before 2010, "counterSignature"
	Signer *x509.Certificate // nil when the token does not carry it

	token   *pkcs7.PKCS7 // its Content is what the authority signed
	imprint error        // why the token is unreadable, or not about this signature; nil when it is good
}

// tstInfo is the beginning of TSTInfo (RFC 3161, section 2.4.2).
type tstInfo struct {
	Version int
	Policy  asn1.ObjectIdentifier
	Imprint struct {
		Algorithm pkix.AlgorithmIdentifier
		Digest    []byte
	}
	Serial *big.Int
	Time   time.Time `asn1:"generalized"`
}

// readTimestamp finds the first time stamp among the unsigned attributes; nil
// when there is none.
func readTimestamp(message *pkcs7.PKCS7) (*Timestamp, error) {
	for _, a := range message.Signers[0].UnauthenticatedAttributes {
		switch {
		case a.Type.Equal(oidRFC3161Token):
			return readToken(a.Value.Bytes, message.Signers[0].EncryptedDigest)
		case a.Type.Equal(oidCounterSignature):
			return readCounterSignature(a.Value.Bytes, message)
		}
	}
	return nil, nil
}

// readToken reads an RFC 3161 token over the bytes of a signature.
func readToken(der, signature []byte) (*Timestamp, error) {
	token, err := parseSignedData(der, oidTSTInfo)
	if err != nil {
		return nil, err
	}
	var info tstInfo
	if _, err := asn1.Unmarshal(token.Content, &info); err != nil {
		return nil, corrupt(signatureFormat, "TSTInfo", -1, "%v", err)
	}
	t := &Timestamp{Time: info.Time.UTC(), Kind: "rfc3161", Signer: token.GetOnlySigner(), token: token}
	h := sha1.New() // older authorities; to forge a stamp takes a second preimage
	if !info.Imprint.Algorithm.Algorithm.Equal(pkcs7.OIDDigestAlgorithmSHA1) {
		hash, err := hashForOID(info.Imprint.Algorithm.Algorithm)
		if err != nil {
			return nil, err
		}
		h = hash.New()
	}
	h.Write(signature)
	if !bytes.Equal(h.Sum(nil), info.Imprint.Digest) {
		t.imprint = corrupt(signatureFormat, "TSTInfo/messageImprint", -1, "the time stamp belongs to another signature")
	}
	return t, nil
}

// readCounterSignature reads the older form: a SignerInfo (PKCS#9, section 5.6)
// over the bytes of the signature, its certificates in the outer message.
func readCounterSignature(der []byte, outer *pkcs7.PKCS7) (*Timestamp, error) {
	signers := sameType(outer.Signers)
	if rest, err := asn1.Unmarshal(der, &signers[0]); err != nil || len(rest) > 0 {
		return nil, corrupt(signatureFormat, "counterSignature", -1, "not one SignerInfo")
	}
	token := &pkcs7.PKCS7{Content: outer.Signers[0].EncryptedDigest, Certificates: outer.Certificates, Signers: signers}
	t := &Timestamp{Kind: "counterSignature", Signer: token.GetOnlySigner(), token: token}
	for _, a := range signers[0].AuthenticatedAttributes {
		if !a.Type.Equal(pkcs7.OIDAttributeSigningTime) {
			continue
		}
		if _, err := asn1.Unmarshal(a.Value.Bytes, &t.Time); err != nil {
			return nil, corrupt(signatureFormat, "counterSignature/signingTime", -1, "%v", err)
		}
		t.Time = t.Time.UTC()
		return t, nil
	}
	return nil, corrupt(signatureFormat, "counterSignature/signingTime", -1, "the attribute is missing")
}

// sameType makes a slice of one zero element of a type that its package does
// not export.
func sameType[T any](like []T) []T { return make([]T, 1) }

// Verify proves that the authority's key signed this time for this signature.
func (t *Timestamp) Verify() error {
	if t.imprint != nil {
		return t.imprint
	}
	if t.Signer == nil {
		return corrupt(signatureFormat, "time stamp", -1, "not exactly one signer with its certificate")
	}
	if len(t.token.Signers[0].AuthenticatedAttributes) == 0 {
		return corrupt(signatureFormat, "time stamp", -1, "no signed attributes")
	}
	if err := verifyMessage(t.token); err != nil {
		return corrupt(signatureFormat, "time stamp", -1, "%v", err)
	}
	return nil
}

// verifyChain adds to Verify that the authority's certificate leads to roots.
func (t *Timestamp) verifyChain(roots *x509.CertPool, extra []*x509.Certificate) error {
	if err := t.Verify(); err != nil {
		return err
	}
	return verifyCert(t.Signer, certPool(t.token.Certificates, extra), x509.VerifyOptions{
		Roots: roots, CurrentTime: t.Time, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping},
	})
}
