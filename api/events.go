package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"berth/auth"
	"berth/wire"
)

// heartbeat is how often a silent stream says that it is alive, and the right to read it is looked at again.
const heartbeat = 15 * time.Second

// slowest is how long one write to a client may take.
const slowest = 30 * time.Second

type eventsInput struct {
	SiteInput
	Last string `header:"Last-Event-ID" doc:"id of the last event that came: what was missed since follows, where it is still known"`
}

func (a *API) eventRoutes() {
	op := huma.Operation{Method: http.MethodGet, Path: "/api/v1/sites/{site}/events", OperationID: "listenToEvents",
		Summary: "What changes in the site, as server-sent events", Security: []map[string][]string{{"token": {}}}}
	schema := a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[wire.Event](), true, "Event")
	op.Responses = map[string]*huma.Response{"200": {
		Description: "Events, each with its kind as the event and this as its data; the first is hello.",
		Content:     map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{Type: huma.TypeArray, Items: schema}}},
	}}
	huma.Register(a.huma, op, func(ctx context.Context, in *eventsInput) (*huma.StreamResponse, error) {
		last, err := strconv.ParseInt(in.Last, 10, 64)
		if err != nil {
			last = 0 // none, or of some other server: everything is new
		}
		events, done, err := a.Service.ListenFrom(ctx, in.Site, last)
		if err != nil {
			return nil, a.failed(err)
		}
		return &huma.StreamResponse{Body: func(ctx huma.Context) {
			defer done()
			a.stream(ctx, in.Site, events)
		}}, nil
	})
}

// stream writes events until there are no more, the client is gone, or its right to read is.
func (a *API) stream(ctx huma.Context, site string, events <-chan wire.Event) {
	ctx.SetHeader("Content-Type", "text/event-stream")
	out, ok := ctx.BodyWriter().(http.ResponseWriter)
	if !ok {
		return // only under a transport other than net/http
	}
	controller := http.NewResponseController(out)
	// The server's time limit for reading a request would end the stream with it; where there is none this changes nothing.
	_ = controller.SetReadDeadline(time.Time{})
	defer func() { _ = controller.SetWriteDeadline(time.Time{}) }() // the connection may serve another request
	send := func(text string) bool {
		_ = controller.SetWriteDeadline(time.Now().Add(slowest)) // where there is none, the connection's own holds
		_, err := fmt.Fprint(out, text)
		return err == nil && controller.Flush() == nil
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		text := ": alive\n\n"
		select {
		case <-ctx.Context().Done():
			return
		case e, more := <-events:
			if !more {
				return
			}
			text = eventText(e)
		case <-beat.C:
			if !a.mayStill(ctx, site) {
				return
			}
		}
		if !send(text) {
			return
		}
	}
}

// mayStill signs the caller in anew: a token that was revoked, or expired, reads no more.
func (a *API) mayStill(ctx huma.Context, site string) bool {
	p, ok, err := a.principal(ctx.Context(), ctx.Header("Authorization"), ctx.Header("X-Berth-Face"))
	if err != nil || !ok {
		return false
	}
	_, err = a.Service.Site(auth.With(ctx.Context(), p), site)
	return err == nil
}

// eventText writes an event as HTML's "server-sent events" has it (section 9.2.6): its data is one line of JSON.
func eventText(e wire.Event) string {
	data, err := json.Marshal(e)
	if err != nil { // our own shapes always marshal
		panic(err)
	}
	return fmt.Sprintf("id: %d\nevent: %s\ndata: %s\n\n", e.ID, e.Kind, data)
}
