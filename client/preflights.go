package client

import (
	"context"
	"net/http"

	"berth/wire"
)

// AskPreflight asks a host to try a package without staging it.
func (c *Client) AskPreflight(ctx context.Context, host, fullName string) (wire.PreflightView, error) {
	return send[wire.PreflightView](ctx, c, http.MethodPost, c.at("hosts", host, "preflight"), wire.AskPreflight{Package: fullName})
}

// Preflight returns a pre-flight, answered or not.
func (c *Client) Preflight(ctx context.Context, host, id string) (wire.PreflightView, error) {
	return get[wire.PreflightView](ctx, c, c.at("hosts", host, "preflight", id))
}
