package winhost

import (
	"encoding/json"
	"fmt"
	"slices"

	"berth"
)

// Work is what the worker in a user's session is told to do: one JSON document on a line of its standard input.
type Work struct {
	Do      string `json:"do"`
	Package string `json:"package,omitempty"` // register, deregister: full name
	// Frameworks are registered before the package where Windows does not find them by itself.
	Frameworks []string `json:"frameworks,omitempty"`
	// Held are the packages that the worker lets go of when the session ends, beside those that it registers itself.
	Held []string `json:"held,omitempty"`
}

// What a worker can do.
const (
	WorkRegister   = "register"
	WorkDeregister = "deregister"
	WorkHold       = "hold" // take over what an earlier worker of the session has registered
)

// Done is how it went: one JSON document on a line of the worker's standard output.
type Done struct {
	Code     string `json:"code,omitempty"` // HRESULT; empty: it is done
	Text     string `json:"text,omitempty"`
	Activity string `json:"activity,omitempty"` // of the deployment, in the event logs
	// Ends is not an answer: the session ends, and nothing is to be registered in it any more. It comes once before the
	// worker lets go, without Left, and once when it has, with what it has let go of.
	Ends bool     `json:"ends,omitempty"`
	Left []string `json:"left,omitempty"`
}

// mostWork bounds a document between agent and worker, mostNames the packages in one.
const (
	mostWork  = 256 << 10
	mostNames = 1000
)

// readWork reads what is to be done. It comes from the agent, which runs with more rights than the reader; it is checked
// all the same, because the worker's standard input is whatever started it.
func readWork(line []byte) (Work, error) {
	var w Work
	if err := json.Unmarshal(line, &w); err != nil {
		return w, berth.Errorf(berth.Invalid, "standard input is no work: %w", err).With("this command is started by the agent")
	}
	names := slices.Concat(w.Frameworks, w.Held)
	switch w.Do {
	case WorkRegister, WorkDeregister:
		names = append(names, w.Package)
	case WorkHold:
	default:
		return w, berth.Errorf(berth.Invalid, "there is no work %q", w.Do)
	}
	return w, checkNames(names)
}

func checkNames(names []string) error {
	if len(names) > mostNames {
		return berth.Errorf(berth.Invalid, "%d packages at once", len(names))
	}
	for _, n := range names {
		if err := checkName(n); err != nil {
			return err
		}
	}
	return nil
}

// readDone reads a worker's answer, whose user may have put another program in its place: nothing in it is trusted but
// the code and the text that are shown. What it says to have let go of is looked up with Windows.
func readDone(line []byte) (Done, error) {
	var d Done
	if len(line) > mostWork {
		return d, fmt.Errorf("the worker answered with %d bytes", len(line))
	}
	if err := json.Unmarshal(line, &d); err != nil {
		return d, fmt.Errorf("the worker's answer cannot be read: %w", err)
	}
	return d, checkNames(d.Left)
}
