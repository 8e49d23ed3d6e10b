package plan_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"berth"
	"berth/plan"
)

const notes = "Contoso.Notes_abc"

// version makes a catalogue version: "Contoso.Notes 1.0.0.0 x64"; change alters it.
func version(text string, change ...func(*plan.Version)) plan.Version {
	parts := strings.Fields(text)
	number, err := berth.ParseVersion(parts[1])
	if err != nil {
		panic(err)
	}
	v := plan.Version{Package: berth.Package{
		FullName: parts[0] + "_" + parts[1] + "_" + parts[2] + "__abc", FamilyName: parts[0] + "_abc", Name: parts[0],
		Version: number, Architecture: parts[2], Enabled: true, DisplayName: parts[0],
	}}
	for _, c := range change {
		c(&v)
	}
	return v
}

func tagged(ids ...berth.TagID) func(*plan.Version) {
	return func(v *plan.Version) { v.Tags = ids }
}

func needs(family, least string) func(*plan.Version) {
	return func(v *plan.Version) {
		v.Dependencies = append(v.Dependencies, berth.Dependency{Name: family, FamilyName: family, MinVersion: least})
	}
}

func disabled(v *plan.Version) { v.Enabled = false }
func retiring(v *plan.Version) { v.Retiring = true }
func fromBuild(n int) func(*plan.Version) {
	return func(v *plan.Version) { v.MinBuild = n }
}

func byTag(family string, id berth.TagID) berth.Assignment {
	return berth.Assignment{Family: family, Tag: id, Registration: berth.AtLogon}
}

func exactly(v plan.Version) berth.Assignment {
	return berth.Assignment{Family: v.FamilyName, Version: v.FullName, Registration: berth.OnDemand}
}

// input is a host with a list of its own over a catalogue.
func input(catalogue []plan.Version, as ...berth.Assignment) plan.Input {
	return plan.Input{
		Lists:    plan.Lists{Host: berth.HostConfig{Name: "h", Kind: berth.KindRDSH, Assignments: as}, Defaults: berth.Defaults{Kind: berth.KindRDSH}},
		Settings: berth.DefaultSettings(), Architecture: "x64", Build: 19045,
		Family: func(name string) ([]plan.Version, error) {
			return slices.DeleteFunc(slices.Clone(catalogue), func(v plan.Version) bool {
				return berth.Fold(v.FamilyName) != berth.Fold(name)
			}), nil
		},
	}
}

