package control_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"berth"
	"berth/control"
	"berth/wire"
)

// previewed words a preview: "h1 Notes replace 1.0.0.0 2.0.0.0" for each host and row.
func (f *farm) previewed(q control.PreviewQuery) (lines []string, p wire.Preview) {
	f.t.Helper()
	p, err := f.Preview(f.owner, "main", q)
	f.must(err)
	version := func(s *wire.PreviewSide) string {
		if s == nil {
			return "-"
		}
		return s.Version + " by " + string(s.Level)
	}
	for _, h := range p.Hosts {
		for _, r := range p.Configurations[h.Configuration].Rows {
			lines = append(lines, fmt.Sprintf("%s %s %s %s %s", h.Host, r.DisplayName, r.Action, version(r.Before), version(r.After)))
		}
	}
	return lines, p
}

func (f *farm) wantPreview(q control.PreviewQuery, want ...string) {
	f.t.Helper()
	if got, _ := f.previewed(q); !slices.Equal(got, want) {
		f.t.Errorf("preview %+v: got %q, want %q", q, got, want)
	}
}

// TestPreview says what apply then does, for all drafts and for chosen ones, once for each configuration.
func TestPreview(t *testing.T) {
	f := newFarm(t)
	f.add("1", "Production")
	f.add("2")
	f.pool("Pool A", berth.KindRDSH)
	for _, h := range []string{"h1", "h2"} {
		f.enroll(h, berth.KindRDSH, "")
	}
	m3 := f.enroll("h3", berth.KindRDSH, "Pool A")
	f.assign(rdsh, byTag)
	f.apply()
	f.wantPreview(control.PreviewQuery{})

	_, err := f.TagPackage(f.owner, "main", fullName("2"), "Production", true)
	f.must(err)
	f.assign(poolOf("Pool A"), exactly("1"))
	_, p := f.previewed(control.PreviewQuery{})
	if p.HostCount != 2 || p.Unchanged != 1 || len(p.Configurations) != 1 || p.Configurations[0].HostCount != 2 || len(p.Changes) != 3 {
		t.Errorf("preview: %+v", p)
	}
	all := []string{"h1 Notes replace 1.0.0.0 by defaults 2.0.0.0 by defaults", "h2 Notes replace 1.0.0.0 by defaults 2.0.0.0 by defaults"}
	f.wantPreview(control.PreviewQuery{}, all...)
	f.wantPreview(control.PreviewQuery{Limit: 1}, all[0])
	f.wantPreview(control.PreviewQuery{Limit: 1, After: "H1"}, all[1])
	if _, p = f.previewed(control.PreviewQuery{Limit: 1}); p.Next != "h1" {
		t.Errorf("next is %q", p.Next)
	}
	if _, p = f.previewed(control.PreviewQuery{Limit: 1, After: "h1"}); p.Next != "" {
		t.Errorf("behind the last page comes %q", p.Next)
	}
	f.wantPreview(control.PreviewQuery{Chosen: []string{"pool/pool a"}})
	two := "package/" + berth.Fold(fullName("2"))
	f.wantPreview(control.PreviewQuery{Chosen: []string{two}}, append(all, "h3 Notes replace 1.0.0.0 by defaults 2.0.0.0 by defaults")...)
	_, err = f.Preview(f.owner, "main", control.PreviewQuery{Chosen: []string{"package/nowhere"}})
	wantKind(t, err, berth.NotFound)
	if len(f.changes()) != 3 {
		t.Errorf("looking changed the drafts: %q", f.changes())
	}
	f.apply(two)
	if m3.sync(nil); !slices.Equal(planNames(m3.plan), []string{fullName("2")}) {
		t.Errorf("the preview promised another plan than %v", planNames(m3.plan))
	}
}

// TestPreviewRefusesWhatApplyWould: a host in a pool that would not be applied.
func TestPreviewRefusesWhatApplyWould(t *testing.T) {
	f := newFarm(t)
	f.enroll("h1", berth.KindRDSH, "")
	_, err := f.AddPool(f.owner, "main", berth.Pool{Name: "Pool A", Kind: berth.KindRDSH}, false)
	f.must(err)
	f.must(f.SetHostPool(f.owner, "main", "h1", "Pool A"))
	f.add("1")
	f.assign(poolOf("Pool A"), exactly("1"))
	f.wantPreview(control.PreviewQuery{}, "h1 Notes assign - 1.0.0.0 by pool")
	_, err = f.Preview(f.owner, "main", control.PreviewQuery{Chosen: []string{"host/h1"}})
	wantKind(t, err, berth.Conflict)
}

