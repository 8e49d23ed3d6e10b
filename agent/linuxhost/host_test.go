//go:build linux

package linuxhost

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"berth"
	"berth/agent"
	"berth/mount"
)

const (
	appV1 = "Contoso.App_1.0.0.0_x64__8wekyb3d8bbwe"
	appV2 = "Contoso.App_2.0.0.0_x64__8wekyb3d8bbwe"
)

// TestMain makes sure that no test leaves a mount behind, and plays the process that is killed while it serves one.
func TestMain(m *testing.M) {
	if dir := os.Getenv("BERTH_TEST_SERVE"); dir != "" {
		serveUntilKilled(dir)
	}
	if dir := os.Getenv("BERTH_TEST_SUPERVISE"); dir != "" {
		superviseForTest(dir)
	}
	// A temporary folder of our own tells our mounts from those of tests that run beside.
	dir, err := os.MkdirTemp("", "berth-test-")
	if err == nil {
		err = os.Setenv("TMPDIR", dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if b, err := os.ReadFile("/proc/self/mountinfo"); err != nil || bytes.Contains(b, []byte(dir)) {
		fmt.Fprintf(os.Stderr, "mounts were left behind below %s: %v\n%s", dir, err, b)
		os.Exit(1)
	}
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// shelf is Images in memory: the files of packages by image path.
type shelf struct {
	mu     sync.Mutex
	images map[string]*Image
	open   int
}

func (s *shelf) Attach(_ context.Context, imagePath, _ string) (*Image, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, ok := s.images[imagePath]
	if !ok {
		return nil, &berth.Error{Kind: berth.NotFound, Code: "ENOENT", Message: "no file " + imagePath}
	}
	s.open++
	c := *i
	c.Close = sync.OnceValue(func() error { s.mu.Lock(); defer s.mu.Unlock(); s.open--; return nil })
	return &c, nil
}

func (s *shelf) opened() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open
}

// signer is a self-signed certificate that signs code.
func signer(t testing.TB, name string, from, to time.Time) berth.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: from, NotAfter: to,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return berth.Certificate{Subject: "CN=" + name, Thumbprint: thumbprint(c), DER: der, NotBefore: from, NotAfter: to}
}

// content is what a small package holds.
func content(version string) fstest.MapFS {
	at := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	return fstest.MapFS{
		"AppxManifest.xml":                {Data: []byte("<Package/>"), ModTime: at},
		"VFS/ProgramFilesX64/App/app.exe": {Data: bytes.Repeat([]byte(version), 70<<10), ModTime: at},
		"VFS/ProgramFilesX64/App/a b.txt": {Data: []byte("text"), ModTime: at},
		"empty":                           {ModTime: at},
	}
}

// bench is a host with a shelf, a home and a trusted signer.
type bench struct {
	t      *testing.T
	dir    string
	home   string
	shelf  *shelf
	signer berth.Certificate
	log    *bytes.Buffer
	logMu  *sync.Mutex
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, dir: filepath.Join(t.TempDir(), "state folder"), home: t.TempDir(), log: &bytes.Buffer{}, logMu: &sync.Mutex{},
		shelf: &shelf{images: map[string]*Image{}}, signer: signer(t, "Contoso", time.Now().Add(-time.Hour), time.Now().Add(time.Hour))}
	b.put(appV1, content("v1"))
	b.put(appV2, content("v2"))
	return b
}

func (b *bench) put(fullName string, files fs.FS) *Image {
	i := &Image{FS: files, Package: berth.Package{FullName: fullName, Certificate: &b.signer,
		Observed: &berth.Observation{BlockMapSHA256: "aa" + fullName, Bytes: 1000}}}
	b.shelf.images["/share/"+fullName] = i
	return i
}

func (b *bench) Write(p []byte) (int, error) {
	b.logMu.Lock()
	defer b.logMu.Unlock()
	return b.log.Write(p)
}

func (b *bench) logged() string {
	b.logMu.Lock()
	defer b.logMu.Unlock()
	return b.log.String()
}

