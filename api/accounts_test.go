package api_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"berth"
	"berth/auth"
	"berth/wire"
)

func (s *site) trySignIn(name, secret string) answer {
	return s.ask(ask{method: "POST", path: "/api/v1/sign-in", body: fmt.Sprintf(`{"name":%q,"password":%q}`, name, secret)})
}

func (s *site) status(token string) int {
	return s.ask(ask{method: "GET", path: "/api/v1/whoami", token: token}).status
}

// TestSignIn: names that there are not are answered as wrong passwords are, and a user who is disabled too.
func TestSignIn(t *testing.T) {
	s := newSite(t)
	session := s.signedIn("Olga", berth.Grant{Site: "main", Role: berth.RoleReader})
	_, err := s.service.CreateUser(s.owner, wire.CreateUser{Name: "dora", Password: password})
	s.must(err)
	yes := true
	_, err = s.service.EditUser(s.owner, "dora", wire.EditUser{Disabled: &yes})
	s.must(err)
	want := s.trySignIn("olga", "wrong")
	for _, a := range []answer{want, s.trySignIn("nobody", password), s.trySignIn("dora", password), s.trySignIn("olga", strings.ToUpper(password))} {
		if a.status != http.StatusUnauthorized || string(a.body) != string(want.body) {
			t.Errorf("%d %s, want %s", a.status, a.body, want.body)
		}
	}
	if s.refusals() != 4 {
		t.Errorf("%d refusals in the audit, want 4", s.refusals())
	}
	var who struct {
		Name, Kind, Site string
		Role             berth.Role
		Roles            []berth.Grant
	}
	got := s.ask(ask{method: "GET", path: "/api/v1/whoami", token: session.Text})
	s.must(json.Unmarshal(got.body, &who))
	if who.Name != "Olga" || who.Kind != auth.KindUser || who.Role != berth.RoleReader || who.Site != "main" || len(who.Roles) != 1 {
		t.Errorf("whoami: %s", got.body)
	}
	entries, err := s.service.FarmAudit(s.owner, berth.AuditQuery{})
	s.must(err)
	for _, e := range entries {
		if text := string(e.Before) + string(e.After) + e.Refused + e.Key; strings.Contains(text, "argon2") || strings.Contains(text, password) || strings.Contains(text, session.Text) {
			t.Errorf("a secret in the audit: %+v", e)
		}
	}
	if strings.Contains(s.logged.String(), password) {
		t.Error("a password in the log")
	}
}

// TestSignInIsLimited: by name and by address, with a wait that is true, and without harm to those who are let in.
func TestSignInIsLimited(t *testing.T) {
	s := newSite(t)
	s.signedIn("olga")
	var last answer
	for range 11 {
		last = s.trySignIn("olga", "wrong")
	}
	wait, err := strconv.Atoi(last.header.Get("Retry-After"))
	if last.status != http.StatusTooManyRequests || err != nil || wait < 1 || wait > 60 || last.problem.Code != "TooManyRequests" {
		t.Fatalf("the 11th try: %d %q %s", last.status, last.header.Get("Retry-After"), last.body)
	}
	if got := s.trySignIn("olga", password); got.status != http.StatusTooManyRequests {
		t.Errorf("the right password tells itself while tries are refused: %d", got.status)
	}
	s.moved.Add(int64(time.Duration(wait) * time.Second))
	s.signIn("olga")
	for range 25 { // good ones do not count
		s.signIn("olga")
	}
	for i := range 40 {
		last = s.trySignIn("user "+strconv.Itoa(i), "wrong")
	}
	if last.status != http.StatusTooManyRequests {
		t.Errorf("40 names from one address: %d", last.status)
	}
}

