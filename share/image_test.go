//go:build unix

package share_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"berth"
	"berth/disk"
	"berth/imaging"
	"berth/mount"
	"berth/share"
)

const (
	publisher = "CN=Berth Test"
	unc       = `\\fs\private\`
)

const manifest = `<?xml version="1.0" encoding="utf-8"?>
<Package xmlns="http://schemas.microsoft.com/appx/manifest/foundation/windows10">
<Identity Name="Test.Share" Publisher="` + publisher + `" Version="1.0.0.0" ProcessorArchitecture="x64"/>
<Properties><DisplayName>Share</DisplayName><PublisherDisplayName>Berth</PublisherDisplayName><Logo>logo.png</Logo></Properties>
<Dependencies><TargetDeviceFamily Name="Windows.Desktop" MinVersion="10.0.17763.0" MaxVersionTested="10.0.22000.0"/></Dependencies>
<Resources><Resource Language="en-us"/></Resources></Package>`

// counting opens files of a server and counts what is asked for.
type counting struct {
	*share.Opener
	reads, bytes atomic.Int64
}

func (c *counting) Open(ctx context.Context, path string) (*share.File, error) {
	f, err := c.Opener.Open(ctx, path)
	if err == nil {
		share.Counted(f, &c.reads, &c.bytes)
	}
	return f, err
}

func library(o imaging.Opener) *imaging.Library { return imaging.New(o, slog.New(slog.DiscardHandler)) }

// makeImage builds an image of a signed package of some MB at a path, and returns the package's files.
func makeImage(t *testing.T, out string) map[string][]byte {
	t.Helper()
	big := make([]byte, 5<<20)
	_, _ = rand.Read(big)
	files := map[string][]byte{"AppxManifest.xml": []byte(manifest), "logo.png": []byte("logo"), "data/big.bin": big, "data/text.txt": bytes.Repeat([]byte("text "), 100_000)}
	dir := t.TempDir()
	for name, content := range files {
		file := filepath.Join(dir, "tree", name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, content, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	cert, key, err := imaging.SelfSigned(publisher, time.Now(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if err := imaging.SignFolder(filepath.Join(dir, "tree"), filepath.Join(dir, "p.msix"), cert, key); err != nil {
		t.Fatal(err)
	}
	local, err := share.New(share.Options{Anywhere: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := library(local).Build(t.Context(), imaging.BuildOptions{Packages: []string{filepath.Join(dir, "p.msix")}, Out: out}); err != nil {
		t.Fatal(err)
	}
	return files
}

// TestImageOnShare inspects, verifies and mounts an image through its UNC path.
func TestImageOnShare(t *testing.T) {
	s := share.StartTestServer(t)
	files := makeImage(t, s.Path("a.vhdx"))
	o := &counting{Opener: s.Opener(s.Address())}
	lib := library(o)
	img, err := lib.Inspect(t.Context(), unc+"a.vhdx")
	if err != nil || len(img.Packages) != 1 {
		t.Fatalf("%+v, %v", img, err)
	}
	t.Logf("inspecting took %d reads of %d bytes", o.reads.Load(), o.bytes.Load())
	if o.reads.Load() > 12 || o.bytes.Load() > 3<<20 {
		t.Error("inspecting asks too much")
	}
	o.reads.Store(0)
	v, err := lib.VerifyImage(t.Context(), unc+"a.vhdx", imaging.VerifyOptions{Now: time.Now()})
	if err != nil || !v.OK {
		t.Errorf("%+v, %v", v, err)
	}
	t.Logf("verifying took %d reads of an image of %d bytes", o.reads.Load(), img.Size)
	if o.reads.Load() > 60 {
		t.Error("verifying asks too often")
	}
	mounted(t, lib, img.Packages[0].Path, files)
}

func mounted(t *testing.T, lib *imaging.Library, dir string, files map[string][]byte) {
	t.Helper()
	g, err := lib.OpenGuarded(t.Context(), unc+"a.vhdx", -1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = g.Close() }()
	at := t.TempDir()
	m, err := mount.Serve(at, g.FS, mount.Options{})
	if err != nil {
		t.Logf("skipped: FUSE cannot be used here: %v", err)
		return
	}
	defer func() { _ = m.Unmount(true) }()
	if err := m.OpenHere(); err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		if got, err := os.ReadFile(filepath.Join(at, dir, name)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, %v; want %d", name, len(got), err, len(want))
		}
	}
}

// gate passes bytes on to a server until a number of them has come back; then it is shut until it is opened again.
type gate struct {
	net.Listener
	to   string
	left atomic.Int64

	mu    sync.Mutex
	conns []net.Conn
}

func newGate(t *testing.T, to string) *gate {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{Listener: l, to: to}
	t.Cleanup(func() { _ = l.Close(); g.shut() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go g.pass(c)
		}
	}()
	return g
}

func (g *gate) pass(c net.Conn) {
	server, err := net.Dial("tcp", g.to)
	if err != nil || g.left.Load() <= 0 {
		_ = c.Close()
		return
	}
	g.mu.Lock()
	g.conns = append(g.conns, c, server)
	g.mu.Unlock()
	go func() { _, _ = io.Copy(server, c) }()
	buf := make([]byte, 16<<10)
	for {
		n, err := server.Read(buf)
		if err != nil || g.left.Add(-int64(n)) <= 0 {
			g.shut()
			return
		}
		if _, err := c.Write(buf[:n]); err != nil {
			return
		}
	}
}

func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range g.conns {
		_ = c.Close()
	}
	g.conns = nil
}

// TestConnectionDropsHalfWay has the connection go while an image is verified: an error that names it, not a verdict; and
// another attempt succeeds.
func TestConnectionDropsHalfWay(t *testing.T) {
	s := share.StartTestServer(t)
	makeImage(t, s.Path("a.vhdx"))
	g := newGate(t, s.Address())
	g.left.Store(3 << 20)
	lib := library(s.Opener(g.Addr().String()))
	v, err := lib.VerifyImage(t.Context(), unc+"a.vhdx", imaging.VerifyOptions{Now: time.Now()})
	e, ok := errors.AsType[*berth.Error](err)
	if !ok || e.Kind != berth.Unavailable || !strings.Contains(e.Message, unc+"a.vhdx") || v != nil {
		t.Fatalf("%+v, %v", v, err)
	}
	g.left.Store(1 << 40)
	if v, err := lib.VerifyImage(t.Context(), unc+"a.vhdx", imaging.VerifyOptions{Now: time.Now()}); err != nil || !v.OK {
		t.Errorf("the second attempt: %+v, %v", v, err)
	}
}

// TestHugeImageOnShare inspects an image of 100 GiB: almost nothing of it is asked for, and memory stays small.
func TestHugeImageOnShare(t *testing.T) {
	s := share.StartTestServer(t)
	small := filepath.Join(t.TempDir(), "small.vhdx")
	makeImage(t, small)
	local, err := share.New(share.Options{Anywhere: true})
	if err != nil {
		t.Fatal(err)
	}
	files, err := library(local).Open(t.Context(), small, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = files.Close() }()
	for _, c := range []struct{ name, format, subformat string }{{"fixed.vhd", disk.VHD, "fixed"}, {"dynamic.vhdx", disk.VHDX, "dynamic"}} {
		t.Run(c.name, func(t *testing.T) {
			makeHuge(t, s.Path(c.name), disk.Spec{Format: c.format, Subformat: c.subformat, Size: 100 << 30, Time: time.Now(), Random: rand.Reader}, files.FS)
			o := &counting{Opener: s.Opener(s.Address())}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			img, err := library(o).Inspect(t.Context(), unc+c.name)
			runtime.ReadMemStats(&after)
			if err != nil || len(img.Packages) != 1 || img.VirtualSize != 100<<30 {
				t.Fatalf("%+v, %v", img, err)
			}
			t.Logf("%d reads of %d bytes, %d bytes of memory asked for", o.reads.Load(), o.bytes.Load(), after.TotalAlloc-before.TotalAlloc)
			if o.reads.Load() > 40 || o.bytes.Load() > 16<<20 || after.TotalAlloc-before.TotalAlloc > 64<<20 {
				t.Error("inspecting asks too much")
			}
		})
	}
}

// makeHuge makes an image that is mostly a hole.
func makeHuge(t *testing.T, out string, spec disk.Spec, tree fs.FS) {
	t.Helper()
	f, err := os.Create(out)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(disk.Create(f, spec, tree), f.Close()); err != nil {
		t.Fatal(err)
	}
}
