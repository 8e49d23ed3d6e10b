package agent

import (
	"errors"
	"io/fs"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"berth"
)

// Status is what the state folder tells about the agent of this host.
type Status struct {
	Running     bool        `json:"running"` // an agent runs on the folder now
	HostID      string      `json:"hostId"`
	Site        string      `json:"site"`
	Name        string      `json:"name"`
	Server      string      `json:"server"`
	EnrolledAt  time.Time   `json:"enrolledAt"`
	Generation  int64       `json:"generation"` // of the plan held
	Packages    int         `json:"packages"`   // in that plan
	LastSync    time.Time   `json:"lastSync,omitzero"`
	LastError   string      `json:"lastError,omitempty"` // of the last sync, empty when it was answered
	LastErrorAt time.Time   `json:"lastErrorAt,omitzero"`
	Facts       berth.Facts `json:"facts"`
}

// ReadStatus reads the state folder; it needs no agent to run. A host that was never enrolled is NotFound.
func ReadStatus(stateDir string) (Status, error) {
	id, err := loadIdentity(stateDir)
	if err != nil {
		return Status{}, err
	}
	s := Status{HostID: id.HostID, Site: id.Site, Name: id.Name, Server: id.Server, EnrolledAt: id.EnrolledAt}
	h := loadKeeper(stateDir, slog.New(slog.DiscardHandler)).get()
	s.Generation, s.Packages = h.Generation, len(h.Plan.Packages)
	var n notice
	if err := readJSON(filepath.Join(stateDir, statusFile), &n); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return s, berth.Errorf(berth.Internal, "cannot read the agent's status: %w", err)
	}
	s.LastSync, s.LastError, s.LastErrorAt, s.Facts = n.LastSync, n.LastError, n.LastErrorAt, n.Facts
	l, err := lock(stateDir)
	if err == nil {
		err = l.Close()
	}
	s.Running = berth.ErrorKind(err) == berth.Conflict
	return s, nil
}

// notice is the file status.json.
type notice struct {
	LastSync    time.Time   `json:"lastSync,omitzero"`
	LastError   string      `json:"lastError,omitempty"`
	LastErrorAt time.Time   `json:"lastErrorAt,omitzero"`
	Facts       berth.Facts `json:"facts"`
}

// board keeps the notice for whoever asks for the status.
type board struct {
	path   string
	log    *slog.Logger
	mu     sync.Mutex
	notice notice
}

func newBoard(path string, log *slog.Logger) *board {
	b := &board{path: path, log: log}
	if err := readJSON(path, &b.notice); err != nil && !errors.Is(err, fs.ErrNotExist) {
		log.Warn("the last status cannot be read; a new one begins", "error", err)
	}
	return b
}

func (b *board) facts(f berth.Facts) { b.change(func(n *notice) { n.Facts = f }) }

// synced notes how a sync ended.
func (b *board) synced(at time.Time, err error) {
	b.change(func(n *notice) {
		if err == nil {
			n.LastSync, n.LastError, n.LastErrorAt = at, "", time.Time{}
			return
		}
		n.LastError, n.LastErrorAt = err.Error(), at
	})
}

func (b *board) change(f func(*notice)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f(&b.notice)
	if err := writeJSON(b.path, b.notice); err != nil {
		b.log.Warn("cannot keep the status", "error", err)
	}
}