func TestEnrolmentIsLimited(t *testing.T) {
	s := newSite(t)
	body := fmt.Sprintf(`{"protocol":1,"name":"h","key":"bek_%s_%s"}`, strings.Repeat("0", 16), strings.Repeat("0", 52))
	var last answer
	for range 31 {
		last = s.ask(ask{method: "POST", path: wire.PathEnroll, body: body})
	}
	if last.status != http.StatusTooManyRequests || last.header.Get("Retry-After") == "" {
		t.Errorf("the 31st try: %d %s", last.status, last.body)
	}
	if n := s.refusals(); n != 30 {
		t.Errorf("%d refusals in the audit, want 30: those of unknown keys are written as far as they are tried", n)
	}
}

// TestSessions: their lives, whose they are, and what ends them.
func TestSessions(t *testing.T) {
	s := newSite(t)
	one := s.signedIn("olga")
	two, other := s.signIn("olga"), s.signedIn("sam")
	end := func(id, token string) int {
		return s.ask(ask{method: "DELETE", path: "/api/v1/sessions/" + id, token: token}).status
	}
	if got := end(other.ID, one.Text); got != http.StatusForbidden {
		t.Errorf("ending somebody else's: %d", got)
	}
	if got := end("unknown", one.Text); got != http.StatusForbidden {
		t.Errorf("ending one that there is not must look like that: %d", got)
	}
	var list struct{ Items []berth.SignIn }
	s.must(json.Unmarshal(s.ask(ask{method: "GET", path: "/api/v1/sessions", token: one.Text}).body, &list))
	if len(list.Items) != 2 {
		t.Errorf("own sessions: %+v", list.Items)
	}
	if got := s.ask(ask{method: "GET", path: "/api/v1/sessions?all=true", token: one.Text}); got.status != http.StatusForbidden {
		t.Errorf("those of all: %d", got.status)
	}
	s.must(json.Unmarshal(s.ask(ask{method: "GET", path: "/api/v1/sessions?all=true", token: s.token}).body, &list))
	if len(list.Items) != 3 {
		t.Errorf("all sessions: %+v", list.Items)
	}
	if got := end(two.ID, one.Text); got != http.StatusNoContent || s.status(two.Text) != http.StatusUnauthorized {
		t.Errorf("ending one's own: %d, then %d", got, s.status(two.Text))
	}
	if got := end(other.ID, s.token); got != http.StatusNoContent || s.status(other.Text) != http.StatusUnauthorized {
		t.Errorf("an owner ending one: %d", got)
	}
	if got := s.ask(ask{method: "POST", path: "/api/v1/sign-out", token: one.Text}); got.status != http.StatusNoContent || s.status(one.Text) != http.StatusUnauthorized {
		t.Errorf("sign-out: %d", got.status)
	}
	if got := s.ask(ask{method: "POST", path: "/api/v1/sign-out", token: s.token}); got.status != http.StatusConflict {
		t.Errorf("sign-out of a token: %d", got.status)
	}
	idle, busy := s.signIn("sam"), s.signIn("sam")
	for range 13 {
		s.moved.Add(int64(time.Hour))
		if s.status(busy.Text) != http.StatusOK {
			t.Fatal("a session in use ended")
		}
	}
	if s.status(idle.Text) != http.StatusUnauthorized {
		t.Error("an idle session lives")
	}
	for range 15 {
		s.moved.Add(int64(11 * time.Hour))
		s.status(busy.Text)
	}
	if s.status(busy.Text) != http.StatusUnauthorized {
		t.Error("a session lives longer than a week")
	}
	first := s.signIn("sam")
	for range 20 {
		s.signIn("sam")
	}
	if s.status(first.Text) != http.StatusUnauthorized {
		t.Error("one user has more than 20 sessions")
	}
}

