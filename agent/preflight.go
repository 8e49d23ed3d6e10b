package agent

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"

	"berth"
	"berth/wire"
)

// Preflighter is a Platform that can try a package without leaving anything on the machine.
type Preflighter interface {
	// Preflight makes the checks that need the image or the machine, from berth.CheckImage to berth.CheckDisk. An error is
	// for what is wrong with trying, not with the package.
	Preflight(ctx context.Context, r berth.PreflightRequest) ([]berth.PreflightCheck, error)
}

// Preflight tries a package on a platform: what it says itself, then what follows from what machine and package are.
func Preflight(ctx context.Context, p Platform, r berth.PreflightRequest) []berth.PreflightCheck {
	checks, err := platformChecks(ctx, p, r)
	if err != nil {
		checks = append(checks, FailedCheck(berth.CheckImage, err))
	}
	m, err := p.Describe(ctx)
	if err != nil {
		return append(checks, FailedCheck(berth.CheckArchitecture, err))
	}
	seen, err := p.Observe(ctx)
	if err != nil {
		return append(checks, architecture(m, r), build(m, r), FailedCheck(berth.CheckDependencies, err))
	}
	return append(checks, architecture(m, r), build(m, r), dependencies(seen, r))
}

// platformChecks asks the platform. A panic in it, which reads images that anybody may have made, fails the check.
func platformChecks(ctx context.Context, p Platform, r berth.PreflightRequest) (checks []berth.PreflightCheck, err error) {
	able, ok := p.(Preflighter)
	if !ok {
		return []berth.PreflightCheck{{Name: berth.CheckImage, Result: berth.PreflightNotApplicable, Message: "this platform cannot try a package without staging it"}}, nil
	}
	defer func() {
		if fault := recover(); fault != nil {
			err = berth.Errorf(berth.Internal, "fault in the agent: %v\n%s", fault, debug.Stack())
		}
	}()
	return able.Preflight(ctx, r)
}

// FailedCheck words an error as a check that failed.
func FailedCheck(name string, err error) berth.PreflightCheck {
	c := berth.PreflightCheck{Name: name, Result: berth.PreflightFail, Message: err.Error(), Remedy: "see the agent's log on the host"}
	if e, ok := errors.AsType[*berth.Error](err); ok {
		c.Code, c.Remedy = e.Code, e.Remedy
		if e.Message != "" {
			c.Message = e.Message
		}
		if c.Remedy == "" {
			c.Remedy = berth.Explain(berth.Failure{Code: e.Code}).Remedy
		}
	}
	return c
}

func passed(name, format string, args ...any) berth.PreflightCheck {
	return berth.PreflightCheck{Name: name, Result: berth.PreflightPass, Message: fmt.Sprintf(format, args...)}
}

func architecture(m Machine, r berth.PreflightRequest) berth.PreflightCheck {
	if (berth.Package{Architecture: r.Architecture}).Fits(m.Architecture, 0) {
		return passed(berth.CheckArchitecture, "a package for %s runs on this host, which is %s", r.Architecture, m.Architecture)
	}
	return berth.PreflightCheck{Name: berth.CheckArchitecture, Result: berth.PreflightFail, Code: "0x80073D10", // ERROR_INSTALL_WRONG_PROCESSOR_ARCHITECTURE
		Message: fmt.Sprintf("the package is for %s, this host is %s", r.Architecture, m.Architecture), Remedy: "add the package for " + m.Architecture + " to the catalogue"}
}

func build(m Machine, r berth.PreflightRequest) berth.PreflightCheck {
	switch {
	case m.Build == 0:
		return berth.PreflightCheck{Name: berth.CheckBuild, Result: berth.PreflightNotApplicable, Message: "this host does not run Windows"}
	case (berth.Package{MinBuild: r.MinBuild}).Fits("", m.Build):
		return passed(berth.CheckBuild, "build %d is new enough for the package", m.Build)
	}
	return berth.PreflightCheck{Name: berth.CheckBuild, Result: berth.PreflightFail, Code: "0x80073CFD", // ERROR_INSTALL_PREREQUISITE_FAILED
		Message: fmt.Sprintf("the package needs Windows build %d, this host has %d", r.MinBuild, m.Build), Remedy: "upgrade Windows on the host"}
}

