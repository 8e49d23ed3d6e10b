package api

import (
	"context"
	"net/http"

	"berth"
	"berth/control"
	"berth/wire"
)

type (
	// PublicationInput names a publication of a site.
	PublicationInput struct {
		SiteInput
		Publication string `path:"publication"`
	}
	publishedInput struct {
		SiteInput
		Package string `query:"package" doc:"only applications of this package, by its full name, and hosts that have that version"`
	}
	addPublication struct {
		SiteInput
		Body wire.AddPublication
	}
	editPublication struct {
		PublicationInput
		IfMatch string `header:"If-Match"`
		Body    wire.EditPublication
	}
	removePublication struct {
		PublicationInput
		IfMatch string `header:"If-Match"`
	}
	certificateInput struct {
		SiteInput
		Thumbprint string `path:"thumbprint" doc:"SHA-1 of the certificate, hex"`
	}
)

func (a *API) publicationRoutes() {
	s := a.Service
	const path = "/sites/{site}/publications"
	view := func(ctx context.Context, site, name string) (*tagged[wire.PublicationView], error) {
		v, err := s.Publication(ctx, site, name)
		return &tagged[wire.PublicationView]{etag(v.Revision), v}, err
	}
	handle(a, http.MethodGet, path, "listPublications", "Published applications and the hosts that offer them", func(ctx context.Context, in *publishedInput) (*body[List[wire.PublicationView]], error) {
		return many(s.Published(ctx, in.Site, in.Package))
	})
	handle(a, http.MethodPost, path, "addPublication", "Publish an application", func(ctx context.Context, in *addPublication) (*tagged[wire.PublicationView], error) {
		p, err := s.AddPublication(ctx, in.Site, berth.Publication{Name: in.Body.Name, Family: in.Body.Family, Application: in.Body.Application,
			Users: in.Body.Users, Hosts: in.Body.Hosts, Pools: in.Body.Pools})
		if err != nil {
			return nil, err
		}
		return view(ctx, in.Site, p.Name)
	})
	handle(a, http.MethodGet, path+"/{publication}", "getPublication", "A publication", func(ctx context.Context, in *PublicationInput) (*tagged[wire.PublicationView], error) {
		return view(ctx, in.Site, in.Publication)
	})
	handle(a, http.MethodPatch, path+"/{publication}", "editPublication", "Change whom an application is published to, and from where", func(ctx context.Context, in *editPublication) (*tagged[wire.PublicationView], error) {
		rev, err := revision(in.IfMatch)
		if err != nil {
			return nil, err
		}
		if _, err := s.EditPublication(ctx, in.Site, in.Publication, control.PublicationEdit{Users: in.Body.Users, Hosts: in.Body.Hosts,
			Pools: in.Body.Pools, Expect: rev}); err != nil {
			return nil, err
		}
		return view(ctx, in.Site, in.Publication)
	})
	handle(a, http.MethodDelete, path+"/{publication}", "removePublication", "End a publication", func(ctx context.Context, in *removePublication) (*struct{}, error) {
		ctx, err := seen(ctx, in.IfMatch)
		if err != nil {
			return nil, err
		}
		return none(s.RemovePublication(ctx, in.Site, in.Publication))
	})
	handle(a, http.MethodGet, "/sites/{site}/packages/{package}/hosts", "listAssignedHosts", "Hosts that a package is assigned to, and by what", func(ctx context.Context, in *assignedInput) (*body[wire.Page[wire.AssignedHost]], error) {
		return paged(s.AssignedHosts(ctx, in.Site, in.Package, control.AssignedQuery{After: in.After, Limit: in.Limit, Count: in.Total}))
	})
}

func (a *API) certificateRoutes() {
	s := a.Service
	handle(a, http.MethodGet, "/sites/{site}/certificates", "listCertificates", "Signers' certificates, and what ends with them", func(ctx context.Context, in *SiteInput) (*body[List[berth.Forecast]], error) {
		return many(s.Certificates(ctx, in.Site))
	})
	handle(a, http.MethodGet, "/sites/{site}/certificates/{thumbprint}", "getCertificate", "Everything about a signer's certificate", func(ctx context.Context, in *certificateInput) (*body[wire.CertificateView], error) {
		return one(s.Certificate(ctx, in.Site, in.Thumbprint))
	})
}

// warnings says in words which dependencies will not come along with what was assigned.
func warnings(checks []berth.DependencyCheck) (words []string) {
	for _, c := range checks {
		if c.State != berth.DependencySatisfied {
			words = append(words, c.Warning())
		}
	}
	return words
}