// TestPasswordChange: the present password is needed for one's own; other sessions end.
func TestPasswordChange(t *testing.T) {
	s := newSite(t)
	here := s.signedIn("olga")
	there := s.signIn("olga")
	set := func(token, body string) answer {
		return s.ask(ask{method: "POST", path: "/api/v1/users/OLGA/password", token: token, body: body})
	}
	for body, status := range map[string]int{
		`{"password":"another horse battery"}`:                                         http.StatusForbidden,
		`{"password":"another horse battery","current":"wrong"}`:                       http.StatusForbidden,
		`{"password":"short","current":"` + password + `"}`:                            http.StatusBadRequest,
		`{"password":"` + strings.Repeat("x", 300) + `","current":"` + password + `"}`: http.StatusBadRequest,
	} {
		if got := set(here.Text, body); got.status != status {
			t.Errorf("%s: %d %s", body, got.status, got.body)
		}
	}
	if got := set(here.Text, `{"password":"another horse battery","current":"`+password+`"}`); got.status != http.StatusNoContent {
		t.Fatalf("%d %s", got.status, got.body)
	}
	if s.status(here.Text) != http.StatusOK || s.status(there.Text) != http.StatusUnauthorized {
		t.Error("the session at hand stays, all others end")
	}
	if s.trySignIn("olga", password).status != http.StatusUnauthorized || s.trySignIn("olga", "another horse battery").status != http.StatusOK {
		t.Error("the new password counts, the old one does not")
	}
	if got := set(s.token, `{"password":"`+password+`"}`); got.status != http.StatusNoContent || s.status(here.Text) != http.StatusUnauthorized {
		t.Errorf("by an owner: %d", got.status)
	}
}

// TestNobodyLocksHimselfOut, and whoever is disabled or removed is out at once.
func TestNobodyLocksHimselfOut(t *testing.T) {
	s := newSite(t)
	boss, sam := s.signedIn("boss", berth.Grant{Role: berth.RoleOwner}), s.signedIn("sam")
	for _, a := range []ask{
		{method: "DELETE", path: "/api/v1/users/Boss"},
		{method: "PATCH", path: "/api/v1/users/boss", body: `{"disabled":true}`},
		{method: "PATCH", path: "/api/v1/users/boss", body: `{"roles":[{"site":"main","role":"owner"}]}`},
	} {
		a.token = boss.Text
		if got := s.ask(a); got.status != http.StatusConflict {
			t.Errorf("%s %s: %d %s", a.method, a.body, got.status, got.body)
		}
	}
	edit := func(body string) answer {
		return s.ask(ask{method: "PATCH", path: "/api/v1/users/sam", token: boss.Text, body: body})
	}
	if got := edit(`{"roles":[{"site":"nowhere","role":"owner"}]}`); got.status != http.StatusNotFound {
		t.Errorf("a role in a site that there is not: %d", got.status)
	}
	if got := edit(`{"roles":[{"role":"owner"}]}`); got.status != http.StatusOK || s.ask(ask{method: "GET", path: "/api/v1/users", token: sam.Text}).status != http.StatusOK {
		t.Errorf("a new role does not count at once: %d", got.status)
	}
	if got := edit(`{"disabled":true}`); got.status != http.StatusOK || s.status(sam.Text) != http.StatusUnauthorized {
		t.Error("a disabled user is still in")
	}
	if got := s.ask(ask{method: "DELETE", path: "/api/v1/users/sam", token: boss.Text}); got.status != http.StatusNoContent || s.trySignIn("sam", password).status != http.StatusUnauthorized {
		t.Error("a removed user can sign in")
	}
	if got := s.ask(ask{method: "POST", path: "/api/v1/users", token: boss.Text, body: `{"name":"BOSS","password":"a long password"}`}); got.status != http.StatusConflict {
		t.Errorf("a second user of the name: %d", got.status)
	}
}

