package auth

import (
	"fmt"
	"hash/maphash"
	"math"
	"net"
	"net/netip"
	"sync"
	"time"

	"berth"
)

// buckets is how many a Limiter has. Keys share them by a hash that nobody outside knows: memory stays the same however
// many keys come, nothing is ever pushed out by others, and now and then two keys count as one.
const buckets = 1 << 14

// Limiter allows each key a burst of tries and then one more with every interval. It is safe for many goroutines.
type Limiter struct {
	burst float64
	every time.Duration
	now   func() time.Time
	seed  maphash.Seed

	mu    sync.Mutex
	table []bucket
}

// bucket is what was used of the burst at a time; it runs empty as time passes.
type bucket struct {
	used float64
	at   time.Time
}

// NewLimiter returns a limiter with nothing used.
func NewLimiter(burst int, every time.Duration, now func() time.Time) *Limiter {
	return &Limiter{burst: float64(burst), every: every, now: now, seed: maphash.MakeSeed(), table: make([]bucket, buckets)}
}

// Take uses one try of the key; ok is false where there is none left, and after is how long it takes until there is.
func (l *Limiter) Take(key string) (after time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.bucket(key)
	if over := b.used + 1 - l.burst; over > 0 {
		return max(time.Second, time.Duration(over*float64(l.every))), false
	}
	b.used++
	return 0, true
}

// Give puts a try back: only failures count.
func (l *Limiter) Give(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.bucket(key)
	b.used = max(0, b.used-1)
}

// bucket returns the key's, as it is now.
func (l *Limiter) bucket(key string) *bucket {
	b := &l.table[maphash.String(l.seed, key)%buckets]
	now := l.now()
	b.used = max(0, b.used-max(0, float64(now.Sub(b.at))/float64(l.every)))
	b.at = now
	return b
}

// TooManyError is the cause of a refusal that only time heals.
type TooManyError struct{ After time.Duration }

// Error says how long to wait.
func (e *TooManyError) Error() string { return fmt.Sprintf("too many tries; wait %s", e.Wait()) }

// Wait is After in whole seconds, rounded up: the value of a Retry-After header (RFC 9110, 10.2.3).
func (e *TooManyError) Wait() time.Duration {
	return time.Duration(math.Ceil(e.After.Seconds())) * time.Second
}

// TooMany is the error for a key that has no try left.
func TooMany(what string, after time.Duration) error {
	limit := &TooManyError{After: after}
	e := berth.Errorf(berth.Unavailable, "too many failed tries to %s: %w", what, limit)
	e.Message, e.Code = "too many failed tries to "+what, "TooManyRequests"
	return e.With(fmt.Sprintf("wait %s, then try again", limit.Wait()))
}

// AddressKey is what limits count of a client's address (host:port, or an IP address): an IPv4 address, or the /64 that
// one customer of a provider has at least.
func AddressKey(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	if ip = ip.Unmap(); ip.Is4() {
		return ip.String()
	}
	prefix, err := ip.WithZone("").Prefix(64)
	if err != nil {
		return host
	}
	return prefix.String()
}
