package agent

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"berth"
)

// trust says which server is believed.
type trust struct {
	server      string // its URL; the certificate must bear the name in it
	fingerprint string // sha256 in hex of the server's certificate or of an authority that it presents
	extra       []*x509.Certificate
	system      bool
	now         func() time.Time
}

// config returns TLS settings that believe by fingerprint, else by chain.
func (t trust) config() (*tls.Config, error) {
	roots := x509.NewCertPool()
	if t.system {
		system, err := x509.SystemCertPool()
		if err != nil {
			return nil, berth.Errorf(berth.Internal, "cannot read the authorities of this system: %w", err).
				With("name the server's authority by a file or a fingerprint")
		}
		roots = system
	}
	for _, c := range t.extra {
		roots.AddCert(c)
	}
	cfg := &tls.Config{RootCAs: roots, Time: t.now}
	if t.fingerprint != "" {
		// The library's own check would refuse a server known by its fingerprint alone; verify does all of it.
		cfg.InsecureSkipVerify = true
		server, err := url.Parse(t.server)
		if err != nil {
			return nil, berth.Errorf(berth.Invalid, "%q is not the address of a server: %w", t.server, err).On("server")
		}
		// The connection's own ServerName is empty for IP addresses.
		cfg.VerifyConnection = func(s tls.ConnectionState) error { return t.verify(s, roots, server.Hostname()) }
	}
	return cfg, nil
}

// verify believes the server's very certificate by its fingerprint; an authority by its fingerprint only when the
// server's certificate really chains to it and bears the server's name: anybody can present a known authority beside a
// certificate of his own.
func (t trust) verify(s tls.ConnectionState, roots *x509.CertPool, name string) error {
	leaf := s.PeerCertificates[0]
	if fingerprint(leaf) == t.fingerprint {
		return nil
	}
	o := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool(), DNSName: name, CurrentTime: t.now()}
	for _, c := range s.PeerCertificates[1:] {
		o.Intermediates.AddCert(c)
	}
	i := slices.IndexFunc(s.PeerCertificates, func(c *x509.Certificate) bool { return fingerprint(c) == t.fingerprint })
	if i > 0 {
		o.Roots = roots.Clone()
		o.Roots.AddCert(s.PeerCertificates[i])
	}
	_, err := leaf.Verify(o)
	if err != nil && i < 0 {
		return berth.Errorf(berth.Unauthenticated, "no certificate that the server presents has the fingerprint sha256:%s; its own has sha256:%s",
			t.fingerprint, fingerprint(leaf)).With("compare with what the server prints, and do not go on if they differ")
	}
	return err
}

func fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return hex.EncodeToString(sum[:])
}

// parseFingerprint reads "sha256:<hex>", with or without colons between the bytes.
func parseFingerprint(s string) (string, error) {
	h := strings.ToLower(strings.TrimSpace(s))
	h, named := strings.CutPrefix(h, "sha256:")
	h = strings.ReplaceAll(h, ":", "")
	if b, err := hex.DecodeString(h); !named || err != nil || len(b) != sha256.Size {
		return "", berth.Errorf(berth.Invalid, "%q is no fingerprint", s).On("fingerprint").
			With(`give it as "sha256:" and 64 hexadecimal digits, as the server prints it`)
	}
	return h, nil
}

// readCAFile reads the authorities of a PEM file.
func readCAFile(path string) ([]*x509.Certificate, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, berth.Errorf(berth.Invalid, "cannot read the file of authorities: %w", err).On("caFile")
	}
	var list []*x509.Certificate
	for block, rest := pem.Decode(bytes.TrimSpace(data)); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, berth.Errorf(berth.Invalid, "%s: a certificate cannot be read: %w", path, err).On("caFile")
		}
		list = append(list, c)
	}
	if len(list) == 0 {
		return nil, berth.Errorf(berth.Invalid, "%s holds no certificate in PEM form", path).On("caFile")
	}
	return list, nil
}
