package control

import (
	"context"

	"berth"
	"berth/plan"
)

// Dependencies holds every dependency of a package against the catalogue as drafted, for a host that runs anything: which
// hosts it does not fit on is for each host to say.
func (s *Service) Dependencies(ctx context.Context, site, fullName string) (checks []berth.DependencyCheck, err error) {
	err = s.view(ctx, site, func(w *work) error {
		p, _, err := w.pkg(fullName)
		if err != nil {
			return err
		}
		checks, err = plan.Input{Family: w.familyOf(berth.Draft)}.Dependencies(p)
		return err
	})
	return checks, err
}

// dependenciesOf holds the dependencies of what an assignment means against the catalogue, as the hosts that take it from
// the holder's list would plan them. Where hosts differ the worst is told. Without such a host it is told for one that runs
// anything.
func (w *work) dependenciesOf(h Holder, a berth.Assignment) ([]berth.DependencyCheck, error) {
	var worst worstChecks
	seen := map[planKey]bool{}
	survey := w.survey()
	groups, err := w.HostGroups(berth.Fold(w.site.Name))
	if err != nil {
		return nil, err
	}
	for _, g := range groups {
		s, err := survey.host(berth.Draft, g.Host)
		if err != nil {
			return nil, err
		}
		if seen[s.key] {
			continue
		}
		seen[s.key] = true
		if err := worst.take(s.in, a.Family, h.meant(s, a)); err != nil {
			return nil, err
		}
	}
	if worst.any {
		return worst.checks, nil
	}
	anything := plan.Input{Family: w.familyOf(berth.Draft)}
	versions, err := anything.Family(a.Family)
	if err != nil {
		return nil, err
	}
	if fit := plan.Candidates(a, versions, "", 0); len(fit) > 0 {
		err = worst.take(anything, a.Family, fit[0].FullName)
	}
	return worst.checks, err
}

// meant returns the version that the host takes from the holder's list by that assignment, empty when none.
func (h Holder) meant(s surveyed, a berth.Assignment) string {
	level, owner := berth.LevelDefaults, string(h.Defaults)
	switch {
	case h.Host != "":
		level, owner = berth.LevelHost, h.Host
	case h.Pool != "":
		level, owner = berth.LevelPool, h.Pool
	}
	for _, r := range s.Rows {
		if r.Level == level && berth.Fold(r.Owner) == berth.Fold(owner) && berth.Fold(r.Assignment.Family) == berth.Fold(a.Family) {
			return r.FullName
		}
	}
	return ""
}

// worstChecks gathers checks of several hosts: each dependency once, in the worst state that a host has it in.
type worstChecks struct {
	any    bool // an assigned package was looked at
	checks []berth.DependencyCheck
}

// take looks at the dependencies of that version, where there is one.
func (w *worstChecks) take(in plan.Input, family, fullName string) error {
	versions, err := in.Family(family)
	if err != nil {
		return err
	}
	for _, v := range versions {
		if berth.Fold(v.FullName) != berth.Fold(fullName) {
			continue
		}
		checks, err := in.Dependencies(v.Package)
		if err != nil {
			return err
		}
		w.any = true
		for _, c := range checks {
			w.put(c)
		}
	}
	return nil
}

func (w *worstChecks) put(c berth.DependencyCheck) {
	bad := map[berth.DependencyState]int{berth.DependencySatisfied: 0, berth.DependencyUnusable: 1, berth.DependencyMissing: 2}
	for i := range w.checks {
		if o := &w.checks[i]; o.Name == c.Name && o.Publisher == c.Publisher && o.NeededBy == c.NeededBy {
			if bad[c.State] > bad[o.State] {
				*o = c
			}
			return
		}
	}
	w.checks = append(w.checks, c)
}
