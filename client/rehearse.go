package client

import (
	"encoding/json"
	"net/http"

	"berth"
	"berth/wire"
)

// dryRunHeader asks the server to try a change, tell what it would do, and take it back.
const dryRunHeader = "X-Berth-Dry-Run"

// Rehearsed is how a change ends that was only tried: with what it would change on which hosts.
type Rehearsed struct{ Preview wire.Preview }

// Error says that nothing was changed.
func (r *Rehearsed) Error() string { return "this was a rehearsal: nothing was changed" }

// Rehearsing returns a client whose changes are only tried: each ends with a *Rehearsed as its error, and nothing has
// changed. What the server would refuse, it refuses.
func (c *Client) Rehearsing() *Client {
	r := *c
	r.rehearsing = true
	return &r
}

// rehearsed reads the answer to a change that was only tried.
func (c *Client) rehearsed(resp *http.Response) error {
	if resp.Header.Get(dryRunHeader) != "true" {
		return berth.Errorf(berth.Internal, "the server %s knows no dry runs: the change was made", c.base.Host).With("look at it with `berth changes list`")
	}
	r := &Rehearsed{}
	if err := json.NewDecoder(resp.Body).Decode(&r.Preview); err != nil {
		return berth.Errorf(berth.Unavailable, "the answer of %s was cut off or is no JSON: %v", c.base.Host, err)
	}
	return r
}
