package agent

import (
	"context"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"berth"
)

// Limits of the loop.
const (
	mostStaging  = 2           // images being attached or let go of at a time: they share disk, network and file server
	mostSessions = 4           // sessions being served at a time
	showOrphans  = time.Hour   // how long a leftover stays among the problems after it was cleared away
	observeLimit = time.Minute // for one look at the machine, and for trust and repair
	drainLimit   = 20 * time.Second
)

// loop looks at the machine, starts what can start, and looks again when something ended. It alone reads and writes its
// fields; steps run beside it and report through the channel.
type loop struct {
	*Agent
	machine Machine
	running map[string]Step
	ended   chan outcome
	before  map[string]time.Time // when a step last succeeded
	orphans map[string]time.Time // problem -> when it was last seen
	blind   error                // why the last look failed

	watched watched
	telling sync.WaitGroup // sessions that are being told something
	told    chan telling
}

// outcome is how a step ended.
type outcome struct {
	step   Step
	err    error
	took   time.Duration
	phases map[berth.Phase]time.Duration // that it came to
	last   berth.Phase                   // in which it ended
}

func newLoop(a *Agent, m Machine) *loop {
	return &loop{Agent: a, machine: m, running: map[string]Step{}, ended: make(chan outcome, mostStaging+mostSessions),
		before: map[string]time.Time{}, orphans: map[string]time.Time{},
		watched: watched{forced: map[string]time.Time{}, untold: map[string]string{}}, told: make(chan telling)}
}

func (l *loop) run(ctx context.Context) {
	for ctx.Err() == nil {
		l.pass(ctx)
		l.memory.save(l.options.Log)
		l.timings.save(l.options.Log, false)
		select {
		case <-ctx.Done():
		case <-l.wake:
		case <-l.options.Hints:
		case o := <-l.ended:
			l.finish(o)
		case t := <-l.told:
			l.hear(t)
		case <-time.After(l.options.Scan):
		}
	}
	l.telling.Wait()
	l.drain()
	l.memory.save(l.options.Log)
	l.timings.save(l.options.Log, true)
}

// drain waits for the steps that run: they end soon, because their context has ended. That they were broken off is no
// failure of theirs. One that does not heed its context is left behind.
func (l *loop) drain() {
	limit := time.After(drainLimit)
	for len(l.running) > 0 {
		select {
		case o := <-l.ended:
			delete(l.running, o.step.Key())
		case <-limit:
			l.options.Log.Warn("steps do not end; leaving them", "steps", len(l.running))
			return
		}
	}
}

// pass is one look at the machine and what follows from it.
func (l *loop) pass(ctx context.Context) {
	// A step that ends while the machine is being looked at may be missing from what is seen. It counts as running until
	// the next look, so that nothing is started against it.
	busy := slices.Collect(maps.Values(l.running))
	held := l.keeper.get()
	now := l.options.Now()
	if l.memory.heed(held.Retry, now) {
		l.options.Log.Info("retrying failed packages at once, as asked")
		if l.options.Copies != nil {
			l.options.Copies.Retry()
		}
	}
	seen, err := l.observe(ctx)
	if l.blind = err; err != nil {
		if ctx.Err() == nil {
			l.options.Log.Error("cannot see what is on the machine", "error", err)
			l.publish(held, nil, now)
		}
		return
	}
	for _, o := range seen.Orphans {
		l.orphans[o.Problem] = now
	}
	if !held.none() {
		l.auditor.look(held.Plan, &seen)
		l.tell(held.Plan, seen)
		// What is overdue goes first: until it is gone its session cannot be given what replaces it.
		l.act(ctx, append(l.watch(ctx, held.Plan, seen, now), Steps(held.Plan, seen)...), busy, now)
	}
	l.publish(held, &seen, now)
}

func (l *loop) observe(ctx context.Context) (Observation, error) {
	ctx, cancel := context.WithTimeout(ctx, observeLimit)
	defer cancel()
	return l.options.Platform.Observe(ctx)
}

// act starts the steps that are due and do not stand in each other's way; the others come again in a later pass.
func (l *loop) act(ctx context.Context, steps []Step, busy []Step, now time.Time) {
	wanted := map[string]bool{}
	for _, s := range l.running {
		wanted[s.Key()] = true
	}
	for _, s := range steps {
		wanted[s.Key()] = true
	}
	l.memory.wanted(wanted)
	var held []Step // that must wait: what comes after must not overtake them
	for _, s := range steps {
		switch {
		case !l.memory.due(s, now, l.options.StepBackoff.Most) || l.justDone(s):
		case s.Kind == StepTrust || s.Kind == StepRepair: // short, and all else builds on them
			l.finish(l.try(ctx, s, observeLimit))
			l.poke()
		case full(busy, s) || slices.ContainsFunc(busy, s.conflicts) || slices.ContainsFunc(held, s.conflicts):
			held = append(held, s)
		default:
			busy = append(busy, s)
			l.start(ctx, s)
		}
	}
}

