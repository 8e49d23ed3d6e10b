package control

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"berth"
)

// TagHistory tells where a tag pointed over time, newest first, in one family or in all: what hosts saw, not what was
// drafted. A limit bounds how many moves are returned, 0 means all.
func (s *Service) TagHistory(ctx context.Context, site, tag, family string, limit int) (moves []berth.TagMove, err error) {
	err = s.view(ctx, site, func(w *work) error {
		ids, err := w.tagIDs([]string{tag})
		if err != nil {
			return err
		}
		moves, err = w.tagMoves(ids[0], family, limit)
		return err
	})
	return moves, err
}

// tagMoves reads the audit backwards until it knows enough moves.
func (w *work) tagMoves(id berth.TagID, family string, limit int) ([]berth.TagMove, error) {
	site := berth.Fold(w.site.Name)
	carry, err := berth.LoadAll[berth.Package](w, berth.Applied, berth.ObjectQuery{Site: site, Kind: berth.ObjectPackage, Family: family})
	if err != nil {
		return nil, err
	}
	q := berth.AuditQuery{Site: site, Kind: berth.ObjectPackage, Prefix: familyPrefix(family), Limit: 200}
	var telling []berth.AuditEntry
	for {
		entries, err := w.Audit(q)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if e.MovesTag(id, family) {
				telling = append(telling, e)
			}
			q.Before = e.ID
		}
		moves := berth.TagHistory(id, carry, telling)
		// The last move may go on in entries that are not read yet.
		if limit > 0 && len(moves) > limit {
			return moves[:limit], nil
		}
		if len(entries) < q.Limit {
			return moves, nil
		}
	}
}

// familyPrefix is how the full names of a family's packages begin: name, "_". The family name is name, "_", publisher id.
func familyPrefix(family string) string {
	name, _, ok := cutLast(berth.Fold(family), "_")
	if !ok {
		return ""
	}
	return name + "_"
}

func cutLast(s, sep string) (before, after string, ok bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// RollBackTag drafts a tag back onto the version of the family that it meant before the one that it means now, and off all
// others.
func (s *Service) RollBackTag(ctx context.Context, site, tag, family string) (p berth.Package, err error) {
	err = s.update(ctx, site, func(w *work) error {
		ids, err := w.tagIDs([]string{tag})
		if err != nil {
			return err
		}
		if berth.Fold(family) == "" {
			return berth.Errorf(berth.Invalid, "a tag goes back in one family: which?").On("family").With("see `berth package list`")
		}
		before, err := w.meantBefore(ids[0], family)
		if err != nil {
			return err
		}
		p, err = w.tag(before, ids[0], true)
		return err
	})
	return p, err
}

// meantBefore is the full name of the version that the tag meant before its last move to another one.
func (w *work) meantBefore(id berth.TagID, family string) (string, error) {
	moves, err := w.tagMoves(id, family, 0)
	if err != nil {
		return "", err
	}
	tags, err := w.tags()
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(moves, func(m berth.TagMove) bool { return m.Previous != "" && m.Previous != m.Version })
	if i < 0 {
		return "", berth.Errorf(berth.Conflict, "the tag %s of family %s meant no other version before", tags.Name(id), family).On("tag").
			With("see `berth tag history`")
	}
	previous := moves[i].Previous
	p, _, err := w.pkg(previous)
	switch {
	case berth.IsNotFound(err):
		return "", berth.Errorf(berth.Conflict, "the tag %s meant %s before, which is not in the catalogue any more", tags.Name(id), previous).
			On("tag").With("add it again: `berth package add`")
	case err == nil && (!p.Enabled || p.Retiring):
		return "", berth.Errorf(berth.Conflict, "the tag %s meant %s before, which is disabled", tags.Name(id), previous).
			On("tag").With("enable it first: `berth package set --enabled`")
	}
	return cmp.Or(p.FullName, previous), err
}
