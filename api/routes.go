package api

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"berth"
	"berth/auth"
	"berth/control"
	"berth/wire"
)

// Inputs shared by operations. Those that others embed are exported, because the framework sets only such fields.
type (
	noInput struct{}
	// SiteInput names a site.
	SiteInput struct {
		Site string `path:"site"`
	}
	// PackageInput names a package of a site.
	PackageInput struct {
		SiteInput
		Package string `path:"package" doc:"package full name"`
	}
	// HostInput names a host of a site.
	HostInput struct {
		SiteInput
		Host string `path:"host"`
	}
	// PoolInput names a pool of a site.
	PoolInput struct {
		SiteInput
		Pool string `path:"pool"`
	}
	// HolderInput names what has a list of assignments.
	HolderInput struct {
		SiteInput
		Holder string `path:"holder" enum:"hosts,pools,defaults"`
		Name   string `path:"name" doc:"name of the host or pool, or the kind of host"`
	}
)

// body is an answer of one object.
type body[T any] struct{ Body T }

// tagged is an answer of one object that can be edited.
type tagged[T any] struct {
	ETag string `header:"ETag"`
	Body T
}

// List is an answer of several objects.
type List[T any] struct {
	Items []T `json:"items"`
}

// with is an input with a body.
type (
	addSite     struct{ Body wire.CreateSite }
	editSetting struct {
		SiteInput
		IfMatch string `header:"If-Match"`
		Body    wire.EditSettings
	}
	renameTag struct {
		SiteInput
		IfMatch string `header:"If-Match"`
		Tag     string `path:"tag"`
		Body    wire.RenameTag
	}
	addPackage struct {
		SiteInput
		Body wire.AddPackage
	}
	editPackage struct {
		PackageInput
		IfMatch string `header:"If-Match"`
		Body    wire.EditPackage
	}
	removePackage struct {
		PackageInput
		IfMatch string `header:"If-Match"`
		Force   bool   `query:"force" doc:"retire it: it goes once the last host has let go"`
	}
	tagPackage struct {
		PackageInput
		IfMatch string `header:"If-Match"`
		Body    wire.TagPackage
	}
	untagPackage struct {
		PackageInput
		IfMatch string `header:"If-Match"`
		Tag     string `path:"tag" doc:"a tag, or * for all"`
	}
	addPool struct {
		SiteInput
		Body wire.AddPool
	}
	setHostPool struct {
		HostInput
		IfMatch string `header:"If-Match"`
		Body    wire.SetHostPool
	}
	assign struct {
		HolderInput
		IfMatch string `header:"If-Match"`
		Body    wire.Assign
	}
	unassign struct {
		HolderInput
		IfMatch string `header:"If-Match"`
		Family  string `path:"family"`
	}
	inherit struct {
		HolderInput
		IfMatch string `header:"If-Match"`
		Body    wire.SetInherit
	}
	removeHost struct {
		HostInput
		IfMatch string `header:"If-Match"`
	}
	removePool struct {
		PoolInput
		IfMatch string `header:"If-Match"`
	}
	choose struct {
		SiteInput
		Body wire.ChooseChanges
	}
	auditInput struct {
		SiteInput
		Kind   string `query:"kind"`
		Key    string `query:"key"`
		Before int64  `query:"before" doc:"only entries older than this id"`
		Limit  int    `query:"limit" minimum:"0" maximum:"1000" default:"100"`
	}
	addToken    struct{ Body wire.CreateToken }
	tokensInput struct {
		Of string `query:"site" doc:"those of this site; empty: of the whole farm"`
	}
	addKey struct {
		SiteInput
		Body wire.CreateEnrollKey
	}
	credentialInput struct {
		ID string `path:"id"`
	}
)

// Who is the caller as the server sees them.
type Who struct {
	Name string     `json:"name"`
	Kind string     `json:"kind"`
	Site string     `json:"site,omitempty"`
	Role berth.Role `json:"role"`

	Roles   []berth.Grant `json:"roles"`             // every role; site and role above are those of the only one, or of every site
	Session string        `json:"session,omitempty"` // id of the session, of users that signed in
}

