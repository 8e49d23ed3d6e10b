package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"berth"
	"berth/wire"
)

// PackageFilter chooses packages; empty fields leave nothing out.
type PackageFilter struct {
	Search, Tag, Family, After string
	Enabled                    *bool
	Limit                      int  // 0: all
	Total                      bool // count all that fit
}

// FindPackages returns a page of the catalogue.
func (c *Client) FindPackages(ctx context.Context, f PackageFilter) (wire.Page[berth.Package], error) {
	enabled := ""
	if f.Enabled != nil {
		enabled = strconv.FormatBool(*f.Enabled)
	}
	return get[wire.Page[berth.Package]](ctx, c, query(c.at("packages"), "search", f.Search, "tag", f.Tag, "family", f.Family,
		"enabled", enabled, "after", f.After, "limit", some(f.Limit), "total", whether(f.Total)))
}

// HostFilter chooses hosts; empty fields leave nothing out.
type HostFilter struct {
	Search, Kind, Pool, Status, After string
	Limit                             int  // 0: all
	Total                             bool // count all that fit, whatever their statuses
}

// FindHosts returns a page of the site's hosts.
func (c *Client) FindHosts(ctx context.Context, f HostFilter) (wire.Page[wire.HostView], error) {
	return get[wire.Page[wire.HostView]](ctx, c, query(c.at("hosts"), "search", f.Search, "kind", f.Kind, "pool", f.Pool,
		"status", f.Status, "after", f.After, "limit", some(f.Limit), "total", whether(f.Total)))
}

// StatusFilter chooses rows of the table of hosts and packages; empty fields leave nothing out.
type StatusFilter struct {
	Host, Search, Family, Status, After string
	Limit                               int // how many hosts; 0: all
}

// StatusPage returns how packages stand on a page of hosts.
func (c *Client) StatusPage(ctx context.Context, f StatusFilter) (wire.Page[wire.HostPackage], error) {
	return get[wire.Page[wire.HostPackage]](ctx, c, query(c.at("status"), "host", f.Host, "search", f.Search, "family", f.Family,
		"status", f.Status, "after", f.After, "limit", some(f.Limit)))
}

// StatusSummary counts rows by status over all hosts that fit; After and Limit count for nothing.
func (c *Client) StatusSummary(ctx context.Context, f StatusFilter) (wire.StatusSummary, error) {
	return get[wire.StatusSummary](ctx, c, query(c.at("status", "summary"), "host", f.Host, "search", f.Search, "family", f.Family, "status", f.Status))
}

// Preview tells what pending changes would change: the named ones alone, or all. It names the hosts behind after, at most
// as many as the limit.
func (c *Client) Preview(ctx context.Context, after string, limit int, names ...string) (wire.Preview, error) {
	var path strings.Builder
	path.WriteString(query(c.at("changes", "preview"), "after", after, "limit", some(limit)))
	for _, name := range names {
		path.WriteString(map[bool]string{true: "?", false: "&"}[path.String() == c.at("changes", "preview")] + "changes=" + url.QueryEscape(name))
	}
	return get[wire.Preview](ctx, c, path.String())
}

// AuditEntry returns one entry of the audit.
func (c *Client) AuditEntry(ctx context.Context, id int64) (wire.AuditEntry, error) {
	return get[wire.AuditEntry](ctx, c, c.at("audit", strconv.FormatInt(id, 10)))
}

// Revert drafts an object back to what it was before an audit entry.
func (c *Client) Revert(ctx context.Context, id int64, force bool) (wire.Reverted, error) {
	return send[wire.Reverted](ctx, c, http.MethodPost, c.at("audit", strconv.FormatInt(id, 10), "revert"), wire.Revert{Force: force})
}

// TagHistory tells where a tag pointed over time, newest first; an empty family means all.
func (c *Client) TagHistory(ctx context.Context, tag, family string, limit int) ([]berth.TagMove, error) {
	return list[berth.TagMove](ctx, c, query(c.at("tags", tag, "history"), "family", family, "limit", some(limit)))
}

// RollBackTag drafts a tag back onto the version of a family that it meant before.
func (c *Client) RollBackTag(ctx context.Context, tag, family string) (berth.Package, error) {
	return send[berth.Package](ctx, c, http.MethodPost, c.at("tags", tag, "rollback"), wire.RollBackTag{Family: family})
}

// some words a number of which 0 is not said.
func some(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// whether words a switch that is not said where it is off.
func whether(on bool) string {
	if !on {
		return ""
	}
	return "true"
}
