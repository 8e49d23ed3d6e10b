package control_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"berth"
	"berth/control"
	"berth/wire"
)

// toldOf is what the second editor is told of.
func toldOf(t *testing.T, err error) []berth.Meanwhile {
	t.Helper()
	e, ok := errors.AsType[*berth.Error](err)
	if !ok || e.Kind != berth.Precondition {
		t.Fatalf("got %v (%T), want a precondition", err, err)
	}
	return e.Meanwhile
}

func fields(ms []berth.Meanwhile) (names []string) {
	for _, m := range ms {
		for _, f := range m.Changes {
			names = append(names, f.Field+" "+string(f.Before)+" -> "+string(f.After))
		}
	}
	return names
}

// TestSecondEditor: two administrators saw the same package; the second is told who changed it, when and what, and the
// first one's change stands.
func TestSecondEditor(t *testing.T) {
	f := newFarm(t)
	f.add("1")
	_, seen, err := f.Package(f.owner, "main", notesOne)
	f.must(err)
	first, second := as("ada", "", berth.RoleContributor), as("bob", "", berth.RoleContributor)
	name, other := "Notes of ada", "Notes of bob"
	_, err = f.EditPackage(first, "main", notesOne, control.PackageEdit{DisplayName: &name, Expect: seen})
	f.must(err)
	f.clock.pass(1)
	_, err = f.TagPackage(first, "main", notesOne, "Custom", false)
	f.must(err)
	_, err = f.EditPackage(second, "main", notesOne, control.PackageEdit{DisplayName: &other, Expect: seen})
	told := toldOf(t, err)
	want := []string{`displayName "Notes" -> "Notes of ada"`, `tags  -> ["custom"]`}
	if !slices.Equal(done(told), []string{"edit package", "tag package"}) || told[0].By != "ada" || told[0].At.IsZero() || !slices.Equal(fields(told), want) {
		t.Errorf("%+v\nchanges %q", told, fields(told))
	}
	if p, now, err := f.Package(f.owner, "main", notesOne); err != nil || p.DisplayName != name || now != told[1].Revision || now != seen+2 {
		t.Errorf("the first change is lost: %+v, %v", p, err)
	}
	_, err = f.EditPackage(second, "main", notesOne, control.PackageEdit{DisplayName: &other, Expect: seen + 2})
	f.must(err)
}

// TestSecondEditorOfAnything: every use case that takes its revision from the context refuses the older one.
func TestSecondEditorOfAnything(t *testing.T) {
	f := newFarm(t)
	f.add("1")
	f.pool("Pool A", berth.KindRDSH)
	f.pool("Pool B", berth.KindRDSH)
	f.enroll("h1", berth.KindRDSH, "")
	_, err := f.AddPublication(f.owner, "main", berth.Publication{Name: "Notes", Family: family, Application: "App", Hosts: []string{"h1"}})
	wantKind(t, err, berth.NotFound) // the sample has no application
	f.assign(poolOf("Pool B"), exactly("1"))
	old := control.IfRevision(f.owner, 77)
	for name, do := range map[string]func() error{
		"rename tag":  func() error { _, err := f.RenameTag(old, "main", "custom", "Pilot"); return err },
		"tag":         func() error { _, err := f.TagPackage(old, "main", notesOne, "custom", true); return err },
		"untag":       func() error { _, err := f.UntagPackage(old, "main", notesOne, ""); return err },
		"remove":      func() error { return f.RemovePackage(old, "main", notesOne, true) },
		"move host":   func() error { return f.SetHostPool(old, "main", "h1", "Pool A") },
		"remove pool": func() error { return f.RemovePool(old, "main", "Pool A") },
		"remove host": func() error { return f.RemoveHost(old, "main", "h1") },
		"assign":      func() error { _, err := f.Assign(f.owner, "main", rdsh.At(77), exactly("1")); return err },
	} {
		if told := toldOf(t, do()); len(told) != 0 { // there was no such revision yet
			t.Errorf("%s: %+v", name, told)
		}
	}
	v, err := f.Pool(f.owner, "main", "pool a")
	f.must(err)
	f.must(f.RemovePool(control.IfRevision(f.owner, v.Revision), "main", "Pool A"))
}

// TestRevisionsAreNotGivenTwice: what is deleted and made anew is not taken for what it was.
func TestRevisionsAreNotGivenTwice(t *testing.T) {
	f := newFarm(t)
	f.add("1")
	_, seen, err := f.Package(f.owner, "main", notesOne)
	f.must(err)
	f.must(f.RemovePackage(f.owner, "main", notesOne, false))
	name := "x"
	_, err = f.EditPackage(f.owner, "main", notesOne, control.PackageEdit{DisplayName: &name, Expect: seen})
	wantKind(t, err, berth.NotFound)
	f.add("1")
	_, now, err := f.Package(f.owner, "main", notesOne)
	f.must(err)
	if now <= seen {
		t.Fatalf("revision %d was given before (%d)", now, seen)
	}
	_, err = f.EditPackage(f.owner, "main", notesOne, control.PackageEdit{DisplayName: &name, Expect: seen})
	if told := toldOf(t, err); !slices.Equal(done(told), []string{"delete package", "add package"}) {
		t.Errorf("%+v", told)
	}
}

// TestSecondEditorOfAccounts: accounts have tags in place of revisions.
func TestSecondEditorOfAccounts(t *testing.T) {
	f := newFarm(t)
	u, err := f.CreateUser(f.owner, wire.CreateUser{Name: "ada", Password: "correct horse battery"})
	f.must(err)
	c, err := f.CreateClient(f.owner, wire.CreateClient{Name: "pipeline"})
	f.must(err)
	name, off := "Ada", true
	seen := control.IfTag(f.owner, control.Tag(u))
	_, err = f.EditUser(seen, "ada", wire.EditUser{DisplayName: &name})
	f.must(err)
	_, err = f.EditUser(seen, "ada", wire.EditUser{Disabled: &off})
	wantKind(t, err, berth.Precondition)
	wantKind(t, f.RemoveUser(seen, "ada"), berth.Precondition)
	stored, err := f.Client(context.WithoutCancel(f.owner), c.ID)
	f.must(err)
	seen = control.IfTag(f.owner, control.Tag(stored))
	_, err = f.EditClient(seen, "pipeline", wire.EditClient{Disabled: &off})
	f.must(err)
	_, err = f.EditClient(seen, "pipeline", wire.EditClient{Disabled: &off})
	wantKind(t, err, berth.Precondition)
	wantKind(t, f.RemoveClient(seen, "pipeline"), berth.Precondition)
}
