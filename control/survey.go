package control

import (
	"cmp"
	"maps"
	"slices"

	"berth"
	"berth/plan"
)

// survey computes what hosts must have, once for each distinct configuration and not once for each host. It is for works
// that change nothing after it was made.
type survey struct {
	w     *work
	plans [2]map[planKey]plan.Result // by view
}

func (w *work) survey() *survey {
	return &survey{w: w, plans: [2]map[planKey]plan.Result{{}, {}}}
}

// surveyed is what a host must have in one view, and what that was computed from.
type surveyed struct {
	plan.Result
	in  plan.Input
	key planKey // hosts with the same key must have the same
}

func (s *survey) host(v berth.View, h berth.Host) (out surveyed, err error) {
	if out.in, err = s.w.planInput(v, h); err != nil {
		return out, err
	}
	out.key = keyOf(out.in, h)
	r, ok := s.plans[v][out.key]
	if !ok {
		if r, err = plan.Compute(out.in); err != nil {
			return out, err
		}
		s.plans[v][out.key] = r
	}
	out.Result = r
	return out, nil
}

// keyOf names the configuration of a host, see planKey.
func keyOf(in plan.Input, h berth.Host) planKey {
	key := planKey{holder: "pool/" + berth.Fold(in.Host.Pool), kind: h.Kind, architecture: in.Architecture, build: in.Build}
	if !in.Host.Inherit {
		key.holder = "host/" + berth.Fold(h.Name)
	}
	return key
}

// both is what a host, and every other one of its group, must have now and once the drafts are applied.
type both struct {
	berth.Host
	group        string
	now, drafted surveyed
}

// of surveys one host.
func (s *survey) of(h berth.Host) (b both, err error) {
	b.Host = h
	if b.now, err = s.host(berth.Applied, h); err != nil {
		return b, err
	}
	b.drafted, err = s.host(berth.Draft, h)
	return b, err
}

// each calls fn for the first host of every group of the site, in the order of their names.
func (s *survey) each(fn func(both) error) error {
	groups, err := s.w.HostGroups(berth.Fold(s.w.site.Name))
	if err != nil {
		return err
	}
	slices.SortFunc(groups, func(a, b berth.HostGroup) int { return cmp.Compare(berth.Fold(a.Host.Name), berth.Fold(b.Host.Name)) })
	for _, g := range groups {
		b, err := s.of(g.Host)
		if err != nil {
			return err
		}
		b.group = g.Group
		if err := fn(b); err != nil {
			return err
		}
	}
	return nil
}

// outlinesOf returns the hosts of the groups, ordered by name.
func outlinesOf[T any](w *work, groups map[string]T) ([]berth.HostOutline, error) {
	if len(groups) == 0 {
		return nil, nil
	}
	q := berth.HostQuery{Site: berth.Fold(w.site.Name)}
	if len(groups) <= mostNamed {
		q.Groups = slices.Collect(maps.Keys(groups))
	}
	outlines, err := w.HostOutlines(q)
	return slices.DeleteFunc(outlines, func(o berth.HostOutline) bool { _, is := groups[o.Group]; return !is }), err
}

// has tells whether the host must have that package.
func (s surveyed) has(fullName string) bool {
	return slices.ContainsFunc(s.Packages, func(p berth.PlannedPackage) bool { return berth.Fold(p.FullName) == berth.Fold(fullName) })
}
