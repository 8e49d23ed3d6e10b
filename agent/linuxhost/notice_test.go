//go:build linux

package linuxhost

import (
	"os"
	"testing"
	"time"
)

func TestNotices(t *testing.T) {
	b := newBench(t)
	h := b.host(AttachExtract)
	heard := func(what string) {
		t.Helper()
		select {
		case <-h.Notices():
		case <-time.After(20 * time.Second):
			t.Fatalf("%s: not noticed", what)
		}
	}
	b.session("s1")
	heard("a session begins")
	b.ok(CloseSession(b.dir, "s1"))
	heard("a session ends")
	// What the agent itself does there between two looks wakes it no more.
	b.ok(os.WriteFile(h.path("sessions", ".lock"), nil, 0o600))
	b.ok(alone(b.dir, func() error { return nil }))
	select {
	case <-h.Notices():
		t.Error("a lock is taken for news")
	case <-time.After(50 * time.Millisecond):
	}
	b.ok(h.Close())
}

func TestRecordIn(t *testing.T) {
	event := func(name string) []byte {
		e := make([]byte, 16+16)
		e[12] = 16
		copy(e[16:], name)
		return e
	}
	for name, tt := range map[string]struct {
		events []byte
		want   bool
	}{
		"nothing": {nil, false}, "a record": {event("c1.json"), true}, "a lock": {event(".lock"), false},
		"the second": {append(event(".lock"), event("c2.json")...), true},
		"cut off":    {event("c1.json")[:20], true}, "half a head": {make([]byte, 9), false},
	} {
		if got := recordIn(tt.events); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// Records are read anew when they change, and only then.
func TestRecordsAreKept(t *testing.T) {
	b := newBench(t)
	h := b.host(AttachExtract)
	b.trust(h)
	b.ok(h.Stage(t.Context(), b.plan(appV1)))
	b.want(h, "App_1.0.0.0 staged")
	kept, err := h.readRecord(appV1)
	b.ok(err)
	if len(h.records) != 1 {
		t.Errorf("%d records kept", len(h.records))
	}
	other := b.plan(appV1)
	other.ImagePath = "/elsewhere"
	b.ok(h.writeRecord(other, &Image{}))
	again, err := h.readRecord(appV1)
	b.ok(err)
	if kept.Package.ImagePath == again.Package.ImagePath || again.Package.ImagePath != "/elsewhere" {
		t.Errorf("read %q, then %q", kept.Package.ImagePath, again.Package.ImagePath)
	}
	b.ok(os.WriteFile(h.recordPath(appV1), []byte("{"), 0o600))
	if _, err := h.readRecord(appV1); err == nil {
		t.Error("a damaged record is taken from memory")
	}
	b.ok(os.Remove(h.recordPath(appV1)))
	if _, err := h.readRecord(appV1); !os.IsNotExist(err) {
		t.Errorf("a record that is gone: %v", err)
	}
	_, err = h.list()
	b.ok(err)
	if len(h.records) != 0 {
		t.Errorf("%d records kept of none", len(h.records))
	}
}
