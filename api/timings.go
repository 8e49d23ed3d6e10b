package api

import (
	"context"
	"net/http"

	"berth/wire"
)

func (a *API) timingRoutes() {
	s := a.Service
	handle(a, http.MethodGet, "/sites/{site}/hosts/{host}/timings", "listHostTimings", "What packages cost on a host", func(ctx context.Context, in *HostInput) (*body[List[wire.HostTimings]], error) {
		return many(s.HostTimings(ctx, in.Site, in.Host))
	})
	handle(a, http.MethodGet, "/sites/{site}/packages/{package}/timings", "getPackageTimings", "What a package costs over all hosts", func(ctx context.Context, in *PackageInput) (*body[wire.PackageTimings], error) {
		return one(s.PackageTimings(ctx, in.Site, in.Package))
	})
}
