package control_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"berth"
	"berth/control"
)

// TestDraftApplyPlan is the way of a change: drafted, it reaches nobody; applied, it reaches those it means.
func TestDraftApplyPlan(t *testing.T) {
	f := newFarm(t)
	f.add("1", "Production")
	m := f.enroll("h1", berth.KindRDSH, "")
	m.sync(nil)
	f.assign(rdsh, byTag)
	f.wantStatuses("h1", "1: Not applied")
	generation := m.held.Generation
	if out := m.sync(nil); out.Plan != nil || out.Generation != generation {
		t.Errorf("a draft reached the host: %+v", out)
	}
	applied, generation, err := f.Apply(f.owner, "main", nil)
	f.must(err)
	if len(applied) != 2 || generation != m.held.Generation+1 {
		t.Errorf("applied %d changes as generation %d", len(applied), generation)
	}
	f.wantStatuses("h1", "1: Not applied") // the host does not hold it yet
	out := m.sync(nil)
	if out.Plan == nil || out.Generation != generation || out.Plan.Generation != generation || !slices.Equal(planNames(m.plan), []string{notesOne}) {
		t.Fatalf("the plan: %+v", out)
	}
	m.sync(nil)
	f.wantStatuses("h1", "1: Not applied") // held, and under way
	m.report(nil, notesOne)
	f.wantStatuses("h1", "1: Ready")
	m.report([]string{"ada"}, notesOne)
	f.wantStatuses("h1", "1: In use")
	if _, again, err := f.Apply(f.owner, "main", nil); err != nil || again != generation {
		t.Errorf("an apply of nothing: generation %d, %v", again, err)
	}
	rows, err := f.Statuses(f.owner, "main", control.StatusQuery{Family: "contoso.NOTES_abc", Status: "in USE"})
	f.must(err)
	if len(rows) != 1 || rows[0].Selector != "tag Production" || rows[0].DisplayName != "Notes" || rows[0].Version != "1.0.0.0" || rows[0].Sessions != 1 {
		t.Errorf("rows: %+v", rows)
	}
	if rows, err = f.Statuses(f.owner, "main", control.StatusQuery{Status: "Ready"}); err != nil || len(rows) != 0 {
		t.Errorf("rows that are Ready: %+v, %v", rows, err)
	}
	_, err = f.Statuses(f.owner, "main", control.StatusQuery{Status: "Redy"})
	wantKind(t, err, berth.Invalid)
	views, err := f.Hosts(f.owner, "main", "", 0)
	if err != nil || len(views) != 1 || views[0].Counts["In use"] != 1 {
		t.Errorf("hosts: %+v, %v", views, err)
	}
}

// TestMoveTag takes a tag to another version while a session goes on: new sessions get the new one, the old one waits.
func TestMoveTag(t *testing.T) {
	f := newFarm(t)
	f.add("1", "Production")
	f.add("2")
	f.assign(rdsh, byTag)
	f.apply()
	m := f.enroll("h1", berth.KindRDSH, "")
	m.settle("ada")
	_, err := f.TagPackage(f.owner, "main", fullName("2"), "Production", true)
	f.must(err)
	f.wantStatuses("h1", "1: Not applied")
	f.apply()
	if m.sync(nil); !slices.Equal(planNames(m.plan), []string{fullName("2")}) {
		t.Errorf("planned: %v", planNames(m.plan))
	}
	m.report([]string{"ada"}, notesOne)
	f.wantStatuses("h1", "1: Disabling", "2: Not applied")
	m.report(nil, fullName("2"))
	f.wantStatuses("h1", "2: Ready")
}

func TestApplyChosen(t *testing.T) {
	f := newFarm(t)
	f.add("1")
	f.add("2")
	f.assign(rdsh, exactly("1"))
	_, _, err := f.Apply(f.owner, "main", []string{"package/" + notesOne, "package/nowhere"})
	wantKind(t, err, berth.NotFound)
	if len(f.changes()) != 3 {
		t.Errorf("a refused apply changed something: %q", f.changes())
	}
	f.apply("PACKAGE/" + notesOne)
	f.wantChanges("create package/"+berth.Fold(fullName("2")), "update defaults/rdsh")
	m := f.enroll("h1", berth.KindRDSH, "")
	if m.sync(nil); len(m.plan.Packages) != 0 {
		t.Errorf("an assignment that is a draft is planned: %v", planNames(m.plan))
	}
	dropped, err := f.Discard(f.owner, "main", []string{"package/" + fullName("2")})
	if err != nil || len(dropped) != 1 {
		t.Errorf("discarded %v, %v", dropped, err)
	}
	f.wantChanges("update defaults/rdsh")
	_, err = f.Discard(f.owner, "main", []string{"package/" + fullName("2")})
	wantKind(t, err, berth.NotFound)
	f.apply("defaults/rdsh")
	if m.sync(nil); !slices.Equal(planNames(m.plan), []string{notesOne}) {
		t.Errorf("planned: %v", planNames(m.plan))
	}
}

