package wire

import (
	"time"

	"berth"
)

// SignInRequest asks for a session.
type SignInRequest struct {
	Name     string `json:"name" maxLength:"256"`
	Password string `json:"password" maxLength:"1024"`
}

// SignedIn is a new session: the text is its secret, shown this once, to be sent as a bearer token.
type SignedIn struct {
	berth.SignIn
	Text   string    `json:"text"`
	EndsAt time.Time `json:"endsAt"` // unless it is used before; at the latest a week after it began
}

// CreateUser makes a user.
type CreateUser struct {
	Name        string        `json:"name"`
	DisplayName string        `json:"displayName,omitempty"`
	Password    string        `json:"password" doc:"at least 12 characters, and not the name"`
	Roles       []berth.Grant `json:"roles,omitempty" doc:"at most one for each site; without a site: for every site"`
}

// EditUser changes a user; what is absent stays.
type EditUser struct {
	DisplayName *string        `json:"displayName,omitempty"`
	Disabled    *bool          `json:"disabled,omitempty" doc:"true also ends the user's sessions"`
	Roles       *[]berth.Grant `json:"roles,omitempty" doc:"the whole new list"`
}

// SetPassword gives a user a new password and ends the user's other sessions.
type SetPassword struct {
	Password string `json:"password" doc:"at least 12 characters, and not the name"`
	Current  string `json:"current,omitempty" doc:"the present password; needed for one's own"`
}

// CreateClient makes a service principal.
type CreateClient struct {
	Name  string        `json:"name"`
	Roles []berth.Grant `json:"roles,omitempty" doc:"at most one for each site; without a site: for every site"`
}

// EditClient changes a service principal; what is absent stays.
type EditClient struct {
	Disabled *bool          `json:"disabled,omitempty"`
	Roles    *[]berth.Grant `json:"roles,omitempty" doc:"the whole new list"`
}

// CreateClientSecret makes a secret of a service principal.
type CreateClientSecret struct {
	Name string `json:"name,omitempty"`
	Days int    `json:"days,omitempty" doc:"180 unless said otherwise; 1 to 730"`
}

// NewClientSecret is a secret as it is given out: the text is shown this once.
type NewClientSecret struct {
	berth.ClientSecret
	ClientID string `json:"clientId"`
	Text     string `json:"text"`
}

// HostCertificate is what is known of the certificate in force of a host.
type HostCertificate struct {
	Serial    string    `json:"serial,omitempty"`
	ExpiresAt time.Time `json:"expiresAt,omitzero"`
	RevokedAt time.Time `json:"revokedAt,omitzero"` // then there is none in force
	Renewing  bool      `json:"renewing,omitempty"` // a renewed one was given out and not yet used
}
