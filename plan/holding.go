package plan

import (
	"slices"

	"berth"
)

// Holding is why a host has a package at that version: the row that means it, the packages that need it, or both.
type Holding struct {
	Row      *berth.Row
	NeededBy []string // full names of planned packages that depend on it, sorted
}

// Holding says why the result, computed from this input, has the package; nil when it does not have it.
func (in Input) Holding(r Result, fullName string) (*Holding, error) {
	is := func(name string) bool { return berth.Fold(name) == berth.Fold(fullName) }
	if !slices.ContainsFunc(r.Packages, func(p berth.PlannedPackage) bool { return is(p.FullName) }) {
		return nil, nil
	}
	var h Holding
	for i := range r.Rows {
		if is(r.Rows[i].FullName) {
			h.Row = &r.Rows[i]
		}
	}
	for _, p := range r.Packages {
		needs, err := in.needs(p, is)
		if err != nil {
			return nil, err
		}
		if needs {
			h.NeededBy = append(h.NeededBy, p.FullName)
		}
	}
	slices.Sort(h.NeededBy)
	return &h, nil
}

// needs tells whether a dependency of the planned package is satisfied by one of that name.
func (in Input) needs(p berth.PlannedPackage, is func(string) bool) (bool, error) {
	versions, err := in.Family(p.FamilyName)
	if err != nil {
		return false, err
	}
	for _, v := range versions {
		if berth.Fold(v.FullName) != berth.Fold(p.FullName) {
			continue
		}
		for _, d := range v.Dependencies {
			framework, err := in.Framework(v.Package, d)
			if err != nil || framework != nil && is(framework.FullName) {
				return err == nil, err
			}
		}
	}
	return false, nil
}

// Offer says which version of a publication's application a host with this result offers; where it offers none, why not.
func Offer(p berth.Publication, r Result) (fullName, why string) {
	found := ""
	for _, pp := range r.Packages {
		if berth.Fold(pp.FamilyName) != berth.Fold(p.Family) {
			continue
		}
		if pp.Application(p.Application) != nil {
			return pp.FullName, ""
		}
		found = pp.FullName
	}
	if found != "" {
		return "", found + " has no application " + p.Application
	}
	for _, row := range r.Rows {
		if berth.Fold(row.Assignment.Family) == berth.Fold(p.Family) {
			return "", row.Missing
		}
	}
	return "", p.Family + " is not assigned to the host"
}
