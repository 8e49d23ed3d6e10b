package control_test

import (
	"slices"
	"testing"

	"berth"
	"berth/control"
)

// declared is version n of the family as a client of Azure's interface puts it into pool hp1.
func (f *farm) declared(n string, active *bool) control.Declared {
	f.t.Helper()
	v, err := berth.ParseVersion(n + ".0.0.0")
	f.must(err)
	out, _, err := f.Declare(f.owner, control.Declare{Site: "main", Pool: "HP1", FullName: fullName(n), Properties: []byte(`{"odd":1}`), Active: active,
		Package: berth.Package{FamilyName: family, Name: "Contoso.Notes", Version: v, ImagePath: f.image(n), RelativePath: `\notes`}})
	f.must(err)
	return out
}

// TestDeclareAlone applies at once, and leaves what others drafted a draft, of the same pool too.
func TestDeclareAlone(t *testing.T) {
	f := newFarm(t)
	f.pool("hp1", berth.KindAVD)
	f.add("1")
	f.add("2", "Custom")
	f.apply()
	m := f.enroll("avd-1", berth.KindAVD, "hp1")
	f.assign(poolOf("hp1"), berth.Assignment{Family: family, Tag: berth.TagCustom})
	_, err := f.EditPackage(f.owner, "main", fullName("2"), control.PackageEdit{DisplayName: new("A draft")})
	f.must(err)
	if d := f.declared("1", new(true)); !d.Active || d.Package.Observed == nil || string(d.Properties) != `{"odd":1}` {
		t.Errorf("declared: %+v", d)
	}
	if m.sync(nil); !slices.Equal(planNames(m.plan), []string{notesOne}) {
		t.Errorf("planned: %v", planNames(m.plan))
	}
	f.wantChanges("update package/" + berth.Fold(fullName("2"))) // the pool's drafted row of this family is replaced by the new one
	if p, _, _ := f.Package(f.owner, "main", fullName("2")); p.DisplayName != "A draft" {
		t.Errorf("the draft of the other version: %+v", p)
	}
}

// TestDeclareKeepsOtherDraftsOfThePool: a drafted assignment of another family in the same list stays one.
func TestDeclareKeepsOtherDraftsOfThePool(t *testing.T) {
	f := newFarm(t)
	f.pool("hp1", berth.KindAVD)
	other := `\\files\msix\other.vhdx`
	f.shelf.images[other] = []berth.Package{{FullName: "Other.App_1.0.0.0_x64__abc", FamilyName: "Other.App_abc", Architecture: "x64", ImagePath: other}}
	_, err := f.AddPackage(f.owner, control.NewPackage{Site: "main", ImagePath: other})
	f.must(err)
	f.apply()
	m := f.enroll("avd-1", berth.KindAVD, "hp1")
	f.assign(poolOf("hp1"), berth.Assignment{Version: "Other.App_1.0.0.0_x64__abc"})
	f.declared("1", new(true))
	if m.sync(nil); !slices.Equal(planNames(m.plan), []string{notesOne}) {
		t.Errorf("planned: %v", planNames(m.plan))
	}
	f.wantChanges("update pool/hp1")
	f.apply()
	if m.sync(nil); !slices.Equal(planNames(m.plan), []string{notesOne, "Other.App_1.0.0.0_x64__abc"}) {
		t.Errorf("planned after the apply: %v", planNames(m.plan))
	}
}

// TestOneActiveVersion: of a family, one version is active in a pool.
func TestOneActiveVersion(t *testing.T) {
	f := newFarm(t)
	f.pool("hp1", berth.KindAVD)
	m := f.enroll("avd-1", berth.KindAVD, "hp1")
	f.declared("1", new(true))
	f.declared("2", new(true))
	f.declared("3", nil)
	ds, err := f.DeclaredPackages(f.owner, "main", "HP1", control.DeclaredQuery{})
	f.must(err)
	var active []bool
	for _, d := range ds {
		active = append(active, d.Active)
	}
	if !slices.Equal(active, []bool{false, true, false}) {
		t.Errorf("active: %v", active)
	}
	if m.sync(nil); !slices.Equal(planNames(m.plan), []string{fullName("2")}) {
		t.Errorf("planned: %v", planNames(m.plan))
	}
	f.declared("1", new(false)) // was not active: nothing changes
	f.declared("2", nil)        // as it was
	if d, err := f.DeclaredPackage(f.owner, "main", "hp1", fullName("2")); err != nil || !d.Active {
		t.Errorf("still active: %+v, %v", d, err)
	}
	f.declared("2", new(false))
	if m.sync(nil); len(m.plan.Packages) != 0 {
		t.Errorf("planned after deactivating: %v", planNames(m.plan))
	}
	for _, n := range []string{"1", "2", "3"} {
		if existed, err := f.Undeclare(f.owner, "main", "hp1", fullName(n)); err != nil || !existed {
			t.Errorf("version %s: %v, %v", n, existed, err)
		}
	}
	if existed, err := f.Undeclare(f.owner, "main", "hp1", notesOne); err != nil || existed {
		t.Errorf("a second time: %v, %v", existed, err)
	}
	if ps, _ := f.Packages(f.owner, "main", "", 0); len(ps) != 0 {
		t.Errorf("the catalogue keeps %v", ps)
	}
	f.wantChanges()
}

// TestDeclarePoolBeingRemoved: a drafted deletion of the pool is no business of Azure's clients.
func TestDeclarePoolBeingRemoved(t *testing.T) {
	f := newFarm(t)
	f.pool("hp1", berth.KindAVD)
	f.must(f.RemovePool(f.owner, "main", "hp1"))
	if d := f.declared("1", new(true)); !d.Active {
		t.Errorf("declared: %+v", d)
	}
	f.wantChanges("delete pool/hp1")
}

func TestDeclareRefusals(t *testing.T) {
	f := newFarm(t)
	f.pool("Pool A", berth.KindRDSH)
	for _, pool := range []string{"Pool A", "hp9"} {
		_, _, err := f.Declare(f.owner, control.Declare{Site: "main", Pool: pool, FullName: notesOne, Properties: []byte("{}")})
		wantKind(t, err, berth.NotFound)
		_, err = f.DeclaredPackages(f.owner, "main", pool, control.DeclaredQuery{})
		wantKind(t, err, berth.NotFound)
		_, err = f.Undeclare(f.owner, "main", pool, notesOne)
		wantKind(t, err, berth.NotFound)
	}
	f.pool("hp1", berth.KindAVD)
	_, err := f.DeclaredPackage(f.owner, "main", "hp1", notesOne)
	wantKind(t, err, berth.NotFound)
	d, created, err := f.Declare(f.owner, control.Declare{Site: "main", Pool: "hp1", FullName: notesOne, Properties: []byte("{}"),
		Package: berth.Package{FamilyName: family, ImagePath: "nowhere"}})
	if err != nil || !created || d.Package.Observed != nil || len(d.Package.Findings) != 1 {
		t.Errorf("an image that cannot be read is kept with a finding: %+v, %v", d, err)
	}
}
