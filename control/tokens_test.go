package control_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"berth"
	"berth/auth"
	"berth/control"
	"berth/wire"
)

func TestTokens(t *testing.T) {
	f := newFarm(t)
	token, err := f.CreateToken(f.owner, wire.CreateToken{Name: "ci", Role: berth.RoleContributor, Site: "MAIN", Days: 2})
	f.must(err)
	p, err := f.Authenticate(context.Background(), token.Text)
	if err != nil || p.Name != "ci" || p.Role != berth.RoleContributor || p.Site != "main" {
		t.Errorf("signed in as %+v, %v", p, err)
	}
	all, err := f.Credentials(f.owner, berth.CredentialToken, "")
	f.must(err)
	shown, err := json.Marshal([]any{all, f.audit()})
	f.must(err)
	secret := token.Text[strings.LastIndex(token.Text, "_")+1:]
	if len(all) != 1 || strings.Contains(string(shown), secret) || strings.Contains(string(shown), "hash") {
		t.Errorf("the list or the audit shows too much: %s", shown)
	}
	for _, wrong := range []string{"", "bth", token.Text[:len(token.Text)-1], token.Text + "0", strings.Replace(token.Text, "bth", "bek", 1) + "x"} {
		_, err = f.Authenticate(context.Background(), wrong)
		wantKind(t, err, berth.Unauthenticated)
	}
	key := f.key("main", wire.CreateEnrollKey{Kind: berth.KindRDSH})
	_, err = f.Authenticate(context.Background(), key.Text)
	wantKind(t, err, berth.Unauthenticated)
	f.clock.pass(48 * time.Hour)
	_, err = f.Authenticate(context.Background(), token.Text)
	wantKind(t, err, berth.Unauthenticated)
}

func TestTokensForever(t *testing.T) {
	f := newFarm(t)
	token, err := f.CreateToken(f.owner, wire.CreateToken{Name: "old", Role: berth.RoleReader})
	f.must(err)
	f.clock.pass(5 * 365 * 24 * time.Hour)
	if _, err = f.Authenticate(context.Background(), token.Text); err != nil {
		t.Errorf("a token without end ended: %v", err)
	}
	f.must(f.Revoke(f.owner, token.ID))
	f.must(f.Revoke(f.owner, token.ID))
	_, err = f.Authenticate(context.Background(), token.Text)
	wantKind(t, err, berth.Unauthenticated)
	wantKind(t, f.Revoke(f.owner, "nobody"), berth.NotFound)
	wantKind(t, f.Revoke(context.Background(), "nobody"), berth.Unauthenticated)
	wantKind(t, f.Revoke(context.Background(), token.ID), berth.Unauthenticated)
}

func TestCredentialRefusals(t *testing.T) {
	f := newFarm(t)
	f.pool("Pool A", berth.KindVDI)
	for what, r := range map[string]wire.CreateToken{
		"no role":       {Name: "x"},
		"no such role":  {Name: "x", Role: "god"},
		"no name":       {Role: berth.RoleReader},
		"ends before":   {Name: "x", Role: berth.RoleReader, Days: -1},
		"lasts forever": {Name: "x", Role: berth.RoleReader, Days: 1 << 40},
	} {
		_, err := f.CreateToken(f.owner, r)
		if berth.ErrorKind(err) != berth.Invalid {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, err := f.CreateToken(f.owner, wire.CreateToken{Name: "x", Role: berth.RoleReader, Site: "nowhere"})
	wantKind(t, err, berth.NotFound)
	for what, tt := range map[string]struct {
		site string
		key  wire.CreateEnrollKey
		want berth.Kind
	}{
		"no kind":         {"main", wire.CreateEnrollKey{}, berth.Invalid},
		"no site":         {"", wire.CreateEnrollKey{Kind: berth.KindRDSH}, berth.Invalid},
		"no such site":    {"nowhere", wire.CreateEnrollKey{Kind: berth.KindRDSH}, berth.NotFound},
		"no such pool":    {"main", wire.CreateEnrollKey{Kind: berth.KindRDSH, Pool: "Pool Z"}, berth.NotFound},
		"of another kind": {"main", wire.CreateEnrollKey{Kind: berth.KindRDSH, Pool: "Pool A"}, berth.Invalid},
		"ends before":     {"main", wire.CreateEnrollKey{Kind: berth.KindRDSH, Hours: -1}, berth.Invalid},
	} {
		_, err := f.CreateEnrollKey(f.owner, tt.site, tt.key)
		if berth.ErrorKind(err) != tt.want {
			t.Errorf("%s: %v", what, err)
		}
	}
	for uses, want := range map[int]int{0: 1, 3: 3, -1: 0} {
		if k := f.key("main", wire.CreateEnrollKey{Kind: berth.KindRDSH, MaxUses: uses}); k.MaxUses != want {
			t.Errorf("%d uses asked for, %d given", uses, k.MaxUses)
		}
	}
}

// TestBegin makes the first site and the first token once.
func TestBegin(t *testing.T) {
	f := newFarm(t)
	if _, again, err := f.Begin(context.Background(), berth.Site{Name: "Second"}); again || err != nil {
		t.Errorf("a farm was begun twice: %v", err)
	}
	empty := emptyFarm(t)
	token, ok, err := empty.Begin(context.Background(), berth.Site{Name: "First"})
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	p, err := empty.Authenticate(context.Background(), token.Text)
	if err != nil || p.Role != berth.RoleOwner || p.Site != "" {
		t.Errorf("the first administrator: %+v, %v", p, err)
	}
}

func emptyFarm(t *testing.T) *control.Service {
	t.Helper()
	f := newFarm(t)
	f.must(f.store.Close())
	f.file += ".empty"
	f.open()
	return f.Service
}

// TestExchangeToken: a token is good for one exchange, whose outcome has its rights and lives no longer.
func TestExchangeToken(t *testing.T) {
	f := newFarm(t)
	made, err := f.CreateToken(f.owner, wire.CreateToken{Name: "once", Role: berth.RoleReader, Site: "main", Days: 1})
	f.must(err)
	who, err := f.Authenticate(t.Context(), made.Text)
	f.must(err)
	ctx := auth.With(t.Context(), who)
	got, err := f.ExchangeToken(ctx)
	f.must(err)
	if life := got.ExpiresAt.Sub(got.CreatedAt); got.Role != berth.RoleReader || got.Site != "main" || got.Name != "once" || life <= 0 || life > 12*time.Hour {
		t.Errorf("%+v", got.Credential)
	}
	_, err = f.Authenticate(t.Context(), made.Text)
	wantKind(t, err, berth.Unauthenticated)
	_, err = f.ExchangeToken(ctx)
	wantKind(t, err, berth.Unauthenticated)
	if now, err := f.Authenticate(t.Context(), got.Text); err != nil || now.Role != berth.RoleReader || now.Site != "main" {
		t.Errorf("%+v, %v", now, err)
	}
	_, err = f.ExchangeToken(t.Context())
	wantKind(t, err, berth.Unauthenticated)
	_, err = f.ExchangeToken(auth.With(t.Context(), auth.Principal{ID: "x", Name: "ada", Kind: auth.KindUser, Session: "s"}))
	wantKind(t, err, berth.Conflict)
}
