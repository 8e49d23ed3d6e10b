package berth

import (
	"bytes"
	"crypto/sha1" // the thumbprint by which Windows names certificates, no protection
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"strings"
	"time"
)

// CertificateDetails are everything that a signer's certificate says, read from the certificate itself.
type CertificateDetails struct {
	Subject            string             `json:"subject"`
	CommonName         string             `json:"commonName"`
	Issuer             string             `json:"issuer"`
	Serial             string             `json:"serial"`     // hex
	Thumbprint         string             `json:"thumbprint"` // SHA-1, upper-case hex, as Windows shows it
	SHA256             string             `json:"sha256"`     // upper-case hex
	NotBefore          time.Time          `json:"notBefore"`
	NotAfter           time.Time          `json:"notAfter"`
	KeyAlgorithm       string             `json:"keyAlgorithm"` // RSA, ECDSA, Ed25519
	KeySize            int                `json:"keySize"`      // bits
	SignatureAlgorithm string             `json:"signatureAlgorithm"`
	KeyUsage           []string           `json:"keyUsage"`         // RFC 5280, section 4.2.1.3
	ExtendedKeyUsage   []string           `json:"extendedKeyUsage"` // names, or object identifiers of unknown ones
	CodeSigning        bool               `json:"codeSigning"`      // may sign packages, as far as these usages go
	AlternativeNames   []string           `json:"alternativeNames"` // "DNS:…", "email:…", "IP:…", "URI:…"
	Authority          bool               `json:"authority"`        // may sign certificates
	SelfSigned         bool               `json:"selfSigned"`
	Chain              []ChainCertificate `json:"chain"`                // from the issuer upwards, as far as the packages carry it
	Complete           bool               `json:"complete"`             // the chain ends in a certificate that is by itself
	PEM                string             `json:"pem"`                  // the certificate, then its chain
	Unreadable         string             `json:"unreadable,omitempty"` // why only what was noted of it is here
}

// ChainCertificate is one certificate above a signer's.
type ChainCertificate struct {
	Subject    string    `json:"subject"`
	Issuer     string    `json:"issuer"`
	Thumbprint string    `json:"thumbprint"`
	NotBefore  time.Time `json:"notBefore"`
	NotAfter   time.Time `json:"notAfter"`
}

// Details reads the certificate. One that cannot be read gives what was noted when its package was added, and why.
func (c Certificate) Details() CertificateDetails {
	d := CertificateDetails{Subject: c.Subject, CommonName: c.CommonName, Issuer: c.Issuer, Thumbprint: c.Thumbprint, KeySize: c.KeySize,
		NotBefore: c.NotBefore, NotAfter: c.NotAfter, SelfSigned: c.SelfSigned, Chain: []ChainCertificate{},
		KeyUsage: []string{}, ExtendedKeyUsage: []string{}, AlternativeNames: []string{}}
	path := c.path()
	if len(path) == 0 {
		d.Unreadable = "the certificate was not kept: add the package again"
		if _, err := x509.ParseCertificate(c.DER); len(c.DER) > 0 && err != nil {
			d.Unreadable = err.Error()
		}
		return d
	}
	d.read(path[0])
	for _, above := range path[1:] {
		d.Chain = append(d.Chain, ChainCertificate{Subject: above.Subject.String(), Issuer: above.Issuer.String(),
			Thumbprint: thumbprint(above), NotBefore: above.NotBefore, NotAfter: above.NotAfter})
	}
	top := path[len(path)-1]
	d.Complete = bytes.Equal(top.RawIssuer, top.RawSubject)
	for _, one := range path {
		d.PEM += string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: one.Raw}))
	}
	return d
}

func (d *CertificateDetails) read(c *x509.Certificate) {
	sum := sha256.Sum256(c.Raw)
	d.Serial, d.SHA256 = c.SerialNumber.Text(16), strings.ToUpper(hex.EncodeToString(sum[:]))
	d.Thumbprint, d.NotBefore, d.NotAfter = thumbprint(c), c.NotBefore, c.NotAfter
	d.KeyAlgorithm, d.SignatureAlgorithm = c.PublicKeyAlgorithm.String(), c.SignatureAlgorithm.String()
	d.Authority = c.BasicConstraintsValid && c.IsCA
	for i, name := range keyUsages {
		if c.KeyUsage&(1<<i) != 0 {
			d.KeyUsage = append(d.KeyUsage, name)
		}
	}
	for _, u := range c.ExtKeyUsage {
		d.ExtendedKeyUsage = append(d.ExtendedKeyUsage, extendedUsage(u))
	}
	for _, oid := range c.UnknownExtKeyUsage {
		d.ExtendedKeyUsage = append(d.ExtendedKeyUsage, oid.String())
	}
	d.CodeSigning = signsCode(c)
	d.AlternativeNames = append(d.AlternativeNames, alternativeNames(c)...)
}

