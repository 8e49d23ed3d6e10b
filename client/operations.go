package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"berth"
	"berth/wire"
)

// Who is the caller as the server sees them.
type Who struct {
	Name string     `json:"name"`
	Kind string     `json:"kind"`
	Site string     `json:"site,omitempty"`
	Role berth.Role `json:"role"`
}

// WhoAmI tells as whom the token signs in.
func (c *Client) WhoAmI(ctx context.Context) (Who, error) { return get[Who](ctx, c, "/whoami") }

// Sites returns the sites that the caller may read.
func (c *Client) Sites(ctx context.Context) ([]berth.Site, error) {
	return list[berth.Site](ctx, c, "/sites")
}

// CreateSite makes a site.
func (c *Client) CreateSite(ctx context.Context, s wire.CreateSite) (berth.Site, error) {
	return send[berth.Site](ctx, c, http.MethodPost, "/sites", s)
}

// Settings returns the site's settings and tags.
func (c *Client) Settings(ctx context.Context) (berth.Settings, error) {
	return get[berth.Settings](ctx, c, c.at("settings"))
}

// SettingsRevision returns the site's settings with the revision that their next edit may name.
func (c *Client) SettingsRevision(ctx context.Context) (s berth.Settings, revision int64, err error) {
	resp, err := c.Raw(ctx, http.MethodGet, "/api/v1"+c.at("settings"), nil)
	if err != nil {
		return s, 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return s, 0, problem(resp)
	}
	if err := json.NewDecoder(resp.Body).Decode(&s); err != nil {
		return s, 0, berth.Errorf(berth.Unavailable, "the answer of %s was cut off or is no JSON: %v", c.base.Host, err)
	}
	revision, _ = strconv.ParseInt(strings.Trim(resp.Header.Get("ETag"), `"`), 10, 64) // 0, any, for a server that says none
	return s, revision, nil
}

// EditSettings drafts a change of the site's switches.
func (c *Client) EditSettings(ctx context.Context, e wire.EditSettings) (berth.Settings, error) {
	return send[berth.Settings](ctx, c, http.MethodPatch, c.at("settings"), e)
}

// RenameTag drafts a new name for a version tag.
func (c *Client) RenameTag(ctx context.Context, tag, name string) (berth.Settings, error) {
	return send[berth.Settings](ctx, c, http.MethodPatch, c.at("tags", tag), wire.RenameTag{Name: name})
}

// Packages returns the catalogue.
func (c *Client) Packages(ctx context.Context) ([]berth.Package, error) {
	return list[berth.Package](ctx, c, c.at("packages"))
}

// Package returns one package.
func (c *Client) Package(ctx context.Context, fullName string) (wire.PackageView, error) {
	return get[wire.PackageView](ctx, c, c.at("packages", fullName))
}

// AddPackage adds a package of an image to the catalogue, as a draft.
func (c *Client) AddPackage(ctx context.Context, p wire.AddPackage) (berth.Package, error) {
	return send[berth.Package](ctx, c, http.MethodPost, c.at("packages"), p)
}

// EditPackage drafts a change of a package's properties.
func (c *Client) EditPackage(ctx context.Context, fullName string, e wire.EditPackage) (wire.PackageView, error) {
	return send[wire.PackageView](ctx, c, http.MethodPatch, c.at("packages", fullName), e)
}

// RemovePackage drafts the deletion of a package; with force also of one that is assigned.
func (c *Client) RemovePackage(ctx context.Context, fullName string, force bool) error {
	return c.call(ctx, http.MethodDelete, query(c.at("packages", fullName), "force", strconv.FormatBool(force)), nil, nil)
}

// TagPackage drafts a version tag onto a package; with move off its siblings too.
func (c *Client) TagPackage(ctx context.Context, fullName string, t wire.TagPackage) (berth.Package, error) {
	return send[berth.Package](ctx, c, http.MethodPost, c.at("packages", fullName, "tags"), t)
}

// UntagPackage drafts a version tag off a package; an empty tag means all.
func (c *Client) UntagPackage(ctx context.Context, fullName, tag string) (berth.Package, error) {
	if tag == "" {
		tag = "*"
	}
	return send[berth.Package](ctx, c, http.MethodDelete, c.at("packages", fullName, "tags", tag), nil)
}

// Hosts returns the site's hosts.
func (c *Client) Hosts(ctx context.Context) ([]wire.HostView, error) {
	return list[wire.HostView](ctx, c, c.at("hosts"))
}

// Host returns one host.
func (c *Client) Host(ctx context.Context, name string) (wire.HostView, error) {
	return get[wire.HostView](ctx, c, c.at("hosts", name))
}

// RemoveHost forgets a host.
func (c *Client) RemoveHost(ctx context.Context, name string) error {
	return c.call(ctx, http.MethodDelete, c.at("hosts", name), nil, nil)
}

