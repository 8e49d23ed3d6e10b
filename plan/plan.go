// Package plan works out what one host must have: which list of assignments is in force, which version each row means,
// which frameworks come along. It is pure: everything it depends on is in its input, so the same functions answer what a
// host has, why, and what a draft would change.
package plan

import (
	"cmp"
	"fmt"
	"slices"

	"berth"
)

// Version is a catalogue package with the generation at which it was last applied.
type Version struct {
	berth.Package
	Generation int64
}

// Lists are the three lists that a host could take, each with the generation at which it was last applied.
type Lists struct {
	Host        berth.HostConfig
	HostGen     int64
	Pool        *berth.Pool // nil when the host is in none
	PoolGen     int64
	Defaults    berth.Defaults
	DefaultsGen int64
}

// Input is all that the plan of a host depends on.
type Input struct {
	Lists
	Settings     berth.Settings
	SettingsGen  int64
	Architecture string // of the host; empty: unknown, everything fits
	Build        int    // Windows build of the host; 0: unknown

	// Family returns the catalogue's packages of a family; the name is compared without regard to case.
	Family func(familyName string) ([]Version, error)
}

// Result is what the host must have and why.
type Result struct {
	Rows         []berth.Row
	Packages     []berth.PlannedPackage // dependencies first
	Certificates []berth.Certificate    // to be provisioned
}

// Compute makes the plan. With the feature switched off in the site nothing is planned.
func Compute(in Input) (Result, error) {
	if !in.Settings.Enabled {
		return Result{}, nil
	}
	var r Result
	list := in.effective()
	seen := map[string]bool{}
	for _, a := range list.assignments {
		row, chosen, err := in.row(a, list)
		if err != nil {
			return Result{}, err
		}
		r.Rows = append(r.Rows, row)
		if chosen == nil {
			continue
		}
		if err := in.add(&r, *chosen, a.Registration, seen); err != nil {
			return Result{}, err
		}
	}
	if !in.Settings.ProvisionCertificates {
		r.Certificates = nil
	}
	return r, nil
}

type list struct {
	assignments []berth.Assignment
	level       berth.Level
	owner       string
	generation  int64
}

// effective picks the one list that is in force: host, pool, site defaults. Lists replace, they never merge. The
// generation covers every object that had a say in the choice.
func (in Input) effective() list {
	gen := max(in.HostGen, in.SettingsGen)
	if !in.Host.Inherit {
		return list{in.Host.Assignments, berth.LevelHost, in.Host.Name, gen}
	}
	if in.Pool != nil {
		gen = max(gen, in.PoolGen)
		if !in.Pool.Inherit {
			return list{in.Pool.Assignments, berth.LevelPool, in.Pool.Name, gen}
		}
	}
	return list{in.Defaults.Assignments, berth.LevelDefaults, string(in.Defaults.Kind), max(gen, in.DefaultsGen)}
}

// row finds the version behind one assignment; chosen is nil when there is none.
func (in Input) row(a berth.Assignment, from list) (berth.Row, *Version, error) {
	row := berth.Row{Assignment: a, Level: from.level, Owner: from.owner, Generation: from.generation}
	row.Overrides = in.overrides(a.Family, from.level)
	versions, err := in.Family(a.Family)
	if err != nil {
		return row, nil, err
	}
	for _, v := range versions {
		row.Generation = max(row.Generation, v.Generation)
	}
	fit := Candidates(a, versions, in.Architecture, in.Build)
	if len(fit) == 0 {
		row.Missing = in.why(a, versions)
		return row, nil, nil
	}
	for _, v := range fit {
		row.Candidates = append(row.Candidates, v.FullName)
	}
	row.FullName, row.Conflict = fit[0].FullName, len(fit) > 1
	return row, &fit[0], nil
}

// Candidates returns the versions that an assignment can mean on such a host, highest first.
func Candidates(a berth.Assignment, versions []Version, architecture string, build int) []Version {
	var fit []Version
	for _, v := range versions {
		if v.Enabled && !v.Retiring && selects(a, v.Package) && v.Fits(architecture, build) {
			fit = append(fit, v)
		}
	}
	slices.SortFunc(fit, func(a, b Version) int {
		return cmp.Or(b.Version.Compare(a.Version), cmp.Compare(a.FullName, b.FullName))
	})
	return fit
}