// handle registers an operation. Its id is the verb and noun that the command line uses too.
func handle[I, O any](a *API, method, path, id, summary string, fn func(context.Context, *I) (*O, error)) {
	op := huma.Operation{Method: method, Path: "/api/v1" + path, OperationID: id, Summary: summary,
		Security: []map[string][]string{{"token": {}}}, MaxBodyBytes: mostBody}
	if slices.Contains(rehearsable, id) {
		op.Parameters = append(op.Parameters, &huma.Param{Name: dryRunHeader, In: "header", Schema: &huma.Schema{Type: "boolean"},
			Description: "try it, answer 200 with what it would change on which hosts (as previewChanges does), and change nothing"})
	}
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := fn(ctx, in)
		if err != nil {
			return nil, a.failed(err)
		}
		return out, nil
	})
}

// one and many wrap what a use case returned.
func one[T any](t T, err error) (*body[T], error) { return &body[T]{t}, err }

func many[T any](ts []T, err error) (*body[List[T]], error) {
	if ts == nil {
		ts = []T{}
	}
	return &body[List[T]]{List[T]{ts}}, err
}

// none is the answer without a body (204).
func none(err error) (*struct{}, error) { return nil, err }

func etag(revision int64) string { return strconv.Quote(strconv.FormatInt(revision, 10)) }

// revision reads an If-Match header; without one, or with *, any revision will do.
func revision(ifMatch string) (int64, error) {
	if ifMatch == "" || ifMatch == "*" {
		return 0, nil
	}
	n, err := strconv.ParseInt(strings.Trim(ifMatch, `"`), 10, 64)
	if err != nil || n <= 0 { // 0 would mean any
		return 0, berth.Errorf(berth.Precondition, "If-Match %s is no revision", ifMatch).With("send the ETag as it came")
	}
	return n, nil
}

// seen puts the revision of an If-Match header into the context, for use cases that take it from there.
func seen(ctx context.Context, ifMatch string) (context.Context, error) {
	rev, err := revision(ifMatch)
	return control.IfRevision(ctx, rev), err
}

// seenTag does so for accounts.
func seenTag(ctx context.Context, ifMatch string) context.Context {
	if ifMatch == "*" {
		return ctx
	}
	return control.IfTag(ctx, strings.Trim(ifMatch, `"`))
}

// account is an answer of an account with its tag.
func account[T any](t T, err error) (*tagged[T], error) {
	return &tagged[T]{strconv.Quote(control.Tag(t)), t}, err
}

// allTags turns the * of a path into the empty tag, which stands for all of them.
func allTags(tag string) string {
	if tag == "*" {
		return ""
	}
	return tag
}

func (a *API) routes() {
	a.siteRoutes()
	a.packageRoutes()
	a.hostRoutes()
	a.listRoutes()
	a.changeRoutes()
	a.lookRoutes()
	a.publicationRoutes()
	a.certificateRoutes()
	a.credentialRoutes()
	a.accountRoutes()
	a.documentRoutes()
	a.preflightRoutes()
	a.timingRoutes()
	a.errorRoutes()
	a.imageRoutes()
	a.taskRoutes()
}

