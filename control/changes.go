package control

import (
	"context"

	"berth"
)

// Changes returns what is drafted in the site and not applied.
func (s *Service) Changes(ctx context.Context, site string) (cs []berth.Change, err error) {
	err = s.view(ctx, site, func(w *work) error {
		cs, err = w.changes(nil)
		return err
	})
	return cs, err
}

// changes returns the drafts, or the chosen ones; a chosen one that is no draft is NotFound.
func (w *work) changes(chosen []string) ([]berth.Change, error) {
	objects, err := w.Objects(berth.ObjectQuery{Site: berth.Fold(w.site.Name), Drafted: true})
	if err != nil {
		return nil, err
	}
	want := map[string]bool{}
	for _, c := range chosen {
		want[berth.Fold(c)] = true
	}
	var cs []berth.Change
	for _, o := range objects {
		c, ok := o.Change()
		name := berth.Fold(ChangeName(c))
		if ok && (len(chosen) == 0 || want[name]) {
			cs = append(cs, c)
			delete(want, name)
		}
	}
	for name := range want {
		return nil, berth.Errorf(berth.NotFound, "there is no pending change %q", name).On("changes").
			With("see `berth changes list`")
	}
	return cs, nil
}

// ChangeName is how a person names a pending change: "package/contoso.notes_1.0.0.0_x64__abc".
func ChangeName(c berth.Change) string { return string(c.Kind) + "/" + c.Key }

// Apply makes the drafts what hosts see, all of them or the chosen ones (by ChangeName), in one step: the generation of
// the site rises by one. Without anything to apply the generation stays.
func (s *Service) Apply(ctx context.Context, site string, chosen []string) (applied []berth.Change, generation int64, err error) {
	err = s.update(ctx, site, func(w *work) error {
		if applied, err = w.changes(chosen); err != nil {
			return err
		}
		for _, c := range applied {
			if err := w.apply(c); err != nil {
				return err
			}
		}
		generation = w.site.Generation
		if err := w.checkPools(berth.Applied); err != nil {
			return err
		}
		return buryRetired(w, w.site.Name, w.at)
	})
	if err != nil {
		return nil, 0, err
	}
	s.log.InfoContext(ctx, "applied", "site", site, "generation", generation, "changes", len(applied))
	return applied, generation, nil
}

func (w *work) apply(c berth.Change) error {
	o, err := w.Object(c.Ref)
	if err != nil {
		return err
	}
	before := o.Applied
	o.Applied, o.Drafted, o.Revision, o.AppliedGeneration = o.Draft, false, o.Revision+1, w.generation()
	o.ChangedAt, o.ChangedBy = w.at, w.who.Name
	if err := w.PutObject(o); err != nil {
		return err
	}
	return w.noteEdit("apply", o, before, o.Applied)
}

// Discard drops the drafts, all of them or the chosen ones.
func (s *Service) Discard(ctx context.Context, site string, chosen []string) (discarded []berth.Change, err error) {
	err = s.update(ctx, site, func(w *work) error {
		if discarded, err = w.changes(chosen); err != nil {
			return err
		}
		for _, c := range discarded {
			o, err := w.Object(c.Ref)
			if err != nil {
				return err
			}
			before := o.Draft
			o.Draft, o.Drafted, o.Revision = o.Applied, false, o.Revision+1
			o.ChangedAt, o.ChangedBy = w.at, w.who.Name
			if o.Retired, err = retiring(w, o.Ref); err != nil { // of what hosts see; a drafted retirement is off
				return err
			}
			if err := w.PutObject(o); err != nil {
				return err
			}
			if err := w.noteEdit("discard", o, before, o.Draft); err != nil {
				return err
			}
		}
		return nil
	})
	return discarded, err
}