// justDone holds back a step that succeeded a moment ago and is wanted again: when a machine does not show what was done,
// it is done again at the pace of the scan and no faster.
func (l *loop) justDone(s Step) bool {
	at, ok := l.before[s.Key()]
	return ok && time.Since(at) < l.options.Scan
}

func (l *loop) start(ctx context.Context, s Step) {
	l.running[s.Key()] = s
	go func() { l.ended <- l.try(ctx, s, l.options.StageTimeout) }()
}

// try runs a step. A panic in a platform, which reads images that anybody may have made, is that step's failure: it must
// not take down the packages that are attached.
func (l *loop) try(ctx context.Context, s Step, limit time.Duration) (o outcome) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	o.step = s
	if s.Kind == StepStage && l.auditor.doubts(s.Package.FullName) {
		ctx = context.WithValue(ctx, thorough{}, true)
		defer func() {
			if o.err == nil {
				l.auditor.restaged(s.Package.FullName)
			}
		}()
	}
	begin := time.Now()
	ctx, watch := timed(ctx, s, time.Now) // what steps take is measured, also where the clock is not the machine's
	defer func() {
		o.took = time.Since(begin)
		o.phases, o.last = watch.stop()
		if p := recover(); p != nil {
			l.options.Log.Error("step panicked", "step", s.Key(), "panic", p, "stack", string(debug.Stack()))
			o.err = berth.Errorf(berth.Internal, "fault in the agent: %v", p)
		}
	}()
	o.err = s.do(ctx, l.options.Platform)
	return o
}

// finish takes note of how a step ended.
func (l *loop) finish(o outcome) {
	s, log := o.step, l.options.Log.With("step", o.step.Kind, "package", o.step.Package.FullName, "session", o.step.Session.ID)
	delete(l.running, s.Key())
	l.timings.record(o, l.options.Now())
	if o.err == nil {
		log.Info("step done", "took", o.took)
		if s.Force {
			l.forcedNote(s, l.options.Now())
		}
		l.memory.succeed(s)
		l.before[s.Key()] = time.Now()
		for key, at := range l.before {
			if time.Since(at) >= l.options.Scan {
				delete(l.before, key)
			}
		}
		return
	}
	f := l.memory.fail(s, failureOf(s, o.err), l.options.StepBackoff, l.options.Now(), l.options.Random())
	log.Error("step failed", "phase", f.Phase, "code", f.Code, "error", o.err, "attempts", f.Attempts, "nextRetry", f.NextRetry)
}

// publish makes the facts known. Without an observation the last facts stay, with what is wrong.
func (l *loop) publish(h held, seen *Observation, now time.Time) {
	var f berth.Facts
	if seen != nil {
		f = report{machine: l.machine, version: l.options.Version, held: h, seen: *seen, memory: l.memory, now: now}.facts()
		before, _ := l.news.latest()
		f.Disk = steady(before.Disk, f.Disk)
		if l.options.Copies != nil {
			f.Cache = l.options.Copies.Facts()
		}
	} else {
		f, _ = l.news.latest()
	}
	f.Problems = l.problems(now)
	if seen != nil {
		f.Problems = append(f.Problems, slices.Sorted(slices.Values(seen.Problems))...)
	}
	f.At = now
	if l.news.publish(f) {
		l.board.facts(f)
	}
}

// problems lists what is wrong with the host as a whole.
func (l *loop) problems(now time.Time) []string {
	var list []string
	if l.blind != nil {
		list = append(list, fmt.Sprintf("cannot see what is on the machine: %v", l.blind))
	}
	list = append(list, l.deadlineProblems(now)...)
	if p := l.keeper.problem(); p != "" {
		list = append(list, p)
	}
	if p := l.who.Load().expiry(now); p != "" {
		list = append(list, p)
	}
	for _, f := range l.memory.Failures {
		if f.Package == "" {
			list = append(list, fmt.Sprintf("%s failed: %s", f.Kind, f.Failure.Message))
		}
	}
	for problem, at := range l.orphans {
		if now.Sub(at) > showOrphans || at.After(now) {
			delete(l.orphans, problem)
			continue
		}
		list = append(list, "leftover: "+problem)
	}
	slices.Sort(list)
	return list
}