func (a *API) siteRoutes() {
	s := a.Service
	settings := func(ctx context.Context, site string) (*tagged[berth.Settings], error) {
		set, rev, err := s.Settings(ctx, site)
		return &tagged[berth.Settings]{etag(rev), set}, err
	}
	handle(a, http.MethodGet, "/whoami", "whoami", "Who the caller is", func(ctx context.Context, _ *noInput) (*body[Who], error) {
		p, ok := auth.From(ctx)
		if !ok {
			return nil, berth.Errorf(berth.Unauthenticated, "nobody has signed in").With("send a token: Authorization: Bearer …")
		}
		return one(whoIs(p), nil)
	})
	handle(a, http.MethodGet, "/sites", "listSites", "Sites that the caller may read", func(ctx context.Context, _ *noInput) (*body[List[berth.Site]], error) {
		return many(s.Sites(ctx))
	})
	handle(a, http.MethodPost, "/sites", "createSite", "Make a site", func(ctx context.Context, in *addSite) (*body[berth.Site], error) {
		return one(s.CreateSite(ctx, berth.Site{Name: in.Body.Name, Location: in.Body.Location}))
	})
	handle(a, http.MethodGet, "/sites/{site}", "getSite", "A site", func(ctx context.Context, in *SiteInput) (*body[berth.Site], error) {
		return one(s.Site(ctx, in.Site))
	})
	handle(a, http.MethodGet, "/sites/{site}/settings", "getSettings", "The site's settings and tags", func(ctx context.Context, in *SiteInput) (*tagged[berth.Settings], error) {
		return settings(ctx, in.Site)
	})
	handle(a, http.MethodPatch, "/sites/{site}/settings", "editSettings", "Change the site's switches", func(ctx context.Context, in *editSetting) (*tagged[berth.Settings], error) {
		rev, err := revision(in.IfMatch)
		if err != nil {
			return nil, err
		}
		if _, err := s.EditSettings(ctx, in.Site, control.SettingsEdit{Enabled: in.Body.Enabled, DisablingMinutes: in.Body.DisablingMinutes,
			ProvisionCertificates: in.Body.ProvisionCertificates, Cache: in.Body.Cache, Verify: in.Body.Verify, Expect: rev}); err != nil {
			return nil, err
		}
		return settings(ctx, in.Site)
	})
	handle(a, http.MethodPatch, "/sites/{site}/tags/{tag}", "renameTag", "Rename a version tag", func(ctx context.Context, in *renameTag) (*tagged[berth.Settings], error) {
		ctx, err := seen(ctx, in.IfMatch)
		if err == nil {
			_, err = s.RenameTag(ctx, in.Site, in.Tag, in.Body.Name)
		}
		if err != nil {
			return nil, err
		}
		return settings(ctx, in.Site)
	})
}

func (a *API) packageRoutes() {
	s := a.Service
	view := func(ctx context.Context, site, fullName string) (*tagged[wire.PackageView], error) {
		p, rev, err := s.Package(ctx, site, fullName)
		if err != nil {
			return nil, err
		}
		settings, _, err := s.Settings(ctx, site)
		if err != nil {
			return nil, err
		}
		checks, err := s.Dependencies(ctx, site, fullName)
		names := make([]string, len(p.Tags))
		for i, id := range p.Tags {
			names[i] = settings.Tags.Name(id)
		}
		return &tagged[wire.PackageView]{etag(rev), wire.PackageView{Package: p, Revision: rev, TagNames: strings.Join(names, ", "), DependencyChecks: checks}}, err
	}
	handle(a, http.MethodPost, "/sites/{site}/packages", "addPackage", "Add a package of an image", func(ctx context.Context, in *addPackage) (*body[berth.Package], error) {
		return one(s.AddPackage(ctx, control.NewPackage{Site: in.Site, ImagePath: in.Body.ImagePath, FullName: in.Body.FullName,
			DisplayName: in.Body.DisplayName, Tags: in.Body.Tags, Disabled: in.Body.Disabled, OnFailure: in.Body.OnFailure}))
	})
	handle(a, http.MethodGet, "/sites/{site}/packages/{package}", "getPackage", "A package", func(ctx context.Context, in *PackageInput) (*tagged[wire.PackageView], error) {
		return view(ctx, in.Site, in.Package)
	})
	handle(a, http.MethodPatch, "/sites/{site}/packages/{package}", "editPackage", "Change a package's properties", func(ctx context.Context, in *editPackage) (*tagged[wire.PackageView], error) {
		rev, err := revision(in.IfMatch)
		if err != nil {
			return nil, err
		}
		if _, err := s.EditPackage(ctx, in.Site, in.Package, control.PackageEdit{DisplayName: in.Body.DisplayName, OnFailure: in.Body.OnFailure,
			Enabled: in.Body.Enabled, Tags: in.Body.Tags, Expect: rev}); err != nil {
			return nil, err
		}
		return view(ctx, in.Site, in.Package)
	})
	handle(a, http.MethodDelete, "/sites/{site}/packages/{package}", "removePackage", "Delete a package", func(ctx context.Context, in *removePackage) (*struct{}, error) {
		ctx, err := seen(ctx, in.IfMatch)
		if err != nil {
			return nil, err
		}
		return none(s.RemovePackage(ctx, in.Site, in.Package, in.Force))
	})
	handle(a, http.MethodPost, "/sites/{site}/packages/{package}/tags", "tagPackage", "Put a version tag on a package", func(ctx context.Context, in *tagPackage) (*body[berth.Package], error) {
		ctx, err := seen(ctx, in.IfMatch)
		if err != nil {
			return nil, err
		}
		return one(s.TagPackage(ctx, in.Site, in.Package, in.Body.Tag, in.Body.Move))
	})
	handle(a, http.MethodDelete, "/sites/{site}/packages/{package}/tags/{tag}", "untagPackage", "Take version tags off a package", func(ctx context.Context, in *untagPackage) (*body[berth.Package], error) {
		ctx, err := seen(ctx, in.IfMatch)
		if err != nil {
			return nil, err
		}
		return one(s.UntagPackage(ctx, in.Site, in.Package, allTags(in.Tag)))
	})
}

