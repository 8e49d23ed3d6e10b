//go:build linux

package linuxhost

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"berth"
	"berth/agent"
	"berth/mount"
)

func TestStageBothWays(t *testing.T) {
	for _, attach := range []Attach{AttachFUSE, AttachExtract} {
		t.Run(string(attach), func(t *testing.T) {
			b := newBench(t)
			h := b.host(attach)
			b.trust(h)
			for range 2 { // twice is once
				b.ok(h.Stage(t.Context(), b.plan(appV1)))
			}
			b.ok(h.Stage(t.Context(), b.plan(appV2)))
			b.sameContent(h, appV1, content("v1"))
			b.sameContent(h, appV2, content("v2"))
			b.want(h, "App_1.0.0.0 staged, App_2.0.0.0 staged")
			if want := map[Attach]int{AttachFUSE: 2, AttachExtract: 0}[attach]; b.shelf.opened() != want {
				t.Errorf("%d images are open, want %d", b.shelf.opened(), want)
			}
			for range 2 {
				b.ok(h.Destage(t.Context(), appV1))
			}
			b.want(h, "App_2.0.0.0 staged")
			b.ok(h.Destage(t.Context(), appV2))
			b.want(h, "")
			if left, _ := os.ReadDir(h.path("packages")); len(left) > 0 || b.shelf.opened() > 0 {
				t.Errorf("left behind: %v; %d images open", left, b.shelf.opened())
			}
		})
	}
}

func TestDescribe(t *testing.T) {
	b := newBench(t)
	tests := map[string]struct {
		attach Attach
		device string
		want   string
	}{
		"no device":      {AttachAuto, "/dev/no-fuse", "extract: /dev/no-fuse: no such file or directory"},
		"fuse or not":    {AttachFUSE, "/dev/no-fuse", "fuse: /dev/no-fuse: no such file or directory"},
		"as configured":  {AttachExtract, "", "extract: as configured"},
		"not to be used": {AttachAuto, "/", "extract: /: is a directory"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			h, err := New(Options{StateDir: b.dir, Images: b.shelf, Log: slog.New(slog.DiscardHandler), Attach: tt.attach, Device: tt.device})
			b.ok(err)
			m, err := h.Describe(t.Context())
			if err != nil || m.AttachMode != tt.want || m.Platform != "linuxhost" || m.OS == "" || m.Architecture == "" {
				t.Errorf("%+v, %v", m, err)
			}
		})
	}
	if m, err := b.host(AttachFUSE).Describe(t.Context()); err != nil || m.AttachMode != "fuse" {
		t.Errorf("%+v, %v", m, err)
	}
	if _, err := New(Options{StateDir: b.dir, Attach: "magic"}); berth.ErrorKind(err) != berth.Invalid {
		t.Errorf("unknown way: %v", err)
	}
}

