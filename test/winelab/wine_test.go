//go:build linux

package winelab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// wine is a Windows of our own: one prefix for all tests of a run.
type wine struct {
	prefix string
	exe    string // berth.exe, as Linux sees it
	server string // berth for this machine
}

const (
	wineProgram = "/usr/lib/wine/wine64"
	wineServer  = "/usr/lib/wine/wineserver64"
	compiler    = "x86_64-w64-mingw32-gcc"
)

var libraries = map[string][]string{"bcryptprimitives": {"-ladvapi32"}, "virtdisk": nil, "cimfs": nil, "wtsapi32": {"-ladvapi32"},
	"appxdeploymentclient": {"-lruntimeobject", "-lcrypt32"}}

// shared is the Windows of this run, made by the first test that asks.
var shared struct {
	w    *wine
	skip string
	err  error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.w != nil {
		shared.w.end()
		if err := os.RemoveAll(filepath.Dir(shared.w.prefix)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// windows returns the Windows of this run, or skips.
func windows(t *testing.T) *wine {
	t.Helper()
	if os.Getenv("BERTH_WINELAB") == "" {
		t.Skip("skipped: the Windows bench takes minutes; make test and make winelab ask for it by BERTH_WINELAB=1")
	}
	if shared.w == nil && shared.skip == "" && shared.err == nil {
		shared.w, shared.skip, shared.err = newWine()
	}
	if shared.skip != "" {
		t.Skip("skipped: " + shared.skip)
	}
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.w
}

func newWine() (w *wine, skip string, err error) {
	if _, err := os.Stat(wineProgram); err != nil {
		return nil, "there is no Wine here (Debian: wine64)", nil
	}
	if _, err := exec.LookPath(compiler); err != nil {
		return nil, "there is no compiler for Windows here (Debian: gcc-mingw-w64-x86-64-win32)", nil
	}
	dir, err := os.MkdirTemp("", "berth-winelab-")
	if err != nil {
		return nil, "", err
	}
	w = &wine{prefix: filepath.Join(dir, "prefix"), exe: filepath.Join(dir, "berth.exe"), server: filepath.Join(dir, "berth")}
	return w, "", errors.Join(w.build(), w.boot())
}

// build makes the agent for Windows and the server for this machine.
func (w *wine) build() error {
	for _, b := range []struct{ out, system string }{{w.exe, "windows"}, {w.server, "linux"}} {
		c := exec.Command("go", "build", "-o", b.out, "berth/cmd/berth")
		c.Env = append(os.Environ(), "GOOS="+b.system, "GOARCH=amd64", "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false")
		if out, err := c.CombinedOutput(); err != nil {
			return fmt.Errorf("building berth for %s: %w: %s", b.system, err, out)
		}
	}
	return nil
}

// stay lets services go on when no program runs.
func (w *wine) stay() error {
	c := exec.Command(wineServer, "-p")
	c.Env = append(os.Environ(), "WINEPREFIX="+w.prefix, "WINEDEBUG=-all")
	return c.Run()
}

// boot makes the prefix and puts the bench's libraries into it.
func (w *wine) boot() error {
	if out, err := w.run(context.Background(), "wineboot", "-i"); err != nil {
		return fmt.Errorf("wineboot: %w: %s", err, out)
	}
	w.end()
	if err := w.stay(); err != nil {
		return fmt.Errorf("wineserver -p: %w", err)
	}
	for name, with := range libraries {
		args := append([]string{"-O1", "-Wall", "-Wno-unused-function", "-Wno-attributes", "-Werror", "-shared", "-static-libgcc", "-o",
			filepath.Join(w.prefix, "drive_c", "windows", "system32", name+".dll"), filepath.Join("dll", name+".c")}, with...)
		if out, err := exec.Command(compiler, args...).CombinedOutput(); err != nil {
			return fmt.Errorf("compiling %s: %w: %s", name, err, out)
		}
	}
	args := []string{"-O1", "-Wall", "-Werror", "-s", "-o", filepath.Join(w.prefix, "drive_c", "endsession.exe"), filepath.Join("dll", "endsession.c"), "-luser32"}
	if out, err := exec.Command(compiler, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("compiling endsession: %w: %s", err, out)
	}
	// The same paths lead to the same files on both sides: C:\tmp is /tmp.
	top := "/" + strings.SplitN(strings.TrimPrefix(w.prefix, "/"), "/", 2)[0]
	if err := os.Symlink(top, filepath.Join(w.prefix, "drive_c", filepath.Base(top))); err != nil {
		return err
	}
	const classes = `HKLM\Software\Microsoft\WindowsRuntime\ActivatableClassId\`
	for _, class := range []string{"Windows.Management.Deployment.PackageManager", "Windows.Foundation.Uri"} {
		for name, v := range map[string][2]string{"DllPath": {"REG_SZ", `C:\windows\system32\appxdeploymentclient.dll`},
			"ActivationType": {"REG_DWORD", "0"}, "Threading": {"REG_DWORD", "0"}, "TrustLevel": {"REG_DWORD", "0"}} {
			if err := w.reg(classes+class, name, v[0], v[1]); err != nil {
				return err
			}
		}
	}
	for _, u := range users {
		if err := w.reg(`HKLM\Software\Microsoft\Windows NT\CurrentVersion\ProfileList\`+u.sid, "ProfileImagePath", "REG_SZ", `C:\users\`+u.name); err != nil {
			return err
		}
	}
	// Windows without a screen to show them on.
	if err := w.reg(`HKCU\Software\Wine\Drivers`, "Graphics", "REG_SZ", "null"); err != nil {
		return err
	}
	return w.reg(`HKCU\Software\Wine`, "Version", "REG_SZ", "win10")
}

func (w *wine) reg(key, name, kind, value string) error {
	out, err := w.run(context.Background(), "reg", "add", key, "/v", name, "/t", kind, "/d", value, "/f")
	if err != nil {
		return fmt.Errorf("reg add %s: %w: %s", key, err, out)
	}
	return nil
}

// command prepares a Windows program; one that is a path of Linux is given as such.
func (w *wine) command(ctx context.Context, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, wineProgram, args...)
	c.Env = append(os.Environ(), "WINEPREFIX="+w.prefix, "WINEDEBUG=-all",
		"WINEDLLOVERRIDES=mscoree,mshtml,winemenubuilder.exe=;virtdisk,wtsapi32,cimfs,appxdeploymentclient,bcryptprimitives=n")
	c.WaitDelay = 5 * time.Second
	return c
}

func (w *wine) run(ctx context.Context, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	// A file, not a pipe: services that the program starts inherit it, and would keep a pipe open.
	f, err := os.CreateTemp("", "berth-wine-")
	if err != nil {
		return "", err
	}
	defer func() { _ = errors.Join(f.Close(), os.Remove(f.Name())) }()
	c := w.command(ctx, args...)
	c.Stdout, c.Stderr = f, f
	err = c.Run()
	out, rerr := os.ReadFile(f.Name())
	return string(bytes.TrimSpace(out)), errors.Join(err, rerr)
}

// berth runs the program under Wine and returns what it printed.
func (w *wine) berth(t *testing.T, args ...string) string {
	t.Helper()
	out, err := w.run(t.Context(), append([]string{w.exe}, args...)...)
	if err != nil {
		t.Fatalf("berth %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// end stops everything that runs in the prefix.
func (w *wine) end() {
	c := exec.Command(wineServer, "-k")
	c.Env = append(os.Environ(), "WINEPREFIX="+w.prefix)
	_ = c.Run() // nothing ran
	c = exec.Command(wineServer, "-w")
	c.Env = append(os.Environ(), "WINEPREFIX="+w.prefix)
	_ = c.Run()
}

// agents lists the processes of this prefix whose command line has the words "agent" and what is given.
func (w *wine) agents(verb string) []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var pids []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		line, err := os.ReadFile(filepath.Join("/proc", e.Name(), "cmdline"))
		if err != nil || !bytes.Contains(line, []byte("berth.exe")) || !bytes.Contains(line, []byte("agent\x00"+verb)) {
			continue
		}
		env, err := os.ReadFile(filepath.Join("/proc", e.Name(), "environ"))
		if err == nil && bytes.Contains(env, []byte("WINEPREFIX="+w.prefix)) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// kill ends the agent, and the workers that it has started, as a fault would.
func (w *wine) kill(t *testing.T, verb string) {
	t.Helper()
	for _, pid := range append(w.agents(verb), w.agents("session-worker")...) {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Fatal(err)
		}
	}
	until(t, "the agent is dead", func() (bool, any) { return len(w.agents(verb)) == 0, w.agents(verb) })
}

// patience is how long something may take on a machine that has much else to do.
const patience = 5 * time.Minute

// until waits for something to become true.
func until(t *testing.T, what string, ask func() (bool, any)) {
	t.Helper()
	limit := time.Now().Add(patience)
	for {
		ok, seen := ask()
		if ok {
			return
		}
		if time.Now().After(limit) {
			t.Fatalf("waited in vain: %s; it is: %v", what, seen)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// copyTree copies a file system into a folder.
func copyTree(to string, from fs.FS) error {
	return fs.WalkDir(from, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		dest := filepath.Join(to, filepath.FromSlash(path))
		if d.IsDir() {
			return os.MkdirAll(dest, 0o755)
		}
		in, err := from.Open(path)
		if err != nil {
			return err
		}
		defer func() { _ = in.Close() }()
		out, err := os.Create(dest)
		if err != nil {
			return err
		}
		_, err = io.Copy(out, in)
		return errors.Join(err, out.Close())
	})
}
