package control_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"berth"
	"berth/control"
)

var eight = []berth.StatusName{"No version found", "Not applied", "Certificate missing", "Not found", "Staging failed", "Disabling", "In use", "Ready"}

// walk is a random life of a farm beside a simple model of what was acknowledged.
type walk struct {
	*farm
	r        *rand.Rand
	hosts    []*machine
	names    map[string]string // display name of each package, as drafted
	applied  map[string]string // and as applied
	lists    map[string]string // holder -> selector of the family as drafted; absent: not assigned or inheriting
	inForce  map[string]string // and as applied
	written  int               // writes acknowledged since the last look at the audit
	audited  int
	lastStep string
}

var holders = map[string]control.Holder{"rdsh": rdsh, "Pool A": poolOf("Pool A"), "h1": hostOf("h1")}

func newWalk(t *testing.T, seed uint64) *walk {
	w := &walk{farm: newFarm(t), r: rand.New(rand.NewPCG(seed, 7)), names: map[string]string{}, applied: map[string]string{},
		lists: map[string]string{}, inForce: map[string]string{}}
	w.pool("Pool A", berth.KindRDSH)
	for _, h := range []string{"h1", "h2"} {
		w.hosts = append(w.hosts, w.enroll(h, berth.KindRDSH, "Pool A"))
	}
	w.audited = len(w.audit())
	return w
}

func (w *walk) some(of []string) string { return of[w.r.IntN(len(of))] }

// acknowledged counts a write that the service said it has done.
func (w *walk) acknowledged(err error, then func()) {
	w.t.Helper()
	if err == nil {
		w.written++
		then()
		return
	}
	if k := berth.ErrorKind(err); k != berth.Conflict && k != berth.NotFound {
		w.t.Fatalf("%s: %v", w.lastStep, err)
	}
}

func (w *walk) step() {
	n := w.some([]string{"1", "2", "3"})
	name := fullName(n)
	steps := []struct {
		name string
		do   func()
	}{
		{"add " + n, func() {
			_, err := w.AddPackage(w.owner, control.NewPackage{Site: "main", ImagePath: w.image(n), Tags: []string{"Production"}})
			w.acknowledged(err, func() { w.names[name] = "Notes" })
		}},
		{"edit " + n, func() {
			to := fmt.Sprint("name ", w.r.IntN(3))
			_, err := w.EditPackage(w.owner, "main", name, control.PackageEdit{DisplayName: &to})
			w.acknowledged(err, func() { w.names[name] = to })
		}},
		{"remove " + n, func() {
			w.acknowledged(w.RemovePackage(w.owner, "main", name, false), func() { delete(w.names, name) })
		}},
		{"move tag to " + n, func() {
			_, err := w.TagPackage(w.owner, "main", name, "Production", true)
			w.acknowledged(err, func() {})
		}},
		{"assign " + n, func() { w.assignSome(n) }},
		{"unassign", func() {
			key := w.some([]string{"rdsh", "Pool A", "h1"})
			_, err := w.Unassign(w.owner, "main", holders[key], family)
			w.acknowledged(err, func() { delete(w.lists, key) })
		}},
		{"apply", func() {
			cs, _, err := w.Apply(w.owner, "main", nil)
			w.acknowledged(err, func() { w.applied, w.inForce = clone(w.names), clone(w.lists); w.written += len(cs) - 1 })
		}},
		{"discard", func() {
			cs, err := w.Discard(w.owner, "main", nil)
			w.acknowledged(err, func() { w.names, w.lists = clone(w.applied), clone(w.inForce); w.written += len(cs) - 1 })
		}},
		{"report", w.reportSome},
		{"reopen", func() { w.must(w.store.Close()); w.open() }},
	}
	s := steps[w.r.IntN(len(steps))]
	w.lastStep = s.name
	w.clock.pass(time.Second)
	s.do()
}

func clone(m map[string]string) map[string]string {
	c := make(map[string]string, len(m))
	maps.Copy(c, m)
	return c
}

