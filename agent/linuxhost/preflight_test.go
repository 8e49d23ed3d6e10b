//go:build linux

package linuxhost

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"berth"
	"berth/agent"
	"berth/imaging"
	"berth/share"
)

const testManifest = `<?xml version="1.0" encoding="utf-8"?>
<Package xmlns="http://schemas.microsoft.com/appx/manifest/foundation/windows10" xmlns:uap="http://schemas.microsoft.com/appx/manifest/uap/windows10">
<Identity Name="Contoso.Notes" Publisher="CN=Contoso" Version="1.0.0.0" ProcessorArchitecture="%s"/>
<Properties><DisplayName>Notes</DisplayName><PublisherDisplayName>Contoso</PublisherDisplayName><Logo>logo.png</Logo></Properties>
<Dependencies><TargetDeviceFamily Name="Windows.Desktop" MinVersion="10.0.17763.0" MaxVersionTested="10.0.22621.0"/></Dependencies>
<Resources><Resource Language="en-us"/></Resources>
<Applications><Application Id="App" Executable="app.exe" EntryPoint="Windows.FullTrustApplication">
<uap:VisualElements DisplayName="App" Description="App" Square150x150Logo="logo.png" Square44x44Logo="logo.png" BackgroundColor="transparent"/>
</Application></Applications></Package>`

// made are images of one signed package each, built here, and what the catalogue knows of them.
type made struct {
	library *imaging.Library
	byArch  map[string]berth.Package
}

