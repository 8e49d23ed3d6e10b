package imaging

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"berth"
	"berth/msix"
)

// flatPackage packs a package of the bundle's family.
func flatPackage(t *testing.T, arch string) []byte {
	t.Helper()
	manifest := `<?xml version="1.0" encoding="utf-8"?>
<Package xmlns="http://schemas.microsoft.com/appx/manifest/foundation/windows10" xmlns:uap="http://schemas.microsoft.com/appx/manifest/uap/windows10">
<Identity Name="Contoso.Flat" Publisher="CN=Contoso" Version="1.2.3.4" ProcessorArchitecture="` + arch + `"/>
<Properties><DisplayName>Flat</DisplayName><PublisherDisplayName>Contoso</PublisherDisplayName><Logo>logo.png</Logo></Properties>
<Dependencies><TargetDeviceFamily Name="Windows.Desktop" MinVersion="10.0.17763.0" MaxVersionTested="10.0.22000.0"/></Dependencies>
<Resources><Resource Language="en-us"/></Resources>
<Applications><Application Id="App" Executable="flat.exe" EntryPoint="Windows.FullTrustApplication">
<uap:VisualElements DisplayName="Flat" Description="Flat" BackgroundColor="transparent" Square150x150Logo="logo.png" Square44x44Logo="logo.png"/></Application></Applications></Package>`
	tree := fstest.MapFS{"AppxManifest.xml": {Data: []byte(manifest)}, "logo.png": {Data: []byte("no picture")}, "flat.exe": {Data: bytes.Repeat([]byte(arch), 40_000)}}
	var b bytes.Buffer
	if err := msix.Pack(&b, tree, msix.PackOptions{}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// flatBundle writes an unsigned bundle of a package for each architecture, which lie beside it, and returns its path.
func flatBundle(t *testing.T, architectures ...string) string {
	t.Helper()
	dir := t.TempDir()
	var list strings.Builder
	for _, arch := range architectures {
		data := flatPackage(t, arch)
		if err := os.WriteFile(filepath.Join(dir, arch+".msix"), data, 0o600); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&list, `<Package Type="application" Version="1.2.3.4" Architecture="%s" FileName="%s.msix" Offset="0" Size="%d"><Resources><Resource Language="en-us"/></Resources></Package>`,
			arch, arch, len(data))
	}
	manifest := fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?><Bundle xmlns="http://schemas.microsoft.com/appx/2013/bundle" SchemaVersion="4.0"><Identity Name="Contoso.Flat" Publisher="CN=Contoso" Version="1.2.3.4"/><Packages>%s</Packages></Bundle>`, list.String())
	sum := sha256.Sum256([]byte(manifest))
	blockMap := fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?><BlockMap xmlns="http://schemas.microsoft.com/appx/2010/blockmap" HashMethod="http://www.w3.org/2001/04/xmlenc#sha256"><File Name="AppxMetadata\AppxBundleManifest.xml" Size="%d" LfhSize="%d"><Block Hash="%s"/></File></BlockMap>`,
		len(manifest), 30+len(msix.BundleManifestName), base64.StdEncoding.EncodeToString(sum[:]))
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range [][2]string{{msix.BundleManifestName, manifest}, {msix.BlockMapName, blockMap},
		{"[Content_Types].xml", `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/vnd.ms-appx.bundlemanifest+xml"/></Types>`}} {
		h := &zip.FileHeader{Name: f[0], Method: zip.Store, CompressedSize64: uint64(len(f[1])), UncompressedSize64: uint64(len(f[1])), CRC32: crc32.ChecksumIEEE([]byte(f[1]))}
		e, err := w.CreateRaw(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Write([]byte(f[1])); err != nil {
			t.Fatal(err)
		}
	}
	name := filepath.Join(dir, "flat.appxbundle")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestUnpackFlatBundle unpacks each package that lies beside the bundle into a folder of its own.
func TestUnpackFlatBundle(t *testing.T) {
	architectures := []string{"x64", "arm64", "x86"}
	bundle := flatBundle(t, architectures...)
	out := filepath.Join(t.TempDir(), "out")
	u, err := library(t).Unpack(context.Background(), bundle, UnpackOptions{Folder: out, Verify: VerifyOptions{AllowUnsigned: true}})
	if err != nil {
		t.Fatal(err)
	}
	if len(u.Packages) != 1+len(architectures) || u.Files != 4*len(architectures) {
		t.Errorf("%d packages, %d files", len(u.Packages), u.Files)
	}
	for _, arch := range architectures {
		folder := "Contoso.Flat_1.2.3.4_" + arch + "__" + msix.PublisherID("CN=Contoso")
		got, err := os.ReadFile(filepath.Join(out, folder, "flat.exe"))
		if err != nil || !bytes.Equal(got, bytes.Repeat([]byte(arch), 40_000)) {
			t.Errorf("%s: %d bytes, %v", folder, len(got), err)
		}
	}
}

// TestFlatBundleWithoutAPackage has inspecting tell of what is missing, and unpacking leave nothing behind.
func TestFlatBundleWithoutAPackage(t *testing.T) {
	bundle := flatBundle(t, "x64", "arm64")
	if err := os.Remove(filepath.Join(filepath.Dir(bundle), "arm64.msix")); err != nil {
		t.Fatal(err)
	}
	packages, err := library(t).InspectPackage(context.Background(), bundle)
	if err != nil || len(packages) != 2 {
		t.Fatalf("%d packages, %v", len(packages), err)
	}
	if there, gone := packages[0], packages[1]; there.Files == 0 || gone.Files > 0 || gone.Identity.Architecture != "arm64" ||
		!strings.Contains(strings.Join(gone.Findings, " "), "arm64.msix: it is missing") || gone.FamilyName != there.FamilyName {
		t.Errorf("%+v\n%+v", there, gone)
	}
	out := filepath.Join(t.TempDir(), "out")
	_, err = library(t).Unpack(context.Background(), bundle, UnpackOptions{Folder: out, Verify: VerifyOptions{AllowUnsigned: true}})
	if e, ok := errors.AsType[*berth.Error](err); !ok || e.Kind != berth.Invalid || !strings.Contains(e.Message, "arm64.msix") || !strings.Contains(e.Remedy, "beside it") {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a folder is left behind")
	}
}