func (w *walk) assignSome(n string) {
	key, a := w.some([]string{"rdsh", "Pool A", "h1"}), exactly(n)
	if w.r.IntN(2) == 0 {
		a = byTag
	}
	_, err := w.Assign(w.owner, "main", holders[key], a)
	w.acknowledged(err, func() { w.lists[key] = a.Version + string(a.Tag) })
}

// reportSome lets a host take up its plan, fail at it, or keep what it had, with sessions or without.
func (w *walk) reportSome() {
	m := w.hosts[w.r.IntN(len(w.hosts))]
	m.sync(nil)
	facts := berth.Facts{Architecture: "x64", Build: 19045, At: w.clock.now()}
	for _, name := range []string{fullName("1"), fullName("2"), fullName("3")} {
		p := berth.PackageFacts{FullName: name, FamilyName: family, Since: w.clock.now(), Staged: w.r.IntN(2) == 0}
		switch w.r.IntN(4) {
		case 0:
			continue
		case 1:
			p.Failure = &berth.Failure{Phase: []berth.Phase{berth.PhaseTrust, berth.PhaseAttach, berth.PhaseStage}[w.r.IntN(3)],
				Code: w.some([]string{"ENOENT", "0x80070570", ""}), Message: "it broke"}
		case 2:
			p.Sessions = []berth.Registered{{Session: "1", User: "ada", Since: w.clock.now()}}
		}
		facts.Packages = append(facts.Packages, p)
	}
	m.sync(&facts)
}

// check compares the farm with the model.
func (w *walk) check() error {
	ps, err := w.Packages(w.owner, "main", "", 0)
	w.must(err)
	got := map[string]string{}
	for _, p := range ps {
		got[p.FullName] = p.DisplayName
	}
	if fmt.Sprint(got) != fmt.Sprint(w.names) {
		return fmt.Errorf("the catalogue is %v, acknowledged was %v", got, w.names)
	}
	if got := w.seen(); fmt.Sprint(got) != fmt.Sprint(w.applied) {
		return fmt.Errorf("hosts see %v, applied was %v", got, w.applied)
	}
	for key, h := range holders {
		out, err := w.Assignments(w.owner, "main", h)
		w.must(err)
		if own := strings.Join(versions(out.Assignments), " "); own != w.lists[key] && !out.Inherit && key != "h1" && key != "Pool A" {
			return fmt.Errorf("the list of %s is %q, acknowledged was %q", key, own, w.lists[key])
		} else if want, ok := w.lists[key]; ok && own != want {
			return fmt.Errorf("the list of %s is %q, acknowledged was %q", key, own, want)
		}
	}
	if n := len(w.audit()); n < w.audited+w.written {
		return fmt.Errorf("%d entries in the audit, %d before and %d writes since", n, w.audited, w.written)
	}
	rows, err := w.Statuses(w.owner, "main", control.StatusQuery{})
	w.must(err)
	for _, r := range rows {
		if !slices.Contains(eight, r.Status.Name) || r.Status.Cause == "" || r.Status.Since.IsZero() {
			return fmt.Errorf("a status of its own kind, or without cause or time: %+v", r)
		}
	}
	return nil
}

// seen are the packages as hosts are planned from them.
func (w *walk) seen() map[string]string {
	got := map[string]string{}
	w.must(w.store.View(context.Background(), func(tx berth.Tx) error {
		ps, err := berth.LoadAll[berth.Package](tx, berth.Applied, berth.ObjectQuery{Site: "main", Kind: berth.ObjectPackage, Family: family})
		for _, p := range ps {
			got[p.FullName] = p.DisplayName
		}
		return err
	}))
	return got
}

// TestRandomLives: in any order of edits, applies, discards, reports and restarts no acknowledged write is lost, no ninth
// status is shown, and the audit grows with each write.
func TestRandomLives(t *testing.T) {
	lives, steps := uint64(6), 50
	if testing.Short() {
		lives = 3
	}
	for seed := range lives {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			w := newWalk(t, seed)
			var history []string
			for range steps {
				w.step()
				history = append(history, w.lastStep)
				if err := w.check(); err != nil {
					t.Fatalf("after %s: %v", strings.Join(history, ", "), err)
				}
			}
		})
	}
}