func dependencies(seen Observation, r berth.PreflightRequest) berth.PreflightCheck {
	if len(r.Dependencies) == 0 {
		return passed(berth.CheckDependencies, "the package needs no others")
	}
	var found, missing []string
	for _, d := range r.Dependencies {
		staged := stagedFor(seen, d)
		switch {
		case staged != "":
			found = append(found, staged+" is on the host")
		case d.Catalogue != "":
			found = append(found, d.Catalogue+" comes along")
		default:
			missing = append(missing, strings.TrimSpace(d.Name+" "+d.MinVersion))
		}
	}
	if len(missing) == 0 {
		return passed(berth.CheckDependencies, "%s", strings.Join(found, "; "))
	}
	return berth.PreflightCheck{Name: berth.CheckDependencies, Result: berth.PreflightFail, Code: "0x80073CF3", // ERROR_INSTALL_RESOLVE_DEPENDENCY_FAILED
		Message: "neither on the host nor in the catalogue: " + strings.Join(missing, ", "), Remedy: "add the missing framework package to the catalogue"}
}

// stagedFor is the full name of a staged package that satisfies the dependency: Name_Version_Architecture_Resource_Hash.
func stagedFor(seen Observation, d berth.PreflightDependency) string {
	lowest, _ := berth.ParseVersion(d.MinVersion) // one that cannot be read takes any
	for _, p := range seen.Packages {
		parts := strings.Split(p.FullName, "_")
		if !p.Staged || d.FamilyName == "" || berth.Fold(p.FamilyName) != berth.Fold(d.FamilyName) || len(parts) < 2 {
			continue
		}
		if v, err := berth.ParseVersion(parts[1]); err == nil && v.Compare(lowest) >= 0 {
			return p.FullName
		}
	}
	return ""
}

// examiner tries what the server asks for, one at a time and beside the loop, and keeps the answers until they were sent.
type examiner struct {
	mu      sync.Mutex
	turn    sync.Mutex // held by the one that is tried
	working map[string]bool
	answers map[string]wire.PreflightAnswer
	running sync.WaitGroup
}

// report is what the next sync says.
func (e *examiner) report() *wire.PreflightReport {
	e.mu.Lock()
	defer e.mu.Unlock()
	r := &wire.PreflightReport{}
	for id := range e.working {
		r.Working = append(r.Working, id)
	}
	for _, a := range e.answers {
		r.Answers = append(r.Answers, a)
	}
	return r
}

// take forgets the answers that the server has, and begins what it asks for.
func (e *examiner) take(ctx context.Context, a *Agent, sent *wire.PreflightReport, asked []berth.PreflightRequest) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, answer := range sent.Answers {
		delete(e.answers, answer.ID)
		delete(e.working, answer.ID)
	}
	if e.working == nil {
		e.working, e.answers = map[string]bool{}, map[string]wire.PreflightAnswer{}
	}
	for _, r := range asked {
		if e.working[r.ID] || len(e.working) >= mostExamined {
			continue
		}
		e.working[r.ID] = true
		e.running.Go(func() { e.try(ctx, a, r) })
	}
}

// mostExamined bounds how many wait for their turn; the server asks again for the others.
const mostExamined = 20

func (e *examiner) try(ctx context.Context, a *Agent, r berth.PreflightRequest) {
	e.turn.Lock()
	defer e.turn.Unlock()
	limited, cancel := context.WithTimeout(ctx, a.options.StageTimeout)
	defer cancel()
	checks := Preflight(limited, a.options.Platform, r)
	if ctx.Err() != nil { // the agent ends; the next one is asked again
		return
	}
	a.options.Log.Info("package tried", "package", r.Package.FullName, "preflight", r.ID)
	e.mu.Lock()
	e.answers[r.ID] = wire.PreflightAnswer{ID: r.ID, Checks: checks}
	e.mu.Unlock()
	a.news.touch()
}
