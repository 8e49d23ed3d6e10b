package api

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"berth"
	"berth/auth"
	"berth/control"
	"berth/wire"
)

// statuses is the one table from kinds to statuses of HTTP.
var statuses = map[berth.Kind]int{
	berth.Internal: http.StatusInternalServerError, berth.Invalid: http.StatusBadRequest, berth.NotFound: http.StatusNotFound,
	berth.Conflict: http.StatusConflict, berth.Forbidden: http.StatusForbidden, berth.Unauthenticated: http.StatusUnauthorized,
	berth.Precondition: http.StatusPreconditionFailed, berth.Unavailable: http.StatusServiceUnavailable,
}

// HTTPStatus returns the status of a kind of failure; ok is false for a kind that the table does not know.
func HTTPStatus(k berth.Kind) (status int, ok bool) {
	status, ok = statuses[k]
	return status, ok
}

// challenge holds the headers that RFC 9110, 11.6.1 asks of a 401.
func challenge(status int) http.Header {
	if status != http.StatusUnauthorized {
		return nil
	}
	return http.Header{"Www-Authenticate": {"Bearer"}}
}

// withStatus gives a problem a status that says more than that of its kind.
func withStatus(p wire.Problem, status int) wire.Problem {
	p.Status, p.Title = status, http.StatusText(status)
	return p
}

// problem is an error on its way out.
type problem struct {
	wire.Problem
	retryAfter string // seconds; empty: not said
}

func (p *problem) Error() string             { return p.Detail }
func (p *problem) GetStatus() int            { return p.Status }
func (p *problem) GetHeaders() http.Header   { return p.headers() }
func (p *problem) ContentType(string) string { return "application/problem+json" }

func (p *problem) headers() http.Header {
	if p.retryAfter != "" {
		return http.Header{"Retry-After": {p.retryAfter}}
	}
	return challenge(p.Status)
}

// retryAfter is the value of a Retry-After header (RFC 9110, 10.2.3), empty for errors that waiting does not heal.
func retryAfter(err error) string {
	limit, ok := errors.AsType[*auth.TooManyError](err)
	if !ok {
		return ""
	}
	return strconv.Itoa(int(limit.Wait() / time.Second))
}

// Problem turns an error into its RFC 9457 form. What is Berth's own fault is logged and not shown.
func Problem(log *slog.Logger, err error) wire.Problem {
	kind := berth.ErrorKind(err)
	if errors.Is(err, context.Canceled) {
		kind = berth.Unavailable // the caller has gone, or the server stops: nothing to look for in the log
		err = &berth.Error{Kind: kind, Message: "the request was given up before it was done", Err: err}
	}
	p := wire.Problem{Type: "about:blank", Status: statuses[kind], Kind: kind.String()}
	if retryAfter(err) != "" {
		p.Status = http.StatusTooManyRequests // RFC 6585, section 4
	}
	p.Title = http.StatusText(p.Status)
	e, ok := errors.AsType[*berth.Error](err)
	if kind == berth.Internal || !ok {
		log.Error("internal error", "error", err)
		p.Detail, p.Remedy = "something went wrong inside the server", "see the server's log"
		return p
	}
	p.Detail, p.Code, p.Field, p.Remedy, p.Meanwhile = e.Message, e.Code, e.Field, e.Advice(), e.Meanwhile
	if p.Detail == "" {
		p.Detail = err.Error()
	}
	return p
}

// failed is what every operation returns for an error.
func (a *API) failed(err error) error {
	if r, ok := errors.AsType[*control.Rehearsed](err); ok {
		return &rehearsed{r.Preview}
	}
	return &problem{Problem(a.Log, err), retryAfter(err)}
}

// problems gives the errors that the framework itself makes (validation, unknown media types) the same shape.
func (a *API) problems(_ huma.Context, _ string, v any) (any, error) {
	m, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	p := &problem{Problem: wire.Problem{Type: "about:blank", Title: m.Title, Status: m.Status, Detail: m.Detail, Kind: kindOf(m.Status).String()}}
	var details []string
	for _, d := range m.Errors {
		details = append(details, strings.TrimPrefix(d.Location, "body.")+": "+d.Message)
		p.Field = strings.TrimPrefix(d.Location, "body.")
	}
	if len(details) > 0 {
		p.Detail += ": " + strings.Join(details, "; ")
	}
	return p, nil
}

// kindOf is for the statuses that the framework chose by itself.
func kindOf(status int) berth.Kind {
	switch {
	case status == http.StatusNotFound:
		return berth.NotFound
	case status == http.StatusServiceUnavailable:
		return berth.Unavailable
	case status >= http.StatusInternalServerError:
		return berth.Internal
	}
	return berth.Invalid
}

// write answers with the error outside of an operation.
func (a *API) write(ctx huma.Context, err error) {
	p := Problem(a.Log, err)
	ctx.SetHeader("Content-Type", "application/problem+json")
	for name, values := range challenge(p.Status) {
		ctx.SetHeader(name, values[0])
	}
	ctx.SetStatus(p.Status)
	_ = json.NewEncoder(ctx.BodyWriter()).Encode(p)
}
