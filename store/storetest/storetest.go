// Package storetest tests any berth.Store through its interface: every method, and every promise its comments make.
package storetest

import (
	"context"
	"testing"
	"time"

	"berth"

	"github.com/google/go-cmp/cmp"
)

// Run tests the store that open opens. Each call of open with another t opens another, empty store; calls with the same
// t open the same store again, after it was closed. The suite closes what it opened.
func Run(t *testing.T, open func(t *testing.T) berth.Store) {
	groups := map[string]map[string]func(*bench){
		"Site": siteTests, "Object": objectTests, "Host": hostTests, "Credential": credentialTests, "User": userTests, "Audit": auditTests,
		"Transaction": transactionTests, "Search": searchTests, "Preflight": preflightTests, "Task": taskTests, "Group": groupTests,
		"Timing": timingTests,
	}
	for group, tests := range groups {
		t.Run(group, func(t *testing.T) {
			for name, test := range tests {
				t.Run(name, func(t *testing.T) {
					b := &bench{T: t, open: open}
					b.reopen()
					test(b)
				})
			}
		})
	}
}

// bench is one test with its own store.
type bench struct {
	*testing.T
	open  func(*testing.T) berth.Store
	store berth.Store
}

// reopen opens the store, after closing it where it is open.
func (b *bench) reopen() {
	b.Helper()
	if b.store != nil {
		b.check(b.store.Close())
	}
	s := b.open(b.T)
	b.store = s
	b.Cleanup(func() { _ = s.Close() })
}

func (b *bench) check(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *bench) update(fn func(berth.Tx) error) {
	b.Helper()
	b.check(b.store.Update(b.Context(), fn))
}

func (b *bench) view(fn func(berth.Tx) error) {
	b.Helper()
	b.check(b.store.View(b.Context(), fn))
}

func (b *bench) equal(what string, got, want any) {
	b.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		b.Errorf("%s differs (-want +got):\n%s", what, diff)
	}
}

// missing wants a NotFound whose words name what is not there.
func (b *bench) missing(err error, names ...string) {
	b.Helper()
	b.kind(err, berth.NotFound)
	for _, name := range names {
		if err != nil && !contains(err.Error(), name) {
			b.Errorf("the error does not name %q: %v", name, err)
		}
	}
}

func (b *bench) kind(err error, want berth.Kind) {
	b.Helper()
	if err == nil {
		b.Errorf("no error, want one of kind %s", want)
	} else if got := berth.ErrorKind(err); got != want {
		b.Errorf("error of kind %s, want %s: %v", got, want, err)
	}
}

// generation reads the generation of the site main, which the tests of transactions use as a counter.
func (b *bench) generation() (n int64) {
	b.Helper()
	b.view(func(tx berth.Tx) error {
		s, err := tx.Site("main")
		n = s.Generation
		return err
	})
	return n
}

// raise returns a transaction that adds one to the generation of the site main.
func raise() func(berth.Tx) error {
	return func(tx berth.Tx) error {
		s, err := tx.Site("main")
		if err != nil {
			return err
		}
		s.Generation++
		return tx.PutSite(s)
	}
}

// moment is a time that shows whether nanoseconds and the zone survive.
func moment(day int) time.Time {
	return time.Date(2026, 11, day, 23, 59, 58, 123456789, time.FixedZone("east", 2*60*60))
}

// put returns a transaction that writes values with one of tx's methods.
func put[T any](method func(berth.Tx) func(T) error, values ...T) func(berth.Tx) error {
	return func(tx berth.Tx) error {
		for _, v := range values {
			if err := method(tx)(v); err != nil {
				return err
			}
		}
		return nil
	}
}

func putSite(tx berth.Tx) func(berth.Site) error     { return tx.PutSite }
func putObject(tx berth.Tx) func(berth.Object) error { return tx.PutObject }
func putHost(tx berth.Tx) func(berth.Host) error     { return tx.PutHost }

// patient bounds the tests in which goroutines wait for each other.
func patient(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}
