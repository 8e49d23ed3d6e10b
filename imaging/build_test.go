package imaging

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"berth"
	"berth/disk"
	"berth/msix"
)

const publisher = "CN=Berth Test, O=Berth, C=SE"

// folder writes the files of a package, and some that are hard for FAT and the block map.
func folder(t testing.TB, name string) (dir string, files map[string][]byte) {
	t.Helper()
	manifest := fmt.Sprintf(`<?xml version="1.0" encoding="utf-8"?>
<Package xmlns="http://schemas.microsoft.com/appx/manifest/foundation/windows10" xmlns:uap="http://schemas.microsoft.com/appx/manifest/uap/windows10">
<Identity Name="%s" Publisher="%s" Version="1.2.3.4" ProcessorArchitecture="x64"/>
<Properties><DisplayName>%[1]s</DisplayName><PublisherDisplayName>Berth</PublisherDisplayName><Logo>logo.png</Logo></Properties>
<Dependencies><TargetDeviceFamily Name="Windows.Desktop" MinVersion="10.0.17763.0" MaxVersionTested="10.0.22000.0"/></Dependencies>
<Resources><Resource Language="en-us"/></Resources>
<Applications><Application Id="App" Executable="app.exe" EntryPoint="Windows.FullTrustApplication">
<uap:VisualElements DisplayName="App" Description="An app" Square150x150Logo="logo.png" Square44x44Logo="logo.png" BackgroundColor="transparent"/>
</Application></Applications></Package>`, name, publisher)
	big := bytes.Repeat([]byte("0123456789abcdef"), 3*msix.BlockSize/16)
	files = map[string][]byte{"AppxManifest.xml": []byte(manifest), "app.exe": append(big, 'x'), "empty.dat": {}, "exact.bin": big[:msix.BlockSize],
		"a folder/ünï+cöde %20 [1].txt": []byte("text"), "a folder/below/some more.png": big[:100], "logo.png": []byte("logo")}
	dir = t.TempDir()
	for f, b := range files {
		file := filepath.Join(dir, filepath.FromSlash(f))
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, b, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return dir, files
}

// signer is one certificate for all tests: making its key takes time.
var signer = sync.OnceValues(func() (*x509.Certificate, error) {
	cert, key, err := SelfSigned(publisher, time.Now(), rand.Reader)
	signingKey, _ = x509.MarshalPKCS8PrivateKey(key)
	return cert, err
})

var signingKey []byte

func signedPackage(t testing.TB, name string) (file string, files map[string][]byte) {
	t.Helper()
	cert, err := signer()
	if err != nil {
		t.Fatal(err)
	}
	dir, files := folder(t, name)
	file = filepath.Join(t.TempDir(), name+".msix")
	if err := SignFolder(dir, file, cert, parseKey(signingKey)); err != nil {
		t.Fatal(err)
	}
	return file, files
}

func TestBuild(t *testing.T) {
	one, files := signedPackage(t, "Test.One")
	two, _ := signedPackage(t, "Test.Two")
	coffeePackage := filepath.Join(samples, "microsoft_msix-packaging/unpack/CentennialCoffee.appx")
	l, ctx := library(t), context.Background()
	for _, format := range []string{"vhd", "vhdx"} {
		for _, subformat := range []string{"fixed", "dynamic"} {
			for _, table := range []string{"gpt", "mbr", "none"} {
				t.Run(format+"-"+subformat+"-"+table, func(t *testing.T) {
					o := BuildOptions{Packages: []string{two, one}, Out: filepath.Join(t.TempDir(), "out."+format), Subformat: subformat, Table: table}
					if _, err := os.Stat(coffeePackage); err == nil {
						o.Packages = append(o.Packages, coffeePackage)
					}
					img, err := l.Build(ctx, o)
					if err != nil {
						t.Fatal(err)
					}
					if img.Format != format || img.Subformat != subformat || img.PartitionTable != table || len(img.Packages) != len(o.Packages) ||
						img.Volumes[0].FileSystem != disk.FAT32 || img.Volumes[0].Label != "BERTH" || len(img.Notes) != 0 {
						t.Errorf("%+v", img)
					}
					built(t, l, o.Out, files)
					onlyFile(t, o.Out)
					judgedByOthers(t, img)
				})
			}
		}
	}
}

// built verifies an image and reads the package Test.One in it.
func built(t *testing.T, l *Library, image string, files map[string][]byte) {
	t.Helper()
	cert, _ := signer()
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	v, err := l.VerifyImage(context.Background(), image, VerifyOptions{Roots: roots})
	if err != nil || !v.OK || v.Packages[len(v.Packages)-1].Bad == nil {
		t.Fatalf("%+v, %v", v, err)
	}
	for _, p := range v.Packages {
		if trusted := p.check(msix.CheckChain).Result == string(msix.Pass); trusted != strings.HasPrefix(p.FullName, "Test.") || p.Problem() != "" {
			t.Errorf("%s: trusted %v, problem %q", p.FullName, trusted, p.Problem())
		}
	}
	id := msix.Identity{Name: "Test.One", Publisher: publisher, Version: msix.Version{1, 2, 3, 4}, Architecture: "x64"}
	a, err := l.Attach(context.Background(), image, "apps/"+id.FullName())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.Close() }()
	if a.Package.MinBuild != 17763 || a.Package.Applications[0].Executable != "app.exe" || a.Package.Certificate == nil || !a.Package.Certificate.SelfSigned {
		t.Errorf("%+v", a.Package)
	}
	if err := a.VerifyAll(context.Background()); err != nil {
		t.Error(err)
	}
	for name, want := range files {
		if got, err := fs.ReadFile(a.FS, name); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, %v; want %d", name, len(got), err, len(want))
		}
	}
}

