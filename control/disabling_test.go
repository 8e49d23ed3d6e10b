package control_test

import (
	"strings"
	"testing"

	"berth"
	"berth/control"
)

// A deadline reaches hosts with the plan, once it is applied; status and words say who holds what until when.
func TestDisablingDeadline(t *testing.T) {
	f := newFarm(t)
	p := f.add("1", "production")
	f.assign(rdsh, byTag)
	f.apply()
	m := f.enroll("h1", berth.KindRDSH, "")
	m.settle("ada")
	digest := m.held.Digest
	for _, minutes := range []int{-1, berth.MostDisablingMinutes + 1} {
		if _, err := f.EditSettings(f.owner, "main", control.SettingsEdit{DisablingMinutes: &minutes}); berth.ErrorKind(err) != berth.Invalid {
			t.Errorf("%d minutes: %v", minutes, err)
		}
	}
	set, err := f.EditSettings(f.owner, "main", control.SettingsEdit{DisablingMinutes: new(90)})
	f.must(err)
	if set.DisablingMinutes != 90 || !set.Enabled {
		t.Errorf("settings: %+v", set)
	}
	m.sync(nil)
	if m.plan.DisablingMinutes != 0 {
		t.Error("a draft reached the host")
	}
	f.apply()
	m.sync(nil)
	if m.plan.DisablingMinutes != 90 || m.held.Digest == digest || len(m.plan.Packages) != 1 {
		t.Errorf("plan: %+v", m.plan)
	}

	_, err = f.Unassign(f.owner, "main", rdsh, family)
	f.must(err)
	f.apply()
	m.sync(nil)
	until := f.clock.now()
	m.sync(&berth.Facts{Architecture: "x64", Build: 19045, Packages: []berth.PackageFacts{{FullName: p.FullName, FamilyName: family, Attached: true,
		Staged: true, Since: until, Until: until, Sessions: []berth.Registered{{Session: "1", User: "ada", Since: until}}}}})
	rows, err := f.Statuses(f.owner, "main", control.StatusQuery{Host: "h1"})
	f.must(err)
	if len(rows) != 1 || rows[0].Status.Name != berth.StatusDisabling || !strings.Contains(rows[0].Status.Cause, "the session of ada; it is taken from them at ") {
		t.Errorf("rows: %+v", rows)
	}
}
