package control

import (
	"context"
	"maps"
	"slices"

	"berth"
	"berth/wire"
)

// AssignedQuery chooses a part of the hosts that have a package.
type AssignedQuery struct {
	After string // only names behind this one
	Limit int    // 0: all
	Count bool   // tell how many there are
}

// AssignedHosts returns the hosts that have that version of a package by their plan, or will have it once the drafts are
// applied, each with the list and selector by which it has it. Hosts are in the order of their names.
func (s *Service) AssignedHosts(ctx context.Context, site, fullName string, q AssignedQuery) (page wire.Page[wire.AssignedHost], err error) {
	err = s.view(ctx, site, func(w *work) error {
		p, err := w.known(fullName)
		if err != nil {
			return err
		}
		settings, err := w.settings()
		if err != nil {
			return err
		}
		holders := map[string]wire.AssignedHost{} // by group
		err = w.survey().each(func(b both) error {
			a := wire.AssignedHost{Host: b.Name, HostKind: b.Kind, Pool: b.drafted.in.Host.Pool}
			if a.Now, err = holding(b.now, p.FullName, settings.Tags); err != nil {
				return err
			}
			if a.Drafted, err = holding(b.drafted, p.FullName, settings.Tags); err != nil {
				return err
			}
			if a.Now != nil || a.Drafted != nil {
				holders[b.group] = a
			}
			return nil
		})
		if err != nil {
			return err
		}
		hosts, next, err := pageOf(w, holders, q)
		for _, h := range hosts {
			a := holders[h.Group]
			a.Host = h.Name
			page.Items = append(page.Items, a)
		}
		page.Next = next
		if err == nil && q.Count {
			page.Total, err = sizeOf(w, holders)
		}
		return err
	})
	return page, err
}

// pageOf returns a page of the hosts of the groups, and behind which name the next one begins.
func pageOf[T any](w *work, groups map[string]T, q AssignedQuery) (page []berth.HostOutline, next string, err error) {
	if q.Limit == 0 || len(groups) == 0 {
		all, err := outlinesOf(w, groups)
		return slices.DeleteFunc(all, func(o berth.HostOutline) bool { return q.After != "" && berth.Fold(o.Name) <= berth.Fold(q.After) }), "", err
	}
	find := berth.HostQuery{Site: berth.Fold(w.site.Name), After: q.After, Limit: q.Limit + 1}
	if len(groups) <= mostNamed {
		find.Groups = slices.Collect(maps.Keys(groups))
	}
	for len(page) <= q.Limit {
		some, err := w.HostOutlines(find)
		if err != nil {
			return nil, "", err
		}
		for _, o := range some {
			if _, is := groups[o.Group]; is {
				page = append(page, o)
			}
			find.After = o.Name
		}
		if len(some) < find.Limit {
			break
		}
	}
	if len(page) > q.Limit {
		page = page[:q.Limit]
		next = page[q.Limit-1].Name
	}
	return page, next, nil
}

// sizeOf counts the hosts of the groups.
func sizeOf[T any](w *work, groups map[string]T) (*int, error) {
	sizes, err := w.HostGroups(berth.Fold(w.site.Name))
	n := 0
	for _, g := range sizes {
		if _, is := groups[g.Group]; is {
			n += g.Hosts
		}
	}
	return &n, err
}

// known returns the package as drafted, or, where its deletion is drafted, as hosts still see it.
func (w *work) known(fullName string) (berth.Package, error) {
	p, _, err := w.pkg(fullName)
	if !berth.IsNotFound(err) {
		return p, err
	}
	if p, gone := berth.Load[berth.Package](w, berth.Applied, w.ref(berth.ObjectPackage, fullName)); gone == nil {
		return p, nil
	}
	return p, err
}

// holding says by what a host has the package, nil when it does not.
func holding(s surveyed, fullName string, tags berth.Tags) (*wire.Holding, error) {
	if !s.has(fullName) {
		return nil, nil
	}
	h, err := s.in.Holding(s.Result, fullName)
	if err != nil || h == nil {
		return nil, err
	}
	out := &wire.Holding{NeededBy: h.NeededBy}
	if r := h.Row; r != nil {
		out.Level, out.Owner, out.Conflict, out.Registration = r.Level, r.Owner, r.Conflict, r.Assignment.Registration
		out.Exact, out.Tag, out.Selector = r.Assignment.Version != "", r.Assignment.Tag, "version "+r.Assignment.Version
		if !out.Exact {
			out.Selector = "tag " + tags.Name(r.Assignment.Tag)
		}
	}
	return out, nil
}
