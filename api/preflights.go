package api

import (
	"context"
	"net/http"

	"berth/wire"
)

type (
	askPreflight struct {
		HostInput
		Body wire.AskPreflight
	}
	preflightInput struct {
		HostInput
		ID string `path:"id"`
	}
)

func (a *API) preflightRoutes() {
	s := a.Service
	const path = "/sites/{site}/hosts/{host}/preflight"
	handle(a, http.MethodPost, path, "askPreflight", "Ask a host to try a package", func(ctx context.Context, in *askPreflight) (*body[wire.PreflightView], error) {
		return one(s.AskPreflight(ctx, in.Site, in.Host, in.Body.Package))
	})
	handle(a, http.MethodGet, path+"/{id}", "getPreflight", "What a host says of a package", func(ctx context.Context, in *preflightInput) (*body[wire.PreflightView], error) {
		return one(s.Preflight(ctx, in.Site, in.Host, in.ID))
	})
}
