package control_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"berth"
	"berth/control"
)

var eight = []berth.StatusName{"No version found", "Not applied", "Certificate missing", "Not found", "Staging failed", "Disabling", "In use", "Ready"}

// draft is what a model of the farm holds in one view.
type draft struct {
	packages map[string]string            // display name by full name
	tags     map[string]string            // full names that carry Production, sorted, by family
	lists    map[string]map[string]string // selector by family, of holders with a list of their own; absent: it inherits
	pool     string                       // of host h2
}

func (d draft) copy() draft {
	c := draft{maps.Clone(d.packages), maps.Clone(d.tags), map[string]map[string]string{}, d.pool}
	for holder, list := range d.lists {
		c.lists[holder] = maps.Clone(list)
	}
	return c
}

// life is a farm over a real database beside a simple model of what was acknowledged.
type life struct {
	*farm
	r       *rapid.T
	hosts   []*machine
	drafted draft
	applied draft
	written int // writes acknowledged since the audit was counted
	audited int
}

// holders that the model knows; site defaults have no level above them.
var holders = map[string]control.Holder{"defaults": rdsh, "Pool A": poolOf("Pool A"), "Pool B": poolOf("Pool B"), "h1": hostOf("h1"), "h2": hostOf("h2"), "h3": hostOf("h3")}

// works are two families in three versions each.
var works = []string{"Contoso.Notes", "Contoso.Draw"}

func work(family string, n int) string { return fmt.Sprintf("%s_%d.0.0.0_x64__abc", family, n) }

func newLife(t *testing.T, r *rapid.T) *life {
	l := &life{farm: newFarm(t), r: r, drafted: draft{map[string]string{}, map[string]string{}, map[string]map[string]string{"defaults": {}}, ""}}
	for _, family := range works {
		for n := 1; n <= 3; n++ {
			path := fmt.Sprintf(`\\files\msix\%s-%d.vhdx`, family, n)
			l.shelf.images[path] = []berth.Package{{FullName: work(family, n), FamilyName: family + "_abc", Name: family, Version: berth.Version{uint16(n)},
				Architecture: "x64", DisplayName: family, ImagePath: path, RelativePath: "p", Observed: &berth.Observation{}}}
		}
	}
	l.pool("Pool A", berth.KindRDSH)
	l.pool("Pool B", berth.KindRDSH)
	l.hosts = append(l.hosts, l.enroll("h1", berth.KindRDSH, "Pool A"), l.enroll("h2", berth.KindRDSH, ""), l.enroll("h3", berth.KindRDSH, "Pool A"))
	l.begin()
	l.audited = len(l.audit())
	return l
}

// begin makes a farm in which something is in force, so that a short life can change it: two versions that carry the tag,
// assigned by it to all.
func (l *life) begin() {
	for _, family := range works {
		for n := 1; n <= 2; n++ {
			_, err := l.AddPackage(l.owner, control.NewPackage{Site: "main", ImagePath: fmt.Sprintf(`\\files\msix\%s-%d.vhdx`, family, n), Tags: []string{"Production"}})
			l.must(err)
			l.drafted.packages[work(family, n)] = family
		}
		l.drafted.tags[family] = work(family, 1) + " " + work(family, 2)
		l.assign(rdsh, berth.Assignment{Family: family + "_abc", Tag: berth.TagProduction})
		l.drafted.lists["defaults"][family+"_abc"] = string(berth.TagProduction)
	}
	l.apply()
	l.applied = l.drafted.copy()
	for _, m := range l.hosts {
		m.settle()
	}
}

// acknowledged counts a write that was done; one that was refused must have been refused for a reason that administrators know.
func (l *life) acknowledged(err error, then func()) {
	l.t.Helper()
	if err == nil {
		l.written++
		then()
		return
	}
	if k := berth.ErrorKind(err); k != berth.Conflict && k != berth.NotFound {
		l.r.Fatalf("%v", err)
	}
}

func (l *life) some(label string, of ...string) string { return rapid.SampledFrom(of).Draw(l.r, label) }

