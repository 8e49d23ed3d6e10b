//go:build linux

package linuxhost

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"berth"
)

// superviseForTest is the process that outlives its host: it knows the images of newBench by their paths, and one of which
// a file cannot be read.
func superviseForTest(dir string) {
	images := map[string]*Image{}
	for name, v := range map[string]string{appV1: "v1", appV2: "v2"} {
		images["/share/"+name] = &Image{FS: content(v), Package: berth.Package{FullName: name, Observed: &berth.Observation{BlockMapSHA256: "aa" + name}}}
	}
	images["/share/bad"] = &Image{FS: unreadable{content("v1")}, Package: images["/share/"+appV1].Package}
	images["/share/other"] = &Image{FS: content("v1"), Package: berth.Package{FullName: appV1, Observed: &berth.Observation{BlockMapSHA256: "bb"}}}
	err := Supervise(context.Background(), SupervisorOptions{StateDir: dir, Images: &shelf{images: images},
		Log: slog.New(slog.NewTextHandler(os.Stderr, nil)), Idle: time.Second})
	if err != nil {
		println(err.Error())
		os.Exit(1)
	}
	os.Exit(0)
}

// unreadable fails where the program of a package is read.
type unreadable struct{ fstest.MapFS }

func (u unreadable) Open(name string) (fs.File, error) {
	f, err := u.MapFS.Open(name)
	if strings.HasSuffix(name, ".exe") && err == nil {
		return failing{f}, nil
	}
	return f, err
}

type failing struct{ fs.File }

func (failing) ReadAt([]byte, int64) (int, error) { return 0, errors.New("the block is not as signed") }

// supervisedHost has its mounts in another process. The plans of the bench name no signer, which only the agent looks at.
func supervisedHost(b *bench) *Host {
	b.t.Helper()
	h := b.host(AttachFUSE, func(o *Options) {
		o.Supervisor = []string{"/usr/bin/env", "BERTH_TEST_SUPERVISE=" + b.dir, os.Args[0]}
	})
	b.t.Cleanup(func() {
		_, err := ReleaseAll(context.Background(), b.dir, slog.New(slog.DiscardHandler))
		if err != nil {
			b.t.Error(err)
		}
		if b.t.Failed() {
			log, _ := os.ReadFile(h.path(supervisorLog))
			b.t.Logf("the supervisor says:\n%s", log)
		}
	})
	return h
}

// supervisorOf is the process that has the lock of the state folder's supervisor, 0 when none has.
func supervisorOf(t *testing.T, dir string) int {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, supervisorLog))
	if err != nil {
		t.Fatal(err)
	}
	i := strings.LastIndex(string(b), "pid=")
	if i < 0 {
		t.Fatalf("the log names no process: %s", b)
	}
	pid, err := strconv.Atoi(strings.Fields(string(b[i+4:]))[0])
	if err != nil {
		t.Fatal(err)
	}
	if start, err := startOf(pid); err != nil || start == 0 {
		return 0
	}
	return pid
}

func (b *bench) planWithoutSigner(fullName string) berth.PlannedPackage {
	p := b.plan(fullName)
	p.Thumbprint = ""
	return p
}

