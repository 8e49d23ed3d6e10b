package auth

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"berth"
)

// How passwords are hashed: argon2id (RFC 9106) with a cost that OWASP's password storage cheat sheet names as enough,
// 46 MiB once over. A hash carries its cost, so that these can rise.
const (
	argonMemory = 47104 // KiB
	argonTime   = 1
	argonLanes  = 1
	argonSalt   = 16 // bytes
	argonKey    = 32 // bytes
)

// Bounds on the cost that a stored hash may ask for: a database that was tampered with must not take all memory.
const (
	mostArgonMemory = 256 << 10 // KiB
	mostArgonTime   = 16
)

// Lengths of passwords: the shortest in characters, the longest in bytes, since each byte is work.
const (
	leastPassword = 12
	mostPassword  = 256
)

// nobody is hashed where there is no user of the name given, so that the answer takes as long.
const nobody = "$argon2id$v=19$m=47104,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// Passwords hashes passwords, a few at a time: each takes 46 MiB of memory.
type Passwords struct {
	random io.Reader
	gate   chan struct{}
}

// NewPasswords returns Passwords that salt from random and hash at most so many at once.
func NewPasswords(random io.Reader, atOnce int) *Passwords {
	return &Passwords{random: random, gate: make(chan struct{}, atOnce)}
}

// CheckPassword holds the rules for new passwords: at least 12 characters, at most 256 bytes, and not the user's name.
func CheckPassword(user, password string) error {
	bad := func(format string, args ...any) error {
		return berth.Errorf(berth.Invalid, format, args...).On("password").With("a sentence of several words is long, and easy to remember")
	}
	switch {
	case !utf8.ValidString(password):
		return bad("the password is not in UTF-8")
	case utf8.RuneCountInString(password) < leastPassword:
		return bad("the password has fewer than %d characters", leastPassword)
	case len(password) > mostPassword:
		return bad("the password has more than %d bytes", mostPassword)
	case berth.Fold(password) == berth.Fold(user):
		return bad("the password is the name of the user")
	}
	return nil
}

// Hash returns what to keep of a password: "$argon2id$v=19$m=…,t=…,p=…$salt$key", base64 without padding.
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, argonSalt)
	if _, err := io.ReadFull(p.random, salt); err != nil {
		return "", fmt.Errorf("no random bytes for a salt: %w", err)
	}
	key, err := p.key(ctx, password, cost{argonMemory, argonTime, argonLanes}, salt, argonKey)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonLanes,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key)), nil
}

// Match tells whether the password is the one of the hash. With an empty hash, for a user that there is not, it works as
// long and says no. The error is about the hash or the context, never about the password.
func (p *Passwords) Match(ctx context.Context, hash, password string) (bool, error) {
	known := hash != ""
	if !known {
		hash = nobody
	}
	c, salt, want, err := parseHash(hash)
	if err != nil {
		return false, err
	}
	if len(password) > mostPassword {
		password, known = "", false // no password is so long; the time must not tell
	}
	got, err := p.key(ctx, password, c, salt, uint32(len(want)))
	return err == nil && subtle.ConstantTimeCompare(got, want) == 1 && known, err
}

// cost is memory in KiB, passes over it, and lanes.
type cost struct {
	memory, time uint32
	lanes        uint8
}

func (p *Passwords) key(ctx context.Context, password string, c cost, salt []byte, length uint32) ([]byte, error) {
	select {
	case p.gate <- struct{}{}:
		defer func() { <-p.gate }()
	case <-ctx.Done():
		return nil, berth.Errorf(berth.Unavailable, "the password was not checked in time: %w", ctx.Err())
	}
	return argon2.IDKey([]byte(password), salt, c.time, c.memory, c.lanes, length), nil
}

func parseHash(hash string) (c cost, salt, key []byte, err error) {
	bad := fmt.Errorf("a stored password hash is damaged")
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return c, nil, nil, bad
	}
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.memory, &c.time, &c.lanes); n != 3 || err != nil {
		return c, nil, nil, bad
	}
	if c.memory > mostArgonMemory || c.time == 0 || c.time > mostArgonTime || c.lanes == 0 {
		return c, nil, nil, bad
	}
	salt, saltErr := base64.RawStdEncoding.DecodeString(parts[4])
	key, keyErr := base64.RawStdEncoding.DecodeString(parts[5])
	if saltErr != nil || keyErr != nil || len(salt) < 8 || len(key) < 16 || len(key) > 64 {
		return c, nil, nil, bad
	}
	return c, salt, key, nil
}
