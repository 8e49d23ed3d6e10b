package control

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"berth"
)

// DeclaredQuery chooses packages of a pool, which are ordered by full name.
type DeclaredQuery struct {
	After      string // only those behind this full name, in the order asked for
	Skip       int    // how many to leave out at the start
	Limit      int    // at most so many; 0: all
	Descending bool
}

// DeclaredPackages returns packages of a pool. A page costs what is on it: what lies before and behind is not looked at,
// unless it is read backwards or skipped.
func (s *Service) DeclaredPackages(ctx context.Context, site, pool string, q DeclaredQuery) (out []Declared, err error) {
	err = s.view(ctx, site, func(w *work) error {
		doc, err := w.avdPool(pool)
		if err != nil {
			return err
		}
		objects, err := w.declarations(pool, q)
		if err != nil {
			return err
		}
		for _, o := range objects {
			one := Declared{}
			if err := json.Unmarshal(o.Applied, &one.Declaration); err != nil {
				return fmt.Errorf("stored package %s of pool %s: %w", o.Name, pool, err)
			}
			one.Package, err = berth.LoadOr(w, berth.Applied, w.ref(berth.ObjectPackage, one.FullName), berth.Package{FullName: one.FullName})
			if err != nil {
				return err
			}
			one.assigned(activeIn(doc, one.FullName))
			out = append(out, one)
		}
		return nil
	})
	return out, err
}

// declarations returns the objects of the page.
func (w *work) declarations(pool string, q DeclaredQuery) ([]berth.Object, error) {
	prefix := berth.Fold(pool) + "/"
	query := berth.ObjectQuery{Site: berth.Fold(w.site.Name), Kind: berth.ObjectDeclaration, Prefix: prefix}
	if !q.Descending {
		if query.Limit = q.Limit; q.Limit > 0 {
			query.Limit += q.Skip
		}
		if q.After != "" {
			query.After = prefix + berth.Fold(q.After)
		}
	}
	objects, err := w.Objects(query)
	if err != nil {
		return nil, err
	}
	objects = slices.DeleteFunc(objects, func(o berth.Object) bool { return o.Applied == nil })
	if q.Descending {
		slices.SortFunc(objects, func(a, b berth.Object) int { return cmp.Compare(b.Key, a.Key) })
		if q.After != "" {
			objects = slices.DeleteFunc(objects, func(o berth.Object) bool { return o.Key >= prefix+berth.Fold(q.After) })
		}
	}
	objects = objects[min(q.Skip, len(objects)):]
	if q.Limit > 0 {
		objects = objects[:min(q.Limit, len(objects))]
	}
	return objects, nil
}
