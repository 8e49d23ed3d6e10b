package agent_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"berth"
	"berth/agent"
	"berth/agent/simhost"
)

// hours is a clock that only the test moves.
type hours struct {
	mu sync.Mutex
	at time.Duration
}

func (h *hours) now() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.at
}

func (h *hours) pass(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at += d
}

// by is a plan with a deadline of an hour for what is not in it.
func by(p berth.Plan) berth.Plan {
	p.DisablingMinutes = 60
	return p
}

func (p *plane) untilOf(t *testing.T, name string) time.Time {
	t.Helper()
	f := p.seen()
	if one := f.Package(name); one != nil {
		return one.Until
	}
	return time.Time{}
}

func untilHeard(t *testing.T, host *simhost.Host, n int, words string) {
	t.Helper()
	until(t, words, func() (bool, any) {
		heard := host.Heard()
		return len(heard) == n && strings.Contains(heard[n-1], words), heard
	})
}

// looks waits until the agent has looked at the machine again, more than once.
func looks(t *testing.T, p *plane, host *simhost.Host) {
	t.Helper()
	id := "look-" + time.Now().Format("150405.000000000")
	host.Logon(id)
	until(t, "looked", func() (bool, any) {
		f := p.seen()
		return slices.ContainsFunc(f.Sessions, func(s berth.Session) bool { return s.ID == id }), f.Sessions
	})
	host.Logoff(id)
	until(t, "looked again", func() (bool, any) {
		f := p.seen()
		return !slices.ContainsFunc(f.Sessions, func(s berth.Session) bool { return s.ID == id }), f.Sessions
	})
}

func TestDeadline(t *testing.T) {
	p, clock, host := newPlane(t), &hours{}, simhost.New(simhost.Options{})
	dir := enrolled(t, p)
	host.Logon("s1")
	start(t, dir, host, func(o *agent.Options) { o.Uptime = clock.now })
	p.apply(by(planOf("A_1")))
	p.untilShape(t, "A_1 staged s1")
	if !p.untilOf(t, "A_1").IsZero() {
		t.Error("a package that is planned has a deadline")
	}
	clock.pass(100 * time.Hour) // of no account: it was planned
	p.apply(by(planOf("A_2")))
	p.untilShape(t, "A_1 staged s1, A_2 staged")
	untilHeard(t, host, 1, "s1: A_1 will be closed in 60 minutes")
	if left := time.Until(p.untilOf(t, "A_1")); left < 50*time.Minute || left > 61*time.Minute {
		t.Errorf("%v are left, want an hour", left)
	}
	clock.pass(46 * time.Minute)
	untilHeard(t, host, 2, "in 14 minutes")
	clock.pass(10 * time.Minute)
	untilHeard(t, host, 3, "in 4 minutes")
	clock.pass(3*time.Minute + 59*time.Second)
	untilHeard(t, host, 4, "in a minute")
	looks(t, p, host)
	if got := shape(p.seen()); !strings.Contains(got, "A_1 staged s1") {
		t.Fatalf("before the deadline: %s", got)
	}
	clock.pass(time.Second)
	p.untilShape(t, "A_2 staged s1")
	until(t, "the host tells whom it was taken from", func() (bool, any) {
		f := p.seen()
		return slices.ContainsFunc(f.Problems, func(s string) bool {
			return strings.Contains(s, "A_1 was taken from the session of user-s1 (s1): its deadline had passed")
		}), f.Problems
	})
	if heard := host.Heard(); len(heard) != 4 {
		t.Errorf("told: %q", heard)
	}
}

// Without a deadline nothing is ever taken, and nobody is told anything.
func TestNoDeadline(t *testing.T) {
	p, clock, host := newPlane(t), &hours{}, simhost.New(simhost.Options{})
	host.Logon("s1")
	start(t, enrolled(t, p), host, func(o *agent.Options) { o.Uptime = clock.now })
	p.apply(planOf("A_1"))
	p.untilShape(t, "A_1 staged s1")
	p.apply(planOf())
	clock.pass(1000 * time.Hour)
	looks(t, p, host)
	if got := shape(p.seen()); got != "A_1 staged s1" || len(host.Heard()) != 0 || !p.untilOf(t, "A_1").IsZero() {
		t.Errorf("without a deadline: %s, told %q", got, host.Heard())
	}
	// One that is set later counts from then on, and sessions are told first.
	p.apply(by(planOf()))
	untilHeard(t, host, 1, "in 60 minutes")
	clock.pass(50 * time.Minute)
	looks(t, p, host)
	if got := shape(p.seen()); got != "A_1 staged s1" {
		t.Errorf("before the deadline: %s", got)
	}
	// Taken back, it is of no account; planned again, the package stays.
	p.apply(planOf())
	until(t, "no deadline", func() (bool, any) { at := p.untilOf(t, "A_1"); return at.IsZero(), at })
	p.apply(by(planOf("A_1")))
	clock.pass(100 * time.Hour)
	looks(t, p, host)
	if got := shape(p.seen()); !strings.HasPrefix(got, "A_1 staged s1") { // a session of looks may have it too
		t.Errorf("planned again: %s", got)
	}
}