func TestStageRefuses(t *testing.T) {
	expired := signer(t, "Old", time.Now().Add(-time.Hour), time.Now().Add(-time.Minute))
	stamped := expired
	stamped.Timestamped = true
	other := signer(t, "Stranger", time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	tests := map[string]struct {
		change func(*berth.PlannedPackage, *Image)
		phase  berth.Phase
		code   string
		want   string // part of the message; "" is success
	}{
		"good":             {func(*berth.PlannedPackage, *Image) {}, "", "", ""},
		"plan knows less":  {func(p *berth.PlannedPackage, _ *Image) { p.Thumbprint, p.BlockMapSHA256 = "", "" }, "", "", ""},
		"no image":         {func(p *berth.PlannedPackage, _ *Image) { p.ImagePath = "/gone" }, berth.PhaseAttach, "ENOENT", "/gone"},
		"unsigned":         {func(_ *berth.PlannedPackage, i *Image) { i.Package.Certificate = nil }, berth.PhaseTrust, "0x800B0100", "not signed"},
		"stranger":         {func(_ *berth.PlannedPackage, i *Image) { i.Package.Certificate = &other }, berth.PhaseTrust, "0x800B0109", "CN=Stranger, thumbprint " + other.Thumbprint},
		"expired":          {func(_ *berth.PlannedPackage, i *Image) { i.Package.Certificate = &expired }, berth.PhaseTrust, "0x800B0101", "was in force from"},
		"expired, stamped": {func(p *berth.PlannedPackage, i *Image) { i.Package.Certificate, p.Thumbprint = &stamped, "" }, "", "", ""},
		"other package":    {func(_ *berth.PlannedPackage, i *Image) { i.Package.FullName = appV2 }, berth.PhaseVerify, "0x80080207", "AppxManifest.xml"},
		"other signer":     {func(p *berth.PlannedPackage, _ *Image) { p.Thumbprint = "00" }, berth.PhaseVerify, "0x80080207", "AppxSignature.p7x"},
		"other block map":  {func(p *berth.PlannedPackage, _ *Image) { p.BlockMapSHA256 = "00" }, berth.PhaseVerify, "0x80080207", "AppxBlockMap.xml"},
		"bad content": {func(_ *berth.PlannedPackage, i *Image) {
			i.Verify = func(context.Context) error { return &berth.Error{Code: "0x80080206", Message: "file x is missing"} }
		}, berth.PhaseVerify, "0x80080206", "file x is missing"},
		"climbs out": {func(p *berth.PlannedPackage, _ *Image) { p.FullName = "../../" + p.FullName }, "", "0x80080204", "not the full name"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			h := b.host(AttachExtract, func(o *Options) { o.VerifyAll = true })
			b.trust(h)
			b.ok(h.Trust(t.Context(), []berth.Certificate{expired}, nil))
			p, i := b.plan(appV1), b.shelf.images["/share/"+appV1]
			tt.change(&p, i)
			err := h.Stage(t.Context(), p)
			if tt.want == "" {
				b.ok(err)
				return
			}
			e, _ := errors.AsType[*berth.Error](err)
			step, _ := errors.AsType[*agent.StepError](err)
			if e == nil || e.Code != tt.code || !strings.Contains(e.Message, tt.want) {
				t.Errorf("got %#v, want %s %q", err, tt.code, tt.want)
			}
			if tt.phase != "" && (step == nil || step.Phase != tt.phase) {
				t.Errorf("got %v, want phase %s", step, tt.phase)
			}
			if left, _ := os.ReadDir(h.path("packages")); len(left) > 0 || b.shelf.opened() > 0 {
				t.Errorf("left behind: %v; %d images open", left, b.shelf.opened())
			}
		})
	}
}

func TestTrustStore(t *testing.T) {
	b := newBench(t)
	h := b.host(AttachExtract)
	own := h.path("certificates", "own.pem")
	b.ok(os.WriteFile(own, []byte("the administrator's"), 0o600))
	b.trust(h)
	seen, err := h.Observe(t.Context())
	if err != nil || len(seen.Certificates) != 1 || seen.Certificates[0] != b.signer.Thumbprint {
		t.Errorf("%v, %v", seen.Certificates, err)
	}
	for range 2 {
		b.ok(h.Trust(t.Context(), nil, []string{strings.ToLower(b.signer.Thumbprint)}))
	}
	if err := h.Stage(t.Context(), b.plan(appV1)); err == nil {
		t.Error("a signer is trusted after its certificate was removed")
	}
	wrong := b.signer
	wrong.Thumbprint = strings.Repeat("0", 40)
	for name, err := range map[string]error{
		"another's thumbprint": h.Trust(t.Context(), []berth.Certificate{wrong}, nil),
		"a path":               h.Trust(t.Context(), nil, []string{"../own"}),
	} {
		if err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	if _, err := os.Stat(own); err != nil {
		t.Errorf("the administrator's certificate: %v", err)
	}
}

// rotten has a file whose second block is not as signed.
type rotten struct{ fstest.MapFS }

func (r rotten) Open(name string) (fs.File, error) {
	f, err := r.MapFS.Open(name)
	if name != "VFS/ProgramFilesX64/App/app.exe" || err != nil {
		return f, err
	}
	return rottenFile{f}, nil
}

type rottenFile struct{ fs.File }

func (r rottenFile) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > 64<<10 {
		return 0, errors.New("block hash does not match")
	}
	return r.File.(interface {
		ReadAt([]byte, int64) (int, error)
	}).ReadAt(p, off)
}

func (r rottenFile) Read([]byte) (int, error) { return 0, errors.New("block hash does not match") }