func (l *life) one() (family string, n int, fullName string) {
	family, n = l.some("family", works...), rapid.IntRange(1, 3).Draw(l.r, "version")
	return family, n, work(family, n)
}

func (l *life) holder() (string, control.Holder) {
	key := l.some("holder", "defaults", "Pool A", "Pool B", "h1", "h2", "h3")
	return key, holders[key]
}

// steps are what can happen to the farm.
func (l *life) steps() map[string]func(*rapid.T) {
	steps := map[string]func(){"add": l.addOne, "rename": l.renameOne, "remove": l.removeOne, "tag": l.tagOne, "untag": l.untagOne,
		"assign": l.assignOne, "unassign": l.unassignOne, "inherit": l.inheritOne, "move host": l.moveHost,
		"apply": l.applyAll, "discard": l.discardAll, "report": l.report, "restart": l.restart, "crash": l.crash}
	out := map[string]func(*rapid.T){"": func(r *rapid.T) { l.r = r; l.check() }}
	for name, do := range steps {
		out[name] = func(r *rapid.T) {
			l.r = r
			l.clock.pass(time.Second)
			do()
		}
	}
	return out
}

func (l *life) addOne() {
	family, n, name := l.one()
	_, err := l.AddPackage(l.owner, control.NewPackage{Site: "main", ImagePath: fmt.Sprintf(`\\files\msix\%s-%d.vhdx`, family, n)})
	l.acknowledged(err, func() { l.drafted.packages[name] = family })
}

func (l *life) renameOne() {
	_, _, name := l.one()
	to := fmt.Sprint("name ", rapid.IntRange(0, 2).Draw(l.r, "name"))
	_, err := l.EditPackage(l.owner, "main", name, control.PackageEdit{DisplayName: &to})
	l.acknowledged(err, func() { l.drafted.packages[name] = to })
}

func (l *life) removeOne() {
	family, _, name := l.one()
	l.acknowledged(l.RemovePackage(l.owner, "main", name, false), func() {
		delete(l.drafted.packages, name)
		l.carry(family, func(names []string) []string {
			return slices.DeleteFunc(names, func(o string) bool { return o == name })
		})
	})
}

// carry changes who carries the tag in the model.
func (l *life) carry(family string, fn func([]string) []string) {
	names := slices.Sorted(slices.Values(fn(strings.Fields(l.drafted.tags[family]))))
	l.drafted.tags[family] = strings.Join(slices.Compact(names), " ")
}

func (l *life) tagOne() {
	family, _, name := l.one()
	move := rapid.Bool().Draw(l.r, "move")
	before := len(l.audit())
	_, err := l.TagPackage(l.owner, "main", name, "Production", move)
	l.acknowledged(err, func() {
		l.written += len(l.audit()) - before - 1 // a move writes its siblings too
		l.carry(family, func(names []string) []string {
			if move {
				names = nil
			}
			return append(names, name)
		})
	})
}

func (l *life) untagOne() {
	family, _, name := l.one()
	_, err := l.UntagPackage(l.owner, "main", name, "Production")
	l.acknowledged(err, func() {
		l.carry(family, func(names []string) []string {
			return slices.DeleteFunc(names, func(o string) bool { return o == name })
		})
	})
}

// own gives the holder a list of its own in the model, which begins as what it inherits.
func (d draft) own(key string) map[string]string {
	if d.lists[key] == nil {
		d.lists[key] = maps.Clone(d.above(key))
	}
	return d.lists[key]
}

// above is the list that a holder inherits.
func (d draft) above(key string) map[string]string {
	pool := map[string]string{"h1": "Pool A", "h2": d.pool, "h3": "Pool A"}[key]
	if list, ok := d.lists[pool]; ok {
		return list
	}
	return d.lists["defaults"]
}

func (l *life) assignOne() {
	key, h := l.holder()
	family, _, name := l.one()
	a := berth.Assignment{Version: name}
	if rapid.Bool().Draw(l.r, "by tag") {
		a = berth.Assignment{Family: family + "_abc", Tag: berth.TagProduction}
	}
	_, err := l.Assign(l.owner, "main", h, a)
	l.acknowledged(err, func() { l.drafted.own(key)[family+"_abc"] = a.Version + string(a.Tag) })
}

