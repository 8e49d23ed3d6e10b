package control_test

import (
	"context"
	"slices"
	"testing"

	"berth"
	"berth/control"
	"berth/wire"
)

const runtimeFamily = "Contoso.Runtime_abc"

func needsRuntime(p *berth.Package) {
	p.Dependencies = []berth.Dependency{{Name: "Contoso.Runtime", MinVersion: "2.0.0.0", FamilyName: runtimeFamily},
		{Name: "Other.Runtime", MinVersion: "1.0.0.0", FamilyName: "Other.Runtime_abc"}}
}

// runtime adds a framework of that version and architecture.
func (f *farm) runtime(version, arch string) string {
	f.t.Helper()
	v, err := berth.ParseVersion(version)
	f.must(err)
	p := berth.Package{FullName: "Contoso.Runtime_" + version + "_" + arch + "__abc", FamilyName: runtimeFamily, Name: "Contoso.Runtime",
		Version: v, Architecture: arch, Framework: true, DisplayName: "Runtime", ImagePath: "runtime " + version + arch}
	f.shelf.mu.Lock()
	f.shelf.images[p.ImagePath] = []berth.Package{p}
	f.shelf.mu.Unlock()
	_, err = f.AddPackage(f.owner, control.NewPackage{Site: "main", ImagePath: p.ImagePath})
	f.must(err)
	return p.FullName
}

func checks(cs []berth.DependencyCheck) (out []string) {
	for _, c := range cs {
		out = append(out, string(c.State)+" "+c.Name+" "+c.FullName)
	}
	return out
}

// TestDependenciesOfAssignment: assigning tells of all dependencies, as the hosts that take the list would plan them.
func TestDependenciesOfAssignment(t *testing.T) {
	f := newFarm(t)
	p := f.addOf("1", needsRuntime)
	assign := func(h control.Holder, a berth.Assignment, want ...string) {
		t.Helper()
		out, err := f.Assign(f.owner, "main", h, a)
		f.must(err)
		if got := checks(out.Dependencies); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", h, got, want)
		}
	}
	const missing = "missing Other.Runtime "
	assign(rdsh, exactly("1"), "missing Contoso.Runtime ", missing)
	old := f.runtime("1.0.0.0", "x64")
	assign(rdsh, exactly("1"), "inCatalogue Contoso.Runtime ", missing)
	arm := f.runtime("3.0.0.0", "arm64")
	assign(rdsh, exactly("1"), "satisfied Contoso.Runtime "+arm, missing) // no host yet that it does not fit
	f.enroll("h1", berth.KindRDSH, "")
	assign(rdsh, exactly("1"), "inCatalogue Contoso.Runtime ", missing)
	assign(control.Holder{Defaults: berth.KindVDI}, exactly("1"), "satisfied Contoso.Runtime "+arm, missing) // h1 takes nothing from there
	good := f.runtime("2.0.0.0", "x64")
	assign(hostOf("h1"), exactly("1"), "satisfied Contoso.Runtime "+good, missing)
	// h1 has a list of its own now: the defaults are not asked.
	assign(rdsh, exactly("1"), "satisfied Contoso.Runtime "+good, missing)

	if cs, err := f.Dependencies(f.owner, "main", p.FullName); err != nil || !slices.Equal(checks(cs), []string{"satisfied Contoso.Runtime " + good, missing}) {
		t.Errorf("of the package: %q, %v", checks(cs), err)
	}
	_, err := f.EditPackage(f.owner, "main", good, control.PackageEdit{Enabled: new(false)})
	f.must(err)
	assign(hostOf("h1"), exactly("1"), "inCatalogue Contoso.Runtime ", missing)
	_, err = f.Dependencies(f.owner, "main", "Other_1")
	wantKind(t, err, berth.NotFound)
	if out, err := f.Unassign(f.owner, "main", hostOf("h1"), family); err != nil || len(out.Dependencies) > 0 {
		t.Errorf("unassigned: %+v, %v", out, err)
	}
	// A framework that is planned for others is held by them.
	_, err = f.EditPackage(f.owner, "main", good, control.PackageEdit{Enabled: new(true)})
	f.must(err)
	f.assign(hostOf("h1"), exactly("1"))
	f.wantHeld(good, "h1 - > :  needed by "+p.FullName)
	f.wantHeld(old)
}

// TestDependenciesWorst: where hosts differ, the worst is told.
func TestDependenciesWorst(t *testing.T) {
	f := newFarm(t)
	f.addOf("1", func(p *berth.Package) { needsRuntime(p); p.Architecture = "neutral" })
	f.pool("Mixed", berth.KindRDSH)
	f.runtime("2.0.0.0", "x64")
	for name, arch := range map[string]string{"h1": "x64", "h2": "x86", "h3": "x64"} {
		m := f.enroll(name, berth.KindRDSH, "Mixed")
		_, err := f.Sync(context.Background(), m.id, m.serial, wire.SyncRequest{Protocol: wire.Protocol, Facts: &berth.Facts{Architecture: arch, Build: 19045}})
		f.must(err)
	}
	out, err := f.Assign(f.owner, "main", poolOf("mixed"), exactly("1"))
	f.must(err)
	if got := checks(out.Dependencies); !slices.Equal(got, []string{"inCatalogue Contoso.Runtime ", "missing Other.Runtime "}) {
		t.Errorf("got %q", got)
	}
}
