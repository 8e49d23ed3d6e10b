package berth

import "time"

// Role is what a principal may do in a site.
type Role string

// The roles, each including the next.
const (
	RoleOwner       Role = "owner"       // everything, tokens and enrolment keys too
	RoleContributor Role = "contributor" // catalogue, assignments, apply
	RoleReader      Role = "reader"      // look
)

var ranks = map[Role]int{RoleReader: 1, RoleContributor: 2, RoleOwner: 3}

// Includes tells whether a holder of r may do what needs want; an unknown role includes nothing and is in nothing.
func (r Role) Includes(want Role) bool { return ranks[want] > 0 && ranks[r] >= ranks[want] }

// ParseRole reads the name of a role.
func ParseRole(s string) (Role, error) {
	if r := Role(Fold(s)); ranks[r] > 0 {
		return r, nil
	}
	return "", Errorf(Invalid, "%q is no role", s).On("role").With("use owner, contributor or reader")
}

// CredentialKind is the sort of a credential.
type CredentialKind string

// The credentials that the store keeps.
const (
	CredentialToken  CredentialKind = "token"     // an administrator's or a program's API token
	CredentialEnroll CredentialKind = "enrollKey" // lets agents enrol

	// These are kept as SignIn and ClientSecret; the kinds name the forms of their secrets.
	CredentialSession CredentialKind = "session"
	CredentialClient  CredentialKind = "clientSecret"
)

// Credential is a secret that Berth gave out. Only the hash of the secret is kept.
type Credential struct {
	ID        string         `json:"id"`
	Kind      CredentialKind `json:"kind"`
	Name      string         `json:"name"`
	Site      string         `json:"site,omitempty"` // empty: every site
	Role      Role           `json:"role,omitempty"` // of tokens
	HostKind  HostKind       `json:"hostKind,omitempty"`
	Pool      string         `json:"pool,omitempty"` // enrolled hosts join this pool
	Hash      []byte         `json:"-"`              // SHA-256 of the secret, which has 256 random bits
	Uses      int            `json:"uses"`           // of an enrolment key: how often it was used
	MaxUses   int            `json:"maxUses"`        // 0: no limit
	CreatedAt time.Time      `json:"createdAt"`
	ExpiresAt time.Time      `json:"expiresAt,omitzero"`
	RevokedAt time.Time      `json:"revokedAt,omitzero"`
}

// Usable returns nil while the credential may be used at that time, else an Unauthenticated error that says why not.
func (c Credential) Usable(now time.Time) error {
	switch {
	case !c.RevokedAt.IsZero():
		return Errorf(Unauthenticated, "the %s %q was revoked", c.Kind, c.Name).With("ask an owner for a new one")
	case !c.ExpiresAt.IsZero() && !now.Before(c.ExpiresAt):
		return Errorf(Unauthenticated, "the %s %q expired at %s", c.Kind, c.Name, c.ExpiresAt.UTC().Format(time.RFC3339)).
			With("ask an owner for a new one")
	case c.MaxUses > 0 && c.Uses >= c.MaxUses:
		return Errorf(Unauthenticated, "the %s %q was used up", c.Kind, c.Name).With("ask an owner for a new one")
	}
	return nil
}
