//go:build windows

package winhost

import (
	"context"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unsafe"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"

	"berth"
)

// Stores of the machine that certificates go to. Windows asks TrustedPeople for the signers of packages themselves;
// authorities go where authorities are. No signer ever goes to Root: it would be trusted for everything.
const (
	storePeople = "TrustedPeople"
	storeRoot   = "Root"
	storeCA     = "CA"
)

// foreignMark follows the store of a certificate that was there before Berth needed it, and stays.
const foreignMark = ";foreign"

// Trust installs certificates in the machine's stores, and removes such as it installed.
func (h *Host) Trust(_ context.Context, install []berth.Certificate, remove []string) error {
	var errs []error
	for _, c := range install {
		errs = append(errs, installCertificate(c))
	}
	for _, t := range remove {
		errs = append(errs, removeCertificate(strings.ToUpper(t)))
	}
	return errors.Join(errs...)
}

// storeFor chooses the store of a certificate.
func storeFor(c *x509.Certificate) string {
	signs := slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageCodeSigning)
	switch {
	case signs || !c.IsCA || !c.BasicConstraintsValid:
		return storePeople
	case slices.Equal(c.RawSubject, c.RawIssuer):
		return storeRoot
	}
	return storeCA
}

func installCertificate(c berth.Certificate) error {
	parsed, err := x509.ParseCertificate(c.DER)
	if err != nil {
		return berth.Errorf(berth.Invalid, "the certificate %s (%s) of the plan cannot be read: %w", c.Thumbprint, c.Subject, err)
	}
	thumb := thumbprint(c.DER)
	if !strings.EqualFold(thumb, c.Thumbprint) {
		return berth.Errorf(berth.Invalid, "the certificate %s of the plan is really %s", c.Thumbprint, thumb)
	}
	what := fmt.Sprintf("cannot install the certificate %s (%s)", thumb, c.Subject)
	name := storeFor(parsed)
	store, err := openStore(name)
	if err != nil {
		return coded(err, what)
	}
	defer func() { _ = windows.CertCloseStore(store, 0) }() // what was added is there
	there, err := inStore(store, thumb)
	if err != nil {
		return coded(err, what)
	}
	owner := readOwner(thumb)
	if there {
		if owner != "" {
			return nil
		}
		return coded(writeOwner(thumb, name+foreignMark), what)
	}
	// The registry first: a death in between leaves a mark without a certificate, which is harmless.
	if err := writeOwner(thumb, name); err != nil {
		return coded(err, what)
	}
	cert, err := windows.CertCreateCertificateContext(windows.X509_ASN_ENCODING|windows.PKCS_7_ASN_ENCODING, &c.DER[0], uint32(len(c.DER)))
	if err != nil {
		return coded(err, what)
	}
	defer func() { _ = windows.CertFreeCertificateContext(cert) }() // the store has its own
	return coded(windows.CertAddCertificateContextToStore(store, cert, windows.CERT_STORE_ADD_REPLACE_EXISTING, nil), what)
}

// removeCertificate takes away what Berth put there, and only that.
func removeCertificate(thumb string) error {
	owner := readOwner(thumb)
	name, foreign := strings.CutSuffix(owner, foreignMark)
	if owner == "" || foreign {
		return dropOwner(thumb)
	}
	what := "cannot remove the certificate " + thumb
	store, err := openStore(name)
	if err != nil {
		return coded(err, what)
	}
	defer func() { _ = windows.CertCloseStore(store, 0) }() // what was deleted is gone
	cert, err := findInStore(store, thumb)
	if err != nil {
		return coded(err, what)
	}
	if cert != nil {
		if err := windows.CertDeleteCertificateFromStore(cert); err != nil { // frees cert in any case
			return coded(err, what)
		}
		commit(store)
	}
	return dropOwner(thumb)
}

// commit writes what was deleted from a store. Windows does that at once, Wine when it is told to; that a store cannot be
// told is no failure.
func commit(store windows.Handle) {
	const how = 3 // CERT_STORE_CTRL_COMMIT of wincrypt.h
	if proc := windows.NewLazySystemDLL("crypt32.dll").NewProc("CertControlStore"); proc.Find() == nil {
		_, _, _ = proc.Call(uintptr(store), 0, how, 0)
	}
}

