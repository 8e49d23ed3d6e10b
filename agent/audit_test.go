package agent

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"berth"
)

// checker plays a platform that checks packages.
type checker struct {
	mu      sync.Mutex
	answers map[string]error
	asked   map[string]int
	panics  bool
}

func (c *checker) Audit(_ context.Context, p berth.PlannedPackage, _ func(context.Context, int) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked[p.FullName]++
	if c.panics {
		panic("a fault")
	}
	return c.answers[p.FullName]
}

func (c *checker) times(name string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asked[name]
}

// auditBench is an auditor over a state folder.
type auditBench struct {
	t       *testing.T
	dir     string
	checker *checker
	auditor *auditor
	plan    berth.Plan
	seen    []Seen
	now     time.Time
	mu      sync.Mutex
	stop    func()
}

func newAuditBench(t *testing.T) *auditBench {
	b := &auditBench{t: t, dir: t.TempDir(), now: time.Now(), checker: &checker{answers: map[string]error{}, asked: map[string]int{}}}
	b.plan.Verify = berth.VerifyAll
	for _, name := range []string{"Good_1", "Bad_1"} {
		p := berth.PlannedPackage{FullName: name, BlockMapSHA256: "aa"}
		b.plan.Packages = append(b.plan.Packages, p)
		b.seen = append(b.seen, Seen{FullName: name, Staged: true, Origin: &p, Content: "100 monday"})
	}
	b.checker.answers["Bad_1"] = &berth.Error{Kind: berth.Invalid, Code: "0x80080207", Message: "file readme.txt differs"}
	t.Cleanup(func() {
		if b.stop != nil {
			b.stop()
		}
	})
	return b
}

func (b *auditBench) clock() time.Time { b.mu.Lock(); defer b.mu.Unlock(); return b.now }

func (b *auditBench) start() {
	a := &Agent{options: Options{StateDir: b.dir, Log: slog.New(slog.DiscardHandler), AuditSpread: time.Nanosecond, Now: b.clock}.withDefaults(), wake: make(chan struct{}, 1)}
	b.auditor = newAuditor(a)
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() { defer close(over); b.auditor.run(ctx, b.checker) }()
	b.stop = func() { cancel(); <-over; b.stop = nil }
}

// look shows the machine to the auditor until something holds.
func (b *auditBench) look(what string, holds func(good, bad Seen) bool) {
	b.t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(time.Millisecond) {
		o := Observation{Packages: append([]Seen{}, b.seen...)}
		b.auditor.look(b.plan, &o)
		b.mu.Lock()
		b.now = b.now.Add(time.Second)
		b.mu.Unlock()
		if holds(o.Packages[0], o.Packages[1]) {
			return
		}
	}
	b.t.Fatalf("%s never came", what)
}

func TestAuditor(t *testing.T) {
	b := newAuditBench(t)
	b.start()
	b.look("both verdicts", func(good, bad Seen) bool { return good.Verified && bad.Condemned != nil })
	b.look("the file's name", func(good, bad Seen) bool {
		return good.Condemned == nil && !bad.Verified && bad.Condemned.Message == "file readme.txt differs" &&
			bad.Condemned.Code == "0x80080207" && bad.Condemned.Phase == berth.PhaseVerify
	})
	if !b.auditor.doubts("bad_1") || b.auditor.doubts("Good_1") {
		t.Error("doubts are not about the one that is bad")
	}

	// Neither is checked again, also after a restart.
	b.stop()
	b.start()
	b.look("verdicts of before", func(good, bad Seen) bool { return good.Verified && bad.Condemned != nil })
	if good, bad := b.checker.times("Good_1"), b.checker.times("Bad_1"); good != 1 || bad != 1 {
		t.Errorf("checked %d and %d times, want once", good, bad)
	}

	// Another content is.
	b.seen[1].Content = "100 tuesday"
	b.checker.mu.Lock()
	delete(b.checker.answers, "Bad_1")
	b.checker.mu.Unlock()
	b.look("the new content", func(_, bad Seen) bool { return bad.Verified })
	if b.auditor.restaged("Bad_1"); b.auditor.doubts("Bad_1") {
		t.Error("doubts stay after all of it was checked and staged")
	}

	// What is gone is forgotten.
	b.plan.Packages, b.seen[1].FullName = nil, "Other_1"
	b.seen[1].Staged = false
	b.look("forgetting", func(Seen, Seen) bool {
		b.auditor.mu.Lock()
		defer b.auditor.mu.Unlock()
		return len(b.auditor.verdicts) == 1
	})
}

func TestAuditorWaitsForTheShare(t *testing.T) {
	b := newAuditBench(t)
	b.checker.answers["Good_1"] = berth.Errorf(berth.Unavailable, "the share is away")
	b.start()
	b.look("a try", func(Seen, Seen) bool { return b.checker.times("Good_1") > 0 })
	b.checker.mu.Lock()
	delete(b.checker.answers, "Good_1")
	b.checker.mu.Unlock()
	b.look("another try", func(good, _ Seen) bool { return good.Verified && good.Condemned == nil })
}

func TestAuditorDepth(t *testing.T) {
	b := newAuditBench(t)
	b.plan.Verify = berth.VerifyCode
	b.start()
	for range 20 {
		b.look("nothing", func(good, bad Seen) bool { return !good.Verified && bad.Condemned == nil })
		time.Sleep(time.Millisecond)
	}
	if n := b.checker.times("Good_1") + b.checker.times("Bad_1"); n != 0 {
		t.Errorf("checked %d times although only code is to be checked", n)
	}
}

func TestAuditorSurvivesFaults(t *testing.T) {
	b := newAuditBench(t)
	if err := os.WriteFile(filepath.Join(b.dir, auditFile), []byte("{torn"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.checker.panics = true
	b.start()
	b.look("tries", func(good, bad Seen) bool {
		return b.checker.times("Good_1") > 0 && b.checker.times("Bad_1") > 0 && !good.Verified && bad.Condemned == nil
	})
	b.checker.mu.Lock()
	b.checker.panics = false
	b.checker.mu.Unlock()
	b.look("a verdict", func(good, _ Seen) bool { return good.Verified })
	if _, err := os.Stat(filepath.Join(b.dir, auditFile)); errors.Is(err, os.ErrNotExist) {
		t.Error("nothing was kept")
	}
}