// entry is the newest audit entry of an action.
func (f *farm) entry(action string) berth.AuditEntry {
	f.t.Helper()
	for _, e := range f.audit() {
		if e.Action == action {
			return e
		}
	}
	f.t.Fatalf("no entry %q", action)
	return berth.AuditEntry{}
}

func TestRevert(t *testing.T) {
	f := newFarm(t)
	f.add("1", "Production")
	f.apply()
	bob := as("bob", "main", berth.RoleContributor)
	_, err := f.EditPackage(f.owner, "main", notesOne, control.PackageEdit{DisplayName: new("Ours")})
	f.must(err)
	mine := f.entry("edit package")
	if got := control.Explained(mine).Changes; len(got) != 1 || got[0].Field != "displayName" || string(got[0].After) != `"Ours"` {
		t.Errorf("changes: %+v", got)
	}
	_, err = f.EditPackage(bob, "main", notesOne, control.PackageEdit{Enabled: new(false)})
	f.must(err)
	_, err = f.Revert(f.owner, "main", mine.ID, false)
	wantKind(t, err, berth.Conflict)
	if !strings.Contains(fmt.Sprint(err), "bob changed") {
		t.Errorf("the refusal does not say who: %v", err)
	}
	his := f.entry("edit package")
	r, err := f.Revert(bob, "main", his.ID, false)
	if err != nil || !r.Pending || r.Change != "package/"+berth.Fold(notesOne) {
		t.Fatalf("reverted %+v, %v", r, err)
	}
	p, _, err := f.Package(f.owner, "main", notesOne)
	if err != nil || !p.Enabled || p.DisplayName != "Ours" {
		t.Errorf("package %+v, %v", p, err)
	}
	if e := f.entry(fmt.Sprintf("revert entry %d", his.ID)); e.Actor != "bob" || string(e.After) != string(his.Before) {
		t.Errorf("the audit of the revert: %+v", e)
	}
	if r, err = f.Revert(f.owner, "main", mine.ID, true); err != nil || r.Pending {
		t.Errorf("forced: %+v, %v", r, err)
	}
	f.wantChanges()
}

