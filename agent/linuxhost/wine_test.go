//go:build linux

package linuxhost

import (
	"crypto/rand"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"berth"
	"berth/imaging"
	"berth/share"
)

// TestWindowsProgramStarts makes a Windows program, packs, signs and expands it, attaches the image, registers it for a
// user, and starts it from the entry that the user got: under Wine, out of the mounted image.
func TestWindowsProgramStarts(t *testing.T) {
	wine := "/usr/lib/wine/wine64" // Debian's wine asks for its 32-bit part at every start
	compiler, err := exec.LookPath("x86_64-w64-mingw32-gcc")
	if _, werr := os.Stat(wine); err != nil || werr != nil {
		t.Skip("skipped: wine64 or gcc-mingw-w64-x86-64-win32 is not installed")
	}
	b := newBench(t)
	image, p, cert := windowsPackage(t, b, compiler)
	h := b.host(AttachFUSE, func(o *Options) { o.Images, o.Launcher = FromLibrary(image), wine })
	b.ok(h.Trust(t.Context(), []berth.Certificate{cert}, nil))
	b.ok(h.Stage(t.Context(), p))
	b.ok(h.Register(t.Context(), b.session("s1"), p))

	content, err := os.ReadFile(filepath.Join(b.home, applications, entryName(p.FamilyName, "Program")))
	b.ok(err)
	keys := readKeys(t, content)
	if keys["MimeType"] != "application/x-berth-contoso;" {
		t.Errorf("MimeType=%q", keys["MimeType"])
	}
	command, ok := strings.CutSuffix(keys["Exec"], " %f")
	if !ok {
		t.Fatalf("Exec=%s, want a program that is given a file", keys["Exec"])
	}
	out := filepath.Join(t.TempDir(), "out")
	words := append(readExec(t, command), `C:\a file.contoso`)
	c := exec.CommandContext(t.Context(), words[0], words[1:]...)
	prefix := t.TempDir()
	c.Env = append(os.Environ(), "WINEPREFIX="+prefix, "WINEDEBUG=-all", "WINEDLLOVERRIDES=mscoree,mshtml=",
		"BERTH_TEST_OUT=Z:"+strings.ReplaceAll(out, "/", `\`))
	said, err := c.CombinedOutput()
	t.Cleanup(func() {
		end := exec.Command("/usr/lib/wine/wineserver", "-k", "-w")
		end.Env = c.Env
		_ = end.Run() // a server that has ended already is as well
	})
	if err != nil {
		t.Fatalf("%q: %v\n%s", words, err, said)
	}
	got, err := os.ReadFile(out)
	if err != nil || strings.TrimSpace(string(got)) != `out of the image|C:\a file.contoso` {
		t.Errorf("the program wrote %q, %v", got, err)
	}
}

// windowsPackage builds the program of testdata/program into a signed package in an image.
func windowsPackage(t *testing.T, b *bench, compiler string) (*imaging.Library, berth.PlannedPackage, berth.Certificate) {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "package")
	program := filepath.Join(folder, "VFS/ProgramFilesX64/Contoso Program")
	b.ok(os.MkdirAll(program, 0o755))
	if out, err := exec.Command(compiler, "-O2", "-s", "-o", filepath.Join(program, "program.exe"), "testdata/program/program.c").CombinedOutput(); err != nil {
		t.Fatalf("the compiler: %v\n%s", err, out)
	}
	manifest, err := os.ReadFile("testdata/program/AppxManifest.xml")
	b.ok(err)
	b.ok(os.WriteFile(filepath.Join(folder, "AppxManifest.xml"), manifest, 0o600))
	for _, dir := range []string{folder, program} {
		b.ok(os.WriteFile(filepath.Join(dir, "data.txt"), []byte("out of the image"), 0o600))
	}
	cert, key, err := imaging.SelfSigned("CN=Contoso Test", time.Now(), rand.Reader)
	b.ok(err)
	b.ok(imaging.SignFolder(folder, folder+".msix", cert, key))
	opener, err := share.New(share.Options{Anywhere: true, Log: slog.New(slog.DiscardHandler)})
	b.ok(err)
	library := imaging.New(opener, slog.New(slog.DiscardHandler))
	path := folder + ".vhdx"
	_, err = library.Build(t.Context(), imaging.BuildOptions{Packages: []string{folder + ".msix"}, Out: path})
	b.ok(err)
	found, err := library.Read(t.Context(), path)
	b.ok(err)
	if len(found) != 1 {
		t.Fatalf("%d packages in the image", len(found))
	}
	k := found[0]
	return library, berth.PlannedPackage{FullName: k.FullName, FamilyName: k.FamilyName, DisplayName: k.DisplayName, ImagePath: path,
		RelativePath: k.RelativePath, Applications: k.Applications, Thumbprint: k.Certificate.Thumbprint, BlockMapSHA256: k.Observed.BlockMapSHA256}, *k.Certificate
}
