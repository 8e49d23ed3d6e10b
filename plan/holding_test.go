package plan_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"berth"
	"berth/plan"
)

func withApps(ids ...string) func(*plan.Version) {
	return func(v *plan.Version) {
		for _, id := range ids {
			v.Applications = append(v.Applications, berth.Application{ID: id})
		}
	}
}

// TestDependencies holds all dependencies against the catalogue, also those of frameworks.
func TestDependencies(t *testing.T) {
	const runtime, base = "Runtime.R_abc", "Base.B_abc"
	app := version("App.App 1.0.0.0 x64", needs(runtime, "2.0.0.0"))
	r := func(text string, change ...func(*plan.Version)) plan.Version {
		return version("Runtime.R "+text, change...)
	}
	tests := map[string]struct {
		app       plan.Version
		catalogue []plan.Version
		want      []string // "state name: full name or the beginning of why"
	}{
		"none":          {version("App.App 1.0.0.0 x64"), nil, nil},
		"missing":       {app, nil, []string{"missing Runtime.R_abc: the catalogue has no version of it"}},
		"satisfied":     {app, []plan.Version{r("2.0.0.0 x64")}, []string{"satisfied Runtime.R_abc: Runtime.R_2.0.0.0_x64__abc"}},
		"highest":       {app, []plan.Version{r("2.0.0.0 x64"), r("3.0.0.0 x64")}, []string{"satisfied Runtime.R_abc: Runtime.R_3.0.0.0_x64__abc"}},
		"too old":       {app, []plan.Version{r("1.0.0.0 x64"), r("1.9.0.0 x64", disabled)}, []string{"inCatalogue Runtime.R_abc: the highest version there is, Runtime.R_1.9.0.0_x64__abc, is too old"}},
		"disabled":      {app, []plan.Version{r("2.0.0.0 x64", disabled), r("1.0.0.0 x64")}, []string{"inCatalogue Runtime.R_abc: Runtime.R_2.0.0.0_x64__abc is disabled"}},
		"retiring":      {app, []plan.Version{r("2.0.0.0 x64", retiring)}, []string{"inCatalogue Runtime.R_abc: Runtime.R_2.0.0.0_x64__abc is deleted"}},
		"not fitting":   {app, []plan.Version{r("2.0.0.0 arm64")}, []string{"inCatalogue Runtime.R_abc: Runtime.R_2.0.0.0_arm64__abc is made for arm64, the host is x64"}},
		"too new build": {app, []plan.Version{r("2.0.0.0 x64", fromBuild(26100))}, []string{"inCatalogue Runtime.R_abc: Runtime.R_2.0.0.0_x64__abc needs Windows build 26100"}},
		"disabled is nearer than not fitting": {app, []plan.Version{r("3.0.0.0 arm64"), r("2.0.0.0 x64", disabled)},
			[]string{"inCatalogue Runtime.R_abc: Runtime.R_2.0.0.0_x64__abc is disabled"}},
		"all of them": {version("App.App 1.0.0.0 x64", needs(runtime, ""), needs(base, "1.0.0.0")), []plan.Version{r("1.0.0.0 x64")},
			[]string{"satisfied Runtime.R_abc: Runtime.R_1.0.0.0_x64__abc", "missing Base.B_abc: "}},
		"of frameworks": {app, []plan.Version{r("2.0.0.0 x64", needs(base, "1.0.0.0"))},
			[]string{"satisfied Runtime.R_abc: Runtime.R_2.0.0.0_x64__abc", "missing Base.B_abc: "}},
		"cycle": {app, []plan.Version{r("2.0.0.0 x64", needs(base, "")), version("Base.B 1.0.0.0 x64", needs(runtime, ""))},
			[]string{"satisfied Runtime.R_abc: Runtime.R_2", "satisfied Base.B_abc: Base.B_1", "satisfied Runtime.R_abc: Runtime.R_2"}},
		"family unknown": {version("App.App 1.0.0.0 x64", func(v *plan.Version) { v.Dependencies = []berth.Dependency{{Name: "Runtime.R_abc"}} }),
			[]plan.Version{r("2.0.0.0 x64")}, []string{"missing Runtime.R_abc: its family is not known"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			in := input(append(tt.catalogue, tt.app), exactly(tt.app))
			got, err := in.Dependencies(tt.app.Package)
			if err != nil || len(got) != len(tt.want) {
				t.Fatalf("got %+v, %v, want %q", got, err, tt.want)
			}
			planned := compute(t, in)
			for i, c := range got {
				line := string(c.State) + " " + c.Name + ": " + c.FullName + c.Why
				if !strings.HasPrefix(line, tt.want[i]) {
					t.Errorf("got %q, want %q", line, tt.want[i])
				}
				if p := (berth.Plan{Packages: planned.Packages}); c.State == berth.DependencySatisfied && p.Package(c.FullName) == nil {
					t.Errorf("%s is called satisfied and is not planned: %v", c.FullName, names(planned))
				}
			}
		})
	}
}