// trusted lists the thumbprints of the certificates of the plan that are there: those that Berth installed, and those
// that it found.
func trusted() ([]string, error) {
	k, err := registry.OpenKey(registry.LOCAL_MACHINE, keyCertificates, registry.QUERY_VALUE)
	if errors.Is(err, registry.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, coded(err, "cannot read which certificates are Berth's")
	}
	names, err := k.ReadValueNames(-1)
	if err := errors.Join(err, k.Close()); err != nil {
		return nil, coded(err, "cannot read which certificates are Berth's")
	}
	var list []string
	stores := map[string]windows.Handle{}
	defer func() {
		for _, s := range stores {
			_ = windows.CertCloseStore(s, 0) // only read
		}
	}()
	for _, thumb := range names {
		name := strings.TrimSuffix(readOwner(thumb), foreignMark)
		store, ok := stores[name]
		if !ok {
			if store, err = openStore(name); err != nil {
				return nil, coded(err, "cannot open the certificate store "+name)
			}
			stores[name] = store
		}
		there, err := inStore(store, thumb)
		if err != nil {
			return nil, coded(err, "cannot look into the certificate store "+name)
		}
		if there {
			list = append(list, thumb)
		}
	}
	return list, nil
}

// openStore opens a store of the machine. A name that is none of ours, from a registry that somebody edited, is refused.
func openStore(name string) (windows.Handle, error) {
	if name != storePeople && name != storeRoot && name != storeCA {
		return 0, fmt.Errorf("%q is no store of Berth's", name)
	}
	n, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return 0, err
	}
	return windows.CertOpenStore(windows.CERT_STORE_PROV_SYSTEM_W, 0, 0, windows.CERT_SYSTEM_STORE_LOCAL_MACHINE, uintptr(unsafe.Pointer(n)))
}

// findInStore returns the certificate of a thumbprint, nil when the store does not have it.
func findInStore(store windows.Handle, thumb string) (*windows.CertContext, error) {
	hash, err := hex.DecodeString(thumb)
	if err != nil || len(hash) != 20 {
		return nil, nil //nolint:nilerr // what is no thumbprint names no certificate
	}
	blob := windows.CryptHashBlob{Size: uint32(len(hash)), Data: &hash[0]}
	cert, err := windows.CertFindCertificateInStore(store, windows.X509_ASN_ENCODING|windows.PKCS_7_ASN_ENCODING, 0,
		windows.CERT_FIND_HASH, unsafe.Pointer(&blob), nil)
	if errors.Is(err, windows.Errno(windows.CRYPT_E_NOT_FOUND)) {
		return nil, nil
	}
	return cert, err
}

func inStore(store windows.Handle, thumb string) (bool, error) {
	cert, err := findInStore(store, thumb)
	if cert != nil {
		_ = windows.CertFreeCertificateContext(cert) // only looked for
	}
	return cert != nil, err
}

func readOwner(thumb string) string {
	k, err := registry.OpenKey(registry.LOCAL_MACHINE, keyCertificates, registry.QUERY_VALUE)
	if err != nil {
		return ""
	}
	defer func() { _ = k.Close() }() // only read
	v, _, err := k.GetStringValue(thumb)
	if err != nil {
		return ""
	}
	return v
}

func writeOwner(thumb, owner string) error {
	k, _, err := registry.CreateKey(registry.LOCAL_MACHINE, keyCertificates, registry.SET_VALUE)
	if err != nil {
		return err
	}
	return errors.Join(k.SetStringValue(thumb, owner), k.Close())
}

func dropOwner(thumb string) error {
	k, err := registry.OpenKey(registry.LOCAL_MACHINE, keyCertificates, registry.SET_VALUE)
	if errors.Is(err, registry.ErrNotExist) {
		return nil
	}
	if err != nil {
		return coded(err, "cannot forget the certificate "+thumb)
	}
	err = k.DeleteValue(thumb)
	if errors.Is(err, registry.ErrNotExist) {
		err = nil
	}
	return coded(errors.Join(err, k.Close()), "cannot forget the certificate "+thumb)
}
