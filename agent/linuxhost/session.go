//go:build linux

package linuxhost

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"berth"
	"berth/agent"
	"golang.org/x/sys/unix"
)

// Session is the record of a user's session, kept until what it had is deregistered.
type Session struct {
	ID    string    `json:"id"`
	User  string    `json:"user"`
	Home  string    `json:"home"`          // where the application entries go
	PID   int       `json:"pid,omitempty"` // the session ends with this process; 0: by CloseSession alone
	Since time.Time `json:"since"`
	Ended time.Time `json:"ended,omitzero"` // no later than this; zero while it runs
	Start uint64    `json:"start,omitempty"`
	Boot  string    `json:"boot"` // of the machine; no session outlives it
	// Former is the ID of an ended session whose ID another has taken before it was cleaned up: login managers count from
	// one again after every start of the machine.
	Former string `json:"former,omitempty"`
	// Source is what told of the session: empty for PAM and for people, who tell of its end too.
	Source Source `json:"source,omitempty"`
}

// sessionIDs can name a file and stand in an application entry.
var sessionIDs = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,95}$`) })

// mostID bounds the ids of new sessions, so that a former one has room for its date.
const mostID = 64

// OpenSession begins a session: it is what a login hook calls. ID, User and Home must be set; Since is now when it is
// zero. An ID that is in use by a running session is a Conflict, unless that was found by the agent itself.
func OpenSession(stateDir string, s Session) error {
	if err := s.check(); err != nil {
		return err
	}
	if len(s.ID) > mostID {
		return badID(s.ID)
	}
	boot, err := bootID()
	if err != nil {
		return coded(err, "cannot tell this start of the machine from others")
	}
	if err := os.MkdirAll(filepath.Join(stateDir, "sessions"), 0o755); err != nil {
		return coded(err, "cannot make the folder of sessions")
	}
	if _, err := noteEnded(stateDir); err != nil { // before this one begins
		return err
	}
	s.Boot, s.Ended = boot, time.Time{}
	if s.Since.IsZero() {
		s.Since = time.Now()
	}
	if s.PID > 0 {
		if s.Start, err = startOf(s.PID); err != nil {
			return coded(err, "cannot see the session's process")
		}
		if s.Start == 0 {
			return berth.Errorf(berth.NotFound, "there is no process %d", s.PID).On("pid")
		}
	}
	return alone(stateDir, func() error {
		var old Session
		switch err := agent.ReadJSON(sessionPath(stateDir, s.ID), mostRecordBytes, &old); {
		case err != nil:
		case old.runs(boot) && old.Source != "" && s.Source == "" && old.User == s.User:
			s.Since = old.Since // PAM tells of a session that was seen already; from now on it tells of its end
		case old.runs(boot):
			return berth.Errorf(berth.Conflict, "session %s of %s is open already", old.ID, old.User).On("id")
		default:
			if err := old.stepAside(stateDir); err != nil {
				return err
			}
		}
		return s.write(stateDir)
	})
}

// stepAside puts the record of an ended session aside, so that another can take its ID.
func (s Session) stepAside(stateDir string) error {
	s.Former = s.ID
	s.ID = s.ID + "." + strconv.FormatInt(s.Since.UnixNano(), 10)
	if s.Ended.IsZero() {
		s.Ended = time.Now()
	}
	return s.write(stateDir)
}

// alone runs f while no other process changes records of sessions: login hooks and the agent do so side by side.
func alone(stateDir string, f func() error) error {
	lock, err := os.OpenFile(filepath.Join(stateDir, "sessions", ".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return coded(err, "cannot lock the records of sessions")
	}
	defer func() { _ = lock.Close() }() // gives the lock back
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		return coded(err, "cannot lock the records of sessions")
	}
	return f()
}

// CloseSession ends a session. Its entries go when the agent sees it.
func CloseSession(stateDir, id string) error {
	if !sessionIDs().MatchString(id) {
		return badID(id)
	}
	return closeIf(stateDir, id, func(Session) bool { return true })
}

// CloseSessionOf ends a session if it is the user's. It is for PAM: in the environment of su(1) is the id of the session that
// it was called in, which goes on when su ends.
func CloseSessionOf(stateDir, id, user string) error {
	if !sessionIDs().MatchString(id) {
		return badID(id)
	}
	return closeIf(stateDir, id, func(s Session) bool { return s.User == user })
}

// closeIf ends a session if its record is what the caller takes it for.
func closeIf(stateDir, id string, still func(Session) bool) error {
	if _, err := os.Stat(sessionPath(stateDir, id)); err != nil { // nor a folder for the lock, it may be
		return coded(err, "there is no session "+id)
	}
	return alone(stateDir, func() error {
		var s Session
		if err := agent.ReadJSON(sessionPath(stateDir, id), mostRecordBytes, &s); err != nil {
			return coded(err, "there is no session "+id)
		}
		if !s.Ended.IsZero() || !still(s) {
			return nil
		}
		s.Ended = time.Now()
		return s.write(stateDir)
	})
}

// ListSessions returns the records of sessions that run and of those that ended and are not cleaned up yet, by id. Of the
// latter, Ended is set.
func ListSessions(stateDir string) ([]Session, error) {
	boot, err := bootID()
	if err != nil {
		return nil, coded(err, "cannot tell this start of the machine from others")
	}
	started, err := bootTime()
	if err != nil {
		return nil, coded(err, "cannot tell when the machine was started")
	}
	paths, err := filepath.Glob(filepath.Join(stateDir, "sessions", "*.json"))
	if err != nil {
		return nil, err
	}
	var list []Session
	for _, p := range paths {
		var s Session
		err := agent.ReadJSON(p, mostRecordBytes, &s)
		if errors.Is(err, fs.ErrNotExist) { // cleaned up since
			continue
		}
		if err != nil || sessionPath(stateDir, s.ID) != p || s.check() != nil {
			continue // Observe reports it
		}
		if s.Ended.IsZero() && !s.runs(boot) {
			s.Ended = time.Now()
		}
		if s.Boot != boot && started.Before(s.Ended) {
			s.Ended = started
		}
		list = append(list, s)
	}
	return list, nil
}

func (s Session) check() error {
	switch {
	case !sessionIDs().MatchString(s.ID):
		return badID(s.ID)
	case s.User == "" || strings.ContainsFunc(s.User, func(r rune) bool { return r < ' ' }):
		return berth.Errorf(berth.Invalid, "%q is no user", s.User).On("user")
	case !filepath.IsAbs(s.Home) || filepath.Clean(s.Home) == "/":
		return berth.Errorf(berth.Invalid, "%q is no home folder", s.Home).On("home").With("give its whole path")
	case s.PID < 0:
		return berth.Errorf(berth.Invalid, "%d is no process", s.PID).On("pid")
	}
	return nil
}

func badID(id string) error {
	return berth.Errorf(berth.Invalid, "%q cannot name a session", id).On("id").With("use letters, digits, '.', '-' and '_', at most 64")
}

// runs tells whether the session goes on: it was not closed, the machine was not started anew, its process is the same.
func (s Session) runs(boot string) bool {
	if !s.Ended.IsZero() || s.Boot != boot {
		return false
	}
	if s.PID == 0 || s.Source == SourceLogind { // the login manager knows better: it outlives its first process
		return true
	}
	start, err := startOf(s.PID)
	return err != nil || start == s.Start // when in doubt it runs: nothing is taken from it
}

func (s Session) write(stateDir string) error {
	data, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return coded(agent.Replace(sessionPath(stateDir, s.ID), 0o600, data), "cannot keep the record of session "+s.ID)
}

func sessionPath(stateDir, id string) string { return filepath.Join(stateDir, "sessions", id+".json") }

func (s Session) brief() berth.Session { return berth.Session{ID: s.ID, User: s.User, Since: s.Since} }

// sessions returns the records as ListSessions does.
func (h *Host) sessions() ([]Session, error) { return noteEnded(h.options.StateDir) }

// noteEnded returns the records as ListSessions does, and writes down that a session ended when that is first seen, so
// that it is known later which came first, its end or the next session of the user.
func noteEnded(stateDir string) ([]Session, error) {
	list, err := ListSessions(stateDir)
	if err != nil {
		return nil, err
	}
	for _, s := range list {
		if s.Ended.IsZero() {
			continue
		}
		err := alone(stateDir, func() error {
			var kept Session
			if agent.ReadJSON(sessionPath(stateDir, s.ID), mostRecordBytes, &kept) != nil || !kept.Ended.IsZero() || !kept.Since.Equal(s.Since) {
				return nil // cleaned up, noted, or opened anew meanwhile
			}
			return s.write(stateDir)
		})
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}
