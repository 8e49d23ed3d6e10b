//go:build linux

package agent_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"berth"
	"berth/agent"
	"berth/agent/linuxhost"
	"berth/imaging"
	"berth/share"
)

// TestMain plays the agent's process when it is asked to, and makes sure that no test leaves a mount behind.
func TestMain(m *testing.M) {
	if dir := os.Getenv("BERTH_TEST_AGENT"); dir != "" {
		if err := runAgent(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
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

// runAgent is a whole agent on this machine, until SIGTERM.
func runAgent(dir string) (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	library, err := newLibrary()
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	host, err := linuxhost.New(linuxhost.Options{StateDir: dir, Images: linuxhost.FromLibrary(library), Log: log,
		Now: func() time.Time { return time.Date(2018, 1, 1, 0, 0, 0, 0, time.UTC) }}) // the sample's signer was in force then
	if err != nil {
		return err
	}
	a, err := agent.New(agent.Options{StateDir: dir, Platform: host, Log: log, Now: shiftedClock(os.Getenv("BERTH_TEST_CLOCK")), Scan: 20 * time.Millisecond, Settle: 5 * time.Millisecond,
		StepBackoff: agent.Backoff{First: 20 * time.Millisecond, Most: 40 * time.Millisecond},
		SyncBackoff: agent.Backoff{First: 20 * time.Millisecond, Most: 40 * time.Millisecond}})
	if err != nil {
		return err
	}
	return errors.Join(a.Run(ctx), a.Close(), host.Close())
}

func newLibrary() (*imaging.Library, error) {
	opener, err := share.New(share.Options{Anywhere: true, Log: slog.New(slog.DiscardHandler)})
	return imaging.New(opener, slog.New(slog.DiscardHandler)), err
}

// process is an agent in a process of its own.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	said *bytes.Buffer
}

func startProcess(t *testing.T, dir string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(os.Args[0]), said: &bytes.Buffer{}}
	p.cmd.Env = append(os.Environ(), "BERTH_TEST_AGENT="+dir)
	p.cmd.Stderr = p.said
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.end(syscall.SIGTERM)
		if t.Failed() {
			t.Log(p.said)
		}
	})
	return p
}

// end sends the signal to the process and waits for its end.
func (p *process) end(s syscall.Signal) {
	if p.cmd.ProcessState == nil {
		_ = p.cmd.Process.Signal(s)
		_ = p.cmd.Wait()
	}
}

// sample unpacks an app attach image that other tools made, and returns its path and what a plan says of it.
func sample(t *testing.T, name, dir string) (berth.PlannedPackage, berth.Certificate) {
	t.Helper()
	f, err := os.Open(filepath.Join("../../shared/testdata/generated-appattach", name+".gz"))
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
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	library, err := newLibrary()
	if err != nil {
		t.Fatal(err)
	}
	a, err := library.Attach(t.Context(), path, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	k := a.Package
	return berth.PlannedPackage{FullName: k.FullName, FamilyName: k.FamilyName, DisplayName: k.DisplayName, ImagePath: path, RelativePath: dir,
		Registration: berth.AtLogon, Applications: k.Applications, Thumbprint: k.Certificate.Thumbprint, BlockMapSHA256: k.Observed.BlockMapSHA256}, *k.Certificate
}

// TestKilledProcess lets a whole agent with real mounts live and kills it with SIGKILL again and again, at all sorts of
// moments: on its way, at work, and after its package left the plan while a session uses it.
func TestKilledProcess(t *testing.T) {
	const coffee = "CentennialCoffee_1.1.0.0_neutral__8wekyb3d8bbwe"
	k, cert := sample(t, "coffee-gpt-dyn.vhdx", "apps/"+coffee)
	p := newPlane(t)
	dir, home := enrolled(t, p), t.TempDir()
	if err := linuxhost.OpenSession(dir, linuxhost.Session{ID: "s1", User: "anna", Home: home}); err != nil {
		t.Fatal(err)
	}
	plan := berth.Plan{Packages: []berth.PlannedPackage{k}, Certificates: []berth.Certificate{cert}}
	p.apply(plan)

	works := func(when string) {
		t.Helper()
		p.untilShape(t, coffee+" staged s1")
		until(t, when+": the package can be read", func() (bool, any) {
			b, err := os.ReadFile(filepath.Join(dir, "packages", coffee, "ccoffee.exe"))
			return err == nil && bytes.HasPrefix(b, []byte("MZ")), fmt.Sprint(err)
		})
		if n := mounts(t, dir); n > 1 {
			t.Errorf("%s: %d mounts, want one", when, n)
		}
	}
	for _, life := range []time.Duration{20, 40, 60, 80, 100, 130, 160, 200} {
		a := startProcess(t, dir)
		time.Sleep(life * time.Millisecond)
		a.end(syscall.SIGKILL)
	}
	a := startProcess(t, dir)
	works("after many deaths")
	f := p.seen()
	if !strings.HasPrefix(f.AttachMode, "fuse") && !strings.HasPrefix(f.AttachMode, "extract: ") {
		t.Errorf("attach mode %q", f.AttachMode)
	}
	t.Logf("attached through %s", f.AttachMode)
	entries, err := filepath.Glob(filepath.Join(home, ".local/share/applications/berth-*.desktop"))
	if err != nil || len(entries) != len(k.Applications) {
		t.Errorf("entries %v, %v", entries, err)
	}

	p.apply(berth.Plan{})
	until(t, "the empty plan is held", func() (bool, any) { return p.seen().Generation == 2, p.seen() })
	a.end(syscall.SIGKILL)
	a = startProcess(t, dir)
	works("left the plan, killed, in use")

	if err := linuxhost.CloseSession(dir, "s1"); err != nil {
		t.Fatal(err)
	}
	p.untilShape(t, "")
	a.end(syscall.SIGTERM)
	entries, err = filepath.Glob(filepath.Join(home, ".local/share/applications/*"))
	entries = slices.DeleteFunc(entries, func(e string) bool { return filepath.Base(e) == "mimeinfo.cache" }) // the desktop's own index
	left, lerr := os.ReadDir(filepath.Join(dir, "packages"))
	certs, cerr := os.ReadDir(filepath.Join(dir, "certificates"))
	if err := errors.Join(err, lerr, cerr); err != nil || len(entries)+len(left)+len(certs)+mounts(t, dir) > 0 {
		t.Errorf("left behind: %v, %v, %v, %d mounts, %v", entries, left, certs, mounts(t, dir), err)
	}
}

func mounts(t *testing.T, dir string) int {
	t.Helper()
	b, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(b), " "+dir+"/")
}
