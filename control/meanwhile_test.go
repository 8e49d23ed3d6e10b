package control_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"berth"
	"berth/control"
)

// TestMeanwhile: who edits an older revision is told each change of others since, in order, and no more than those. What
// is in the audit beside, and changes no document, is not one of them.
func TestMeanwhile(t *testing.T) {
	f := newFarm(t)
	f.add("1", "Production")
	f.enroll("h1", berth.KindRDSH, "")
	f.apply()
	seen, err := f.Assignments(f.owner, "main", hostOf("h1"))
	f.must(err)
	_, err = f.Assign(f.owner, "main", hostOf("h1"), byTag)
	f.must(err)
	f.must(f.RetryHost(f.owner, "main", "h1"))
	_, err = f.Inherit(f.owner, "main", hostOf("h1"), true)
	f.must(err)
	f.must(f.RetryHost(f.owner, "main", "h1"))

	_, err = f.Assign(f.owner, "main", hostOf("h1").At(seen.Revision), exactly("1"))
	wantKind(t, err, berth.Precondition)
	e, _ := errors.AsType[*berth.Error](err)
	if got := done(e.Meanwhile); !slices.Equal(got, []string{"assign", "inherit"}) {
		t.Fatalf("told of %v", got)
	}
	first := e.Meanwhile[0]
	fields := func(c berth.FieldChange) bool { return c.Field == "assignments" && len(c.After) > len(c.Before) }
	if first.By != "olga" || first.At.IsZero() || !slices.ContainsFunc(first.Changes, fields) {
		t.Errorf("told: %+v", first)
	}
	for i := range 40 {
		_, err := f.EditPackage(f.owner, "main", notesOne, control.PackageEdit{DisplayName: new(fmt.Sprint("Name ", i))})
		f.must(err)
	}
	_, err = f.EditPackage(f.owner, "main", notesOne, control.PackageEdit{DisplayName: new("mine"), Expect: 1})
	e, _ = errors.AsType[*berth.Error](err)
	if e == nil || len(e.Meanwhile) != 20 || string(e.Meanwhile[19].Changes[0].After) != `"Name 39"` {
		t.Errorf("of 40 changes: %+v", e)
	}
	_, err = f.EditPackage(f.owner, "main", notesOne, control.PackageEdit{DisplayName: new("mine"), Expect: 1000}) // of no time
	e, _ = errors.AsType[*berth.Error](err)
	if e == nil || e.Kind != berth.Precondition || len(e.Meanwhile) != 0 {
		t.Errorf("of a revision to come: %+v", e)
	}
}

func done(ms []berth.Meanwhile) (out []string) {
	for _, m := range ms {
		out = append(out, m.Action)
	}
	return out
}
