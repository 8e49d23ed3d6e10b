package cli_test

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"berth/imaging"
)

const publisher = "CN=Contoso, O=Contoso, C=US"

// forge makes signed packages and images of them, once for all scripts: the key takes a while.
type forge struct {
	dir         string
	publisherID string // of publisher: the end of the packages' names
}

func newForge(t *testing.T) *forge {
	t.Helper()
	cert, key, err := imaging.SelfSigned(publisher, time.Now(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	f := &forge{dir: t.TempDir()}
	f.credentials(t, cert, key)
	lib, err := library()
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range []string{"1.0.0.0", "2.0.0.0"} {
		folder := f.folder(t, version)
		msix := f.path("notes-" + version[:1] + ".msix")
		if err := imaging.SignFolder(folder, msix, cert, key); err != nil {
			t.Fatal(err)
		}
		if _, err := lib.Build(t.Context(), imaging.BuildOptions{Packages: []string{msix}, Out: f.path("notes-" + version[:1] + ".vhdx")}); err != nil {
			t.Fatal(err)
		}
	}
	packages, err := lib.InspectPackage(t.Context(), f.path("notes-1.msix"))
	check(t, err)
	_, f.publisherID, _ = strings.Cut(packages[0].FamilyName, "_")
	both := imaging.BuildOptions{Packages: []string{f.path("notes-1.msix"), f.path("notes-2.msix")}, Out: f.path("both.vhd"), Table: "mbr", Folder: "MSIX"}
	if _, err := lib.Build(t.Context(), both); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *forge) path(name string) string { return filepath.Join(f.dir, name) }

// credentials writes the signer as files.
func (f *forge) credentials(t *testing.T, cert *x509.Certificate, key crypto.Signer) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"signer.pem": {Type: "CERTIFICATE", Bytes: cert.Raw}, "signer.key": {Type: "PRIVATE KEY", Bytes: der}} {
		if err := os.WriteFile(f.path(name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// folder writes the files of a package.
func (f *forge) folder(t *testing.T, version string) string {
	t.Helper()
	dir := f.path("notes-" + version[:1])
	files := map[string]string{
		"AppxManifest.xml": fmt.Sprintf(manifest, publisher, version),
		"notes.exe":        "MZ notes " + version,
		"Assets/logo.png":  "logo",
	}
	for name, content := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const manifest = `<?xml version="1.0" encoding="utf-8"?>
<Package xmlns="http://schemas.microsoft.com/appx/manifest/foundation/windows10"
  xmlns:uap="http://schemas.microsoft.com/appx/manifest/uap/windows10">
  <Identity Name="Contoso.Notes" Publisher="%s" Version="%s" ProcessorArchitecture="x64"/>
  <Properties><DisplayName>Notes</DisplayName><PublisherDisplayName>Contoso</PublisherDisplayName><Logo>Assets\logo.png</Logo></Properties>
  <Dependencies>
    <TargetDeviceFamily Name="Windows.Desktop" MinVersion="10.0.17763.0" MaxVersionTested="10.0.22621.0"/>
    <PackageDependency Name="Contoso.Runtime" Publisher="CN=Contoso, O=Contoso, C=US" MinVersion="3.1.0.0"/>
  </Dependencies>
  <Resources><Resource Language="en-us"/></Resources>
  <Applications>
    <Application Id="App" Executable="notes.exe" EntryPoint="Windows.FullTrustApplication">
      <uap:VisualElements DisplayName="Notes" Description="Notes" BackgroundColor="transparent"
        Square150x150Logo="Assets\logo.png" Square44x44Logo="Assets\logo.png"/>
    </Application>
  </Applications>
</Package>
`
