package winhost

import (
	"encoding/json"
	"fmt"
	"io"

	"berth"
)

// Work is what a worker in a user's session is told to do, as one JSON document on its standard input.
type Work struct {
	Do      string `json:"do"` // register or deregister
	Package string `json:"package"`
}

// What a worker can do.
const (
	WorkRegister   = "register"
	WorkDeregister = "deregister"
)

// Done is how it went, as one JSON document on the worker's standard output.
type Done struct {
	Code     string `json:"code,omitempty"` // HRESULT; empty: it is done
	Text     string `json:"text,omitempty"`
	Activity string `json:"activity,omitempty"` // of the deployment, in the event logs
}

// mostWork bounds a document between agent and worker.
const mostWork = 64 << 10

// readWork reads what is to be done. It comes from the agent, which runs with more rights than the reader; it is checked
// all the same, because the worker's standard input is whatever started it.
func readWork(r io.Reader) (Work, error) {
	var w Work
	if err := json.NewDecoder(io.LimitReader(r, mostWork)).Decode(&w); err != nil {
		return w, berth.Errorf(berth.Invalid, "standard input is no work: %w", err).With("this command is started by the agent")
	}
	if w.Do != WorkRegister && w.Do != WorkDeregister {
		return w, berth.Errorf(berth.Invalid, "there is no work %q", w.Do)
	}
	return w, checkName(w.Package)
}

// readDone reads a worker's answer, whose user may have put another program in its place: nothing in it is trusted but
// the code and the text that are shown.
func readDone(data []byte) (Done, error) {
	var d Done
	if len(data) > mostWork {
		return d, fmt.Errorf("the worker answered with %d bytes", len(data))
	}
	if err := json.Unmarshal(data, &d); err != nil {
		return d, fmt.Errorf("the worker's answer cannot be read: %w", err)
	}
	return d, nil
}
