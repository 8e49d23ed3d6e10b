package agent_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"berth"
	"berth/agent"
	"berth/agent/simhost"
)

// mortal is a machine whose agent dies at one boundary of a step: before its effect, or after it and before the agent
// hears of it. From then on no call has any effect, as those of a process that was killed.
type mortal struct {
	*simhost.Host
	at    int // the step that is the last, counted from 1; 0: none
	after bool

	mu    sync.Mutex
	steps int
	wrong []string
	dead  chan struct{} // closed at death
}

var errDead = errors.New("killed")

func (m *mortal) step(ctx context.Context, effect func() error) error {
	m.mu.Lock()
	m.steps++
	last := m.steps == m.at
	dead := m.isDead()
	if last && !m.after {
		close(m.dead)
		dead = true
	}
	var err error
	if !dead {
		err = effect()
	}
	if last && m.after {
		close(m.dead)
		dead = true
	}
	m.mu.Unlock()
	if dead {
		<-ctx.Done()
		return errDead
	}
	return err
}

func (m *mortal) isDead() bool {
	select {
	case <-m.dead:
		return true
	default:
		return false
	}
}

// Observe hangs for the dead, so that nothing is concluded or reported any more.
func (m *mortal) Observe(ctx context.Context) (agent.Observation, error) {
	if m.isDead() {
		<-ctx.Done()
		return agent.Observation{}, errDead
	}
	return m.Host.Observe(ctx)
}

func (m *mortal) Stage(ctx context.Context, p berth.PlannedPackage) error {
	return m.step(ctx, func() error { return m.Host.Stage(ctx, p) })
}

func (m *mortal) Destage(ctx context.Context, fullName string) error {
	return m.step(ctx, func() error {
		seen, err := m.Host.Observe(ctx)
		for _, p := range seen.Packages {
			if p.FullName == fullName && len(p.Registered) > 0 {
				m.wrong = append(m.wrong, "destage of "+fullName+" while it is registered")
			}
		}
		return errors.Join(err, m.Host.Destage(ctx, fullName))
	})
}

func (m *mortal) Register(ctx context.Context, s berth.Session, p berth.PlannedPackage) error {
	return m.step(ctx, func() error { return m.Host.Register(ctx, s, p) })
}

func (m *mortal) Deregister(ctx context.Context, s berth.Session, fullName string) error {
	return m.step(ctx, func() error {
		seen, err := m.Host.Observe(ctx)
		if slices.ContainsFunc(seen.Sessions, func(r berth.Session) bool { return r.ID == s.ID }) {
			m.wrong = append(m.wrong, "deregistered from the running session "+s.ID)
		}
		return errors.Join(err, m.Host.Deregister(ctx, s, fullName))
	})
}

func (m *mortal) Trust(ctx context.Context, install []berth.Certificate, remove []string) error {
	return m.step(ctx, func() error { return m.Host.Trust(ctx, install, remove) })
}

func (m *mortal) Repair(ctx context.Context, o agent.Orphan) error {
	return m.step(ctx, func() error { return m.Host.Repair(ctx, o) })
}

// machineShape is the shape of what is really on the machine.
func machineShape(t *testing.T, h *simhost.Host) string {
	t.Helper()
	seen, err := h.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	list := slices.Clone(seen.Certificates)
	for _, o := range seen.Orphans {
		list = append(list, "orphan "+o.ID)
	}
	for _, p := range seen.Packages {
		w := p.FullName
		if !p.Staged {
			w += " detached"
		}
		var ids []string
		for _, r := range p.Registered {
			ids = append(ids, r.Session.ID)
		}
		slices.Sort(ids)
		list = append(list, strings.Join(append([]string{w}, ids...), " "))
	}
	return strings.Join(list, ", ")
}

// TestCrashAtEveryStep kills the agent at every boundary of every step of a life with two plans, and starts another on
// the state folder as the dead one left it. It must end where an agent that never died ends, without a wrong step between.
func TestCrashAtEveryStep(t *testing.T) {
	steps, _ := crashingLife(t, 0, false)
	if steps < 14 {
		t.Fatalf("the life has %d steps: too few to mean anything", steps)
	}
	deaths := 0 // a life whose events come closer together has some steps fewer, so that the last ones may not come
	for n := 1; n <= steps; n++ {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("step %d after=%v", n, after), func(t *testing.T) {
				taken, died := crashingLife(t, n, after)
				switch {
				case died:
					deaths++
				case taken >= n:
					t.Errorf("the agent took %d steps and did not die", taken)
				}
			})
		}
	}
	if deaths < 2*14 {
		t.Errorf("the agent died %d times only", deaths)
	}
}

// crashingLife runs the life and returns how many steps the first agent took and whether it died.
func crashingLife(t *testing.T, at int, after bool) (int, bool) {
	p := newPlane(t)
	dir := enrolled(t, p)
	host := simhost.New(simhost.Options{})
	host.Litter("x")
	host.Logon("s1", "s2")
	m := &mortal{Host: host, at: at, after: after, dead: make(chan struct{})}
	running := start(t, dir, m)
	live := func(want string) {
		t.Helper()
		until(t, want, func() (bool, any) {
			if m.at > 0 && m.isDead() {
				dir = copyOf(t, dir)
				running.stop()
				m = &mortal{Host: host, steps: m.steps, wrong: m.wrong, dead: make(chan struct{})}
				running = start(t, dir, m)
			}
			got := machineShape(t, host)
			return got == want, got
		})
	}
	one := planOf("A_1", "F_1:f")
	one.Certificates = []berth.Certificate{{Thumbprint: "C1"}}
	two := planOf("A_2", "B_1:d")
	two.Certificates = []berth.Certificate{{Thumbprint: "C2"}}

	p.apply(one)
	live("C1, A_1 s1 s2, F_1")
	host.Logoff("s1")
	p.apply(two)
	live("C1, C2, A_1 s2, A_2, B_1 s2, F_1")
	host.Unplug()
	live("C1, C2, A_1 s2, A_2, B_1 s2, F_1")
	host.Logoff("s2")
	host.Logon("s3")
	live("C2, A_2 s3, B_1 s3")
	died := at > 0 && m.at == 0
	running.stop()
	if len(m.wrong) > 0 {
		t.Errorf("wrong steps: %v", m.wrong)
	}
	return m.steps, died
}

// copyOf copies the state folder as a killed process leaves it. A file in the middle of being replaced is skipped, like
// one that was never finished.
func copyOf(t *testing.T, dir string) string {
	t.Helper()
	to := t.TempDir()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		data, err := os.ReadFile(dir + "/" + e.Name())
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err := errors.Join(err, os.WriteFile(to+"/"+e.Name(), data, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// TestNothingWaitsForASlowImage has one image hang while another package must reach a session.
func TestNothingWaitsForASlowImage(t *testing.T) {
	p := newPlane(t)
	host := &slow{Host: simhost.New(simhost.Options{})}
	host.Logon("s1")
	begin := time.Now()
	r := start(t, enrolled(t, p), host)
	p.apply(planOf("Slow_1", "A_1"))
	p.untilShape(t, "A_1 staged s1")
	r.stop()
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}

// slow never gets Slow_1 done.
type slow struct{ *simhost.Host }

func (s *slow) Stage(ctx context.Context, p berth.PlannedPackage) error {
	if p.FullName == "Slow_1" {
		<-ctx.Done()
		return ctx.Err()
	}
	return s.Host.Stage(ctx, p)
}
