package agent_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"berth"
	"berth/agent"
	"berth/agent/simhost"
)

// runner is an agent that runs in a test.
type runner struct {
	stop func()
}

// start runs an agent with short times on the state folder until the test, or stop, ends it.
func start(t *testing.T, dir string, p agent.Platform, change ...func(*agent.Options)) runner {
	t.Helper()
	if p == nil {
		p = simhost.New(simhost.Options{})
	}
	o := agent.Options{StateDir: dir, Platform: p, Log: slog.New(slog.DiscardHandler), Version: "test",
		Scan: 10 * time.Millisecond, Settle: 5 * time.Millisecond, Wait: 5 * time.Second,
		StepBackoff: agent.Backoff{First: 20 * time.Millisecond, Most: 40 * time.Millisecond},
		SyncBackoff: agent.Backoff{First: 20 * time.Millisecond, Most: 40 * time.Millisecond}}
	for _, c := range change {
		c(&o)
	}
	a, err := agent.New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
		if err := a.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	t.Cleanup(stop)
	return runner{stop}
}

// until waits for the condition, and fails with what it last said.
func until(t *testing.T, what string, holds func() (bool, any)) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		ok, last := holds()
		if ok {
			return
		}
		if time.Now().After(deadline) {
			text, _ := json.MarshalIndent(last, "", " ")
			t.Fatalf("never: %s; last seen %s", what, text)
		}
	}
}

// shape writes facts as "A_1 staged s1 s2".
func shape(f berth.Facts) string {
	var list []string
	for _, p := range f.Packages {
		w := p.FullName
		if p.Staged {
			w += " staged"
		}
		for _, s := range p.Sessions {
			w += " " + s.Session
		}
		if p.Failure != nil {
			w += " failed " + string(p.Failure.Phase) + " " + p.Failure.Code
		}
		list = append(list, w)
	}
	return strings.Join(list, ", ")
}

func (p *plane) untilShape(t *testing.T, want string) {
	t.Helper()
	until(t, want, func() (bool, any) {
		f := p.seen()
		return shape(f) == want, shape(f)
	})
}

func TestLifeOfAPackage(t *testing.T) {
	p := newPlane(t)
	host := simhost.New(simhost.Options{})
	host.Logon("s1")
	start(t, enrolled(t, p), host)

	p.apply(planOf("A_1", "F_1:f"))
	p.untilShape(t, "A_1 staged s1, F_1 staged")
	host.Logon("s2")
	p.untilShape(t, "A_1 staged s1 s2, F_1 staged")
	p.apply(planOf("A_2"))
	p.untilShape(t, "A_1 staged s1 s2, A_2 staged, F_1 staged")
	host.Logon("s3")
	p.untilShape(t, "A_1 staged s1 s2, A_2 staged s3, F_1 staged")
	host.Logoff("s1", "s2")
	p.untilShape(t, "A_2 staged s3")
	p.apply(planOf())
	host.Logoff("s3")
	p.untilShape(t, "")
	if f := p.seen(); f.Generation != 3 || f.Platform != "simhost" || f.AgentVersion != "test" || !strings.Contains(f.AttachMode, "simulated") {
		t.Errorf("facts: %+v", f)
	}
}

// TestFactsInterruptTheWait measures the time from a logon to its report, while a request waits for 5 s.
func TestFactsInterruptTheWait(t *testing.T) {
	p := newPlane(t)
	host := simhost.New(simhost.Options{})
	start(t, enrolled(t, p), host)
	p.apply(planOf("A_1"))
	p.untilShape(t, "A_1 staged")
	time.Sleep(50 * time.Millisecond)
	n, begin := len(p.requests()), time.Now()
	host.Logon("s1")
	p.untilShape(t, "A_1 staged s1")
	if took := time.Since(begin); took > time.Second {
		t.Errorf("the report took %v", took)
	}
	for _, r := range p.requests()[n:] {
		if r.Facts == nil {
			t.Errorf("a request without news interrupted the wait: %+v", r)
		}
	}
	n = len(p.requests())
	time.Sleep(200 * time.Millisecond)
	if more := len(p.requests()) - n; more > 1 {
		t.Errorf("%d requests while nothing happened", more)
	}
}

func TestServerAway(t *testing.T) {
	p := newPlane(t)
	dir := enrolled(t, p)
	host := simhost.New(simhost.Options{})
	first := start(t, dir, host)
	p.apply(planOf("A_1"))
	p.untilShape(t, "A_1 staged")
	first.stop()
	p.refuseWith(&refusal{503, "text/html", "<h1>gone"})

	host.Unplug()
	host.Logon("s1")
	start(t, dir, host)
	until(t, "the last plan is kept without a server", func() (bool, any) {
		s, err := agent.ReadStatus(dir)
		return err == nil && shape(s.Facts) == "A_1 staged s1" && strings.Contains(s.LastError, "503"), s
	})
	s, err := agent.ReadStatus(dir)
	if err != nil || !s.Running || s.Site != "site" || s.Generation != 1 || s.Packages != 1 || s.LastSync.IsZero() {
		t.Errorf("status: %+v, %v", s, err)
	}
	p.refuseWith(nil)
	p.untilShape(t, "A_1 staged s1")
}

