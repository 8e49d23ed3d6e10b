package arm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"berth"
)

// Headers of Azure Resource Manager: azure-resource-manager-rpc, v1.0, common-api-details.
const (
	headerRequest      = "x-ms-request-id"
	headerCorrelation  = "x-ms-correlation-request-id"
	headerClient       = "x-ms-client-request-id"
	headerReturnClient = "x-ms-return-client-request-id"
)

// longestID bounds the ids that are echoed; a UUID has 36 characters.
const longestID = 128

// mark gives the answer the ids by which a request is found again in logs here and at the client, and returns the own one.
func (h *handler) mark(to, from http.Header) (string, error) {
	id, err := h.id()
	if err != nil {
		return "", err
	}
	to.Set(headerRequest, id)
	to.Set(headerCorrelation, id)
	if v := from.Get(headerCorrelation); v != "" && len(v) <= longestID {
		to.Set(headerCorrelation, v)
	}
	if v := from.Get(headerClient); v != "" && len(v) <= longestID && strings.EqualFold(from.Get(headerReturnClient), "true") {
		to.Set(headerClient, v)
	}
	to.Set("Cache-Control", "no-cache")
	to.Set("X-Content-Type-Options", "nosniff")
	return id, nil
}

// id returns a random UUID of version 4 (RFC 9562, section 5.4).
func (h *handler) id() (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(h.Random, b[:]); err != nil {
		return "", fmt.Errorf("random id of a request: %w", err)
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]), nil
}

// write sends a success. Nothing has been sent when it returns an error.
func write(w http.ResponseWriter, a answer) error {
	if a.etag != "" {
		w.Header().Set("ETag", a.etag)
	}
	if a.body == nil {
		w.WriteHeader(a.status)
		return nil
	}
	body, err := encode(a.body)
	if err != nil {
		return fmt.Errorf("encoding the answer: %w", err)
	}
	send(w, a.status, body)
	return nil
}

func send(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client has gone, there is nobody to tell
}

// encode writes JSON without escaping <, > and &, so that texts go back as they came.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// errorBody is CloudError of the specification, with the members of ErrorResponse that are of use.
type errorBody struct {
	Error errorProperties `json:"error"`
}

type errorProperties struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Target  string `json:"target,omitempty"`
}

// writeFault sends a failure and logs it where it is the server's own.
func (h *handler) writeFault(w http.ResponseWriter, r *http.Request, err error) {
	f := faultOf(err)
	if f.status >= http.StatusInternalServerError && r.Context().Err() == nil {
		h.Log.ErrorContext(r.Context(), "azure request failed", "id", w.Header().Get(headerRequest), "method", r.Method,
			"path", r.URL.Path, "kind", berth.ErrorKind(err).String(), "error", err)
	}
	if f.status == http.StatusUnauthorized {
		// Never with claims: Azure's clients then repeat the request without its body.
		w.Header().Set("WWW-Authenticate", `Bearer realm="Berth"`)
		w.Header().Set("x-ms-failure-cause", "gateway")
	}
	if f.allow != "" {
		w.Header().Set("Allow", f.allow)
	}
	if f.after > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(f.after/time.Second)))
	}
	if r.Method == http.MethodHead {
		w.WriteHeader(f.status)
		return
	}
	body, err := encode(errorBody{errorProperties{f.code, f.message, f.target}})
	if err != nil {
		h.Log.ErrorContext(r.Context(), "encoding an error", "error", err)
	}
	send(w, f.status, body)
}
