package agent_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"berth"
	"berth/agent"
	"berth/agent/simhost"
)

// phased is a machine that tells of the phases of staging.
type phased struct{ *simhost.Host }

func (p phased) Stage(ctx context.Context, pkg berth.PlannedPackage) error {
	agent.EnterPhase(ctx, berth.PhaseAttach)
	time.Sleep(20 * time.Millisecond) // what is measured
	agent.EnterPhase(ctx, agent.PhaseWaiting)
	agent.EnterPhase(ctx, berth.PhaseVerify)
	agent.EnterPhase(ctx, berth.PhaseStage)
	return p.Host.Stage(ctx, pkg)
}

// told gathers what an agent told of its work, as a server does: the newest counts.
func (p *plane) told() map[berth.Phase]berth.Timing {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := map[berth.Phase]berth.Timing{}
	for _, s := range p.syncs {
		for _, t := range s.Timings {
			out[t.Phase] = t
		}
	}
	return out
}

func (p *plane) tellings() (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.syncs {
		n += len(s.Timings)
	}
	return n
}

func TestTimingsOfAllSteps(t *testing.T) {
	p := newPlane(t)
	dir := enrolled(t, p)
	host := phased{simhost.New(simhost.Options{})}
	host.Logon("1", "2", "3")
	p.apply(planOf("A_1"))
	r := start(t, dir, host)
	until(t, "registered and told", func() (bool, any) { got := p.told(); return got[berth.PhaseRegister].Count == 3, got })
	host.Logoff("1", "2", "3")
	p.apply(planOf())
	until(t, "all phases told", func() (bool, any) { got := p.told(); return got[berth.PhaseDestage].Count == 1, got })
	got := p.told()
	if _, ok := got[agent.PhaseWaiting]; ok {
		t.Error("waiting is told as work")
	}
	for _, phase := range berth.TimedPhases {
		if m := got[phase]; m.Count == 0 || m.Failed != 0 || m.MostMs < m.MedianMs || m.Package == "" || m.At.IsZero() {
			t.Errorf("%s: %+v", phase, m)
		}
	}
	if got[berth.PhaseAttach].MedianMs < 20 || got[berth.PhaseVerify].MedianMs >= got[berth.PhaseAttach].MedianMs {
		t.Errorf("phases are not told apart: %+v", got)
	}
	until(t, "answered", func() (bool, any) {
		s, err := agent.ReadStatus(dir)
		return err == nil && s.Facts.Packages != nil && len(s.Facts.Packages) == 0, s
	})
	before := p.tellings()
	host.Logon("9")
	until(t, "told of the session", func() (bool, any) { f := p.seen(); return len(f.Sessions) == 1, f })
	if n := p.tellings() - before; n > 2 { // the last that changed may still be under way
		t.Errorf("%d timings were sent again that did not change", n)
	}

	r.stop()
	if _, err := os.Stat(filepath.Join(dir, "timings.json")); err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	p.syncs = nil
	p.mu.Unlock()
	p.apply(planOf())
	start(t, dir, host) // the server may have lost them meanwhile
	until(t, "told again after a restart", func() (bool, any) { again := p.told(); return len(again) == len(got), again })
	if again := p.told()[berth.PhaseRegister]; again.Count != 3 || again.MedianMs != got[berth.PhaseRegister].MedianMs {
		t.Errorf("after a restart: %+v, was %+v", again, got[berth.PhaseRegister])
	}
}

func TestTimingsOfFailures(t *testing.T) {
	p := newPlane(t)
	dir := enrolled(t, p)
	host := phased{simhost.New(simhost.Options{})}
	host.Fail("A_1", errors.New("no"))
	p.apply(planOf("A_1"))
	start(t, dir, host)
	until(t, "failures told", func() (bool, any) { got := p.told(); return got[berth.PhaseStage].Failed >= 2, got })
	if got := p.told(); got[berth.PhaseStage].Count != 0 || got[berth.PhaseAttach].Count < 2 || got[berth.PhaseAttach].Failed != 0 {
		t.Errorf("told: %+v", got)
	}
}

// A damaged file of timings costs the timings and nothing else.
func TestTimingsDamaged(t *testing.T) {
	p := newPlane(t)
	dir := enrolled(t, p)
	if err := os.WriteFile(filepath.Join(dir, "timings.json"), []byte(`[null, {"ms": `), 0o600); err != nil {
		t.Fatal(err)
	}
	p.apply(planOf("A_1"))
	start(t, dir, simhost.New(simhost.Options{}))
	until(t, "staged", func() (bool, any) { got := p.told(); return got[berth.PhaseStage].Count == 1, got })
}
