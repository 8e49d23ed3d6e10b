package berth

import (
	"errors"
	"fmt"
)

// Kind says what sort of failure an Error is. Every face translates kinds by one table: exit codes of the command line,
// statuses of the native interface, codes of Azure's. The order is part of the protocol: never renumber.
type Kind int

// The kinds of failure.
const (
	Internal        Kind = iota // a fault of Berth's own; the text is logged, not shown
	Invalid                     // the input is wrong; saying it again will not help
	NotFound                    // the object named is not there
	Conflict                    // the object is in a state that forbids this, or exists already
	Forbidden                   // the caller is known and may not
	Unauthenticated             // the caller is not known
	Precondition                // somebody else changed the object meanwhile
	Unavailable                 // something needed cannot be reached now; trying again may help
)

// Kinds lists every kind, for tests that walk the tables of the faces.
var Kinds = []Kind{Internal, Invalid, NotFound, Conflict, Forbidden, Unauthenticated, Precondition, Unavailable}

var kindNames = map[Kind]string{
	Internal: "internal", Invalid: "invalid", NotFound: "notFound", Conflict: "conflict", Forbidden: "forbidden",
	Unauthenticated: "unauthenticated", Precondition: "precondition", Unavailable: "unavailable",
}

// String gives the stable name of the kind, as used in JSON.
func (k Kind) String() string { return kindNames[k] }

// KindOf returns the kind named so in JSON; an unknown name is Internal.
func KindOf(name string) Kind {
	for k, n := range kindNames {
		if n == name {
			return k
		}
	}
	return Internal
}

// Error is a failure as it is shown to a person: what happened and where (Message), what to do about it (Remedy), the
// code as the platform gave it (Code), and which input field is to blame (Field). Err is the cause, for logs and errors.Is.
// Of kind Precondition, Meanwhile lists what others changed since the caller looked, in order.
type Error struct {
	Kind    Kind
	Message string
	Field   string
	Code    string
	Remedy  string
	Err     error

	Meanwhile []Meanwhile
}

// Error returns the message, then the remedy where there is one.
func (e *Error) Error() string {
	s := e.Message
	if s == "" && e.Err != nil {
		s = e.Err.Error()
	}
	if e.Code != "" {
		s += " (" + e.Code + ")"
	}
	if e.Remedy != "" {
		s += "; " + e.Remedy
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error of the kind; a %w verb among the arguments becomes its cause.
func Errorf(kind Kind, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Kind: kind, Message: err.Error(), Err: errors.Unwrap(err)}
}

// With returns a copy of the error with its remedy.
func (e *Error) With(remedy string) *Error {
	c := *e
	c.Remedy = remedy
	return &c
}

// On returns a copy of the error that names the input field to blame.
func (e *Error) On(field string) *Error {
	c := *e
	c.Field = field
	return &c
}

// ErrorKind returns the kind of err: that of the first Error in its chain, else Internal.
func ErrorKind(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}

// advice is what to do about an error of which nobody knows better.
var advice = map[Kind]string{
	Internal:        "see the log of the server, and report this with what it says",
	Invalid:         "correct the input and try again",
	NotFound:        "check the name; the list of its kind shows what there is",
	Conflict:        "look at its present state, then decide again",
	Forbidden:       "ask an owner for the right, or sign in as somebody who has it",
	Unauthenticated: "sign in again",
	Precondition:    "look at the newest state, then change it again",
	Unavailable:     "try again in a while; if it lasts, see whether what is named runs and can be reached",
}

// Advice says what to do about the error: its own remedy, else what helps with errors of its kind.
func (e *Error) Advice() string {
	if e.Remedy != "" {
		return e.Remedy
	}
	return advice[e.Kind]
}
