package client

import (
	"context"
	"net/http"
	"strconv"

	"berth/wire"
)

// Export returns what is set in the site, as one document.
func (c *Client) Export(ctx context.Context) (wire.Document, error) {
	return get[wire.Document](ctx, c, c.at("document"))
}

// DocumentOptions say what to do about a document.
type DocumentOptions struct {
	DryRun bool // tell what would be drafted, and change nothing
	Create bool // make the site where there is none of that name
	Prune  bool // delete what the document does not name
}

// ApplyDocument drafts what makes the site as the document says, all of it or nothing.
func (c *Client) ApplyDocument(ctx context.Context, doc wire.Document, o DocumentOptions) (wire.DocumentResult, error) {
	path := query(c.at("documents"), "dryRun", strconv.FormatBool(o.DryRun), "prune", strconv.FormatBool(o.Prune), "create", strconv.FormatBool(o.Create))
	return send[wire.DocumentResult](ctx, c, http.MethodPost, path, doc)
}
