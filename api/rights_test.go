package api_test

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"berth"
	"berth/wire"
)

// right is what an operation needs.
type right struct {
	role berth.Role
	farm bool // of the farm as a whole, not of the site in the path
	any  bool // in any site: what there is to see and do then is decided one by one, see TestSiteOwners in control
}

// anyone may do what needs no role; stranger is for those who have not signed in.
var (
	anyone      = right{}
	reader      = right{role: berth.RoleReader}
	contributor = right{role: berth.RoleContributor}
	owner       = right{role: berth.RoleOwner}
	farmOwner   = right{role: berth.RoleOwner, farm: true}
	someOwner   = right{role: berth.RoleOwner, any: true}
)

// rights is the table of the least right of every operation. An operation that is not here fails the test: decide who may
// do it before you add it.
var rights = map[string]right{
	"whoami": anyone, "listSites": anyone, "signOut": anyone, "listSessions": anyone, "listErrors": anyone, "getError": anyone,
	"endSession": farmOwner, // of others; one's own: see TestSessions
	"listUsers":  someOwner, "createUser": someOwner, "getUser": farmOwner, "editUser": farmOwner, "removeUser": farmOwner, "setPassword": farmOwner,
	"listClients": farmOwner, "getClient": farmOwner, "createClient": farmOwner, "editClient": farmOwner, "removeClient": farmOwner,
	"createClientSecret": farmOwner, "removeClientSecret": farmOwner,
	"listFarmAudit": {role: berth.RoleReader, farm: true},
	"exchangeToken": anyone, "createSite": farmOwner, "createToken": farmOwner, "listTokens": farmOwner,
	"createEnrollKey": owner, "listEnrollKeys": owner, "revokeCredential": owner,
	"getSite": reader, "getSettings": reader, "listAudit": reader, "listPackages": reader, "getPackage": reader, "listHosts": reader, "getHost": reader,
	"listPools": reader, "getPool": reader, "listStatus": reader, "listAssignments": reader, "listChanges": reader,
	"editSettings": contributor, "renameTag": contributor, "addPackage": contributor, "editPackage": contributor, "removePackage": contributor,
	"tagPackage": contributor, "untagPackage": contributor, "removeHost": contributor, "retryHost": contributor, "setHostPool": contributor,
	"revokeHost": contributor, "addPool": contributor, "removePool": contributor, "assign": contributor, "unassign": contributor,
	"getAuditEntry": reader, "getCertificate": reader, "getPublication": reader, "listAssignedHosts": reader, "listCertificates": reader,
	"listPublications": reader, "listTagHistory": reader, "listenToEvents": reader, "previewChanges": reader, "summarizeStatus": reader,
	"addPublication": contributor, "editPublication": contributor, "removePublication": contributor, "revertAuditEntry": contributor,
	"rollBackTag":    contributor,
	"exportDocument": reader, "applyDocument": contributor, "askPreflight": contributor, "getPreflight": reader, "listHostTimings": reader, "getPackageTimings": reader,
	"getServer": anyone, "getOverview": reader, "listTasks": reader, "getTask": reader,
	"browseImages": contributor, "inspectImage": contributor, "startTask": contributor, "cancelTask": contributor,
	"setInherit": contributor, "applyChanges": contributor, "discardChanges": contributor,
}

// accountBodies are bodies that the operations on accounts accept as far as their form goes; see bodies.
var accountBodies = map[string]string{
	"signIn": `{"name":"nobody","password":"x"}`, "createUser": `{"name":"x","password":"a long password"}`, "editUser": `{}`,
	"setPassword": `{"password":"a long password"}`, "createClient": `{"name":"x"}`, "editClient": `{}`, "createClientSecret": `{}`,
}

var parameter = regexp.MustCompile(`\{(\w+)\}`)

// fill puts values into a path: of things that are there where the right hangs on them, "x" for all others.
func fill(path string, known map[string]string) string {
	return parameter.ReplaceAllStringFunc(path, func(p string) string {
		if v := known[strings.Trim(p, "{}")]; v != "" {
			return v
		}
		return "x"
	})
}

// caller is somebody who tries everything.
type caller struct {
	name, token string
	role        berth.Role
	site        string // empty: every site
}

// may tells whether the table lets the caller do it in the site main.
func (c caller) may(r right) bool {
	if r.any && strings.HasPrefix(c.name, "user-") { // each is an owner of the site lab
		return true
	}
	here := c.site == "" || r.any || (c.site == "main" && !r.farm)
	return r == anyone || (here && c.role.Includes(r.role))
}

