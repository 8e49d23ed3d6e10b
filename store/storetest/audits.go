package storetest

import (
	"encoding/json"

	"berth"
)

var auditTests = map[string]func(*bench){
	"roundTrip": auditRoundTrip,
	"order":     auditOrder,
	"chosen":    auditChosen,
}

// audit runs the query and returns the actions found, in the order found.
func (b *bench) audit(q berth.AuditQuery) (entries []berth.AuditEntry, actions []string) {
	b.Helper()
	actions = []string{}
	b.view(func(tx berth.Tx) (err error) {
		entries, err = tx.Audit(q)
		for _, e := range entries {
			actions = append(actions, e.Action)
		}
		return err
	})
	return entries, actions
}

func auditRoundTrip(b *bench) {
	want := berth.AuditEntry{
		ID: 999, At: moment(1), Site: "Main", Actor: "ann", Face: "cli", Action: "pool.update", Kind: "pool", Key: "Front Desk",
		Before: json.RawMessage(`{"a":1}`), After: json.RawMessage(`{"a": 2}`), Refused: "because",
	}
	b.update(func(tx berth.Tx) error { return tx.AppendAudit(want) })
	b.update(func(tx berth.Tx) error { return tx.AppendAudit(berth.AuditEntry{}) })
	got, _ := b.audit(berth.AuditQuery{})
	if len(got) != 2 {
		b.Fatalf("%d entries, want 2", len(got))
	}
	if got[1].ID <= 0 || got[1].ID == 999 || got[0].ID <= got[1].ID {
		b.Errorf("ids %d, %d are not the store's own and rising", got[1].ID, got[0].ID)
	}
	want.ID = got[1].ID
	b.equal("entry", got[1], want)
	b.equal("bare entry", got[0], berth.AuditEntry{ID: got[0].ID})
}

// auditOrder pages through the audit, which goes by id and not by the time, because clocks are set back.
func auditOrder(b *bench) {
	for day, action := range []string{"one", "two", "three", "four", "five"} {
		b.update(func(tx berth.Tx) error { return tx.AppendAudit(berth.AuditEntry{At: moment(20 - day), Action: action}) })
	}
	_, all := b.audit(berth.AuditQuery{})
	b.equal("all", all, []string{"five", "four", "three", "two", "one"})
	page, actions := b.audit(berth.AuditQuery{Limit: 2})
	b.equal("first page", actions, []string{"five", "four"})
	_, actions = b.audit(berth.AuditQuery{Limit: 2, Before: page[1].ID})
	b.equal("second page", actions, []string{"three", "two"})
}

func auditChosen(b *bench) {
	b.update(func(tx berth.Tx) error {
		for _, e := range []berth.AuditEntry{
			{Action: "a", Site: "Main", Kind: "pool", Key: "Front"},
			{Action: "b", Site: "main", Kind: "host", Key: "Front"},
			{Action: "c", Site: "Branch", Kind: "pool", Key: "Front"},
			{Action: "d", Site: "MAIN", Kind: "pool", Key: "back"},
			{Action: "e"},
		} {
			b.check(tx.AppendAudit(e))
		}
		return nil
	})
	for name, tt := range map[string]struct {
		query berth.AuditQuery
		want  []string
	}{
		"site":   {berth.AuditQuery{Site: "mAin"}, []string{"d", "b", "a"}},
		"kind":   {berth.AuditQuery{Kind: berth.ObjectPool}, []string{"d", "c", "a"}},
		"object": {berth.AuditQuery{Site: "main", Kind: berth.ObjectPool, Key: "FRONT"}, []string{"a"}},
		"none":   {berth.AuditQuery{Site: "elsewhere"}, []string{}},
	} {
		_, actions := b.audit(tt.query)
		b.equal(name, actions, tt.want)
	}
}