func (l *life) unassignOne() {
	key, h := l.holder()
	family := l.some("family", works...) + "_abc"
	_, err := l.Unassign(l.owner, "main", h, family)
	l.acknowledged(err, func() { delete(l.drafted.lists[key], family) })
}

func (l *life) inheritOne() {
	key := l.some("holder", "Pool A", "Pool B", "h1", "h2", "h3")
	on := rapid.Bool().Draw(l.r, "inherit")
	_, err := l.Inherit(l.owner, "main", holders[key], on)
	l.acknowledged(err, func() {
		if on {
			delete(l.drafted.lists, key)
			return
		}
		l.drafted.own(key)
	})
}

func (l *life) moveHost() {
	pool := l.some("pool", "", "Pool A", "Pool B")
	l.acknowledged(l.SetHostPool(l.owner, "main", "h2", pool), func() { l.drafted.pool = pool })
}

func (l *life) applyAll() {
	cs, _, err := l.Apply(l.owner, "main", nil)
	l.acknowledged(err, func() { l.applied = l.drafted.copy(); l.written += len(cs) - 1 })
}

func (l *life) discardAll() {
	cs, err := l.Discard(l.owner, "main", nil)
	l.acknowledged(err, func() { l.drafted = l.applied.copy(); l.written += len(cs) - 1 })
}

// report lets a host take up its plan, fail at it, or keep what it had, with sessions or without.
func (l *life) report() {
	m := l.hosts[rapid.IntRange(0, len(l.hosts)-1).Draw(l.r, "host")]
	m.f = l.farm
	m.sync(nil)
	facts := berth.Facts{Architecture: "x64", Build: 20348, At: l.clock.now()}
	for _, family := range works {
		for n := 1; n <= 3; n++ {
			p := berth.PackageFacts{FullName: work(family, n), FamilyName: family + "_abc", Since: l.clock.now()}
			switch l.some("state", "absent", "absent", "staged", "used", "failed") {
			case "absent":
				continue
			case "used":
				p.Sessions = []berth.Registered{{Session: "1", User: "ada", Since: l.clock.now()}}
				fallthrough
			case "staged":
				p.Staged, p.Attached = true, true
			case "failed":
				p.Failure = &berth.Failure{Phase: berth.Phase(l.some("phase", "trust", "attach", "stage")), Code: l.some("code", "ENOENT", "0x80070570", ""), Message: "it broke"}
			}
			facts.Packages = append(facts.Packages, p)
		}
	}
	m.sync(&facts)
}

func (l *life) restart() {
	l.must(l.store.Close())
	l.open()
}

// crash opens what is on the disk at this moment, as after the death of the machine: nothing was closed or put in order.
func (l *life) crash() {
	dir := l.t.TempDir()
	for _, end := range []string{"", "-wal"} {
		b, err := os.ReadFile(l.file + end)
		l.must(err)
		l.must(os.WriteFile(filepath.Join(dir, "berth.db"+end), b, 0o600))
	}
	l.must(l.store.Close())
	l.file = filepath.Join(dir, "berth.db")
	l.open()
}

// check compares the farm with the model.
func (l *life) check() {
	l.sameDrafts()
	for view, want := range map[berth.View]draft{berth.Draft: l.drafted, berth.Applied: l.applied} {
		if got := l.catalogue(view); fmt.Sprint(got) != fmt.Sprint(want.packages) {
			l.r.Fatalf("view %v: the catalogue is %v, acknowledged was %v", view, got, want.packages)
		}
	}
	if n := len(l.audit()); n < l.audited+l.written {
		l.r.Fatalf("%d entries in the audit, %d before and %d writes since", n, l.audited, l.written)
	}
	rows, err := l.Statuses(l.owner, "main", control.StatusQuery{})
	l.must(err)
	for _, r := range rows {
		if !slices.Contains(eight, r.Status.Name) || r.Status.Cause == "" || r.Status.Since.IsZero() {
			l.r.Fatalf("a status of its own kind, or without cause or time: %+v", r)
		}
	}
	l.samePlans()
	l.sameSums(len(rows))
}

