package winhost

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"berth"
	"berth/agent"
	"berth/imaging"
	"berth/msix"
)

const testManifest = `<?xml version="1.0" encoding="utf-8"?>
<Package xmlns="http://schemas.microsoft.com/appx/manifest/foundation/windows10">
  <Identity Name="Contoso.Notes" Publisher="CN=Contoso Test" Version="1.0.0.0" ProcessorArchitecture="x64"/>
  <Properties><DisplayName>Notes</DisplayName><PublisherDisplayName>Contoso</PublisherDisplayName><Logo>logo.png</Logo></Properties>
  <Dependencies><TargetDeviceFamily Name="Windows.Desktop" MinVersion="10.0.19041.0" MaxVersionTested="10.0.26100.0"/></Dependencies>
  <Resources><Resource Language="en-us"/></Resources>
</Package>
`

// openPackage opens a package in its container until the test ends.
func openPackage(t *testing.T, file string) *msix.Package {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	p, err := msix.OpenPackage(f, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// expandedPackage writes a signed package as a folder, and returns it with what a plan would say of it.
func expandedPackage(t *testing.T) (dir string, p berth.PlannedPackage) {
	t.Helper()
	source, dir := t.TempDir(), t.TempDir()
	for name, content := range map[string]string{"AppxManifest.xml": testManifest, "notes.exe": "MZ program", "readme.txt": "read me", "logo.png": "logo"} {
		if err := os.WriteFile(filepath.Join(source, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cert, key, err := imaging.SelfSigned("CN=Contoso Test", time.Now(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "notes.msix")
	if err := imaging.SignFolder(source, file, cert, key); err != nil {
		t.Fatal(err)
	}
	pack := openPackage(t, file)
	tree, err := pack.Expanded()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(dir, tree); err != nil {
		t.Fatal(err)
	}
	m, err := pack.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	blockMap, err := os.ReadFile(filepath.Join(dir, msix.BlockMapName))
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(blockMap)
	sum := hex.EncodeToString(digest[:])
	return dir, berth.PlannedPackage{FullName: m.Identity.FullName(), ImagePath: "notes.vhdx", Thumbprint: thumbprint(cert.Raw), BlockMapSHA256: sum}
}

func TestCheckContent(t *testing.T) {
	tests := map[string]struct {
		change func(t *testing.T, dir string, p *berth.PlannedPackage)
		all    bool
		code   string
		phase  berth.Phase
		text   string
	}{
		"as signed":              {all: true},
		"manifest and code":      {},
		"code altered":           {change: alter("notes.exe"), code: codeAltered, phase: berth.PhaseVerify, text: "file notes.exe"},
		"document altered":       {change: alter("readme.txt"), all: true, code: codeAltered, phase: berth.PhaseVerify, text: "file readme.txt"},
		"document not looked at": {change: alter("readme.txt")},
		"document gone":          {change: remove("readme.txt"), code: codeContent, phase: berth.PhaseVerify, text: "file readme.txt"},
		"manifest altered":       {change: alter("AppxManifest.xml"), code: codeManifest, phase: berth.PhaseVerify, text: "AppxManifest.xml"},
		"block map altered":      {change: alter("AppxBlockMap.xml"), phase: berth.PhaseVerify, text: ""},
		"not signed":             {change: remove("AppxSignature.p7x"), code: codeUnsigned, phase: berth.PhaseTrust, text: "not signed"},
		"another signer": {change: func(_ *testing.T, _ string, p *berth.PlannedPackage) { p.Thumbprint = strings.Repeat("0", 40) },
			code: codeAltered, phase: berth.PhaseVerify, text: "AppxSignature.p7x"},
		"another block map": {change: func(_ *testing.T, _ string, p *berth.PlannedPackage) { p.BlockMapSHA256 = strings.Repeat("0", 64) },
			code: codeAltered, phase: berth.PhaseVerify, text: "AppxBlockMap.xml"},
		"another package": {change: func(_ *testing.T, _ string, p *berth.PlannedPackage) { p.FullName = notes },
			code: codeAltered, phase: berth.PhaseVerify, text: "AppxManifest.xml"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir, p := expandedPackage(t)
			if tt.change != nil {
				tt.change(t, dir, &p)
			}
			err := checkContent(t.Context(), folder(dir), p, imaging.CheckOptions{All: tt.all})
			if tt.phase == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			step, ok := errors.AsType[*agent.StepError](err)
			if !ok || step.Phase != tt.phase || tt.code != "" && codeOf(err) != tt.code || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("%v (code %s), want %s in phase %s with %q", err, codeOf(err), tt.code, tt.phase, tt.text)
			}
		})
	}
}

func alter(name string) func(*testing.T, string, *berth.PlannedPackage) {
	return func(t *testing.T, dir string, _ *berth.PlannedPackage) {
		t.Helper()
		path := filepath.Join(dir, name)
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		content[len(content)-3] ^= 1
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func remove(name string) func(*testing.T, string, *berth.PlannedPackage) {
	return func(t *testing.T, dir string, _ *berth.PlannedPackage) {
		t.Helper()
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
}