// callers has every role in main, in another site and in the farm: as tokens, and as users with a role in each.
func (s *site) callers() (all []caller) {
	_, err := s.service.CreateSite(s.owner, berth.Site{Name: "lab", SubscriptionID: "3b9f1b1e-0000-4000-8000-000000000002"})
	s.must(err)
	for _, role := range []berth.Role{berth.RoleReader, berth.RoleContributor, berth.RoleOwner} {
		for _, in := range []string{"main", "lab", ""} {
			all = append(all, caller{string(role) + " token of " + in, s.tokenOf(role, in), role, in})
		}
		name := "user-" + string(role)
		all = append(all, caller{name, s.signedIn(name, berth.Grant{Site: "main", Role: role}, berth.Grant{Site: "lab", Role: berth.RoleOwner}).Text, role, "main"})
	}
	return append(all, caller{"user without a role", s.signedIn("nora").Text, "", "main"})
}

const password = "correct horse battery"

// signedIn makes a user with the roles and signs in.
func (s *site) signedIn(name string, roles ...berth.Grant) wire.SignedIn {
	s.t.Helper()
	_, err := s.service.CreateUser(s.owner, wire.CreateUser{Name: name, Password: password, Roles: roles})
	s.must(err)
	return s.signIn(name)
}

func (s *site) signIn(name string) (out wire.SignedIn) {
	s.t.Helper()
	b, err := json.Marshal(wire.SignInRequest{Name: name, Password: password})
	s.must(err)
	got := s.ask(ask{method: "POST", path: "/api/v1/sign-in", body: string(b)})
	s.must(json.Unmarshal(got.body, &out))
	if got.status != http.StatusOK || !strings.HasPrefix(out.Text, "bss_") {
		s.t.Fatalf("sign-in of %s: %d %s", name, got.status, got.body)
	}
	return out
}

// TestEveryRight lets every role, of this site, of another and of the farm, try every operation of the document. Those
// who may not get 403, strangers 401, and every 403 is in the audit; those who may get anything but these.
func TestEveryRight(t *testing.T) {
	s := newSite(t)
	known := map[string]string{"site": "main", "package": notesOne, "host": "h1", "tag": "custom", "holder": "hosts", "name": "h1", "family": family}
	s.enroll("h1")
	everybody := s.callers()
	known["session"] = s.signedIn("victim").ID
	known["user"], known["code"] = "victim", "0x80073CF3"
	key, err := s.service.CreateEnrollKey(s.owner, "main", wire.CreateEnrollKey{Kind: berth.KindRDSH})
	s.must(err)
	known["id"] = key.ID
	ops := operations(t, s)
	denied := 0
	for _, allowed := range []bool{false, true} { // those who may come last: they remove things
		for _, op := range ops {
			need, ok := rights[op.id]
			if op.id == "signIn" {
				continue // for strangers: see TestSignIn
			}
			if op.id == "exchangeToken" && allowed {
				continue // anyone may, and it ends the token that comes with it: see TestExchangeToken
			}
			if !ok {
				t.Errorf("%s is not in the table of rights: decide who may do it", op.id)
				continue
			}
			a := ask{method: op.method, path: fill(op.path, known), body: op.body}
			if !allowed {
				if got := s.ask(a); got.status != http.StatusUnauthorized {
					t.Errorf("%s by a stranger: %d %s", op.id, got.status, got.body)
				}
			}
			for _, c := range everybody {
				if c.may(need) != allowed || (op.id == "signOut" && strings.HasPrefix(c.name, "user")) {
					continue
				}
				a.token = c.token
				if op.id == "listenToEvents" && allowed {
					s.listens(a)
					continue
				}
				got := s.ask(a)
				forbidden := got.status == http.StatusForbidden
				if forbidden == allowed || got.status == http.StatusUnauthorized || (!allowed && !forbidden) {
					t.Errorf("%s by %s: %d %s", op.id, c.name, got.status, got.body)
				}
				if forbidden {
					denied++
				}
			}
		}
	}
	if written := s.refusals(); written < denied || denied == 0 {
		t.Errorf("%d refusals in the audit, want %d", written, denied)
	}
	for id := range rights {
		if !strings.Contains(listed(ops), " "+id+" ") {
			t.Errorf("the table has %s, the document has not", id)
		}
	}
}

// listens asks for an answer that does not end, and looks at its beginning only.
func (s *site) listens(a ask) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, a.method, s.web.URL+a.path, nil)
	s.must(err)
	r.Header.Set("Authorization", "Bearer "+a.token)
	resp, err := s.client(nil).Do(r)
	s.must(err)
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		s.t.Errorf("%s: %s", a.path, resp.Status)
	}
}

func listed(ops []operation) string {
	var b strings.Builder
	for _, op := range ops {
		b.WriteString(" " + op.id + " ")
	}
	return b.String()
}

// refusals counts those in the audit of the whole farm.
func (s *site) refusals() (n int) {
	entries, err := s.service.FarmAudit(s.owner, berth.AuditQuery{})
	s.must(err)
	for _, e := range entries {
		if e.Refused != "" {
			n++
		}
	}
	return n
}