// catalogue is what is in the store, read past all use cases.
func (l *life) catalogue(v berth.View) map[string]string {
	got := map[string]string{}
	l.must(l.store.View(context.Background(), func(tx berth.Tx) error {
		ps, err := berth.LoadAll[berth.Package](tx, v, berth.ObjectQuery{Site: "main", Kind: berth.ObjectPackage})
		for _, p := range ps {
			got[p.FullName] = p.DisplayName
		}
		return err
	}))
	return got
}

// sameDrafts: every list is as it was acknowledged, inherited or own.
func (l *life) sameDrafts() {
	for key, h := range holders {
		out, err := l.Assignments(l.owner, "main", h)
		l.must(err)
		want, own := l.drafted.lists[key]
		got := map[string]string{}
		for _, a := range out.Assignments {
			got[a.Family] = a.Version + string(a.Tag)
		}
		if out.Inherit == own || own && fmt.Sprint(got) != fmt.Sprint(want) || !own && len(got) > 0 {
			l.r.Fatalf("the list of %s is %v (inherits: %v), acknowledged was %v", key, got, out.Inherit, want)
		}
	}
}

// samePlans: each host has the one list that is in force, whole and nothing else, and each of its rows at most one version,
// the highest that the selector means.
func (l *life) samePlans() {
	for i, host := range []string{"h1", "h2", "h3"} {
		m := l.hosts[i]
		m.f = l.farm
		m.sync(nil)
		list, own := l.applied.lists[host]
		if !own {
			list = l.applied.above(host)
		}
		var want []string
		for family, selector := range list {
			if name := l.applied.means(family, selector); name != "" {
				want = append(want, name)
			}
		}
		got := slices.Sorted(slices.Values(planNames(m.plan)))
		slices.Sort(want)
		if !slices.Equal(got, want) {
			l.r.Fatalf("host %s is to have %v, by the list %v it should be %v", host, got, list, want)
		}
	}
}

// means is the version behind a selector: an exact one that is there, or the highest that carries the tag.
func (d draft) means(family, selector string) string {
	if selector != string(berth.TagProduction) {
		if _, ok := d.packages[selector]; ok {
			return selector
		}
		return ""
	}
	names := strings.Fields(d.tags[strings.TrimSuffix(family, "_abc")])
	if len(names) == 0 {
		return ""
	}
	return names[len(names)-1] // versions have one digit, and are sorted
}

// sameSums: what is counted over groups is what there is.
func (l *life) sameSums(rows int) {
	sum, err := l.StatusSummary(l.owner, "main", control.StatusQuery{})
	l.must(err)
	n := 0
	for _, count := range sum.ByStatus {
		n += count
	}
	if sum.Hosts != len(l.hosts) || sum.Rows != rows || n != rows {
		l.r.Fatalf("the summary counts %+v, the table has %d rows", sum, rows)
	}
	for _, s := range eight {
		page, err := l.StatusPage(l.owner, "main", control.StatusQuery{Status: string(s), Limit: 10})
		l.must(err)
		if len(page.Items) != sum.ByStatus[string(s)] {
			l.r.Fatalf("%d rows are %s, the summary counts %d", len(page.Items), s, sum.ByStatus[string(s)])
		}
	}
}

// TestLives: in any order of edits, applies, discards, reports, restarts and crashes no acknowledged write is lost, no ninth
// status appears, no selector means two versions, and no list is inherited and own. A life that fails is shrunk to the
// shortest one, which is printed with a seed that repeats it.
func TestLives(t *testing.T) {
	lives := 15
	if testing.Short() {
		lives = 5
	}
	for name, value := range map[string]string{"rapid.checks": fmt.Sprint(lives), "rapid.steps": "25", "rapid.shrinktime": "20s"} {
		if f := flag.Lookup(name); f != nil && f.Value.String() == f.DefValue {
			if err := f.Value.Set(value); err != nil {
				t.Fatal(err)
			}
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		l := newLife(t, r)
		defer func() { _ = l.store.Close() }()
		r.Repeat(l.steps())
	})
}
