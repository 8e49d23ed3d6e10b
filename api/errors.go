package api

import (
	"context"
	"net/http"

	"berth"
	"berth/auth"
)

// codeInput names a code of a platform.
type codeInput struct {
	Code string `path:"code" maxLength:"200" doc:"as the platform gives it: 0x80073CF3, -2147009293, 53, ENOENT, or a symbol"`
}

// errorRoutes give the catalogue of error codes, so that no face keeps a second one.
func (a *API) errorRoutes() {
	handle(a, http.MethodGet, "/errors", "listErrors", "Error codes of hosts, with meaning and remedy",
		func(ctx context.Context, _ *noInput) (*body[List[berth.Explanation]], error) {
			return many(berth.Catalogue(), known(ctx))
		})
	handle(a, http.MethodGet, "/errors/{code}", "getError", "What an error code means",
		func(ctx context.Context, in *codeInput) (*body[berth.Explanation], error) {
			if err := known(ctx); err != nil {
				return nil, err
			}
			e, ok := berth.Known(in.Code)
			if !ok {
				return nil, berth.Errorf(berth.NotFound, "the catalogue does not have the code %q", in.Code).
					With("see GET /api/v1/errors for those that it has")
			}
			return one(e, nil)
		})
}

// known refuses strangers, and hosts, which are no callers of this interface.
func known(ctx context.Context) error {
	if _, ok := auth.From(ctx); !ok {
		return berth.Errorf(berth.Unauthenticated, "nobody has signed in").With("send a token: Authorization: Bearer …")
	}
	return nil
}