// Neither the machine's clock nor a restart of the agent brings a deadline nearer.
func TestDeadlineClockAndRestart(t *testing.T) {
	p, clock, host := newPlane(t), &hours{}, simhost.New(simhost.Options{})
	dir := enrolled(t, p)
	host.Logon("s1")
	var ahead sync.Map
	wall := func() time.Time {
		at := time.Now()
		if d, ok := ahead.Load("by"); ok {
			at = at.Add(d.(time.Duration)) //nolint:forcetypeassert // the test's own
		}
		return at
	}
	options := func(o *agent.Options) { o.Uptime, o.Now = clock.now, wall }
	first := start(t, dir, host, options)
	p.apply(by(planOf("A_1")))
	p.untilShape(t, "A_1 staged s1")
	p.apply(by(planOf()))
	untilHeard(t, host, 1, "in 60 minutes")
	clock.pass(30 * time.Minute)
	looks(t, p, host)
	first.stop()

	ahead.Store("by", 20*time.Minute) // certificates hold, and no more than that is needed to see it
	clock.pass(24 * time.Hour)        // while no agent runs, nobody is warned
	second := start(t, dir, host, options)
	looks(t, p, host)
	clock.pass(20 * time.Minute)
	untilHeard(t, host, 2, "in 10 minutes")
	if got := shape(p.seen()); got != "A_1 staged s1" {
		t.Fatalf("after 50 minutes of 60: %s", got)
	}
	clock.pass(11 * time.Minute)
	p.untilShape(t, "")
	second.stop()
}

// rude is a machine that cannot take a package from a session, nor tell it anything.
type rude struct{ agent.Platform }

func TestDeadlineThatThePlatformCannotKeep(t *testing.T) {
	p, clock, host := newPlane(t), &hours{}, simhost.New(simhost.Options{})
	host.Logon("s1")
	start(t, enrolled(t, p), rude{host}, func(o *agent.Options) { o.Uptime = clock.now })
	p.apply(by(planOf("A_1")))
	p.untilShape(t, "A_1 staged s1")
	p.apply(by(planOf()))
	until(t, "it says so", func() (bool, any) {
		f := p.seen()
		return slices.ContainsFunc(f.Problems, func(s string) bool { return strings.Contains(s, "user-s1 cannot be told that A_1 will go") }), f.Problems
	})
	clock.pass(2 * time.Hour)
	looks(t, p, host)
	if got := shape(p.seen()); got != "A_1 staged s1" {
		t.Errorf("taken all the same: %s", got)
	}
	host.Logoff("s1")
	p.untilShape(t, "")
}

// deaf is a machine whose sessions cannot be told anything.
type deaf struct{ *simhost.Host }

func (deaf) Message(context.Context, string, string, string) error { return errors.New("no terminal") }

func TestDeadlineOfWhoCannotBeTold(t *testing.T) {
	p, clock, host := newPlane(t), &hours{}, simhost.New(simhost.Options{})
	host.Logon("s1")
	start(t, enrolled(t, p), deaf{host}, func(o *agent.Options) { o.Uptime = clock.now })
	p.apply(by(planOf("A_1")))
	p.untilShape(t, "A_1 staged s1")
	p.apply(by(planOf()))
	problem := func(words string) bool {
		return slices.ContainsFunc(p.seen().Problems, func(s string) bool { return strings.Contains(s, words) })
	}
	until(t, "it says so", func() (bool, any) { return problem("cannot be told that A_1 will go: no terminal"), p.seen().Problems })
	clock.pass(time.Hour)
	p.untilShape(t, "")
	until(t, "no more of it", func() (bool, any) { return !problem("cannot be told"), p.seen().Problems })
}
