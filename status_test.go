package berth_test

import (
	"strings"
	"testing"
	"time"

	"berth"
)

var (
	asked = time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC) // when the row was applied
	saw   = asked.Add(time.Hour)                         // when the host saw what its facts say
)

func statusRow() *berth.Row {
	return &berth.Row{Assignment: berth.Assignment{Family: "Contoso.Notes_abc"}, FullName: "Contoso.Notes_1.0.0.0_x64__abc",
		Generation: 7, ChangedAt: asked}
}

func holding(generation int64) berth.Host {
	return berth.Host{LastSeen: saw, Facts: berth.Facts{Generation: generation}}
}

func staged(users ...string) *berth.PackageFacts {
	p := &berth.PackageFacts{Attached: true, Staged: true, Since: saw}
	for i, u := range users {
		p.Sessions = append(p.Sessions, berth.Registered{User: u, Since: saw.Add(-time.Duration(i) * time.Minute)})
	}
	return p
}

func leavingAt(until time.Time, users ...string) *berth.PackageFacts {
	p := staged(users...)
	p.Until = until
	return p
}

func failing(phase berth.Phase, code string, users ...string) *berth.PackageFacts {
	p := staged(users...)
	p.Staged, p.Failure = false, &berth.Failure{Phase: phase, Code: code, Message: "the platform said so"}
	return p
}

// TestStatusOf has a row for each of the eight statuses, in the order of rule 4. Each is given the signs of all that come
// behind it too, so that the order itself is held.
func TestStatusOf(t *testing.T) {
	noRow := statusRow()
	noRow.FullName, noRow.Missing = "", "no version carries the tag Production"
	copied := staged()
	copied.FromCopy = true
	copiedInUse := staged("ada")
	copiedInUse.FromCopy = true
	altered := failing(berth.PhaseVerify, "0x80080207", "ada")
	altered.Staged = true
	broken := staged("ada")
	broken.Failure = &berth.Failure{Phase: berth.PhaseRegister, Code: "0x80073CF3", Message: "registering broke"}
	tests := []struct {
		name  string
		in    berth.StatusInput
		want  berth.StatusName
		since time.Time
		cause string
		code  string
		acts  bool // something is to be done
	}{
		{"no version", berth.StatusInput{Host: holding(3), Row: noRow, Drafted: "a draft", Facts: failing(berth.PhaseTrust, "")},
			berth.StatusNoVersion, asked, "no version carries the tag", "", true},
		{"drafted", berth.StatusInput{Host: holding(7), Row: statusRow(), Drafted: "a pending change assigns it", DraftedAt: saw,
			Facts: failing(berth.PhaseTrust, "")}, berth.StatusNotApplied, saw, "a pending change", "", true},
		{"altered after it was staged", berth.StatusInput{Host: holding(7), Row: statusRow(), Facts: altered}, berth.StatusStagingFailed, saw,
			"the session of ada keeps what it has until it ends, and no other session is given the package", "0x80080207", true},
		{"from a copy", berth.StatusInput{Host: holding(7), Row: statusRow(), Facts: copied}, berth.StatusReady, saw, "attached from the host's copy and staged", "", false},
		{"from a copy, in use", berth.StatusInput{Host: holding(7), Row: statusRow(), Facts: copiedInUse}, berth.StatusInUse, saw,
			"registered in the session of ada; attached from the host's copy", "", false},
		{"host behind", berth.StatusInput{Host: holding(6), Row: statusRow(), Facts: failing(berth.PhaseTrust, "")},
			berth.StatusNotApplied, asked, "applied in generation 7, the host holds generation 6 and was last seen 2026-11-01T09:00:00Z", "", true},
		{"certificate", berth.StatusInput{Host: holding(7), Row: statusRow(), Facts: failing(berth.PhaseTrust, "0x800B0109", "ada")},
			berth.StatusCertificateMissing, saw, "the platform said so", "0x800B0109", true},
		{"not found", berth.StatusInput{Host: holding(7), Row: statusRow(), Facts: failing(berth.PhaseAttach, "ENOENT", "ada")},
			berth.StatusNotFound, saw, "the platform said so", "ENOENT", true},
		{"staging failed", berth.StatusInput{Host: holding(7), Row: statusRow(), Facts: failing(berth.PhaseStage, "0x80070570", "ada")},
			berth.StatusStagingFailed, saw, "the platform said so", "0x80070570", true},
		{"disabling", berth.StatusInput{Host: holding(7), Facts: staged("ada", "bob", "cyd", "dan")},
			berth.StatusDisabling, saw, "4 sessions (ada, bob, cyd and 1 more)", "", true},
		{"disabling, with a deadline", berth.StatusInput{Host: holding(7), Facts: leavingAt(saw.Add(time.Hour), "ada")},
			berth.StatusDisabling, saw, "the session of ada; it is taken from them at 2026-11-01T10:00:00Z", "", true},
		{"disabling, nobody left", berth.StatusInput{Host: holding(7), Facts: staged()}, berth.StatusDisabling, saw, "being detached", "", false},
		{"disabling fails", berth.StatusInput{Host: holding(7), Facts: failing(berth.PhaseDestage, "0x80070005")},
			berth.StatusDisabling, saw, "the platform said so", "0x80070005", true},
		{"in use", berth.StatusInput{Host: holding(8), Row: statusRow(), Facts: staged("ada", "bob")},
			berth.StatusInUse, saw.Add(-time.Minute), "2 sessions (ada, bob)", "", false},
		{"in use, one", berth.StatusInput{Host: holding(8), Row: statusRow(), Facts: staged("ada")},
			berth.StatusInUse, saw, "the session of ada", "", false},
		{"in use, registering elsewhere fails", berth.StatusInput{Host: holding(8), Row: statusRow(), Facts: broken},
			berth.StatusInUse, saw, "register failed: registering broke", "0x80073CF3", true},
		{"ready", berth.StatusInput{Host: holding(7), Row: statusRow(), Facts: staged()}, berth.StatusReady, saw, "staged", "", false},
		{"on its way, not spoken of", berth.StatusInput{Host: holding(7), Row: statusRow()}, berth.StatusNotApplied, asked, "attaching", "", false},
		{"on its way", berth.StatusInput{Host: holding(7), Row: statusRow(), Facts: &berth.PackageFacts{Attached: true, Since: saw}},
			berth.StatusNotApplied, saw, "attaching", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := berth.StatusOf(tt.in)
			if got.Name != tt.want || !got.Since.Equal(tt.since) || got.Code != tt.code || (got.Remedy != "") != tt.acts {
				t.Errorf("got %+v, want %s since %s, code %q, remedy %v", got, tt.want, tt.since, tt.code, tt.acts)
			}
			if !strings.Contains(got.Cause, tt.cause) {
				t.Errorf("cause %q does not say %q", got.Cause, tt.cause)
			}
		})
	}
}
