package api_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"berth"
	"berth/wire"
)

// get asks as the owner and reads the answer.
func get[T any](s *site, method, path, body string) (out T) {
	s.t.Helper()
	got := s.ask(ask{method: method, path: "/api/v1" + path, token: s.token, body: body})
	if got.status != http.StatusOK {
		s.t.Fatalf("%s %s: %d %s", method, path, got.status, got.body)
	}
	s.must(json.Unmarshal(got.body, &out))
	return out
}

// TestImages goes the way of somebody who adds a package: browse, inspect, begin, see it done, see the overview.
func TestImages(t *testing.T) {
	s := newSite(t)
	roots := get[wire.ImageFolder](s, "GET", "/sites/main/images", "")
	if len(roots.Entries) != 1 || roots.Parent != nil || roots.Entries[0].Kind != berth.EntryImage {
		t.Errorf("%+v", roots)
	}
	if got := s.ask(ask{method: "GET", path: "/api/v1/sites/main/images?path=/etc", token: s.token}); got.status != http.StatusForbidden {
		t.Errorf("outside the roots: %d %s", got.status, got.body)
	}
	v := get[wire.ImageView](s, "POST", "/sites/main/images/inspect", `{"path":"notes.vhdx"}`)
	if len(v.Packages) != 1 || !v.Packages[0].InCatalogue || len(v.Packages[0].Checks) != 5 {
		t.Errorf("%+v", v)
	}
	task := get[berth.Task](s, "POST", "/sites/main/tasks", `{"kind":"verify","path":"notes.vhdx"}`)
	for end := time.Now().Add(time.Minute); !task.State.Over() && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		task = get[berth.Task](s, "GET", "/sites/main/tasks/"+task.ID, "")
	}
	if task.State != berth.TaskDone {
		t.Errorf("%+v", task)
	}
	if got := s.ask(ask{method: "POST", path: "/api/v1/sites/main/tasks/" + task.ID + "/cancel", token: s.token}); got.status != http.StatusConflict {
		t.Errorf("cancel what is done: %d %s", got.status, got.body)
	}
	if page := get[wire.Page[berth.Task]](s, "GET", "/sites/main/tasks?limit=10", ""); len(page.Items) != 1 || page.Next != "" {
		t.Errorf("%+v", page)
	}
	if o := get[wire.Overview](s, "GET", "/sites/main/overview", ""); o.Packages.Total != 1 || o.Pending.Count != 1 || len(o.Tasks) != 0 {
		t.Errorf("%+v", o)
	}
	if info := get[wire.ServerInfo](s, "GET", "/server", ""); info.ImageRoots[0] != "images" || info.Authority == "" || info.StartedAt.IsZero() {
		t.Errorf("%+v", info)
	}
}
