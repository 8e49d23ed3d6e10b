package arm

import (
	"errors"
	"net/http"
	"time"

	"berth"
	"berth/auth"
)

// fault is a failure as Azure's clients get it.
type fault struct {
	status  int
	code    string // stable, in PascalCase: what clients decide by
	message string
	target  string        // the parameter or property to blame
	allow   string        // of MethodNotAllowed: the methods that are
	after   time.Duration // when to try again; zero: the client knows best
}

// Error returns code and message.
func (f *fault) Error() string { return f.code + ": " + f.message }

// CloudError is what the kinds of failure are to Azure's clients.
type CloudError struct {
	Status int    // of HTTP
	Code   string // CloudError.error.code
}

// kinds translates each kind of failure. Where more is known, such as which of the resources in a path is missing, a
// fault says so more exactly.
var kinds = map[berth.Kind]CloudError{
	berth.Internal:        {http.StatusInternalServerError, "InternalServerError"},
	berth.Invalid:         {http.StatusBadRequest, "InvalidRequestContent"},
	berth.NotFound:        {http.StatusNotFound, "ResourceNotFound"},
	berth.Conflict:        {http.StatusConflict, "Conflict"},
	berth.Forbidden:       {http.StatusForbidden, "AuthorizationFailed"},
	berth.Unauthenticated: {http.StatusUnauthorized, "InvalidAuthenticationToken"},
	berth.Precondition:    {http.StatusPreconditionFailed, "PreconditionFailed"},
	berth.Unavailable:     {http.StatusServiceUnavailable, "ServiceUnavailable"},
}

// CloudErrorOf translates a kind; ok is false for one that has no row in the table.
func CloudErrorOf(k berth.Kind) (e CloudError, ok bool) {
	e, ok = kinds[k]
	return e, ok
}

// faultOf turns any error into what may be shown: faults as they are, berth's errors by their kind, and of all others
// nothing but that there was one.
func faultOf(err error) *fault {
	if f, ok := errors.AsType[*fault](err); ok {
		return f
	}
	if limit, ok := errors.AsType[*auth.TooManyError](err); ok {
		return &fault{status: http.StatusTooManyRequests, code: "TooManyRequests", message: err.Error(), after: limit.Wait()}
	}
	row := kinds[berth.ErrorKind(err)]
	if e, ok := errors.AsType[*berth.Error](err); ok && e.Kind != berth.Internal {
		return &fault{status: row.Status, code: row.Code, message: e.With(e.Advice()).Error(), target: e.Field}
	}
	return &fault{status: row.Status, code: row.Code,
		message: "The server failed on this request. Its log says why, under the x-ms-request-id of this answer."}
}

// explain says which resource of the path is missing, in Azure's words.
func (c *call) explain(err error) error {
	e, ok := errors.AsType[*berth.Error](err)
	if !ok || e.Kind != berth.NotFound {
		return err
	}
	switch e.Field {
	case "site":
		return &fault{status: http.StatusNotFound, code: "ResourceGroupNotFound",
			message: "Resource group '" + c.group + "' could not be found."}
	case "pool":
		if len(c.types) > 1 {
			return &fault{status: http.StatusNotFound, code: "ParentResourceNotFound",
				message: "Can not perform requested operation on nested resource. Parent resource '" + c.pool() + "' not found."}
		}
		return c.notFound("hostPools/" + c.pool())
	case "declaration":
		return c.notFound("hostPools/" + c.pool() + "/msixPackages/" + c.fullName())
	case "appAttachPackage":
		return c.notFound("appAttachPackages/" + c.names[0])
	case "host":
		if len(c.types) > 2 {
			return &fault{status: http.StatusNotFound, code: "ParentResourceNotFound",
				message: "Can not perform requested operation on nested resource. Parent resource '" + c.pool() + "/" + c.names[1] + "' not found."}
		}
		return c.notFound("hostPools/" + c.pool() + "/sessionHosts/" + c.names[1])
	case "session":
		return c.notFound("hostPools/" + c.pool() + "/sessionHosts/" + c.names[1] + "/userSessions/" + c.names[2])
	}
	return err
}

func asKnown(err error) (*berth.Error, bool) { return errors.AsType[*berth.Error](err) }

func (c *call) notFound(resource string) error {
	return &fault{status: http.StatusNotFound, code: "ResourceNotFound",
		message: "The Resource '" + provider + "/" + resource + "' under resource group '" + c.group +
			"' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix"}
}

func badContent(target, why string) error {
	return &fault{status: http.StatusBadRequest, code: "InvalidRequestContent", target: target,
		message: "The request content was invalid and could not be deserialized: '" + why + "'."}
}

func badParameter(name, why string) error {
	return &fault{status: http.StatusBadRequest, code: "InvalidParameter", target: name,
		message: "The query parameter '" + name + "' " + why + "."}
}

// MessageOf is what Azure's clients are told about an error: what happened, the platform's code, and what to do.
func MessageOf(err error) string { return faultOf(err).message }
