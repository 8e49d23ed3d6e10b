//go:build linux

package linuxhost

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"berth"
	"golang.org/x/sys/unix"
)

// Files of a supervisor in the state folder, and the one path that it answers.
const (
	supervisorSocket = "supervisor.sock"
	supervisorLock   = "supervisor.lock"
	supervisorLog    = "supervisor.log"
	heldPath         = "/held"
)

// tidyEvery is how often a supervisor gives memory back that it does not need: it lives as long as packages are mounted.
const tidyEvery = 30 * time.Second

// lockLimit is how long a new supervisor waits for one that is about to end.
const lockLimit = 5 * time.Second

// SupervisorOptions say for whom a supervisor works. StateDir, Images and Log must be set.
type SupervisorOptions struct {
	StateDir string // of the Host
	Images   Images
	Log      *slog.Logger
	Idle     time.Duration // after which it ends when it holds nothing; 10 s
}

// Supervise holds the mounts of the host whose state folder it is, until nothing has been mounted for a while or the
// context ends. It outlives the agent, so that an agent can be restarted or replaced under running programs. It knows no
// plan and no server: it opens an image, compares it with what is planned, serves it, and lets go, as the agent says
// through a socket in the state folder. Only root, or the user whose it is, may speak to it.
//
// A folder that has a supervisor already is a Conflict.
func Supervise(ctx context.Context, o SupervisorOptions) error {
	lock, err := lockSupervisor(ctx, o.StateDir)
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }() // gives the lock back
	folder, err := os.Open(o.StateDir)
	if err != nil {
		return coded(err, "cannot open the state folder")
	}
	defer func() { _ = folder.Close() }() // only names the folder
	if err := os.Remove(filepath.Join(o.StateDir, supervisorSocket)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return coded(err, "cannot take the socket over")
	}
	l, err := new(net.ListenConfig).Listen(ctx, "unix", socketIn(folder))
	if err != nil {
		return coded(err, "cannot listen in the state folder")
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false) //nolint:forcetypeassert // what "unix" listens on; its name leads through this process
	s := &supervisor{options: o, own: newOwn(o.Log), end: make(chan struct{})}
	s.touch()
	o.Log.Info("holding mounts", "state", o.StateDir, "pid", os.Getpid())
	return errors.Join(s.serve(ctx, l), os.Remove(filepath.Join(o.StateDir, supervisorSocket)), s.own.close())
}

func lockSupervisor(ctx context.Context, dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, supervisorLock), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, coded(err, "cannot lock the state folder")
	}
	ctx, cancel := context.WithTimeout(ctx, lockLimit)
	defer cancel()
	for {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return f, nil
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(berth.Errorf(berth.Conflict, "another process holds the mounts of %s: %w", dir, err), f.Close())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// supervisor answers an agent.
type supervisor struct {
	options SupervisorOptions
	own     *own
	end     chan struct{} // closed when an administrator wants it to end
	ending  sync.Once
	busy    atomic.Int32 // requests that are being answered
	heavy   atomic.Bool  // images were opened since memory was last given back
	last    atomic.Int64 // when something was held or asked for, in Unix nanoseconds
}

func (s *supervisor) touch() { s.last.Store(time.Now().UnixNano()) }

// serve answers until there is nothing left to do.
func (s *supervisor) serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{Handler: s, ReadHeaderTimeout: lookLimit, ErrorLog: slog.NewLogLogger(s.options.Log.Handler(), slog.LevelDebug)}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(sameUser{l}) }()
	idle := cmp.Or(s.options.Idle, 10*time.Second)
	tidied := time.Now()
	for {
		select {
		case err := <-ended:
			return err
		case <-ctx.Done():
			return server.Close()
		case <-s.end:
			return server.Shutdown(context.WithoutCancel(ctx)) // the answer to who asked for it goes out
		case <-time.After(idle / 4):
		}
		if s.busy.Load() == 0 && (s.heavy.Swap(false) || time.Since(tidied) > tidyEvery) {
			debug.FreeOSMemory() // what opening images took, and answering, is not needed while they are served
			tidied = time.Now()
		}
		if len(s.own.names()) > 0 || s.busy.Load() > 0 {
			s.touch()
		}
		if time.Since(time.Unix(0, s.last.Load())) > idle {
			s.options.Log.Info("nothing is mounted any more", "state", s.options.StateDir)
			return server.Close()
		}
	}
}

