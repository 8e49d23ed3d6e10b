//go:build linux

package linuxhost

import (
	"context"
	"crypto/sha1" // thumbprints are SHA-1, as Windows shows them; nothing is trusted by them
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"berth"
	"berth/agent"
)

// Trust writes certificates to the folder certificates, and removes such as it wrote. Others in the folder are the
// administrator's and are left alone.
func (h *Host) Trust(_ context.Context, install []berth.Certificate, remove []string) error {
	errs := []error{h.clearHalfWritten()}
	for _, c := range install {
		errs = append(errs, h.installCertificate(c))
	}
	for _, t := range remove {
		path, err := h.certificatePath(t)
		if err == nil {
			err = os.Remove(path)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, coded(err, "cannot remove the certificate "+t))
		}
	}
	return errors.Join(errs...)
}

// clearHalfWritten removes what an agent that died was writing. Certificates are written one after another, here alone.
func (h *Host) clearHalfWritten() error {
	paths, err := filepath.Glob(h.path("certificates", ".berth-*.pem.*"))
	for _, p := range paths {
		err = errors.Join(err, os.Remove(p))
	}
	return coded(err, "cannot clear the folder of certificates")
}

func (h *Host) installCertificate(c berth.Certificate) error {
	parsed, err := x509.ParseCertificate(c.DER)
	if err != nil {
		return berth.Errorf(berth.Invalid, "the certificate %s (%s) of the plan cannot be read: %w", c.Thumbprint, c.Subject, err)
	}
	if t := thumbprint(parsed); !strings.EqualFold(t, c.Thumbprint) {
		return berth.Errorf(berth.Invalid, "the certificate %s of the plan is really %s", c.Thumbprint, t)
	}
	path, err := h.certificatePath(c.Thumbprint)
	if err != nil {
		return err
	}
	data := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.DER})
	return coded(agent.Replace(path, 0o644, data), "cannot install the certificate "+c.Thumbprint)
}

func (h *Host) certificatePath(thumb string) (string, error) {
	if b, err := hex.DecodeString(thumb); err != nil || len(b) != sha1.Size {
		return "", berth.Errorf(berth.Invalid, "%q is no thumbprint", thumb)
	}
	return h.path("certificates", "berth-"+strings.ToUpper(thumb)+".pem"), nil
}

// installed lists the thumbprints of the certificates that Berth installed.
func (h *Host) installed() ([]string, error) {
	paths, err := filepath.Glob(h.path("certificates", "berth-*.pem"))
	var thumbs []string
	for _, p := range paths {
		thumbs = append(thumbs, strings.TrimSuffix(strings.TrimPrefix(filepath.Base(p), "berth-"), ".pem"))
	}
	return thumbs, err
}

func thumbprint(c *x509.Certificate) string {
	sum := sha1.Sum(c.Raw)
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// roots are the certificates in the folder, beside those of the system.
func (h *Host) roots() (*x509.CertPool, error) {
	pool := h.options.Roots
	if pool == nil {
		system, err := x509.SystemCertPool()
		if err != nil {
			system = x509.NewCertPool() // a system without certificates trusts nobody
		}
		pool = system
	}
	pool = pool.Clone()
	paths, err := filepath.Glob(h.path("certificates", "*.pem"))
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, coded(err, "cannot read a trusted certificate")
		}
		if !pool.AppendCertsFromPEM(data) {
			h.options.Log.Warn("file holds no certificate that can be read", "path", path)
		}
	}
	return pool, nil
}

// checkSigner tells whether this host trusts who signed the package. That the signature holds was checked before.
func (h *Host) checkSigner(p berth.Package) error {
	roots, err := h.roots()
	if err != nil {
		return err
	}
	return h.checkSignerBy(p, roots)
}

// checkSignerBy tells it for a host that trusts these.
func (h *Host) checkSignerBy(p berth.Package, roots *x509.CertPool) error {
	c := p.Certificate
	if c == nil {
		return &berth.Error{Kind: berth.Invalid, Code: codeUnsigned, Message: fmt.Sprintf("%s is not signed", p.FullName)}
	}
	leaf, err := x509.ParseCertificate(c.DER)
	if err != nil {
		return berth.Errorf(berth.Invalid, "the signer's certificate of %s cannot be read: %w", p.FullName, err)
	}
	o := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool(), CurrentTime: h.options.Now(),
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}}
	for _, der := range c.Chain {
		if other, err := x509.ParseCertificate(der); err == nil { // one that cannot be read proves nothing, and harms nothing
			o.Intermediates.AddCert(other)
		}
	}
	if c.Timestamped && o.CurrentTime.After(leaf.NotAfter) { // signed while the certificate was in force
		o.CurrentTime = leaf.NotAfter
	}
	if _, err := leaf.Verify(o); err != nil {
		return untrusted(p, leaf, err)
	}
	return nil
}

func untrusted(p berth.Package, leaf *x509.Certificate, err error) error {
	e := berth.Errorf(berth.Forbidden, "this host does not trust the signer of %s: %s, thumbprint %s: %w", p.FullName, p.Certificate.Subject, thumbprint(leaf), err)
	e.Code = codeUntrusted
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
		e.Code = codeExpired
		e.Message = fmt.Sprintf("the certificate of the signer of %s was in force from %s to %s only: %s, thumbprint %s", p.FullName,
			leaf.NotBefore.UTC().Format(time.RFC3339), leaf.NotAfter.UTC().Format(time.RFC3339), p.Certificate.Subject, thumbprint(leaf))
	}
	return e
}
