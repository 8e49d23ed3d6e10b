package agent

import (
	"context"
	"sync"
	"time"

	"berth"
)

// stopwatch measures the phases of one step.
type stopwatch struct {
	now func() time.Time

	mu    sync.Mutex
	phase berth.Phase
	since time.Time
	took  map[berth.Phase]time.Duration
}

type stopwatchKey struct{}

// timed returns a context in which EnterPhase is heard. The step begins in its own phase.
func timed(ctx context.Context, s Step, now func() time.Time) (context.Context, *stopwatch) {
	w := &stopwatch{now: now, phase: s.phase(), since: now(), took: map[berth.Phase]time.Duration{}}
	return context.WithValue(ctx, stopwatchKey{}, w), w
}

// PhaseWaiting is no work: what a step only waits for, on purpose, counts for nothing.
const PhaseWaiting berth.Phase = "waiting"

// EnterPhase is what a Platform says when a step comes to a phase: from here on its time counts for that one. A step whose
// Platform says nothing counts whole for the phase that it is named after.
func EnterPhase(ctx context.Context, p berth.Phase) {
	if w, ok := ctx.Value(stopwatchKey{}).(*stopwatch); ok {
		w.enter(p)
	}
}

func (w *stopwatch) enter(p berth.Phase) {
	w.mu.Lock()
	defer w.mu.Unlock()
	at := w.now()
	if d := at.Sub(w.since); d > 0 {
		w.took[w.phase] += d
	}
	w.phase, w.since = p, at
}

// stop returns what each phase took, and in which one the step ended.
func (w *stopwatch) stop() (map[berth.Phase]time.Duration, berth.Phase) {
	w.enter(w.phase)
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.took, w.phase
}
