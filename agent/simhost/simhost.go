// Package simhost is a Platform that holds no disk: it remembers what it was told and says so in its facts. It puts load
// on a server and lets the loop be tested, with the delays and failures that are asked of it.
package simhost

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"berth"
	"berth/agent"
)

// Options say what the host is and how it behaves.
type Options struct {
	Hostname      string
	StageDelay    time.Duration
	RegisterDelay time.Duration
	Now           func() time.Time // time.Now
}

// Host is the simulated machine. It outlives the agents that run on it, as a machine does.
type Host struct {
	options  Options
	mu       sync.Mutex
	sessions map[string]berth.Session
	packages map[string]*entry // by folded full name
	certs    map[string]bool
	orphans  map[string]agent.Orphan
	failures map[string]error // by folded full name
	heard    []string
}

// entry is a package on the machine.
type entry struct {
	origin     berth.PlannedPackage
	staged     bool
	registered map[string]agent.Registration // by session
}

var _ agent.Platform = (*Host)(nil)

// New returns an empty machine.
func New(o Options) *Host {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Host{options: o, sessions: map[string]berth.Session{}, packages: map[string]*entry{},
		certs: map[string]bool{}, orphans: map[string]agent.Orphan{}, failures: map[string]error{}}
}

// Describe says that the host is simulated.
func (h *Host) Describe(context.Context) (agent.Machine, error) {
	return agent.Machine{Hostname: h.options.Hostname, OS: "simulated", Architecture: "x64", Platform: "simhost",
		AttachMode: "none: this host is simulated and holds no disk"}, nil
}

// Observe tells what was done so far.
func (h *Host) Observe(context.Context) (agent.Observation, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	seen := agent.Observation{Sessions: slices.Collect(maps.Values(h.sessions)),
		Certificates: slices.Sorted(maps.Keys(h.certs)), Orphans: slices.Collect(maps.Values(h.orphans))}
	for _, name := range slices.Sorted(maps.Keys(h.packages)) {
		e := h.packages[name]
		origin := e.origin
		seen.Packages = append(seen.Packages, agent.Seen{
			FullName: e.origin.FullName, FamilyName: e.origin.FamilyName, Framework: e.origin.Framework,
			Attached: e.staged, Staged: e.staged, Origin: &origin, Registered: slices.Collect(maps.Values(e.registered)),
		})
	}
	return seen, nil
}

// Stage waits, fails if asked to, and remembers the package.
func (h *Host) Stage(ctx context.Context, p berth.PlannedPackage) error {
	if err := h.work(ctx, h.options.StageDelay, p.FullName); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	e := h.packages[berth.Fold(p.FullName)]
	if e == nil {
		e = &entry{registered: map[string]agent.Registration{}}
		h.packages[berth.Fold(p.FullName)] = e
	}
	e.origin, e.staged = p, true
	return nil
}

// Destage forgets the package, unless a session has it.
func (h *Host) Destage(ctx context.Context, fullName string) error {
	if err := h.work(ctx, h.options.StageDelay, fullName); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if e := h.packages[berth.Fold(fullName)]; e != nil && len(e.registered) > 0 {
		return berth.Errorf(berth.Conflict, "%s is registered in %d sessions", fullName, len(e.registered))
	}
	delete(h.packages, berth.Fold(fullName))
	return nil
}

// Register notes the package in the session; it must be staged.
func (h *Host) Register(ctx context.Context, s berth.Session, p berth.PlannedPackage) error {
	if err := h.work(ctx, h.options.RegisterDelay, p.FullName); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	e := h.packages[berth.Fold(p.FullName)]
	if e == nil || !e.staged {
		return berth.Errorf(berth.Conflict, "%s is not staged", p.FullName)
	}
	e.registered[s.ID] = agent.Registration{Session: s, Since: h.options.Now(), Complete: true}
	return nil
}

// Deregister takes that back.
func (h *Host) Deregister(ctx context.Context, s berth.Session, fullName string) error {
	if err := h.work(ctx, h.options.RegisterDelay, fullName); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if e := h.packages[berth.Fold(fullName)]; e != nil {
		delete(e.registered, s.ID)
	}
	return nil
}

// Force takes the package from the session; see agent.Forcer.
func (h *Host) Force(ctx context.Context, s berth.Session, fullName string) error {
	return h.Deregister(ctx, s, fullName)
}

// LogOff ends the session; see agent.SessionKeeper.
func (h *Host) LogOff(_ context.Context, id string) error { h.Logoff(id); return nil }

// Disconnect does nothing: a simulated session has no screen.
func (h *Host) Disconnect(context.Context, string) error { return nil }

// Message remembers what the session was told.
func (h *Host) Message(_ context.Context, id string, title, body string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.heard = append(h.heard, id+": "+title+": "+body)
	return nil
}

// Heard returns what sessions were told.
func (h *Host) Heard() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.heard)
}

// Trust notes the certificates.
func (h *Host) Trust(_ context.Context, install []berth.Certificate, remove []string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range install {
		h.certs[c.Thumbprint] = true
	}
	for _, t := range remove {
		delete(h.certs, t)
	}
	return nil
}

// Repair clears the leftover away.
func (h *Host) Repair(_ context.Context, o agent.Orphan) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.orphans, o.ID)
	return nil
}

// Close does nothing: what the machine has stays.
func (h *Host) Close() error { return nil }

// work waits and returns the failure asked for.
func (h *Host) work(ctx context.Context, d time.Duration, fullName string) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.failures[berth.Fold(fullName)]
}

// Fail makes every step with the package fail so from now on; nil ends that.
func (h *Host) Fail(fullName string, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failures[berth.Fold(fullName)] = err
}

// Logon begins sessions, each of a user named after it.
func (h *Host) Logon(ids ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, id := range ids {
		h.sessions[id] = berth.Session{ID: id, User: "user-" + id, Since: h.options.Now()}
	}
}

// Logoff ends sessions; what is registered in them stays until it is deregistered.
func (h *Host) Logoff(ids ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, id := range ids {
		delete(h.sessions, id)
	}
}

// Unplug makes every package lose its image, as a restart of the machine would.
func (h *Host) Unplug() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range h.packages {
		e.staged = false
	}
}

// Litter leaves something behind for the agent to find.
func (h *Host) Litter(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.orphans[id] = agent.Orphan{ID: id, Problem: fmt.Sprintf("litter %s", id)}
}
