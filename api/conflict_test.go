package api_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"berth/wire"
)

// TestConflict: the second of two editors gets 412 with who changed it, when, and what.
func TestConflict(t *testing.T) {
	s := newSite(t)
	path := "/api/v1/sites/main/packages/" + notesOne
	seen := s.ask(ask{method: "GET", path: path, token: s.token}).header.Get("ETag")
	edit := func(name string) answer {
		return s.ask(ask{method: "PATCH", path: path, token: s.token, body: `{"displayName":"` + name + `"}`, header: map[string]string{"If-Match": seen}})
	}
	if got := edit("first"); got.status != http.StatusOK || got.header.Get("ETag") == seen {
		t.Fatalf("%d %s", got.status, got.body)
	}
	got := edit("second")
	var p wire.Problem
	s.must(json.Unmarshal(got.body, &p))
	if got.status != http.StatusPreconditionFailed || len(p.Meanwhile) != 1 {
		t.Fatalf("%d %s", got.status, got.body)
	}
	m := p.Meanwhile[0]
	if m.By == "" || m.At.IsZero() || m.Revision == 0 || len(m.Changes) != 1 || m.Changes[0].Field != "displayName" || string(m.Changes[0].After) != `"first"` {
		t.Errorf("%s", got.body)
	}
}

// TestEverythingHasAnETag: whatever can be got alone and changed says its ETag, and every way to change it takes If-Match.
func TestEverythingHasAnETag(t *testing.T) {
	s := newSite(t)
	doc := document(t, s)
	for path, ops := range doc.Paths {
		get, ok := ops["get"]
		if !ok || !tells(get, "ETag") {
			continue
		}
		for method, op := range ops {
			if method != "get" && !takes(op, "If-Match") {
				t.Errorf("%s (%s %s) takes no If-Match", op.OperationID, method, path)
			}
		}
	}
	for _, path := range []string{"/packages/{package}", "/hosts/{host}", "/pools/{pool}", "/publications/{publication}", "/settings", "/{holder}/{name}/assignments"} {
		if op, ok := doc.Paths["/api/v1/sites/{site}"+path]["get"]; !ok || !tells(op, "ETag") {
			t.Errorf("GET %s says no ETag", path)
		}
	}
}

type described struct {
	OperationID string `json:"operationId"`
	Parameters  []struct{ Name string }
	Responses   map[string]struct{ Headers map[string]any }
}

func document(t *testing.T, s *site) (doc struct {
	Paths map[string]map[string]described
}) {
	t.Helper()
	b, err := s.api.OpenAPI()
	s.must(err)
	s.must(json.Unmarshal(b, &doc))
	return doc
}

func tells(op described, header string) bool {
	_, ok := op.Responses["200"].Headers[header]
	return ok
}

func takes(op described, name string) bool {
	for _, p := range op.Parameters {
		if p.Name == name {
			return true
		}
	}
	return false
}
