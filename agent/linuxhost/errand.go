//go:build linux

package linuxhost

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/sys/unix"

	"berth"
	"berth/agent"
)

var (
	_ agent.Expander      = (*Host)(nil)
	_ agent.SessionKeeper = (*Host)(nil)
)

// reader is an Images that tells what is in an image without being told where to look.
type reader interface {
	Read(ctx context.Context, imagePath string) ([]berth.Package, error)
}

// Read returns the packages in an image.
func (l library) Read(ctx context.Context, imagePath string) ([]berth.Package, error) {
	return l.l.Read(ctx, imagePath)
}

// Expand implements agent.Expander.
func (h *Host) Expand(ctx context.Context, imagePath string) ([]berth.Package, error) {
	r, ok := h.options.Images.(reader)
	if !ok {
		return nil, berth.Errorf(berth.Precondition, "this host reads no images but those of its plan")
	}
	ps, err := r.Read(ctx, imagePath)
	return ps, coded(err, "cannot open the image "+imagePath)
}

// Patience with a session's process: until it is asked harder, and until it is given up.
const (
	politeness = 5 * time.Second
	severity   = 5 * time.Second
)

// LogOff implements agent.SessionKeeper. A session of the login manager ends there, with every process of it; any other ends
// with its process, and one without a process by its record alone.
func (h *Host) LogOff(ctx context.Context, id string) error {
	s, err := h.running(id)
	if err != nil {
		return err
	}
	if s.PID > 0 {
		if err := h.end(ctx, s); err != nil {
			return err
		}
	}
	return CloseSession(h.options.StateDir, id)
}

// running returns the record of a session that goes on.
func (h *Host) running(id string) (Session, error) {
	list, err := h.sessions()
	if err != nil {
		return Session{}, err
	}
	for _, s := range list {
		if s.ID == id && s.Ended.IsZero() {
			return s, nil
		}
	}
	return Session{}, berth.Errorf(berth.NotFound, "there is no session %s on this host any more", id).On("session")
}

// end ends the process of a session.
func (h *Host) end(ctx context.Context, s Session) error {
	if name := loginSession(s.PID); name != "" {
		if loginctl, err := exec.LookPath("loginctl"); err == nil {
			out, err := exec.CommandContext(ctx, loginctl, "terminate-session", name).CombinedOutput()
			if err == nil && s.gone(ctx, politeness) {
				return nil
			}
			h.options.Log.Warn("the login manager does not end the session", "session", s.ID, "error", err, "output", strings.TrimSpace(string(out)))
		}
	}
	for _, step := range []struct {
		signals []unix.Signal
		wait    time.Duration
	}{{[]unix.Signal{unix.SIGHUP, unix.SIGTERM}, politeness}, {[]unix.Signal{unix.SIGKILL}, severity}} {
		for _, signal := range step.signals {
			if err := s.signal(signal); err != nil {
				return coded(err, fmt.Sprintf("cannot end process %d of session %s", s.PID, s.ID))
			}
		}
		if s.gone(ctx, step.wait) {
			return nil
		}
	}
	return berth.Errorf(berth.Internal, "process %d of session %s does not end", s.PID, s.ID)
}

// signal sends a signal to the very process that the record means: its handle is opened first and compared after, so that a
// pid which was given out again is never hit.
func (s Session) signal(signal unix.Signal) error {
	handle, err := unix.PidfdOpen(s.PID, 0)
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(handle) }()
	if start, err := startOf(s.PID); err != nil || start != s.Start {
		return err
	}
	if err := unix.PidfdSendSignal(handle, signal, nil, 0); !errors.Is(err, unix.ESRCH) {
		return err
	}
	return nil
}

