package agent

import "time"

// Backoff says how long to wait after repeated failures: First, then twice as long each time up to Most. Of each wait the
// second half is left to chance, so that hosts that failed together do not come back together.
type Backoff struct {
	First time.Duration
	Most  time.Duration
}

// wait returns the wait after that many failures in a row, with chance from 0 to 1.
func (b Backoff) wait(failures int, chance float64) time.Duration {
	d := b.First
	for i := 1; i < failures && d < b.Most; i++ {
		d *= 2
	}
	d = min(d, b.Most)
	return d/2 + time.Duration(chance*float64(d-d/2))
}