func selects(a berth.Assignment, p berth.Package) bool {
	if a.Version != "" {
		return berth.Fold(a.Version) == berth.Fold(p.FullName)
	}
	return p.HasTag(a.Tag)
}

// why says in words which condition of rule 1 left no version.
func (in Input) why(a berth.Assignment, versions []Version) string {
	var chosen []Version
	for _, v := range versions {
		if selects(a, v.Package) {
			chosen = append(chosen, v)
		}
	}
	what := "version " + a.Version
	if a.Version == "" {
		what = fmt.Sprintf("a version of %s with the tag %s", a.Family, in.Settings.Tags.Name(a.Tag))
	}
	if len(chosen) == 0 {
		return what + " is not in the catalogue"
	}
	for _, v := range chosen {
		if v.Enabled && !v.Retiring {
			return fmt.Sprintf("%s does not fit the host (%s, build %d): it needs %s, build %d or later",
				v.FullName, in.Architecture, in.Build, v.Architecture, v.MinBuild)
		}
	}
	return chosen[0].FullName + " is disabled in the site"
}

// overrides names the farther levels that list the family too and are not asked.
func (in Input) overrides(family string, level berth.Level) []string {
	var over []string
	has := func(as []berth.Assignment) bool {
		return slices.ContainsFunc(as, func(a berth.Assignment) bool { return berth.Fold(a.Family) == berth.Fold(family) })
	}
	if level == berth.LevelHost && in.Pool != nil && !in.Pool.Inherit && has(in.Pool.Assignments) {
		over = append(over, "pool "+in.Pool.Name)
	}
	if level != berth.LevelDefaults && has(in.Defaults.Assignments) {
		over = append(over, "site defaults of "+string(in.Defaults.Kind))
	}
	return over
}

// add plans the package behind its frameworks, each once.
func (in Input) add(r *Result, v Version, mode berth.Registration, seen map[string]bool) error {
	if seen[berth.Fold(v.FullName)] {
		return nil
	}
	seen[berth.Fold(v.FullName)] = true
	for _, d := range v.Dependencies {
		framework, err := in.Framework(d)
		if err != nil {
			return err
		}
		if framework == nil {
			continue
		}
		if err := in.add(r, *framework, mode, seen); err != nil {
			return err
		}
	}
	r.Packages = append(r.Packages, planned(v.Package, mode))
	if c := v.Certificate; c != nil && !slices.ContainsFunc(r.Certificates, func(o berth.Certificate) bool { return o.Thumbprint == c.Thumbprint }) {
		r.Certificates = append(r.Certificates, *c)
	}
	return nil
}

// Framework returns the highest enabled version in the catalogue that satisfies the dependency on this host, nil when
// there is none.
func (in Input) Framework(d berth.Dependency) (*Version, error) {
	if d.FamilyName == "" {
		return nil, nil
	}
	versions, err := in.Family(d.FamilyName)
	if err != nil {
		return nil, err
	}
	lowest, err := berth.ParseVersion(d.MinVersion)
	if err != nil {
		lowest = berth.Version{} // a manifest without MinVersion takes any
	}
	var best *Version
	for i, v := range versions {
		if !v.Enabled || v.Retiring || v.Version.Compare(lowest) < 0 || !v.Fits(in.Architecture, in.Build) {
			continue
		}
		if best == nil || v.Version.Compare(best.Version) > 0 {
			best = &versions[i]
		}
	}
	return best, nil
}

func planned(p berth.Package, mode berth.Registration) berth.PlannedPackage {
	pp := berth.PlannedPackage{
		FullName: p.FullName, FamilyName: p.FamilyName, DisplayName: p.DisplayName, Framework: p.Framework,
		ImagePath: p.ImagePath, RelativePath: p.RelativePath, Registration: mode, Applications: p.Applications,
	}
	if p.Certificate != nil {
		pp.Thumbprint = p.Certificate.Thumbprint
	}
	if p.Observed != nil {
		pp.BlockMapSHA256 = p.Observed.BlockMapSHA256
	}
	return pp
}