// TestApplyKeepsHostsInKnownPools: what would leave a host in a pool that hosts cannot see is refused, and nothing changes.
func TestApplyKeepsHostsInKnownPools(t *testing.T) {
	f := newFarm(t)
	f.enroll("h1", berth.KindRDSH, "")
	_, err := f.AddPool(f.owner, "main", berth.Pool{Name: "Pool A", Kind: berth.KindRDSH}, false)
	f.must(err)
	f.must(f.SetHostPool(f.owner, "main", "h1", "Pool A"))
	before, err := f.Site(f.owner, "main")
	f.must(err)
	_, _, err = f.Apply(f.owner, "main", []string{"host/h1"})
	wantKind(t, err, berth.Conflict)
	f.wantChanges("update host/h1", "create pool/pool a")
	if after, _ := f.Site(f.owner, "main"); after.Generation != before.Generation {
		t.Errorf("generation %d became %d", before.Generation, after.Generation)
	}
	f.apply("host/h1", "pool/pool a")
	f.wantChanges()
}

func TestDiscard(t *testing.T) {
	f := newFarm(t)
	f.add("1")
	f.apply()
	f.add("2")
	f.assign(rdsh, exactly("2"))
	f.must(f.RemovePackage(f.owner, "main", notesOne, false))
	dropped, err := f.Discard(f.owner, "main", nil)
	if err != nil || len(dropped) != 3 {
		t.Errorf("discarded %v, %v", dropped, err)
	}
	f.wantChanges()
	ps, err := f.Packages(f.owner, "main", "", 0)
	if err != nil || len(ps) != 1 || ps[0].FullName != notesOne {
		t.Errorf("packages: %v, %v", ps, err)
	}
}

// TestConcurrentEdits: many at once lose nothing, and a revision lets only one of them through.
func TestConcurrentEdits(t *testing.T) {
	f := newFarm(t)
	const writers = 12
	for n := range writers {
		f.image(fmt.Sprint(n + 1))
	}
	var all sync.WaitGroup
	for n := range writers {
		all.Go(func() {
			ctx := as(fmt.Sprintf("admin%d", n), "main", berth.RoleContributor)
			p, err := f.AddPackage(ctx, control.NewPackage{Site: "main", ImagePath: fmt.Sprintf(`\\files\msix\notes-%d.vhdx`, n+1)})
			if err != nil {
				t.Error(err)
				return
			}
			if _, _, err := f.Apply(ctx, "main", []string{"package/" + p.FullName}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	f.wantChanges()
	if ps, err := f.Packages(f.owner, "main", "", 0); err != nil || len(ps) != writers {
		t.Errorf("%d packages, %v", len(ps), err)
	}
	if site, _ := f.Site(f.owner, "main"); site.Generation != writers+1 {
		t.Errorf("generation %d after %d applies", site.Generation, writers)
	}

	_, revision, err := f.Package(f.owner, "main", notesOne)
	f.must(err)
	passed := make(chan string, writers)
	for n := range writers {
		all.Go(func() {
			name := fmt.Sprint("name ", n)
			_, err := f.EditPackage(f.owner, "main", notesOne, control.PackageEdit{DisplayName: &name, Expect: revision})
			if err == nil {
				passed <- name
			} else if berth.ErrorKind(err) != berth.Precondition {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if p, _, _ := f.Package(f.owner, "main", notesOne); len(passed) != 1 || p.DisplayName != <-passed {
		t.Errorf("%d edits of one revision passed; the name is %q", len(passed), p.DisplayName)
	}
}

// TestAudit: every write is there, with who, by which way, and what it was before and became.
func TestAudit(t *testing.T) {
	f := newFarm(t)
	before := len(f.audit())
	f.add("1")
	_, err := f.EditPackage(as("ada", "main", berth.RoleContributor), "main", notesOne, control.PackageEdit{DisplayName: new("Renamed")})
	f.must(err)
	f.apply()
	entries := f.audit()
	if len(entries)-before != 3 {
		t.Fatalf("%d entries for three writes", len(entries)-before)
	}
	var actions []string
	for _, e := range entries[:3] {
		actions = append(actions, e.Actor+" "+e.Face+" "+e.Action+" "+e.Kind)
	}
	if want := []string{"olga cli apply package", "ada cli edit package package", "olga cli add package package"}; !slices.Equal(actions, want) {
		t.Errorf("got %q, want %q", actions, want)
	}
	edit := entries[1]
	if !strings.Contains(string(edit.Before), `"Notes"`) || !strings.Contains(string(edit.After), `"Renamed"`) || edit.ID <= entries[2].ID {
		t.Errorf("the edit: %+v", edit)
	}
	older, err := f.Audit(f.owner, berth.AuditQuery{Site: "main", Before: edit.ID, Limit: 1, Kind: "package", Key: notesOne})
	if err != nil || len(older) != 1 || older[0].ID != entries[2].ID {
		t.Errorf("older entries: %+v, %v", older, err)
	}
}

func TestSettings(t *testing.T) {
	f := newFarm(t)
	f.add("1")
	f.assign(rdsh, exactly("1"))
	f.apply()
	m := f.enroll("h1", berth.KindRDSH, "")
	m.settle()
	set, err := f.EditSettings(f.owner, "main", control.SettingsEdit{Enabled: new(false)})
	if err != nil || set.Enabled || !set.ProvisionCertificates {
		t.Errorf("settings: %+v, %v", set, err)
	}
	f.wantStatuses("h1", "1: Not applied")
	f.apply()
	if m.sync(nil); len(m.plan.Packages) != 0 {
		t.Errorf("switched off, planned: %v", planNames(m.plan))
	}
	f.wantStatuses("h1", "1: Disabling")
	if got, _, err := f.Settings(context.WithoutCancel(f.owner), "MAIN"); err != nil || got.Enabled {
		t.Errorf("settings: %+v, %v", got, err)
	}
}