// TestMountsOutliveTheAgent ends one host under an open file and lets another find everything as it was.
func TestMountsOutliveTheAgent(t *testing.T) {
	b := newBench(t)
	h := supervisedHost(b)
	b.trust(h)
	b.ok(h.Stage(t.Context(), b.planWithoutSigner(appV1)))
	b.want(h, "App_1.0.0.0 staged")
	f, err := os.Open(filepath.Join(h.packagePath(appV1), "VFS/ProgramFilesX64/App/app.exe"))
	b.ok(err)
	defer f.Close()
	b.ok(h.Close())

	next := supervisedHost(b)
	b.want(next, "App_1.0.0.0 staged")
	b.sameContent(next, appV1, content("v1"))
	if got, err := io.ReadAll(f); err != nil || len(got) != 140<<10 {
		t.Errorf("the program that was open: %d bytes, %v", len(got), err)
	}
	if err := next.Destage(t.Context(), appV1); berth.ErrorKind(err) != berth.Conflict || !strings.Contains(err.Error(), "EBUSY") {
		t.Errorf("destaging what is open: %v, want a conflict with EBUSY", err)
	}
	b.ok(f.Close())
	b.ok(next.Stage(t.Context(), b.planWithoutSigner(appV2)))
	b.want(next, "App_1.0.0.0 staged, App_2.0.0.0 staged")
	for _, name := range []string{appV1, appV2} {
		err := next.Destage(t.Context(), name)
		for ; err != nil && strings.Contains(err.Error(), "EBUSY"); err = next.Destage(t.Context(), name) {
			time.Sleep(10 * time.Millisecond) // the kernel tells of the closing when it has time
		}
		b.ok(err)
	}
	b.want(next, "")
	for deadline := time.Now().Add(time.Minute); supervisorOf(t, b.dir) != 0; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("a supervisor without work does not end")
		}
	}
	b.ok(next.Stage(t.Context(), b.planWithoutSigner(appV1))) // by a new one
	b.want(next, "App_1.0.0.0 staged")
	if names, err := ReleaseAll(t.Context(), b.dir, slog.New(slog.DiscardHandler)); err != nil || len(names) != 1 || names[0] != appV1 {
		t.Errorf("released %q, %v", names, err)
	}
	b.want(next, "App_1.0.0.0")
}

// TestKilledSupervisor kills the process that serves.
func TestKilledSupervisor(t *testing.T) {
	b := newBench(t)
	h := supervisedHost(b)
	b.trust(h)
	b.ok(h.Stage(t.Context(), b.planWithoutSigner(appV1)))
	pid := supervisorOf(t, b.dir)
	b.ok(syscall.Kill(pid, syscall.SIGKILL))
	for supervisorOf(t, b.dir) != 0 {
		time.Sleep(10 * time.Millisecond)
	}
	b.want(h, "App_1.0.0.0, orphan mount:"+appV1)
	b.ok(h.Stage(t.Context(), b.planWithoutSigner(appV1)))
	b.want(h, "App_1.0.0.0 staged")
	b.sameContent(h, appV1, content("v1"))
	if again := supervisorOf(t, b.dir); again == pid || again == 0 {
		t.Errorf("process %d serves after %d was killed", again, pid)
	}
}

// TestSupervisorRefuses has the image replaced between the look of the agent and that of the supervisor, and a file in it
// that cannot be served.
func TestSupervisorRefuses(t *testing.T) {
	b := newBench(t)
	h := supervisedHost(b)
	b.trust(h)
	b.shelf.images["/share/other"] = b.shelf.images["/share/"+appV1]
	b.shelf.images["/share/bad"] = b.shelf.images["/share/"+appV1]
	p := b.planWithoutSigner(appV1)
	p.ImagePath = "/share/other"
	var e *berth.Error
	if err := h.Stage(t.Context(), p); !errors.As(err, &e) || e.Code != codeAltered || e.Remedy == "" {
		t.Errorf("an image that was replaced: %v", err)
	}
	p.ImagePath = "/share/bad"
	b.ok(h.Stage(t.Context(), p))
	if _, err := os.ReadFile(filepath.Join(h.packagePath(appV1), "VFS/ProgramFilesX64/App/app.exe")); !errors.Is(err, syscall.EIO) {
		t.Errorf("a bad block: %v, want EIO", err)
	}
	seen, err := h.Observe(t.Context())
	if err != nil || len(seen.Problems) != 1 || !strings.Contains(seen.Problems[0], "app.exe, block 0: the block is not as signed") {
		t.Errorf("problems %q, %v", seen.Problems, err)
	}
	second := Supervise(t.Context(), SupervisorOptions{StateDir: b.dir, Images: b.shelf, Log: slog.New(slog.DiscardHandler)})
	if berth.ErrorKind(second) != berth.Conflict {
		t.Errorf("a second supervisor: %v", second)
	}
}
