package plan

import (
	"cmp"
	"fmt"
	"slices"

	"berth"
)

// Dependencies holds every dependency of the package against the catalogue, as Compute would for the host of the input:
// its own in the order of its manifest, each followed by those of the framework that would be taken.
func (in Input) Dependencies(of berth.Package) ([]berth.DependencyCheck, error) {
	return in.dependencies(of, map[string]bool{})
}

// dependencies marks what it looks at before it goes on, which ends cycles between frameworks.
func (in Input) dependencies(of berth.Package, seen map[string]bool) (checks []berth.DependencyCheck, err error) {
	if seen[berth.Fold(of.FullName)] {
		return nil, nil
	}
	seen[berth.Fold(of.FullName)] = true
	for _, d := range of.Dependencies {
		check := berth.DependencyCheck{Dependency: d, NeededBy: of.FullName}
		framework, err := in.Framework(of, d)
		if err != nil {
			return nil, err
		}
		if framework == nil {
			if check.State, check.Why, err = in.unsatisfied(d); err != nil {
				return nil, err
			}
			checks = append(checks, check)
			continue
		}
		check.State, check.FullName = berth.DependencySatisfied, framework.FullName
		further, err := in.dependencies(framework.Package, seen)
		if err != nil {
			return nil, err
		}
		checks = append(append(checks, check), further...)
	}
	return checks, nil
}

// unsatisfied says why Framework finds nothing for the dependency: of several versions, of the highest.
func (in Input) unsatisfied(d berth.Dependency) (berth.DependencyState, string, error) {
	if d.FamilyName == "" {
		return berth.DependencyMissing, "its family is not known before the package's image is read", nil
	}
	versions, err := in.Family(d.FamilyName)
	if err != nil {
		return "", "", err
	}
	if len(versions) == 0 {
		return berth.DependencyMissing, "the catalogue has no version of it", nil
	}
	highest := slices.MinFunc(versions, higherFirst)
	lowest, err := berth.ParseVersion(d.MinVersion)
	if err != nil {
		lowest = berth.Version{} // as Framework reads it
	}
	// The nearest to being usable is spoken of: what an administrator would set right first.
	var why string
	for _, v := range slices.SortedFunc(slices.Values(versions), higherFirst) {
		switch {
		case v.Version.Compare(lowest) < 0:
			continue
		case v.Retiring:
			why = cmp.Or(why, v.FullName+" is deleted and goes once the last host has let go")
		case !v.Enabled:
			return berth.DependencyUnusable, v.FullName + " is disabled in the site", nil
		default:
			why = cmp.Or(why, v.FullName+in.misfit(v))
		}
	}
	return berth.DependencyUnusable, cmp.Or(why, fmt.Sprintf("the highest version there is, %s, is too old", highest.FullName)), nil
}
