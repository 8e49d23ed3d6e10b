package control_test

import (
	"context"
	"testing"
	"time"

	"berth"
	"berth/control"
	"berth/wire"
)

// take reads that many events.
func take(t *testing.T, events <-chan wire.Event, n int) (out []wire.Event) {
	t.Helper()
	for range n {
		select {
		case e := <-events:
			out = append(out, e)
		case <-time.After(time.Minute):
			t.Fatalf("no more than %+v came", out)
		}
	}
	return out
}

// TestResume: who was cut off hears of what was missed and of nothing else; who was away for too long, comes from another
// server or from the time before a restart, is told to look at everything.
func TestResume(t *testing.T) {
	f := newFarm(t)
	rename := func(n int) {
		for i := range n {
			_, err := f.EditSettings(f.owner, "main", control.SettingsEdit{Enabled: new(i%2 == 0)})
			f.must(err)
		}
	}
	listen := func(last int64) (events <-chan wire.Event, done func()) {
		events, done, err := f.ListenFrom(f.owner, "main", last)
		f.must(err)
		return events, done
	}
	events, done := listen(0)
	hello := take(t, events, 1)[0]
	rename(3)
	seen := take(t, events, 3)
	done()
	if hello.Resumed || hello.ID >= seen[0].ID {
		t.Errorf("%+v, then %+v", hello, seen)
	}
	rename(2)
	_, err := f.CreateSite(f.owner, berth.Site{Name: "other"})
	f.must(err)
	_, err = f.EditSettings(f.owner, "other", control.SettingsEdit{Enabled: new(false)})
	f.must(err)
	events, done = listen(seen[0].ID)
	got := take(t, events, 5)
	done()
	if !got[0].Resumed || got[0].ID != seen[0].ID || got[1].ID != seen[1].ID || got[2].ID != seen[2].ID || got[4].ID <= got[3].ID {
		t.Errorf("resumed with %+v", got)
	}
	for name, last := range map[string]int64{"none": 0, "of another server": 1 << 60, "of before": hello.ID - 1000} {
		events, done := listen(last)
		if e := take(t, events, 1)[0]; e.Resumed {
			t.Errorf("%s: %+v", name, e)
		}
		done()
	}
	rename(250)
	events, done = listen(seen[0].ID)
	if e := take(t, events, 1)[0]; e.Resumed {
		t.Errorf("more was missed than is kept, and %+v", e)
	}
	done()
	f.clock.pass(time.Second)
	f.must(f.store.Close())
	f.open()
	events, done = listen(seen[2].ID)
	if e := take(t, events, 1)[0]; e.Resumed || e.ID <= seen[2].ID {
		t.Errorf("after a restart: %+v", e)
	}
	done()
	_, _, err = f.ListenFrom(context.Background(), "main", 1)
	wantKind(t, err, berth.Unauthenticated)
}
