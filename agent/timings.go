package agent

import (
	"errors"
	"io/fs"
	"log/slog"
	"math"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"berth"
)

// Bounds of what is kept of timings, in memory and in timings.json.
const (
	mostSamples = 32        // of a package and phase: the newest
	mostTimed   = 2000      // packages and phases: the newest
	keepTimings = time.Hour // how often the file is written at most; a death costs what came since
)

// timings keeps how long the phases of each package took, for the loop that measures and the sync that tells.
type timings struct {
	path string

	mu      sync.Mutex
	series  map[timingKey]*series
	version int // rises with every record
	saved   time.Time
	dirty   bool
}

// timingKey names a series.
type timingKey struct {
	thing string // folded full name
	phase berth.Phase
}

// series is the newest runs of one phase of one package.
type series struct {
	Package string      `json:"package"`
	Phase   berth.Phase `json:"phase"`
	Count   int         `json:"count"`
	Failed  int         `json:"failed,omitempty"`
	Ms      []float64   `json:"ms"` // oldest first
	At      time.Time   `json:"at"`

	version int
}

func loadTimings(stateDir string, log *slog.Logger) *timings {
	t := &timings{path: filepath.Join(stateDir, timingsFile), series: map[timingKey]*series{}}
	var list []*series
	if err := readJSON(t.path, &list); err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			log.Warn("what steps took before cannot be read; measuring anew", "error", err)
		}
		return t
	}
	for _, s := range list {
		if s == nil || len(t.series) >= mostTimed {
			continue
		}
		s.Ms = s.Ms[max(0, len(s.Ms)-mostSamples):]
		t.version++
		s.version = t.version
		t.series[timingKey{berth.Fold(s.Package), s.Phase}] = s
	}
	return t
}

// record takes down how a step went. One that failed has no times but those of the phases that it got through.
func (t *timings) record(o outcome, at time.Time) {
	if o.step.Package.FullName == "" {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for phase, d := range o.phases {
		if phase == PhaseWaiting || o.err != nil && phase == o.last {
			continue
		}
		s := t.of(o.step.Package.FullName, phase, at)
		s.Count++
		s.Ms = append(s.Ms, math.Round(d.Seconds()*1e5)/1e2)
		s.Ms = s.Ms[max(0, len(s.Ms)-mostSamples):]
	}
	if o.err != nil && o.last != PhaseWaiting {
		t.of(o.step.Package.FullName, o.last, at).Failed++
	}
}

// of returns the series, made where it is missing, as changed.
func (t *timings) of(fullName string, phase berth.Phase, at time.Time) *series {
	key := timingKey{berth.Fold(fullName), phase}
	s := t.series[key]
	if s == nil {
		if len(t.series) >= mostTimed {
			t.dropOldest()
		}
		s = &series{Package: fullName, Phase: phase, Ms: []float64{}}
		t.series[key] = s
	}
	t.version++
	s.version, s.At, t.dirty = t.version, at, true
	return s
}

func (t *timings) dropOldest() {
	var oldest timingKey
	var of *series
	for key, s := range t.series {
		if of == nil || s.version < of.version {
			oldest, of = key, s
		}
	}
	delete(t.series, oldest)
}

// after returns what changed since the version, in the order of the changes, and the version that this brings up to.
func (t *timings) after(version int) ([]berth.Timing, int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var list []*series
	for _, s := range t.series {
		if s.version > version {
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(a, b *series) int { return a.version - b.version })
	var out []berth.Timing
	for _, s := range list {
		out = append(out, s.timing())
	}
	return out, t.version
}

// timing sums a series up.
func (s *series) timing() berth.Timing {
	t := berth.Timing{Package: s.Package, Phase: s.Phase, Count: s.Count, Failed: s.Failed, At: s.At}
	if len(s.Ms) == 0 {
		return t
	}
	t.LastMs = s.Ms[len(s.Ms)-1]
	sorted := slices.Sorted(slices.Values(s.Ms))
	t.MedianMs, t.MostMs = sorted[(len(sorted)-1)/2], sorted[len(sorted)-1]
	return t
}

// save writes the file when something changed and it was not written for a while, or when it must be.
func (t *timings) save(log *slog.Logger, must bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.dirty || !must && time.Since(t.saved) < keepTimings {
		return
	}
	list := make([]*series, 0, len(t.series))
	for _, s := range t.series {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b *series) int { return a.version - b.version })
	t.saved, t.dirty = time.Now(), false // a full disk is not tried again at every look
	if err := writeJSON(t.path, list); err != nil {
		t.dirty = true
		log.Warn("cannot keep what steps took", "error", err)
	}
}
