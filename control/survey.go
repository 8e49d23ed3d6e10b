package control

import (
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

// both is what a host must have now and once the drafts are applied.
type both struct {
	berth.Host
	now, drafted surveyed
}

// each calls fn for every host of the site, in the order of their names.
func (s *survey) each(fn func(both) error) error {
	hosts, err := s.w.Hosts(berth.Fold(s.w.site.Name), "", 0)
	if err != nil {
		return err
	}
	for _, h := range hosts {
		b := both{Host: h}
		if b.now, err = s.host(berth.Applied, h); err != nil {
			return err
		}
		if b.drafted, err = s.host(berth.Draft, h); err != nil {
			return err
		}
		if err := fn(b); err != nil {
			return err
		}
	}
	return nil
}

// has tells whether the host must have that package.
func (s surveyed) has(fullName string) bool {
	return slices.ContainsFunc(s.Packages, func(p berth.PlannedPackage) bool { return berth.Fold(p.FullName) == berth.Fold(fullName) })
}
