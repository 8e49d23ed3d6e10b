package winhost

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"berth"
	"berth/msix"
)

func TestServes(t *testing.T) {
	const name = "Microsoft.VCLibs.140.00_14.0.30704.0_x64__8wekyb3d8bbwe"
	lowest := func(s string) berth.Version {
		v, err := berth.ParseVersion(s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, c := range []struct {
		has, version, arch string
		want               bool
	}{
		{name, "14.0.30704.0", "x64", true},
		{name, "14.0.27810.0", "X64", true},
		{name, "14.0.30705.0", "x64", false},
		{name, "14.0.0.0", "x86", false},
		{name, "14.0.0.0", "neutral", true},
		{strings.Replace(name, "x64", "neutral", 1), "14.0.0.0", "arm64", true},
		{"Microsoft.VCLibs", "0.0.0.0", "x64", false},
		{"A_x_x64__8wekyb3d8bbwe", "0.0.0.0", "x64", false},
	} {
		if got := serves(c.has, lowest(c.version), c.arch); got != c.want {
			t.Errorf("serves(%s, %s, %s) = %t", c.has, c.version, c.arch, got)
		}
	}
	older := strings.Replace(name, "30704", "9000", 1) // as text it would be the higher one
	if got := best([]string{older, name, "odd"}); got != name {
		t.Errorf("best = %q", got)
	}
	if got := best(nil); got != "" {
		t.Errorf("best of none = %q", got)
	}
}

func TestMissing(t *testing.T) {
	d := msix.Dependency{Name: "Microsoft.VCLibs.140.00", Publisher: "CN=Microsoft Corporation", MinVersion: msix.Version{14, 0, 30704, 0}}
	for _, c := range []struct {
		has           []string
		planned, want string
	}{{nil, "", "this host has none"}, {[]string{"V_14.0.1.0_x64__h"}, "", "has only V_14.0.1.0_x64__h"}, {nil, "V_14.1.0.0_x64__h", "none, and V_14.1.0.0_x64__h could not be staged"}} {
		err := missing(berth.PlannedPackage{FullName: notes}, d, "x64", c.has, c.planned)
		e, ok := errors.AsType[*berth.Error](err)
		if !ok || e.Code != codeNoFramework || !strings.Contains(e.Message, "Microsoft.VCLibs.140.00 14.0.30704.0 or newer for x64") || !strings.Contains(e.Message, c.want) {
			t.Errorf("%+v", err)
		}
	}
}

// TestCheckPackageFile takes a real package in its container, and what is none.
func TestCheckPackageFile(t *testing.T) {
	sample := filepath.Join("..", "..", "..", "shared", "testdata", "microsoft_msix-packaging", "TestAppxPackage_1.0.1.0_x64.appx")
	if _, err := os.Stat(sample); err != nil {
		t.Skip("skipped: no samples beside the checkout")
	}
	file := filepath.Join(t.TempDir(), "framework.appx")
	if err := copyFile(t.Context(), sample, file); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	r, err := msix.VerifyPackage(t.Context(), openPackage(t, file), msix.VerifyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	p := berth.PlannedPackage{FullName: r.FullName, ImagePath: sample, Thumbprint: thumbprint(r.Signature.Signer.Raw)}
	if err := checkPackageFile(t.Context(), file, p); err != nil || !r.OK() {
		t.Fatalf("%v, and %+v", err, r)
	}
	for what, c := range map[string]struct {
		change func(*berth.PlannedPackage)
		damage func(string) error
		code   string
	}{
		"another package":    {change: func(p *berth.PlannedPackage) { p.FullName = notes }, code: codeAltered},
		"another signer":     {change: func(p *berth.PlannedPackage) { p.Thumbprint = strings.Repeat("0", 40) }, code: codeAltered},
		"another block map":  {change: func(p *berth.PlannedPackage) { p.BlockMapSHA256 = strings.Repeat("0", 64) }, code: codeAltered},
		"no package":         {damage: func(path string) error { return os.WriteFile(path, []byte("none"), 0o600) }, code: codeContent},
		"half of it":         {damage: func(path string) error { return os.Truncate(path, info.Size()/2) }, code: codeContent},
		"it is not there":    {damage: os.Remove, code: "0x80070002"},
		"of the same length": {},
	} {
		t.Run(what, func(t *testing.T) {
			mine, path := p, filepath.Join(t.TempDir(), "x.appx")
			if err := copyFile(t.Context(), file, path); err != nil {
				t.Fatal(err)
			}
			if c.change != nil {
				c.change(&mine)
			}
			if c.damage != nil {
				if err := c.damage(path); err != nil {
					t.Fatal(err)
				}
			}
			err := checkPackageFile(t.Context(), path, mine)
			if codeOf(err) != c.code {
				t.Errorf("%v has the code %q, want %q", err, codeOf(err), c.code)
			}
		})
	}
}

func TestCopyStops(t *testing.T) {
	from, to := filepath.Join(t.TempDir(), "from"), filepath.Join(t.TempDir(), "to", "it")
	if err := os.WriteFile(from, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := copyFile(ctx, from, to); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(to); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("half a copy stays: %v", err)
	}
}

func TestIsPackageFile(t *testing.T) {
	for path, want := range map[string]bool{`\\files\apps\VCLibs.APPX`: true, `Z:\x.msix`: true, `x.vhdx`: false, `x.msixbundle`: false, "": false} {
		if got := isPackageFile(path); got != want {
			t.Errorf("%q: %t", path, got)
		}
	}
}
