package berth

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Grant is a role in one site, or in every site and the farm as a whole.
type Grant struct {
	Site string `json:"site,omitempty"` // empty: every site
	Role Role   `json:"role"`
}

// Includes tells whether the grant lets its holder do what needs the role in the site; an empty site is the farm.
func (g Grant) Includes(site string, role Role) bool {
	here := g.Site == "" || (site != "" && Fold(g.Site) == Fold(site))
	return here && g.Role.Includes(role)
}

// User is somebody who signs in with a password of Berth's own.
type User struct {
	Name        string    `json:"name"` // found in any case
	DisplayName string    `json:"displayName,omitempty"`
	Password    string    `json:"-"` // argon2id hash, in the form of its reference implementation
	Disabled    bool      `json:"disabled"`
	Roles       []Grant   `json:"roles"`          // at most one for each site
	Home        string    `json:"home,omitempty"` // site whose owner made the account, folded; empty: the farm's
	CreatedAt   time.Time `json:"createdAt"`
	PasswordAt  time.Time `json:"passwordAt"` // when the password was last set
}

// Lives of sessions: the first after their last use, the second whatever happens.
const (
	SessionIdle = 12 * time.Hour
	SessionLife = 7 * 24 * time.Hour
)

// SignIn is one session of a user with the server. (Session is one on a host.)
type SignIn struct {
	ID        string    `json:"id"`
	User      string    `json:"user"`
	Hash      []byte    `json:"-"`                 // SHA-256 of the secret, which has 256 random bits
	Face      string    `json:"face,omitempty"`    // cli, console or api
	Address   string    `json:"address,omitempty"` // IP address from which the user signed in
	CreatedAt time.Time `json:"createdAt"`
	UsedAt    time.Time `json:"usedAt"` // exact to a minute
}

// EndsAt is when the session ends if it is not used again.
func (s SignIn) EndsAt() time.Time {
	idle, end := s.UsedAt.Add(SessionIdle), s.CreatedAt.Add(SessionLife)
	if idle.Before(end) {
		return idle
	}
	return end
}

// Over tells whether the session has ended by that time.
func (s SignIn) Over(now time.Time) bool { return !now.Before(s.EndsAt()) }

// APIClient is a service principal: a program that signs in with its id and one of its secrets.
type APIClient struct {
	ID        string         `json:"id"` // UUID
	Name      string         `json:"name"`
	Disabled  bool           `json:"disabled"`
	Roles     []Grant        `json:"roles"` // at most one for each site
	Secrets   []ClientSecret `json:"secrets"`
	CreatedAt time.Time      `json:"createdAt"`
}

// ClientSecret is one of a client's secrets; with two of them a program changes over without a gap.
type ClientSecret struct {
	ID        string    `json:"id"`
	Name      string    `json:"name,omitempty"`
	Hash      []byte    `json:"-"` // SHA-256 of the secret, which has 256 random bits
	CreatedAt time.Time `json:"createdAt"`
	ExpiresAt time.Time `json:"expiresAt"`
}

// UserStore keeps the users.
type UserStore interface {
	// User returns the user of that name, in any case, or NotFound.
	User(name string) (User, error)
	// Users returns every user, ordered by name.
	Users() ([]User, error)
	// PutUser creates or replaces the user with the roles.
	PutUser(User) error
	// DeleteUser removes the user with roles and sessions; removing one that is not there is no error.
	DeleteUser(name string) error
}

// SessionStore keeps the sessions of users.
type SessionStore interface {
	// Session returns the session of that id, or NotFound.
	Session(id string) (SignIn, error)
	// Sessions returns the sessions of the user, or of all with an empty name, the oldest first.
	Sessions(user string) ([]SignIn, error)
	// PutSession creates or replaces the session.
	PutSession(SignIn) error
	// DeleteSession removes the session; removing one that is not there is no error.
	DeleteSession(id string) error
}

// ClientStore keeps the service principals.
type ClientStore interface {
	// Client returns the client of that id or name, in any case, or NotFound.
	Client(idOrName string) (APIClient, error)
	// Clients returns every client, ordered by name.
	Clients() ([]APIClient, error)
	// PutClient creates or replaces the client with its roles and secrets. A name that another bears is a Conflict.
	PutClient(APIClient) error
	// DeleteClient removes the client with its roles and secrets; removing one that is not there is no error.
	DeleteClient(id string) error
}

// mostName bounds names of users and clients, in characters.
const mostName = 64

// CheckAccountName refuses what cannot name a user or a client: a name is shown in tables and in the audit, so it holds
// no control characters, and begins and ends with something that can be seen.
func CheckAccountName(name string) error {
	bad := name == "" || utf8.RuneCountInString(name) > mostName || strings.TrimSpace(name) != name || !utf8.ValidString(name) ||
		strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) || strings.ContainsRune(`/\*?"<>|`, r) })
	if bad {
		return Errorf(Invalid, "%q cannot be a name", name).On("name").
			With(`use 1 to 64 printable characters but not / \ * ? " < > |, without spaces at the ends`)
	}
	return nil
}

// CheckGrants gives the roles their canonical form; an unknown role, or two for one site, are refused.
func CheckGrants(grants []Grant) ([]Grant, error) {
	out := make([]Grant, 0, len(grants))
	seen := map[string]bool{}
	for _, g := range grants {
		role, err := ParseRole(string(g.Role))
		if err != nil {
			return nil, err
		}
		site := Fold(g.Site)
		if seen[site] {
			return nil, Errorf(Invalid, "two roles for one site").On("roles").With("give one role for each site; owner includes contributor, and that reader")
		}
		seen[site] = true
		out = append(out, Grant{Site: site, Role: role})
	}
	return out, nil
}
