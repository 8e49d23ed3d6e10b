package agent

import (
	"context"
	"sync"
	"time"
)

// Pace bounds how many bytes a second pass, over all who share it. The zero Pace bounds nothing.
type Pace struct {
	mu   sync.Mutex
	rate int64     // bytes a second; 0: no bound
	next time.Time // when the next bytes may pass
}

// Set changes the bound; 0 takes it away.
func (p *Pace) Set(bytesPerSecond int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rate = max(bytesPerSecond, 0)
}

// Wait returns when n bytes may pass, or with the context's error. Each caller waits for the bytes of those before it, so
// that time in which nobody asked is not made up for.
func (p *Pace) Wait(ctx context.Context, n int) error {
	wait := p.claim(n, time.Now())
	if wait <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// claim takes the time of n bytes and returns how long to wait for its beginning.
func (p *Pace) claim(n int, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rate == 0 {
		p.next = now
		return 0
	}
	if p.next.Before(now) {
		p.next = now
	}
	wait := p.next.Sub(now)
	p.next = p.next.Add(time.Duration(float64(n) / float64(p.rate) * float64(time.Second)))
	return wait
}
