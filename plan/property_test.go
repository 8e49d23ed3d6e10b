package plan_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"berth"
	"berth/plan"
)

// world makes a random input: few families and versions, so that everything meets everything.
func world(r *rand.Rand) (plan.Input, []plan.Version) {
	var catalogue []plan.Version
	for _, family := range []string{"A.A", "B.B", "C.C", "D.D"} {
		for n := range 1 + r.IntN(4) {
			arch := []string{"x64", "x86", "arm64", "neutral"}[r.IntN(4)]
			v := version(fmt.Sprintf("%s %d.0.0.0 %s", family, n/2, arch), func(v *plan.Version) {
				v.Enabled, v.Retiring = r.IntN(5) > 0, r.IntN(8) == 0
				for _, id := range []berth.TagID{berth.TagProduction, berth.TagCustom} {
					if r.IntN(2) == 0 {
						v.Tags = append(v.Tags, id)
					}
				}
				for range r.IntN(3) {
					needs([]string{"A.A_abc", "B.B_abc", "C.C_abc", "Z.Z_abc"}[r.IntN(4)], fmt.Sprintf("%d.0.0.0", r.IntN(3)))(v)
				}
			})
			if !slices.ContainsFunc(catalogue, func(o plan.Version) bool { return o.FullName == v.FullName }) {
				catalogue = append(catalogue, v)
			}
		}
	}
	in := input(catalogue)
	in.Architecture = []string{"x64", "x86", "arm64", ""}[r.IntN(4)]
	in.Host.Inherit, in.Host.Assignments = r.IntN(2) == 0, someList(r, catalogue)
	if r.IntN(2) == 0 {
		in.Pool = &berth.Pool{Name: "P", Inherit: r.IntN(2) == 0, Assignments: someList(r, catalogue)}
	}
	in.Defaults.Assignments = someList(r, catalogue)
	return in, catalogue
}

// someList is a list as control makes them: each family at most once.
func someList(r *rand.Rand, catalogue []plan.Version) (as []berth.Assignment) {
	for _, family := range []string{"A.A_abc", "B.B_abc", "C.C_abc", "D.D_abc"} {
		a := byTag(family, []berth.TagID{berth.TagProduction, berth.TagCustom}[r.IntN(2)])
		of := slices.DeleteFunc(slices.Clone(catalogue), func(v plan.Version) bool { return v.FamilyName != family })
		switch r.IntN(3) {
		case 0:
			continue
		case 1:
			a = exactly(of[r.IntN(len(of))])
		}
		as = append(as, a)
	}
	return as
}

// TestProperties checks what must hold of every plan, on some thousands of random worlds.
func TestProperties(t *testing.T) {
	for seed := range uint64(4000) {
		in, catalogue := world(rand.New(rand.NewPCG(seed, 0)))
		got := compute(t, in)
		if err := whole(in, got); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if err := wellOrdered(in, got); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		shuffled := rand.New(rand.NewPCG(seed, 1))
		shuffle := func(n int, swap func(i, j int)) { shuffled.Shuffle(n, swap) }
		again := input(catalogue)
		again.Lists, again.Settings, again.Architecture = in.Lists, in.Settings, in.Architecture
		shuffle(len(catalogue), func(i, j int) { catalogue[i], catalogue[j] = catalogue[j], catalogue[i] })
		for _, as := range [][]berth.Assignment{again.Host.Assignments, again.Defaults.Assignments} {
			shuffle(len(as), func(i, j int) { as[i], as[j] = as[j], as[i] })
		}
		again.Family = input(catalogue).Family
		if diff := cmp.Diff(got, compute(t, again)); diff != "" {
			t.Fatalf("seed %d: the order of the input shows:\n%s", seed, diff)
		}
	}
}

// whole: every row is of the one list in force, and means no version or one that its selector names and the host can run.
func whole(in plan.Input, r plan.Result) error {
	list, level := in.Defaults.Assignments, berth.LevelDefaults
	if in.Pool != nil && !in.Pool.Inherit {
		list, level = in.Pool.Assignments, berth.LevelPool
	}
	if !in.Host.Inherit {
		list, level = in.Host.Assignments, berth.LevelHost
	}
	if len(r.Rows) != len(list) {
		return fmt.Errorf("%d rows of a list of %d", len(r.Rows), len(list))
	}
	families := map[string]bool{}
	for _, row := range r.Rows {
		if row.Level != level || !slices.Contains(list, row.Assignment) {
			return fmt.Errorf("row %+v is not of the list of %s", row, level)
		}
		if families[row.Assignment.Family] {
			return fmt.Errorf("family %s has two versions", row.Assignment.Family)
		}
		families[row.Assignment.Family] = true
		if (row.FullName == "") == (row.Missing == "") {
			return fmt.Errorf("row %+v neither means a version nor says why not", row)
		}
		if err := suits(in, row); err != nil {
			return err
		}
	}
	return nil
}

func suits(in plan.Input, row berth.Row) error {
	versions, err := in.Family(row.Assignment.Family)
	if err != nil {
		return err
	}
	for _, v := range versions {
		meant := v.FullName == row.Assignment.Version || (row.Assignment.Version == "" && v.HasTag(row.Assignment.Tag))
		able := v.Enabled && !v.Retiring && v.Fits(in.Architecture, in.Build)
		if listed := slices.Contains(row.Candidates, v.FullName); listed != (meant && able) {
			return fmt.Errorf("%s is a candidate of %+v: %v", v.FullName, row.Assignment, listed)
		}
		if v.FullName == row.FullName && slices.ContainsFunc(versions, func(o plan.Version) bool {
			return slices.Contains(row.Candidates, o.FullName) && o.Version.Compare(v.Version) > 0
		}) {
			return fmt.Errorf("%s is not the highest of %v", v.FullName, row.Candidates)
		}
	}
	return nil
}

// wellOrdered: every package is planned once, every row's version is planned, and whatever is planned and not in a row is
// needed by something planned.
func wellOrdered(in plan.Input, r plan.Result) error {
	rows := map[string]bool{}
	for _, row := range r.Rows {
		rows[row.FullName] = true
	}
	planned, needed := map[string]bool{}, map[string]bool{}
	for _, p := range r.Packages {
		if planned[p.FullName] {
			return fmt.Errorf("%s is planned twice", p.FullName)
		}
		planned[p.FullName] = true
		for _, v := range must(in.Family(p.FamilyName)) {
			for _, d := range v.Dependencies {
				if f := must(in.Framework(v.Package, d)); v.FullName == p.FullName && f != nil {
					needed[f.FullName] = true
				}
			}
		}
	}
	for name := range rows {
		if name != "" && !planned[name] {
			return fmt.Errorf("%s stands in a row and is not planned", name)
		}
	}
	for name := range needed {
		if !planned[name] {
			return fmt.Errorf("%s is needed and not planned", name)
		}
	}
	for name := range planned {
		if !rows[name] && !needed[name] {
			return fmt.Errorf("nothing asks for %s", name)
		}
	}
	return nil
}

func must[T any](t T, err error) T {
	if err != nil {
		panic(err)
	}
	return t
}