// TestFirstPlanIsWaitedFor makes sure that without any plan nothing on the machine counts as superfluous.
func TestFirstPlanIsWaitedFor(t *testing.T) {
	p := newPlane(t)
	dir := enrolled(t, p)
	host := simhost.New(simhost.Options{})
	if err := host.Stage(t.Context(), pkg("A_1")); err != nil {
		t.Fatal(err)
	}
	p.refuseWith(&refusal{403, "application/problem+json", `{"detail":"unknown host","kind":"forbidden"}`})
	start(t, dir, host)
	until(t, "refused", func() (bool, any) {
		s, err := agent.ReadStatus(dir)
		return err == nil && s.LastError == "unknown host" && shape(s.Facts) == "A_1 staged", s
	})
	p.refuseWith(nil)
	p.apply(planOf())
	p.untilShape(t, "")
}

func TestFailureBacksOffAndRetries(t *testing.T) {
	p := newPlane(t)
	host := simhost.New(simhost.Options{})
	host.Fail("A_1", agent.InPhase(berth.PhaseAttach, &berth.Error{Kind: berth.NotFound, Code: "ENOENT", Message: "no image"}))
	start(t, enrolled(t, p), host, func(o *agent.Options) {
		o.StepBackoff = agent.Backoff{First: time.Hour, Most: time.Hour}
		o.Random = func() float64 { return 0.5 }
	})
	p.apply(planOf("A_1", "B_1"))
	p.untilShape(t, "A_1 failed attach ENOENT, B_1 staged")
	f := p.seen().Package("A_1")
	if f.Failure.Attempts != 1 || f.Failure.Message != "no image" || time.Until(f.Failure.NextRetry).Round(time.Minute) != 45*time.Minute {
		t.Errorf("failure: %+v", f.Failure)
	}
	host.Fail("A_1", nil)
	time.Sleep(50 * time.Millisecond)
	if p.seen().Package("A_1").Staged {
		t.Error("the back-off was not kept")
	}
	p.retry()
	p.untilShape(t, "A_1 staged, B_1 staged")
}

// TestBackoffFollowsTheClock moves the clock instead of waiting.
func TestBackoffFollowsTheClock(t *testing.T) {
	p := newPlane(t)
	var mu sync.Mutex
	var ahead time.Duration
	now := func() time.Time { mu.Lock(); defer mu.Unlock(); return time.Now().Add(ahead) }
	host := simhost.New(simhost.Options{})
	host.Fail("A_1", &berth.Error{Code: "EIO", Message: "bad"})
	dir := enrolled(t, p)
	change := func(o *agent.Options) {
		o.StepBackoff = agent.Backoff{First: 2 * time.Minute, Most: 5 * time.Minute}
		o.Now, o.Random = now, func() float64 { return 1 }
	}
	first := start(t, dir, host, change)
	p.apply(planOf("A_1"))
	for attempt, wait := range []time.Duration{2 * time.Minute, 4 * time.Minute, 5 * time.Minute, 5 * time.Minute} {
		until(t, fmt.Sprint("attempt ", attempt+1), func() (bool, any) {
			f := p.seen().Package("A_1")
			return f != nil && f.Failure != nil && f.Failure.Attempts == attempt+1 && f.Failure.NextRetry.Sub(now()).Round(time.Minute) == wait, f
		})
		if attempt == 1 { // the back-off outlives the agent
			first.stop()
			start(t, dir, host, change)
		}
		mu.Lock()
		ahead += wait
		mu.Unlock()
	}
	since := p.seen().Package("A_1").Since
	if d := now().Sub(since); d < 15*time.Minute {
		t.Errorf("since %v, %v ago: repeated failures must not renew it", since, d)
	}
}

func TestHopelessFailureIsRetriedRarely(t *testing.T) {
	p := newPlane(t)
	host := simhost.New(simhost.Options{})
	host.Fail("A_1", &berth.Error{Code: "0x80080207", Message: "altered"})
	start(t, enrolled(t, p), host, func(o *agent.Options) {
		o.StepBackoff = agent.Backoff{First: time.Millisecond, Most: time.Hour}
	})
	p.apply(planOf("A_1"))
	p.untilShape(t, "A_1 failed stage 0x80080207")
	if f := p.seen().Package("A_1").Failure; time.Until(f.NextRetry) < 29*time.Minute {
		t.Errorf("next retry %v", f.NextRetry)
	}
}

