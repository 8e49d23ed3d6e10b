package auth

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"fmt"
	"io"
	"strings"
	"time"

	"berth"
)

// Secrets are written as prefix_id_secret, in lower case:
//
//	bth_7q2m0x…_h4k9…  an API token            bek_…_…  an enrolment key
//	bss_…_…            a session of a user     bcs_…_…  a secret of a service principal
//
// The prefix lets scanners find secrets that leaked into texts, the id finds the credential without its secret, and the
// secret is 256 random bits. The letters are digits and the alphabet less i, l, o and u, which look like others or make
// words; case does not matter when a secret is read.
const (
	alphabet    = "0123456789abcdefghjkmnpqrstvwxyz"
	idBytes     = 10 // 16 letters
	secretBytes = 32 // 52 letters
)

var prefixes = map[berth.CredentialKind]string{
	berth.CredentialToken: "bth", berth.CredentialEnroll: "bek", berth.CredentialSession: "bss", berth.CredentialClient: "bcs",
}

func letters() *base32.Encoding { return base32.NewEncoding(alphabet).WithPadding(base32.NoPadding) }

// NewSecret makes a secret for a credential of the kind: its id, the text that is shown once, and the hash to keep. It
// fails only where random does, or for a kind that has no secrets.
func NewSecret(kind berth.CredentialKind, random io.Reader) (id, text string, hash []byte, err error) {
	prefix, ok := prefixes[kind]
	if !ok {
		return "", "", nil, fmt.Errorf("credentials of kind %q have no secret", kind)
	}
	raw := make([]byte, idBytes+secretBytes)
	if _, err := io.ReadFull(random, raw); err != nil {
		return "", "", nil, fmt.Errorf("no random bytes for a secret: %w", err)
	}
	id = letters().EncodeToString(raw[:idBytes])
	text = prefix + "_" + id + "_" + letters().EncodeToString(raw[idBytes:])
	return id, text, hashOf(raw[idBytes:]), nil
}

// ParseSecret takes a text that NewSecret made apart. It proves nothing: see Verify. The error is Unauthenticated and
// does not repeat the text, of which most may be right.
func ParseSecret(text string) (id string, secret []byte, err error) {
	malformed := berth.Errorf(berth.Unauthenticated, "that is no token and no enrolment key of Berth").
		With("copy it whole: it begins with bth_ or bek_ and has three parts")
	parts := strings.SplitN(berth.Fold(text), "_", 4)
	if len(parts) != 3 || SecretKind(text) == "" {
		return "", nil, malformed
	}
	if rawID := decode(parts[1]); len(rawID) != idBytes {
		return "", nil, malformed
	}
	if secret = decode(parts[2]); len(secret) != secretBytes {
		return "", nil, malformed
	}
	return parts[1], secret, nil
}

// SecretKind tells from its prefix what a text would be a secret of; empty: of nothing that is known.
func SecretKind(text string) berth.CredentialKind {
	prefix, _, _ := strings.Cut(berth.Fold(text), "_")
	for kind, p := range prefixes {
		if p == prefix {
			return kind
		}
	}
	return ""
}

// decode returns nil for anything that encoding would not have made: base32 leaves bits over, which must be zero.
func decode(text string) []byte {
	raw, err := letters().DecodeString(text)
	if err != nil || letters().EncodeToString(raw) != text {
		return nil
	}
	return raw
}

// Matches tells whether the secret is the credential's, in a time that does not depend on how much of it is right.
func Matches(c berth.Credential, secret []byte) bool {
	return SecretMatches(c.Hash, secret)
}

// SecretMatches is Matches for secrets that are kept otherwise: sessions and those of service principals.
func SecretMatches(hash, secret []byte) bool {
	return subtle.ConstantTimeCompare(hashOf(secret), hash) == 1
}

// Verify returns nil if the secret is the credential's, the credential is of that kind and may be used at that time.
// Otherwise the error is Unauthenticated. What became of a credential is said only to those who know its secret.
func Verify(c berth.Credential, kind berth.CredentialKind, secret []byte, now time.Time) error {
	if !Matches(c, secret) || c.Kind != kind {
		return Unknown(kind)
	}
	return c.Usable(now)
}

// Unknown is the error for a credential that is not there. It equals the one for a wrong secret, so that nobody learns
// which ids there are.
func Unknown(kind berth.CredentialKind) error {
	what := "token"
	if kind == berth.CredentialEnroll {
		what = "enrolment key"
	}
	return berth.Errorf(berth.Unauthenticated, "the %s is not known here", what).
		With("check that it is for this server, or ask an owner for a new one")
}

func hashOf(secret []byte) []byte {
	sum := sha256.Sum256(secret)
	return sum[:]
}

// SecretText is the text, and the hash to keep, of a secret whose id and bytes are given: NewSecret makes both at random.
func SecretText(kind berth.CredentialKind, id string, secret []byte) (text string, hash []byte, err error) {
	prefix, ok := prefixes[kind]
	if !ok || len(secret) != secretBytes || len(decode(id)) != idBytes {
		return "", nil, fmt.Errorf("a secret of kind %q with an id of %d letters and %d bytes cannot be written", kind, len(id), len(secret))
	}
	return prefix + "_" + id + "_" + letters().EncodeToString(secret), hashOf(secret), nil
}