func compute(t *testing.T, in plan.Input) plan.Result {
	t.Helper()
	r, err := plan.Compute(in)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func names(r plan.Result) (out []string) {
	for _, p := range r.Packages {
		out = append(out, strings.TrimSuffix(p.FullName, "__abc"))
	}
	return out
}

// TestVersionBehindSelector is rule 1.
func TestVersionBehindSelector(t *testing.T) {
	const prod, custom = berth.TagProduction, berth.TagCustom
	v := func(text string, change ...func(*plan.Version)) plan.Version {
		return version("Contoso.Notes "+text, change...)
	}
	tests := map[string]struct {
		catalogue  []plan.Version
		a          berth.Assignment
		want       string // full name without its end
		candidates int
		missing    string
	}{
		"highest by number, not by text": {[]plan.Version{v("9.0.0.0 x64", tagged(prod)), v("10.0.0.0 x64", tagged(custom, prod)), v("11.0.0.0 x64")},
			byTag(notes, prod), "Contoso.Notes_10.0.0.0_x64", 2, ""},
		"one candidate":    {[]plan.Version{v("9.0.0.0 x64", tagged(prod))}, byTag(notes, prod), "Contoso.Notes_9.0.0.0_x64", 1, ""},
		"other case":       {[]plan.Version{v("9.0.0.0 x64", tagged(prod))}, byTag("CONTOSO.notes_ABC", prod), "Contoso.Notes_9.0.0.0_x64", 1, ""},
		"disabled is out":  {[]plan.Version{v("1.0.0.0 x64", tagged(prod)), v("2.0.0.0 x64", tagged(prod), disabled)}, byTag(notes, prod), "Contoso.Notes_1.0.0.0_x64", 1, ""},
		"retired is out":   {[]plan.Version{v("1.0.0.0 x64", tagged(prod)), v("2.0.0.0 x64", tagged(prod), retiring)}, byTag(notes, prod), "Contoso.Notes_1.0.0.0_x64", 1, ""},
		"wrong arch":       {[]plan.Version{v("1.0.0.0 x86", tagged(prod)), v("2.0.0.0 arm64", tagged(prod))}, byTag(notes, prod), "Contoso.Notes_1.0.0.0_x86", 1, ""},
		"wrong build":      {[]plan.Version{v("1.0.0.0 x64", tagged(prod)), v("2.0.0.0 x64", tagged(prod), fromBuild(22000))}, byTag(notes, prod), "Contoso.Notes_1.0.0.0_x64", 1, ""},
		"native one first": {[]plan.Version{v("1.0.0.0 x86", tagged(prod)), v("1.0.0.0 x64", tagged(prod))}, byTag(notes, prod), "Contoso.Notes_1.0.0.0_x64", 2, ""},
		"exact":            {[]plan.Version{v("1.0.0.0 x64"), v("2.0.0.0 x64")}, exactly(v("1.0.0.0 x64")), "Contoso.Notes_1.0.0.0_x64", 1, ""},
		"nobody has it": {[]plan.Version{v("1.0.0.0 x64", tagged(custom))}, byTag(notes, prod), "", 0,
			"a version of Contoso.Notes_abc with the tag Production is not in the catalogue"},
		"exact, gone":     {nil, exactly(v("1.0.0.0 x64")), "", 0, "version Contoso.Notes_1.0.0.0_x64__abc is not in the catalogue"},
		"exact, disabled": {[]plan.Version{v("1.0.0.0 x64", disabled)}, exactly(v("1.0.0.0 x64")), "", 0, "Contoso.Notes_1.0.0.0_x64__abc is disabled in the site"},
		"exact, retired":  {[]plan.Version{v("1.0.0.0 x64", retiring)}, exactly(v("1.0.0.0 x64")), "", 0, "Contoso.Notes_1.0.0.0_x64__abc is deleted and goes once"},
		"exact, arch":     {[]plan.Version{v("1.0.0.0 arm64")}, exactly(v("1.0.0.0 arm64")), "", 0, "is made for arm64, the host is x64"},
		"exact, build":    {[]plan.Version{v("1.0.0.0 x64", fromBuild(26100))}, exactly(v("1.0.0.0 x64")), "", 0, "needs Windows build 26100 or later, the host has build 19045"},
		"tag, none fits": {[]plan.Version{v("1.0.0.0 arm64", tagged(prod)), v("2.0.0.0 arm64", tagged(prod)), v("3.0.0.0 x64", tagged(prod), disabled)},
			byTag(notes, prod), "", 0, "Contoso.Notes_2.0.0.0_arm64__abc is made for arm64"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			row := compute(t, input(tt.catalogue, tt.a)).Rows[0]
			if strings.TrimSuffix(row.FullName, "__abc") != tt.want || len(row.Candidates) != tt.candidates || row.Conflict != (tt.candidates > 1) {
				t.Errorf("got %+v", row)
			}
			if !strings.Contains(row.Missing, tt.missing) || (row.Missing == "") != (tt.want != "") {
				t.Errorf("words %q, want %q", row.Missing, tt.missing)
			}
			slices.Reverse(tt.catalogue)
			if again := compute(t, input(tt.catalogue, tt.a)).Rows[0]; !cmp.Equal(row, again) {
				t.Errorf("in another order of the catalogue: %s", cmp.Diff(row, again))
			}
		})
	}
}

