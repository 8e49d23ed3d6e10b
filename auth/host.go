package auth

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"net/url"
	"slices"
	"strings"

	"berth"
)

// uriScheme and uriHost form the URI berth:host:<id>, by which a host's certificate is told from any other.
const (
	uriScheme = "berth"
	uriHost   = "host:"
)

// maxRequest bounds certificate requests: one with an RSA key of 8192 bits has about 2 KiB.
const maxRequest = 16 << 10

// IssueHost certifies the key of a PKCS#10 request (DER) for the host, for 90 days, for TLS client authentication and
// nothing else. Of the request only the key counts; its signature proves that the host has the private one. Keys are
// ECDSA P-256 or P-384, Ed25519, or RSA of 2048 to 8192 bits. The serial number is in hex, as in berth.Host.
func (a *Authority) IssueHost(csr []byte, hostID string) (der []byte, serial string, err error) {
	if !validID(hostID) {
		return nil, "", berth.Errorf(berth.Invalid, "%q cannot be the id of a host", hostID)
	}
	if len(csr) > maxRequest {
		return nil, "", refused("it has %d bytes, more than %d", len(csr), maxRequest)
	}
	request, err := x509.ParseCertificateRequest(csr)
	if err != nil {
		return nil, "", refused("it cannot be read: %w", err)
	}
	// The key comes first: checking a signature with an enormous one is work for nothing.
	if err := allowed(request.PublicKey); err != nil {
		return nil, "", err
	}
	if err := request.CheckSignature(); err != nil {
		return nil, "", refused("its signature is not by its key: %w", err)
	}
	return a.sign(&x509.Certificate{
		Subject:               pkix.Name{CommonName: hostID},
		URIs:                  []*url.URL{{Scheme: uriScheme, Opaque: uriHost + hostID}},
		NotAfter:              a.now().Add(hostLife),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true,
	}, request.PublicKey)
}

func allowed(public any) error {
	switch key := public.(type) {
	case *ecdsa.PublicKey:
		if key.Curve == elliptic.P256() || key.Curve == elliptic.P384() {
			return nil
		}
		return refused("curve %s is not P-256 or P-384", key.Curve.Params().Name)
	case ed25519.PublicKey:
		return nil
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); bits < 2048 || bits > 8192 {
			return refused("an RSA key of %d bits is not within 2048 and 8192", bits)
		}
		return nil
	}
	return refused("a key of type %T is not ECDSA, Ed25519 or RSA", public)
}

func refused(format string, args ...any) error {
	e := berth.Errorf(berth.Invalid, format, args...)
	e.Message = "the certificate request is refused: " + e.Message
	return e.On("csr")
}

// VerifyHost returns the id of the host whose certificate this is, after checking that this authority issued it for TLS
// client authentication and that it is valid now. Whether the host is still enrolled, and whether the serial number is
// the one in force, is for the store to say. The error is Unauthenticated.
func (a *Authority) VerifyHost(cert *x509.Certificate) (string, error) {
	_, err := cert.Verify(x509.VerifyOptions{
		Roots: a.Pool(), CurrentTime: a.now(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	if err != nil {
		return "", berth.Errorf(berth.Unauthenticated, "the host's certificate is refused: %w", err).With("enrol the host again")
	}
	return HostID(cert)
}

// HostID reads the id of a host from a certificate that has been verified, by TLS or by VerifyHost: on its own it proves
// nothing. The URI and the common name must agree. The error is Unauthenticated.
func HostID(cert *x509.Certificate) (string, error) {
	none := berth.Errorf(berth.Unauthenticated, "the certificate of %q is not a host's", cert.Subject.CommonName).
		With("use the certificate that the host got when it enrolled")
	if len(cert.URIs) != 1 || cert.URIs[0].Scheme != uriScheme {
		return "", none
	}
	id, ok := strings.CutPrefix(cert.URIs[0].Opaque, uriHost)
	if !ok || !validID(id) || id != cert.Subject.CommonName || !slices.Contains(cert.ExtKeyUsage, x509.ExtKeyUsageClientAuth) {
		return "", none
	}
	return id, nil
}

// validID allows what UUIDs are made of, and a little more; a common name has at most 64 characters (RFC 5280, A.1).
func validID(id string) bool {
	return id != "" && len(id) <= 64 && madeOf(id, lowerDigits+"ABCDEFGHIJKLMNOPQRSTUVWXYZ-")
}

const lowerDigits = "0123456789abcdefghijklmnopqrstuvwxyz"

func madeOf(text, characters string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return !strings.ContainsRune(characters, r) })
}
