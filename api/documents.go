package api

import (
	"context"
	"net/http"

	"berth/control"
	"berth/wire"
)

// applyDocument is a document with what to do about it.
type applyDocument struct {
	SiteInput
	DryRun bool `query:"dryRun" doc:"tell what would be drafted, and change nothing"`
	Create bool `query:"create" doc:"make the site where there is none of that name; for owners of the farm"`
	Prune  bool `query:"prune" doc:"delete packages, pools and publications that the document does not name, and empty such site defaults"`
	Body   wire.Document
}

func (a *API) documentRoutes() {
	s := a.Service
	handle(a, http.MethodGet, "/sites/{site}/document", "exportDocument", "What is set in the site, as one document", func(ctx context.Context, in *SiteInput) (*body[wire.Document], error) {
		return one(s.Export(ctx, in.Site))
	})
	handle(a, http.MethodPost, "/sites/{site}/documents", "applyDocument", "Draft what makes the site as a document says", func(ctx context.Context, in *applyDocument) (*body[wire.DocumentResult], error) {
		do := s.ApplyDocument
		if in.DryRun {
			do = s.Plan
		}
		r, err := do(ctx, in.Site, in.Body, control.DocumentOptions{Create: in.Create, Prune: in.Prune})
		if r.Objects == nil {
			r.Objects = []wire.DocumentObject{}
		}
		return one(r, err)
	})
}
