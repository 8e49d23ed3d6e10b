//go:build linux

package linuxhost

import (
	"bufio"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"berth"
	"berth/imaging"
	"berth/share"
)

// samples are app attach images made of real packages by other tools.
const samples = "../../../shared/testdata/generated-appattach"

const coffee = "CentennialCoffee_1.1.0.0_neutral__8wekyb3d8bbwe"

// inForce is a time at which the signer's certificate of 2017 was in force: the package bears no timestamp.
func inForce(o *Options) {
	o.Now = func() time.Time { return time.Date(2018, 1, 1, 0, 0, 0, 0, time.UTC) }
}

// unpack decompresses a sample.
func unpack(t *testing.T, name string) string {
	t.Helper()
	f, err := os.Open(filepath.Join(samples, name+".gz"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("skipped: the sample %s is not here", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name)
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(out, z)
	if err := errors.Join(err, out.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

// imageHost is a host that reads real images and trusts the signer of this one.
func imageHost(t *testing.T, b *bench, attach Attach, image string, change ...func(*Options)) (*Host, berth.PlannedPackage) {
	t.Helper()
	opener, err := share.New(share.Options{Anywhere: true, Log: slog.New(slog.DiscardHandler)})
	b.ok(err)
	library := imaging.New(opener, slog.New(slog.DiscardHandler))
	h := b.host(attach, append(change, inForce, func(o *Options) { o.Images = FromLibrary(library) })...)
	p := berth.PlannedPackage{FullName: coffee, FamilyName: familyOf(coffee), ImagePath: image, RelativePath: "MSIX/" + coffee}
	if strings.Contains(image, "coffee-gpt") {
		p.RelativePath = "apps/" + coffee
	}
	a, err := library.Attach(t.Context(), unpack(t, "coffee-gpt-dyn.vhdx"), "apps/"+coffee)
	b.ok(err)
	defer a.Close()
	p.Thumbprint, p.BlockMapSHA256, p.Applications = a.Package.Certificate.Thumbprint, a.Package.Observed.BlockMapSHA256, a.Package.Applications
	b.ok(h.Trust(t.Context(), []berth.Certificate{*a.Package.Certificate}, nil))
	return h, p
}

func TestRealImages(t *testing.T) {
	for _, name := range []string{"coffee-gpt-dyn.vhdx", "coffee-gpt-dyn.vhd", "coffee-mbr-fat32.vhd"} {
		for _, attach := range []Attach{AttachFUSE, AttachExtract} {
			t.Run(name+" "+string(attach), func(t *testing.T) {
				b := newBench(t)
				h, p := imageHost(t, b, attach, unpack(t, name), func(o *Options) { o.VerifyAll = true })
				b.ok(h.Stage(t.Context(), p))
				compareWithList(t, h.packagePath(coffee))
				b.ok(h.Register(t.Context(), b.session("s1"), p))
				entries, err := filepath.Glob(filepath.Join(b.home, applications, "berth-CentennialCoffee*.desktop"))
				if err != nil || len(entries) == 0 {
					t.Fatalf("%v, %v", entries, err)
				}
				b.ok(CloseSession(b.dir, "s1"))
				b.ok(h.Deregister(t.Context(), berth.Session{ID: "s1"}, coffee))
				b.ok(h.Destage(t.Context(), coffee))
			})
		}
	}
}

// compareWithList compares every file with the digests that were taken when the samples were made.
func compareWithList(t *testing.T, dir string) {
	t.Helper()
	f, err := os.Open(filepath.Join(samples, "expanded.sha256.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for lines := bufio.NewScanner(z); lines.Scan(); {
		sum, name, _ := strings.Cut(lines.Text(), " ")
		_, name, ok := strings.Cut(strings.TrimLeft(name, " *"), coffee+"/")
		if !ok || strings.Contains(name, "/"+coffee+"/") {
			continue
		}
		got, err := os.ReadFile(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) { // files that the block map does not have are not served
			continue
		}
		if have := sha256.Sum256(got); err != nil || hex.EncodeToString(have[:]) != sum {
			t.Errorf("%s: %x, want %s; %v", name, have, sum, err)
		}
		compared++
	}
	if compared < 38 {
		t.Errorf("%d files compared, want 38", compared)
	}
}

// unchecked are images of which only what is read is checked.
type unchecked struct{ Images }

func (u unchecked) Attach(ctx context.Context, path, relative string) (*Image, error) {
	i, err := u.Images.Attach(ctx, path, relative)
	if err == nil {
		i.Check = nil
	}
	return i, err
}

func TestTamperedImages(t *testing.T) {
	t.Run("payload, as it is read", func(t *testing.T) {
		b := newBench(t)
		h, p := imageHost(t, b, AttachFUSE, unpack(t, "tampered-payload-byte.vhdx"))
		h.options.Images = unchecked{h.options.Images} // else staging finds it, because it is a program
		b.ok(h.Stage(t.Context(), p))
		var bad []string
		b.ok(filepath.WalkDir(h.packagePath(coffee), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			if _, err := os.ReadFile(path); errors.Is(err, syscall.EIO) {
				bad = append(bad, d.Name())
			}
			return nil
		}))
		if len(bad) != 1 || !strings.Contains(b.logged(), bad[0]) {
			t.Errorf("bad files %v, want one that is in the log: %s", bad, b.logged())
		}
	})
	for name, tt := range map[string]struct {
		attach Attach
		code   string
	}{
		"tampered-payload-byte.vhdx": {AttachExtract, "0x80080207"},
		"a program, by default":      {AttachFUSE, "0x80080207"},
		"tampered-blockmap.vhdx":     {AttachFUSE, "0x80096010"},
		"unsigned.vhdx":              {AttachFUSE, "0x800B0100"},
		"truncated.vhdx":             {AttachFUSE, "0xC03A0002"},
		"missing-file.vhdx":          {AttachExtract, "0x80080206"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			file := name
			if name == "a program, by default" {
				file = "tampered-payload-byte.vhdx"
			}
			h, p := imageHost(t, b, tt.attach, unpack(t, file), func(o *Options) { o.VerifyAll = file == name })
			err := h.Stage(t.Context(), p)
			if e, _ := errors.AsType[*berth.Error](err); e == nil || e.Code != tt.code {
				t.Errorf("got %v, want %s", err, tt.code)
			}
		})
	}
}
