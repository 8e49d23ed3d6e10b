package imaging

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"

	"io/fs"
	"os"
	"path/filepath"
	"time"

	"berth"
	"berth/disk"
	"berth/msix"
)

// BuildOptions say which image to make of which packages.
type BuildOptions struct {
	Packages  []string // paths of .msix files
	Out       string   // path of the image to make; it must not be there
	Format    string   // vhd or vhdx; empty: by the name of Out
	Subformat string   // fixed or dynamic; empty: dynamic
	Table     string   // gpt, mbr or none; empty: gpt
	Folder    string   // folder in the image above the packages; empty: "apps"
}

// Build expands packages into a new image with one volume and returns what it then holds. Every block of the packages is
// verified on the way; what is not whole is not built.
func (l *Library) Build(ctx context.Context, o BuildOptions) (*Image, error) {
	tree := &forest{folder: o.Folder, trees: map[string]fs.FS{}}
	if tree.folder == "" {
		tree.folder = "apps"
	}
	for _, p := range o.Packages {
		done, err := l.plant(ctx, tree, p)
		if err != nil {
			return nil, err
		}
		defer done()
	}
	if len(tree.names) == 0 {
		return nil, berth.Errorf(berth.Invalid, "an image needs at least one package").On("packages")
	}
	if o.Format == "" && filepath.Ext(o.Out) == ".vhd" {
		o.Format = disk.VHD
	}
	spec := disk.Spec{Format: o.Format, Subformat: o.Subformat, Table: o.Table, Label: "BERTH", Time: time.Now().UTC(), Random: rand.Reader}
	err := newFile(o.Out, func(f *os.File) error { return disk.Create(f, spec, tree) })
	if err != nil {
		return nil, explain(o.Out, err)
	}
	return l.Inspect(ctx, o.Out)
}

// plant adds the package's files to the tree; done closes the package.
func (l *Library) plant(ctx context.Context, tree *forest, path string) (done func(), err error) {
	f, err := l.opener.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
		}
	}()
	p, err := msix.OpenPackage(f, f.Size)
	if err != nil {
		return nil, explain(path, err)
	}
	m, err := p.Manifest()
	if err != nil {
		return nil, explain(path, err)
	}
	expanded, err := p.Expanded()
	if err != nil {
		return nil, explain(path, err)
	}
	name := m.FullName()
	if _, twice := tree.trees[name]; twice {
		return nil, berth.Errorf(berth.Invalid, "package %s is named twice", name).On("packages")
	}
	tree.names, tree.trees[name] = append(tree.names, name), expanded
	return func() { _ = f.Close() }, nil
}

// newFile makes a file that was not there by fn; it appears whole or not at all.
func newFile(path string, fn func(*os.File) error) error {
	if _, err := os.Lstat(path); err == nil {
		return berth.Errorf(berth.Conflict, "%s is there already", path).On("out").With("name another file, or delete this one first")
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return berth.Errorf(berth.Invalid, "%s cannot be made: %w", path, err).On("out")
	}
	defer func() { _ = os.Remove(tmp.Name()) }()
	err = errors.Join(fn(tmp), tmp.Chmod(0o644), tmp.Sync(), tmp.Close())
	if err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

// Pack makes an unsigned .msix of a folder with an AppxManifest.xml.
func Pack(folder, out string) error {
	err := newFile(out, func(f *os.File) error { return msix.Pack(f, os.DirFS(folder), msix.PackOptions{}) })
	if err != nil {
		return explain(folder, err)
	}
	return nil
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
		return explain(o.Package, err)
	}
	return nil
}

func readSigner(certFile, keyFile string) (chain []*x509.Certificate, key crypto.Signer, err error) {
	b, err := os.ReadFile(certFile)
	if err != nil {
		return nil, nil, berth.Errorf(berth.Invalid, "certificate: %w", err).On("cert")
	}
	for block, rest := pem.Decode(b); block != nil; block, rest = pem.Decode(rest) {
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, nil, berth.Errorf(berth.Invalid, "certificate %s: %w", certFile, err).On("cert")
		}
		chain = append(chain, c)
	}
	if len(chain) == 0 {
		return nil, nil, berth.Errorf(berth.Invalid, "%s holds no certificate in PEM form", certFile).On("cert")
	}
	b, err = os.ReadFile(keyFile)
	if err != nil {
		return nil, nil, berth.Errorf(berth.Invalid, "private key: %w", err).On("key")
	}
	block, _ := pem.Decode(b)
	if block == nil {
		return nil, nil, berth.Errorf(berth.Invalid, "%s holds no private key in PEM form", keyFile).On("key")
	}
	if key = parseKey(block.Bytes); key == nil {
		return nil, nil, berth.Errorf(berth.Invalid, "%s holds no key that can sign", keyFile).On("key").With("use PKCS#8, PKCS#1 or SEC 1 in PEM form, not encrypted")
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
	unsigned, err := os.CreateTemp(filepath.Dir(out), filepath.Base(out)+".unsigned.*")
	if err != nil {
		return berth.Errorf(berth.Invalid, "%s cannot be made: %w", out, err).On("out")
	}
	defer func() { _ = errors.Join(unsigned.Close(), os.Remove(unsigned.Name())) }()
	if err := msix.Pack(unsigned, os.DirFS(folder), msix.PackOptions{}); err != nil {
		return explain(folder, err)
	}
	fi, err := unsigned.Stat()
	if err != nil {
		return err
	}
	err = newFile(out, func(w *os.File) error { return msix.Sign(unsigned, fi.Size(), w, cert, key) })
	if err != nil {
		return explain(out, err)
	}
	return nil
}

// SelfSigned makes a key and a code-signing certificate of the publisher, signed by itself: for trying things.
func SelfSigned(publisher string, now time.Time, random io.Reader) (*x509.Certificate, crypto.Signer, error) {
	return msix.SelfSigned(publisher, now, random)
}