func buildImages(t *testing.T, architectures ...string) made {
	t.Helper()
	opener, err := share.New(share.Options{Anywhere: true, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	m := made{imaging.New(opener, slog.New(slog.DiscardHandler)), map[string]berth.Package{}}
	cert, key, err := imaging.SelfSigned("CN=Contoso", time.Now(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, arch := range architectures {
		dir, folder := t.TempDir(), t.TempDir()
		for name, content := range map[string][]byte{"AppxManifest.xml": fmt.Appendf(nil, testManifest, arch), "logo.png": []byte("logo"),
			"app.exe": bytes.Repeat([]byte("program "), 20<<10)} {
			err = errors.Join(err, os.WriteFile(filepath.Join(folder, name), content, 0o600))
		}
		msix, image := filepath.Join(dir, "notes.msix"), filepath.Join(dir, "notes.vhdx")
		err = errors.Join(err, imaging.SignFolder(folder, msix, cert, key))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.library.Build(t.Context(), imaging.BuildOptions{Packages: []string{msix}, Out: image}); err != nil {
			t.Fatal(err)
		}
		found, err := m.library.Read(t.Context(), image)
		if err != nil || len(found) != 1 {
			t.Fatalf("%v, %v", found, err)
		}
		m.byArch[arch] = found[0]
	}
	return m
}

func requestFor(p berth.Package) berth.PreflightRequest {
	return berth.PreflightRequest{ID: "1", Architecture: p.Architecture, MinBuild: p.MinBuild, Package: berth.PlannedPackage{FullName: p.FullName,
		FamilyName: p.FamilyName, ImagePath: p.ImagePath, RelativePath: p.RelativePath, Thumbprint: p.Certificate.Thumbprint, BlockMapSHA256: p.Observed.BlockMapSHA256}}
}

// TestPreflight tries real images on a real host.
func TestPreflight(t *testing.T) {
	images := buildImages(t, "x64", "arm64", "neutral")
	m, err := (&Host{}).Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	foreign := map[string]string{"x64": "arm64", "x86": "arm64", "arm64": "", "arm": "x64"}[m.Architecture]
	good := images.byArch["neutral"]
	needs := func(name, catalogue string) berth.PreflightDependency {
		return berth.PreflightDependency{Dependency: berth.Dependency{Name: name, MinVersion: "2.0.0.0", FamilyName: name + "_8wekyb3d8bbwe"}, Catalogue: catalogue}
	}
	tests := map[string]struct {
		attach  Attach
		trusted bool
		change  func(*berth.PreflightRequest, *Options)
		failed  string // "name code"
		skipped int    // checks that are not applicable
	}{
		"good, extracted": {attach: AttachExtract, trusted: true, skipped: 1},
		"good, mounted":   {attach: AttachFUSE, trusted: true, skipped: 2},
		"missing file":    {AttachExtract, true, func(r *berth.PreflightRequest, _ *Options) { r.Package.ImagePath += ".gone" }, "image ENOENT", 7},
		"no image": {AttachExtract, true, func(r *berth.PreflightRequest, _ *Options) {
			r.Package.ImagePath = spoil(t, good.ImagePath, "vhdxfile")
		}, "format 0xC03A0004", 6},
		"no such folder":  {AttachExtract, true, func(r *berth.PreflightRequest, _ *Options) { r.Package.RelativePath = "elsewhere" }, "package 0x80070003", 5},
		"another package": {AttachExtract, true, func(r *berth.PreflightRequest, _ *Options) { r.Package.FullName = appV1 }, "package 0x80080207", 1},
		"tampered": {AttachExtract, true, func(r *berth.PreflightRequest, _ *Options) {
			r.Package.ImagePath = spoil(t, good.ImagePath, "program program")
		}, "content 0x80080207", 1},
		"tampered names": {AttachExtract, true, func(r *berth.PreflightRequest, _ *Options) {
			r.Package.ImagePath = spoil(t, good.ImagePath, "<BlockMap")
		}, "signature 0x80080205", 4},
		"untrusted signer": {AttachExtract, false, nil, "trust 0x800B0109", 1},
		"provisioned":      {AttachExtract, false, func(r *berth.PreflightRequest, _ *Options) { r.Certificate = good.Certificate }, "", 1},
		"no space": {AttachExtract, true, func(_ *berth.PreflightRequest, o *Options) {
			o.Statfs = func(string) (uint64, uint64, error) { return 10, 100, nil }
		}, "disk ENOSPC", 1},
		"wrong architecture": {AttachExtract, true, func(r *berth.PreflightRequest, _ *Options) {
			if foreign == "" {
				t.Skip("skipped: this machine runs every architecture")
			}
			*r = requestFor(images.byArch[foreign])
		}, "architecture 0x80073D10", 1},
		"dependency comes along": {AttachExtract, true, func(r *berth.PreflightRequest, _ *Options) {
			r.Dependencies = []berth.PreflightDependency{needs("Runtime", "Runtime_2.1.0.0_x64__8wekyb3d8bbwe")}
		}, "", 1},
		"dependency missing": {AttachExtract, true, func(r *berth.PreflightRequest, _ *Options) {
			r.Dependencies = []berth.PreflightDependency{needs("Runtime", "")}
		}, "dependencies 0x80073CF3", 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := requestFor(good)
			b := newBench(t)
			o := Options{}
			if tt.change != nil {
				tt.change(&r, &o)
			}
			h := b.host(tt.attach, func(into *Options) { into.Images, into.Statfs = FromLibrary(images.library), o.Statfs })
			if tt.trusted {
				b.ok(h.Trust(t.Context(), []berth.Certificate{*good.Certificate}, nil))
			}
			wantChecks(t, agent.Preflight(t.Context(), h, r), tt.failed, tt.skipped)
			b.want(h, "") // nothing is left on the machine
		})
	}
}

func wantChecks(t *testing.T, checks []berth.PreflightCheck, failed string, skipped int) {
	t.Helper()
	var names, bad []string
	for _, c := range checks {
		names = append(names, c.Name)
		switch c.Result {
		case berth.PreflightFail:
			bad = append(bad, c.Name+" "+c.Code)
			if c.Remedy == "" {
				t.Errorf("%s does not say what to do: %+v", c.Name, c)
			}
		case berth.PreflightNotApplicable:
			skipped--
		default: // passed
		}
		if c.Message == "" {
			t.Errorf("%s says nothing", c.Name)
		}
	}
	if got := strings.Join(bad, ", "); got != failed || skipped != 0 {
		t.Errorf("failed: %q, want %q; %d checks more or less were skipped: %+v", got, failed, skipped, checks)
	}
	if got := strings.Join(names, " "); got != "image format package signature content trust disk architecture build dependencies" {
		t.Errorf("checks: %s", got)
	}
}

// spoil copies a file and changes the first place that holds the text.
func spoil(t *testing.T, path, text string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(content, []byte(text))
	if at < 0 {
		t.Fatalf("%s does not hold %q", path, text)
	}
	content[at] ^= 0xff
	out := filepath.Join(t.TempDir(), "spoilt.vhdx")
	if err := os.WriteFile(out, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return out
}