// ServeHTTP tells what is held, holds a package, lets go of one.
func (s *supervisor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.busy.Add(1)
	defer s.busy.Add(-1)
	err := s.answer(r)
	if err != nil {
		s.refuse(w, err)
		return
	}
	_ = json.NewEncoder(w).Encode(holding{Names: s.own.names(), Findings: s.own.findings()}) // an agent that is gone needs no answer
}

// answer does what is asked. A fault in reading an image that anybody may have made must not take the other mounts along.
func (s *supervisor) answer(r *http.Request) (err error) {
	defer func() {
		if p := recover(); p != nil {
			s.options.Log.Error("request panicked", "panic", p, "stack", string(debug.Stack()))
			err = berth.Errorf(berth.Internal, "fault in the process that holds the mounts: %v", p)
		}
	}()
	switch r.Method {
	case http.MethodGet:
	case http.MethodPost:
		var req holdRequest
		if err = json.NewDecoder(io.LimitReader(r.Body, mostRecordBytes)).Decode(&req); err == nil {
			err = s.hold(r.Context(), req)
		}
	case http.MethodDelete:
		if r.URL.Query().Get("all") == "true" {
			err = s.own.close()
			s.ending.Do(func() { close(s.end) })
			break
		}
		err = s.own.release(r.URL.Query().Get("name"), r.URL.Query().Get("lazily") == "true")
	default:
		err = berth.Errorf(berth.Invalid, "unknown request %s", r.Method)
	}
	return err
}

// hold opens the package and serves it where it belongs.
func (s *supervisor) hold(ctx context.Context, req holdRequest) error {
	p := req.Package
	s.touch()
	s.heavy.Store(true)
	if err := checkName(p.FullName); err != nil {
		return err
	}
	if s.own.has(p.FullName) {
		return nil
	}
	image, err := s.options.Images.Attach(ctx, cmp.Or(req.From, p.ImagePath), p.RelativePath)
	if err != nil {
		return coded(err, "cannot open the image "+cmp.Or(req.From, p.ImagePath))
	}
	if err := compare(p, image.Package); err != nil { // it may have been replaced since the agent looked
		return errors.Join(err, image.Close())
	}
	return s.own.hold(ctx, p, filepath.Join(s.options.StateDir, "packages", p.FullName), image)
}

func (s *supervisor) refuse(w http.ResponseWriter, err error) {
	r := refusal{Kind: berth.ErrorKind(err).String(), Message: err.Error()}
	if e, ok := errors.AsType[*berth.Error](err); ok {
		r.Code, r.Message, r.Remedy = e.Code, cmp.Or(e.Message, r.Message), e.Remedy
	}
	s.options.Log.Warn("refused", "error", err)
	w.WriteHeader(http.StatusConflict)
	_ = json.NewEncoder(w).Encode(r) // as above
}

// sameUser lets root in, and the user whose process this is.
type sameUser struct{ net.Listener }

func (l sameUser) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if peer, err := userOf(c); err == nil && (peer == 0 || peer == uint32(os.Geteuid())) {
			return c, nil
		}
		_ = c.Close() // it may not speak; what it would hear does not matter
	}
}

// userOf asks the kernel who is at the other end: unix(7), SO_PEERCRED.
func userOf(c net.Conn) (uint32, error) {
	sc, ok := c.(syscall.Conn)
	if !ok {
		return 0, errors.ErrUnsupported
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return 0, err
	}
	var cred *unix.Ucred
	if cerr := raw.Control(func(fd uintptr) { cred, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) }); errors.Join(cerr, err) != nil {
		return 0, errors.Join(cerr, err)
	}
	return cred.Uid, nil
}
