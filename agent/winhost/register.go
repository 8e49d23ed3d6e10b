//go:build windows

package winhost

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/windows/registry"

	"berth"
	"berth/agent"
	"berth/agent/winhost/winrt"
)

// Register lets a worker register the package as the session's user. A package on demand waits until the session has had
// time to start: its user is not kept waiting for it.
func (h *Host) Register(ctx context.Context, s berth.Session, p berth.PlannedPackage) error {
	if err := checkName(p.FullName); err != nil {
		return err
	}
	session, runs, err := h.find(s.ID)
	if err != nil || !runs { // it has ended meanwhile; the next look sees that
		return err
	}
	if p.Registration == berth.OnDemand {
		agent.EnterPhase(ctx, agent.PhaseWaiting)
		if err := pause(ctx, h.options.OnDemand-h.options.Now().Sub(session.since)); err != nil {
			return err
		}
	}
	agent.EnterPhase(ctx, berth.PhaseRegister)
	defer h.users.hold(session.sid)()
	defer h.known.forget(p.FullName)
	l, err := h.records.ledger(session.sid)
	if err != nil {
		return coded(err, "cannot read what was registered for "+session.user)
	}
	// Written down before it is done: an agent that dies in between counts the registration as this session's.
	l.User, l.Packages[berth.Fold(p.FullName)] = session.user, session.id()
	if err := h.records.writeLedger(session.sid, l); err != nil {
		return coded(err, "cannot write down what is registered for "+session.user)
	}
	work := Work{Do: WorkRegister, Package: p.FullName}
	if rec, err := h.records.read(p.FullName); err == nil && rec != nil {
		work.Frameworks = rec.Frameworks
	}
	return h.inSession(ctx, session, work)
}

func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(min(d, time.Minute)): // a clock that was set back must not hold up a session
		return nil
	}
}

// Deregister takes a registration back that an earlier session of the user left behind. That needs the user: it is done
// in a session that the user has now, or for a user whose profile is gone. Else it stays until one of both is so, or
// until the package is destaged.
func (h *Host) Deregister(ctx context.Context, s berth.Session, fullName string) error {
	if err := checkName(fullName); err != nil {
		return err
	}
	sid, former := strings.CutPrefix(s.ID, formerPrefix)
	if !former {
		return h.deregisterIn(ctx, s, fullName)
	}
	defer h.users.hold(sid)()
	defer h.known.forget(fullName)
	sessions, err := h.list()
	if err != nil {
		return err
	}
	now, here := ofUser(sessions, sid)
	l, err := h.records.ledger(sid)
	if err != nil {
		return coded(err, "cannot read what was registered for "+s.User)
	}
	if here && l.Packages[berth.Fold(fullName)] == now.id() {
		return nil // the session that runs has registered it since
	}
	switch {
	case here:
		err = h.inSession(ctx, now, Work{Do: WorkDeregister, Package: fullName})
	case !hasProfile(sid):
		err = h.cleanUp(ctx, fullName, sid)
	default:
		return nil
	}
	return h.deregistered(sid, l, fullName, err)
}

// deregisterIn takes a package from a session that runs, as when an administrator ends its use before its end.
func (h *Host) deregisterIn(ctx context.Context, s berth.Session, fullName string) error {
	session, runs, err := h.find(s.ID)
	if err != nil || !runs {
		return err
	}
	defer h.users.hold(session.sid)()
	defer h.known.forget(fullName)
	l, err := h.records.ledger(session.sid)
	if err != nil {
		return coded(err, "cannot read what was registered for "+s.User)
	}
	err = h.inSession(ctx, session, Work{Do: WorkDeregister, Package: fullName})
	return h.deregistered(session.sid, l, fullName, err)
}

// Force takes the package from a session that runs; Windows ends its programs then. See agent.Forcer.
func (h *Host) Force(ctx context.Context, s berth.Session, fullName string) error {
	if err := checkName(fullName); err != nil {
		return err
	}
	return h.deregisterIn(ctx, s, fullName)
}

// deregistered notes the end of a registration. That it was not there is as good.
func (h *Host) deregistered(sid string, l ledger, fullName string, err error) error {
	if err != nil && codeOf(err) != codeNotFound {
		return err
	}
	delete(l.Packages, berth.Fold(fullName))
	return coded(h.records.writeLedger(sid, l), "cannot write down what is registered for "+l.User)
}

func (h *Host) cleanUp(ctx context.Context, fullName, sid string) error {
	m, err := h.packages()
	if err != nil {
		return err
	}
	return deployed(m.Cleanup(ctx, fullName, sid), fmt.Sprintf("cannot take %s from the user %s, whose profile is gone", fullName, sid))
}

// hasProfile tells whether the user has a profile on this machine. When that cannot be read, there is one.
func hasProfile(sid string) bool {
	k, err := registry.OpenKey(registry.LOCAL_MACHINE, `SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList\`+sid, registry.QUERY_VALUE)
	if err != nil {
		return !errors.Is(err, registry.ErrNotExist)
	}
	_ = k.Close() // only looked for
	return true
}

// holders tells who has a package: sessions that run, and, under an id that no session has, users whose earlier session
// left it behind and from whom it can be taken now. Others who left it behind are not told of: nothing can be done about
// them but by destaging.
func (h *Host) holders(fullName string, sessions []wtsSession) ([]agent.Registration, error) {
	users, err := h.usersOf(fullName)
	if err != nil {
		return nil, err
	}
	var list []agent.Registration
	for _, u := range users {
		l, err := h.records.ledger(u.SID)
		if err != nil {
			return nil, coded(err, "cannot read what was registered for "+u.SID)
		}
		list = append(list, h.holding(u.SID, l, fullName, sessions)...)
	}
	return list, nil
}

func (h *Host) holding(sid string, l ledger, fullName string, sessions []wtsSession) []agent.Registration {
	in := l.Packages[berth.Fold(fullName)]
	current, here := ofUser(sessions, sid)
	former := agent.Registration{Complete: true, Session: berth.Session{ID: formerPrefix + sid, User: l.User}}
	switch {
	case here && (in == "" || slices.ContainsFunc(sessions, func(s wtsSession) bool { return s.sid == sid && s.id() == in })):
		// Of a registration that nobody wrote down it is not known when it was made: it counts as the session's, so that
		// nothing is taken from a program that runs.
		return []agent.Registration{{Session: current.brief(), Complete: true}}
	case here || !hasProfile(sid):
		return []agent.Registration{former}
	}
	return nil
}

// usersOf asks Windows who has the package, or what it said a moment ago.
func (h *Host) usersOf(fullName string) ([]winrt.User, error) {
	a, err := h.ask(fullName)
	return a.users, err
}
