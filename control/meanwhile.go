package control

import (
	"errors"
	"slices"

	"berth"
)

// mostMeanwhile bounds how many changes of others a refusal tells of, the newest of them.
const mostMeanwhile = 20

// besideRevisions are the actions of the audit about an object that do not change its document, and so not its revision.
var besideRevisions = []string{"retry", "preflight", "renew host certificate", "revoke host certificate", "refused"}

// meanwhile adds to the refusal of an edit what others changed since the editor looked: who, when, and every field before
// and after. Every revision has its entry in the audit, written in the same transaction, so the newest entries tell.
func (w *work) meanwhile(t target, is berth.Object, err error) error {
	e, ok := errors.AsType[*berth.Error](err)
	missed := is.Revision - t.expect
	if !ok || e.Kind != berth.Precondition || t.expect == 0 || missed <= 0 {
		return err
	}
	// Entries that change no document lie between the others: some more are read than were missed.
	missed = min(missed, mostMeanwhile)
	entries, readErr := w.Audit(berth.AuditQuery{Site: t.ref.Site, Kind: t.ref.Kind, Key: t.ref.Key, Limit: int(missed) + 5*mostMeanwhile})
	if readErr != nil {
		return readErr
	}
	told := *e
	for _, entry := range entries {
		if entry.Refused != "" || slices.Contains(besideRevisions, entry.Action) {
			continue
		}
		told.Meanwhile = append(told.Meanwhile, berth.Meanwhile{At: entry.At, By: entry.Actor, Face: entry.Face,
			Action: entry.Action, Changes: berth.FieldChanges(entry.Before, entry.After)})
		if len(told.Meanwhile) == int(missed) {
			break
		}
	}
	slices.Reverse(told.Meanwhile) // in the order in which they happened
	return &told
}