// TestInheritance is rule 2: lists replace, they never merge, and every row says why it is there.
func TestInheritance(t *testing.T) {
	a, b, c := version("A.A 1.0.0.0 x64"), version("B.B 1.0.0.0 x64"), version("C.C 1.0.0.0 x64")
	a.Generation, b.Generation, c.Generation = 1, 2, 3
	at := func(g int64) plan.Stamp { return plan.Stamp{Generation: g, At: time.Unix(g, 0).UTC()} }
	hosts, pools := []berth.Assignment{exactly(a)}, []berth.Assignment{exactly(a), exactly(b)}
	defaults := berth.Defaults{Kind: berth.KindRDSH, Assignments: []berth.Assignment{exactly(a), exactly(b), exactly(c)}}
	tests := map[string]struct {
		host       berth.HostConfig
		pool       *berth.Pool
		want       []string
		level      berth.Level
		owner      string
		overrides  []string // of the first row
		generation int64    // of the first row
	}{
		"host": {berth.HostConfig{Name: "h", Assignments: hosts}, &berth.Pool{Name: "P", Assignments: pools},
			[]string{"A.A_1.0.0.0_x64"}, berth.LevelHost, "h", []string{"pool P", "site defaults of rdsh"}, 40},
		"host, the pool inherits": {berth.HostConfig{Name: "h", Assignments: hosts}, &berth.Pool{Name: "P", Inherit: true, Assignments: pools},
			[]string{"A.A_1.0.0.0_x64"}, berth.LevelHost, "h", []string{"site defaults of rdsh"}, 40},
		"host, in no pool": {berth.HostConfig{Name: "h", Assignments: hosts}, nil,
			[]string{"A.A_1.0.0.0_x64"}, berth.LevelHost, "h", []string{"site defaults of rdsh"}, 40},
		"empty list of a host": {berth.HostConfig{Name: "h"}, &berth.Pool{Name: "P", Assignments: pools}, nil, "", "", nil, 0},
		"pool": {berth.HostConfig{Name: "h", Inherit: true, Assignments: hosts}, &berth.Pool{Name: "P", Assignments: pools},
			[]string{"A.A_1.0.0.0_x64", "B.B_1.0.0.0_x64"}, berth.LevelPool, "P", []string{"site defaults of rdsh"}, 50},
		"empty list of a pool": {berth.HostConfig{Name: "h", Inherit: true}, &berth.Pool{Name: "P"}, nil, "", "", nil, 0},
		"defaults through the pool": {berth.HostConfig{Name: "h", Inherit: true}, &berth.Pool{Name: "P", Inherit: true, Assignments: pools},
			[]string{"A.A_1.0.0.0_x64", "B.B_1.0.0.0_x64", "C.C_1.0.0.0_x64"}, berth.LevelDefaults, "rdsh", nil, 60},
		"defaults": {berth.HostConfig{Name: "h", Inherit: true, Assignments: hosts}, nil,
			[]string{"A.A_1.0.0.0_x64", "B.B_1.0.0.0_x64", "C.C_1.0.0.0_x64"}, berth.LevelDefaults, "rdsh", nil, 60},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			in := input([]plan.Version{a, b, c})
			in.Lists = plan.Lists{Host: tt.host, HostStamp: at(40), Pool: tt.pool, PoolStamp: at(50), Defaults: defaults, DefaultsStamp: at(60)}
			r := compute(t, in)
			if got := names(r); !slices.Equal(got, tt.want) {
				t.Fatalf("got %v, want %v", got, tt.want)
			}
			if len(tt.want) == 0 {
				return
			}
			row := r.Rows[0]
			if row.Level != tt.level || row.Owner != tt.owner || !slices.Equal(row.Overrides, tt.overrides) || row.Generation != tt.generation {
				t.Errorf("row: %+v", row)
			}
			if !row.ChangedAt.Equal(at(tt.generation).At) {
				t.Errorf("changed at %s, want %s", row.ChangedAt, at(tt.generation).At)
			}
		})
	}
}

// TestFrameworks is rule 3.
func TestFrameworks(t *testing.T) {
	app := version("App.App 1.0.0.0 x64", needs("Vc.Libs_abc", "2.0.0.0"))
	libs := func(text string, change ...func(*plan.Version)) plan.Version {
		return version("Vc.Libs "+text, change...)
	}
	tests := map[string]struct {
		catalogue []plan.Version
		want      []string
	}{
		"framework first":        {[]plan.Version{app, libs("2.0.0.0 x64")}, []string{"Vc.Libs_2.0.0.0_x64", "App.App_1.0.0.0_x64"}},
		"the highest that fits":  {[]plan.Version{app, libs("2.1.0.0 x64"), libs("10.0.0.0 x64"), libs("11.0.0.0 arm64"), libs("12.0.0.0 x64", disabled), libs("13.0.0.0 x64", retiring), libs("14.0.0.0 x64", fromBuild(99999))}, []string{"Vc.Libs_10.0.0.0_x64", "App.App_1.0.0.0_x64"}},
		"too low":                {[]plan.Version{app, libs("1.9.9.9 x64")}, []string{"App.App_1.0.0.0_x64"}},
		"missing":                {[]plan.Version{app}, []string{"App.App_1.0.0.0_x64"}},
		"its own architecture":   {[]plan.Version{app, libs("3.0.0.0 x86"), libs("2.0.0.0 x64")}, []string{"Vc.Libs_2.0.0.0_x64", "App.App_1.0.0.0_x64"}},
		"another one at least":   {[]plan.Version{app, libs("3.0.0.0 x86")}, []string{"Vc.Libs_3.0.0.0_x86", "App.App_1.0.0.0_x64"}},
		"neutral is as good":     {[]plan.Version{app, libs("3.0.0.0 neutral"), libs("2.0.0.0 x64")}, []string{"Vc.Libs_3.0.0.0_neutral", "App.App_1.0.0.0_x64"}},
		"frameworks of one":      {[]plan.Version{app, libs("2.0.0.0 x64", needs("Ui.Xaml_abc", "")), version("Ui.Xaml 1.0.0.0 x64")}, []string{"Ui.Xaml_1.0.0.0_x64", "Vc.Libs_2.0.0.0_x64", "App.App_1.0.0.0_x64"}},
		"frameworks in a circle": {[]plan.Version{app, libs("2.0.0.0 x64", needs("Ui.Xaml_abc", "")), version("Ui.Xaml 1.0.0.0 x64", needs("Vc.Libs_abc", ""))}, []string{"Ui.Xaml_1.0.0.0_x64", "Vc.Libs_2.0.0.0_x64", "App.App_1.0.0.0_x64"}},
		"needs itself":           {[]plan.Version{app, libs("2.0.0.0 x64", needs("Vc.Libs_abc", "1.0.0.0"))}, []string{"Vc.Libs_2.0.0.0_x64", "App.App_1.0.0.0_x64"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for range 2 { // in both orders of the catalogue
				if got := names(compute(t, input(tt.catalogue, exactly(app)))); !slices.Equal(got, tt.want) {
					t.Errorf("got %v, want %v", got, tt.want)
				}
				slices.Reverse(tt.catalogue)
			}
		})
	}
}

