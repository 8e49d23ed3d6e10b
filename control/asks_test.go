package control_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"berth"
	"berth/control"
	"berth/wire"
)

// asked makes one sync that says what of asks, and returns what the server asks for.
func (m *machine) asked(report *wire.AskReport, wait int) []wire.Ask {
	m.f.t.Helper()
	r := m.request(nil, wait)
	r.Asks = report
	out, err := m.f.Sync(context.Background(), m.id, m.serial, r)
	m.f.must(err)
	m.keep(out)
	return out.Asks
}

// TestAsksGoToTheirHost holds that hosts see and answer their own asks alone, and that one is given again to an agent that
// was started anew.
func TestAsksGoToTheirHost(t *testing.T) {
	f := newFarm(t)
	f.pool("desks", berth.KindAVD)
	one, other := f.enroll("host1", berth.KindAVD, "desks"), f.enroll("host2", berth.KindAVD, "desks")
	facts := &berth.Facts{Sessions: []berth.Session{{ID: "7", User: "anna"}}, Packages: []berth.PackageFacts{}}
	one.sync(facts)
	other.sync(facts)
	told := make(chan error, 1)
	go func() {
		told <- f.AskSession(f.owner, "main", "desks", "host1", control.SessionAsk{Session: "7", What: control.Message, Body: "hello"})
	}()
	var asks []wire.Ask
	f.until("the host is asked", func() bool {
		asks = one.asked(&wire.AskReport{}, 0)
		return len(asks) == 1
	})
	if asks[0].Body != "hello" || asks[0].Kind != wire.AskMessage {
		t.Errorf("%+v", asks)
	}
	id := asks[0].ID
	if got := other.asked(&wire.AskReport{Answers: []wire.AskAnswer{{ID: id, Failed: true, Message: "forged"}}}, 0); len(got) != 0 {
		t.Errorf("another host is asked too: %+v", got)
	}
	if got := one.asked(nil, 0); len(got) != 0 {
		t.Errorf("an agent that knows no asks gets %+v", got)
	}
	if got := one.asked(&wire.AskReport{Working: []string{id}}, 0); len(got) != 0 {
		t.Errorf("what the agent is at comes again: %+v", got)
	}
	if got := one.asked(&wire.AskReport{}, 0); len(got) != 1 {
		t.Errorf("an agent that began anew is not asked again: %+v", got)
	}
	select {
	case err := <-told:
		t.Fatalf("answered before the host did: %v", err)
	default:
	}
	one.asked(&wire.AskReport{Answers: []wire.AskAnswer{{ID: id}, {ID: "unknown"}}}, 0)
	if err := <-told; err != nil {
		t.Errorf("%v", err)
	}
	if got := one.asked(&wire.AskReport{}, 0); len(got) != 0 {
		t.Errorf("after the answer: %+v", got)
	}
	if e := f.entry("ask session: message"); e.Actor != "olga" || !strings.Contains(string(e.After), "hello") || e.Refused != "" {
		t.Errorf("audit: %+v", e)
	}
}

func TestAsksThatNobodyAnswers(t *testing.T) {
	f := newFarm(t)
	f.pool("desks", berth.KindAVD)
	h := f.enroll("host1", berth.KindAVD, "desks")
	h.sync(&berth.Facts{Sessions: []berth.Session{{ID: "7", User: "anna"}}, Packages: []berth.PackageFacts{}})
	ask := control.SessionAsk{Session: "7", What: control.LogOff}
	gone, leave := context.WithTimeout(f.owner, 200*time.Millisecond)
	defer leave()
	if err := f.AskSession(gone, "main", "desks", "host1", ask); berth.ErrorKind(err) != berth.Unavailable {
		t.Errorf("nobody waits: %v", err)
	}
	if got := h.asked(&wire.AskReport{}, 0); len(got) != 0 {
		t.Errorf("what nobody waits for is asked: %+v", got)
	}
	for name, who := range map[string]struct{ pool, host, session string }{"no pool": {"none", "host1", "7"}, "no host": {"desks", "host9", "7"}, "no session": {"desks", "host1", "8"}} {
		err := f.AskSession(f.owner, "main", who.pool, who.host, control.SessionAsk{Session: who.session, What: control.LogOff})
		if !berth.IsNotFound(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := f.AskSession(as("rita", "main", berth.RoleReader), "main", "desks", "host1", ask); berth.ErrorKind(err) != berth.Forbidden {
		t.Errorf("a reader: %v", err)
	}
	f.clock.pass(time.Hour)
	if err := f.AskSession(f.owner, "main", "desks", "host1", ask); err == nil || !strings.Contains(err.Error(), "last heard of") {
		t.Errorf("a silent host: %v", err)
	}
}
