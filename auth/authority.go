package auth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"path/filepath"
	"time"

	"berth"
)

// Lives of certificates. What is signed begins to be valid a little before now, because clocks of hosts differ.
const (
	authorityLife = 10 * 365 * 24 * time.Hour
	hostLife      = 90 * 24 * time.Hour
	serverLife    = 397 * 24 * time.Hour // the longest that browsers accept
	serverRenewal = 30 * 24 * time.Hour
	skew          = time.Hour
)

// Authority is the certificate authority of one installation. It certifies hosts, and the server unless an administrator
// brings a certificate. It is safe for use by many goroutines, except IssueServer, which has one caller.
type Authority struct {
	dir    string
	random io.Reader
	now    func() time.Time
	key    crypto.Signer
	cert   *x509.Certificate
}

// OpenAuthority loads the authority of the folder, from ca.key (mode 0600) and ca.crt, and makes one where there is
// none: ECDSA P-256, ten years. The key is on disk for good before a certificate is made with it, so a crash leaves
// either nothing, or a key without certificate that nobody has seen yet: it gets its certificate at the next start.
// The folder is made with mode 0700.
func OpenAuthority(dir string, random io.Reader, now func() time.Time) (*Authority, error) {
	a := &Authority{dir: dir, random: random, now: now}
	keyFile, certFile := filepath.Join(dir, "ca.key"), filepath.Join(dir, "ca.crt")
	cert, err := readCertificate(certFile)
	certified := !errors.Is(err, fs.ErrNotExist)
	if certified && err != nil {
		return nil, fmt.Errorf("authority's certificate %s: %w", certFile, err)
	}
	a.cert = cert
	a.key, err = readKey(keyFile)
	switch {
	case errors.Is(err, fs.ErrNotExist) && certified:
		return nil, berth.Errorf(berth.Internal, "the authority's certificate %s is there, its key %s is not: %w", certFile, keyFile, err).
			With("restore the key from a backup; a new authority would lock out every enrolled host")
	case errors.Is(err, fs.ErrNotExist):
		a.key, err = createKey(keyFile, random)
	}
	if err == nil && !certified {
		a.cert, err = a.certifyItself(certFile)
	}
	if err != nil {
		return nil, fmt.Errorf("authority's key %s: %w", keyFile, err)
	}
	if err := a.check(); err != nil {
		return nil, err
	}
	return a, nil
}

// check refuses files that do not belong together or are no authority.
func (a *Authority) check() error {
	public, ok := a.cert.PublicKey.(*ecdsa.PublicKey)
	if !ok || !public.Equal(a.key.Public()) {
		return berth.Errorf(berth.Internal, "ca.crt and ca.key in %s do not belong together", a.dir).With("restore both from one backup")
	}
	if !a.cert.IsCA {
		return berth.Errorf(berth.Internal, "ca.crt in %s is not the certificate of an authority", a.dir).With("restore it from a backup")
	}
	return nil
}

func (a *Authority) certifyItself(file string) (*x509.Certificate, error) {
	a.cert = &x509.Certificate{
		Subject:               pkix.Name{CommonName: "Berth authority", Organization: []string{"Berth"}},
		NotAfter:              a.now().Add(authorityLife),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true, // it signs hosts and servers, no further authorities
	}
	der, _, err := a.sign(a.cert, a.key.Public())
	if err != nil {
		return nil, err
	}
	if err := writeWhole(file, pem.EncodeToMemory(&pem.Block{Type: pemCertificate, Bytes: der}), 0o644); err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// sign fills in what all certificates share, and signs. A certificate ends with the authority at the latest. The serial
// number, 127 random bits, is returned in hex.
func (a *Authority) sign(template *x509.Certificate, public crypto.PublicKey) (der []byte, serial string, err error) {
	now := a.now()
	if now.After(a.cert.NotAfter) {
		return nil, "", berth.Errorf(berth.Unavailable, "Berth's authority expired at %s", a.cert.NotAfter.UTC().Format(time.RFC3339)).
			With("move ca.key and ca.crt away, start the server again and enrol the hosts anew")
	}
	number := make([]byte, 16)
	if _, err := io.ReadFull(a.random, number); err != nil {
		return nil, "", fmt.Errorf("no random bytes for a serial number: %w", err)
	}
	number[0] = number[0]&0x7f | 0x40 // positive, and always of one length
	template.SerialNumber = new(big.Int).SetBytes(number)
	template.NotBefore = now.Add(-skew)
	if template.NotAfter.After(a.cert.NotAfter) {
		template.NotAfter = a.cert.NotAfter
	}
	der, err = x509.CreateCertificate(a.random, template, a.cert, public, a.key)
	if err != nil {
		return nil, "", fmt.Errorf("signing the certificate of %s: %w", template.Subject.CommonName, err)
	}
	return der, hex.EncodeToString(number), nil
}

// Pool returns a new pool with the authority as its only root.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// CertificateDER returns the authority's certificate in DER, as agents get it when they enrol.
func (a *Authority) CertificateDER() []byte { return a.cert.Raw }

// CertificatePEM returns the authority's certificate in PEM, for people to import.
func (a *Authority) CertificatePEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: pemCertificate, Bytes: a.cert.Raw})
}

// Fingerprint names a certificate: "sha256:" and the SHA-256 of its DER form in 64 lower-case hex digits, without colons.
func Fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	return "sha256:" + hex.EncodeToString(sum[:])
}

func newKey(random io.Reader) (*ecdsa.PrivateKey, error) {
	return ecdsa.GenerateKey(elliptic.P256(), random)
}
