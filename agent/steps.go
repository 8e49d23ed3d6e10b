package agent

import (
	"cmp"
	"slices"

	"berth"
)

// StepKind is the sort of a step.
type StepKind string

// The steps that bring a machine to its plan.
const (
	StepTrust      StepKind = "trust"
	StepRepair     StepKind = "repair"
	StepStage      StepKind = "stage"
	StepRegister   StepKind = "register"
	StepDeregister StepKind = "deregister"
	StepDestage    StepKind = "destage"
)

// Step is one idempotent piece of work.
type Step struct {
	Kind    StepKind
	Package berth.PlannedPackage // stage, register: whole; deregister, destage: FullName and Framework alone
	Session berth.Session        // register, deregister
	Install []berth.Certificate  // trust
	Remove  []string             // trust: thumbprints
	Orphan  Orphan               // repair
	Force   bool                 // deregister: although the session runs
}

// Key names the work of the step: the same work has the same key in every pass.
func (s Step) Key() string {
	return string(s.Kind) + "|" + berth.Fold(s.Package.FullName) + "|" + s.Session.ID + "|" + s.Orphan.ID
}

func (s Step) phase() berth.Phase {
	return map[StepKind]berth.Phase{
		StepTrust: berth.PhaseTrust, StepRepair: berth.PhaseDestage, StepStage: berth.PhaseStage,
		StepRegister: berth.PhaseRegister, StepDeregister: berth.PhaseDeregister, StepDestage: berth.PhaseDestage,
	}[s.Kind]
}

// Steps computes what is to be done next to bring a machine from what was seen to the plan, in this order: certificates,
// leftovers, ended sessions, frameworks before the packages that need them, sessions (at logon before on demand), letting
// go. Only what is possible as the machine stands is returned: a package is registered once it is seen staged, destaged
// once no session has it. When nothing is left to do, the machine is as planned.
//
// It keeps rule 5 of the design: nothing is ever taken from a running session, not even when an image that left the plan
// must be attached again for it, and a session that has one version of a family is not given another.
func Steps(plan berth.Plan, seen Observation) []Step {
	c := comparison{plan: plan, seen: seen}
	var steps []Step
	for _, part := range []func() []Step{c.trust, c.repair, c.deregister, c.stage, c.register, c.destage} {
		steps = append(steps, part()...)
	}
	return steps
}

// comparison holds a plan against an observation.
type comparison struct {
	plan berth.Plan
	seen Observation
}

// trust asks for the planned certificates. Certificates go only when no package is left that the plan does not have: one
// that a session still uses may have to be attached again, and its signer trusted.
func (c comparison) trust() []Step {
	have := map[string]bool{}
	for _, t := range c.seen.Certificates {
		have[berth.Fold(t)] = true
	}
	step := Step{Kind: StepTrust}
	wanted := map[string]bool{}
	for _, cert := range c.plan.Certificates {
		key := berth.Fold(cert.Thumbprint)
		if !have[key] && !wanted[key] {
			step.Install = append(step.Install, cert)
		}
		wanted[key] = true
	}
	if !slices.ContainsFunc(c.seen.Packages, c.unplanned) {
		step.Remove = slices.DeleteFunc(slices.Clone(c.seen.Certificates), func(t string) bool { return wanted[berth.Fold(t)] })
	}
	if len(step.Install)+len(step.Remove) == 0 {
		return nil
	}
	return []Step{step}
}

func (c comparison) repair() []Step {
	var steps []Step
	for _, o := range c.seen.Orphans {
		steps = append(steps, Step{Kind: StepRepair, Orphan: o})
	}
	return steps
}

// deregister cleans up after sessions that have ended.
func (c comparison) deregister() []Step {
	var steps []Step
	for _, p := range c.seen.Packages {
		for _, r := range p.Registered {
			if !c.running(r.Session.ID) {
				steps = append(steps, Step{Kind: StepDeregister, Package: named(p), Session: r.Session})
			}
		}
	}
	return steps
}

// stage asks for planned packages that are not there, then for those that only old sessions need, frameworks first.
func (c comparison) stage() []Step {
	var first, then []Step
	add := func(p berth.PlannedPackage) {
		step := Step{Kind: StepStage, Package: p}
		if p.Framework {
			first = append(first, step)
			return
		}
		then = append(then, step)
	}
	for _, p := range c.plan.Packages {
		if s := c.find(p.FullName); s == nil || !s.Staged {
			add(p)
		}
	}
	for _, s := range c.seen.Packages {
		if c.unplanned(s) && !s.Staged && s.Origin != nil && c.needed(s) {
			add(*s.Origin)
		}
	}
	return append(first, then...)
}