func (a *API) hostRoutes() {
	s := a.Service
	handle(a, http.MethodGet, "/sites/{site}/hosts/{host}", "getHost", "A host", func(ctx context.Context, in *HostInput) (*tagged[wire.HostView], error) {
		v, err := s.Host(ctx, in.Site, in.Host)
		return &tagged[wire.HostView]{etag(v.Revision), v}, err
	})
	handle(a, http.MethodDelete, "/sites/{site}/hosts/{host}", "removeHost", "Forget a host", func(ctx context.Context, in *removeHost) (*struct{}, error) {
		ctx, err := seen(ctx, in.IfMatch)
		if err != nil {
			return nil, err
		}
		return none(s.RemoveHost(ctx, in.Site, in.Host))
	})
	handle(a, http.MethodPost, "/sites/{site}/hosts/{host}/retry", "retryHost", "Retry failed packages at once", func(ctx context.Context, in *HostInput) (*struct{}, error) {
		return none(s.RetryHost(ctx, in.Site, in.Host))
	})
	handle(a, http.MethodPut, "/sites/{site}/hosts/{host}/pool", "setHostPool", "Move a host into a pool", func(ctx context.Context, in *setHostPool) (*struct{}, error) {
		ctx, err := seen(ctx, in.IfMatch)
		if err != nil {
			return nil, err
		}
		return none(s.SetHostPool(ctx, in.Site, in.Host, in.Body.Pool))
	})
	handle(a, http.MethodGet, "/sites/{site}/pools", "listPools", "Pools", func(ctx context.Context, in *SiteInput) (*body[List[berth.Pool]], error) {
		return many(s.Pools(ctx, in.Site))
	})
	handle(a, http.MethodPost, "/sites/{site}/pools", "addPool", "Make a pool", func(ctx context.Context, in *addPool) (*body[berth.Pool], error) {
		return one(s.AddPool(ctx, in.Site, berth.Pool{Name: in.Body.Name, Kind: in.Body.Kind}, in.Body.Now))
	})
	handle(a, http.MethodGet, "/sites/{site}/pools/{pool}", "getPool", "A pool", func(ctx context.Context, in *PoolInput) (*tagged[wire.PoolView], error) {
		v, err := s.Pool(ctx, in.Site, in.Pool)
		return &tagged[wire.PoolView]{etag(v.Revision), v}, err
	})
	handle(a, http.MethodDelete, "/sites/{site}/pools/{pool}", "removePool", "Delete a pool", func(ctx context.Context, in *removePool) (*struct{}, error) {
		ctx, err := seen(ctx, in.IfMatch)
		if err != nil {
			return nil, err
		}
		return none(s.RemovePool(ctx, in.Site, in.Pool))
	})
}

func (in HolderInput) holder() control.Holder {
	switch in.Holder {
	case "hosts":
		return control.Holder{Host: in.Name}
	case "pools":
		return control.Holder{Pool: in.Name}
	}
	return control.Holder{Defaults: berth.HostKind(in.Name)}
}

// at is the holder for an edit of its list at the revision of an If-Match header.
func (in HolderInput) at(ifMatch string) (control.Holder, error) {
	rev, err := revision(ifMatch)
	return in.holder().At(rev), err
}

func assignments(as control.Assignments, err error) (*tagged[wire.Assignments], error) {
	out := wire.Assignments{Holder: as.Holder.String(), Inherit: as.Inherit, Assignments: as.Assignments, Revision: as.Revision,
		Dependencies: as.Dependencies, Warnings: warnings(as.Dependencies)}
	if out.Assignments == nil {
		out.Assignments = []berth.Assignment{}
	}
	return &tagged[wire.Assignments]{etag(as.Revision), out}, err
}

