//go:build windows

package winhost

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/windows"

	"berth"
	"berth/agent/winhost/winrt"
)

// SessionWorker does one piece of work as the user as whom it runs: it reads Work and writes Done. The error is for what
// is wrong with the request; that the work failed is told by Done.
func SessionWorker(ctx context.Context, in io.Reader, out io.Writer) error {
	w, err := readWork(in)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(doneOf(doWork(ctx, w)))
}

func doWork(ctx context.Context, w Work) error {
	m, err := winrt.NewManager()
	if err != nil {
		return err
	}
	defer m.Close()
	if w.Do == WorkDeregister {
		return m.Deregister(ctx, w.Package)
	}
	return m.Register(ctx, w.Package)
}

func doneOf(err error) Done {
	if err == nil {
		return Done{}
	}
	d := Done{Code: "0x80004005", Text: err.Error()} // E_FAIL
	if e, ok := errors.AsType[*winrt.Error](err); ok {
		d.Code, d.Activity = fmt.Sprintf("0x%08X", e.Code), e.Activity
	}
	return d
}

// inSession lets a worker do the work in the session, as its user.
func (h *Host) inSession(ctx context.Context, s wtsSession, w Work) error {
	what := fmt.Sprintf("cannot %s %s in the session of %s", w.Do, w.Package, s.user)
	var token windows.Token
	if err := windows.WTSQueryUserToken(s.number, &token); err != nil {
		return coded(err, what)
	}
	defer func() { _ = token.Close() }() // the process has its own
	env, err := token.Environ(false)
	if err != nil {
		return coded(err, what)
	}
	request, err := json.Marshal(w)
	if err != nil {
		return err
	}
	var out, said bytes.Buffer
	// The session's number is for people who look at the list of processes.
	c := exec.CommandContext(ctx, h.options.Program, "agent", "session-worker", "--session", strconv.FormatUint(uint64(s.number), 10))
	c.SysProcAttr = &syscall.SysProcAttr{Token: syscall.Token(token), HideWindow: true}
	c.Env, c.Dir = env, systemFolder()
	c.Stdin, c.Stdout, c.Stderr = bytes.NewReader(request), &limited{w: &out}, &limited{w: &said}
	if err := c.Run(); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if text := strings.TrimSpace(said.String()); text != "" {
			err = fmt.Errorf("%w: %s", err, text)
		}
		return coded(err, what)
	}
	d, err := readDone(out.Bytes())
	if err != nil {
		return coded(err, what)
	}
	return h.failedWork(d, what)
}

// failedWork words what a worker reported, with what the event logs have about it.
func (h *Host) failedWork(d Done, what string) error {
	if d.Code == "" {
		return nil
	}
	return &berth.Error{Kind: berth.Unavailable, Code: d.Code, Message: withEvents(what+": "+d.Text, d.Activity)}
}

// systemFolder is a folder that every user may enter: the agent's own is not one.
func systemFolder() string {
	dir, err := windows.GetSystemDirectory()
	if err != nil {
		return `C:\`
	}
	return dir
}

// limited takes no more of a worker's output than an answer can have.
type limited struct {
	w *bytes.Buffer
}

// Write implements io.Writer; what is too much is dropped.
func (l *limited) Write(p []byte) (int, error) {
	if room := mostWork + 1 - l.w.Len(); room > 0 {
		l.w.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

// deployed makes an Error of one of the package manager, with what the event logs have about it.
func deployed(err error, what string) error {
	e, ok := errors.AsType[*winrt.Error](err)
	if !ok {
		return coded(err, what)
	}
	return &berth.Error{Kind: berth.Unavailable, Code: fmt.Sprintf("0x%08X", e.Code), Message: withEvents(what+": "+e.Error(), e.Activity), Err: err}
}