// keyUsages are the names of the bits of x509.KeyUsage, from the lowest (RFC 5280, section 4.2.1.3).
var keyUsages = []string{"digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment", "keyAgreement", "keyCertSign",
	"cRLSign", "encipherOnly", "decipherOnly"}

// extendedUsages are names of RFC 5280, section 4.2.1.12.
var extendedUsages = map[x509.ExtKeyUsage]string{x509.ExtKeyUsageAny: "any", x509.ExtKeyUsageServerAuth: "serverAuth",
	x509.ExtKeyUsageClientAuth: "clientAuth", x509.ExtKeyUsageCodeSigning: "codeSigning", x509.ExtKeyUsageEmailProtection: "emailProtection",
	x509.ExtKeyUsageTimeStamping: "timeStamping", x509.ExtKeyUsageOCSPSigning: "OCSPSigning"}

func extendedUsage(u x509.ExtKeyUsage) string {
	if name, ok := extendedUsages[u]; ok {
		return name
	}
	return fmt.Sprintf("usage %d", u) // one of the few private ones that crypto/x509 numbers
}

// signsCode tells whether the usages allow to sign packages; a certificate that names no usages allows all.
func signsCode(c *x509.Certificate) bool {
	if c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageDigitalSignature == 0 {
		return false
	}
	if len(c.ExtKeyUsage)+len(c.UnknownExtKeyUsage) == 0 {
		return true
	}
	for _, u := range c.ExtKeyUsage {
		if u == x509.ExtKeyUsageCodeSigning || u == x509.ExtKeyUsageAny {
			return true
		}
	}
	return false
}

func alternativeNames(c *x509.Certificate) (names []string) {
	for _, n := range c.DNSNames {
		names = append(names, "DNS:"+n)
	}
	for _, n := range c.EmailAddresses {
		names = append(names, "email:"+n)
	}
	for _, n := range c.IPAddresses {
		names = append(names, "IP:"+n.String())
	}
	for _, n := range c.URIs {
		names = append(names, "URI:"+n.String())
	}
	return names
}

func thumbprint(c *x509.Certificate) string {
	sum := sha1.Sum(c.Raw)
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// path returns the signer's certificate and those above it, each the signer of the one before, as far as the chain has
// them; nil when the certificate cannot be read. What else a signature carries, of a timestamp for example, is left out.
func (c Certificate) path() []*x509.Certificate {
	signer, err := x509.ParseCertificate(c.DER)
	if err != nil {
		return nil
	}
	var others []*x509.Certificate
	for _, der := range c.Chain {
		if other, err := x509.ParseCertificate(der); err == nil {
			others = append(others, other)
		}
	}
	path := []*x509.Certificate{signer}
	for range others { // no certificate comes twice, whatever the chain holds: this ends
		below := path[len(path)-1]
		above := issuer(below, others)
		if above == nil || bytes.Equal(below.RawIssuer, below.RawSubject) {
			break
		}
		path = append(path, above)
	}
	return path
}

// issuer returns the one of the certificates that signed c.
func issuer(c *x509.Certificate, among []*x509.Certificate) *x509.Certificate {
	for _, a := range among {
		if bytes.Equal(a.RawSubject, c.RawIssuer) && c.CheckSignatureFrom(a) == nil {
			return a
		}
	}
	return nil
}

// end is when signatures without timestamp by this certificate end: with the first on its path that ends, and by which; the
// name is empty when that is the certificate itself.
func (c Certificate) end() (at time.Time, by string) {
	at = c.NotAfter
	for i, one := range c.path() {
		if i > 0 && one.NotAfter.Before(at) {
			at, by = one.NotAfter, one.Subject.CommonName
		}
	}
	return at, by
}
