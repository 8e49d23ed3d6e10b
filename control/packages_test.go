package control_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"berth"
	"berth/control"
)

func TestAddPackage(t *testing.T) {
	f := newFarm(t)
	p, err := f.AddPackage(f.owner, control.NewPackage{Site: "main", ImagePath: f.image("1"), Tags: []string{"Production", "custom", "PRODUCTION"}, DisplayName: "Our notes"})
	f.must(err)
	if !p.Enabled || p.DisplayName != "Our notes" || p.AddedBy != "olga" || !p.Observed.VerifiedContent ||
		!slices.Equal(p.Tags, []berth.TagID{berth.TagCustom, berth.TagProduction}) {
		t.Errorf("added: %+v", p)
	}
	f.wantChanges("create package/" + berth.Fold(notesOne))
	_, err = f.AddPackage(f.owner, control.NewPackage{Site: "main", ImagePath: f.image("1")})
	wantKind(t, err, berth.Conflict)

	both := `\\files\msix\suite.vhdx`
	f.shelf.images[both] = []berth.Package{{FullName: "A_1"}, {FullName: "B_1"}}
	f.shelf.images["empty"] = nil
	f.image("2")
	f.shelf.spoilt[fullName("2")] = berth.Errorf(berth.Invalid, "file x.dll is not as signed")
	tests := map[string]struct {
		n    control.NewPackage
		want berth.Kind
		says string
	}{
		"no image":      {control.NewPackage{ImagePath: "nowhere"}, berth.NotFound, "no image"},
		"no package":    {control.NewPackage{ImagePath: "empty"}, berth.Invalid, "holds no MSIX package"},
		"several":       {control.NewPackage{ImagePath: both}, berth.Invalid, "say which: A_1, B_1"},
		"another":       {control.NewPackage{ImagePath: both, FullName: "C_1"}, berth.NotFound, "it holds A_1, B_1"},
		"not as signed": {control.NewPackage{ImagePath: f.image("2")}, berth.Invalid, "x.dll"},
		"no such tag":   {control.NewPackage{ImagePath: f.image("3"), Tags: []string{"Gold"}}, berth.NotFound, "Gold"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.n.Site = "main"
			_, err := f.AddPackage(f.owner, tt.n)
			wantKind(t, err, tt.want)
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%v does not say %q", err, tt.says)
			}
		})
	}
	f.wantChanges("create package/" + berth.Fold(notesOne))
}

func TestEditPackage(t *testing.T) {
	f := newFarm(t)
	f.add("1")
	f.apply()
	_, revision, err := f.Package(f.owner, "main", strings.ToUpper(notesOne))
	f.must(err)
	edit := control.PackageEdit{DisplayName: new("Notes for all"), Enabled: new(false), Tags: &[]string{"Custom"}, Expect: revision}
	p, err := f.EditPackage(f.owner, "main", notesOne, edit)
	f.must(err)
	if p.DisplayName != "Notes for all" || p.Enabled || !p.HasTag(berth.TagCustom) {
		t.Errorf("edited: %+v", p)
	}
	_, err = f.EditPackage(f.owner, "main", notesOne, edit)
	wantKind(t, err, berth.Precondition)
	_, err = f.EditPackage(f.owner, "main", notesOne, control.PackageEdit{Tags: &[]string{"Gold"}})
	wantKind(t, err, berth.NotFound)
	_, err = f.EditPackage(f.owner, "main", fullName("9"), control.PackageEdit{})
	wantKind(t, err, berth.NotFound)
	f.wantChanges("update package/" + berth.Fold(notesOne))
	_, err = f.EditPackage(f.owner, "main", notesOne, control.PackageEdit{DisplayName: new("Notes"), Enabled: new(true), Tags: &[]string{}})
	f.must(err)
	f.wantChanges()
}

// TestPages: a package whose deletion is drafted makes no page end early.
func TestPages(t *testing.T) {
	f := newFarm(t)
	for _, n := range []string{"1", "2", "3", "4"} {
		f.add(n)
	}
	f.apply()
	f.must(f.RemovePackage(f.owner, "main", fullName("1"), false))
	f.must(f.RemovePackage(f.owner, "main", fullName("2"), false))
	page, err := f.Packages(f.owner, "main", "", 1)
	f.must(err)
	if len(page) != 1 || page[0].FullName != fullName("3") {
		t.Fatalf("first page: %v", page)
	}
	if page, err = f.Packages(f.owner, "main", page[0].FullName, 5); err != nil || len(page) != 1 || page[0].FullName != fullName("4") {
		t.Errorf("second page: %v, %v", page, err)
	}
}

