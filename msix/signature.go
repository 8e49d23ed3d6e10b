package msix

import (
	"crypto"
	"crypto/sha1"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"strings"

	"github.com/smallstep/pkcs7"
)

// signatureFormat is the Format of errors about an AppxSignature.p7x.
const signatureFormat = "signature"

// p7xMagic stands before the PKCS#7 message in an AppxSignature.p7x.
const p7xMagic = "PKCX"

// Tags of the digests in an AppxSignature.p7x.
const (
	DigestPayload       = "AXPC" // the container's bytes up to the signature's local header
	DigestDirectory     = "AXCD" // its central directory without the signature
	DigestContentTypes  = "AXCT" // [Content_Types].xml
	DigestBlockMap      = "AXBM" // AppxBlockMap.xml
	DigestCodeIntegrity = "AXCI" // AppxMetadata/CodeIntegrity.cat; optional
)

// Signature is an AppxSignature.p7x taken apart. Nothing in it is proven until
// Verify, and nothing trusted until VerifyChain.
type Signature struct {
	Hash         crypto.Hash         // of the digests
	Digests      map[string][]byte   // by the tags above
	Signer       *x509.Certificate   // the certificate that signed
	Certificates []*x509.Certificate // all that the signature carries, the signer's among them
	Timestamp    *Timestamp          // nil when there is none
	Bundle       bool                // made for a bundle rather than a package

	message *pkcs7.PKCS7
}

// Object identifiers of Authenticode.
var (
	oidSpcIndirectData = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 2, 1, 4}
	oidSpcSipInfo      = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 2, 1, 30}
)

// p7ContentInfo is ContentInfo of RFC 2315, section 7.
type p7ContentInfo struct {
	Type    asn1.ObjectIdentifier
	Content asn1.RawValue `asn1:"explicit,optional,tag:0"`
}

// p7Head is the beginning of SignedData (RFC 2315, section 9.1): the part that
// the PKCS#7 library parses but does not show.
type p7Head struct {
	Version    int
	Algorithms asn1.RawValue
	Content    p7ContentInfo
}

// ReadSignature reads the content of an AppxSignature.p7x.
func ReadSignature(p7x []byte) (*Signature, error) {
	if len(p7x) > maxSignature {
		return nil, unsupported(signatureFormat, SignatureName, maxSignature, "longer than %d bytes", maxSignature)
	}
	if !strings.HasPrefix(string(p7x[:min(len(p7x), len(p7xMagic))]), p7xMagic) {
		return nil, corrupt(signatureFormat, SignatureName, 0, "does not begin with %q", p7xMagic)
	}
	message, err := parseSignedData(p7x[len(p7xMagic):], oidSpcIndirectData)
	if err != nil {
		return nil, err
	}
	s := &Signature{message: message, Certificates: message.Certificates, Signer: message.GetOnlySigner()}
	if s.Signer == nil {
		return nil, corrupt(signatureFormat, "SignerInfo", -1, "%d signers, or the signer's certificate is missing; want one with its certificate", len(message.Signers))
	}
	if err := s.readIndirectData(message.Content); err != nil {
		return nil, err
	}
	if s.Timestamp, err = readTimestamp(message); err != nil {
		// A bad time stamp takes nothing from the signature: it only gives no time.
		s.Timestamp = &Timestamp{imprint: err}
	}
	return s, nil
}

// parseSignedData parses a PKCS#7 SignedData whose content has the wanted type.
func parseSignedData(der []byte, want asn1.ObjectIdentifier) (*pkcs7.PKCS7, error) {
	if err := checkDER(der); err != nil {
		return nil, err
	}
	var outer p7ContentInfo
	if rest, err := asn1.Unmarshal(der, &outer); err != nil || len(rest) > 0 {
		return nil, corrupt(signatureFormat, "ContentInfo", -1, "not one DER value")
	}
	var head p7Head
	if _, err := asn1.Unmarshal(outer.Content.Bytes, &head); err != nil {
		return nil, corrupt(signatureFormat, "SignedData", -1, "%v", err)
	}
	if !head.Content.Type.Equal(want) {
		return nil, corrupt(signatureFormat, "SignedData/contentType", -1, "%v, want %v", head.Content.Type, want)
	}
	plain, err := plainCertificates(outer)
	if err != nil {
		return nil, corrupt(signatureFormat, "SignedData/certificates", -1, "%v", err)
	}
	message, err := pkcs7.Parse(plain)
	if err != nil {
		return nil, corrupt(signatureFormat, "SignedData", -1, "%v", err)
	}
	return message, nil
}

// SHA1Thumbprint is the name under which Windows' tools know a certificate:
// SHA-1 over its DER form, in upper case hex.
func SHA1Thumbprint(cert *x509.Certificate) string {
	sum := sha1.Sum(cert.Raw)
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}
