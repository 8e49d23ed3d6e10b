package agent

import (
	"context"

	"berth"
)

// do runs the step on the platform.
func (s Step) do(ctx context.Context, p Platform) error {
	switch s.Kind {
	case StepTrust:
		return p.Trust(ctx, s.Install, s.Remove)
	case StepRepair:
		return p.Repair(ctx, s.Orphan)
	case StepStage:
		return p.Stage(ctx, s.Package)
	case StepDestage:
		return p.Destage(ctx, s.Package.FullName)
	case StepRegister:
		return p.Register(ctx, s.Session, s.Package)
	case StepDeregister:
		if able, ok := p.(Forcer); ok && s.Force {
			return able.Force(ctx, s.Session, s.Package.FullName)
		}
		return p.Deregister(ctx, s.Session, s.Package.FullName)
	}
	return berth.Errorf(berth.Internal, "unknown step %q", s.Kind)
}

// whole tells whether the step concerns the package as such, not its presence in one session.
func (s Step) whole() bool { return s.Kind == StepStage || s.Kind == StepDestage }

// conflicts tells whether the two steps must not run at once: staging stands against all that concerns the package,
// sessions take one thing after another in the order of the steps, and packages wait for frameworks.
func (s Step) conflicts(running Step) bool {
	samePackage := berth.Fold(s.Package.FullName) == berth.Fold(running.Package.FullName)
	switch {
	case s.Kind == StepTrust || s.Kind == StepRepair || running.Kind == StepTrust || running.Kind == StepRepair:
		return false
	case s.whole() && running.whole() && (s.Package.Framework || running.Package.Framework):
		return true
	case s.whole() || running.whole():
		return samePackage
	}
	return s.Session.ID == running.Session.ID
}

// full tells whether as many steps of the sort run as may.
func full(busy []Step, s Step) bool {
	most, n := mostSessions, 0
	if s.whole() {
		most = mostStaging
	}
	for _, b := range busy {
		if b.whole() == s.whole() {
			n++
		}
	}
	return n >= most
}