// TestRevertRefuses what cannot be, and what nobody may.
func TestRevertRefuses(t *testing.T) {
	f := newFarm(t)
	f.add("1")
	added := f.entry("add package")
	f.assign(rdsh, exactly("1"))
	f.apply()
	f.enroll("h1", berth.KindRDSH, "")
	f.must(f.RetryHost(f.owner, "main", "h1"))
	created := f.audit()[len(f.audit())-1]
	for name, id := range map[string]int64{"held": added.ID, "retry": f.entry("retry").ID, "site's own": created.ID} {
		if _, err := f.Revert(f.owner, "main", id, true); berth.ErrorKind(err) != berth.Conflict || err == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := f.Revert(f.owner, "main", 9999, false)
	wantKind(t, err, berth.NotFound)
	_, err = f.Revert(as("rita", "main", berth.RoleReader), "main", added.ID, false)
	wantKind(t, err, berth.Forbidden)
	// What was deleted comes back.
	_, err = f.Unassign(f.owner, "main", rdsh, family)
	f.must(err)
	f.apply()
	f.must(f.RemovePackage(f.owner, "main", notesOne, false))
	f.apply()
	r, err := f.Revert(f.owner, "main", f.entry("delete package").ID, false)
	if err != nil || !r.Pending {
		t.Fatalf("%+v, %v", r, err)
	}
	f.wantChanges("create package/" + berth.Fold(notesOne))
	f.assign(rdsh, berth.Assignment{Version: notesOne}) // its family is known again
}

func TestTagHistoryAndRollback(t *testing.T) {
	f := newFarm(t)
	f.add("1", "Production")
	f.add("2")
	f.add("3")
	_, err := f.RollBackTag(f.owner, "main", "Production", family)
	wantKind(t, err, berth.Conflict)
	f.apply()
	for _, n := range []string{"2", "3"} {
		f.clock.pass(time.Hour)
		_, err := f.TagPackage(f.owner, "main", fullName(n), "Production", true)
		f.must(err)
		f.apply()
	}
	_, err = f.TagPackage(f.owner, "main", notesOne, "Production", true) // a draft is no history
	f.must(err)
	moves, err := f.TagHistory(f.owner, "main", "production", family, 0)
	f.must(err)
	var got []string
	for _, m := range moves {
		got = append(got, m.Previous+" > "+m.Version)
	}
	if want := []string{fullName("2") + " > " + fullName("3"), notesOne + " > " + fullName("2"), " > " + notesOne}; !slices.Equal(got, want) {
		t.Errorf("moves %q, want %q", got, want)
	}
	if moves, err = f.TagHistory(f.owner, "main", "production", "", 1); err != nil || len(moves) != 1 || len(moves[0].Entries) != 2 {
		t.Errorf("the newest: %+v, %v", moves, err)
	}
	p, err := f.RollBackTag(f.owner, "main", "Production", family)
	if err != nil || p.FullName != fullName("2") || !p.HasTag(berth.TagProduction) {
		t.Fatalf("rolled back to %+v, %v", p, err)
	}
	f.apply()
	ps, err := f.FindPackages(f.owner, "main", control.PackageQuery{Tag: "Production", Count: true})
	if err != nil || len(ps.Items) != 1 || ps.Items[0].FullName != fullName("2") || *ps.Total != 1 {
		t.Errorf("tagged: %+v, %v", ps, err)
	}
}

// TestPagesOfHosts: pages put together are the whole, whatever their size.
func TestPagesOfHosts(t *testing.T) {
	f := newFarm(t)
	f.add("1")
	f.assign(rdsh, exactly("1"))
	f.apply()
	var want []string
	for n := range 7 {
		f.enroll(fmt.Sprintf("h%d", n), map[bool]berth.HostKind{true: berth.KindRDSH, false: berth.KindVDI}[n%2 == 0], "")
		if n%2 == 0 {
			want = append(want, fmt.Sprintf("h%d", n)) // only these have a row
		}
	}
	for limit := range 6 {
		var got []string
		q := control.StatusQuery{Limit: limit}
		for more := true; more; more = q.After != "" {
			page, err := f.StatusPage(f.owner, "main", q)
			f.must(err)
			for _, r := range page.Items {
				got = append(got, r.Host)
			}
			q.After = page.Next
		}
		if !slices.Equal(got, want) {
			t.Errorf("by %d: %v, want %v", limit, got, want)
		}
	}
	sum, err := f.StatusSummary(f.owner, "main", control.StatusQuery{})
	if err != nil || sum.Hosts != 7 || sum.Rows != 4 || sum.ByStatus["Not applied"] != 4 {
		t.Errorf("summary: %+v, %v", sum, err)
	}
	hosts, err := f.FindHosts(f.owner, "main", control.HostsQuery{Status: "not APPLIED", Limit: 2, Count: true})
	if err != nil || len(hosts.Items) != 2 || hosts.Next != "h2" || *hosts.Total != 7 {
		t.Errorf("hosts: %+v, %v", hosts, err)
	}
	_, err = f.FindHosts(f.owner, "main", control.HostsQuery{Status: "Redy"})
	wantKind(t, err, berth.Invalid)
}

func TestEvents(t *testing.T) {
	f := newFarm(t)
	_, _, err := f.Listen(as("eve", "other", berth.RoleOwner), "main")
	wantKind(t, err, berth.Forbidden)
	_, _, err = f.Listen(context.Background(), "main")
	wantKind(t, err, berth.Unauthenticated)
	events, done, err := f.Listen(f.owner, "MAIN")
	f.must(err)
	_, err = f.CreateSite(f.owner, berth.Site{Name: "Other"})
	f.must(err)
	_, err = f.EditSettings(f.owner, "other", control.SettingsEdit{Enabled: new(false)}) // is nobody's business here
	f.must(err)
	f.add("1")
	generation := f.apply()
	m := f.enroll("h1", berth.KindRDSH, "")
	m.sync(nil)
	m.report(nil)
	done()
	var got []string
	last := int64(0)
	for e := range events {
		if e.ID <= last {
			t.Errorf("event %d comes behind %d", e.ID, last)
		}
		last = e.ID
		if e.Kind == wire.EventApply && e.Generation < generation || e.Kind == wire.EventObject && e.Action == "add package" && e.Revision != 1 {
			t.Errorf("event %+v", e)
		}
		got = append(got, strings.Join(strings.Fields(e.Kind+" "+e.Action+" "+e.Key), " "))
	}
	want := []string{"hello", "object add package " + berth.Fold(notesOne), "object apply " + berth.Fold(notesOne), "apply"}
	if len(got) < len(want) || !slices.Equal(got[:4], want) || got[len(got)-1] != "host h1" {
		t.Errorf("events %q, want %q and then of the host", got, want)
	}
}

// TestSlowListener: one who does not keep up is told so and let go; nobody waits for him.
func TestSlowListener(t *testing.T) {
	f := newFarm(t)
	slow, done, err := f.Listen(f.owner, "main")
	f.must(err)
	defer done()
	for n := range 400 {
		_, err := f.EditSettings(f.owner, "main", control.SettingsEdit{Enabled: new(n%2 == 0)})
		f.must(err)
	}
	var last wire.Event
	n := 0
	for e := range slow {
		last, n = e, n+1
	}
	if last.Kind != wire.EventDropped || n > 300 {
		t.Errorf("%d events, the last %+v", n, last)
	}
	if _, err := json.Marshal(last); err != nil {
		t.Error(err)
	}
}

// TestMatrixFilters: the table of hosts and packages, and its summary, by kind, pool, name, family and status together.
func TestMatrixFilters(t *testing.T) {
	f := newFarm(t)
	f.add("1")
	f.pool("Pool A", berth.KindRDSH)
	for _, h := range []control.Holder{rdsh, {Defaults: berth.KindVDI}} {
		f.assign(h, exactly("1"))
	}
	f.apply()
	f.enroll("a1", berth.KindRDSH, "Pool A").settle()
	f.enroll("a2", berth.KindRDSH, "Pool A")
	f.enroll("r1", berth.KindRDSH, "").settle("ada")
	f.enroll("v1", berth.KindVDI, "").settle()
	for name, tt := range map[string]struct {
		query control.StatusQuery
		want  []string
	}{
		"all":             {control.StatusQuery{}, []string{"a1 Ready", "a2 Not applied", "r1 In use", "v1 Ready"}},
		"kind":            {control.StatusQuery{Kind: "RDSH"}, []string{"a1 Ready", "a2 Not applied", "r1 In use"}},
		"pool":            {control.StatusQuery{Pool: "POOL a"}, []string{"a1 Ready", "a2 Not applied"}},
		"status":          {control.StatusQuery{Status: "ready"}, []string{"a1 Ready", "v1 Ready"}},
		"status and kind": {control.StatusQuery{Status: "Ready", Kind: "vdi"}, []string{"v1 Ready"}},
		"status and name": {control.StatusQuery{Status: "Ready", Search: "A"}, []string{"a1 Ready"}},
		"family":          {control.StatusQuery{Family: strings.ToUpper(family), Search: "2"}, []string{"a2 Not applied"}},
		"no such family":  {control.StatusQuery{Family: "x_y"}, nil},
		"host":            {control.StatusQuery{Host: "R1", Status: "in use"}, []string{"r1 In use"}},
	} {
		var got []string
		q := tt.query
		q.Limit = 1
		for more := true; more; more = q.After != "" {
			page, err := f.StatusPage(f.owner, "main", q)
			f.must(err)
			for _, r := range page.Items {
				got = append(got, r.Host+" "+string(r.Status.Name))
			}
			q.After = page.Next
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
		if sum, err := f.StatusSummary(f.owner, "main", tt.query); err != nil || sum.Rows != len(tt.want) {
			t.Errorf("%s: the summary counts %+v, %v", name, sum, err)
		}
	}
	_, err := f.StatusPage(f.owner, "main", control.StatusQuery{Kind: "toaster"})
	wantKind(t, err, berth.Invalid)
}
