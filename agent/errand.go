package agent

import (
	"context"
	"encoding/json"
	"errors"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"berth"
	"berth/wire"
)

// Expander is a Platform that reads images for the server, where that cannot.
type Expander interface {
	// Expand returns the packages in the image, each with what was observed of it. It leaves nothing on the machine.
	Expand(ctx context.Context, imagePath string) ([]berth.Package, error)
}

// SessionKeeper is a Platform that acts on the sessions of the machine when the server asks for it. Sessions are named by
// the ids that Observe gives. An error may carry a *berth.Error with the platform's code.
type SessionKeeper interface {
	// LogOff ends a session with its programs.
	LogOff(ctx context.Context, id string) error
	// Disconnect takes the screen from a session, whose programs go on.
	Disconnect(ctx context.Context, id string) error
	// Message shows a text in a session.
	Message(ctx context.Context, id string, title, body string) error
}

// errandLimit is how long one may take: nobody waits longer.
const errandLimit = time.Minute

// mostErrands bounds how many are run at a time; the server sends the others again.
const mostErrands = 16

// errands does what the server asks for at once, beside the loop, and keeps the answers until they were sent.
type errands struct {
	mu      sync.Mutex
	working map[string]bool
	answers map[string]wire.AskAnswer
	running sync.WaitGroup
}

// report is what the next sync says.
func (e *errands) report() *wire.AskReport {
	e.mu.Lock()
	defer e.mu.Unlock()
	r := &wire.AskReport{}
	for id := range e.working {
		r.Working = append(r.Working, id)
	}
	left := 2 * mostErrandBytes // more than one answer at a time, and no more than a sync may have
	for _, a := range e.answers {
		b, err := json.Marshal(a)
		if left -= len(b); err == nil && (left >= 0 || len(r.Answers) == 0) {
			r.Answers = append(r.Answers, a)
		}
	}
	return r
}

// take forgets the answers that the server has, and begins what it asks for.
func (e *errands) take(ctx context.Context, a *Agent, sent *wire.AskReport, asked []wire.Ask) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, answer := range sent.Answers {
		delete(e.answers, answer.ID)
		delete(e.working, answer.ID)
	}
	if e.working == nil {
		e.working, e.answers = map[string]bool{}, map[string]wire.AskAnswer{}
	}
	for _, ask := range asked {
		if e.working[ask.ID] || len(e.working) >= mostErrands {
			continue
		}
		e.working[ask.ID] = true
		e.running.Go(func() { e.run(ctx, a, ask) })
	}
}

func (e *errands) run(ctx context.Context, a *Agent, ask wire.Ask) {
	limited, cancel := context.WithTimeout(ctx, errandLimit)
	defer cancel()
	answer := Answer(limited, a.options.Platform, ask)
	a.options.Log.Info("asked by the server", "what", ask.Kind, "session", ask.Session, "image", ask.ImagePath, "failed", answer.Message)
	e.mu.Lock()
	e.answers[ask.ID] = answer
	e.mu.Unlock()
	a.news.touch()
}

// Answer does on a platform what is asked for, and says what came of it. A panic in the platform, which reads images that
// anybody may have made, is a failure of the ask.
func Answer(ctx context.Context, p Platform, ask wire.Ask) (answer wire.AskAnswer) {
	answer.ID = ask.ID
	fail := func(err error) {
		answer.Failed, answer.Message = true, err.Error()
		if e, ok := errors.AsType[*berth.Error](err); ok {
			answer.Code = e.Code
			if e.Message != "" {
				answer.Message = e.Message
			}
		}
	}
	defer func() {
		if fault := recover(); fault != nil {
			fail(berth.Errorf(berth.Internal, "fault in the agent: %v\n%s", fault, debug.Stack()))
		}
	}()
	packages, err := answered(ctx, p, ask)
	if err == nil {
		answer.Packages, err = fitting(packages)
	}
	if err != nil {
		fail(err)
	}
	return answer
}

// mostErrandBytes bounds an answer in bytes: a sync that the server refuses for its size would be repeated for ever.
const mostErrandBytes = 2 << 20

// fitting leaves out the pictures where the answer would be too long, and refuses what is too long without.
func fitting(packages []berth.Package) ([]berth.Package, error) {
	for _, pictures := range []bool{true, false} {
		packages = slices.Clone(packages)
		for i := range packages {
			apps := slices.Clone(packages[i].Applications)
			for j := range apps {
				if !pictures {
					apps[j].Icon = nil
				}
			}
			packages[i].Applications = apps
		}
		b, err := json.Marshal(packages)
		if err != nil || len(b) <= mostErrandBytes {
			return packages, err
		}
	}
	return nil, berth.Errorf(berth.Invalid, "the %d packages in the image are described by more than %d bytes", len(packages), mostErrandBytes)
}

func answered(ctx context.Context, p Platform, ask wire.Ask) ([]berth.Package, error) {
	if ask.Kind == wire.AskExpand {
		able, ok := p.(Expander)
		if !ok {
			return nil, cannot("read images for the server")
		}
		return able.Expand(ctx, ask.ImagePath)
	}
	able, ok := p.(SessionKeeper)
	if !ok {
		return nil, cannot("act on sessions")
	}
	switch ask.Kind {
	case wire.AskLogOff:
		return nil, able.LogOff(ctx, ask.Session)
	case wire.AskDisconnect:
		return nil, able.Disconnect(ctx, ask.Session)
	case wire.AskMessage:
		return nil, able.Message(ctx, ask.Session, ask.Title, ask.Body)
	case wire.AskExpand:
	}
	return nil, berth.Errorf(berth.Invalid, "this agent does not know the request %q", ask.Kind).With("update the agent")
}

func cannot(what string) error {
	return berth.Errorf(berth.Precondition, "the platform of this host cannot %s", what)
}
