package client

import (
	"context"
	"net/http"

	"berth"
	"berth/wire"
)

// Publications returns the published applications with the hosts that offer them; of one package where its full name is
// given.
func (c *Client) Publications(ctx context.Context, fullName string) ([]wire.PublicationView, error) {
	return list[wire.PublicationView](ctx, c, query(c.at("publications"), "package", fullName))
}

// Publication returns one publication.
func (c *Client) Publication(ctx context.Context, name string) (wire.PublicationView, error) {
	return get[wire.PublicationView](ctx, c, c.at("publications", name))
}

// AddPublication drafts an offer of an application.
func (c *Client) AddPublication(ctx context.Context, p wire.AddPublication) (wire.PublicationView, error) {
	return send[wire.PublicationView](ctx, c, http.MethodPost, c.at("publications"), p)
}

// EditPublication drafts whom a publication is offered to, and from where.
func (c *Client) EditPublication(ctx context.Context, name string, e wire.EditPublication) (wire.PublicationView, error) {
	return send[wire.PublicationView](ctx, c, http.MethodPatch, c.at("publications", name), e)
}

// RemovePublication drafts the end of a publication.
func (c *Client) RemovePublication(ctx context.Context, name string) error {
	return c.call(ctx, http.MethodDelete, c.at("publications", name), nil, nil)
}

// AssignedHosts returns the hosts that have a package by their plan, or as drafted, and by what.
func (c *Client) AssignedHosts(ctx context.Context, fullName string) ([]wire.AssignedHost, error) {
	return list[wire.AssignedHost](ctx, c, c.at("packages", fullName, "hosts"))
}

// Certificates returns the signers' certificates with what depends on them, those that end first first.
func (c *Client) Certificates(ctx context.Context) ([]berth.Forecast, error) {
	return list[berth.Forecast](ctx, c, c.at("certificates"))
}

// Certificate returns everything about the certificate of that SHA-1 thumbprint.
func (c *Client) Certificate(ctx context.Context, thumbprint string) (wire.CertificateView, error) {
	return get[wire.CertificateView](ctx, c, c.at("certificates", thumbprint))
}
