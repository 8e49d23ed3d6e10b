package main

import (
	"path/filepath"
	"testing"
	"time"

	"berth"
)

// TestAgentDoctor: a host that works passes; one that is not enrolled, whose server is away, whose agent is stopped, or
// whose clock is wrong is told so.
func TestAgentDoctor(t *testing.T) {
	b := newBench(t)
	state := filepath.Join(b.dir, "agent")
	if checks, err := examineAgent(b.ctx, state, time.Now()); berth.ErrorKind(err) != berth.NotFound || len(checks) != 1 || checks[0].Remedy == "" {
		t.Errorf("not enrolled: %+v, %v", checks, err)
	}
	b.must(b.startAgent(b.ctx))
	results := func(now time.Time) (map[string]string, error) {
		checks, err := examineAgent(b.ctx, state, now)
		by := map[string]string{}
		for _, c := range checks {
			if by[c.Name] = c.Result; c.Detail == "" || (c.Result != "pass") != (c.Remedy != "") {
				t.Errorf("check %+v", c)
			}
		}
		return by, err
	}
	by, err := results(time.Now())
	b.must(err)
	for _, name := range []string{"enrolled", "certificate", "server", "agent", "images"} {
		if by[name] != "pass" {
			t.Errorf("a host that works: %v", by)
		}
	}
	if by, err := results(time.Now().Add(time.Hour)); err != nil || by["server"] != "warn" {
		t.Errorf("clocks apart: %v, %v", by, err)
	}
	if by, err := results(time.Now().AddDate(5, 0, 0)); berth.ErrorKind(err) != berth.Unauthenticated || by["certificate"] != "fail" {
		t.Errorf("years later: %v, %v", by, err)
	}
	b.must(b.agent.Process.Kill())
	_ = b.agent.Wait() // it was killed
	if by, err := results(time.Now()); berth.ErrorKind(err) != berth.Unavailable || by["agent"] != "fail" || by["server"] != "pass" {
		t.Errorf("agent stopped: %v, %v", by, err)
	}
	b.must(b.server.Process.Kill())
	_ = b.server.Wait() // it was killed
	if by, err := results(time.Now()); berth.ErrorKind(err) != berth.Unavailable || by["server"] != "fail" {
		t.Errorf("server away: %v, %v", by, err)
	}
}