// RetryHost lets a host try its failed packages again at once.
func (c *Client) RetryHost(ctx context.Context, name string) error {
	return c.call(ctx, http.MethodPost, c.at("hosts", name, "retry"), nil, nil)
}

// SetHostPool drafts a host into a pool; an empty name takes it out of its pool.
func (c *Client) SetHostPool(ctx context.Context, host, pool string) error {
	return c.call(ctx, http.MethodPut, c.at("hosts", host, "pool"), wire.SetHostPool{Pool: pool}, nil)
}

// Pools returns the site's pools.
func (c *Client) Pools(ctx context.Context) ([]berth.Pool, error) {
	return list[berth.Pool](ctx, c, c.at("pools"))
}

// AddPool drafts a pool, or makes it at once.
func (c *Client) AddPool(ctx context.Context, p wire.AddPool) (berth.Pool, error) {
	return send[berth.Pool](ctx, c, http.MethodPost, c.at("pools"), p)
}

// RemovePool drafts the deletion of a pool.
func (c *Client) RemovePool(ctx context.Context, name string) error {
	return c.call(ctx, http.MethodDelete, c.at("pools", name), nil, nil)
}

// Holder names what has a list of assignments: Kind is hosts, pools or defaults.
type Holder struct{ Kind, Name string }

// Assignments returns the own list of a holder.
func (c *Client) Assignments(ctx context.Context, h Holder) (wire.Assignments, error) {
	return get[wire.Assignments](ctx, c, c.at(h.Kind, h.Name, "assignments"))
}

// Assign drafts an assignment into a holder's list.
func (c *Client) Assign(ctx context.Context, h Holder, a wire.Assign) (wire.Assignments, error) {
	return send[wire.Assignments](ctx, c, http.MethodPost, c.at(h.Kind, h.Name, "assignments"), a)
}

// Unassign drafts a family out of a holder's list.
func (c *Client) Unassign(ctx context.Context, h Holder, family string) (wire.Assignments, error) {
	return send[wire.Assignments](ctx, c, http.MethodDelete, c.at(h.Kind, h.Name, "assignments", family), nil)
}

// SetInherit drafts whether a holder takes the list of the level above.
func (c *Client) SetInherit(ctx context.Context, h Holder, inherit bool) (wire.Assignments, error) {
	return send[wire.Assignments](ctx, c, http.MethodPut, c.at(h.Kind, h.Name, "inherit"), wire.SetInherit{Inherit: inherit})
}

// Changes returns the pending changes.
func (c *Client) Changes(ctx context.Context) ([]berth.Change, error) {
	return list[berth.Change](ctx, c, c.at("changes"))
}

// Apply applies pending changes: the named ones, or all.
func (c *Client) Apply(ctx context.Context, names ...string) (wire.AppliedChanges, error) {
	return send[wire.AppliedChanges](ctx, c, http.MethodPost, c.at("changes", "apply"), wire.ChooseChanges{Changes: names})
}

// Discard drops pending changes: the named ones, or all.
func (c *Client) Discard(ctx context.Context, names ...string) ([]berth.Change, error) {
	l, err := send[List[berth.Change]](ctx, c, http.MethodPost, c.at("changes", "discard"), wire.ChooseChanges{Changes: names})
	return l.Items, err
}

// Status returns how packages stand on hosts; empty filters leave nothing out.
func (c *Client) Status(ctx context.Context, host, family, status string) ([]wire.HostPackage, error) {
	return list[wire.HostPackage](ctx, c, query(c.at("status"), "host", host, "family", family, "status", status))
}

// Audit returns the newest audit entries.
func (c *Client) Audit(ctx context.Context, kind, key string, limit int) ([]wire.AuditEntry, error) {
	return list[wire.AuditEntry](ctx, c, query(c.at("audit"), "kind", kind, "key", key, "limit", strconv.Itoa(limit)))
}

// CreateToken makes an API token.
func (c *Client) CreateToken(ctx context.Context, t wire.CreateToken) (wire.Secret, error) {
	return send[wire.Secret](ctx, c, http.MethodPost, "/tokens", t)
}

// Tokens lists API tokens without their secrets.
func (c *Client) Tokens(ctx context.Context) ([]berth.Credential, error) {
	return list[berth.Credential](ctx, c, "/tokens")
}

// CreateEnrollKey makes an enrolment key.
func (c *Client) CreateEnrollKey(ctx context.Context, k wire.CreateEnrollKey) (wire.Secret, error) {
	return send[wire.Secret](ctx, c, http.MethodPost, c.at("enroll-keys"), k)
}

// EnrollKeys lists enrolment keys without their secrets.
func (c *Client) EnrollKeys(ctx context.Context) ([]berth.Credential, error) {
	return list[berth.Credential](ctx, c, c.at("enroll-keys"))
}

// Revoke ends a token or an enrolment key.
func (c *Client) Revoke(ctx context.Context, id string) error {
	return c.call(ctx, http.MethodDelete, "/credentials/"+url.PathEscape(id), nil, nil)
}