// onlyFile expects nothing else in the folder of a file; an empty name expects nothing at all.
func onlyFile(t *testing.T, file string) {
	t.Helper()
	list, err := os.ReadDir(filepath.Dir(file))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		if e.Name() != filepath.Base(file) {
			t.Errorf("%s was left behind", e.Name())
		}
	}
}

// judgedByOthers asks qemu-img and fsck.fat.
func judgedByOthers(t *testing.T, img *Image) {
	t.Helper()
	if _, err := exec.LookPath("qemu-img"); err != nil {
		t.Log("skipped: qemu-img is missing")
		return
	}
	format := map[string]string{disk.VHD: "vpc", disk.VHDX: "vhdx"}[img.Format]
	if out, err := exec.Command("qemu-img", "info", "-f", format, img.Path).CombinedOutput(); err != nil || !strings.Contains(string(out), fmt.Sprintf("(%d bytes)", img.VirtualSize)) {
		t.Errorf("qemu-img info: %v: %s", err, out)
	}
	if img.Format == disk.VHDX {
		if out, err := exec.Command("qemu-img", "check", "-f", format, img.Path).CombinedOutput(); err != nil {
			t.Errorf("qemu-img check: %v: %s", err, out)
		}
	}
	fsck, err := exec.LookPath("fsck.fat")
	if err != nil {
		fsck = "/usr/sbin/fsck.fat"
	}
	if _, err := os.Stat(fsck); err != nil {
		t.Log("skipped: fsck.fat is missing")
		return
	}
	raw := filepath.Join(t.TempDir(), "raw")
	if out, err := exec.Command("qemu-img", "convert", "-f", format, "-O", "raw", img.Path, raw).CombinedOutput(); err != nil {
		t.Fatalf("qemu-img convert: %v: %s", err, out)
	}
	disk, err := os.ReadFile(raw)
	if err != nil {
		t.Fatal(err)
	}
	v := img.Volumes[0]
	if err := os.WriteFile(raw, disk[v.Start:v.Start+v.Size], 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(fsck, "-n", raw).CombinedOutput(); err != nil {
		t.Errorf("fsck.fat: %v: %s", err, out)
	}
}

func TestBuildRefuses(t *testing.T) {
	good, _ := signedPackage(t, "Test.One")
	dir, _ := folder(t, "Test.Unsigned")
	unsigned := filepath.Join(t.TempDir(), "unsigned.msix")
	if err := Pack(dir, unsigned); err != nil {
		t.Fatal(err)
	}
	tampered := tamper(t, good)
	for name, c := range map[string]struct {
		change func(*BuildOptions)
		kind   berth.Kind
		code   string
	}{
		"none":               {func(o *BuildOptions) { o.Packages = nil }, berth.Invalid, ""},
		"missing":            {func(o *BuildOptions) { o.Packages = append(o.Packages, good+"x") }, berth.NotFound, "ENOENT"},
		"twice":              {func(o *BuildOptions) { o.Packages = append(o.Packages, good) }, berth.Invalid, ""},
		"unsigned":           {func(o *BuildOptions) { o.Packages = append(o.Packages, unsigned) }, berth.Invalid, codeNoSignature},
		"tampered":           {func(o *BuildOptions) { o.Packages = []string{tampered} }, berth.Invalid, codeBlockHash},
		"no package":         {func(o *BuildOptions) { o.Packages = []string{"build_test.go"} }, berth.Invalid, codeContent},
		"format":             {func(o *BuildOptions) { o.Format, o.Out = "qcow2", o.Out+".img" }, berth.Invalid, ""},
		"format unlike name": {func(o *BuildOptions) { o.Format = "vhd" }, berth.Invalid, ""},
		"subformat":          {func(o *BuildOptions) { o.Subformat = "differencing" }, berth.Invalid, ""},
		"table":              {func(o *BuildOptions) { o.Table = "apm" }, berth.Invalid, ""},
		"folder":             {func(o *BuildOptions) { o.Folder = "a/b" }, berth.Invalid, ""},
		"folder up":          {func(o *BuildOptions) { o.Folder = ".." }, berth.Invalid, ""},
		"folder name":        {func(o *BuildOptions) { o.Folder = "a:b" }, berth.Invalid, ""},
		"no folder for it":   {func(o *BuildOptions) { o.Out = filepath.Join(o.Out, "none", "a.vhdx") }, berth.Invalid, ""},
	} {
		t.Run(name, func(t *testing.T) {
			parent := t.TempDir()
			o := BuildOptions{Packages: []string{good}, Out: filepath.Join(parent, "a.vhdx")}
			c.change(&o)
			_, err := library(t).Build(context.Background(), o)
			fails(t, err, c.kind, c.code)
			readable(t, err)
			if list, _ := os.ReadDir(parent); len(list) != 0 {
				t.Errorf("left behind: %v", list)
			}
		})
	}
}

// tamper alters a byte of the content of app.exe, and its CRC-32 does not matter: the block map tells.
func tamper(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	i := bytes.Index(b, []byte("logo.pnglogo")) // a stored file right behind its name
	if i < 0 {
		t.Fatal("logo.png is not stored")
	}
	b[i+len("logo.png")] = 'L'
	out := filepath.Join(t.TempDir(), "tampered.msix")
	if err := os.WriteFile(out, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestBuildKeepsWhatIsThere(t *testing.T) {
	good, _ := signedPackage(t, "Test.One")
	out := filepath.Join(t.TempDir(), "a.vhdx")
	if err := os.WriteFile(out, []byte("precious"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := library(t).Build(context.Background(), BuildOptions{Packages: []string{good}, Out: out})
	fails(t, err, berth.Conflict, "")
	// It may also appear while the image is made.
	racing := filepath.Join(t.TempDir(), "b.vhdx")
	err = newFile(racing, func(*os.File) error { return os.WriteFile(racing, []byte("precious"), 0o644) })
	fails(t, err, berth.Conflict, "")
	for _, f := range []string{out, racing} {
		if b, _ := os.ReadFile(f); string(b) != "precious" {
			t.Errorf("%s holds %q", f, b)
		}
		onlyFile(t, f)
	}
}

// TestBuildIsInterrupted ends the context before and while the image is written.
func TestBuildIsInterrupted(t *testing.T) {
	good, _ := signedPackage(t, "Test.One")
	out := filepath.Join(t.TempDir(), "a.vhdx")
	for _, after := range []int64{0, 10, 20} {
		b, err := os.ReadFile(good)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		f := inMemory(b)
		f.read = func([]byte, int64) error {
			if f.calls.Load() > after {
				cancel()
			}
			return nil
		}
		_, err = New(f, nil).Build(ctx, BuildOptions{Packages: []string{"a.msix"}, Out: out})
		if !errors.Is(err, context.Canceled) || f.calls.Load() <= after {
			t.Errorf("after %d reads, %d in all: %v", after, f.calls.Load(), err)
		}
		onlyFile(t, out)
		if _, err := os.Stat(out); err == nil {
			t.Error("the image is there")
		}
		cancel()
	}
}

func TestPackAndSign(t *testing.T) {
	cert, err := signer()
	if err != nil {
		t.Fatal(err)
	}
	dir, files := folder(t, "Test.One")
	tmp := t.TempDir()
	unsigned, signedFile, certFile, keyFile := filepath.Join(tmp, "u.msix"), filepath.Join(tmp, "s.msix"), filepath.Join(tmp, "c.pem"), filepath.Join(tmp, "k.pem")
	for file, b := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: cert.Raw}, keyFile: {Type: "PRIVATE KEY", Bytes: signingKey}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := Pack(dir, unsigned); err != nil {
		t.Fatal(err)
	}
	l, ctx := library(t), context.Background()
	v, err := l.VerifyPackage(ctx, unsigned, VerifyOptions{AllowUnsigned: true})
	if err != nil || !v.OK || v.Packages[0].Files != len(files) {
		t.Errorf("%+v, %v", v, err)
	}
	o := SignOptions{Package: unsigned, Out: signedFile, Cert: certFile, Key: keyFile}
	if err := l.Sign(ctx, o); err != nil {
		t.Fatal(err)
	}
	if v, err = l.VerifyPackage(ctx, signedFile, VerifyOptions{}); err != nil || !v.OK {
		t.Errorf("%+v, %v", v, err)
	}
	ps, err := l.InspectPackage(ctx, signedFile)
	if err != nil || len(ps) != 1 || ps[0].Identity.Publisher != publisher || ps[0].Signature.Subject != publisher || len(ps[0].Findings) != 0 {
		t.Errorf("%+v, %v", ps, err)
	}
	osslsigncodeAgrees(t, signedFile, certFile)
	fails(t, l.Sign(ctx, o), berth.Conflict, "")
	signRefuses(t, o)
}

func osslsigncodeAgrees(t *testing.T, file, cert string) {
	t.Helper()
	if _, err := exec.LookPath("osslsigncode"); err != nil {
		t.Log("skipped: osslsigncode is missing")
		return
	}
	out, err := exec.Command("osslsigncode", "verify", "-CAfile", cert, "-in", file).CombinedOutput()
	if strings.Contains(string(out), "Unrecognized file type") {
		t.Log("skipped: this osslsigncode does not read MSIX")
		return
	}
	if err != nil {
		t.Errorf("osslsigncode: %v: %s", err, out)
	}
}

func signRefuses(t *testing.T, o SignOptions) {
	t.Helper()
	dir := t.TempDir()
	other, key, err := SelfSigned("CN=Somebody Else", time.Now(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, b []byte) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	otherCert, otherKey := write("c.pem", "CERTIFICATE", other.Raw), write("k.pem", "PRIVATE KEY", der)
	for name, c := range map[string]struct {
		change func(*SignOptions)
		kind   berth.Kind
		code   string
	}{
		"publisher":  {func(o *SignOptions) { o.Cert, o.Key = otherCert, otherKey }, berth.Invalid, codePublisher},
		"key":        {func(o *SignOptions) { o.Key = otherKey }, berth.Invalid, ""},
		"no cert":    {func(o *SignOptions) { o.Cert += "x" }, berth.Invalid, ""},
		"no key":     {func(o *SignOptions) { o.Key += "x" }, berth.Invalid, ""},
		"empty cert": {func(o *SignOptions) { o.Cert = o.Package }, berth.Invalid, ""},
		"bad cert":   {func(o *SignOptions) { o.Cert = write("bad.pem", "CERTIFICATE", []byte("x")) }, berth.Invalid, ""},
		"key as pem": {func(o *SignOptions) { o.Key = o.Package }, berth.Invalid, ""},
		"bad key":    {func(o *SignOptions) { o.Key = write("bad.pem", "PRIVATE KEY", []byte("x")) }, berth.Invalid, ""},
		"no package": {func(o *SignOptions) { o.Package += "x" }, berth.NotFound, "ENOENT"},
	} {
		t.Run(name, func(t *testing.T) {
			o := o
			o.Out = filepath.Join(t.TempDir(), "out.msix")
			c.change(&o)
			err := library(t).Sign(context.Background(), o)
			fails(t, err, c.kind, c.code)
			readable(t, err)
			onlyFile(t, filepath.Join(filepath.Dir(o.Out), "none"))
		})
	}
}

func TestPackRefuses(t *testing.T) {
	cert, err := signer()
	if err != nil {
		t.Fatal(err)
	}
	empty, broken := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(broken, "AppxManifest.xml"), []byte("<Package"), 0o644); err != nil {
		t.Fatal(err)
	}
	good, _ := folder(t, "Test.One")
	out := t.TempDir()
	for name, c := range map[string]struct {
		dir, out string
		kind     berth.Kind
		code     string
	}{
		"no folder":     {empty + "x", "", berth.NotFound, ""},
		"a file":        {filepath.Join(good, "app.exe"), "", berth.NotFound, ""},
		"no manifest":   {empty, "", berth.Invalid, codeContent},
		"bad manifest":  {broken, "", berth.Invalid, codeManifest},
		"into itself":   {good, filepath.Join(good, "a.msix"), berth.Invalid, ""},
		"below itself":  {good, filepath.Join(good, "a folder", "a.msix"), berth.Invalid, ""},
		"nowhere to go": {good, filepath.Join(out, "none", "a.msix"), berth.Invalid, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if c.out == "" {
				c.out = filepath.Join(out, "a.msix")
			}
			for _, err := range []error{Pack(c.dir, c.out), SignFolder(c.dir, c.out, cert, parseKey(signingKey))} {
				fails(t, err, c.kind, c.code)
				readable(t, err)
			}
			onlyFile(t, filepath.Join(out, "nothing"))
		})
	}
}

func TestSelfSignedNamesItself(t *testing.T) {
	cert, err := signer()
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(cert.Raw)
	if msix.SubjectName(cert) != publisher || len(hex.EncodeToString(sum[:])) != 64 || cert.CheckSignatureFrom(cert) == nil && cert.IsCA {
		t.Errorf("%s", msix.SubjectName(cert))
	}
	if _, _, err := SelfSigned("not a name", time.Now(), rand.Reader); err == nil {
		t.Error("a publisher that is no name was taken")
	}
}
