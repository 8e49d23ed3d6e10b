// Package arm answers Azure's clients: the part of Azure Resource Manager (ARM) that manages Azure Virtual Desktop's host
// pools and the MSIX packages in them, and as much around it as clients ask for on the way. A resource group is a site, a
// host pool a pool of kind AVD, a package one of the site's catalogue as seen from that pool.
//
// Sources: the operations of Microsoft.DesktopVirtualization on host pools and what is in them, on app attach packages and
// images, api-version 2025-10-10, those of Microsoft.Resources on tenants, subscriptions, resource groups and providers, api-version 2021-04-01, and the rules that all
// resource providers share (Azure/azure-resource-manager-rpc, v1.0). Every answer is complete when it is sent; no operation
// goes on behind it.
package arm

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"berth"
	"berth/auth"
	"berth/control"
)

// Farm is what this package asks of the use cases; control.Service has it. Every method checks the right of the principal
// in the context. A NotFound error names in its Field what is missing: site, pool or declaration.
type Farm interface {
	Clients
	Groups
	HostPools
	Registrations
	SessionHosts
	Packages
	AppAttach
	Images
}

// Groups are the sites, which are resource groups to Azure's clients.
type Groups interface {
	// Permit refuses a caller without the role in the site, and writes that down as every use case does: for what must not be
	// looked at before the right is known.
	Permit(ctx context.Context, site string, role berth.Role) error
	// Site returns the site of that name, in any case.
	Site(ctx context.Context, name string) (berth.Site, error)
	// Sites returns the sites that the caller may read, ordered by name.
	Sites(ctx context.Context) ([]berth.Site, error)
	// CreateSite makes a site; a name that is taken is a Conflict.
	CreateSite(ctx context.Context, site berth.Site) (berth.Site, error)
	// SiteSaid returns what clients said of a site, nil when they said nothing.
	SiteSaid(ctx context.Context, site string) (json.RawMessage, error)
	// DescribeSite keeps what a client says of a site.
	DescribeSite(ctx context.Context, site string, document json.RawMessage) error
	// RemoveSite deletes a site in which there is nothing; any other is a Conflict that says what there is.
	RemoveSite(ctx context.Context, name string) error
}

// HostPools are the applied pools of kind AVD.
type HostPools interface {
	// HostPool returns one host pool.
	HostPool(ctx context.Context, site, name string) (control.HostPool, error)
	// HostPools returns the host pools of a site.
	HostPools(ctx context.Context, site string) ([]control.HostPool, error)
	// PutHostPool creates a host pool or changes what a client said of it, and applies that at once.
	PutHostPool(ctx context.Context, site, name string, fn control.HostPoolEdit) (p control.HostPool, created bool, err error)
	// EditHostPool changes what a client said of a host pool that is there.
	EditHostPool(ctx context.Context, site, name string, fn control.HostPoolEdit) (control.HostPool, error)
	// RemoveHostPool deletes a host pool; existed is false when it was not there.
	RemoveHostPool(ctx context.Context, site, name string, force bool) (existed bool, err error)
}

// Packages are the MSIX packages of host pools.
type Packages interface {
	// Declare creates or replaces a package of a pool, and applies that at once.
	Declare(ctx context.Context, d control.Declare) (out control.Declared, created bool, err error)
	// DeclaredPackage returns one package of a pool.
	DeclaredPackage(ctx context.Context, site, pool, fullName string) (control.Declared, error)
	// DeclaredPackages returns packages of a pool, ordered by full name.
	DeclaredPackages(ctx context.Context, site, pool string, q control.DeclaredQuery) ([]control.Declared, error)
	// Redeclare changes a package of a pool by fn, which gets it as it is and says whether anything is to change.
	Redeclare(ctx context.Context, site, pool, fullName string, fn func(was control.Declared) (control.Declare, bool, error)) (control.Declared, error)
	// Undeclare takes a package out of a pool; existed is false when it was not there.
	Undeclare(ctx context.Context, site, pool, fullName string) (existed bool, err error)
}

// Options are what the handler works with. All are needed but for the subscription, the key of access tokens and the limit.
type Options struct {
	Log *slog.Logger
	// SubscriptionID is the UUID of the farm's one subscription. Where it is left out the sites say it, so that a missing
	// resource group is noticed before a wrong subscription.
	SubscriptionID string
	// Authenticate turns a bearer token into the principal it stands for, or says Unauthenticated.
	Authenticate func(ctx context.Context, token string) (auth.Principal, error)
	// Access signs and checks the tokens of service principals. Without it there is no sign-in here.
	Access *auth.AccessKey
	// Limit bounds the requests of each principal; nil: there is no bound.
	Limit  *auth.Limiter
	Now    func() time.Time
	Random io.Reader // for the ids of requests
}