// TestRefusedSecrets: what is expired, revoked, forged, foreign or of another kind opens nothing.
func TestRefusedSecrets(t *testing.T) {
	s, foreign := newSite(t), newSite(t)
	revoked, err := s.service.CreateToken(s.owner, wire.CreateToken{Name: "r", Role: berth.RoleOwner})
	s.must(err)
	s.must(s.service.Revoke(s.owner, revoked.ID))
	expired, err := s.service.CreateToken(s.owner, wire.CreateToken{Name: "e", Role: berth.RoleOwner, Days: 1})
	s.must(err)
	key, err := s.service.CreateEnrollKey(s.owner, "main", wire.CreateEnrollKey{Kind: berth.KindRDSH})
	s.must(err)
	_, err = s.service.CreateClient(s.owner, wire.CreateClient{Name: "c", Roles: []berth.Grant{{Role: berth.RoleOwner}}})
	s.must(err)
	secret, err := s.service.CreateClientSecret(s.owner, "c", wire.CreateClientSecret{})
	s.must(err)
	session := s.signedIn("olga")
	forge := func(text string) string { // the last letter but one, since the last has bits that mean nothing
		i := len(text) - 2
		return text[:i] + string('0'+(text[i]-'0'+1)%10) + text[i+1:]
	}
	s.moved.Add(int64(25 * time.Hour))
	for what, token := range map[string]string{
		"revoked": revoked.Text, "expired": expired.Text, "forged": forge(s.token), "foreign": foreign.token, "foreign session": foreign.signedIn("olga").Text,
		"an enrolment key": key.Text, "a client's secret": secret.Text, "an idle session": session.Text, "a forged session": forge(session.Text),
		"a token as a session": "bss" + s.token[3:], "a session as a token": "bth" + session.Text[3:], "nothing of the kind": "x",
	} {
		before := s.refusals()
		if got := s.status(token); got != http.StatusUnauthorized || s.refusals() != before+1 {
			t.Errorf("%s: %d, and %d refusals in the audit", what, got, s.refusals()-before)
		}
	}
	before := s.refusals()
	for range 10 {
		s.status(revoked.Text)
	}
	if n := s.refusals() - before; n != 2 { // of one that is known three are written down, then one now and then
		t.Errorf("%d more refusals of the revoked token in the audit, want 2", n)
	}
}

// renewed asks for the next certificate of the host with a new key.
func (s *site) renewed(h host) (host, answer) {
	s.t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	s.must(err)
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, private)
	s.must(err)
	body, err := json.Marshal(wire.RenewRequest{Protocol: wire.Protocol, CSR: csr})
	s.must(err)
	got := s.ask(ask{method: "POST", path: wire.PathRenew, body: string(body), cert: &h.cert})
	var out wire.RenewResponse
	if got.status == http.StatusOK {
		s.must(json.Unmarshal(got.body, &out))
	}
	return host{id: h.id, der: out.Certificate, cert: tls.Certificate{Certificate: [][]byte{out.Certificate}, PrivateKey: private}}, got
}

// TestHostCertificates: renewal keeps the old one until the new one was used, revocation ends all, a new key restores.
func TestHostCertificates(t *testing.T) {
	s := newSite(t)
	old := s.enroll("h1")
	sync := func(h host) int {
		return s.ask(ask{method: "POST", path: wire.PathSync, body: syncBody(0), cert: &h.cert}).status
	}
	lost, got := s.renewed(old)
	if got.status != http.StatusOK {
		t.Fatalf("renewal: %d %s", got.status, got.body)
	}
	next, _ := s.renewed(old)
	view, err := s.service.Host(s.owner, "main", "h1")
	s.must(err)
	if !view.Certificate.Renewing || time.Until(view.Certificate.ExpiresAt) < 89*24*time.Hour {
		t.Errorf("listed as %+v", view.Certificate)
	}
	for what, tt := range map[string]struct {
		h    host
		want int
	}{"the one in force": {old, 200}, "one of which the answer was lost": {lost, 401}} {
		if got := sync(tt.h); got != tt.want {
			t.Errorf("%s: %d", what, got)
		}
	}
	if sync(next) != 200 || sync(old) != 401 || sync(next) != 200 {
		t.Error("the first use of the new certificate ends the old one")
	}
	if _, got := s.renewed(old); got.status != http.StatusUnauthorized {
		t.Errorf("renewal with one that is over: %d", got.status)
	}
	pending, _ := s.renewed(next)
	if got := s.ask(ask{method: "POST", path: "/api/v1/sites/main/hosts/h1/revoke", token: s.token}); got.status != http.StatusNoContent {
		t.Fatalf("revoke: %d %s", got.status, got.body)
	}
	if _, got := s.renewed(next); sync(next) != 401 || sync(pending) != 401 || got.status != 401 {
		t.Error("a revoked host is still served")
	}
	view, err = s.service.Host(s.owner, "main", "h1")
	if err != nil || view.Certificate.RevokedAt.IsZero() || view.ID != old.id {
		t.Errorf("a revoked host is forgotten: %+v, %v", view, err)
	}
	again := s.enroll("h1")
	view, err = s.service.Host(s.owner, "main", "h1")
	s.must(err)
	if sync(again) != 200 || again.id != old.id || !view.Certificate.RevokedAt.IsZero() {
		t.Errorf("enrolled anew: %d, %+v", sync(again), view.Certificate)
	}
	if sync(next) != 401 {
		t.Error("the revoked certificate is back")
	}
	for range 6 {
		_, got = s.renewed(again)
	}
	if got.status != http.StatusTooManyRequests {
		t.Errorf("renewals without end: %d", got.status)
	}
}

