package berth

import (
	"cmp"
	"slices"
	"time"
)

// Timing is how long a phase of a package's life has taken on one host: a summary that does not grow. Times are milliseconds,
// of the last of the phase's runs that succeeded (some dozens), but for Count and Failed, which count all.
type Timing struct {
	Package  string    `json:"package"` // full name
	Phase    Phase     `json:"phase"`
	Count    int       `json:"count"`            // runs that succeeded
	Failed   int       `json:"failed,omitempty"` // runs that did not; they are not in the times
	LastMs   float64   `json:"lastMs"`
	MedianMs float64   `json:"medianMs"`
	MostMs   float64   `json:"mostMs"`
	At       time.Time `json:"at"` // when it last ran, by the host's clock
}

// TimingSpread is how long a phase takes over all hosts that told of it.
type TimingSpread struct {
	Phase    Phase   `json:"phase"`
	Hosts    int     `json:"hosts"`
	Count    int     `json:"count"`
	Failed   int     `json:"failed,omitempty"`
	MedianMs float64 `json:"medianMs"` // of the hosts' medians
	HighMs   float64 `json:"highMs"`   // of ten hosts, nine have a median of no more
	MostMs   float64 `json:"mostMs"`   // the longest run
	Slowest  string  `json:"slowest"`  // the host of that run
}

// TimedPhases are the phases that are timed, in the order in which a package goes through them.
var TimedPhases = []Phase{PhaseAttach, PhaseVerify, PhaseStage, PhaseRegister, PhaseDeregister, PhaseDestage}

// ByHost tells whether the phase happens once for the host, before anybody signs in, and not for each session.
func (p Phase) ByHost() bool { return p == PhaseAttach || p == PhaseVerify || p == PhaseStage }

// ComparePhases orders phases as a package goes through them; others come after, by name.
func ComparePhases(a, b Phase) int {
	place := func(p Phase) int {
		if i := slices.Index(TimedPhases, p); i >= 0 {
			return i
		}
		return len(TimedPhases)
	}
	return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(a, b))
}

// TimingStore keeps the timings of hosts. They go with their host.
type TimingStore interface {
	// PutTiming creates or replaces what the host with that id told of a package and phase.
	PutTiming(hostID string, t Timing) error
	// HostTimings returns what the host with that id told, by package and in the order of phases.
	HostTimings(hostID string) ([]Timing, error)
	// TimingSpread sums up what the site's hosts told of a package, in the order of phases.
	TimingSpread(site, fullName string) ([]TimingSpread, error)
	// ForgetTimings removes what the host with that id told of phases that last ran before the moment.
	ForgetTimings(hostID string, before time.Time) error
}
