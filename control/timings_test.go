package control_test

import (
	"context"
	"math"
	"testing"
	"time"

	"berth"
)

// tell syncs with timings and nothing else.
func (m *machine) tell(ts ...berth.Timing) {
	m.f.t.Helper()
	r := m.request(nil, 0)
	r.Timings = ts
	out, err := m.f.Sync(context.Background(), m.id, m.serial, r)
	m.f.must(err)
	m.keep(out)
}

func timed(pkg string, phase berth.Phase, median float64, at time.Time) berth.Timing {
	return berth.Timing{Package: pkg, Phase: phase, Count: 2, LastMs: median, MedianMs: median, MostMs: median * 3, At: at}
}

func TestTimings(t *testing.T) {
	f := newFarm(t)
	p := f.add("1", "production")
	f.assign(rdsh, berth.Assignment{Family: p.FamilyName, Tag: berth.TagProduction, Registration: berth.AtLogon})
	f.apply()
	m, other := f.enroll("h1", berth.KindRDSH, ""), f.enroll("h2", berth.KindRDSH, "")
	m.settle()
	now := f.clock.now()
	m.tell(timed(p.FullName, berth.PhaseAttach, 30, now), timed(p.FullName, berth.PhaseVerify, 5, now), timed(p.FullName, berth.PhaseStage, 100, now),
		timed(p.FullName, berth.PhaseRegister, 40, now), timed("Former_1.0.0.0_x64__abc", berth.PhaseRegister, 7, now))
	other.tell(timed(p.FullName, berth.PhaseStage, 200, now.Add(48*time.Hour)), timed(p.FullName, berth.PhaseRegister, 60, now))

	rows, err := f.HostTimings(f.owner, "main", "H1")
	f.must(err)
	if len(rows) != 2 {
		t.Fatalf("timings of h1: %+v", rows)
	}
	if r := rows[0]; r.Package != p.FullName || r.DisplayName != p.DisplayName || r.Registration != berth.AtLogon || r.StagingMs != 135 || r.SessionMs != 40 || r.LogonMs != 40 {
		t.Errorf("the package at logon: %+v", r)
	}
	// What is not planned delays no logon; what is not in the catalogue bears its full name.
	if r := rows[1]; r.LogonMs != 0 || r.SessionMs != 7 || r.Registration != "" || r.DisplayName != r.Package {
		t.Errorf("the package that left: %+v", r)
	}
	sum, err := f.PackageTimings(f.owner, "main", p.FullName)
	f.must(err)
	if sum.Hosts != 2 || sum.SessionMs != 40 || sum.StagingMs != 135 || len(sum.Phases) != 4 || sum.Phases[2].Slowest != "h2" || sum.Phases[2].MostMs != 600 {
		t.Errorf("over all hosts: %+v", sum)
	}
	// A clock that runs ahead is not believed.
	ahead, err := f.HostTimings(f.owner, "main", "h2")
	f.must(err)
	if len(ahead) != 1 || ahead[0].At.After(f.clock.now()) {
		t.Errorf("by a clock of the day after tomorrow: %+v", ahead)
	}
}

func TestTimingsThatMakeNoSense(t *testing.T) {
	f := newFarm(t)
	m := f.enroll("h1", berth.KindRDSH, "")
	now := f.clock.now()
	bad := []berth.Timing{timed("", berth.PhaseStage, 1, now), timed("A_1", "dance", 1, now), timed("A_1", berth.PhaseStage, -1, now),
		timed("A_1", berth.PhaseStage, math.Inf(1), now), timed(string(make([]byte, 300)), berth.PhaseStage, 1, now)}
	m.tell(append(bad, timed("A_1", berth.PhaseRegister, 1, now))...)
	rows, err := f.HostTimings(f.owner, "main", "h1")
	f.must(err)
	if len(rows) != 1 || len(rows[0].Phases) != 1 || rows[0].Phases[0].Phase != berth.PhaseRegister {
		t.Errorf("kept: %+v, want the one that makes sense", rows)
	}
	if _, err := f.HostTimings(f.owner, "main", "nobody"); !berth.IsNotFound(err) {
		t.Errorf("of no host: %v", err)
	}
	if _, err := f.PackageTimings(f.owner, "main", "Nothing_1"); !berth.IsNotFound(err) {
		t.Errorf("of no package: %v", err)
	}
}

// Timings are told again after a restart of the agent, and forgotten when they are half a year old.
func TestTimingsAge(t *testing.T) {
	f := newFarm(t)
	m := f.enroll("h1", berth.KindRDSH, "")
	m.tell(timed("A_1", berth.PhaseRegister, 1, f.clock.now()))
	f.clock.pass(200 * 24 * time.Hour)
	m.tell(timed("B_1", berth.PhaseRegister, 1, f.clock.now()))
	rows, err := f.HostTimings(f.owner, "main", "h1")
	f.must(err)
	if len(rows) != 1 || rows[0].Package != "B_1" {
		t.Errorf("half a year later: %+v", rows)
	}
}
