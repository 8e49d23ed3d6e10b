package control_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"berth"
	"berth/control"
	"berth/wire"
)

// examine is a sync of an agent that knows pre-flights.
func (m *machine) examine(r wire.PreflightReport) []berth.PreflightRequest {
	m.f.t.Helper()
	q := m.request(nil, 0)
	q.Preflights = &r
	out, err := m.f.Sync(context.Background(), m.id, m.serial, q)
	m.f.must(err)
	m.keep(out)
	return out.Preflights
}

func (f *farm) ask(host, fullName string) wire.PreflightView {
	f.t.Helper()
	v, err := f.AskPreflight(f.owner, "main", host, fullName)
	f.must(err)
	return v
}

func TestPreflight(t *testing.T) {
	f := newFarm(t)
	m, other := f.enroll("h1", berth.KindRDSH, ""), f.enroll("h2", berth.KindRDSH, "")
	f.shelf.images["runtime"] = []berth.Package{{FullName: "Runtime_2.0.0.0_x64__abc", FamilyName: "Runtime_abc", Framework: true,
		Version: berth.Version{2}, Architecture: "x64"}}
	_, err := f.AddPackage(f.owner, control.NewPackage{Site: "main", ImagePath: "runtime"})
	f.must(err)
	path := f.image("1")
	f.shelf.images[path][0].Dependencies = []berth.Dependency{{Name: "Runtime", MinVersion: "1.0.0.0", FamilyName: "Runtime_abc"},
		{Name: "Gone", MinVersion: "1.0.0.0", FamilyName: "Gone_abc"}}
	f.shelf.images[path][0].Certificate = &berth.Certificate{Thumbprint: "AB"}
	_, err = f.AddPackage(f.owner, control.NewPackage{Site: "main", ImagePath: path})
	f.must(err)

	v := f.ask("H1", strings.ToUpper(notesOne))
	if v.State != wire.PreflightPending || v.ID == "" || v.Message == "" || v.Package != notesOne || v.AskedBy != "olga" || v.Checks == nil {
		t.Errorf("asked: %+v", v)
	}
	if again := f.ask("h1", notesOne); again.ID != v.ID {
		t.Errorf("asked twice: %s and %s", v.ID, again.ID)
	}
	if out := m.sync(nil); out.Preflights != nil {
		t.Errorf("an agent that knows no pre-flights is asked %v", out.Preflights)
	}
	f.must(f.store.Close())
	f.open() // the question survives the server
	asked := m.examine(wire.PreflightReport{})
	if len(asked) != 1 || asked[0].ID != v.ID || asked[0].Package.ImagePath != path || asked[0].Package.BlockMapSHA256 != "hash 1" ||
		asked[0].Certificate == nil || len(asked[0].Dependencies) != 2 || asked[0].Dependencies[0].Catalogue != "Runtime_2.0.0.0_x64__abc" ||
		asked[0].Dependencies[1].Catalogue != "" {
		t.Fatalf("the agent is asked %+v", asked)
	}
	if again := m.examine(wire.PreflightReport{Working: []string{v.ID}}); len(again) != 0 {
		t.Errorf("an agent that is at it is asked %v", again)
	}
	if theirs := other.examine(wire.PreflightReport{Answers: []wire.PreflightAnswer{{ID: v.ID}}}); len(theirs) != 0 {
		t.Errorf("the other host is asked %v", theirs)
	}
	if now, err := f.Preflight(f.owner, "main", "h1", v.ID); err != nil || now.State != wire.PreflightPending {
		t.Errorf("the other host answered for this one: %+v, %v", now, err)
	}
	answer := wire.PreflightAnswer{ID: v.ID, Checks: []berth.PreflightCheck{{Name: "image", Result: berth.PreflightPass},
		{Name: "trust", Result: berth.PreflightFail, Message: strings.Repeat("ü", 5000)}}}
	m.examine(wire.PreflightReport{Answers: []wire.PreflightAnswer{answer, {ID: "unknown"}}})
	v, err = f.Preflight(f.owner, "main", "h1", v.ID)
	f.must(err)
	if v.State != wire.PreflightDone || v.Message != "1 of 2 checks failed" || len(v.Checks) != 2 || len(v.Checks[1].Message) > 5000 || v.AnsweredAt.IsZero() {
		t.Errorf("answered: %+v", v)
	}
	_, err = f.Preflight(f.owner, "main", "h2", v.ID)
	wantKind(t, err, berth.NotFound)
	_, err = f.AskPreflight(f.owner, "main", "h1", "Nothing_1")
	wantKind(t, err, berth.NotFound)
	if !slices.ContainsFunc(f.audit(), func(e berth.AuditEntry) bool { return e.Action == "preflight" && e.Key == "h1" }) {
		t.Error("the question is not in the audit")
	}
}

