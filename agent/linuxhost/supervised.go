//go:build linux

package linuxhost

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"berth"
	"golang.org/x/sys/unix"
)

// Limits of what is asked of a supervisor.
const (
	lookLimit  = 10 * time.Second // for the list of what it holds
	startLimit = 30 * time.Second // for a new one to answer
	mostAnswer = 1 << 20
	mostLog    = 1 << 20 // bytes of the supervisor's log that are kept when a new one starts
)

// supervised keeps mounts in another process, which outlives this one. See Supervise for the other side.
type supervised struct {
	dir     string   // the state folder
	command []string // starts the supervisor
	log     *slog.Logger

	starting sync.Mutex // one starts it at a time

	mu   sync.Mutex
	last holding
}

// holding is what a supervisor tells of itself.
type holding struct {
	Names    []string `json:"names"`    // full names of what it holds
	Findings []string `json:"findings"` // files that it could not serve
}

// holdRequest asks for a package to be mounted where it belongs in the state folder.
type holdRequest struct {
	Package berth.PlannedPackage `json:"package"`
	From    string               `json:"from,omitempty"` // the file to open instead of the image on the share
}

// refusal is an error on its way from the supervisor.
type refusal struct {
	Kind    string `json:"kind"`
	Code    string `json:"code"`
	Message string `json:"message"`
	Remedy  string `json:"remedy"`
}

func (s *supervised) hold(ctx context.Context, p berth.PlannedPackage, _ string, image *Image) error {
	if err := image.Close(); err != nil { // the supervisor opens the image for itself and compares it with the plan again
		return err
	}
	for try := 0; ; try++ {
		err := s.start(ctx)
		if err == nil {
			err = s.ask(ctx, http.MethodPost, nil, holdRequest{p, image.From}, nil)
		}
		if errors.Is(err, errNoSupervisor) && try == 0 { // it ended for want of work, just now
			continue
		}
		return errors.Join(err, s.look(ctx))
	}
}

// ReleaseAll has the supervisor of a state folder take every mount away, also from programs that use them, and end. It
// returns what was held. It is for machines that are to be hosts no longer; a running agent would mount everything again.
func ReleaseAll(ctx context.Context, stateDir string, log *slog.Logger) ([]string, error) {
	s := &supervised{dir: stateDir, log: log}
	if err := s.look(ctx); err != nil {
		return nil, err
	}
	names := s.last.Names
	err := s.ask(ctx, http.MethodDelete, url.Values{"all": {"true"}}, nil, nil)
	if errors.Is(err, errNoSupervisor) { // and so nothing is held
		err = nil
	}
	return names, err
}

func (s *supervised) release(fullName string, lazily bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	q := url.Values{"name": {fullName}, "lazily": {strconv.FormatBool(lazily)}}
	err := s.ask(ctx, http.MethodDelete, q, nil, nil)
	if errors.Is(err, errNoSupervisor) { // and so nothing is held
		err = nil
	}
	return errors.Join(err, s.look(ctx))
}

func (s *supervised) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	var h holding
	if err := s.ask(ctx, http.MethodGet, nil, nil, &h); err != nil && !errors.Is(err, errNoSupervisor) {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = h
	return nil
}

func (s *supervised) has(fullName string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.last.Names, func(n string) bool { return berth.Fold(n) == berth.Fold(fullName) })
}

func (s *supervised) findings() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last.Findings
}

// close leaves everything as it is: that is what a supervisor is for.
func (s *supervised) close() error { return nil }

// start makes sure that a supervisor runs.
func (s *supervised) start(ctx context.Context) error {
	s.starting.Lock()
	defer s.starting.Unlock()
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	err := s.ask(ctx, http.MethodGet, nil, nil, nil)
	if !errors.Is(err, errNoSupervisor) {
		return err
	}
	ended, err := s.spawn()
	if err != nil {
		return coded(err, "cannot start the process that holds the mounts")
	}
	for {
		if err = s.ask(ctx, http.MethodGet, nil, nil, nil); !errors.Is(err, errNoSupervisor) {
			return err
		}
		select {
		case err := <-ended:
			return berth.Errorf(berth.Internal, "the process that holds the mounts has ended: %w", errors.Join(err, errNoSupervisor)).
				With("see " + filepath.Join(s.dir, supervisorLog))
		case <-ctx.Done():
			return berth.Errorf(berth.Unavailable, "the process that holds the mounts does not answer: %w", err).With("see " + filepath.Join(s.dir, supervisorLog))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// spawn starts the supervisor in a session of its own, so that what ends this process does not end it.
func (s *supervised) spawn() (<-chan error, error) {
	path := filepath.Join(s.dir, supervisorLog)
	if info, err := os.Stat(path); err == nil && info.Size() > mostLog {
		if err := os.Rename(path, path+".1"); err != nil {
			return nil, err
		}
	}
	out, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { _ = out.Close() }() // the child has it
	// What this process inherited open, a lock of who started it perhaps, must not stay open for as long as packages do.
	// Old kernels cannot say so in one call; then it stays.
	_ = unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC)
	c := exec.Command(s.command[0], s.command[1:]...)
	c.Dir, c.Stdout, c.Stderr = "/", out, out
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := c.Start(); err != nil {
		return nil, err
	}
	s.log.Info("started the process that holds the mounts", "pid", c.Process.Pid)
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	return ended, nil
}

// errNoSupervisor tells that no supervisor runs on the state folder.
var errNoSupervisor = errors.New("no process holds mounts for this state folder")

// ask makes one request of the supervisor.
func (s *supervised) ask(ctx context.Context, method string, query url.Values, body, answer any) error {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return dialSupervisor(ctx, s.dir) }}}
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	address := url.URL{Scheme: "http", Host: "supervisor", Path: heldPath, RawQuery: query.Encode()}
	req, err := http.NewRequestWithContext(ctx, method, address.String(), bytes.NewReader(data))
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	switch {
	case errors.Is(err, os.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return fmt.Errorf("%w: %w", errNoSupervisor, err) // it is not there, or ended while it was asked
	case err != nil:
		return berth.Errorf(berth.Unavailable, "the process that holds the mounts does not answer: %w", err).
			With("see " + filepath.Join(s.dir, supervisorLog) + ", or end it: the mounts are made anew")
	}
	data, err = io.ReadAll(io.LimitReader(resp.Body, mostAnswer))
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return refused(resp.Status, data)
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(data, answer)
}

func refused(status string, data []byte) error {
	var r refusal
	if err := json.Unmarshal(data, &r); err != nil {
		return fmt.Errorf("the process that holds the mounts says %s: %q", status, data)
	}
	return &berth.Error{Kind: berth.KindOf(r.Kind), Code: r.Code, Message: cmp.Or(r.Message, status), Remedy: r.Remedy}
}

// dialSupervisor reaches the socket by way of its folder: the path of a socket may have no more than 107 bytes.
func dialSupervisor(ctx context.Context, dir string) (net.Conn, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only names the folder
	return new(net.Dialer).DialContext(ctx, "unix", socketIn(f))
}

func socketIn(folder *os.File) string {
	return "/proc/self/fd/" + strconv.Itoa(int(folder.Fd())) + "/" + supervisorSocket
}
