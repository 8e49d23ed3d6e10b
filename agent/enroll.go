package agent

import (
	"bytes"
	"cmp"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"berth"
	"berth/wire"
)

// EnrollOptions say how a host becomes known to a server. Server, Key and StateDir must be set.
//
// The server is believed by its Fingerprint, or by the authorities in CAFile, or, with neither, by the authorities of
// the system.
type EnrollOptions struct {
	Server      string // https://host[:port]; https may be left out
	Key         string // the one-time enrolment key
	Name        string // in the site; the machine's own name when empty
	StateDir    string // made when it is not there
	Fingerprint string // sha256:<hex> of the server's certificate, or of an authority that it presents
	CAFile      string // PEM
	Force       bool   // replace the identity that the folder has, and forget its plan
	Facts       berth.Facts
	Now         func() time.Time // time.Now
}

// Enroll makes a key, has the server certify it, and keeps the identity in the state folder, whole or not at all. A folder
// that has an identity is a Conflict unless forced, as is one on which an agent runs.
func Enroll(ctx context.Context, o EnrollOptions) error {
	if o.Now == nil {
		o.Now = time.Now
	}
	id, err := o.begin()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(o.StateDir, 0o755); err != nil {
		return berth.Errorf(berth.Internal, "cannot make the state folder: %w", err).On("stateDir")
	}
	l, err := lock(o.StateDir)
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }() // gives the lock back
	path := filepath.Join(o.StateDir, identityFile)
	if _, err := os.Stat(path); err == nil && !o.Force {
		return berth.Errorf(berth.Conflict, "this host is enrolled already: %s is there", path).
			With("use force to replace its identity; the old one then stops working")
	}
	if err := o.certify(ctx, &id); err != nil {
		return err
	}
	// The plan of another site must not be acted on under the new identity.
	for _, old := range []string{planFile, nextFile} {
		if err := os.Remove(filepath.Join(o.StateDir, old)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return berth.Errorf(berth.Internal, "cannot forget the old %s: %w", old, err)
		}
	}
	return writeJSON(path, id)
}

// begin checks what was given.
func (o EnrollOptions) begin() (id identity, err error) {
	host, err := os.Hostname()
	if id.Name = cmp.Or(o.Name, host); id.Name == "" {
		return id, berth.Errorf(berth.Invalid, "this machine does not tell its name: %w", err).On("name").With("give a name")
	}
	if o.Key == "" {
		return id, berth.Errorf(berth.Invalid, "there is no enrolment key").On("key").With("make one on the server")
	}
	if id.Server, err = serverURL(o.Server); err != nil {
		return id, err
	}
	if o.Fingerprint != "" {
		id.Fingerprint, err = parseFingerprint(o.Fingerprint)
	}
	id.SystemRoots = o.Fingerprint == "" && o.CAFile == ""
	return id, err
}

func serverURL(s string) (string, error) {
	if !strings.Contains(s, "://") {
		s = "https://" + s
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return "", berth.Errorf(berth.Invalid, "%q is not the address of a server", s).On("server").With("give it as https://host or https://host:port")
	}
	return "https://" + u.Host, nil
}

// certify asks the server for the certificate and completes the identity.
func (o EnrollOptions) certify(ctx context.Context, id *identity) error {
	t := trust{server: id.Server, fingerprint: id.Fingerprint, system: id.SystemRoots, now: o.Now}
	if o.CAFile != "" {
		list, err := readCAFile(o.CAFile)
		if err != nil {
			return err
		}
		t.extra = list
		for _, c := range list {
			id.ExtraCAs = append(id.ExtraCAs, c.Raw)
		}
	}
	cfg, err := t.config()
	if err != nil {
		return err
	}
	key, csr, err := request(id)
	if err != nil {
		return err
	}
	client := newClient(cfg)
	defer client.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var resp wire.EnrollResponse
	req := wire.EnrollRequest{Protocol: wire.Protocol, Key: o.Key, Name: id.Name, CSR: csr, Facts: o.Facts}
	if err := post(ctx, client, id.Server+wire.PathEnroll, req, &resp); err != nil {
		return err
	}
	id.HostID, id.Site, id.Certificate, id.CA, id.EnrolledAt = resp.HostID, resp.Site, resp.Certificate, resp.CA, o.Now().UTC()
	return id.check(key)
}

// request makes a key and the certificate request for it.
func request(id *identity) (crypto.PublicKey, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	plain, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, err
	}
	if id.Key, err = seal(plain); err != nil {
		return nil, nil, err
	}
	subject := pkix.Name{CommonName: id.Name}
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: subject}, key)
	return key.Public(), csr, err
}

// check looks at what the server gave before it replaces anything.
func (id identity) check(key crypto.PublicKey) error {
	bad := func(format string, args ...any) error {
		return berth.Errorf(berth.Internal, "the server's answer is no identity: "+format, args...).With("check that the address is that of a Berth server")
	}
	cert, err := x509.ParseCertificate(id.Certificate)
	if err != nil {
		return bad("its certificate cannot be read: %w", err)
	}
	if _, err := x509.ParseCertificate(id.CA); err != nil {
		return bad("its authority cannot be read: %w", err)
	}
	want, err := x509.MarshalPKIXPublicKey(key)
	switch {
	case err != nil:
		return bad("the key made here cannot be compared: %w", err)
	case !bytes.Equal(cert.RawSubjectPublicKeyInfo, want):
		return bad("its certificate is for another key")
	case id.HostID == "" || cert.Subject.CommonName != id.HostID:
		return bad("its certificate is for %q, the host is %q", cert.Subject.CommonName, id.HostID)
	}
	return nil
}
