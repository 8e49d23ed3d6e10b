package client

import (
	"context"

	"berth/wire"
)

// HostTimings returns what packages have cost on a host, the dearest at sign-in first.
func (c *Client) HostTimings(ctx context.Context, host string) ([]wire.HostTimings, error) {
	return list[wire.HostTimings](ctx, c, c.at("hosts", host, "timings"))
}

// PackageTimings returns what a version of a package has cost over all hosts.
func (c *Client) PackageTimings(ctx context.Context, fullName string) (wire.PackageTimings, error) {
	return get[wire.PackageTimings](ctx, c, c.at("packages", fullName, "timings"))
}
