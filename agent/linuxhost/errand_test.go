//go:build linux

package linuxhost

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"berth"
	"berth/agent"
	"berth/wire"
)

func errandHost(t *testing.T) (*Host, string) {
	t.Helper()
	b := newBench(t)
	return b.host(AttachExtract), b.dir
}

func open(t *testing.T, dir, id string, pid int) {
	t.Helper()
	if err := OpenSession(dir, Session{ID: id, User: "anna", Home: t.TempDir(), PID: pid}); err != nil {
		t.Fatal(err)
	}
}

// stubborn starts a process that heeds no polite signal.
func stubborn(t *testing.T, script string) *exec.Cmd {
	t.Helper()
	c := exec.Command("sh", "-c", script)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestLogOff(t *testing.T) {
	for name, script := range map[string]string{"polite": "echo ready; exec sleep 600", "stubborn": "trap '' HUP TERM; echo ready; while :; do sleep 1; done"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, dir := errandHost(t)
			c := stubborn(t, script)
			open(t, dir, "s1", c.Process.Pid)
			reaped := make(chan error, 1)
			go func() { reaped <- c.Wait() }()
			if a := agent.Answer(t.Context(), h, wire.Ask{ID: "1", Kind: wire.AskLogOff, Session: "s1"}); a.Failed || a.ID != "1" {
				t.Fatalf("%+v", a)
			}
			select {
			case err := <-reaped:
				t.Log(err) // killed, or ended by a signal
			case <-time.After(30 * time.Second):
				t.Fatal("the process goes on")
			}
			a := agent.Answer(t.Context(), h, wire.Ask{Kind: wire.AskLogOff, Session: "s1"})
			if !a.Failed || !strings.Contains(a.Message, "no session s1") {
				t.Errorf("again: %+v", a)
			}
		})
	}
}

// TestLogOffSparesOthers makes sure that a pid which was given out again is left alone.
func TestLogOffSparesOthers(t *testing.T) {
	c := stubborn(t, "echo ready; exec sleep 600")
	start, err := startOf(c.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	s := Session{ID: "old", PID: c.Process.Pid, Start: start + 1}
	if err := s.signal(unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if is, err := startOf(c.Process.Pid); err != nil || is != start {
		t.Errorf("the process was hit: %v %v", is, err)
	}
}

func TestLogOffWithoutProcess(t *testing.T) {
	h, dir := errandHost(t)
	open(t, dir, "s1", 0)
	if err := h.LogOff(t.Context(), "s1"); err != nil {
		t.Fatal(err)
	}
	list, err := ListSessions(dir)
	if err != nil || len(list) != 1 || list[0].Ended.IsZero() {
		t.Errorf("%+v %v", list, err)
	}
}

// pty opens a pseudo terminal and returns its master and the path of the other end: ptmx(4).
func pty(t *testing.T) (master *os.File, slave string) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("skipped: no pseudo terminals here: " + err.Error())
	}
	t.Cleanup(func() { _ = master.Close() })
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	return master, filepath.Join("/dev/pts", strconv.Itoa(n))
}

func TestMessageOnATerminal(t *testing.T) {
	h, dir := errandHost(t)
	master, path := pty(t)
	tty, err := os.OpenFile(path, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("skipped: " + err.Error())
	}
	c := exec.Command("sleep", "600")
	c.Stdin, c.Stdout, c.Stderr = tty, tty, tty
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	_ = tty.Close()
	if got := terminalOf(c.Process.Pid); got != path {
		t.Fatalf("its terminal is %q, not %s", got, path)
	}
	open(t, dir, "s1", c.Process.Pid)
	a := agent.Answer(t.Context(), h, wire.Ask{Kind: wire.AskMessage, Session: "s1", Title: "Mind\x1b[2J", Body: "the\ngap"})
	if a.Failed {
		t.Fatalf("%+v", a)
	}
	got := make([]byte, 200)
	n, err := master.Read(got)
	if err != nil || !strings.Contains(string(got[:n]), "* Mind[2J\r") || strings.Contains(string(got[:n]), "\x1b") {
		t.Errorf("%q %v", got[:n], err)
	}
}

func TestMessageNowhere(t *testing.T) {
	h, dir := errandHost(t)
	open(t, dir, "s1", 0)
	a := agent.Answer(t.Context(), h, wire.Ask{Kind: wire.AskMessage, Session: "s1", Body: "x"})
	if !a.Failed || !strings.Contains(a.Message, "no terminal") {
		t.Errorf("%+v", a)
	}
	if a := agent.Answer(t.Context(), h, wire.Ask{Kind: wire.AskDisconnect, Session: "s1"}); !a.Failed || !strings.Contains(a.Message, "cannot be disconnected") {
		t.Errorf("%+v", a)
	}
}

// readers is an Images that only tells what is in images.
type readers struct{ Images }

func (readers) Read(_ context.Context, path string) ([]berth.Package, error) {
	if path == "panic" {
		panic("a broken image")
	}
	if path != "good" {
		return nil, &os.PathError{Op: "open", Path: path, Err: unix.EACCES}
	}
	return []berth.Package{{FullName: "A_1_x64__b"}}, nil
}

func TestExpand(t *testing.T) {
	h := newBench(t).host(AttachExtract, func(o *Options) { o.Images = readers{} })
	if a := agent.Answer(t.Context(), h, wire.Ask{Kind: wire.AskExpand, ImagePath: "good"}); a.Failed || len(a.Packages) != 1 {
		t.Errorf("%+v", a)
	}
	if a := agent.Answer(t.Context(), h, wire.Ask{Kind: wire.AskExpand, ImagePath: "bad"}); !a.Failed || a.Code != "EACCES" {
		t.Errorf("%+v", a)
	}
	if a := agent.Answer(t.Context(), h, wire.Ask{Kind: wire.AskExpand, ImagePath: "panic"}); !a.Failed || !strings.Contains(a.Message, "a broken image") {
		t.Errorf("%+v", a)
	}
	if _, err := h.running("none"); errors.Is(err, nil) {
		t.Error("a session that there is not")
	}
	if a := agent.Answer(t.Context(), h, wire.Ask{Kind: "sing"}); !a.Failed {
		t.Errorf("%+v", a)
	}
}