// gone waits until the process of the session has ended.
func (s Session) gone(ctx context.Context, limit time.Duration) bool {
	end := time.After(limit)
	for {
		if start, err := startOf(s.PID); err == nil && start != s.Start {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-end:
			return false
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// loginScope is the control group of a session of systemd-logind; sd-login(3).
var loginScope = regexp.MustCompile(`/session-([A-Za-z0-9]+)\.scope`)

// loginSession is the name of the login manager's session in which a process is, empty when it is in none.
func loginSession(pid int) string {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cgroup")
	if err != nil {
		return ""
	}
	if m := loginScope.FindSubmatch(b); m != nil {
		return string(m[1])
	}
	return ""
}

// Disconnect implements agent.SessionKeeper. Nothing on Linux has a screen that could be taken from all sorts of sessions.
func (h *Host) Disconnect(_ context.Context, id string) error {
	if _, err := h.running(id); err != nil {
		return err
	}
	return berth.Errorf(berth.Precondition, "sessions of a Linux host cannot be disconnected, only ended")
}

// Message implements agent.SessionKeeper: on the session's terminal, else as a notification on its desktop.
func (h *Host) Message(ctx context.Context, id string, title, body string) error {
	s, err := h.running(id)
	if err != nil {
		return err
	}
	title, body = printable(title), printable(body)
	tty := terminalOf(s.PID)
	if tty != "" {
		return coded(writeTerminal(tty, "\r\n\a* "+title+"\r\n"+strings.ReplaceAll(body, "\n", "\r\n")+"\r\n"), "cannot write to the terminal of session "+id)
	}
	err = notify(ctx, s.User, title, body)
	if err != nil {
		return berth.Errorf(berth.Precondition, "session %s has no terminal, and no desktop that takes notifications: %w", id, err)
	}
	return nil
}

// printable leaves out what would steer a terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || unicode.IsPrint(r) {
			return r
		}
		return -1
	}, text)
}

// Numbers of terminal devices: Documentation/admin-guide/devices.txt of Linux.
const (
	majorConsole = 4
	firstPTY     = 136
	lastPTY      = 143
)

// terminalOf is the controlling terminal of a process: field 7 of proc_pid_stat(5). Empty when it has none.
func terminalOf(pid int) string {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil || pid <= 0 {
		return ""
	}
	rest, _ := afterLast(string(b), ")")
	fields := strings.Fields(rest)
	if len(fields) < 5 {
		return ""
	}
	number, err := strconv.ParseUint(fields[4], 10, 64)
	if err != nil {
		return ""
	}
	major, minor := unix.Major(number), unix.Minor(number)
	switch {
	case major >= firstPTY && major <= lastPTY:
		return filepath.Join("/dev/pts", strconv.Itoa(int(major-firstPTY)*256+int(minor)))
	case major == majorConsole && minor > 0 && minor < 64:
		return "/dev/tty" + strconv.Itoa(int(minor))
	}
	return ""
}

// writeTerminal writes to a terminal without becoming its owner, and without waiting for one that was stopped.
func writeTerminal(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil && info.Mode()&fs.ModeCharDevice == 0 {
		err = &fs.PathError{Op: "write", Path: path, Err: unix.ENOTTY}
	}
	if err == nil {
		err = f.SetWriteDeadline(time.Now().Add(politeness))
		if errors.Is(err, os.ErrNoDeadline) {
			err = nil
		}
	}
	if err == nil {
		_, err = f.WriteString(text)
	}
	return errors.Join(err, f.Close())
}

// notify shows a notification on the desktop of a user, by the user's own message bus.
func notify(ctx context.Context, name, title, body string) error {
	u, err := user.Lookup(name)
	if err != nil {
		return err
	}
	bus := filepath.Join("/run/user", u.Uid, "bus")
	if _, err := os.Stat(bus); err != nil {
		return err
	}
	c := exec.CommandContext(ctx, "runuser", "-u", u.Username, "--", "notify-send", "--", title, body)
	c.Env = append(os.Environ(), "DBUS_SESSION_BUS_ADDRESS=unix:path="+bus, "XDG_RUNTIME_DIR="+filepath.Dir(bus))
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("notify-send: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return nil
}
