package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"berth"
	"berth/wire"
)

// below builds a path of the farm from its parts, escaped.
func below(parts ...string) string {
	var path strings.Builder
	for _, part := range parts {
		path.WriteString("/" + url.PathEscape(part))
	}
	return path.String()
}

// SignIn begins a session; its secret is in the answer, to be used as a token.
func (c *Client) SignIn(ctx context.Context, s wire.SignInRequest) (wire.SignedIn, error) {
	return send[wire.SignedIn](ctx, c, http.MethodPost, "/sign-in", s)
}

// SignOut ends the session that the client uses.
func (c *Client) SignOut(ctx context.Context) error {
	return c.call(ctx, http.MethodPost, "/sign-out", nil, nil)
}

// Sessions lists the caller's sessions; with all, those of every user.
func (c *Client) Sessions(ctx context.Context, all bool) ([]berth.SignIn, error) {
	path := "/sessions"
	if all {
		path += "?all=true"
	}
	return list[berth.SignIn](ctx, c, path)
}

// EndSession ends a session at once.
func (c *Client) EndSession(ctx context.Context, id string) error {
	return c.call(ctx, http.MethodDelete, below("sessions", id), nil, nil)
}

// Users lists the users.
func (c *Client) Users(ctx context.Context) ([]berth.User, error) {
	return list[berth.User](ctx, c, "/users")
}

// User returns one user.
func (c *Client) User(ctx context.Context, name string) (berth.User, error) {
	return get[berth.User](ctx, c, below("users", name))
}

// CreateUser makes a user.
func (c *Client) CreateUser(ctx context.Context, u wire.CreateUser) (berth.User, error) {
	return send[berth.User](ctx, c, http.MethodPost, "/users", u)
}

// EditUser changes a user.
func (c *Client) EditUser(ctx context.Context, name string, e wire.EditUser) (berth.User, error) {
	return send[berth.User](ctx, c, http.MethodPatch, below("users", name), e)
}

// RemoveUser removes a user.
func (c *Client) RemoveUser(ctx context.Context, name string) error {
	return c.call(ctx, http.MethodDelete, below("users", name), nil, nil)
}

// SetPassword sets a user's password.
func (c *Client) SetPassword(ctx context.Context, name string, p wire.SetPassword) error {
	return c.call(ctx, http.MethodPost, below("users", name, "password"), p, nil)
}

// Clients lists the service principals.
func (c *Client) Clients(ctx context.Context) ([]berth.APIClient, error) {
	return list[berth.APIClient](ctx, c, "/clients")
}

// CreateClient makes a service principal.
func (c *Client) CreateClient(ctx context.Context, r wire.CreateClient) (berth.APIClient, error) {
	return send[berth.APIClient](ctx, c, http.MethodPost, "/clients", r)
}

// EditClient changes a service principal, by id or name.
func (c *Client) EditClient(ctx context.Context, client string, e wire.EditClient) (berth.APIClient, error) {
	return send[berth.APIClient](ctx, c, http.MethodPatch, below("clients", client), e)
}

// RemoveClient removes a service principal.
func (c *Client) RemoveClient(ctx context.Context, client string) error {
	return c.call(ctx, http.MethodDelete, below("clients", client), nil, nil)
}

// CreateClientSecret makes a secret of a service principal.
func (c *Client) CreateClientSecret(ctx context.Context, client string, r wire.CreateClientSecret) (wire.NewClientSecret, error) {
	return send[wire.NewClientSecret](ctx, c, http.MethodPost, below("clients", client, "secrets"), r)
}

// RemoveClientSecret ends a secret at once.
func (c *Client) RemoveClientSecret(ctx context.Context, client, id string) error {
	return c.call(ctx, http.MethodDelete, below("clients", client, "secrets", id), nil, nil)
}

// FarmAudit returns the newest audit entries of all sites and of the farm itself.
func (c *Client) FarmAudit(ctx context.Context, kind, key string, limit int) ([]wire.AuditEntry, error) {
	return list[wire.AuditEntry](ctx, c, query("/audit", "kind", kind, "key", key, "limit", strconv.Itoa(limit)))
}

// RevokeHost ends a host's certificates at once.
func (c *Client) RevokeHost(ctx context.Context, name string) error {
	return c.call(ctx, http.MethodPost, c.at("hosts", name, "revoke"), nil, nil)
}
