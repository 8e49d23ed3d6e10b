package agent

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"berth"
)

// Forcer is a Platform that can take a package from a session that runs.
type Forcer interface {
	// Force takes the package from the session: it ends the session's programs that run out of it, as gently as they let it,
	// and deregisters it. It is asked for only when a deadline has passed that an administrator set.
	Force(ctx context.Context, s berth.Session, fullName string) error
}

// Limits of deadlines.
const (
	messageLimit = time.Minute
	untilSteady  = time.Minute // by how much a deadline must move before it is told anew
	spentSaved   = time.Minute // how much of a deadline's time a death of the agent may give back
	showForced   = time.Hour   // how long the host tells that a package was taken from a session
)

// warnings is how long before the deadline sessions are told of it, beside the first time.
var warnings = []time.Duration{15 * time.Minute, 5 * time.Minute, time.Minute}

// leaving is a package that left the plan while sessions have it, and that must be gone by a deadline. Its time is what has
// passed while an agent ran, by a clock that nobody sets: a clock that is put forward brings no deadline nearer, and an agent
// that was not there to warn gives its time back.
type leaving struct {
	Limit time.Duration  `json:"limit"` // the deadline that it is about; another one begins anew
	Spent time.Duration  `json:"spent"`
	Until time.Time      `json:"until"` // when it will be over, by the machine's clock; for people
	Told  map[string]int `json:"told"`  // warnings by session, so many
}

// left is the time until the deadline.
func (v leaving) left() time.Duration { return max(0, v.Limit-v.Spent) }

// watched is what the loop knows of deadlines beside the memory.
type watched struct {
	at     time.Duration        // when it last looked
	looked bool                 // it did
	forced map[string]time.Time // what was taken from whom -> when
	untold map[string]string    // package and session -> why nobody could be told
}

// watch counts the time of packages that are leaving, tells the sessions that have them, and returns the steps that take
// what is overdue from them.
func (l *loop) watch(ctx context.Context, plan berth.Plan, seen Observation, now time.Time) []Step {
	up := l.options.Uptime()
	var passed time.Duration
	if l.watched.looked {
		passed = max(0, up-l.watched.at)
	}
	l.watched.at, l.watched.looked = up, true
	c := comparison{plan: plan, seen: seen}
	limit := time.Duration(plan.DisablingMinutes) * time.Minute
	var steps []Step
	gone := maps.Clone(l.memory.Leaving)
	for _, p := range seen.Packages {
		holders := c.holders(p)
		if limit <= 0 || !c.unplanned(p) || len(holders) == 0 {
			continue
		}
		key := berth.Fold(p.FullName)
		delete(gone, key)
		v := l.memory.leave(key, limit, passed, now)
		l.warn(ctx, p, v, holders)
		if v.left() > 0 {
			continue
		}
		if _, able := l.options.Platform.(Forcer); !able {
			continue
		}
		for _, r := range holders {
			steps = append(steps, Step{Kind: StepDeregister, Package: named(p), Session: r.Session, Force: true})
		}
	}
	for key := range gone {
		l.memory.stay(key)
		maps.DeleteFunc(l.watched.untold, func(whose, _ string) bool { return strings.HasPrefix(whose, key+"|") })
	}
	return steps
}

// holders are the running sessions that have a package.
func (c comparison) holders(p Seen) []Registration {
	return slices.DeleteFunc(slices.Clone(p.Registered), func(r Registration) bool { return !c.running(r.Session.ID) })
}

// leave counts time that has passed for a package that is leaving.
func (m *memory) leave(key string, limit, passed time.Duration, now time.Time) *leaving {
	v := m.Leaving[key]
	if v == nil || v.Limit != limit {
		v = &leaving{Limit: limit, Told: map[string]int{}}
		m.Leaving[key] = v
		passed, m.dirty = 0, true
	}
	before := v.Spent / spentSaved
	v.Spent = min(v.Spent+passed, limit)
	m.dirty = m.dirty || v.Spent/spentSaved != before
	if until := now.Add(v.left()); v.Until.IsZero() || v.left() > 0 && until.Sub(v.Until).Abs() >= untilSteady {
		v.Until, m.dirty = until.Truncate(time.Second), true
	}
	return v
}

