package control_test

import (
	"slices"
	"testing"

	"berth"
	"berth/control"
)

func versions(as []berth.Assignment) (out []string) {
	for _, a := range as {
		out = append(out, a.Version+string(a.Tag))
	}
	return out
}

// TestAssignInherits: a host's own list starts with what it inherited, a pool's too.
func TestAssignInherits(t *testing.T) {
	f := newFarm(t)
	f.pool("Pool A", berth.KindRDSH)
	f.add("1", "Production")
	other := `\\files\msix\other.vhdx`
	f.shelf.images[other] = []berth.Package{{FullName: "Other.App_1.0.0.0_x64__abc", FamilyName: "Other.App_abc", Architecture: "x64", ImagePath: other}}
	_, err := f.AddPackage(f.owner, control.NewPackage{Site: "main", ImagePath: other})
	f.must(err)
	m := f.enroll("h1", berth.KindRDSH, "Pool A")
	f.assign(rdsh, byTag)
	f.apply()
	m.settle()
	f.wantStatuses("h1", "1: Ready")

	appOnly := berth.Assignment{Version: "Other.App_1.0.0.0_x64__abc", Registration: berth.OnDemand}
	out, err := f.Assign(f.owner, "main", hostOf("H1"), appOnly)
	f.must(err)
	if out.Inherit || !slices.Equal(versions(out.Assignments), []string{"production", "Other.App_1.0.0.0_x64__abc"}) {
		t.Errorf("own list of the host: %+v", out)
	}
	// A list of its own without a change of its own: the row of the first family stays as it was.
	f.wantStatuses("h1", "1: Ready", "Other: Not applied")
	out, err = f.Inherit(f.owner, "main", hostOf("h1"), true)
	f.must(err)
	if !out.Inherit || len(out.Assignments) != 0 {
		t.Errorf("inheriting again: %+v", out)
	}
	f.wantChanges()
	out, err = f.Inherit(f.owner, "main", poolOf("pool a"), false)
	f.must(err)
	if out.Inherit || !slices.Equal(versions(out.Assignments), []string{"production"}) {
		t.Errorf("own list of the pool: %+v", out)
	}
	out, err = f.Assign(f.owner, "main", poolOf("pool a"), exactly("1"))
	f.must(err)
	if !slices.Equal(versions(out.Assignments), []string{notesOne}) {
		t.Errorf("one row of a family: %+v", out)
	}
	f.apply()
	_, err = f.Unassign(f.owner, "main", poolOf("Pool A"), family)
	f.must(err)
	f.apply() // the empty list of the pool is in force, not that of the site defaults
	m.sync(nil)
	if got := planNames(m.plan); len(got) != 0 {
		t.Errorf("planned: %v", got)
	}
	f.wantStatuses("h1", "1: Disabling")
}

func TestAssignRefusals(t *testing.T) {
	f := newFarm(t)
	f.add("1")
	f.pool("Pool A", berth.KindRDSH)
	f.enroll("h1", berth.KindRDSH, "")
	tests := map[string]struct {
		h    control.Holder
		a    berth.Assignment
		want berth.Kind
	}{
		"no selector":    {rdsh, berth.Assignment{Family: family}, berth.Invalid},
		"two selectors":  {rdsh, berth.Assignment{Family: family, Tag: "custom", Version: notesOne}, berth.Invalid},
		"no such tag":    {rdsh, berth.Assignment{Family: family, Tag: "gold"}, berth.NotFound},
		"no such family": {rdsh, berth.Assignment{Family: "Fabrikam_x", Tag: "custom"}, berth.NotFound},
		"no family":      {rdsh, berth.Assignment{Tag: "custom"}, berth.Invalid},
		"no version":     {rdsh, exactly("9"), berth.NotFound},
		"no mode":        {rdsh, berth.Assignment{Version: notesOne, Registration: "never"}, berth.Invalid},
		"no host":        {hostOf("h9"), exactly("1"), berth.NotFound},
		"no pool":        {poolOf("Pool Z"), exactly("1"), berth.NotFound},
		"no kind":        {control.Holder{Defaults: "mainframe"}, exactly("1"), berth.Invalid},
		"nobody":         {control.Holder{}, exactly("1"), berth.Invalid},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := f.Assign(f.owner, "main", tt.h, tt.a)
			wantKind(t, err, tt.want)
		})
	}
	_, err := f.Unassign(f.owner, "main", rdsh, family)
	wantKind(t, err, berth.NotFound)
	f.assign(rdsh, exactly("1"))
	_, err = f.Unassign(f.owner, "main", hostOf("h1"), family) // inherited, not its own
	wantKind(t, err, berth.NotFound)
	_, err = f.Inherit(f.owner, "main", rdsh, true)
	wantKind(t, err, berth.Invalid)
	out, err := f.Assign(f.owner, "main", rdsh, berth.Assignment{Version: "CONTOSO.NOTES_1.0.0.0_X64__ABC"})
	f.must(err)
	if a := out.Assignments[0]; a.Version != notesOne || a.Family != family || a.Registration != berth.AtLogon {
		t.Errorf("filled in: %+v", a)
	}
}

func TestPools(t *testing.T) {
	f := newFarm(t)
	for _, name := range []string{"", "ab", "   ", " abc", "abc ", "a/b", "ümlaut", string(make([]byte, 65))} {
		_, err := f.AddPool(f.owner, "main", berth.Pool{Name: name, Kind: berth.KindVDI}, false)
		wantKind(t, err, berth.Invalid)
	}
	_, err := f.AddPool(f.owner, "main", berth.Pool{Name: "Pool A", Kind: "mainframe"}, false)
	wantKind(t, err, berth.Invalid)
	f.pool("Pool A", berth.KindRDSH)
	f.pool("Pool V", berth.KindVDI)
	_, err = f.AddPool(f.owner, "main", berth.Pool{Name: "pool a", Kind: berth.KindRDSH}, false)
	wantKind(t, err, berth.Conflict)
	f.enroll("h1", berth.KindRDSH, "")
	wantKind(t, f.SetHostPool(f.owner, "main", "h1", "Pool V"), berth.Invalid)
	wantKind(t, f.SetHostPool(f.owner, "main", "h1", "Pool Z"), berth.NotFound)
	wantKind(t, f.SetHostPool(f.owner, "main", "h9", "Pool A"), berth.NotFound)
	f.must(f.SetHostPool(f.owner, "main", "h1", "POOL A"))
	wantKind(t, f.RemovePool(f.owner, "main", "pool a"), berth.Conflict)
	v, err := f.Host(f.owner, "main", "H1")
	if err != nil || v.Pool != "Pool A" || v.Name != "h1" {
		t.Errorf("the host as drafted: %+v, %v", v, err)
	}
	f.must(f.SetHostPool(f.owner, "main", "h1", ""))
	f.wantChanges()
	f.must(f.RemovePool(f.owner, "main", "pool a"))
	wantKind(t, f.RemovePool(f.owner, "main", "pool a"), berth.NotFound)
	f.apply()
	ps, err := f.Pools(f.owner, "main")
	if err != nil || len(ps) != 1 || ps[0].Name != "Pool V" {
		t.Errorf("pools: %+v, %v", ps, err)
	}
}
