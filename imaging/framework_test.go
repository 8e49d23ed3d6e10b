package imaging

import (
	"context"
	"crypto/rand"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"berth"
)

const containerManifest = `<?xml version="1.0" encoding="utf-8"?>
<Package xmlns="http://schemas.microsoft.com/appx/manifest/foundation/windows10">
  <Identity Name="Contoso.Runtime" Publisher="CN=Contoso" Version="2.0.0.0" ProcessorArchitecture="x64"/>
  <Properties>%s<DisplayName>Contoso Runtime</DisplayName><PublisherDisplayName>Contoso</PublisherDisplayName><Logo>logo.png</Logo></Properties>
  <Dependencies><TargetDeviceFamily Name="Windows.Desktop" MinVersion="10.0.17763.0" MaxVersionTested="10.0.26100.0"/></Dependencies>
  <Resources><Resource Language="en-us"/></Resources>
</Package>`

// TestFrameworkInContainer: a framework may be added as the .appx that it is handed out as; another package may not.
func TestFrameworkInContainer(t *testing.T) {
	cert, key, err := SelfSigned("CN=Contoso", time.Now(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	make := func(name, properties string) string {
		folder := filepath.Join(t.TempDir(), "folder")
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		for file, text := range map[string]string{"AppxManifest.xml": fmt.Sprintf(containerManifest, properties), "logo.png": "x", "runtime.dll": strings.Repeat("MZ", 50_000)} {
			if err := os.WriteFile(filepath.Join(folder, file), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		out := filepath.Join(t.TempDir(), name)
		if err := SignFolder(folder, out, cert, key); err != nil {
			t.Fatal(err)
		}
		return out
	}
	ctx, l := context.Background(), library(t)
	path := make("Runtime.APPX", "<Framework>true</Framework>")
	ps, err := l.Read(ctx, path)
	if err != nil || len(ps) != 1 || !ps[0].Framework || ps[0].RelativePath != "." || ps[0].Certificate == nil || ps[0].Observed.Format != "appx" {
		t.Fatalf("%+v, %v", ps, err)
	}
	if err := l.Verify(ctx, ps[0]); err != nil {
		t.Error(err)
	}
	a, err := l.Attach(ctx, path, ".")
	if err != nil {
		t.Fatal(err)
	}
	if b, err := fs.ReadFile(a.FS, "runtime.dll"); err != nil || len(b) != 100_000 {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}

	main := make("main.msix", "")
	if _, err := l.Read(ctx, main); berth.ErrorKind(err) != berth.Invalid || !strings.Contains(err.Error(), "only frameworks") {
		t.Errorf("a package that is no framework: %v", err)
	}
	damaged := filepath.Join(t.TempDir(), "damaged.appx")
	if err := os.WriteFile(damaged, []byte("PK and nothing else"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Read(ctx, damaged); berth.ErrorKind(err) != berth.Invalid || !strings.Contains(err.Error(), damaged) {
		t.Errorf("a damaged one: %v", err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 200 { // none may be read as another package, and none may crash
		bad := append([]byte(nil), whole...)
		bad[(i*7919)%len(bad)] ^= 0x55
		if err := os.WriteFile(damaged, bad, 0o644); err != nil {
			t.Fatal(err)
		}
		if ps, err := l.Read(ctx, damaged); err == nil && len(ps) > 0 && ps[0].FullName != "Contoso.Runtime_2.0.0.0_x64__"+strings.Split(ps[0].FamilyName, "_")[1] {
			t.Errorf("byte %d: %s", i, ps[0].FullName)
		}
	}
}