// TestFrameworkOnceAndAssigned: a framework that several need is planned once; one that is assigned too keeps its mode.
func TestFrameworkOnceAndAssigned(t *testing.T) {
	libs := version("Vc.Libs 2.0.0.0 x64")
	one, two := version("App.One 1.0.0.0 x64", needs("Vc.Libs_abc", "")), version("App.Two 1.0.0.0 x64", needs("Vc.Libs_abc", ""))
	lazy, eager := exactly(libs), exactly(two)
	eager.Registration = berth.AtLogon
	r := compute(t, input([]plan.Version{one, two, libs}, eager, lazy, exactly(one)))
	want := []string{"Vc.Libs_2.0.0.0_x64", "App.One_1.0.0.0_x64", "App.Two_1.0.0.0_x64"}
	if got := names(r); !slices.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	modes := []berth.Registration{r.Packages[0].Registration, r.Packages[1].Registration, r.Packages[2].Registration}
	if !slices.Equal(modes, []berth.Registration{berth.OnDemand, berth.OnDemand, berth.AtLogon}) {
		t.Errorf("modes %v", modes)
	}
}

func TestSwitches(t *testing.T) {
	signed := func(v *plan.Version) {
		v.Certificate = &berth.Certificate{Thumbprint: "AA", Subject: "CN=Contoso"}
		v.Observed = &berth.Observation{BlockMapSHA256: "beef"}
	}
	one, two := version("App.One 1.0.0.0 x64", signed), version("App.Two 1.0.0.0 x64", signed)
	in := input([]plan.Version{one, two}, exactly(one), exactly(two))
	r := compute(t, in)
	if len(r.Certificates) != 1 || r.Packages[0].Thumbprint != "AA" || r.Packages[0].BlockMapSHA256 != "beef" {
		t.Errorf("certificates %v, package %+v", r.Certificates, r.Packages[0])
	}
	in.Settings.ProvisionCertificates = false
	if r = compute(t, in); len(r.Certificates) != 0 || r.Packages[0].Thumbprint != "AA" {
		t.Errorf("not to be provisioned: certificates %v, package %+v", r.Certificates, r.Packages[0])
	}
	in.Settings.Enabled = false
	if r = compute(t, in); len(r.Rows)+len(r.Packages)+len(r.Certificates) != 0 {
		t.Errorf("the feature is off: %+v", r)
	}
}

func TestCatalogueFails(t *testing.T) {
	broken := errors.New("disk on fire")
	app := version("App.App 1.0.0.0 x64", needs("Vc.Libs_abc", ""))
	for _, family := range []string{"App.App_abc", "Vc.Libs_abc"} {
		in := input([]plan.Version{app}, exactly(app))
		whole := in.Family
		in.Family = func(name string) ([]plan.Version, error) {
			if name == family {
				return nil, broken
			}
			return whole(name)
		}
		if _, err := plan.Compute(in); !errors.Is(err, broken) {
			t.Errorf("%s cannot be read: %v", family, err)
		}
	}
}
