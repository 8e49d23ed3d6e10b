package api_test

import (
	"net/http"
	"strings"
	"testing"

	"berth"
)

// TestProblems: every failure is a problem of RFC 9457 with kind, code, field and remedy.
func TestProblems(t *testing.T) {
	s := newSite(t)
	reader := s.tokenOf(berth.RoleReader, "main")
	const packages = "/api/v1/sites/main/packages"
	one := packages + "/" + notesOne
	tests := map[string]struct {
		ask
		status int
		kind   berth.Kind
		says   string
	}{
		"no token":            {ask{method: "GET", path: packages}, 401, berth.Unauthenticated, "signed in"},
		"wrong token":         {ask{method: "GET", path: packages, token: "bth_x_y"}, 401, berth.Unauthenticated, "not valid"},
		"another sign-in":     {ask{method: "GET", path: packages, header: map[string]string{"Authorization": "Basic eDp5"}}, 401, berth.Unauthenticated, "Basic"},
		"reader writes":       {ask{method: "DELETE", path: one, token: reader}, 403, berth.Forbidden, "contributor"},
		"no such site":        {ask{method: "GET", path: "/api/v1/sites/nowhere/packages", token: s.token}, 404, berth.NotFound, "nowhere"},
		"no such package":     {ask{method: "GET", path: packages + "/x", token: s.token}, 404, berth.NotFound, `"x"`},
		"no such operation":   {ask{method: "GET", path: "/api/v1/nothing", token: s.token}, 404, berth.NotFound, "no such operation"},
		"no such method":      {ask{method: "PUT", path: one, token: s.token, body: "{}"}, 405, berth.Invalid, "no such operation"},
		"there already":       {ask{method: "POST", path: packages, token: s.token, body: `{"imagePath":"notes.vhdx"}`}, 409, berth.Conflict, "already"},
		"old revision":        {ask{method: "PATCH", path: one, token: s.token, body: `{}`, header: map[string]string{"If-Match": `"77"`}}, 412, berth.Precondition, "revision"},
		"no revision":         {ask{method: "PATCH", path: one, token: s.token, body: `{}`, header: map[string]string{"If-Match": `"x"`}}, 412, berth.Precondition, "revision"},
		"revision 0":          {ask{method: "PATCH", path: one, token: s.token, body: `{}`, header: map[string]string{"If-Match": `"0"`}}, 412, berth.Precondition, "revision"},
		"unknown member":      {ask{method: "PATCH", path: one, token: s.token, body: `{"enabeld":true}`}, 422, berth.Invalid, "enabeld"},
		"wrong type":          {ask{method: "PATCH", path: one, token: s.token, body: `{"enabled":"yes"}`}, 422, berth.Invalid, "enabled"},
		"missing member":      {ask{method: "POST", path: packages, token: s.token, body: `{}`}, 422, berth.Invalid, "imagePath"},
		"not in the list":     {ask{method: "POST", path: "/api/v1/sites/main/pools", token: s.token, body: `{"name":"Pool A","kind":"pc"}`}, 422, berth.Invalid, "kind"},
		"out of range":        {ask{method: "GET", path: packages + "?limit=-1", token: s.token}, 422, berth.Invalid, "limit"},
		"no JSON":             {ask{method: "PATCH", path: one, token: s.token, body: `{"enabled":`}, 400, berth.Invalid, ""},
		"no body":             {ask{method: "PATCH", path: one, token: s.token}, 400, berth.Invalid, "body"},
		"another media type":  {ask{method: "PATCH", path: one, token: s.token, body: `a`, header: map[string]string{"Content-Type": "text/plain"}}, 415, berth.Invalid, ""},
		"wrong by the rules":  {ask{method: "POST", path: "/api/v1/sites/main/pools", token: s.token, body: `{"name":"?","kind":"avd"}`}, 400, berth.Invalid, "name a pool"},
		"huge body":           {ask{method: "PATCH", path: one, token: s.token, body: `{"displayName":"` + strings.Repeat("x", 9<<20) + `"}`}, 413, berth.Invalid, ""},
		"the server's fault":  {ask{method: "POST", path: packages, token: s.token, body: `{"imagePath":"cursed"}`}, 500, berth.Internal, "inside the server"},
		"holder of no sort":   {ask{method: "GET", path: "/api/v1/sites/main/users/x/assignments", token: s.token}, 422, berth.Invalid, "holder"},
		"defaults of no kind": {ask{method: "GET", path: "/api/v1/sites/main/defaults/pc/assignments", token: s.token}, 400, berth.Invalid, "pc"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := s.ask(tt.ask)
			if got.status != tt.status || got.problem.Kind != tt.kind.String() || !strings.Contains(got.problem.Detail, tt.says) {
				t.Errorf("got %d %s, want %d %s that says %q", got.status, got.body, tt.status, tt.kind, tt.says)
			}
			if challenged := got.header.Get("WWW-Authenticate") != ""; challenged != (tt.status == http.StatusUnauthorized) {
				t.Errorf("challenge: %v", got.header)
			}
		})
	}
}

