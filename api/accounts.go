package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"berth"
	"berth/auth"
	"berth/control"
	"berth/wire"
)

// Inputs of the operations on users, sessions and service principals.
type (
	signInInput struct {
		Face string `header:"X-Berth-Face" doc:"cli or console: how the audit names the way in"`
		Body wire.SignInRequest
	}
	sessionsInput struct {
		All bool `query:"all" doc:"those of every user, for owners of the farm"`
	}
	sessionInput struct {
		Session string `path:"session"`
	}
	farmAuditInput struct {
		Kind   string `query:"kind"`
		Key    string `query:"key"`
		Before int64  `query:"before" doc:"only entries older than this id"`
		Limit  int    `query:"limit" minimum:"0" maximum:"1000" default:"100"`
	}
	// UserInput names a user.
	UserInput struct {
		User string `path:"user"`
	}
	addUser  struct{ Body wire.CreateUser }
	editUser struct {
		UserInput
		IfMatch string `header:"If-Match"`
		Body    wire.EditUser
	}
	removeUser struct {
		UserInput
		IfMatch string `header:"If-Match"`
	}
	setPassword struct {
		UserInput
		Body wire.SetPassword
	}
	// ClientInput names a service principal.
	ClientInput struct {
		Client string `path:"client" doc:"id or name"`
	}
	addClient  struct{ Body wire.CreateClient }
	editClient struct {
		ClientInput
		IfMatch string `header:"If-Match"`
		Body    wire.EditClient
	}
	removeClient struct {
		ClientInput
		IfMatch string `header:"If-Match"`
	}
	addSecret struct {
		ClientInput
		Body wire.CreateClientSecret
	}
	secretInput struct {
		ClientInput
		Secret string `path:"secret"`
	}
)

// whoIs says who a principal is. Somebody with several roles has none that is true everywhere: see Roles.
func whoIs(p auth.Principal) Who {
	w := Who{Name: p.Name, Kind: p.Kind, Site: p.Site, Role: p.Role, Roles: p.Roles(), Session: p.Session}
	for i, g := range w.Roles {
		if g.Site == "" || (i == 0 && len(w.Roles) == 1) {
			w.Site, w.Role = g.Site, g.Role
		}
	}
	if w.Roles == nil {
		w.Roles = []berth.Grant{}
	}
	return w
}

// knownFace takes the faces that a request may name; all others are programs.
func knownFace(face string) string {
	if face == "cli" || face == "console" {
		return face
	}
	return "api"
}

func (a *API) accountRoutes() {
	a.sessionRoutes()
	a.userRoutes()
	a.clientRoutes()
	handle(a, http.MethodGet, "/audit", "listFarmAudit", "The audit of all sites and of the farm, newest first",
		func(ctx context.Context, in *farmAuditInput) (*body[List[wire.AuditEntry]], error) {
			var q berth.AuditQuery
			q.Kind, q.Key, q.Before, q.Limit = berth.ObjectKind(in.Kind), berth.Fold(in.Key), in.Before, in.Limit
			entries, err := a.Service.FarmAudit(ctx, q)
			explained := make([]wire.AuditEntry, len(entries))
			for i, e := range entries {
				explained[i] = control.Explained(e)
			}
			return many(explained, err)
		})
	handle(a, http.MethodPost, "/sites/{site}/hosts/{host}/revoke", "revokeHost", "End a host's certificate at once",
		func(ctx context.Context, in *HostInput) (*struct{}, error) {
			return none(a.Service.RevokeHost(ctx, in.Site, in.Host))
		})
}