// stay forgets the deadline of a package that is no longer leaving, or that nobody has any more.
func (m *memory) stay(key string) {
	delete(m.Leaving, key)
	m.dirty = true
}

// due is how many warnings a session should have had.
func (v leaving) due() int {
	n := 1
	for _, w := range warnings {
		if w < v.Limit && v.left() <= w {
			n++
		}
	}
	return n
}

// warn tells the sessions that have the package how much time there is, each time once.
func (l *loop) warn(ctx context.Context, p Seen, v *leaving, holders []Registration) {
	able, ok := l.options.Platform.(SessionKeeper)
	due := v.due()
	for _, r := range holders {
		if v.Told[r.Session.ID] >= due || v.left() == 0 {
			continue
		}
		v.Told[r.Session.ID], l.memory.dirty = due, true
		if !ok {
			l.untold(p.FullName, r.Session, cannot("tell sessions anything"))
			continue
		}
		title, body := farewell(p, v.left())
		l.telling.Go(func() {
			limited, cancel := context.WithTimeout(ctx, messageLimit)
			defer cancel()
			err := l.message(limited, able, r.Session.ID, title, body)
			select {
			case l.told <- telling{p.FullName, r.Session, err}:
			case <-ctx.Done():
			}
		})
	}
}

// telling is how telling a session went.
type telling struct {
	fullName string
	session  berth.Session
	err      error
}

// message is SessionKeeper's, with a fault in the platform as an error.
func (l *loop) message(ctx context.Context, k SessionKeeper, session, title, body string) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = berth.Errorf(berth.Internal, "fault in the agent: %v", fault)
		}
	}()
	return k.Message(ctx, session, title, body)
}

// hear takes note of how telling a session went.
func (l *loop) hear(t telling) {
	key := berth.Fold(t.fullName) + "|" + t.session.ID
	delete(l.watched.untold, key)
	if t.err != nil {
		l.untold(t.fullName, t.session, t.err)
		return
	}
	l.options.Log.Info("told a session that a package will go", "package", t.fullName, "session", t.session.ID, "user", t.session.User)
}

func (l *loop) untold(fullName string, s berth.Session, err error) {
	l.options.Log.Warn("cannot tell a session that a package will go", "package", fullName, "session", s.ID, "user", s.User, "error", err)
	l.watched.untold[berth.Fold(fullName)+"|"+s.ID] = fmt.Sprintf("%s cannot be told that %s will go: %v", s.User, fullName, err)
}

// farewell is what a session is told.
func farewell(p Seen, left time.Duration) (title, body string) {
	name := p.FullName
	if p.Origin != nil {
		name = cmp.Or(p.Origin.DisplayName, name)
	}
	in := left.Round(time.Minute)
	words := fmt.Sprintf("in %d minutes", int(in.Minutes()))
	switch {
	case in <= time.Minute:
		words = "in a minute"
	case in >= 2*time.Hour:
		words = fmt.Sprintf("in %d hours", int(in.Hours()))
	}
	return name + " will be closed " + words,
		"An administrator has withdrawn or replaced it. Please save your work and close it, or sign out; " + words + " it is closed for you."
}

// forcedNote is how the host tells for a while what was taken from whom.
func (l *loop) forcedNote(s Step, now time.Time) {
	l.options.Log.Warn("taken from a running session: its deadline had passed", "package", s.Package.FullName, "session", s.Session.ID, "user", s.Session.User)
	l.watched.forced[fmt.Sprintf("%s was taken from the session of %s (%s): its deadline had passed", s.Package.FullName, s.Session.User, s.Session.ID)] = now
}

// deadlineProblems are what people should know of deadlines.
func (l *loop) deadlineProblems(now time.Time) []string {
	maps.DeleteFunc(l.watched.forced, func(_ string, at time.Time) bool { return now.Sub(at).Abs() > showForced })
	return slices.Concat(slices.Collect(maps.Keys(l.watched.forced)), slices.Collect(maps.Values(l.watched.untold)))
}