func TestTags(t *testing.T) {
	f := newFarm(t)
	for _, n := range []string{"1", "2", "3"} {
		f.add(n, "Production")
	}
	f.add("4", "Custom")
	f.apply()
	p, err := f.TagPackage(f.owner, "main", fullName("4"), "production", true)
	f.must(err)
	if !p.HasTag(berth.TagProduction) || !p.HasTag(berth.TagCustom) {
		t.Errorf("moved: %+v", p.Tags)
	}
	ps, err := f.Packages(f.owner, "main", "", 0)
	f.must(err)
	for _, sibling := range ps[:3] {
		if sibling.HasTag(berth.TagProduction) {
			t.Errorf("%s still carries the tag", sibling.FullName)
		}
	}
	if n := len(f.changes()); n != 4 {
		t.Errorf("%d pending changes, want 4", n)
	}
	// Put back one by one, in another order: nothing is left to apply.
	for _, n := range []string{"1", "2", "3"} {
		_, err = f.TagPackage(f.owner, "main", fullName(n), "Production", false)
		f.must(err)
	}
	_, err = f.UntagPackage(f.owner, "main", fullName("4"), "")
	f.must(err)
	_, err = f.TagPackage(f.owner, "main", fullName("4"), "custom", false)
	f.must(err)
	f.wantChanges()
	_, err = f.TagPackage(f.owner, "main", fullName("4"), "production", false)
	f.must(err)
	f.apply()
	_, err = f.UntagPackage(f.owner, "main", fullName("4"), "custom")
	f.must(err)
	_, err = f.TagPackage(f.owner, "main", fullName("4"), "custom", false)
	f.must(err)
	f.wantChanges() // the order in which tags were put on is no difference
	_, err = f.TagPackage(f.owner, "main", fullName("4"), "Gold", true)
	wantKind(t, err, berth.NotFound)
	_, err = f.TagPackage(f.owner, "main", fullName("9"), "custom", true)
	wantKind(t, err, berth.NotFound)
	_, err = f.UntagPackage(f.owner, "main", fullName("9"), "")
	wantKind(t, err, berth.NotFound)
}

func TestRenameTag(t *testing.T) {
	f := newFarm(t)
	set, err := f.RenameTag(f.owner, "main", "Pre-production", "  Pilot ")
	f.must(err)
	if got := set.Tags.Name(berth.TagPreProduction); got != "Pilot" {
		t.Errorf("renamed to %q", got)
	}
	if _, err = f.RenameTag(f.owner, "main", "preProduction", "Pre-production"); err != nil {
		t.Errorf("back: %v", err)
	}
	for name, want := range map[string]berth.Kind{"custom": berth.Conflict, "Production": berth.Conflict, "": berth.Invalid,
		"   ": berth.Invalid, strings.Repeat("ü", 65): berth.Invalid} {
		_, err = f.RenameTag(f.owner, "main", "preProduction", name)
		wantKind(t, err, want)
	}
	if _, err = f.RenameTag(f.owner, "main", "preProduction", strings.Repeat("ü", 64)); err != nil {
		t.Errorf("64 letters: %v", err)
	}
	_, err = f.RenameTag(f.owner, "main", "Gold", "Silver")
	wantKind(t, err, berth.NotFound)
}

// TestRemovePackage: one that is held is refused with the list of what holds it, in both views.
func TestRemovePackage(t *testing.T) {
	f := newFarm(t)
	f.pool("Pool A", berth.KindRDSH)
	f.add("1", "Production")
	f.assign(rdsh, byTag)
	f.apply()
	f.assign(poolOf("pool a"), exactly("1"))
	err := f.RemovePackage(f.owner, "main", notesOne, false)
	wantKind(t, err, berth.Conflict)
	for _, holder := range []string{"site defaults of rdsh by tag Production", "pool Pool A by exact version"} {
		if err == nil || !strings.Contains(err.Error(), holder) {
			t.Errorf("%v does not name %q", err, holder)
		}
	}
	wantKind(t, f.RemovePackage(f.owner, "main", fullName("9"), false), berth.NotFound)
	_, err = f.Discard(f.owner, "main", nil)
	f.must(err)
	_, err = f.Unassign(f.owner, "main", rdsh, family)
	f.must(err)
	wantKind(t, f.RemovePackage(f.owner, "main", notesOne, false), berth.Conflict) // hosts still see the assignment
	f.apply()
	f.must(f.RemovePackage(f.owner, "main", notesOne, false))
	f.wantChanges("delete package/" + berth.Fold(notesOne))
	f.apply()
	_, _, err = f.Package(f.owner, "main", notesOne)
	wantKind(t, err, berth.NotFound)
}