func TestBadBlock(t *testing.T) {
	b := newBench(t)
	b.put(appV1, rotten{content("v1")})
	h := b.host(AttachFUSE)
	b.trust(h)
	b.ok(h.Stage(t.Context(), b.plan(appV1)))
	f, err := os.Open(filepath.Join(h.packagePath(appV1), "VFS/ProgramFilesX64/App/app.exe"))
	b.ok(err)
	defer f.Close()
	buf := make([]byte, 4096)
	if _, err := f.ReadAt(buf, 0); err != nil || !strings.HasPrefix(string(buf), "v1v1") {
		t.Errorf("a good block: %v", err)
	}
	if _, err := f.ReadAt(buf, 80<<10); !errors.Is(err, syscall.EIO) {
		t.Errorf("a bad block: %v, want EIO", err)
	}
	if l := b.logged(); !strings.Contains(l, "app.exe") || !strings.Contains(l, "block=1") {
		t.Errorf("the log names neither file nor block: %s", l)
	}
	seen, err := h.Observe(t.Context())
	if err != nil || len(seen.Problems) == 0 || !strings.Contains(seen.Problems[0], "app.exe, block 1: block hash") {
		t.Errorf("problems %q, %v", seen.Problems, err)
	}
	b.sameContentOf(h, "empty")

	extracting := newBench(t)
	extracting.put(appV1, rotten{content("v1")})
	x := extracting.host(AttachExtract)
	extracting.trust(x)
	if err := x.Stage(t.Context(), extracting.plan(appV1)); err == nil || !strings.Contains(err.Error(), "block hash") {
		t.Errorf("a bad block was extracted: %v", err)
	}
	extracting.want(x, "App_1.0.0.0")
}

func (b *bench) sameContentOf(h *Host, name string) {
	b.t.Helper()
	if _, err := os.ReadFile(filepath.Join(h.packagePath(appV1), name)); err != nil {
		b.t.Error(err)
	}
}

// explosive panics where a format package would on hostile input.
type explosive struct{ fstest.MapFS }

func (e explosive) Open(name string) (fs.File, error) {
	if name == "AppxManifest.xml" {
		panic("hostile")
	}
	return e.MapFS.Open(name)
}

func (e explosive) Stat(name string) (fs.FileInfo, error) { return e.MapFS.Stat(name) }

func TestPanicIsEIO(t *testing.T) {
	b := newBench(t)
	b.put(appV1, explosive{content("v1")})
	h := b.host(AttachFUSE)
	b.trust(h)
	b.ok(h.Stage(t.Context(), b.plan(appV1)))
	if _, err := os.ReadFile(filepath.Join(h.packagePath(appV1), "AppxManifest.xml")); !errors.Is(err, syscall.EIO) {
		t.Errorf("got %v, want EIO", err)
	}
	b.sameContentOf(h, "VFS/ProgramFilesX64/App/app.exe")
}

func TestManyReadersAtOnce(t *testing.T) {
	b := newBench(t)
	h := b.host(AttachFUSE)
	b.trust(h)
	b.ok(h.Stage(t.Context(), b.plan(appV1)))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { b.sameContent(h, appV1, content("v1")) })
	}
	all.Wait()
}

func TestDestageOfWhatIsOpen(t *testing.T) {
	b := newBench(t)
	h := b.host(AttachFUSE)
	b.trust(h)
	b.ok(h.Stage(t.Context(), b.plan(appV1)))
	f, err := os.Open(filepath.Join(h.packagePath(appV1), "empty"))
	b.ok(err)
	err = h.Destage(t.Context(), appV1)
	if e, _ := errors.AsType[*berth.Error](err); e == nil || e.Code != "EBUSY" {
		t.Errorf("got %v, want EBUSY", err)
	}
	b.want(h, "App_1.0.0.0 staged")
	b.ok(f.Close())
	b.ok(h.Destage(t.Context(), appV1))
	b.want(h, "")
}

// serveUntilKilled is the process that TestKilledAgent kills.
func serveUntilKilled(dir string) {
	h, err := New(Options{StateDir: dir, Images: &shelf{images: map[string]*Image{"x": {FS: content("v1")}}}, Log: slog.New(slog.DiscardHandler), Attach: AttachFUSE})
	if err == nil {
		var i *Image
		i, err = h.options.Images.Attach(context.Background(), "x", "")
		if err == nil {
			err = h.writeRecord(berth.PlannedPackage{FullName: appV1, FamilyName: familyOf(appV1), ImagePath: "/share/" + appV1}, &Image{})
		}
		if err == nil {
			err = h.holder.hold(context.Background(), berth.PlannedPackage{FullName: appV1}, h.packagePath(appV1), i)
		}
	}
	if err != nil {
		println(err.Error())
		os.Exit(1)
	}
	println("serving")
	select {}
}

