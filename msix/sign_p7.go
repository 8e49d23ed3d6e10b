package msix

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"slices"

	"github.com/smallstep/pkcs7"
)

// Attributes that signtool signs beside content type and message digest.
var (
	oidSpcStatementType     = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 2, 1, 11}
	oidSpcOpusInfo          = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 2, 1, 12}
	oidSpcIndividualSigning = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 2, 1, 21}
)

// signRequest is what goes into an AppxSignature.p7x.
type signRequest struct {
	hash   crypto.Hash
	digest []byte // "APPX" {tag, hash}...
	bundle bool
	cert   *x509.Certificate
	key    crypto.Signer
	chain  []*x509.Certificate
}

// p7SignerInfo is SignerInfo of RFC 2315, section 9.2.
type p7SignerInfo struct {
	Version    int
	Issuer     p7IssuerAndSerial
	Digest     pkix.AlgorithmIdentifier
	Attributes asn1.RawValue // [0] IMPLICIT SET OF Attribute
	Encryption pkix.AlgorithmIdentifier
	Signature  []byte
}

type p7IssuerAndSerial struct {
	Issuer asn1.RawValue
	Serial *big.Int
}

// p7Signed is SignedData of RFC 2315, section 9.1, as it is written.
type p7Signed struct {
	Version      int
	Algorithms   []pkix.AlgorithmIdentifier `asn1:"set"`
	Content      p7Written
	Certificates asn1.RawValue  // [0] IMPLICIT SET OF Certificate
	Signers      []p7SignerInfo `asn1:"set"`
}

// p7Written is ContentInfo with its content wrapped already.
type p7Written struct {
	Type    asn1.ObjectIdentifier
	Content asn1.RawValue // [0] EXPLICIT
}

// p7Attribute is Attribute of RFC 2315, section 6.6, with its set of values encoded.
type p7Attribute struct {
	Type   asn1.ObjectIdentifier
	Values asn1.RawValue
}

// buildSignature makes the content of an AppxSignature.p7x.
func buildSignature(q signRequest) ([]byte, error) {
	content, err := indirectData(q)
	if err != nil {
		return nil, err
	}
	h := q.hash.New()
	h.Write(content)
	attributes, err := signedAttributes(h.Sum(nil))
	if err != nil {
		return nil, err
	}
	signer, err := signAttributes(q, attributes)
	if err != nil {
		return nil, err
	}
	sequence, err := asn1.Marshal(asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: content})
	if err != nil {
		return nil, err
	}
	certificates := bytes.Clone(q.cert.Raw)
	for _, c := range q.chain {
		certificates = append(certificates, c.Raw...)
	}
	signed, err := asn1.Marshal(p7Signed{
		Version:      1,
		Algorithms:   []pkix.AlgorithmIdentifier{algorithm(digestOIDs[q.hash])},
		Content:      p7Written{Type: oidSpcIndirectData, Content: tagged(sequence)},
		Certificates: tagged(certificates),
		Signers:      []p7SignerInfo{signer},
	})
	if err != nil {
		return nil, err
	}
	der, err := asn1.Marshal(p7Written{Type: pkcs7.OIDSignedData, Content: tagged(signed)})
	return append([]byte(p7xMagic), der...), err
}

// tagged wraps encoded bytes in [0].
func tagged(b []byte) asn1.RawValue {
	return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: b}
}

func algorithm(oid asn1.ObjectIdentifier) pkix.AlgorithmIdentifier {
	return pkix.AlgorithmIdentifier{Algorithm: oid, Parameters: asn1.NullRawValue}
}

// indirectData is the content of the SpcIndirectData sequence, without its header.
func indirectData(q signRequest) ([]byte, error) {
	info := spcSipInfo{Version: sipVersion, GUID: []byte(sipPackage)}
	if q.bundle {
		info.GUID = []byte(sipBundle)
	}
	data, err := asn1.Marshal(spcAttribute{Type: oidSpcSipInfo, Value: info})
	if err != nil {
		return nil, err
	}
	digest, err := asn1.Marshal(spcDigestInfo{Algorithm: algorithm(digestOIDs[q.hash]), Digest: q.digest})
	return append(data, digest...), err
}

// signedAttributes encodes the members of the set, in DER's order.
func signedAttributes(messageDigest []byte) ([]byte, error) {
	values := []struct {
		oid   asn1.ObjectIdentifier
		value any
	}{
		{oidSpcOpusInfo, struct{}{}},
		{pkcs7.OIDAttributeContentType, oidSpcIndirectData},
		{oidSpcStatementType, []asn1.ObjectIdentifier{oidSpcIndividualSigning}},
		{pkcs7.OIDAttributeMessageDigest, messageDigest},
	}
	var members [][]byte
	for _, v := range values {
		der, err := asn1.Marshal(v.value)
		if err != nil {
			return nil, err
		}
		member, err := asn1.Marshal(p7Attribute{v.oid, asn1.RawValue{Tag: asn1.TagSet, IsCompound: true, Bytes: der}})
		if err != nil {
			return nil, err
		}
		members = append(members, member)
	}
	slices.SortFunc(members, bytes.Compare)
	return slices.Concat(members...), nil
}

// signAttributes signs the attributes, encoded as the SET OF that they are.
func signAttributes(q signRequest, attributes []byte) (p7SignerInfo, error) {
	s := p7SignerInfo{
		Version:    1,
		Issuer:     p7IssuerAndSerial{Issuer: asn1.RawValue{FullBytes: q.cert.RawIssuer}, Serial: q.cert.SerialNumber},
		Digest:     algorithm(digestOIDs[q.hash]),
		Attributes: tagged(attributes),
	}
	switch q.key.Public().(type) {
	case *rsa.PublicKey:
		s.Encryption = algorithm(pkcs7.OIDEncryptionAlgorithmRSA)
	case *ecdsa.PublicKey:
		s.Encryption = pkix.AlgorithmIdentifier{Algorithm: ecdsaOIDs[q.hash]}
	default:
		return s, unsupported(signatureFormat, "key", -1, "%T; use RSA or ECDSA", q.key.Public())
	}
	set, err := asn1.Marshal(asn1.RawValue{Tag: asn1.TagSet, IsCompound: true, Bytes: attributes})
	if err != nil {
		return s, err
	}
	h := q.hash.New()
	h.Write(set)
	if s.Signature, err = q.key.Sign(rand.Reader, h.Sum(nil), q.hash); err != nil {
		return s, &Error{Format: signatureFormat, Structure: "signing key", Offset: -1, Err: err}
	}
	return s, nil
}

// ecdsaOIDs are the signature algorithms of ECDSA (RFC 5758, section 3.2).
var ecdsaOIDs = map[crypto.Hash]asn1.ObjectIdentifier{
	crypto.SHA256: pkcs7.OIDDigestAlgorithmECDSASHA256,
	crypto.SHA384: pkcs7.OIDDigestAlgorithmECDSASHA384,
	crypto.SHA512: pkcs7.OIDDigestAlgorithmECDSASHA512,
}
