// Package api is the native REST interface under /api/v1 and the endpoints of agents under /agent/v1. It decodes, calls a
// use case of control, and encodes: it decides nothing itself. The OpenAPI document is made from this code.
package api

import (
	"context"
	"crypto/x509"
	"log/slog"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"berth"
	"berth/auth"
	"berth/control"
	"berth/wire"
)

// Options are what the interface works with.
type Options struct {
	Service *control.Service
	Version string // of this build
	Log     *slog.Logger
	// HostID returns the id of the host whose certificate a request came with, or why it is none of ours.
	HostID func(*x509.Certificate) (string, error)
}

// API is the native interface.
type API struct {
	Options
	mux  *http.ServeMux
	huma huma.API
}

// New returns the native interface over the use cases.
func New(o Options) *API {
	a := &API{Options: o, mux: http.NewServeMux()}
	config := huma.DefaultConfig("Berth", o.Version)
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "/api/v1/openapi", "", ""
	config.CreateHooks = nil // no $schema links in answers: scripts compare them
	config.Transformers = []huma.Transformer{a.problems}
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"token": {Type: "http", Scheme: "bearer"}}
	a.huma = humago.New(a.mux, config)
	a.huma.UseMiddleware(a.signIn, a.rehearse)
	a.routes()
	a.agentRoutes()
	return a
}

// OpenAPI returns the description of the interface, JSON.
func (a *API) OpenAPI() ([]byte, error) { return a.huma.OpenAPI().MarshalJSON() }

// ServeHTTP serves the interface.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r = r.WithContext(auth.WithAddress(r.Context(), r.RemoteAddr))
	r.Body = http.MaxBytesReader(w, r.Body, mostBody)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if _, pattern := a.mux.Handler(r); pattern == "" {
		w = &plain{ResponseWriter: w, api: a}
	}
	a.mux.ServeHTTP(w, r)
}

// plain turns what the multiplexer itself answers in plain text (no such path, no such method) into a problem.
type plain struct {
	http.ResponseWriter
	api *API
}

// WriteHeader writes the whole problem.
func (p *plain) WriteHeader(status int) {
	kind := kindOf(status)
	what := wire.Problem{Type: "about:blank", Kind: kind.String(), Detail: "there is no such operation", Remedy: "see /api/v1/openapi.json"}
	p.api.writeProblem(p.ResponseWriter, withStatus(what, status))
}

// Write drops the plain text.
func (p *plain) Write(b []byte) (int, error) { return len(b), nil }

// mostBody is the largest request: a host's facts about thousands of packages fit.
const mostBody = 8 << 20

// signIn puts the principal of the bearer token into the context of the request. Without a token the request goes on
// without one, and the use case refuses it.
func (a *API) signIn(ctx huma.Context, next func(huma.Context)) {
	p, ok, err := a.principal(ctx.Context(), ctx.Header("Authorization"), ctx.Header("X-Berth-Face"))
	if err != nil {
		a.write(ctx, err)
		return
	}
	if ok {
		ctx = huma.WithContext(ctx, auth.With(ctx.Context(), p))
	}
	next(ctx)
}

func (a *API) principal(ctx context.Context, header, face string) (p auth.Principal, ok bool, err error) {
	scheme, token, _ := strings.Cut(header, " ")
	if header == "" {
		return p, false, nil
	}
	if !strings.EqualFold(scheme, "bearer") {
		return p, false, berth.Errorf(berth.Unauthenticated, "sign-in of kind %q is not known", scheme).With("send a token: Authorization: Bearer …")
	}
	p, err = a.Service.Authenticate(ctx, strings.TrimSpace(token))
	p.Face = "api"
	if face == "cli" || face == "console" {
		p.Face = face
	}
	return p, err == nil, err
}
