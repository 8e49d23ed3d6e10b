package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"berth/wire"
)

// stream opens the events of the site as a browser does, and returns a function that reads the next one.
func (s *site) stream(last string) (next func() wire.Event, end context.CancelFunc) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.web.URL+"/api/v1/sites/main/events", nil)
	s.must(err)
	r.Header.Set("Authorization", "Bearer "+s.token)
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	resp, err := s.client(nil).Do(r)
	s.must(err)
	s.t.Cleanup(func() { _ = resp.Body.Close() })
	if got := resp.Header.Get("Content-Type"); resp.StatusCode != http.StatusOK || !strings.HasPrefix(got, "text/event-stream") {
		s.t.Fatalf("%s as %q", resp.Status, got)
	}
	lines := bufio.NewScanner(resp.Body)
	return func() (e wire.Event) {
		s.t.Helper()
		id := ""
		for lines.Scan() {
			if text, ok := strings.CutPrefix(lines.Text(), "id: "); ok {
				id = text
			}
			if text, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				s.must(json.Unmarshal([]byte(text), &e))
				if strconv.FormatInt(e.ID, 10) != id {
					s.t.Errorf("the id of the event is %s, in its data %d", id, e.ID)
				}
				return e
			}
		}
		s.t.Fatalf("the stream ended: %v", lines.Err())
		return e
	}, cancel
}

// TestEventsResume: a browser that was cut off sends the id of the last event it has, and hears of what it missed.
func TestEventsResume(t *testing.T) {
	s := newSite(t)
	rename := func(name string) {
		if got := s.ask(ask{method: "PATCH", path: "/api/v1/sites/main/tags/custom", token: s.token, body: `{"name":"` + name + `"}`}); got.status != http.StatusOK {
			t.Fatalf("%d %s", got.status, got.body)
		}
	}
	next, end := s.stream("")
	if e := next(); e.Kind != wire.EventHello || e.Resumed {
		t.Errorf("%+v", e)
	}
	rename("Pilot")
	seen := next()
	end()
	rename("Beta")
	rename("Test")
	next, end = s.stream(strconv.FormatInt(seen.ID, 10))
	defer end()
	if e := next(); e.Kind != wire.EventHello || !e.Resumed {
		t.Errorf("%+v", e)
	}
	for range 2 {
		e := next()
		if e.Action != "rename tag" || e.ID <= seen.ID || e.Revision != seen.Revision+1 {
			t.Errorf("%+v comes after %+v", e, seen)
		}
		seen = e
	}
	next, end = s.stream("nonsense")
	defer end()
	if e := next(); e.Resumed {
		t.Errorf("%+v", e)
	}
}