func (a *API) listRoutes() {
	s := a.Service
	const path = "/sites/{site}/{holder}/{name}/assignments"
	handle(a, http.MethodGet, path, "listAssignments", "A holder's own list", func(ctx context.Context, in *HolderInput) (*tagged[wire.Assignments], error) {
		return assignments(s.Assignments(ctx, in.Site, in.holder()))
	})
	handle(a, http.MethodPost, path, "assign", "Assign a package family", func(ctx context.Context, in *assign) (*tagged[wire.Assignments], error) {
		h, err := in.at(in.IfMatch)
		if err != nil {
			return nil, err
		}
		return assignments(s.Assign(ctx, in.Site, h, berth.Assignment{Family: in.Body.Family, Version: in.Body.Version,
			Tag: berth.TagID(in.Body.Tag), Registration: in.Body.Registration}))
	})
	handle(a, http.MethodDelete, path+"/{family}", "unassign", "Take a family out of a list", func(ctx context.Context, in *unassign) (*tagged[wire.Assignments], error) {
		h, err := in.at(in.IfMatch)
		if err != nil {
			return nil, err
		}
		return assignments(s.Unassign(ctx, in.Site, h, in.Family))
	})
	handle(a, http.MethodPut, "/sites/{site}/{holder}/{name}/inherit", "setInherit", "Inherit the list of the level above", func(ctx context.Context, in *inherit) (*tagged[wire.Assignments], error) {
		h, err := in.at(in.IfMatch)
		if err != nil {
			return nil, err
		}
		return assignments(s.Inherit(ctx, in.Site, h, in.Body.Inherit))
	})
}

func (a *API) changeRoutes() {
	s := a.Service
	handle(a, http.MethodGet, "/sites/{site}/changes", "listChanges", "Pending changes", func(ctx context.Context, in *SiteInput) (*body[List[berth.Change]], error) {
		return many(s.Changes(ctx, in.Site))
	})
	handle(a, http.MethodPost, "/sites/{site}/changes/apply", "applyChanges", "Apply pending changes", func(ctx context.Context, in *choose) (*body[wire.AppliedChanges], error) {
		cs, generation, err := s.Apply(ctx, in.Site, in.Body.Changes)
		if cs == nil {
			cs = []berth.Change{}
		}
		return one(wire.AppliedChanges{Generation: generation, Applied: cs}, err)
	})
	handle(a, http.MethodPost, "/sites/{site}/changes/discard", "discardChanges", "Discard pending changes", func(ctx context.Context, in *choose) (*body[List[berth.Change]], error) {
		return many(s.Discard(ctx, in.Site, in.Body.Changes))
	})
}

func (a *API) credentialRoutes() {
	s := a.Service
	handle(a, http.MethodPost, "/tokens/exchange", "exchangeToken", "Get a token for 12 hours for the one that is sent, which ends", func(ctx context.Context, _ *noInput) (*body[wire.Secret], error) {
		return one(s.ExchangeToken(ctx))
	})
	handle(a, http.MethodPost, "/tokens", "createToken", "Make an API token", func(ctx context.Context, in *addToken) (*body[wire.Secret], error) {
		return one(s.CreateToken(ctx, in.Body))
	})
	handle(a, http.MethodGet, "/tokens", "listTokens", "API tokens", func(ctx context.Context, in *tokensInput) (*body[List[berth.Credential]], error) {
		return many(s.Credentials(ctx, berth.CredentialToken, in.Of))
	})
	handle(a, http.MethodPost, "/sites/{site}/enroll-keys", "createEnrollKey", "Make an enrolment key", func(ctx context.Context, in *addKey) (*body[wire.Secret], error) {
		return one(s.CreateEnrollKey(ctx, in.Site, in.Body))
	})
	handle(a, http.MethodGet, "/sites/{site}/enroll-keys", "listEnrollKeys", "Enrolment keys", func(ctx context.Context, in *SiteInput) (*body[List[berth.Credential]], error) {
		return many(s.Credentials(ctx, berth.CredentialEnroll, in.Site))
	})
	handle(a, http.MethodDelete, "/credentials/{id}", "revokeCredential", "Revoke a token or an enrolment key", func(ctx context.Context, in *credentialInput) (*struct{}, error) {
		return none(s.Revoke(ctx, in.ID))
	})
}