// host opens the host; FUSE is needed where it is asked for.
func (b *bench) host(attach Attach, change ...func(*Options)) *Host {
	b.t.Helper()
	o := Options{StateDir: b.dir, Images: b.shelf, Log: slog.New(slog.NewTextHandler(b, nil)), Attach: attach, Roots: x509.NewCertPool()}
	for _, c := range change {
		c(&o)
	}
	h, err := New(o)
	if err != nil {
		b.t.Fatal(err)
	}
	if attach == AttachFUSE && h.why != "" {
		b.t.Skip("skipped: FUSE may not be used here: " + h.why)
	}
	if o, ok := h.holder.(*own); ok {
		o.opened = (*mount.Mount).OpenHere
	}
	b.t.Cleanup(func() {
		err := h.Close()
		folders, gerr := filepath.Glob(h.path("packages", "*"))
		for _, f := range folders { // read-only: others than root cannot remove them as they are
			err = errors.Join(err, h.removeFolder(f))
		}
		if err := errors.Join(err, gerr); err != nil {
			b.t.Error(err)
		}
	})
	return h
}

func (b *bench) trust(h *Host) {
	b.t.Helper()
	if err := h.Trust(b.t.Context(), []berth.Certificate{b.signer}, nil); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) plan(fullName string) berth.PlannedPackage {
	return berth.PlannedPackage{FullName: fullName, FamilyName: familyOf(fullName), DisplayName: "Contoso",
		ImagePath: "/share/" + fullName, Thumbprint: b.signer.Thumbprint, BlockMapSHA256: "AA" + fullName,
		Applications: []berth.Application{{ID: "App", DisplayName: "The App", Executable: `VFS\ProgramFilesX64\App\app.exe`}}}
}

func (b *bench) session(id string) berth.Session {
	b.t.Helper()
	if err := OpenSession(b.dir, Session{ID: id, User: "anna", Home: b.home}); err != nil {
		b.t.Fatal(err)
	}
	return berth.Session{ID: id, User: "anna"}
}

func (b *bench) ok(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// shape writes an observation as "name staged session1? session2; orphan id".
func (b *bench) shape(h *Host) string {
	b.t.Helper()
	seen, err := h.Observe(b.t.Context())
	b.ok(err)
	var list []string
	for _, p := range seen.Packages {
		w := strings.TrimPrefix(strings.TrimSuffix(p.FullName, "_x64__8wekyb3d8bbwe"), "Contoso.")
		if p.Staged && p.Attached {
			w += " staged"
		}
		for _, r := range p.Registered {
			w += " " + r.Session.ID
			if !r.Complete {
				w += "?"
			}
		}
		list = append(list, w)
	}
	for _, o := range seen.Orphans {
		list = append(list, "orphan "+o.ID)
	}
	return strings.Join(list, ", ")
}

func (b *bench) want(h *Host, want string) {
	b.t.Helper()
	if got := b.shape(h); got != want {
		b.t.Fatalf("the machine shows %q, want %q", got, want)
	}
}

// sameContent compares what is attached with what the image holds.
func (b *bench) sameContent(h *Host, fullName string, want fstest.MapFS) {
	b.t.Helper()
	dir := h.packagePath(fullName)
	seen := 0
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, _ := filepath.Rel(dir, p)
		got, err := os.ReadFile(p)
		info, serr := os.Stat(p)
		if err := errors.Join(err, serr); err != nil {
			return err
		}
		w := want[filepath.ToSlash(name)]
		if w == nil || !bytes.Equal(got, w.Data) || !info.ModTime().Equal(w.ModTime) || info.Mode() != 0o555 {
			b.t.Errorf("%s: %d bytes, %v", name, len(got), info)
		}
		seen++
		return nil
	})
	if err != nil || seen != len(want) {
		b.t.Errorf("%d files, want %d; %v", seen, len(want), err)
	}
	if err := os.WriteFile(filepath.Join(dir, "new"), nil, 0o600); h.mode == AttachFUSE && err == nil {
		b.t.Error("a mount can be written to")
	}
}

var _ agent.Platform = (*Host)(nil)
