package agent

import (
	"context"
	"errors"

	"berth"
)

// StepError says in which phase of a step a Platform failed, where that is not the phase that the step is named after:
// staging fails at trust, attach or verify too.
type StepError struct {
	Phase berth.Phase
	Err   error
}

// InPhase marks err with the phase it happened in; nil stays nil.
func InPhase(phase berth.Phase, err error) error {
	if err == nil {
		return nil
	}
	return &StepError{Phase: phase, Err: err}
}

// Error returns the text of the cause.
func (e *StepError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *StepError) Unwrap() error { return e.Err }

// failureOf turns a step's error into the facts of it. A *berth.Error at the top gives its message alone, because the
// server adds the remedy by the code; anything wrapped around one is kept.
func failureOf(step Step, err error) berth.Failure {
	f := berth.Failure{Phase: step.phase()}
	if s, ok := errors.AsType[*StepError](err); ok {
		f.Phase = s.Phase
		err = s.Err
	}
	f.Message = err.Error()
	if b, ok := errors.AsType[*berth.Error](err); ok {
		f.Code = b.Code
		if err.Error() == b.Error() && b.Message != "" { // nothing was wrapped around it
			f.Message = b.Message
		}
	}
	if f.Code == "" && errors.Is(err, context.DeadlineExceeded) {
		f.Code = "ETIMEDOUT"
	}
	return f
}
