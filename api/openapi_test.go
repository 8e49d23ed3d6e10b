package api_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// operation is one of the document, with a body that it accepts as far as its form goes.
type operation struct{ method, path, id, body string }

// operations reads the OpenAPI document as a program would.
func operations(t *testing.T, s *site) (ops []operation) {
	t.Helper()
	got := s.ask(ask{method: "GET", path: "/api/v1/openapi.json"})
	var doc struct {
		OpenAPI string
		Info    struct{ Title, Version string }
		Paths   map[string]map[string]struct {
			OperationID string
			Summary     string
			Security    []map[string][]string
		}
	}
	s.must(json.Unmarshal(got.body, &doc))
	if !strings.HasPrefix(doc.OpenAPI, "3.1") || doc.Info.Version != "1.2.3" {
		t.Errorf("document: OpenAPI %s of %s %s", doc.OpenAPI, doc.Info.Title, doc.Info.Version)
	}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			if op.OperationID == "" || op.Summary == "" || (len(op.Security) == 0 && op.OperationID != "signIn") {
				t.Errorf("%s %s has no id, no summary or asks for no sign-in", method, path)
			}
			ops = append(ops, operation{strings.ToUpper(method), path, op.OperationID, bodies[op.OperationID] + accountBodies[op.OperationID]})
		}
	}
	slices.SortFunc(ops, func(a, b operation) int { return strings.Compare(a.id, b.id) })
	return ops
}

var bodies = map[string]string{
	"createSite": `{"name":"x"}`, "editSettings": `{}`, "renameTag": `{"name":"x"}`, "addPackage": `{"imagePath":"x"}`, "editPackage": `{}`,
	"tagPackage": `{"tag":"custom"}`, "setHostPool": `{"pool":""}`, "addPool": `{"name":"Pool A","kind":"avd"}`, "assign": `{}`,
	"setInherit": `{"inherit":true}`, "applyChanges": `{}`, "discardChanges": `{}`, "createToken": `{"name":"x","role":"owner"}`,
	"createEnrollKey": `{"kind":"avd"}`, "askPreflight": `{"package":"x"}`, "applyDocument": `{"apiVersion":"berth/v1","kind":"Site"}`,
	"inspectImage": `{"path":"notes.vhdx"}`, "startTask": `{"kind":"inspect","path":"notes.vhdx"}`,
	"revertAuditEntry": `{}`, "rollBackTag": `{"family":"x"}`,
	"addPublication": `{"name":"x","family":"x","application":"x","hosts":["x"]}`, "editPublication": `{}`,
}

// TestOpenAPI holds the list of operations: programs are made from it, and the command line uses the same names.
func TestOpenAPI(t *testing.T) {
	s := newSite(t)
	var lines []string
	for _, op := range operations(t, s) {
		lines = append(lines, op.id+" "+op.method+" "+op.path)
	}
	got := strings.Join(lines, "\n") + "\n"
	golden := filepath.Join("testdata", "operations.txt")
	if *update {
		s.must(os.WriteFile(golden, []byte(got), 0o644))
	}
	want, err := os.ReadFile(golden)
	s.must(err)
	if got != strings.ReplaceAll(string(want), "\r\n", "\n") {
		t.Errorf("the operations are\n%swant\n%s(-update writes the file anew)", got, want)
	}
	own, err := s.api.OpenAPI()
	if err != nil || !json.Valid(own) {
		t.Errorf("the document from code is no JSON: %v", err)
	}
}

// TestAnswersWithoutBody: 204 where there is nothing to say.
func TestAnswersWithoutBody(t *testing.T) {
	s := newSite(t)
	s.enroll("h1")
	for _, a := range []ask{
		{method: "POST", path: "/api/v1/sites/main/hosts/h1/retry"},
		{method: "PUT", path: "/api/v1/sites/main/hosts/h1/pool", body: `{"pool":""}`},
		{method: "DELETE", path: "/api/v1/sites/main/hosts/h1"},
		{method: "DELETE", path: "/api/v1/sites/main/packages/" + notesOne},
	} {
		a.token = s.token
		if got := s.ask(a); got.status != 204 || len(got.body) > 0 {
			t.Errorf("%s %s: %d %s", a.method, a.path, got.status, got.body)
		}
	}
}

// TestLists: an empty list is [], not null.
func TestLists(t *testing.T) {
	s := newSite(t)
	for _, path := range []string{"hosts", "pools", "status", "enroll-keys"} {
		if got := s.ask(ask{method: "GET", path: "/api/v1/sites/main/" + path, token: s.token}); strings.TrimSpace(string(got.body)) != `{"items":[]}` {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
}