func (a *API) sessionRoutes() {
	s := a.Service
	// The one operation for those who have not signed in: it is not registered by handle, which asks for a token.
	op := huma.Operation{Method: http.MethodPost, Path: "/api/v1/sign-in", OperationID: "signIn", Summary: "Begin a session with a password",
		Security: []map[string][]string{}, MaxBodyBytes: 16 << 10}
	huma.Register(a.huma, op, func(ctx context.Context, in *signInInput) (*body[wire.SignedIn], error) {
		out, err := s.SignIn(ctx, in.Body, knownFace(in.Face))
		if err != nil {
			return nil, a.failed(err)
		}
		return one(out, nil)
	})
	handle(a, http.MethodPost, "/sign-out", "signOut", "End the session of the caller", func(ctx context.Context, _ *noInput) (*struct{}, error) {
		return none(s.SignOut(ctx))
	})
	handle(a, http.MethodGet, "/sessions", "listSessions", "Sessions of the caller, or of all users", func(ctx context.Context, in *sessionsInput) (*body[List[berth.SignIn]], error) {
		return many(s.Sessions(ctx, in.All))
	})
	handle(a, http.MethodDelete, "/sessions/{session}", "endSession", "End a session at once", func(ctx context.Context, in *sessionInput) (*struct{}, error) {
		return none(s.EndSession(ctx, in.Session))
	})
}

func (a *API) userRoutes() {
	s := a.Service
	handle(a, http.MethodGet, "/users", "listUsers", "Users", func(ctx context.Context, _ *noInput) (*body[List[berth.User]], error) {
		return many(s.Users(ctx))
	})
	handle(a, http.MethodPost, "/users", "createUser", "Make a user", func(ctx context.Context, in *addUser) (*body[berth.User], error) {
		return one(s.CreateUser(ctx, in.Body))
	})
	handle(a, http.MethodGet, "/users/{user}", "getUser", "A user", func(ctx context.Context, in *UserInput) (*tagged[berth.User], error) {
		return account(s.User(ctx, in.User))
	})
	handle(a, http.MethodPatch, "/users/{user}", "editUser", "Change a user", func(ctx context.Context, in *editUser) (*tagged[berth.User], error) {
		return account(s.EditUser(seenTag(ctx, in.IfMatch), in.User, in.Body))
	})
	handle(a, http.MethodDelete, "/users/{user}", "removeUser", "Remove a user", func(ctx context.Context, in *removeUser) (*struct{}, error) {
		return none(s.RemoveUser(seenTag(ctx, in.IfMatch), in.User))
	})
	handle(a, http.MethodPost, "/users/{user}/password", "setPassword", "Set a user's password", func(ctx context.Context, in *setPassword) (*struct{}, error) {
		return none(s.SetPassword(ctx, in.User, in.Body))
	})
}

func (a *API) clientRoutes() {
	s := a.Service
	handle(a, http.MethodGet, "/clients", "listClients", "Service principals", func(ctx context.Context, _ *noInput) (*body[List[berth.APIClient]], error) {
		return many(s.Clients(ctx))
	})
	handle(a, http.MethodPost, "/clients", "createClient", "Make a service principal", func(ctx context.Context, in *addClient) (*body[berth.APIClient], error) {
		return one(s.CreateClient(ctx, in.Body))
	})
	handle(a, http.MethodGet, "/clients/{client}", "getClient", "A service principal", func(ctx context.Context, in *ClientInput) (*tagged[berth.APIClient], error) {
		return account(s.Client(ctx, in.Client))
	})
	handle(a, http.MethodPatch, "/clients/{client}", "editClient", "Change a service principal", func(ctx context.Context, in *editClient) (*tagged[berth.APIClient], error) {
		return account(s.EditClient(seenTag(ctx, in.IfMatch), in.Client, in.Body))
	})
	handle(a, http.MethodDelete, "/clients/{client}", "removeClient", "Remove a service principal", func(ctx context.Context, in *removeClient) (*struct{}, error) {
		return none(s.RemoveClient(seenTag(ctx, in.IfMatch), in.Client))
	})
	handle(a, http.MethodPost, "/clients/{client}/secrets", "createClientSecret", "Make a secret of a service principal", func(ctx context.Context, in *addSecret) (*body[wire.NewClientSecret], error) {
		return one(s.CreateClientSecret(ctx, in.Client, in.Body))
	})
	handle(a, http.MethodDelete, "/clients/{client}/secrets/{secret}", "removeClientSecret", "End a secret at once", func(ctx context.Context, in *secretInput) (*struct{}, error) {
		return none(s.RemoveClientSecret(ctx, in.Client, in.Secret))
	})
}