// TestKilledAgent kills a process that serves a mount with SIGKILL, and lets another host find what it left.
func TestKilledAgent(t *testing.T) {
	b := newBench(t)
	h := b.host(AttachFUSE)
	b.trust(h)
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "BERTH_TEST_SERVE="+b.dir)
	out, err := child.StderrPipe()
	b.ok(err)
	b.ok(child.Start())
	said := make([]byte, 100)
	if n, err := out.Read(said); err != nil || !strings.HasPrefix(string(said[:n]), "serving") {
		t.Fatalf("the child says %q, %v", said, err)
	}
	b.sameContent(h, appV1, content("v1")) // served by the child
	b.ok(child.Process.Kill())
	_, _ = child.Process.Wait()
	if _, err := os.ReadDir(h.packagePath(appV1)); !errors.Is(err, syscall.ENOTCONN) {
		t.Fatalf("the mount of a killed process gives %v, want ENOTCONN", err)
	}
	b.want(h, "App_1.0.0.0, orphan mount:"+appV1)

	t.Run("repaired", func(t *testing.T) {
		seen, err := h.Observe(t.Context())
		b.ok(err)
		b.ok(h.Repair(t.Context(), seen.Orphans[0]))
		b.want(h, "App_1.0.0.0")
		if seen.Packages[0].Origin.ImagePath != "/share/"+appV1 {
			t.Errorf("origin %+v", seen.Packages[0].Origin)
		}
	})
	b.ok(h.Stage(t.Context(), b.plan(appV1)))
	b.want(h, "App_1.0.0.0 staged")
	b.sameContent(h, appV1, content("v1"))
}

// TestUnmountedByHand has an administrator take the mount away.
func TestUnmountedByHand(t *testing.T) {
	b := newBench(t)
	h := b.host(AttachFUSE)
	b.trust(h)
	b.ok(h.Stage(t.Context(), b.plan(appV1)))
	b.ok(mount.Unmount(h.packagePath(appV1), true))
	b.want(h, "App_1.0.0.0")
	b.ok(h.Stage(t.Context(), b.plan(appV1)))
	b.want(h, "App_1.0.0.0 staged")
	if n := b.shelf.opened(); n != 1 {
		t.Errorf("%d images open, want 1", n)
	}
}

func TestLeftovers(t *testing.T) {
	b := newBench(t)
	h := b.host(AttachExtract)
	b.ok(os.MkdirAll(h.path("packages", temporary+appV1, "deep"), 0o755))
	b.ok(os.Chmod(h.path("packages", temporary+appV1, "deep"), 0o555))
	b.ok(os.Mkdir(h.path("packages", appV2), 0o755))
	b.ok(os.WriteFile(h.path("packages", "odd"), nil, 0o600))
	b.ok(os.WriteFile(h.path("packages", appV1+".json"), []byte("{"), 0o600))
	b.want(h, "orphan file:"+temporary+appV1+", orphan file:"+appV1+".json, orphan file:odd, orphan folder:"+appV2)
	seen, err := h.Observe(t.Context())
	b.ok(err)
	for _, o := range seen.Orphans {
		b.ok(h.Repair(t.Context(), o))
	}
	b.want(h, "")
	for _, id := range []string{"file:", "file:..", "folder:../x", "magic:x"} {
		if err := h.Repair(t.Context(), agent.Orphan{ID: id}); err == nil {
			t.Errorf("repair of %q", id)
		}
	}
}

func TestExtractHostileNames(t *testing.T) {
	b := newBench(t)
	h := b.host(AttachExtract)
	b.trust(h)
	deep := fstest.MapFS{strings.Repeat("d/", 80) + "f": {Data: []byte("x")}}
	b.put(appV1, deep)
	if err := h.Stage(t.Context(), b.plan(appV1)); err == nil || !strings.Contains(err.Error(), "deeper") {
		t.Errorf("80 folders: %v", err)
	}
	b.put(appV1, loop{})
	if err := h.Stage(t.Context(), b.plan(appV1)); err == nil {
		t.Error("a folder that climbs out was extracted")
	}
	b.want(h, "App_1.0.0.0")
	big := b.put(appV1, content("v1"))
	big.Package.Observed.Bytes = 1 << 60
	if err := h.Stage(t.Context(), b.plan(appV1)); err == nil || !strings.Contains(err.Error(), "ENOSPC") {
		t.Errorf("no space: %v", err)
	}
}

// loop is a file system whose root holds "..".
type loop struct{ fstest.MapFS }

func (loop) ReadDir(string) ([]fs.DirEntry, error) {
	info, err := fs.Stat(fstest.MapFS{"x": {Mode: fs.ModeDir}}, "x")
	return []fs.DirEntry{climbing{fs.FileInfoToDirEntry(info)}}, err
}

type climbing struct{ fs.DirEntry }

func (climbing) Name() string { return ".." }