// TestRetire: force retires a held package. It is planned for nobody, goes when the last host has let go, and not when
// the retirement is only drafted or was discarded.
func TestRetire(t *testing.T) {
	f := newFarm(t)
	f.add("1", "Production")
	f.assign(rdsh, byTag)
	f.apply()
	one, two := f.enroll("h1", berth.KindRDSH, ""), f.enroll("h2", berth.KindRDSH, "")
	one.settle("ada")
	two.settle()
	f.must(f.RemovePackage(f.owner, "main", notesOne, true))
	two.report(nil)
	one.report([]string{"ada"}, notesOne)
	f.wantStatuses("h1", "1: Not applied")
	_, err := f.Discard(f.owner, "main", nil)
	f.must(err)
	one.report(nil)
	two.report(nil)
	if _, _, err := f.Package(f.owner, "main", notesOne); err != nil {
		t.Fatalf("a retirement that was discarded is carried out: %v", err)
	}
	one.report([]string{"ada"}, notesOne)
	f.must(f.RemovePackage(f.owner, "main", notesOne, true))
	f.apply()
	if out := one.sync(nil); out.Plan == nil || len(out.Plan.Packages) != 0 {
		t.Errorf("the plan after retiring: %+v", out.Plan)
	}
	f.wantStatuses("h1", "-: No version found", "1: Disabling")
	p, _, err := f.Package(f.owner, "main", notesOne)
	if err != nil || !p.Retiring {
		t.Errorf("while a host has it: %+v, %v", p, err)
	}
	one.report(nil)
	_, _, err = f.Package(f.owner, "main", notesOne)
	wantKind(t, err, berth.NotFound)
	if e := f.audit()[0]; e.Action != "remove retired package" || e.Key != berth.Fold(notesOne) || e.Before == nil {
		t.Errorf("the audit ends with %+v", e)
	}
}

// TestRetireNobodyHas: nobody is waited for who does not have the package, nor for a host that is removed.
func TestRetireNobodyHas(t *testing.T) {
	f := newFarm(t)
	f.add("1", "Production")
	f.add("2")
	f.assign(rdsh, byTag)
	f.apply()
	f.must(f.RemovePackage(f.owner, "main", notesOne, true))
	f.apply()
	_, _, err := f.Package(f.owner, "main", notesOne)
	wantKind(t, err, berth.NotFound)

	f.assign(rdsh, exactly("2"))
	f.apply()
	f.enroll("h1", berth.KindRDSH, "").settle("ada")
	f.must(f.RemovePackage(f.owner, "main", fullName("2"), true))
	f.apply()
	if _, _, err = f.Package(f.owner, "main", fullName("2")); err != nil {
		t.Fatal(err)
	}
	f.must(f.RemoveHost(f.owner, "main", "h1"))
	_, _, err = f.Package(f.owner, "main", fullName("2"))
	wantKind(t, err, berth.NotFound)
}

// TestDraftedDeletionStaysWithHosts: what hosts are planned from does not change before the deletion is applied, and not
// at all when it is discarded.
func TestDraftedDeletionStaysWithHosts(t *testing.T) {
	f := newFarm(t)
	path := `\\files\msix\libs.vhdx`
	libs := berth.Package{FullName: "Vc.Libs_1.0.0.0_x64__abc", FamilyName: "Vc.Libs_abc", Version: berth.Version{1}, Architecture: "x64", Framework: true, ImagePath: path}
	f.shelf.images[path] = []berth.Package{libs}
	app := f.image("1")
	f.shelf.images[app][0].Dependencies = []berth.Dependency{{Name: "Vc.Libs", FamilyName: "Vc.Libs_abc", MinVersion: "1.0.0.0"}}
	for _, image := range []string{path, app} {
		_, err := f.AddPackage(f.owner, control.NewPackage{Site: "main", ImagePath: image})
		f.must(err)
	}
	f.assign(rdsh, exactly("1"))
	f.apply()
	want := []string{libs.FullName, notesOne}
	check := func(when string) {
		t.Helper()
		m := f.enroll("h"+when, berth.KindRDSH, "") // its enrolment makes a new generation, for which plans are computed anew
		if m.sync(nil); !slices.Equal(planNames(m.plan), want) {
			t.Errorf("%s: planned %v, want %v", when, planNames(m.plan), want)
		}
	}
	check("before")
	f.must(f.RemovePackage(f.owner, "main", libs.FullName, false))
	check("drafted")
	_, err := f.Discard(f.owner, "main", nil)
	f.must(err)
	check("discarded")
	f.must(f.RemovePackage(f.owner, "main", libs.FullName, false))
	f.apply()
	want = want[1:]
	check("applied")
}

// TestStoreFails: an error of the store is passed on, not swallowed.
func TestStoreFails(t *testing.T) {
	f := newFarm(t)
	f.must(f.store.Close())
	_, err := f.Packages(f.owner, "main", "", 0)
	wantKind(t, err, berth.Unavailable)
	if _, _, err := f.Apply(f.owner, "main", nil); err == nil || errors.Is(err, nil) {
		t.Error("an apply on a closed store succeeds")
	}
}