// TestEnrolmentIsAudited: which key let whom in, and which was refused.
func TestEnrolmentIsAudited(t *testing.T) {
	s := newSite(t)
	s.enroll("h1")
	keys, err := s.service.Credentials(s.owner, berth.CredentialEnroll, "main")
	s.must(err)
	entries, err := s.service.Audit(s.owner, berth.AuditQuery{Site: "main", Kind: "enrollKey", Key: keys[0].ID})
	s.must(err)
	if len(entries) != 2 || entries[0].Action != "use enrollKey" || !strings.Contains(string(entries[0].After), "h1") {
		t.Errorf("audit of the key: %+v", entries)
	}
}

// TestAuthenticateClient: the place for token endpoints. Only the id with a secret of its own is let in.
func TestAuthenticateClient(t *testing.T) {
	s := newSite(t)
	c, err := s.service.CreateClient(s.owner, wire.CreateClient{Name: "pipeline", Roles: []berth.Grant{{Site: "main", Role: berth.RoleContributor}}})
	s.must(err)
	other, err := s.service.CreateClient(s.owner, wire.CreateClient{Name: "other"})
	s.must(err)
	one, err := s.service.CreateClientSecret(s.owner, "Pipeline", wire.CreateClientSecret{Days: 1})
	s.must(err)
	two, err := s.service.CreateClientSecret(s.owner, c.ID, wire.CreateClientSecret{})
	s.must(err)
	s.must(s.service.RemoveClientSecret(s.owner, c.ID, two.ID))
	try := func(id, text string) berth.Kind {
		_, err := s.service.AuthenticateClient(t.Context(), id, text)
		if err == nil {
			return -1
		}
		return berth.ErrorKind(err)
	}
	p, err := s.service.AuthenticateClient(t.Context(), strings.ToUpper(c.ID), one.Text)
	if err != nil || p.ID != c.ID || !p.May("main", berth.RoleContributor) || p.May("", berth.RoleReader) {
		t.Fatalf("%+v, %v", p, err)
	}
	for what, tt := range map[string][2]string{
		"removed": {c.ID, two.Text}, "of another": {other.ID, one.Text}, "by name": {"pipeline", one.Text}, "unknown": {"x", one.Text}, "a token": {c.ID, s.token},
	} {
		if got := try(tt[0], tt[1]); got != berth.Unauthenticated {
			t.Errorf("%s: %v", what, got)
		}
	}
	s.moved.Add(int64(24 * time.Hour))
	if got := try(c.ID, one.Text); got != berth.Unauthenticated {
		t.Errorf("expired: %v", got)
	}
	for range 10 {
		if _, err = s.service.CreateClientSecret(s.owner, c.ID, wire.CreateClientSecret{}); err != nil {
			break
		}
	}
	if err != nil {
		t.Errorf("expired secrets do not make room: %v", err)
	}
	if _, err = s.service.CreateClientSecret(s.owner, c.ID, wire.CreateClientSecret{}); berth.ErrorKind(err) != berth.Conflict {
		t.Errorf("an eleventh secret: %v", err)
	}
}
