package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"

	"berth"
	"berth/auth"
	"berth/wire"
)

// bootstrap is the file for unattended installs: with it alone scripts reach the native API, and Azure's clients the server.
type bootstrap struct {
	URL            string `json:"url"`
	CAFile         string `json:"caFile"`
	Token          string `json:"token"` // of an owner
	Site           string `json:"site"`
	SubscriptionID string `json:"subscriptionId"`
	ResourceGroup  string `json:"resourceGroup"`

	// What Azure's clients sign in with.
	Endpoint     string `json:"endpoint"`  // of the resource manager
	Authority    string `json:"authority"` // the login endpoint
	TenantID     string `json:"tenantId"`
	TenantUUID   string `json:"tenantUuid"` // the same, for clients that take nothing but a UUID
	ClientID     string `json:"clientId"`
	ClientSecret string `json:"clientSecret"`
}

// bootstrapName is what the token and the service principal of the file are called.
const bootstrapName = "bootstrap"

// writeBootstrap writes the file once: one that is there keeps its token and its service principal, and gets the server's
// present address.
func (s *server) writeBootstrap(ctx context.Context, token string) error {
	self := auth.With(ctx, auth.Principal{ID: "server", Name: "berth", Kind: "system", Role: berth.RoleOwner, Face: "server"})
	b, err := readBootstrap(s.bootstrapFile)
	if err != nil {
		return err
	}
	if b.Token == "" {
		b.Token = token
	}
	if b.Token == "" {
		// The farm was begun before, and the token of then is known to nobody any more.
		secret, err := s.service.CreateToken(self, wire.CreateToken{Name: bootstrapName, Role: berth.RoleOwner})
		if err != nil {
			return err
		}
		b.Token = secret.Text
	}
	if b.ClientSecret == "" {
		if err := s.newPrincipal(self, &b); err != nil {
			return err
		}
	}
	ca, err := filepath.Abs(filepath.Join(s.data, "ca.crt"))
	if err != nil {
		return err
	}
	sites, err := s.service.Sites(self)
	if err != nil || len(sites) == 0 {
		return errors.Join(err, berth.Errorf(berth.Internal, "the farm has no site"))
	}
	b.URL, b.CAFile, b.Site, b.SubscriptionID, b.ResourceGroup = s.url, ca, sites[0].Name, sites[0].SubscriptionID, sites[0].Name
	b.Endpoint, b.Authority, b.TenantID, b.TenantUUID = s.url, s.url+"/adfs", "adfs", s.access.Tenant()
	return replace(s.bootstrapFile, b)
}

// readBootstrap reads the file of an earlier start, if there is one.
func readBootstrap(file string) (b bootstrap, err error) {
	old, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return b, nil
	}
	if err != nil {
		return b, berth.Errorf(berth.Invalid, "bootstrap file: %w", err).On("bootstrap")
	}
	if err := json.Unmarshal(old, &b); err != nil || b.Token == "" {
		return b, berth.Errorf(berth.Invalid, "%s is there and was not written by a Berth server", file).On("bootstrap").With("name another file")
	}
	return b, nil
}

// newPrincipal gives the service principal of the file a secret, and makes it where there is none.
func (s *server) newPrincipal(ctx context.Context, b *bootstrap) error {
	_, err := s.service.CreateClient(ctx, wire.CreateClient{Name: bootstrapName, Roles: []berth.Grant{{Role: berth.RoleOwner}}})
	if err != nil && berth.ErrorKind(err) != berth.Conflict {
		return err
	}
	secret, err := s.service.CreateClientSecret(ctx, bootstrapName, wire.CreateClientSecret{Name: bootstrapName, Days: 730})
	b.ClientID, b.ClientSecret = secret.ClientID, secret.Text
	return err
}
