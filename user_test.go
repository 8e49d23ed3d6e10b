package berth_test

import (
	"strings"
	"testing"
	"time"

	"berth"
)

func TestGrantIncludes(t *testing.T) {
	owner := berth.RoleOwner
	for name, tt := range map[string]struct {
		grant berth.Grant
		site  string
		role  berth.Role
		want  bool
	}{
		"its site":               {berth.Grant{Site: "main", Role: owner}, "Main", owner, true},
		"its site, less":         {berth.Grant{Site: "main", Role: owner}, "main", berth.RoleReader, true},
		"its site, more":         {berth.Grant{Site: "main", Role: berth.RoleReader}, "main", owner, false},
		"another site":           {berth.Grant{Site: "main", Role: owner}, "lab", berth.RoleReader, false},
		"the farm by one site":   {berth.Grant{Site: "main", Role: owner}, "", berth.RoleReader, false},
		"a site by the farm":     {berth.Grant{Role: owner}, "lab", owner, true},
		"the farm":               {berth.Grant{Role: owner}, "", owner, true},
		"nothing":                {berth.Grant{}, "main", berth.RoleReader, false},
		"a role that is unknown": {berth.Grant{Role: owner}, "main", "ruler", false},
	} {
		if got := tt.grant.Includes(tt.site, tt.role); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestSessionEnds(t *testing.T) {
	begin := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct{ used, now time.Duration }{
		"idle":     {time.Hour, time.Hour + berth.SessionIdle},
		"too old":  {berth.SessionLife - time.Minute, berth.SessionLife},
		"not used": {0, berth.SessionIdle},
	} {
		s := berth.SignIn{CreatedAt: begin, UsedAt: begin.Add(tt.used)}
		if end := begin.Add(tt.now); !s.Over(end) || s.Over(end.Add(-time.Nanosecond)) || !s.EndsAt().Equal(end) {
			t.Errorf("%s: ends %v, want %v", name, s.EndsAt(), end)
		}
	}
}

func TestAccountNames(t *testing.T) {
	for _, good := range []string{"olga", "Olga Ruiz", "ö@example.com", strings.Repeat("x", 64)} {
		if err := berth.CheckAccountName(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"", " olga", "olga ", "a/b", "a\nb", "a\x1b[31m", "\xff", "*", strings.Repeat("x", 65)} {
		if err := berth.CheckAccountName(bad); berth.ErrorKind(err) != berth.Invalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestCheckGrants(t *testing.T) {
	got, err := berth.CheckGrants([]berth.Grant{{Site: "Main", Role: "Owner"}, {Role: "reader"}})
	if err != nil || len(got) != 2 || got[0] != (berth.Grant{Site: "main", Role: berth.RoleOwner}) {
		t.Errorf("got %v, %v", got, err)
	}
	for name, bad := range map[string][]berth.Grant{
		"no role": {{Site: "main"}}, "unknown": {{Role: "ruler"}}, "twice": {{Site: "main", Role: "owner"}, {Site: "MAIN", Role: "reader"}},
	} {
		if _, err := berth.CheckGrants(bad); berth.ErrorKind(err) != berth.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestHostCertificates: the old certificate and the renewed one are both in force until the host has shown the new one.
func TestHostCertificates(t *testing.T) {
	end := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	h := berth.Host{Serial: "a", NextSerial: "b", NextExpiresAt: end}
	if !h.Certified("a") || !h.Certified("b") || h.Certified("c") || h.Certified("") || (berth.Host{}).Certified("") {
		t.Error("two certificates are in force, and no others")
	}
	h.TakeUp("a")
	if h.NextSerial != "b" {
		t.Error("showing the old one took up the new one")
	}
	h.TakeUp("b")
	if h.Certified("a") || !h.Certified("b") || !h.ExpiresAt.Equal(end) || h.NextSerial != "" || !h.NextExpiresAt.IsZero() {
		t.Errorf("taken up: %+v", h)
	}
	h.RevokedAt = end
	if h.Certified("b") {
		t.Error("a revoked host has a certificate in force")
	}
}
