package auth

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"

	"golang.org/x/crypto/argon2"

	"berth"
)

func TestPasswords(t *testing.T) {
	p := NewPasswords(rand.Reader, 1)
	hash, err := p.Hash(t.Context(), "correct horse battery")
	if err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=47104,t=1,p=1$") || strings.Contains(hash, "horse") {
		t.Fatalf("hash %q, %v", hash, err)
	}
	if again, _ := p.Hash(t.Context(), "correct horse battery"); again == hash {
		t.Error("two hashes of one password are equal: there is no salt")
	}
	for name, tt := range map[string]struct {
		hash, password string
		want           bool
	}{
		"right":      {hash, "correct horse battery", true},
		"wrong":      {hash, "correct horse batterz", false},
		"empty":      {hash, "", false},
		"too long":   {hash, strings.Repeat("x", 1<<20), false},
		"no user":    {"", "correct horse battery", false},
		"no user, 0": {"", "", false},
	} {
		if got, err := p.Match(t.Context(), tt.hash, tt.password); got != tt.want || err != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// TestHashOfReference takes a hash that the reference implementation of argon2 printed:
// echo -n "password" | argon2 somesalt -id -t 2 -m 16 -p 1 -l 24 (its README has the -i form; this one is in its tests).
func TestHashOfReference(t *testing.T) {
	const hash = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	ok, err := NewPasswords(rand.Reader, 1).Match(t.Context(), hash, "password")
	if !ok || err != nil {
		t.Errorf("%v, %v", ok, err)
	}
	if argon2.Version != 0x13 {
		t.Errorf("version %x", argon2.Version)
	}
}

func TestDamagedHashes(t *testing.T) {
	p := NewPasswords(rand.Reader, 1)
	good, _ := p.Hash(t.Context(), "correct horse battery")
	for name, hash := range map[string]string{
		"short": "x", "kind": strings.Replace(good, "argon2id", "argon2i", 1), "version": strings.Replace(good, "v=19", "v=16", 1),
		"memory": strings.Replace(good, "m=47104", "m=4294967295", 1), "time": strings.Replace(good, "t=1", "t=0", 1),
		"much time": strings.Replace(good, "t=1", "t=1000000", 1), "lanes": strings.Replace(good, "p=1", "p=0", 1),
		"cost": strings.Replace(good, "m=47104", "m=x", 1), "salt": strings.Replace(good, "p=1$", "p=1$!", 1), "key": good[:len(good)-30],
		"no key": good[:strings.LastIndex(good, "$")+1],
	} {
		if ok, err := p.Match(t.Context(), hash, "correct horse battery"); ok || err == nil {
			t.Errorf("%s: %v, %v", name, ok, err)
		}
	}
}

func TestPasswordRules(t *testing.T) {
	for name, tt := range map[string]struct {
		password string
		good     bool
	}{
		"12 characters": {"abcdefghijkl", true}, "11": {"abcdefghijk", false}, "characters, not bytes": {strings.Repeat("ö", 11), false},
		"12 of two bytes": {strings.Repeat("ö", 12), true}, "the name": {" Olga.Ruiz.77 ", false}, "long": {strings.Repeat("x", 257), false},
		"no text": {strings.Repeat("\xff", 20), false},
	} {
		if err := CheckPassword("olga.ruiz.77", tt.password); (err == nil) != tt.good || (err != nil && berth.ErrorKind(err) != berth.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestPasswordGate: no more are hashed at once than memory allows, and nobody waits for ever.
func TestPasswordGate(t *testing.T) {
	p := NewPasswords(rand.Reader, 1)
	p.gate <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Match(ctx, "", "x"); berth.ErrorKind(err) != berth.Unavailable {
		t.Errorf("got %v", err)
	}
}