// TestHolding says why a host has a version.
func TestHolding(t *testing.T) {
	runtime := version("Runtime.R 1.0.0.0 x64")
	app := version("App.App 1.0.0.0 x64", tagged(berth.TagProduction), needs(runtime.FamilyName, ""))
	other := version("Other.App 1.0.0.0 x64", needs(runtime.FamilyName, ""))
	catalogue := []plan.Version{runtime, app, other}
	tests := map[string]struct {
		as       []berth.Assignment
		ask      string
		held     bool
		row      bool
		neededBy []string
	}{
		"by tag":            {[]berth.Assignment{byTag(app.FamilyName, berth.TagProduction)}, strings.ToUpper(app.FullName), true, true, nil},
		"not at all":        {[]berth.Assignment{exactly(other)}, app.FullName, false, false, nil},
		"as a framework":    {[]berth.Assignment{exactly(app), exactly(other)}, runtime.FullName, true, false, []string{app.FullName, other.FullName}},
		"framework and row": {[]berth.Assignment{exactly(app), exactly(runtime)}, runtime.FullName, true, true, []string{app.FullName}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			in := input(catalogue, tt.as...)
			h, err := in.Holding(compute(t, in), tt.ask)
			if err != nil || (h != nil) != tt.held {
				t.Fatalf("got %+v, %v", h, err)
			}
			if h == nil {
				return
			}
			if (h.Row != nil) != tt.row || !cmp.Equal(h.NeededBy, tt.neededBy) {
				t.Errorf("got %+v", h)
			}
			if h.Row != nil && (berth.Fold(h.Row.FullName) != berth.Fold(tt.ask) || h.Row.Level != berth.LevelHost) {
				t.Errorf("row %+v", h.Row)
			}
		})
	}
}

func TestOffer(t *testing.T) {
	one := version("App.App 1.0.0.0 x64", withApps("Main"))
	two := version("App.App 2.0.0.0 x64", withApps("Main", "Extra"), tagged(berth.TagCustom))
	catalogue := []plan.Version{one, two}
	tests := map[string]struct {
		as       []berth.Assignment
		app      string
		fullName string
		why      string
	}{
		"has it":              {[]berth.Assignment{exactly(one)}, "MAIN", one.FullName, ""},
		"the version by tag":  {[]berth.Assignment{byTag(one.FamilyName, berth.TagCustom)}, "Extra", two.FullName, ""},
		"not in that version": {[]berth.Assignment{exactly(one)}, "Extra", "", one.FullName + " has no application Extra"},
		"no version":          {[]berth.Assignment{byTag(one.FamilyName, berth.TagProduction)}, "Main", "", "with the tag Production is not in the catalogue"},
		"not assigned":        {nil, "Main", "", "App.App_abc is not assigned to the host"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := berth.Publication{Family: "APP.app_abc", Application: tt.app}
			if tt.why == "App.App_abc is not assigned to the host" {
				p.Family = one.FamilyName
			}
			fullName, why := plan.Offer(p, compute(t, input(catalogue, tt.as...)))
			if fullName != tt.fullName || !strings.HasSuffix(why, tt.why) || (why == "") != (fullName != "") {
				t.Errorf("got %q, %q", fullName, why)
			}
		})
	}
}
