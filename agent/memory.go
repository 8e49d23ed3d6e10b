package agent

import (
	"log/slog"
	"maps"
	"path/filepath"
	"strings"
	"time"

	"berth"
)

// memory is what the machine itself does not tell: since when things are as they are, what failed, and when to try again.
// Losing it costs a back-off and a date.
type memory struct {
	Since    map[string]mark   `json:"since"`
	Failures map[string]failed `json:"failures"` // by Step.Key
	Retry    int64             `json:"retry"`    // the server's counter when it was last heeded

	Leaving map[string]*leaving `json:"leaving,omitempty"` // by folded full name

	path  string
	dirty bool
}

// mark is a state and since when it holds.
type mark struct {
	State string    `json:"state"`
	Since time.Time `json:"since"`
}

// failed is a step that did not succeed.
type failed struct {
	Package string        `json:"package"`
	Kind    StepKind      `json:"kind"`
	Failure berth.Failure `json:"failure"`
}

func loadMemory(stateDir string, log *slog.Logger) *memory {
	m := &memory{path: filepath.Join(stateDir, memoryFile)}
	if err := readJSON(m.path, m); err != nil {
		log.Debug("starting without memory of failures", "reason", err)
		m.Since, m.Failures, m.Leaving = nil, nil, nil
	}
	if m.Since == nil {
		m.Since = map[string]mark{}
	}
	if m.Failures == nil {
		m.Failures = map[string]failed{}
	}
	maps.DeleteFunc(m.Leaving, func(_ string, v *leaving) bool { return v == nil })
	if m.Leaving == nil {
		m.Leaving = map[string]*leaving{}
	}
	for _, v := range m.Leaving {
		if v.Told == nil {
			v.Told = map[string]int{}
		}
	}
	return m
}

// save writes the memory when it changed. A failure to write is logged and no more: nothing depends on it.
func (m *memory) save(log *slog.Logger) {
	if !m.dirty {
		return
	}
	if err := writeJSON(m.path, m); err != nil {
		log.Warn("cannot keep the memory of failures", "error", err)
		return
	}
	m.dirty = false
}

// since returns since when the thing is in the state, which is now when it was in another. What began in the future was
// noted by a clock that was set back since.
func (m *memory) since(thing, state string, now time.Time) time.Time {
	if k, ok := m.Since[thing]; ok && k.State == state && !k.Since.After(now) {
		return k.Since
	}
	m.Since[thing] = mark{state, now}
	m.dirty = true
	return now
}

// forget drops marks of things that no longer are.
func (m *memory) forget(keep map[string]bool) {
	maps.DeleteFunc(m.Since, func(thing string, _ mark) bool {
		m.dirty = m.dirty || !keep[thing]
		return !keep[thing]
	})
}

// fail records a failure and when the step is due again. Where trying again cannot help by itself, it is tried rarely
// all the same: somebody may have put a good file in the place of a bad one.
func (m *memory) fail(s Step, f berth.Failure, b Backoff, at time.Time, chance float64) berth.Failure {
	f.Attempts = m.Failures[s.Key()].Failure.Attempts + 1
	wait := b.wait(f.Attempts, chance)
	if !berth.Explain(f).Retry.ByItself() {
		wait = b.wait(64, chance)
	}
	f.NextRetry = at.Add(wait)
	m.Failures[s.Key()] = failed{Package: s.Package.FullName, Kind: s.Kind, Failure: f}
	m.dirty = true
	return f
}

func (m *memory) succeed(s Step) {
	if _, ok := m.Failures[s.Key()]; ok {
		delete(m.Failures, s.Key())
		m.dirty = true
	}
}

// due tells whether a step may be tried. A wait longer than the longest was reckoned by a clock that was set back since.
func (m *memory) due(s Step, now time.Time, most time.Duration) bool {
	f, ok := m.Failures[s.Key()]
	return !ok || !now.Before(f.Failure.NextRetry) || f.Failure.NextRetry.Sub(now) > most
}

// heed clears every back-off when the server's retry counter rose.
func (m *memory) heed(retry int64, now time.Time) bool {
	if retry == m.Retry {
		return false
	}
	rose := retry > m.Retry
	m.Retry, m.dirty = retry, true
	for key, f := range m.Failures {
		if rose {
			f.Failure.Attempts, f.Failure.NextRetry = 0, now
			m.Failures[key] = f
		}
	}
	return rose
}

// wanted drops the failures of steps that nobody wants any more.
func (m *memory) wanted(keys map[string]bool) {
	maps.DeleteFunc(m.Failures, func(key string, _ failed) bool {
		m.dirty = m.dirty || !keys[key]
		return !keys[key]
	})
}

// failureOfPackage chooses the failure to report: that of staging, which stands in the way of all else, or the first by key.
func (m *memory) failureOfPackage(fullName string) *berth.Failure {
	var best *failed
	var bestKey string
	for key, f := range m.Failures {
		if berth.Fold(f.Package) != berth.Fold(fullName) {
			continue
		}
		better := best == nil || f.Kind == StepStage || best.Kind != StepStage && strings.Compare(key, bestKey) < 0
		if better {
			best, bestKey = &f, key
		}
	}
	if best == nil {
		return nil
	}
	return &best.Failure
}
