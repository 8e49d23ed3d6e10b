package api

import (
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"berth"
	"berth/control"
	"berth/wire"
)

// dryRunHeader asks that a change be tried, told, and taken back.
const dryRunHeader = "X-Berth-Dry-Run"

// rehearsable are the operations that can be tried: those that draft a change of a site's configuration.
var rehearsable = []string{"editSettings", "renameTag", "addPackage", "editPackage", "removePackage", "tagPackage", "untagPackage", "rollBackTag",
	"assign", "unassign", "setInherit", "addPool", "removePool", "setHostPool", "addPublication", "editPublication", "removePublication", "revertAuditEntry"}

// rehearse lets a request with the header be tried only. An operation that cannot be is refused: it must not be done
// instead.
func (a *API) rehearse(ctx huma.Context, next func(huma.Context)) {
	if ctx.Header(dryRunHeader) != "true" || ctx.Method() == http.MethodGet {
		next(ctx)
		return
	}
	if id := ctx.Operation().OperationID; !slices.Contains(rehearsable, id) {
		a.write(ctx, berth.Errorf(berth.Invalid, "operation %s cannot be tried without being done", id).On(dryRunHeader).With("leave out the header "+dryRunHeader))
		return
	}
	next(huma.WithContext(ctx, control.Rehearse(ctx.Context())))
}

// rehearsed is the answer to a change that was only tried. It travels as an error does, because the use case has not done
// what the operation answers otherwise.
type rehearsed struct{ wire.Preview }

func (r *rehearsed) Error() string { return "rehearsed" }

// GetStatus is that of success.
func (r *rehearsed) GetStatus() int { return http.StatusOK }

// GetHeaders says that nothing was done.
func (r *rehearsed) GetHeaders() http.Header { return http.Header{dryRunHeader: {"true"}} }
