package control_test

import (
	"strings"
	"testing"

	"berth"
	"berth/wire"
)

func TestRemoveSite(t *testing.T) {
	f := newFarm(t)
	_, err := f.CreateSite(f.owner, berth.Site{Name: "Second"})
	f.must(err)
	key, err := f.CreateEnrollKey(f.owner, "second", wire.CreateEnrollKey{Kind: berth.KindAVD})
	f.must(err)
	if err := f.RemoveSite(as("otto", "second", berth.RoleOwner), "second"); berth.ErrorKind(err) != berth.Forbidden {
		t.Errorf("by the owner of the site alone: %v", err)
	}
	_, err = f.AddPool(f.owner, "second", berth.Pool{Name: "drafted", Kind: berth.KindAVD}, false)
	f.must(err)
	if err := f.RemoveSite(f.owner, "second"); berth.ErrorKind(err) != berth.Conflict || !strings.Contains(err.Error(), "pool drafted") {
		t.Errorf("with a drafted pool: %v", err)
	}
	_, err = f.Discard(f.owner, "second", nil)
	f.must(err)
	f.must(f.RemoveSite(f.owner, "SECOND"))
	if err := f.RemoveSite(f.owner, "second"); !berth.IsNotFound(err) {
		t.Errorf("again: %v", err)
	}
	if _, err := f.Enroll(f.owner, wire.EnrollRequest{Protocol: wire.Protocol, Key: key.Text, Name: "h1"}); berth.ErrorKind(err) != berth.Unauthenticated {
		t.Errorf("its enrolment key: %v", err)
	}
	if err := f.RemoveSite(f.owner, "main"); berth.ErrorKind(err) != berth.Conflict {
		t.Errorf("the last site: %v", err)
	}
	entries, err := f.FarmAudit(f.owner, berth.AuditQuery{Kind: "site"})
	if err != nil || len(entries) != 1 || entries[0].Action != "delete site" || entries[0].Key != "second" {
		t.Errorf("audit: %+v %v", entries, err)
	}
}
