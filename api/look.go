package api

import (
	"context"
	"net/http"
	"strconv"

	"berth"
	"berth/control"
	"berth/wire"
)

// Inputs of operations that search, page and look back.
type (
	packagesInput struct {
		SiteInput
		Search  string `query:"search" doc:"part of full name, display name or publisher"`
		Tag     string `query:"tag" doc:"a version tag, by name or id"`
		Family  string `query:"family"`
		Enabled string `query:"enabled" enum:"true,false"`
		PageInput
	}
	hostsInput struct {
		SiteInput
		Search string `query:"search" doc:"part of the name"`
		Kind   string `query:"kind"`
		Pool   string `query:"pool"`
		Status string `query:"status" doc:"hosts that have a package of this status"`
		PageInput
	}
	statusInput struct {
		SiteInput
		StatusFilter
		After string `query:"after" doc:"only hosts behind this name"`
		Limit int    `query:"limit" minimum:"0" maximum:"1000" doc:"how many hosts with rows; 0: everything"`
	}
	summaryInput struct {
		SiteInput
		StatusFilter
	}
	previewInput struct {
		SiteInput
		Changes []string `query:"changes,explode" doc:"names of pending changes; none: all"`
		After   string   `query:"after" doc:"only hosts behind this name"`
		Limit   int      `query:"limit" minimum:"0" maximum:"1000" doc:"how many hosts to name; 0: everything"`
	}
	entryInput struct {
		SiteInput
		ID string `path:"id" doc:"number of the entry"`
	}
	revertInput struct {
		SiteInput
		ID   string `path:"id" doc:"number of the entry"`
		Body wire.Revert
	}
	tagHistoryInput struct {
		SiteInput
		Tag    string `path:"tag" doc:"by name or id"`
		Family string `query:"family" doc:"only this package family"`
		Limit  int    `query:"limit" minimum:"0" maximum:"1000" default:"50"`
	}
	assignedInput struct {
		PackageInput
		PageInput
	}
	rollBackInput struct {
		SiteInput
		Tag  string `path:"tag" doc:"by name or id"`
		Body wire.RollBackTag
	}
)

// PageInput chooses a page of a list.
type PageInput struct {
	After string `query:"after" doc:"only what comes behind this name"`
	Limit int    `query:"limit" minimum:"0" maximum:"1000" doc:"0: everything"`
	Total bool   `query:"total" doc:"tell how many fit in all"`
}

// StatusFilter chooses rows of the table of hosts and packages.
type StatusFilter struct {
	Host   string `query:"host" doc:"this host"`
	Search string `query:"search" doc:"hosts whose names hold this text"`
	Kind   string `query:"kind" doc:"hosts of this kind: rdsh, vdi or avd"`
	Pool   string `query:"pool" doc:"hosts in this pool, as drafted"`
	Family string `query:"family"`
	Status string `query:"status"`
}

func (f StatusFilter) query() control.StatusQuery {
	return control.StatusQuery{Host: f.Host, Search: f.Search, Kind: f.Kind, Pool: f.Pool, Family: f.Family, Status: f.Status}
}

// paged is an answer of one page; no items are [].
func paged[T any](p wire.Page[T], err error) (*body[wire.Page[T]], error) {
	if p.Items == nil {
		p.Items = []T{}
	}
	return &body[wire.Page[T]]{p}, err
}

// trueOrFalse reads a switch that may be absent.
func trueOrFalse(s string) *bool {
	if s == "" {
		return nil
	}
	b := s == "true"
	return &b
}

