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
		others, err := w.assignedAlone(doc)
		if err != nil {
			return err
		}
		page := q
		if len(others) > 0 { // they stand between the declared ones: what to skip is known when all are together
			page.Skip, page.Limit = 0, q.Limit+q.Skip
			if q.Limit == 0 {
				page.Limit = 0
			}
		}
		objects, err := w.declarations(pool, page)
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
		out = q.merge(out, others)
		return nil
	})
	return out, err
}

// assignedAlone are the packages that a pool's own list assigns and no client has declared.
func (w *work) assignedAlone(pool berth.Pool) (list []Declared, err error) {
	if pool.Inherit || len(pool.Assignments) == 0 {
		return nil, nil
	}
	offered, err := w.offeredIn(pool.Name)
	if err != nil {
		return nil, err
	}
	for _, a := range pool.Assignments {
		if a.Version == "" || offered[berth.Fold(a.Version)] {
			continue
		}
		o, err := w.Object(w.declarationRef(pool.Name, a.Version))
		if err != nil && !berth.IsNotFound(err) {
			return nil, err
		}
		if err == nil && o.Applied != nil {
			continue
		}
		one, err := w.undeclared(pool, a)
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, nil
}

// merge puts both sorts of packages into one order, and cuts the page out of them.
func (q DeclaredQuery) merge(declared, others []Declared) []Declared {
	if len(others) == 0 {
		return declared
	}
	order := func(a, b string) int {
		if q.Descending {
			a, b = b, a
		}
		return cmp.Compare(berth.Fold(a), berth.Fold(b))
	}
	for _, o := range others {
		if q.After == "" || order(o.FullName, q.After) > 0 {
			declared = append(declared, o)
		}
	}
	slices.SortFunc(declared, func(a, b Declared) int { return order(a.FullName, b.FullName) })
	declared = declared[min(q.Skip, len(declared)):]
	if q.Limit > 0 {
		declared = declared[:min(q.Limit, len(declared))]
	}
	return declared
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
