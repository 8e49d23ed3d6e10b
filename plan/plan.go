// Package plan works out what one host must have: which list of assignments is in force, which version each row means,
// which frameworks come along. It is pure: everything it depends on is in its input, so the same functions answer what a
// host has, why, and what a draft would change.
package plan

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"berth"
)

// Stamp says when an object changed: the generation at which it was last applied, and the moment of its last change.
type Stamp struct {
	Generation int64
	At         time.Time
}

// later covers both stamps: a row is as new as the newest object behind it.
func (s Stamp) later(o Stamp) Stamp {
	if o.At.After(s.At) {
		s.At = o.At
	}
	s.Generation = max(s.Generation, o.Generation)
	return s
}

// Version is a catalogue package with its stamp.
type Version struct {
	berth.Package
	Stamp
}

// Lists are the three lists that a host could take, each with its stamp.
type Lists struct {
	Host          berth.HostConfig
	HostStamp     Stamp
	Pool          *berth.Pool // nil when the host is in none
	PoolStamp     Stamp
	Defaults      berth.Defaults
	DefaultsStamp Stamp
}

// Input is all that the plan of a host depends on.
type Input struct {
	Lists
	Settings      berth.Settings
	SettingsStamp Stamp
	Architecture  string // of the host; empty: unknown, everything fits
	Build         int    // Windows build of the host; 0: unknown

	// Family returns the catalogue's packages of a family; the name is compared without regard to case.
	Family func(familyName string) ([]Version, error)
}

// Result is what the host must have and why.
type Result struct {
	Rows         []berth.Row
	Packages     []berth.PlannedPackage // dependencies first
	Certificates []berth.Certificate    // to be provisioned
}

// Compute makes the plan. With the feature switched off in the site nothing is planned. Rows are in the order of their
// families, so that lists which say the same give the same plan.
func Compute(in Input) (Result, error) {
	if !in.Settings.Enabled {
		return Result{}, nil
	}
	list := in.effective()
	r := &result{modes: map[string]berth.Registration{}, seen: map[string]bool{}}
	var assigned []Version
	for _, a := range list.assignments {
		row, chosen, err := in.row(a, list)
		if err != nil {
			return Result{}, err
		}
		r.Rows = append(r.Rows, row)
		if chosen != nil {
			assigned = append(assigned, *chosen)
			r.modes[berth.Fold(chosen.FullName)] = a.Registration
		}
	}
	for _, v := range assigned {
		if err := in.add(r, v); err != nil {
			return Result{}, err
		}
	}
	if !in.Settings.ProvisionCertificates {
		r.Certificates = nil
	}
	return r.Result, nil
}

// result is a Result under construction.
type result struct {
	Result
	modes map[string]berth.Registration // of the assigned packages, by folded full name
	seen  map[string]bool               // packages added, or being added
}

type list struct {
	assignments []berth.Assignment
	level       berth.Level
	owner       string
	stamp       Stamp
}

// effective picks the one list that is in force: host, pool, site defaults. Lists replace, they never merge. The stamp
// covers every object that had a say in the choice.
func (in Input) effective() list {
	stamp := in.HostStamp.later(in.SettingsStamp)
	if !in.Host.Inherit {
		return list{sorted(in.Host.Assignments), berth.LevelHost, in.Host.Name, stamp}
	}
	if in.Pool != nil {
		stamp = stamp.later(in.PoolStamp)
		if !in.Pool.Inherit {
			return list{sorted(in.Pool.Assignments), berth.LevelPool, in.Pool.Name, stamp}
		}
	}
	return list{sorted(in.Defaults.Assignments), berth.LevelDefaults, string(in.Defaults.Kind), stamp.later(in.DefaultsStamp)}
}

func sorted(as []berth.Assignment) []berth.Assignment {
	return slices.SortedStableFunc(slices.Values(as), func(a, b berth.Assignment) int {
		return cmp.Compare(berth.Fold(a.Family), berth.Fold(b.Family))
	})
}