// register gives every running session what is planned and staged.
func (c comparison) register() []Step {
	sessions := slices.SortedFunc(slices.Values(c.seen.Sessions), func(a, b berth.Session) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.ID, b.ID))
	})
	var steps []Step
	for _, mode := range []berth.Registration{berth.AtLogon, berth.OnDemand} {
		for _, s := range sessions {
			steps = append(steps, c.registerIn(s, mode)...)
		}
	}
	return steps
}

func (c comparison) registerIn(s berth.Session, mode berth.Registration) []Step {
	var steps []Step
	for _, p := range c.plan.Packages {
		// Anything but on demand counts as at logon, so that a mode that a later server knows is not lost.
		if p.Framework || (p.Registration == berth.OnDemand) != (mode == berth.OnDemand) {
			continue
		}
		there := c.find(p.FullName)
		if there == nil || !there.Staged || there.Condemned != nil || c.stale(*there) || c.has(s, *there) || c.hasOther(s, p) {
			continue
		}
		steps = append(steps, Step{Kind: StepRegister, Package: p, Session: s})
	}
	return steps
}

// destage lets go of what nobody needs: dependents before frameworks. A package whose image was moved in the plan is let
// go of too, when no session has it, and comes back from its new place.
func (c comparison) destage() []Step {
	var first, then []Step
	for _, p := range c.seen.Packages {
		step := Step{Kind: StepDestage, Package: named(p)}
		switch {
		case len(p.Registered) > 0 || !c.unplanned(p) && !c.stale(p) && p.Condemned == nil:
		case p.Condemned != nil && p.Framework && c.inUse(): // it may be needed by what is in use
		case !p.Framework:
			first = append(first, step)
		case !c.frameworksHeld():
			then = append(then, step)
		}
	}
	return append(first, then...)
}

// frameworksHeld tells whether frameworks must stay although the plan no longer has them: a plan does not say who needs a
// framework, so all stay while any package that left the plan is still there.
func (c comparison) frameworksHeld() bool {
	return slices.ContainsFunc(c.seen.Packages, func(p Seen) bool { return !p.Framework && c.unplanned(p) })
}

// needed tells whether a package that left the plan must be attached again.
func (c comparison) needed(p Seen) bool {
	if p.Framework {
		return c.frameworksHeld()
	}
	return slices.ContainsFunc(p.Registered, func(r Registration) bool { return c.running(r.Session.ID) })
}

// stale tells whether a staged package comes from another place than the plan says now.
func (c comparison) stale(p Seen) bool {
	now := c.plan.Package(p.FullName)
	if now == nil || p.Origin == nil || !p.Staged || len(p.Registered) > 0 || p.Framework && c.inUse() {
		return false
	}
	return now.ImagePath != p.Origin.ImagePath || now.RelativePath != p.Origin.RelativePath ||
		now.BlockMapSHA256 != p.Origin.BlockMapSHA256 || now.Thumbprint != p.Origin.Thumbprint
}

// inUse tells whether any session has any package: a framework may be needed by it.
func (c comparison) inUse() bool {
	return slices.ContainsFunc(c.seen.Packages, func(p Seen) bool { return len(p.Registered) > 0 })
}

func (c comparison) unplanned(p Seen) bool { return c.plan.Package(p.FullName) == nil }

func (c comparison) running(session string) bool {
	return slices.ContainsFunc(c.seen.Sessions, func(s berth.Session) bool { return s.ID == session })
}

func (c comparison) find(fullName string) *Seen {
	for i := range c.seen.Packages {
		if berth.Fold(c.seen.Packages[i].FullName) == berth.Fold(fullName) {
			return &c.seen.Packages[i]
		}
	}
	return nil
}

func (c comparison) has(s berth.Session, p Seen) bool {
	return slices.ContainsFunc(p.Registered, func(r Registration) bool { return r.Session.ID == s.ID && r.Complete })
}

// hasOther tells whether the session has another version of the package's family.
func (c comparison) hasOther(s berth.Session, p berth.PlannedPackage) bool {
	return slices.ContainsFunc(c.seen.Packages, func(o Seen) bool {
		return berth.Fold(o.FamilyName) == berth.Fold(p.FamilyName) && berth.Fold(o.FullName) != berth.Fold(p.FullName) &&
			slices.ContainsFunc(o.Registered, func(r Registration) bool { return r.Session.ID == s.ID })
	})
}

func named(p Seen) berth.PlannedPackage {
	return berth.PlannedPackage{FullName: p.FullName, FamilyName: p.FamilyName, Framework: p.Framework}
}
