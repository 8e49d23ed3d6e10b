package auth

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"berth"
)

func TestLimiter(t *testing.T) {
	c := &clock{noon}
	l := NewLimiter(3, time.Minute, c.now)
	for i := range 3 {
		if _, ok := l.Take("olga"); !ok {
			t.Fatalf("try %d of 3 was refused", i+1)
		}
	}
	after, ok := l.Take("olga")
	if ok || after != time.Minute {
		t.Errorf("the fourth try: %v, %v", after, ok)
	}
	c.at = c.at.Add(30 * time.Second)
	if after, ok := l.Take("olga"); ok || after != 30*time.Second {
		t.Errorf("too early: %v, %v; refused tries must not count", after, ok)
	}
	c.at = c.at.Add(30 * time.Second)
	if _, ok := l.Take("olga"); !ok {
		t.Error("refused after the wait that was named")
	}
	l.Give("olga")
	if _, ok := l.Take("olga"); !ok {
		t.Error("a try that was given back is gone")
	}
	c.at = c.at.Add(-time.Hour) // a clock that is set back helps nobody
	if _, ok := l.Take("olga"); ok {
		t.Error("allowed when the clock went back")
	}
}

// TestLimiterIsBounded: many keys neither take memory nor free the one that is out of tries.
func TestLimiterIsBounded(t *testing.T) {
	c := &clock{noon}
	l := NewLimiter(1, time.Hour, c.now)
	l.Take("olga")
	for i := range 4 * buckets {
		l.Take(fmt.Sprint(i))
	}
	if _, ok := l.Take("olga"); ok {
		t.Error("other keys pushed the failed tries out")
	}
	if len(l.table) != buckets {
		t.Errorf("%d buckets", len(l.table))
	}
	c.at = c.at.Add(2 * time.Hour)
	if _, ok := l.Take("somebody"); !ok {
		t.Error("refused for ever")
	}
}

func TestTooMany(t *testing.T) {
	err := TooMany("sign in", 1500*time.Millisecond)
	limit, ok := errors.AsType[*TooManyError](err)
	if !ok || limit.Wait() != 2*time.Second || berth.ErrorKind(err) != berth.Unavailable {
		t.Errorf("got %v", err)
	}
}

func TestAddressKey(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.7:1234": "192.0.2.7", "[::ffff:192.0.2.7]:99": "192.0.2.7", "192.0.2.7": "192.0.2.7",
		"[2001:db8:1:2:3:4:5:6]:1": "2001:db8:1:2::/64", "[2001:db8:1:2::1%eth0]:1": "2001:db8:1:2::/64", "@": "@", "": "",
	} {
		if got := AddressKey(address); got != want {
			t.Errorf("%q: %q, want %q", address, got, want)
		}
	}
}