// New returns the handler for every path that Handles accepts.
func New(farm Farm, opt Options) http.Handler {
	return &handler{Options: opt, farm: farm}
}

// Handles tells whether a request path belongs to this interface: whether it begins with /subscriptions, /providers or
// /tenants, in any case and with any number of slashes, or asks the directory for something. The path may be escaped or not.
func Handles(path string) bool {
	first, _, _ := strings.Cut(strings.TrimLeft(path, "/"), "/")
	if slices.Contains([]string{"subscriptions", "providers", "tenants"}, strings.ToLower(first)) {
		return true
	}
	_, ok := directoryOf(path)
	return ok
}

type handler struct {
	Options
	farm Farm
}

// call is one request under way.
type call struct {
	*http.Request
	id string // of the request
	target
	route
	version string
	site    berth.Site   // of routes within a resource group
	sites   []berth.Site // of all others: those of the subscription that the caller may read, or of the farm
}

// answer is a success: a body of nil is none.
type answer struct {
	status int
	body   any
	etag   string // empty: none
}

// ServeHTTP answers one request.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := h.Now()
	id, err := h.mark(w.Header(), r.Header)
	if d, ok := directoryOf(r.URL.Path); ok && err == nil {
		h.directory(w, r, d)
		return
	}
	var a answer
	if err == nil {
		a, err = h.serve(r, id)
	}
	if err == nil {
		err = write(w, a)
	}
	if err != nil {
		h.writeFault(w, r, err)
	}
	h.Log.DebugContext(r.Context(), "azure request", "id", id, "method", r.Method, "path", r.URL.Path, "took", h.Now().Sub(start))
}

// serve takes a request through the gates in the order of Azure's front door: a version, who asks, where, what.
func (h *handler) serve(r *http.Request, id string) (answer, error) {
	version, err := versionOf(r.URL.Query())
	if err != nil {
		return answer{}, err
	}
	ctx, err := h.signIn(r)
	if err != nil {
		return answer{}, err
	}
	c := &call{Request: r.WithContext(ctx), id: id, version: version}
	if c.target, err = parseTarget(r.URL.EscapedPath()); err != nil {
		return answer{}, err
	}
	if err := checkSubscription(c.subscription, h.SubscriptionID); err != nil {
		return answer{}, err
	}
	known := false
	if c.route, known = routes[c.shape]; !known {
		return answer{}, unknownType(c.target, version)
	}
	if err := c.checkNames(); err != nil {
		return answer{}, err
	}
	if err := h.locate(c); err != nil {
		return answer{}, c.explain(err)
	}
	if err := c.checkVersion(); err != nil {
		return answer{}, err
	}
	serve := c.methods[c.Method]
	if serve == nil {
		return answer{}, notAllowed(c)
	}
	a, err := serve(h, c)
	return a, c.explain(err)
}

// locate finds the site of the request, or the sites. A subscription is known by the sites in it.
func (h *handler) locate(c *call) (err error) {
	if c.in == inGroup {
		if c.site, err = h.farm.Site(c.Context(), c.group); err != nil {
			return err
		}
		return checkSubscription(c.subscription, c.site.SubscriptionID)
	}
	if c.sites, err = h.farm.Sites(c.Context()); err != nil || c.in == inTenant {
		return err
	}
	c.sites = slices.DeleteFunc(c.sites, func(s berth.Site) bool { return berth.Fold(s.SubscriptionID) != berth.Fold(c.subscription) })
	if len(c.sites) == 0 {
		return unknownSubscription(c.subscription)
	}
	return nil
}

// signIn puts the principal of the request's token into the context.
func (h *handler) signIn(r *http.Request) (context.Context, error) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return nil, &fault{status: http.StatusUnauthorized, code: "AuthenticationFailed",
			message: "Authentication failed. The 'Authorization' header is missing."}
	}
	scheme, token, _ := strings.Cut(header, " ")
	if token = strings.TrimSpace(token); token == "" || !strings.EqualFold(scheme, "Bearer") {
		return nil, &fault{status: http.StatusUnauthorized, code: "AuthenticationFailed",
			message: "Authentication failed. The 'Authorization' header is provided in an invalid format; send 'Bearer' and a token."}
	}
	p, err := h.authenticate(r, token)
	if err != nil {
		return nil, err
	}
	if h.Limit != nil {
		if after, ok := h.Limit.Take(p.ID); !ok {
			return nil, &fault{status: http.StatusTooManyRequests, code: "TooManyRequests", after: max(after.Truncate(time.Second), time.Second),
				message: "The number of requests of '" + p.Name + "' has exceeded the limit. Please try again after the time in the Retry-After header."}
		}
	}
	p.Face = "arm"
	return auth.With(r.Context(), p), nil
}