func TestOrphansAreReportedAndRepaired(t *testing.T) {
	p := newPlane(t)
	host := simhost.New(simhost.Options{})
	host.Litter("x")
	start(t, enrolled(t, p), host)
	p.apply(planOf())
	until(t, "reported and gone", func() (bool, any) {
		f := p.seen()
		seen, err := host.Observe(t.Context())
		return err == nil && len(seen.Orphans) == 0 && strings.Join(f.Problems, ",") == "leftover: litter x", f
	})
}

// panicky is a machine on which staging A_1 panics.
type panicky struct{ agent.Platform }

func (p panicky) Stage(ctx context.Context, k berth.PlannedPackage) error {
	if k.FullName == "A_1" {
		panic("hostile image")
	}
	return p.Platform.Stage(ctx, k)
}

func TestPanicIsAFailure(t *testing.T) {
	p := newPlane(t)
	start(t, enrolled(t, p), panicky{simhost.New(simhost.Options{})})
	p.apply(planOf("A_1", "B_1"))
	p.untilShape(t, "A_1 failed stage , B_1 staged")
}

// counting counts how many packages are staged at a time, and whether a framework ever ran beside another.
type counting struct {
	agent.Platform
	mu         sync.Mutex
	now, most  int
	frameworks int
	mixed      bool
}

func (c *counting) Stage(ctx context.Context, k berth.PlannedPackage) error {
	c.count(1, k.Framework)
	defer c.count(-1, k.Framework)
	return c.Platform.Stage(ctx, k)
}

func (c *counting) count(n int, framework bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now += n
	c.most = max(c.most, c.now)
	if framework {
		c.frameworks += n
	}
	c.mixed = c.mixed || c.frameworks > 0 && c.now > 1
}

func TestStagingIsLimited(t *testing.T) {
	p := newPlane(t)
	c := &counting{Platform: simhost.New(simhost.Options{StageDelay: 20 * time.Millisecond})}
	start(t, enrolled(t, p), c)
	p.apply(planOf("A_1", "B_1", "C_1", "D_1", "E_1", "F_1:f", "G_1:f"))
	p.untilShape(t, "A_1 staged, B_1 staged, C_1 staged, D_1 staged, E_1 staged, F_1 staged, G_1 staged")
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.most != 2 || c.mixed {
		t.Errorf("%d at a time, want 2; a framework beside another: %v", c.most, c.mixed)
	}
}

func TestOneAgentPerFolder(t *testing.T) {
	p := newPlane(t)
	dir := enrolled(t, p)
	first := start(t, dir, nil)
	if _, err := agent.New(agent.Options{StateDir: dir, Log: slog.New(slog.DiscardHandler)}); berth.ErrorKind(err) != berth.Conflict {
		t.Errorf("second agent: %v, want a conflict", err)
	}
	first.stop()
	start(t, dir, nil)
}

// TestDamagedFiles starts on a folder whose files were cut short: all but the identity is got again.
func TestDamagedFiles(t *testing.T) {
	p := newPlane(t)
	dir := enrolled(t, p)
	for _, name := range []string{"plan.json", "memory.json", "status.json"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(`{"plan`), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	start(t, dir, nil)
	p.apply(planOf("A_1"))
	p.untilShape(t, "A_1 staged")
}

// TestGenerationAlone has the server raise the generation without a new plan, then contradict itself.
func TestGenerationAlone(t *testing.T) {
	p := newPlane(t)
	dir := enrolled(t, p)
	start(t, dir, nil)
	p.apply(planOf("A_1"))
	p.untilShape(t, "A_1 staged")
	p.apply(planOf("A_1"))
	until(t, "generation 2 is held", func() (bool, any) { return p.seen().Generation == 2, p.seen() })
	if s, err := agent.ReadStatus(dir); err != nil || s.Packages != 1 {
		t.Errorf("status %+v, %v", s, err)
	}
	p.mu.Lock()
	plan := p.answer.Plan
	p.answer.Plan, p.answer.Digest = nil, "another"
	p.answer.Generation++
	close(p.changed)
	p.changed = make(chan struct{})
	p.mu.Unlock()
	until(t, "the plan is asked for anew", func() (bool, any) {
		r := p.requests()
		return r[len(r)-1].Digest == "" && r[len(r)-1].Generation == 0, r[len(r)-1]
	})
	if shape(p.seen()) != "A_1 staged" {
		t.Errorf("a contradiction changed the machine: %s", shape(p.seen()))
	}
	p.mu.Lock()
	p.answer.Plan = plan
	p.mu.Unlock()
	until(t, "generation 3 is held", func() (bool, any) { return p.seen().Generation == 3, p.seen() })
}
