package agent

import (
	"slices"
	"testing"
	"time"
)

func TestPace(t *testing.T) {
	var p Pace
	now := time.Unix(100, 0)
	if w := p.claim(1<<40, now); w != 0 {
		t.Errorf("without a bound one waits %s", w)
	}
	p.Set(1000)
	var waits []time.Duration
	for range 3 {
		waits = append(waits, p.claim(500, now))
	}
	if want := []time.Duration{0, 500 * time.Millisecond, time.Second}; !slices.Equal(waits, want) {
		t.Errorf("%v, want %v", waits, want)
	}
	if w := p.claim(500, now.Add(time.Hour)); w != 0 {
		t.Errorf("time in which nobody asked is made up for: %s", w)
	}
}
