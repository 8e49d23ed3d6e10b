package control

import (
	"errors"
	"slices"

	"berth"
)

// mostMeanwhile bounds how many changes of others a refusal tells of, the newest of them.
const mostMeanwhile = 20

// meanwhile adds to the refusal of an edit what others changed since the editor looked: who, when, and every field before
// and after. Every revision has its entry in the audit, written in the same transaction; entries about other things than
// the document have no revision.
func (w *work) meanwhile(edit berth.Edit, err error) error {
	e, ok := errors.AsType[*berth.Error](err)
	if !ok || e.Kind != berth.Precondition || edit.Expect == 0 {
		return err
	}
	entries, readErr := w.Audit(berth.AuditQuery{Site: edit.Ref.Site, Kind: edit.Ref.Kind, Key: edit.Ref.Key, Limit: 6 * mostMeanwhile})
	if readErr != nil {
		return readErr
	}
	told := *e
	for _, entry := range entries {
		if entry.Refused != "" || entry.Revision <= edit.Expect {
			continue
		}
		told.Meanwhile = append(told.Meanwhile, berth.Meanwhile{Revision: entry.Revision, At: entry.At, By: entry.Actor, Face: entry.Face,
			Action: entry.Action, Changes: berth.FieldChanges(entry.Before, entry.After), Entry: entry.ID})
		if len(told.Meanwhile) == mostMeanwhile {
			break
		}
	}
	slices.Reverse(told.Meanwhile) // in the order in which they happened
	return &told
}
