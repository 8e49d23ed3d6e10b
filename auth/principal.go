// Package auth says who somebody is: principals in the context of a request, the secrets of tokens and enrolment keys,
// and the authority that certifies hosts and the server.
//
// What somebody may do with an object is asked by the use cases, through Require. Nothing here reads a store: whoever
// finds a credential passes it in.
package auth

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"berth"
)

// The sorts of principals.
const (
	KindUser        = "user"
	KindApplication = "application" // a program with a token of its own
	KindHost        = "host"        // an enrolled host; it has no role
	KindSystem      = "system"      // the server itself
)

// Principal is somebody whose identity has been proved.
type Principal struct {
	ID   string     // stable: of the credential, the account or the host
	Name string     // as people and the audit call it
	Kind string     // one of the kinds above
	Site string     // the one site in which the role holds; empty: every site, and the farm as a whole
	Role berth.Role // empty: none
	Face string     // the way in, as the audit names it: cli, api, arm, console, agent or server

	Grants  []berth.Grant // roles beside the one above: users and service principals have one for each of several sites
	Session string        // id of the session, of users that signed in
}

type (
	contextKey struct{}
	addressKey struct{}
)

// With returns a context that carries the principal.
func With(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, contextKey{}, p)
}

// From returns the principal that the context carries, if there is one.
func From(ctx context.Context) (Principal, bool) {
	p, ok := ctx.Value(contextKey{}).(Principal)
	return p, ok
}

// WithAddress returns a context that carries the network address from which a request came.
func WithAddress(ctx context.Context, address string) context.Context {
	return context.WithValue(ctx, addressKey{}, address)
}

// Address returns the address that the context carries, empty where there is none.
func Address(ctx context.Context) string {
	address, _ := ctx.Value(addressKey{}).(string)
	return address
}

// Require returns the principal of the context if it has the role, or one that includes it, in the site. An empty site
// stands for the farm as a whole, for which a role in one site is not enough. The error is Unauthenticated where there
// is no principal, else Forbidden.
func Require(ctx context.Context, site string, role berth.Role) (Principal, error) {
	p, ok := From(ctx)
	if !ok {
		return Principal{}, berth.Errorf(berth.Unauthenticated, "nobody has signed in").With("sign in, or send a token")
	}
	// A misspelt role ranks below all others, so that everybody would have it.
	if _, err := berth.ParseRole(string(role)); err != nil {
		return Principal{}, berth.Errorf(berth.Internal, "the role required in %s: %w", place(site), err)
	}
	if p.May(site, role) {
		return p, nil
	}
	return Principal{}, berth.Errorf(berth.Forbidden, "%s %q needs the role %s in %s, and has %s",
		p.Kind, p.Name, role, place(site), p.rights()).With("ask an owner for a token with that role")
}

// May tells whether the principal has the role, or one that includes it, in the site; an empty site is the farm.
func (p Principal) May(site string, role berth.Role) bool {
	return slices.ContainsFunc(p.Roles(), func(g berth.Grant) bool { return g.Includes(site, role) })
}

// Roles returns every role of the principal.
func (p Principal) Roles() []berth.Grant {
	if p.Role == "" {
		return p.Grants
	}
	return append([]berth.Grant{{Site: p.Site, Role: p.Role}}, p.Grants...)
}

func (p Principal) rights() string {
	var words []string
	for _, g := range p.Roles() {
		words = append(words, fmt.Sprintf("the role %s in %s", g.Role, place(g.Site)))
	}
	if len(words) == 0 {
		return "no role"
	}
	return strings.Join(words, " and ")
}

func place(site string) string {
	if site == "" {
		return "every site"
	}
	return "site " + site
}
