package imaging

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"berth/msix"
)

const signedBundle = "microsoft_winget-cli/Installer-Signed-Good.msixbundle"

// openSample opens a package or bundle of the samples.
func openSample(t *testing.T, name string) *msix.Package {
	t.Helper()
	data := sample(t, name)
	p, err := msix.OpenPackage(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestVerifyBundle verifies a bundle and each package of it, with the signer's certificate as the root.
func TestVerifyBundle(t *testing.T) {
	s, err := openSample(t, signedBundle).Signature()
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(s.Signer)
	now := time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC) // the certificate was valid then
	v, err := library(t).VerifyPackage(context.Background(), samplePackage(t, signedBundle), VerifyOptions{Roots: roots, Now: now})
	if err != nil || !v.OK || !v.Trusted || len(v.Packages) != 3 {
		t.Fatalf("%+v, %v", v, err)
	}
	for i, want := range []string{"FakeInstallerForTesting_2022.525.453.0_neutral_~_125rzkzqaqjwj",
		"FakeInstallerForTesting_43690.48059.52428.56797_x86__125rzkzqaqjwj", "FakeInstallerForTesting_43690.48059.52428.56797_x64__125rzkzqaqjwj"} {
		if v.Packages[i].FullName != want || v.Packages[i].check(msix.CheckChain).Result != "pass" {
			t.Errorf("package %d is %+v, want %s", i, v.Packages[i], want)
		}
	}
	if v, err = library(t).VerifyPackage(context.Background(), samplePackage(t, signedBundle), VerifyOptions{Roots: roots, Now: now.AddDate(5, 0, 0)}); err != nil || !v.OK || v.Trusted {
		t.Errorf("after the certificate's end: %+v, %v", v, err)
	}
}

// TestVerifyFlatBundle verifies a bundle whose packages lie beside it; of this one some are there.
func TestVerifyFlatBundle(t *testing.T) {
	v, err := library(t).VerifyPackage(context.Background(), samplePackage(t, "microsoft_msix-packaging/flat/FlatBundleWithAsset.appxbundle"), VerifyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	there, missing := 0, 0
	for _, p := range v.Packages[1:] {
		there++
		if p.Problem() != "" || !strings.HasSuffix(p.Path, ".appx") {
			t.Errorf("%+v", p)
		}
	}
	for _, b := range v.Packages[0].Bad {
		missing++
		if !strings.Contains(b.Reason, "neither in the bundle nor beside it") || fileExists(t, b.File) {
			t.Errorf("%+v", b)
		}
	}
	bundle, err := openSample(t, "microsoft_msix-packaging/flat/FlatBundleWithAsset.appxbundle").Bundle()
	if err != nil || v.OK || there < 10 || missing < 3 || there+missing != len(bundle.Packages) {
		t.Errorf("%d there, %d missing, ok %v, %v", there, missing, v.OK, err)
	}
	alone := filepath.Join(t.TempDir(), "a.appxbundle")
	if err := os.WriteFile(alone, sample(t, "microsoft_msix-packaging/flat/FlatBundleWithAsset.appxbundle"), 0o644); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(filepath.Dir(alone), "language-de.appx") // not the one that the bundle means
	if err := os.WriteFile(other, sample(t, "microsoft_msix-packaging/flat/language-fr.appx"), 0o644); err != nil {
		t.Fatal(err)
	}
	v, err = library(t).VerifyPackage(context.Background(), alone, VerifyOptions{})
	if err != nil || len(v.Packages) != 1 || !strings.Contains(reasons(v.Packages[0]), "language-de.appx: 4153 bytes long, the bundle manifest says 4128") {
		t.Errorf("%v, %v", reasons(v.Packages[0]), err)
	}
}

func fileExists(t *testing.T, name string) bool {
	t.Helper()
	_, err := os.Stat(filepath.Join(samples, "microsoft_msix-packaging/flat", name))
	return err == nil
}

func reasons(p VerifiedPackage) string {
	var all []string
	for _, b := range p.Bad {
		all = append(all, b.File+": "+b.Reason)
	}
	return strings.Join(all, "\n")
}

// TestExpandedBundleInImage has a bundle in an image, its packages expanded below it: the packages can be used, and the
// bundle is verified with them.
func TestExpandedBundleInImage(t *testing.T) {
	p := openSample(t, signedBundle)
	tree := fstest.MapFS{}
	add := func(dir string, p *msix.Package) {
		expanded, err := p.Expanded()
		if err != nil {
			t.Fatal(err)
		}
		err = fs.WalkDir(expanded, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.HasSuffix(name, ".appx") {
				return err
			}
			b, err := fs.ReadFile(expanded, name)
			tree[dir+"/"+name] = &fstest.MapFile{Data: b}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	bundle, err := p.Bundle()
	if err != nil {
		t.Fatal(err)
	}
	add("apps/bundle", p)
	for _, b := range bundle.Packages {
		inner, err := p.OpenBundled(b)
		if err != nil {
			t.Fatal(err)
		}
		add("apps/bundle/"+bundle.PackageIdentity(b).FullName(), inner)
	}
	l := New(imageOf(t, tree), nil)
	img, err := l.Inspect(context.Background(), "a.vhdx")
	if err != nil || len(img.Packages) != 2 || len(img.Notes) != 0 {
		t.Fatalf("%+v, %v", img, err)
	}
	if ps, err := l.Read(context.Background(), "a.vhdx"); err != nil || len(ps) != 2 {
		t.Errorf("%+v, %v", ps, err)
	}
	v, err := l.VerifyImage(context.Background(), "a.vhdx", VerifyOptions{})
	if err != nil || !v.OK || len(v.Packages) != 3 || v.Packages[0].FullName != "FakeInstallerForTesting_2022.525.453.0_neutral_~_125rzkzqaqjwj" {
		t.Errorf("%+v, %v", v, err)
	}
	if _, err := l.Attach(context.Background(), "a.vhdx", "apps/bundle"); err == nil {
		t.Error("a bundle was attached")
	}
	if _, err := l.Attach(context.Background(), "a.vhdx", img.Packages[0].Path); err != nil && !errors.Is(err, msix.ErrUnsigned) {
		t.Errorf("%v", err)
	}
}
