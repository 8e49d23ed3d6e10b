package agent_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"berth"
	"berth/agent"
	"berth/agent/simhost"
)

// faulty is a machine on which one phase fails with a code, as coded by the platforms of Linux.
type faulty struct {
	*simhost.Host
	mu    sync.Mutex
	phase berth.Phase // none: everything works
	code  string
}

func (f *faulty) set(phase berth.Phase, code string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.phase, f.code = phase, code
}

func (f *faulty) fault(phases ...berth.Phase) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !slices.Contains(phases, f.phase) {
		return nil
	}
	return agent.InPhase(f.phase, &berth.Error{Kind: berth.Internal, Code: f.code, Message: fmt.Sprintf("cannot %s: %s", f.phase, f.code)})
}

func (f *faulty) Stage(ctx context.Context, p berth.PlannedPackage) error {
	if err := f.fault(berth.PhaseTrust, berth.PhaseAttach, berth.PhaseVerify, berth.PhaseStage); err != nil {
		return err
	}
	return f.Host.Stage(ctx, p)
}

func (f *faulty) Destage(ctx context.Context, fullName string) error {
	if err := f.fault(berth.PhaseDestage); err != nil {
		return err
	}
	return f.Host.Destage(ctx, fullName)
}

func (f *faulty) Register(ctx context.Context, s berth.Session, p berth.PlannedPackage) error {
	if err := f.fault(berth.PhaseRegister); err != nil {
		return err
	}
	return f.Host.Register(ctx, s, p)
}

func (f *faulty) Deregister(ctx context.Context, s berth.Session, fullName string) error {
	if err := f.fault(berth.PhaseDeregister); err != nil {
		return err
	}
	return f.Host.Deregister(ctx, s, fullName)
}

// errnos are the codes of the catalogue that Linux gives in a phase.
func errnos(phase berth.Phase) []berth.Explanation {
	return slices.DeleteFunc(berth.Catalogue(), func(e berth.Explanation) bool {
		return !strings.HasPrefix(e.Code, "E") || e.Phases != "" && !slices.Contains(strings.Fields(e.Phases), string(phase))
	})
}

// TestErrnos lets each phase fail with every code that the catalogue has for it on Linux. Each is told with its status,
// text, remedy and class of retry, and is overcome.
func TestErrnos(t *testing.T) {
	for _, c := range []struct {
		phase   berth.Phase
		least   int // codes
		planned bool
		logoff  bool // the session ends while the phase fails
		status  func(berth.Explanation) berth.StatusName
	}{
		{phase: berth.PhaseAttach, least: 18, planned: true, status: func(e berth.Explanation) berth.StatusName { return e.Status }},
		{phase: berth.PhaseStage, least: 8, planned: true, status: func(e berth.Explanation) berth.StatusName { return e.Status }},
		{phase: berth.PhaseRegister, least: 4, planned: true, status: func(berth.Explanation) berth.StatusName { return berth.StatusReady }},
		{phase: berth.PhaseDeregister, least: 3, logoff: true, status: func(berth.Explanation) berth.StatusName { return berth.StatusDisabling }},
		{phase: berth.PhaseDestage, least: 4, logoff: true, status: func(berth.Explanation) berth.StatusName { return berth.StatusDisabling }},
	} {
		t.Run(string(c.phase), func(t *testing.T) {
			t.Parallel()
			codes := errnos(c.phase)
			if len(codes) < c.least {
				t.Fatalf("%d codes, want at least %d", len(codes), c.least)
			}
			p := newPlane(t)
			m := &faulty{Host: simhost.New(simhost.Options{})}
			m.Logon("s1")
			start(t, enrolled(t, p), m, func(o *agent.Options) {
				o.StepBackoff = agent.Backoff{First: time.Millisecond, Most: 5 * time.Millisecond}
			})
			if c.planned {
				m.set(c.phase, codes[0].Code)
			}
			p.apply(planOf("A_1"))
			if !c.planned {
				p.untilShape(t, "A_1 staged s1")
				m.set(c.phase, codes[0].Code)
				p.apply(berth.Plan{})
			}
			if c.logoff {
				m.Logoff("s1")
			}
			for _, e := range codes {
				m.set(c.phase, e.Code)
				var got berth.Status
				until(t, e.Code+" is told", func() (bool, any) {
					f := p.seen().Package("A_1")
					in := berth.StatusInput{Facts: f, Host: berth.Host{Facts: p.seen()}}
					if c.planned {
						in.Row = &berth.Row{FullName: "A_1"}
					}
					got = berth.StatusOf(in)
					return f != nil && f.Failure != nil && f.Failure.Phase == c.phase && got.Code == e.Code, got
				})
				if got.Name != c.status(e) || got.Remedy != e.Remedy || got.Meaning != e.Meaning || got.Retry != e.Retry || e.Remedy == "" ||
					!strings.Contains(got.Cause, fmt.Sprintf("cannot %s: %s", c.phase, e.Code)) {
					t.Errorf("%s: %+v, want %s with %+v", e.Code, got, c.status(e), e)
				}
			}
			t.Logf("%d codes at %s", len(codes), c.phase)
			m.set("", "")
			if c.planned {
				p.untilShape(t, "A_1 staged s1")
			} else {
				p.untilShape(t, "")
			}
		})
	}
}
