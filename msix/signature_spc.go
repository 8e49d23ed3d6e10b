package msix

import (
	"crypto"
	"crypto/x509/pkix"
	"encoding/asn1"

	"github.com/smallstep/pkcs7"
)

// digestMagic begins the digest of an SpcIndirectData made for a package.
const digestMagic = "APPX"

// spcAttribute is SpcAttributeTypeAndOptionalValue of Authenticode.
type spcAttribute struct {
	Type  asn1.ObjectIdentifier
	Value spcSipInfo
}

// spcSipInfo says which Subject Interface Package of Windows made the digest.
type spcSipInfo struct {
	Version            int
	GUID               []byte
	R1, R2, R3, R4, R5 int // always 0
}

// spcDigestInfo is DigestInfo of PKCS#7.
type spcDigestInfo struct {
	Algorithm pkix.AlgorithmIdentifier
	Digest    []byte
}

// The values of spcSipInfo, as signtool writes them: {0AC5DF4B-CE07-4DE2-B76E-23C839A09FD1}
// for packages, {0F5F58B3-AADE-4B9A-A434-95742D92ECEB} for bundles.
const (
	sipVersion    = 0x01010000
	sipPackage    = "\x4b\xdf\xc5\x0a\x07\xce\xe2\x4d\xb7\x6e\x23\xc8\x39\xa0\x9f\xd1"
	sipBundle     = "\xb3\x58\x5f\x0f\xde\xaa\x9a\x4b\xa4\x34\x95\x74\x2d\x92\xec\xeb"
	sipTagLength  = 4
	maxSipDigests = 16
)

// digestOIDs are the hash algorithms that a signature may use. SHA-1 is not among them.
var digestOIDs = map[crypto.Hash]asn1.ObjectIdentifier{
	crypto.SHA256: pkcs7.OIDDigestAlgorithmSHA256,
	crypto.SHA384: pkcs7.OIDDigestAlgorithmSHA384,
	crypto.SHA512: pkcs7.OIDDigestAlgorithmSHA512,
}

func hashForOID(oid asn1.ObjectIdentifier) (crypto.Hash, error) {
	for hash, known := range digestOIDs {
		if known.Equal(oid) {
			return hash, nil
		}
	}
	return 0, unsupported(signatureFormat, "digestAlgorithm", -1, "%v is none of SHA-256, SHA-384, SHA-512", oid)
}

// readIndirectData reads the content of the SpcIndirectData sequence: which
// digests are signed.
func (s *Signature) readIndirectData(content []byte) error {
	var data spcAttribute
	rest, err := asn1.Unmarshal(content, &data)
	if err != nil {
		return corrupt(signatureFormat, "SpcIndirectData/data", -1, "%v", err)
	}
	if !data.Type.Equal(oidSpcSipInfo) {
		return corrupt(signatureFormat, "SpcIndirectData/data", -1, "type %v, want SpcSipInfo", data.Type)
	}
	s.Bundle = string(data.Value.GUID) == sipBundle
	var info spcDigestInfo
	if rest, err = asn1.Unmarshal(rest, &info); err != nil || len(rest) > 0 {
		return corrupt(signatureFormat, "SpcIndirectData/messageDigest", -1, "not one DigestInfo")
	}
	if s.Hash, err = hashForOID(info.Algorithm.Algorithm); err != nil {
		return err
	}
	return s.readDigests(info.Digest)
}

// readDigests splits "APPX" {tag, hash}... into Digests.
func (s *Signature) readDigests(d []byte) error {
	if len(d) < len(digestMagic) || string(d[:len(digestMagic)]) != digestMagic {
		return corrupt(signatureFormat, "digest", 0, "does not begin with %q", digestMagic)
	}
	d = d[len(digestMagic):]
	size := sipTagLength + s.Hash.Size()
	if len(d)%size != 0 || len(d)/size > maxSipDigests {
		return corrupt(signatureFormat, "digest", -1, "%d bytes are not whole entries of %d", len(d), size)
	}
	s.Digests = map[string][]byte{}
	for ; len(d) > 0; d = d[size:] {
		tag := string(d[:sipTagLength])
		if _, twice := s.Digests[tag]; twice {
			return corrupt(signatureFormat, "digest", -1, "%q is there twice", tag)
		}
		s.Digests[tag] = d[sipTagLength:size]
	}
	for _, tag := range []string{DigestPayload, DigestDirectory, DigestContentTypes, DigestBlockMap} {
		if s.Digests[tag] == nil {
			return corrupt(signatureFormat, "digest", -1, "%q is missing", tag)
		}
	}
	return nil
}
