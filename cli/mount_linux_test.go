package cli_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"berth/cli"
	"berth/mount"
)

// told is standard output or error of a command that runs.
type told struct {
	mu sync.Mutex
	b  strings.Builder
}

func (o *told) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *told) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// mounting runs `image mount` until it is stopped.
type mounting struct {
	dir       string
	out, errs told
	stop      context.CancelFunc
	code      chan int
}

func startMount(t *testing.T, image string, flags ...string) *mounting {
	t.Helper()
	if f, err := os.OpenFile("/dev/fuse", os.O_RDWR, 0); err != nil {
		t.Skipf("skipped: FUSE cannot be used here: %v", err)
	} else {
		_ = f.Close()
	}
	m := &mounting{dir: filepath.Join(t.TempDir(), "at"), code: make(chan int, 1)}
	ctx, stop := context.WithCancel(t.Context())
	m.stop = stop
	t.Cleanup(func() {
		stop()
		_ = mount.Unmount(m.dir, true)
	})
	go func() {
		m.code <- call{ctx: ctx, out: &m.out, err: &m.errs}.exit(append([]string{"image", "mount", image, m.dir}, flags...))
	}()
	for !strings.Contains(m.errs.String(), "Ctrl-C unmounts") {
		select {
		case code := <-m.code:
			t.Fatalf("exit code %d: %s", code, m.errs.String())
		case <-time.After(10 * time.Millisecond):
		}
	}
	return m
}

// end interrupts the command and expects that nothing is left.
func (m *mounting) end(t *testing.T) {
	t.Helper()
	m.stop()
	if code := <-m.code; code != cli.ExitDone {
		t.Errorf("exit code %d: %s", code, m.errs.String())
	}
	if _, err := os.Stat(m.dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is there still: %v", err)
	}
}

func TestMount(t *testing.T) {
	f := newForge(t)
	m := startMount(t, f.path("notes-1.vhdx"), "-o", "json")
	defer m.end(t)
	var said struct {
		Verified bool
		Packages []string
	}
	check(t, json.Unmarshal([]byte(m.out.String()), &said))
	if !said.Verified || len(said.Packages) != 1 {
		t.Errorf("said %s", m.out.String())
	}
	folder := filepath.Join(m.dir, "apps", said.Packages[0])
	for _, name := range []string{"notes.exe", "Assets/logo.png", "AppxManifest.xml"} {
		want, err := os.ReadFile(filepath.Join(f.dir, "notes-1", name))
		check(t, err)
		got, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil || string(got) != string(want) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if err := os.WriteFile(filepath.Join(folder, "new"), nil, 0o600); !errors.Is(err, syscall.EROFS) {
		t.Errorf("writing: %v", err)
	}
}

func TestMountTampered(t *testing.T) {
	file := sampleFile(t, "generated-appattach/tampered-payload-byte.vhdx.gz")
	exe := "MSIX/CentennialCoffee_1.1.0.0_neutral__8wekyb3d8bbwe/ccoffee.exe"
	m := startMount(t, file)
	if _, err := os.ReadFile(filepath.Join(m.dir, exe)); !errors.Is(err, syscall.EIO) {
		t.Errorf("the tampered file: %v", err)
	}
	if said := m.errs.String(); !strings.Contains(said, exe+": byte ") || !strings.Contains(said, "differs from the block map") {
		t.Errorf("said %q", said)
	}
	m.end(t)
	m = startMount(t, file, "--no-verify")
	if b, err := os.ReadFile(filepath.Join(m.dir, exe)); err != nil || len(b) == 0 {
		t.Errorf("not verified: %v", err)
	}
	m.end(t)
}

func TestMountRefuses(t *testing.T) {
	file := sampleFile(t, "generated-appattach/tampered-blockmap.vhdx.gz")
	full := t.TempDir()
	check(t, os.WriteFile(filepath.Join(full, "x"), nil, 0o600))
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"block map":    {[]string{file, filepath.Join(t.TempDir(), "at")}, cli.ExitFailed, "made for another block map"},
		"not empty":    {[]string{file, full, "--no-verify"}, cli.ExitConflict, "is not empty"},
		"no image":     {[]string{filepath.Join(full, "none.vhdx"), full}, cli.ExitNotFound, "none.vhdx"},
		"no folder":    {[]string{file, filepath.Join(full, "a", "b"), "--no-verify"}, cli.ExitFailed, "cannot be made"},
		"not a folder": {[]string{file, filepath.Join(full, "x"), "--no-verify"}, cli.ExitFailed, "no folder to mount at"},
	} {
		code, _, errs := call{}.run(append([]string{"image", "mount"}, c.args...)...)
		if code != c.code || !strings.Contains(errs, c.want) {
			t.Errorf("%s: exit code %d: %s", name, code, errs)
		}
	}
}
