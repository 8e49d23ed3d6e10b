package auth

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"

	"berth"
)

// IssueServer returns a certificate for a server that is reached under the names, which are DNS names (also *.name) and
// IP addresses. It is kept as server.key (mode 0600) and server.crt in the authority's folder and made anew when the
// names change, when fewer than 30 days remain, or when the files cannot be used: call it at the start and once a day.
// The chain holds the authority's certificate too, so that an agent that knows only its fingerprint can check it.
func (a *Authority) IssueServer(names []string) (tls.Certificate, error) {
	dns, ips, err := sortNames(names)
	if err != nil {
		return tls.Certificate{}, err
	}
	certFile, keyFile := filepath.Join(a.dir, "server.crt"), filepath.Join(a.dir, "server.key")
	kept, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err == nil && a.serves(kept, dns, ips) {
		return kept, nil
	}
	key, err := createKey(keyFile, a.random)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("server's key %s: %w", keyFile, err)
	}
	der, _, err := a.sign(&x509.Certificate{
		Subject:               pkix.Name{CommonName: "Berth server"},
		DNSNames:              dns,
		IPAddresses:           ips,
		NotAfter:              a.now().Add(serverLife),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}, key.Public())
	if err != nil {
		return tls.Certificate{}, err
	}
	chain := append(pem.EncodeToMemory(&pem.Block{Type: pemCertificate, Bytes: der}), a.CertificatePEM()...)
	if err := writeWhole(certFile, chain, 0o644); err != nil {
		return tls.Certificate{}, fmt.Errorf("server's certificate %s: %w", certFile, err)
	}
	return tls.LoadX509KeyPair(certFile, keyFile)
}

// serves tells whether the certificate was issued by this authority for exactly these names and lasts long enough. One
// that is not valid yet, because the clock was set back, does not.
func (a *Authority) serves(c tls.Certificate, dns []string, ips []net.IP) bool {
	now := a.now()
	return c.Leaf.CheckSignatureFrom(a.cert) == nil && len(c.Certificate) == 2 && bytes.Equal(c.Certificate[1], a.cert.Raw) &&
		slices.Equal(c.Leaf.DNSNames, dns) && slices.EqualFunc(c.Leaf.IPAddresses, ips, net.IP.Equal) &&
		!now.Before(c.Leaf.NotBefore) && c.Leaf.NotAfter.Sub(now) >= serverRenewal
}

// sortNames parts names into DNS names, folded, and addresses, each in order and once.
func sortNames(names []string) (dns []string, ips []net.IP, err error) {
	folded := make([]string, 0, len(names))
	for _, name := range names {
		folded = append(folded, strings.TrimSuffix(berth.Fold(name), "."))
	}
	slices.Sort(folded)
	for _, name := range slices.Compact(folded) {
		if ip := net.ParseIP(strings.Trim(name, "[]")); ip != nil {
			ips = append(ips, ip)
			continue
		}
		if !validDNS(strings.TrimPrefix(name, "*.")) {
			return nil, nil, berth.Errorf(berth.Invalid, "%q is neither a DNS name nor an IP address", name).On("names").
				With("give names without a port; write international ones in their xn-- form")
		}
		dns = append(dns, name)
	}
	if len(dns)+len(ips) == 0 {
		return nil, nil, berth.Errorf(berth.Invalid, "a server's certificate needs a name").On("names")
	}
	return dns, ips, nil
}

// validDNS holds a name to RFC 1123, 2.1, but for underscores, which names of Windows machines may have.
func validDNS(name string) bool {
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") ||
			!madeOf(label, lowerDigits+"-_") {
			return false
		}
	}
	return len(name) <= 253
}