// TestProblemMembers: what the error says beside its words, and that an internal one is shown to the log alone.
func TestProblemMembers(t *testing.T) {
	s := newSite(t)
	got := s.ask(ask{method: "POST", path: "/api/v1/sites/main/packages", token: s.token, body: `{"imagePath":"nowhere.vhdx"}`})
	if p := got.problem; p.Status != 404 || p.Code != "ENOENT" || p.Field != "imagePath" || p.Remedy != "look for it" || p.Title != "Not Found" {
		t.Errorf("problem: %s", got.body)
	}
	got = s.ask(ask{method: "POST", path: "/api/v1/sites/main/packages", token: s.token, body: `{"imagePath":"cursed"}`})
	if strings.Contains(string(got.body), "EOF") || !strings.Contains(s.logged.String(), "unexpected EOF") {
		t.Errorf("shown: %s\nlogged: %s", got.body, s.logged)
	}
}

// TestETags: what can be edited comes with its revision, and an edit of that revision passes once.
func TestETags(t *testing.T) {
	s := newSite(t)
	path := "/api/v1/sites/main/packages/" + notesOne
	first := s.ask(ask{method: "GET", path: path, token: s.token}).header.Get("ETag")
	if first != `"1"` {
		t.Fatalf("ETag %q", first)
	}
	edit := func(match, name string) answer {
		return s.ask(ask{method: "PATCH", path: path, token: s.token, body: `{"displayName":"` + name + `"}`, header: map[string]string{"If-Match": match}})
	}
	got := edit(first, "two")
	second := got.header.Get("ETag")
	if got.status != 200 || second == first {
		t.Errorf("first edit: %d, ETag %q", got.status, second)
	}
	if got = edit(first, "three"); got.status != 412 || got.problem.Remedy == "" {
		t.Errorf("an edit of an old revision: %d %s", got.status, got.body)
	}
	if got = edit("*", "four"); got.status != 200 {
		t.Errorf("an edit of any revision: %d", got.status)
	}
	const list = "/api/v1/sites/main/defaults/rdsh/"
	got = s.ask(ask{method: "GET", path: list + "assignments", token: s.token})
	if got.header.Get("ETag") == "" || got.header.Get("Cache-Control") != "no-store" || got.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("headers: %v", got.header)
	}
	// Each edit passes with the ETag of before, and not a second time.
	for _, edit := range []ask{
		{method: "POST", path: list + "assignments", body: `{"version":"` + notesOne + `"}`},
		{method: "DELETE", path: list + "assignments/" + family},
		{method: "PATCH", path: "/api/v1/sites/main/settings", body: `{"enabled":false}`},
	} {
		seen := s.ask(ask{method: "GET", path: strings.TrimSuffix(edit.path, "/"+family), token: s.token}).header.Get("ETag")
		edit.token, edit.header = s.token, map[string]string{"If-Match": seen}
		if got = s.ask(edit); got.status != 200 || got.header.Get("ETag") == seen || got.header.Get("ETag") == "" {
			t.Errorf("%s %s at %s: %d %s, ETag %s", edit.method, edit.path, seen, got.status, got.body, got.header.Get("ETag"))
		}
		if edit.method == "DELETE" {
			continue // the row is gone, which comes before its revision
		}
		if got = s.ask(edit); got.status != 412 {
			t.Errorf("%s %s at %s again: %d %s", edit.method, edit.path, seen, got.status, got.body)
		}
	}
	if got = s.ask(ask{method: "PUT", path: list + "inherit", token: s.token, body: `{"inherit":true}`, header: map[string]string{"If-Match": "x"}}); got.status != 412 {
		t.Errorf("no revision: %d %s", got.status, got.body)
	}
}
