package control

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"berth"
	"berth/wire"
)

// AuditEntry returns one entry of the site's audit.
func (s *Service) AuditEntry(ctx context.Context, site string, id int64) (e berth.AuditEntry, err error) {
	err = s.view(ctx, site, func(w *work) error {
		e, err = w.auditEntry(id)
		return err
	})
	return e, err
}

func (w *work) auditEntry(id int64) (berth.AuditEntry, error) {
	entries, err := w.Audit(berth.AuditQuery{Site: berth.Fold(w.site.Name), Before: id + 1, Limit: 1})
	if err != nil {
		return berth.AuditEntry{}, err
	}
	if len(entries) == 0 || entries[0].ID != id {
		return berth.AuditEntry{}, berth.Errorf(berth.NotFound, "the audit of site %s has no entry %d", w.site.Name, id).On("entry").
			With("see `berth audit`")
	}
	return entries[0], nil
}

// Revert drafts an object back to what it was before an audit entry. It is refused where the entry cannot be taken back,
// where the object could not be as it was then, and, unless forced, where somebody else changed it since.
func (s *Service) Revert(ctx context.Context, site string, id int64, force bool) (r wire.Reverted, err error) {
	err = s.update(ctx, site, func(w *work) error {
		e, err := w.auditEntry(id)
		if err != nil {
			return err
		}
		if err := revertible(e); err != nil {
			return err
		}
		if !force {
			if err := w.untouchedSince(e); err != nil {
				return err
			}
		}
		if err := w.couldBe(e); err != nil {
			return err
		}
		r = wire.Reverted{Entry: id, Change: ChangeName(berth.Change{Ref: w.ref(berth.ObjectKind(e.Kind), e.Key)})}
		r.Pending, err = w.putBack(e)
		return err
	})
	return r, err
}

// revertible tells whether there is an object to put back as it was.
func revertible(e berth.AuditEntry) error {
	no := func(why, remedy string) error {
		return berth.Errorf(berth.Conflict, "audit entry %d (%s) cannot be taken back: %s", e.ID, e.Action, why).On("entry").With(remedy)
	}
	whole := len(e.Before) > 0 && len(e.After) > 0
	switch kind := berth.ObjectKind(e.Kind); {
	case e.Refused != "":
		return no("it was refused, and changed nothing", "")
	case bytes.Equal(e.Before, e.After):
		return no("it changed nothing that administrators set", "")
	case kind == berth.ObjectPackage, kind == berth.ObjectPool, kind == "publication":
		return notRetired(e, no)
	case kind == berth.ObjectHost && !whole:
		return no("a host comes by enrolling and goes by being removed", "enrol it again, or remove it: `berth host remove`")
	case (kind == berth.ObjectSettings || kind == berth.ObjectDefaults) && !whole:
		return no("every site has these", "")
	case kind == berth.ObjectSettings, kind == berth.ObjectDefaults, kind == berth.ObjectHost:
		return nil
	case kind == berth.ObjectDeclaration, kind == berth.ObjectAppAttach, kind == berth.ObjectGroup:
		return no("a client of Azure's interface wrote it", "let that client write it again")
	}
	return no("credentials are given out and revoked for good", "make a new one")
}

// notRetired refuses to bring back a package as it was while it was being deleted by force.
func notRetired(e berth.AuditEntry, no func(why, remedy string) error) error {
	var was struct{ Retiring bool }
	if len(e.Before) > 0 && json.Unmarshal(e.Before, &was) == nil && was.Retiring {
		return no("the package was on its way out before it", "add the package again: `berth package add`")
	}
	return nil
}

// untouchedSince refuses when somebody else changed the object after the entry. To apply a change is none of its own.
func (w *work) untouchedSince(e berth.AuditEntry) error {
	q := berth.AuditQuery{Site: berth.Fold(w.site.Name), Kind: berth.ObjectKind(e.Kind), Key: e.Key, Limit: 100}
	for {
		entries, err := w.Audit(q)
		if err != nil {
			return err
		}
		for _, later := range entries {
			if later.ID <= e.ID {
				return nil
			}
			if later.Refused == "" && later.Action != "apply" && later.Actor != w.who.Name && !bytes.Equal(later.Before, later.After) {
				return berth.Errorf(berth.Conflict, "%s changed %s %s since: %s, audit entry %d", later.Actor, e.Kind, e.Key, later.Action, later.ID).
					On("entry").With(fmt.Sprintf("look at it with `berth audit show %d`, then revert with --force to overwrite it", later.ID))
			}
			q.Before = later.ID
		}
		if len(entries) < q.Limit {
			return nil
		}
	}
}

// couldBe refuses what no other change could draft either: an object that goes though others hold it, or that names a
// pool that there is no longer.
func (w *work) couldBe(e berth.AuditEntry) error {
	kind, gone := berth.ObjectKind(e.Kind), len(e.Before) == 0
	switch {
	case kind == berth.ObjectPackage && gone:
		p, _, err := w.pkg(e.Key)
		if err != nil {
			return err
		}
		held, err := w.holders(p)
		if err == nil && len(held) > 0 {
			return berth.Errorf(berth.Conflict, "package %s is assigned: %s", p.FullName, strings.Join(held, "; ")).With("unassign it there first")
		}
		return err
	case kind == berth.ObjectPool && gone:
		members, err := w.members(berth.Draft, e.Key)
		if err == nil && len(members) > 0 {
			return berth.Errorf(berth.Conflict, "pool %s holds %d hosts, %s first", e.Key, len(members), members[0]).With("move its hosts out first")
		}
		return err
	case kind == berth.ObjectHost:
		return w.poolOfHost(e)
	}
	return nil
}

func (w *work) poolOfHost(e berth.AuditEntry) error {
	if _, err := w.holderRef(Holder{Host: e.Key}); err != nil {
		return err
	}
	var was berth.HostConfig
	if err := json.Unmarshal(e.Before, &was); err != nil || was.Pool == "" {
		return err
	}
	_, err := berth.Load[berth.Pool](w, berth.Draft, w.ref(berth.ObjectPool, was.Pool))
	if berth.IsNotFound(err) {
		return berth.Errorf(berth.Conflict, "host %s was in pool %s, which is not there any more", e.Key, was.Pool).With("make the pool first: `berth pool add`")
	}
	return err
}

// putBack drafts the document from before the entry.
func (w *work) putBack(e berth.AuditEntry) (pending bool, err error) {
	ref := w.ref(berth.ObjectKind(e.Kind), e.Key)
	edit := berth.Edit{Ref: ref, By: w.who.Name, At: w.at}
	if len(e.Before) > 0 {
		var was struct{ FullName, Name, Kind, FamilyName string }
		if err := json.Unmarshal(e.Before, &was); err != nil {
			return false, fmt.Errorf("audit entry %d: %w", e.ID, err)
		}
		edit.Draft, edit.Name, edit.Family = e.Before, cmp.Or(was.FullName, was.Name, e.Key), was.FamilyName
	}
	if edit.Retire, err = retiring(w, ref); err != nil {
		return false, err
	}
	now, before, err := w.write(edit)
	if err != nil {
		return false, err
	}
	return now.Drafted, w.noteEdit(fmt.Sprintf("revert entry %d", e.ID), now, before.Draft, now.Draft)
}

// Explained returns the entry with its differences by field.
func Explained(e berth.AuditEntry) wire.AuditEntry {
	changes := berth.FieldChanges(e.Before, e.After)
	if changes == nil {
		changes = []berth.FieldChange{}
	}
	return wire.AuditEntry{AuditEntry: e, Changes: changes}
}
