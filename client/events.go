package client

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"berth"
	"berth/wire"
)

// longestLine bounds one line of a stream of events.
const longestLine = 1 << 20

// Events calls fn for each event of the site until fn returns an error, which Events returns, the context is done, or the
// stream ends. The first event is a hello; whoever was dropped, or cut off, begins anew and looks at everything again.
func (c *Client) Events(ctx context.Context, fn func(wire.Event) error) error {
	// A stream has no end: the client's own time-out for answers must not cut it off.
	patient := *c
	patient.http = &http.Client{Transport: c.http.Transport}
	resp, err := patient.Raw(ctx, http.MethodGet, "/api/v1"+c.at("events"), nil)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return problem(resp)
	}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, longestLine)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue // names and ids stand in the data too; the rest are signs of life
		}
		var e wire.Event
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			return berth.Errorf(berth.Unavailable, "an event of %s is no JSON: %v", c.base.Host, err)
		}
		if err := fn(e); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return berth.Errorf(berth.Unavailable, "the stream of events of %s ended", c.base.Host)
}
