package control_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"berth"
	"berth/control"
)

// saying is an edit that describes a host pool so, whatever it was.
func saying(document string) control.HostPoolEdit {
	return func(control.HostPool) (json.RawMessage, error) { return json.RawMessage(document), nil }
}

func (f *farm) putHostPool(name, document string) control.HostPool {
	f.t.Helper()
	p, _, err := f.PutHostPool(f.owner, "main", name, saying(document))
	f.must(err)
	return p
}

// TestHostPoolRights lets readers look and contributors change.
func TestHostPoolRights(t *testing.T) {
	f := newFarm(t)
	f.putHostPool("hp1", `{}`)
	tests := map[string]struct {
		need berth.Role
		do   func(context.Context) error
	}{
		"HostPool":  {berth.RoleReader, func(c context.Context) error { _, err := f.HostPool(c, "main", "hp1"); return err }},
		"HostPools": {berth.RoleReader, func(c context.Context) error { _, err := f.HostPools(c, "main"); return err }},
		"PutHostPool": {berth.RoleContributor, func(c context.Context) error {
			_, _, err := f.PutHostPool(c, "main", "hp2", saying(`{}`))
			return err
		}},
		"EditHostPool": {berth.RoleContributor, func(c context.Context) error {
			_, err := f.EditHostPool(c, "main", "hp1", saying(`{"a": 1}`))
			return err
		}},
		"RemoveHostPool": {berth.RoleContributor, func(c context.Context) error {
			_, err := f.RemoveHostPool(c, "main", "hp2", false)
			return err
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			wantKind(t, tt.do(context.Background()), berth.Unauthenticated)
			wantKind(t, tt.do(as("eve", "elsewhere", berth.RoleOwner)), berth.Forbidden)
			if tt.need == berth.RoleContributor {
				wantKind(t, tt.do(as("rita", "main", berth.RoleReader)), berth.Forbidden)
			}
			if err := tt.do(as("ada", "main", tt.need)); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestHostPoolIsAppliedAlone puts a host pool while other things of the site, and of the pool itself, are drafted.
func TestHostPoolIsAppliedAlone(t *testing.T) {
	f := newFarm(t)
	_, err := f.AddPool(f.owner, "main", berth.Pool{Name: "Other", Kind: berth.KindVDI}, false)
	f.must(err)
	_, err = f.AddPool(f.owner, "main", berth.Pool{Name: "Front", Kind: berth.KindAVD}, false)
	f.must(err)
	f.add("1")
	f.assign(control.Holder{Pool: "front"}, exactly("1"))
	if _, err := f.HostPool(f.owner, "main", "front"); !berth.IsNotFound(err) {
		t.Errorf("a drafted host pool is there: %v", err)
	}
	before := f.changes()

	p := f.putHostPool("front", `{"tags": {}}`)
	if p.Kind != berth.KindAVD || !p.Inherit || len(p.Assignments) != 0 || p.Azure == nil || p.Azure.CreatedBy != "olga" {
		t.Errorf("applied: %+v", p)
	}
	want := strings.ReplaceAll(fmt.Sprint(before), "create pool/front", "update pool/front")
	if got := fmt.Sprint(f.changes()); got != want {
		t.Errorf("drafts are %s, want %s", got, want)
	}
	list, err := f.Assignments(f.owner, "main", control.Holder{Pool: "front"})
	if err != nil || len(list.Assignments) != 1 {
		t.Errorf("the drafted list became %+v, %v", list, err)
	}

	f.apply()
	f.must(f.RemovePool(f.owner, "main", "front"))
	p = f.putHostPool("front", `{"tags": {"a": "b"}}`)
	if string(p.Azure.Document) != `{"tags":{"a":"b"}}` || len(p.Assignments) != 1 {
		t.Errorf("applied: %+v", p)
	}
	f.wantChanges("delete pool/front")
}

// TestHostPoolEdit looks and changes in one step.
func TestHostPoolEdit(t *testing.T) {
	f := newFarm(t)
	_, err := f.EditHostPool(f.owner, "main", "front", saying(`{}`))
	if !berth.IsNotFound(err) {
		t.Errorf("editing what is not there: %v", err)
	}
	was := f.putHostPool("front", `{"a":1}`)
	p, err := f.EditHostPool(f.owner, "main", "FRONT", func(now control.HostPool) (json.RawMessage, error) {
		if string(now.Azure.Document) != `{"a":1}` {
			t.Errorf("the edit sees %s", now.Azure.Document)
		}
		return nil, nil
	})
	if err != nil || p.Revision != was.Revision {
		t.Errorf("nothing to change, and %+v, %v", p, err)
	}
	no := errors.New("no")
	if _, err := f.EditHostPool(f.owner, "main", "front", func(control.HostPool) (json.RawMessage, error) { return nil, no }); !errors.Is(err, no) {
		t.Errorf("the edit refused: %v", err)
	}
	p, err = f.EditHostPool(as("ada", "main", berth.RoleContributor), "main", "FRONT", saying(`{"a":2}`))
	if err != nil || p.Revision <= was.Revision || p.Name != "front" || p.Azure.CreatedBy != "olga" || p.Azure.ModifiedBy != "ada" {
		t.Errorf("changed: %+v, %+v, %v", p, p.Azure, err)
	}
}

// TestHostPoolNames refuses names that are taken by pools of other kinds, drafted ones too.
func TestHostPoolNames(t *testing.T) {
	f := newFarm(t)
	f.pool("applied", berth.KindVDI)
	_, err := f.AddPool(f.owner, "main", berth.Pool{Name: "drafted", Kind: berth.KindRDSH}, false)
	f.must(err)
	for name, want := range map[string]berth.Kind{"applied": berth.Conflict, "drafted": berth.Conflict, "no": berth.Invalid, " front": berth.Invalid} {
		_, _, err := f.PutHostPool(f.owner, "main", name, saying(`{}`))
		wantKind(t, err, want)
	}
	for _, name := range []string{"applied", "drafted", "nowhere"} {
		if existed, err := f.RemoveHostPool(f.owner, "main", name, true); existed || err != nil {
			t.Errorf("deleting %s: %v, %v", name, existed, err)
		}
	}
	if ps, err := f.HostPools(f.owner, "main"); err != nil || len(ps) != 0 {
		t.Errorf("host pools: %+v, %v", ps, err)
	}
}

// TestRemoveHostPool deletes a pool that is of use by force alone, and leaves nothing behind that stands in the way.
func TestRemoveHostPool(t *testing.T) {
	f := newFarm(t)
	f.putHostPool("front", `{}`)
	f.enroll("h1", berth.KindAVD, "front")
	f.enroll("h2", berth.KindAVD, "")
	f.must(f.SetHostPool(f.owner, "main", "h2", "front"))
	d := control.Declare{Site: "main", Pool: "front", FullName: notesOne, Properties: []byte("{}"),
		Package: berth.Package{FamilyName: family}, Active: new(true)}
	_, _, err := f.Declare(f.owner, d)
	f.must(err)

	_, err = f.RemoveHostPool(f.owner, "main", "front", false)
	wantKind(t, err, berth.Conflict)
	existed, err := f.RemoveHostPool(f.owner, "main", "front", true)
	if err != nil || !existed {
		t.Fatalf("by force: %v, %v", existed, err)
	}
	for _, host := range []string{"h1", "h2"} {
		if h, err := f.Host(f.owner, "main", host); err != nil || h.Pool != "" {
			t.Errorf("host %s is in pool %q, %v", host, h.Pool, err)
		}
	}
	if _, _, err := f.Package(f.owner, "main", notesOne); !berth.IsNotFound(err) {
		t.Errorf("the package of the pool alone is still in the catalogue: %v", err)
	}
	f.wantChanges()
	f.apply()
}

// TestHostPoolForgetsTheOneBefore puts a host pool where another face deleted one with packages.
func TestHostPoolForgetsTheOneBefore(t *testing.T) {
	f := newFarm(t)
	f.putHostPool("front", `{}`)
	d := control.Declare{Site: "main", Pool: "front", FullName: notesOne, Properties: []byte("{}"), Package: berth.Package{FamilyName: family}}
	_, _, err := f.Declare(f.owner, d)
	f.must(err)
	f.must(f.RemovePool(f.owner, "main", "front"))
	f.apply()
	f.putHostPool("front", `{}`)
	if ds, err := f.DeclaredPackages(f.owner, "main", "front", control.DeclaredQuery{}); err != nil || len(ds) != 0 {
		t.Errorf("packages of the new host pool: %+v, %v", ds, err)
	}
}
