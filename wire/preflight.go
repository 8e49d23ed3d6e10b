package wire

import (
	"time"

	"berth"
)

// PreflightReport says that the agent knows pre-flights, which it is at, and which are done. The server asks agents that
// do not send one for none.
type PreflightReport struct {
	Working []string          `json:"working,omitempty"` // ids that need not be asked for again
	Answers []PreflightAnswer `json:"answers,omitempty"`
}

// PreflightAnswer is the result of one pre-flight.
type PreflightAnswer struct {
	ID     string                 `json:"id"`
	Checks []berth.PreflightCheck `json:"checks"`
}

// AskPreflight asks a host to try a package.
type AskPreflight struct {
	Package string `json:"package" doc:"full name of a package of the catalogue"`
}

// The states of a pre-flight.
const (
	PreflightPending = "pending" // the host has not answered
	PreflightDone    = "done"    // it has
)

// PreflightView is a pre-flight as administrators see it.
type PreflightView struct {
	ID         string                 `json:"id"`
	Host       string                 `json:"host"`
	Package    string                 `json:"package"`
	State      string                 `json:"state"`   // pending or done
	Message    string                 `json:"message"` // what that means
	AskedAt    time.Time              `json:"askedAt"`
	AskedBy    string                 `json:"askedBy"`
	AnsweredAt time.Time              `json:"answeredAt,omitzero"`
	Checks     []berth.PreflightCheck `json:"checks"`
}
