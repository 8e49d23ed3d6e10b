//go:build linux

package winelab

import (
	"crypto/rand"
	"crypto/sha1" // thumbprints are SHA-1
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"berth/wire"
)

// moveTag gives a package the tag that is assigned.
var moveTag = wire.TagPackage{Tag: production, Move: true}

const publisher = "CN=Contoso Bench, O=Contoso, C=US"

const program = `#include <windows.h>
int main(void) { Sleep(600000); return 0; }
`

// randomness is the system's, as an io.Reader.
type randomness struct{}

// Read implements io.Reader.
func (randomness) Read(p []byte) (int, error) { return rand.Read(p) }

func thumbprint(der []byte) string {
	sum := sha1.Sum(der)
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// writePackage writes the folder of a package with a real program that waits. What it needs stands in its manifest.
func writePackage(folder, version string, needs ...string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	exe, err := compiled(filepath.Dir(folder))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "notes.exe"), exe, 0o755); err != nil {
		return err
	}
	files := map[string]string{"AppxManifest.xml": fmt.Sprintf(manifest, publisher, version, strings.Join(needs, "")), "readme.txt": "Contoso Notes " + version + "\r\n", "logo.png": "not a picture"}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// compiled is the program of the packages in a folder, compiled once.
func compiled(dir string) ([]byte, error) {
	exe, source := filepath.Join(dir, "notes.exe"), filepath.Join(dir, "notes.c")
	if made, err := os.ReadFile(exe); err == nil {
		return made, nil
	}
	if err := os.WriteFile(source, []byte(program), 0o644); err != nil {
		return nil, err
	}
	if out, err := exec.Command(compiler, "-Os", "-s", "-o", exe, source).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("compiling the program: %w: %s", err, out)
	}
	return os.ReadFile(exe)
}

const manifest = `<?xml version="1.0" encoding="utf-8"?>
<Package xmlns="http://schemas.microsoft.com/appx/manifest/foundation/windows10"
  xmlns:uap="http://schemas.microsoft.com/appx/manifest/uap/windows10"
  xmlns:rescap="http://schemas.microsoft.com/appx/manifest/foundation/windows10/restrictedcapabilities"
  IgnorableNamespaces="uap rescap">
  <Identity Name="Contoso.Notes" Publisher="%s" Version="%s" ProcessorArchitecture="x64"/>
  <Properties><DisplayName>Contoso Notes</DisplayName><PublisherDisplayName>Contoso</PublisherDisplayName><Logo>logo.png</Logo></Properties>
  <Dependencies><TargetDeviceFamily Name="Windows.Desktop" MinVersion="10.0.17763.0" MaxVersionTested="10.0.26100.0"/>%s</Dependencies>
  <Resources><Resource Language="en-us"/></Resources>
  <Applications>
    <Application Id="Notes" Executable="notes.exe" EntryPoint="Windows.FullTrustApplication">
      <uap:VisualElements DisplayName="Notes" Description="Write notes" BackgroundColor="transparent" Square150x150Logo="logo.png" Square44x44Logo="logo.png"/>
    </Application>
  </Applications>
  <Capabilities><rescap:Capability Name="runFullTrust"/></Capabilities>
</Package>
`

// writeFramework writes the folder of a framework with a library that nobody loads.
func writeFramework(folder, version string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	files := map[string]string{"AppxManifest.xml": fmt.Sprintf(frameworkManifest, publisher, version), "runtime.dll": "MZ of " + version, "logo.png": "not a picture"}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o644); err != nil {
			return err
		}
	}
	return nil
}

const frameworkManifest = `<?xml version="1.0" encoding="utf-8"?>
<Package xmlns="http://schemas.microsoft.com/appx/manifest/foundation/windows10">
  <Identity Name="Contoso.Runtime" Publisher="%s" Version="%s" ProcessorArchitecture="x64"/>
  <Properties><Framework>true</Framework><DisplayName>Contoso Runtime</DisplayName><PublisherDisplayName>Contoso</PublisherDisplayName><Logo>logo.png</Logo></Properties>
  <Dependencies><TargetDeviceFamily Name="Windows.Desktop" MinVersion="10.0.17763.0" MaxVersionTested="10.0.26100.0"/></Dependencies>
  <Resources><Resource Language="en-us"/></Resources>
</Package>
`

// needsRuntime is the dependency of a package on the framework.
func needsRuntime(version string) string {
	return fmt.Sprintf(`<PackageDependency Name="Contoso.Runtime" Publisher="%s" MinVersion="%s"/>`, publisher, version)
}
