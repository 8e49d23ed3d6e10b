package auth_test

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"berth"
	"berth/auth"
)

func accessKey(t *testing.T, dir string, now func() time.Time) *auth.AccessKey {
	t.Helper()
	k, err := auth.OpenAccessKey(dir, rand.Reader, now)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestAccessTokens(t *testing.T) {
	dir := t.TempDir()
	at := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	now := at
	k := accessKey(t, dir, func() time.Time { return now })
	want := auth.Access{Issuer: "https://h/adfs", Audience: "https://h/", ClientID: "c1", SecretID: "s1", Issued: at, Expires: at.Add(time.Hour)}
	text, err := k.Sign(want)
	if err != nil {
		t.Fatal(err)
	}
	again := accessKey(t, dir, func() time.Time { return now })
	if again.Tenant() != k.Tenant() {
		t.Errorf("another tenant after a restart: %s", again.Tenant())
	}
	got, err := again.Verify(text)
	got.Issued, got.Expires = got.Issued.UTC(), got.Expires.UTC()
	if err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	if info, err := os.Stat(filepath.Join(dir, "token.key")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("token.key: %v %v", info, err)
	}
	others := accessKey(t, t.TempDir(), func() time.Time { return now })
	parts := strings.Split(text, ".")
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + parts[1] + "."
	for name, bad := range map[string]string{"empty": "", "odd": "a.b.c", "no signature": none, "cut": text[:len(text)-4],
		"other payload": parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"c2"}`)) + "." + parts[2]} {
		if _, err := k.Verify(bad); berth.ErrorKind(err) != berth.Unauthenticated {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := others.Verify(text); berth.ErrorKind(err) != berth.Unauthenticated {
		t.Errorf("a foreign key took the token: %v", err)
	}
	now = at.Add(time.Hour)
	_, err = k.Verify(text)
	if e, ok := errors.AsType[*auth.ExpiredError](err); !ok || !e.At.Equal(at.Add(time.Hour)) || berth.ErrorKind(err) != berth.Unauthenticated {
		t.Errorf("expired: %v", err)
	}
	now = at.Add(-time.Hour)
	if _, err := k.Verify(text); err == nil {
		t.Error("a token of the future is in force")
	}
}

// TestKeySetVerifies checks a token as a stranger would: by the published key set alone.
func TestKeySetVerifies(t *testing.T) {
	k := accessKey(t, t.TempDir(), time.Now)
	text, err := k.Sign(auth.Access{ClientID: "c1", SecretID: "s1", Audience: "a", Issued: time.Now(), Expires: time.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	published, err := json.Marshal(k.KeySet())
	if err != nil || strings.Contains(string(published), `"d":`) {
		t.Fatalf("%v: %s", err, published)
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(published, &set); err != nil {
		t.Fatal(err)
	}
	token, err := jwt.ParseSigned(text, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	keys := set.Key(token.Headers[0].KeyID)
	claims := map[string]any{}
	if len(keys) != 1 || token.Claims(keys[0].Key, &claims) != nil || claims["appid"] != "c1" {
		t.Errorf("%d keys, claims %v", len(keys), claims)
	}
}

func TestDerivedSecrets(t *testing.T) {
	dir := t.TempDir()
	k, again, other := accessKey(t, dir, time.Now), accessKey(t, dir, time.Now), accessKey(t, t.TempDir(), time.Now)
	id, _, _, err := auth.NewSecret(berth.CredentialEnroll, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	text := func(k *auth.AccessKey, purpose, id string) string {
		t.Helper()
		b, err := k.Derive(purpose, id)
		if err != nil {
			t.Fatal(err)
		}
		text, hash, err := auth.SecretText(berth.CredentialEnroll, id, b)
		if err != nil {
			t.Fatal(err)
		}
		gotID, secret, err := auth.ParseSecret(text)
		if err != nil || gotID != id || !auth.SecretMatches(hash, secret) {
			t.Errorf("%s does not read back: %v", text, err)
		}
		return text
	}
	one := text(k, "registration token", id)
	if text(again, "registration token", id) != one {
		t.Error("another secret after a restart")
	}
	if text(other, "registration token", id) == one || text(k, "something else", id) == one {
		t.Error("key or purpose make no difference")
	}
	if _, _, err := auth.SecretText("odd", id, make([]byte, 32)); err == nil {
		t.Error("a kind without secrets")
	}
	if _, _, err := auth.SecretText(berth.CredentialEnroll, "short", make([]byte, 32)); err == nil {
		t.Error("an id of another form")
	}
}