// number reads the number of an audit entry; there is no entry 0, which is what all else means.
func number(id string) int64 {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

func (a *API) lookRoutes() {
	a.findRoutes()
	a.historyRoutes()
	s := a.Service
	handle(a, http.MethodGet, "/sites/{site}/changes/preview", "previewChanges", "What pending changes would change on which hosts", func(ctx context.Context, in *previewInput) (*body[wire.Preview], error) {
		return one(s.Preview(ctx, in.Site, control.PreviewQuery{Chosen: in.Changes, After: in.After, Limit: in.Limit}))
	})
	a.eventRoutes()
}

func (a *API) findRoutes() {
	s := a.Service
	handle(a, http.MethodGet, "/sites/{site}/packages", "listPackages", "The catalogue", func(ctx context.Context, in *packagesInput) (*body[wire.Page[berth.Package]], error) {
		return paged(s.FindPackages(ctx, in.Site, control.PackageQuery{Text: in.Search, Tag: in.Tag, Family: in.Family,
			Enabled: trueOrFalse(in.Enabled), After: in.After, Limit: in.Limit, Count: in.Total}))
	})
	handle(a, http.MethodGet, "/sites/{site}/hosts", "listHosts", "Hosts", func(ctx context.Context, in *hostsInput) (*body[wire.Page[wire.HostView]], error) {
		return paged(s.FindHosts(ctx, in.Site, control.HostsQuery{Text: in.Search, Kind: in.Kind, Pool: in.Pool, Status: in.Status,
			After: in.After, Limit: in.Limit, Count: in.Total}))
	})
	handle(a, http.MethodGet, "/sites/{site}/status", "listStatus", "How packages stand on hosts", func(ctx context.Context, in *statusInput) (*body[wire.Page[wire.HostPackage]], error) {
		q := in.query()
		q.After, q.Limit = in.After, in.Limit
		return paged(s.StatusPage(ctx, in.Site, q))
	})
	handle(a, http.MethodGet, "/sites/{site}/status/summary", "summarizeStatus", "How many packages on hosts stand how", func(ctx context.Context, in *summaryInput) (*body[wire.StatusSummary], error) {
		return one(s.StatusSummary(ctx, in.Site, in.query()))
	})
}

func (a *API) historyRoutes() {
	s := a.Service
	handle(a, http.MethodGet, "/sites/{site}/audit", "listAudit", "The audit, newest first", func(ctx context.Context, in *auditInput) (*body[List[wire.AuditEntry]], error) {
		entries, err := s.Audit(ctx, berth.AuditQuery{Site: berth.Fold(in.Site), Kind: berth.ObjectKind(in.Kind), Key: berth.Fold(in.Key), Before: in.Before, Limit: in.Limit})
		explained := make([]wire.AuditEntry, len(entries))
		for i, e := range entries {
			explained[i] = control.Explained(e)
		}
		return many(explained, err)
	})
	handle(a, http.MethodGet, "/sites/{site}/audit/{id}", "getAuditEntry", "An entry of the audit", func(ctx context.Context, in *entryInput) (*body[wire.AuditEntry], error) {
		e, err := s.AuditEntry(ctx, in.Site, number(in.ID))
		return one(control.Explained(e), err)
	})
	handle(a, http.MethodPost, "/sites/{site}/audit/{id}/revert", "revertAuditEntry", "Put an object back as it was before an audit entry", func(ctx context.Context, in *revertInput) (*body[wire.Reverted], error) {
		return one(s.Revert(ctx, in.Site, number(in.ID), in.Body.Force))
	})
	handle(a, http.MethodGet, "/sites/{site}/tags/{tag}/history", "listTagHistory", "Where a version tag pointed over time", func(ctx context.Context, in *tagHistoryInput) (*body[List[berth.TagMove]], error) {
		return many(s.TagHistory(ctx, in.Site, in.Tag, in.Family, in.Limit))
	})
	handle(a, http.MethodPost, "/sites/{site}/tags/{tag}/rollback", "rollBackTag", "Move a version tag back to the version that it meant before", func(ctx context.Context, in *rollBackInput) (*body[berth.Package], error) {
		return one(s.RollBackTag(ctx, in.Site, in.Tag, in.Body.Family))
	})
}
