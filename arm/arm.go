// Package arm answers Azure's clients: the part of Azure Resource Manager (ARM) that manages the MSIX packages of Azure
// Virtual Desktop's host pools. A resource group is a site, a host pool a pool of kind AVD, a package one of the site's
// catalogue as seen from that pool.
//
// Sources: the operations MSIXPackages_* of Microsoft.DesktopVirtualization, api-version 2025-10-10, and the rules that all
// resource providers share (Azure/azure-resource-manager-rpc, v1.0). Every answer is complete when it is sent; no operation
// goes on behind it.
package arm

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"berth"
	"berth/auth"
	"berth/control"
)

// Farm is what this package asks of the use cases; control.Service has it. Every method checks the right of the principal
// in the context. A NotFound error names in its Field what is missing: site, pool or declaration.
type Farm interface {
	// Site returns the site of that name, in any case.
	Site(ctx context.Context, name string) (berth.Site, error)
	// Declare creates or replaces a package of a pool, and applies that at once.
	Declare(ctx context.Context, d control.Declare) (out control.Declared, created bool, err error)
	// DeclaredPackage returns one package of a pool.
	DeclaredPackage(ctx context.Context, site, pool, fullName string) (control.Declared, error)
	// DeclaredPackages returns every package of a pool.
	DeclaredPackages(ctx context.Context, site, pool string) ([]control.Declared, error)
	// Redeclare changes a package of a pool by fn, which gets it as it is and says whether anything is to change.
	Redeclare(ctx context.Context, site, pool, fullName string, fn func(was control.Declared) (control.Declare, bool, error)) (control.Declared, error)
	// Undeclare takes a package out of a pool; existed is false when it was not there.
	Undeclare(ctx context.Context, site, pool, fullName string) (existed bool, err error)
}

// Options are what the handler works with. All are needed but for the subscription.
type Options struct {
	Log *slog.Logger
	// SubscriptionID is the UUID of the farm's one subscription. Where it is left out the sites say it, so that a missing
	// resource group is noticed before a wrong subscription.
	SubscriptionID string
	// Authenticate turns a bearer token into the principal it stands for, or says Unauthenticated.
	Authenticate func(ctx context.Context, token string) (auth.Principal, error)
	Now          func() time.Time
	Random       io.Reader // for the ids of requests
}

// New returns the handler for every path that Handles accepts.
func New(farm Farm, opt Options) http.Handler {
	return &handler{Options: opt, farm: farm}
}

// Handles tells whether a request path belongs to this interface: whether it begins with /subscriptions or /providers, in
// any case and with any number of slashes. The path may be escaped or not.
func Handles(path string) bool {
	first, _, _ := strings.Cut(strings.TrimLeft(path, "/"), "/")
	return strings.EqualFold(first, "subscriptions") || strings.EqualFold(first, "providers")
}

type handler struct {
	Options
	farm Farm
}

// call is one request under way.
type call struct {
	*http.Request
	target
	version string
	site    berth.Site
}

// answer is a success: a body of nil is none.
type answer struct {
	status int
	body   any
}

// ServeHTTP answers one request.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := h.Now()
	id, err := h.mark(w.Header(), r.Header)
	var a answer
	if err == nil {
		a, err = h.serve(r)
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
func (h *handler) serve(r *http.Request) (answer, error) {
	version, err := versionOf(r.URL.Query())
	if err != nil {
		return answer{}, err
	}
	ctx, err := h.signIn(r)
	if err != nil {
		return answer{}, err
	}
	c := &call{Request: r.WithContext(ctx), version: version}
	if c.target, err = parseTarget(r.URL.EscapedPath()); err != nil {
		return answer{}, err
	}
	if err := checkSubscription(c.subscription, h.SubscriptionID); err != nil {
		return answer{}, err
	}
	if !c.isPackages() {
		return answer{}, unknownType(c.target, version)
	}
	if err := c.checkNames(); err != nil {
		return answer{}, err
	}
	if c.site, err = h.farm.Site(ctx, c.group); err != nil {
		return answer{}, c.explain(err)
	}
	if err := checkSubscription(c.subscription, c.site.SubscriptionID); err != nil {
		return answer{}, err
	}
	if err := c.checkVersion(); err != nil {
		return answer{}, err
	}
	a, err := h.packages(c)
	return a, c.explain(err)
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
	p, err := h.Authenticate(r.Context(), token)
	if err != nil {
		return nil, err
	}
	p.Face = "arm"
	return auth.With(r.Context(), p), nil
}