// row finds the version behind one assignment; chosen is nil when there is none.
func (in Input) row(a berth.Assignment, from list) (berth.Row, *Version, error) {
	row := berth.Row{Assignment: a, Level: from.level, Owner: from.owner}
	row.Overrides = in.overrides(a.Family, from.level)
	versions, err := in.Family(a.Family)
	if err != nil {
		return row, nil, err
	}
	stamp := from.stamp
	for _, v := range versions {
		stamp = stamp.later(v.Stamp)
	}
	row.Generation, row.ChangedAt = stamp.Generation, stamp.At
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
	slices.SortFunc(fit, higherFirst)
	return fit
}

// higherFirst orders versions; where two are equal their full names decide, so that the order does not depend on that
// of the catalogue.
func higherFirst(a, b Version) int {
	return cmp.Or(b.Version.Compare(a.Version), cmp.Compare(a.FullName, b.FullName))
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
	slices.SortFunc(chosen, higherFirst)
	for _, v := range chosen {
		if v.Enabled && !v.Retiring {
			return v.FullName + in.misfit(v)
		}
	}
	if chosen[0].Retiring {
		return chosen[0].FullName + " is deleted and goes once the last host has let go"
	}
	return chosen[0].FullName + " is disabled in the site"
}

// misfit says what of the host a version does not fit.
func (in Input) misfit(v Version) string {
	if v.Fits(in.Architecture, 0) {
		return fmt.Sprintf(" needs Windows build %d or later, the host has build %d", v.MinBuild, in.Build)
	}
	return fmt.Sprintf(" is made for %s, the host is %s", v.Architecture, in.Architecture)
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

// add plans the package behind its frameworks, each once. What is marked as seen before its frameworks are looked at
// ends cycles between them.
func (in Input) add(r *result, v Version) error {
	if r.seen[berth.Fold(v.FullName)] {
		return nil
	}
	r.seen[berth.Fold(v.FullName)] = true
	for _, d := range v.Dependencies {
		framework, err := in.Framework(v.Package, d)
		if err != nil {
			return err
		}
		if framework == nil {
			continue
		}
		if err := in.add(r, *framework); err != nil {
			return err
		}
	}
	// A framework has nothing to register; one that is assigned too keeps the mode of its own row.
	r.Packages = append(r.Packages, planned(v.Package, cmp.Or(r.modes[berth.Fold(v.FullName)], berth.AtLogon)))
	if c := v.Certificate; c != nil && !slices.ContainsFunc(r.Certificates, func(o berth.Certificate) bool { return o.Thumbprint == c.Thumbprint }) {
		r.Certificates = append(r.Certificates, *c)
	}
	return nil
}

// Framework returns the highest enabled version in the catalogue that satisfies the dependency of the package on this
// host, nil when there is none. A framework is loaded into the process of its dependent, so its architecture must be the
// same; that of a neutral package is the host's. Without such a version, one that the host can run at all is taken.
func (in Input) Framework(of berth.Package, d berth.Dependency) (*Version, error) {
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
	want := berth.Fold(of.Architecture)
	if want == "neutral" || want == "" {
		want = berth.Fold(in.Architecture)
	}
	var best *Version
	matches := func(v *Version) bool {
		arch := berth.Fold(v.Architecture)
		return arch == want || arch == "neutral" || arch == "" || want == ""
	}
	for i := range versions {
		v := &versions[i]
		if !v.Enabled || v.Retiring || v.Version.Compare(lowest) < 0 || !v.Fits(in.Architecture, in.Build) {
			continue
		}
		if best == nil || matches(v) && !matches(best) || matches(v) == matches(best) && higherFirst(*v, *best) < 0 {
			best = v
		}
	}
	return best, nil
}

func planned(p berth.Package, mode berth.Registration) berth.PlannedPackage {
	pp := berth.PlannedPackage{
		FullName: p.FullName, FamilyName: p.FamilyName, DisplayName: p.DisplayName, Framework: p.Framework,
		ImagePath: p.ImagePath, RelativePath: p.RelativePath, Registration: mode, Applications: withoutIcons(p.Applications),
	}
	if p.Certificate != nil {
		pp.Thumbprint = p.Certificate.Thumbprint
	}
	if p.Observed != nil {
		pp.BlockMapSHA256 = p.Observed.BlockMapSHA256
	}
	return pp
}

// withoutIcons leaves the pictures out: hosts have them in the package itself.
func withoutIcons(list []berth.Application) []berth.Application {
	out := slices.Clone(list)
	for i := range out {
		out[i].Icon = nil
	}
	return out
}
