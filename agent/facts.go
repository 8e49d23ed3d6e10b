package agent

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"berth"
)

// report makes the facts of what was seen and of what failed.
type report struct {
	machine Machine
	version string
	held    held
	seen    Observation
	memory  *memory
	now     time.Time
}

// facts returns the whole report, sorted, so that equal states are equal reports. It leaves At to the sender.
func (r report) facts() berth.Facts {
	f := berth.Facts{
		Hostname: r.machine.Hostname, OS: r.machine.OS, Build: r.machine.Build, Architecture: r.machine.Architecture,
		AgentVersion: r.version, Platform: r.machine.Platform, AttachMode: r.machine.AttachMode,
		Generation: r.held.Generation,
		Disk:       r.seen.Disk,
		Sessions:   slices.Clone(r.seen.Sessions),
		Packages:   []berth.PackageFacts{},
	}
	keep := map[string]bool{}
	for _, p := range r.seen.Packages {
		f.Packages = append(f.Packages, r.packageFacts(p, keep))
	}
	for _, p := range r.held.Plan.Packages {
		if f.Package(p.FullName) == nil && r.memory.failureOfPackage(p.FullName) != nil {
			f.Packages = append(f.Packages, r.packageFacts(Seen{FullName: p.FullName, FamilyName: p.FamilyName}, keep))
		}
	}
	r.memory.forget(keep)
	slices.SortFunc(f.Packages, func(a, b berth.PackageFacts) int { return cmp.Compare(a.FullName, b.FullName) })
	slices.SortFunc(f.Sessions, func(a, b berth.Session) int { return cmp.Compare(a.ID, b.ID) })
	return f
}

func (r report) planned(fullName string) bool {
	return slices.ContainsFunc(r.held.Plan.Packages, func(p berth.PlannedPackage) bool { return berth.Fold(p.FullName) == berth.Fold(fullName) })
}

func (r report) packageFacts(p Seen, keep map[string]bool) berth.PackageFacts {
	f := berth.PackageFacts{FullName: p.FullName, FamilyName: p.FamilyName, Attached: p.Attached, Staged: p.Staged,
		Sessions: []berth.Registered{}, Failure: r.memory.failureOfPackage(p.FullName),
		FromCopy: p.Attached && p.From != "", Verified: p.Staged && p.Verified}
	if p.Condemned != nil && (f.Failure == nil || f.Failure.Phase != berth.PhaseVerify) {
		f.Failure = p.Condemned
	}
	state := fmt.Sprint(p.Attached, p.Staged)
	if !r.planned(p.FullName) {
		state += " leaving" // so that it is known since when
	}
	if v := r.memory.Leaving[berth.Fold(p.FullName)]; v != nil {
		f.Until = v.Until
	}
	if f.Failure != nil {
		state = fmt.Sprint(state, f.Failure.Phase, f.Failure.Code)
	}
	thing := berth.Fold(p.FullName)
	keep[thing] = true
	f.Since = r.memory.since(thing, state, r.now)
	for _, reg := range p.Registered {
		since := reg.Since
		if since.IsZero() {
			in := thing + "|" + reg.Session.ID
			keep[in] = true
			since = r.memory.since(in, "registered", r.now)
		}
		f.Sessions = append(f.Sessions, berth.Registered{Session: reg.Session.ID, User: reg.Session.User, Since: since})
	}
	slices.SortFunc(f.Sessions, func(a, b berth.Registered) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Session, b.Session))
	})
	return f
}
