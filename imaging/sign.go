package imaging

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"berth"
	"berth/msix"
)

// Pack makes an unsigned .msix of a folder with an AppxManifest.xml.
func Pack(folder, out string) error {
	if err := packable(folder, out); err != nil {
		return err
	}
	err := newFile(out, func(f *os.File) error { return msix.Pack(f, os.DirFS(folder), msix.PackOptions{}) })
	if err != nil {
		return explainFolder(folder, err)
	}
	return nil
}

// packable refuses what is no folder, and a package that would be packed into itself.
func packable(folder, out string) error {
	if fi, err := os.Stat(folder); err != nil || !fi.IsDir() {
		return berth.Errorf(berth.NotFound, "%s is not a folder that can be read", folder).On("folder").
			With("name the folder with the AppxManifest.xml")
	}
	from, err := filepath.Abs(folder)
	if err == nil {
		out, err = filepath.Abs(out)
	}
	if err != nil {
		return berth.Errorf(berth.Invalid, "%s: %w", folder, err).On("folder")
	}
	if rel, err := filepath.Rel(from, out); err == nil && filepath.IsLocal(rel) {
		return berth.Errorf(berth.Invalid, "the package %s would lie in the folder that is packed", out).On("out").With("name a file outside it")
	}
	return nil
}

// explainFolder explains an error about the files that are packed.
func explainFolder(folder string, err error) error {
	if errors.As(err, new(*berth.Error)) {
		return explain(folder, err)
	}
	e := &berth.Error{Kind: berth.Invalid, Err: err, Field: "folder", Message: folder + ": " + words(err),
		Remedy: "correct the files in the folder"}
	if where, ok := errors.AsType[*msix.Error](err); ok {
		e.Code, _ = diagnosePackage(where, err)
	}
	return e
}

// SignOptions say what to sign and as whom.
type SignOptions struct {
	Package string // path of the .msix
	Out     string // path of the signed one to make
	Cert    string // PEM: the signer's certificate first, then its chain
	Key     string // PEM: the private key, PKCS#8, PKCS#1 or SEC 1
}

// Sign makes a signed copy of a package.
func (l *Library) Sign(ctx context.Context, o SignOptions) error {
	chain, key, err := readSigner(o.Cert, o.Key)
	if err != nil {
		return err
	}
	f, err := l.opener.Open(ctx, o.Package)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	err = newFile(o.Out, func(w *os.File) error { return msix.Sign(f, f.Size, w, chain[0], key, chain[1:]...) })
	if err != nil {
		return explainPackage(o.Package, err)
	}
	return nil
}

// readSigner reads the certificates and the key that belongs to the first of them.
func readSigner(certFile, keyFile string) (chain []*x509.Certificate, key crypto.Signer, err error) {
	const pemCert, pemKey = "name a file with certificates in PEM form, the signer's first", "use PKCS#8, PKCS#1 or SEC 1 in PEM form, not encrypted"
	b, err := os.ReadFile(certFile)
	if err != nil {
		return nil, nil, berth.Errorf(berth.Invalid, "the certificate cannot be read: %w", err).On("cert").With(pemCert)
	}
	for block, rest := pem.Decode(b); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue // a key may lie in the same file
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, nil, berth.Errorf(berth.Invalid, "%s holds a certificate that cannot be read: %w", certFile, err).On("cert").With(pemCert)
		}
		chain = append(chain, c)
	}
	if len(chain) == 0 {
		return nil, nil, berth.Errorf(berth.Invalid, "%s holds no certificate in PEM form", certFile).On("cert").With(pemCert)
	}
	b, err = os.ReadFile(keyFile)
	if err != nil {
		return nil, nil, berth.Errorf(berth.Invalid, "the private key cannot be read: %w", err).On("key").With(pemKey)
	}
	block, rest := pem.Decode(b)
	for block != nil && !strings.HasSuffix(block.Type, "PRIVATE KEY") {
		block, rest = pem.Decode(rest)
	}
	if block == nil {
		return nil, nil, berth.Errorf(berth.Invalid, "%s holds no private key in PEM form", keyFile).On("key").With(pemKey)
	}
	if key = parseKey(block.Bytes); key == nil {
		return nil, nil, berth.Errorf(berth.Invalid, "%s holds no key that can sign", keyFile).On("key").With(pemKey)
	}
	if public, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool }); !ok || !public.Equal(chain[0].PublicKey) {
		return nil, nil, berth.Errorf(berth.Invalid, "the key in %s does not belong to the first certificate in %s", keyFile, certFile).On("key").
			With("name the key of that certificate, or put the signer's certificate first")
	}
	return chain, key, nil
}

// parseKey tries the three forms in which private keys come.
func parseKey(der []byte) crypto.Signer {
	if k, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		s, _ := k.(crypto.Signer)
		return s
	}
	if k, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return k
	}
	if k, err := x509.ParseECPrivateKey(der); err == nil {
		return k
	}
	return nil
}

// SignFolder packs a folder and signs the package.
func SignFolder(folder, out string, cert *x509.Certificate, key crypto.Signer) error {
	if err := packable(folder, out); err != nil {
		return err
	}
	unsigned, err := os.CreateTemp(filepath.Dir(out), "."+filepath.Base(out)+".unsigned.*")
	if err != nil {
		return &berth.Error{Kind: berth.Invalid, Err: err, Field: "out", Message: fmt.Sprintf("%s cannot be made: %v", out, err),
			Remedy: "make its folder, or name one that you may write to"}
	}
	defer func() { _ = errors.Join(unsigned.Close(), os.Remove(unsigned.Name())) }()
	if err := msix.Pack(unsigned, os.DirFS(folder), msix.PackOptions{}); err != nil {
		return explainFolder(folder, err)
	}
	fi, err := unsigned.Stat()
	if err != nil {
		return writeError(out, err)
	}
	err = newFile(out, func(w *os.File) error { return msix.Sign(unsigned, fi.Size(), w, cert, key) })
	if err != nil {
		return explainFolder(folder, err)
	}
	return nil
}

// SelfSigned makes a key and a code-signing certificate of the publisher, signed by itself: for trying things.
func SelfSigned(publisher string, now time.Time, random io.Reader) (*x509.Certificate, crypto.Signer, error) {
	return msix.SelfSigned(publisher, now, random)
}