// TestPreflightSilence: a host that never answers leaves its pre-flight pending, in words, for a day.
func TestPreflightSilence(t *testing.T) {
	f := newFarm(t)
	m := f.enroll("h1", berth.KindRDSH, "")
	f.add("1")
	v := f.ask("h1", notesOne)
	message := func() string {
		v, err := f.Preflight(f.owner, "main", "h1", v.ID)
		f.must(err)
		if v.State != wire.PreflightPending {
			t.Errorf("state %s", v.State)
		}
		return v.Message
	}
	f.clock.pass(berth.Silence + time.Second)
	if got := message(); !strings.Contains(got, "last heard of at") {
		t.Errorf("a silent host: %q", got)
	}
	m.sync(nil)
	if got := message(); !strings.Contains(got, "may not know pre-flights") {
		t.Errorf("a host that speaks and says nothing of it: %q", got)
	}
	f.clock.pass(24 * time.Hour)
	_, err := f.Preflight(f.owner, "main", "h1", v.ID)
	wantKind(t, err, berth.NotFound)
	if asked := m.examine(wire.PreflightReport{}); len(asked) != 0 {
		t.Errorf("asked after a day: %v", asked)
	}
}

// TestPreflightsAreBounded: of each host a number of them is kept, the newest, and none of a host that is gone.
func TestPreflightsAreBounded(t *testing.T) {
	f := newFarm(t)
	m := f.enroll("h1", berth.KindRDSH, "")
	for n := range 25 {
		f.add(fmt.Sprint(n + 1))
		f.clock.pass(time.Second)
		f.ask("h1", fullName(fmt.Sprint(n+1)))
	}
	asked := m.examine(wire.PreflightReport{})
	if len(asked) != 20 || asked[0].Package.FullName != fullName("25") {
		t.Errorf("%d are kept", len(asked))
	}
	f.must(f.RemoveHost(f.owner, "main", "h1"))
	f.must(f.store.View(t.Context(), func(tx berth.Tx) error {
		left, err := tx.Preflights(m.id)
		if len(left) > 0 {
			t.Errorf("%d are left of a host that is gone", len(left))
		}
		return err
	}))
}

// TestPreflightWakes: a waiting agent is asked at once.
func TestPreflightWakes(t *testing.T) {
	f := newFarm(t)
	m := f.enroll("h1", berth.KindRDSH, "")
	f.add("1")
	m.sync(nil)
	q := m.request(nil, 50)
	q.Preflights = &wire.PreflightReport{}
	got := make(chan wire.SyncResponse, 1)
	go func() {
		out, _ := f.Sync(context.Background(), m.id, m.serial, q)
		got <- out
	}()
	time.Sleep(50 * time.Millisecond) // it waits now, or asks later: both must give the answer
	f.ask("h1", notesOne)
	select {
	case out := <-got:
		if len(out.Preflights) != 1 {
			t.Errorf("woken with %+v", out)
		}
	case <-time.After(10 * time.Second):
		t.Error("the agent was not asked")
	}
}
