package control

import (
	"cmp"
	"context"
	"slices"
	"time"

	"berth"
	"berth/auth"
	"berth/wire"
)

// Limits of a service principal's secrets.
const (
	mostSecrets = 10
	mostDaysOf  = 730 // of one secret
	secretDays  = 180 // unless said otherwise
)

// Clients lists the service principals without their secrets' texts. Only an owner of the farm may, as for all of these.
func (s *Service) Clients(ctx context.Context) (cs []berth.APIClient, err error) {
	err = s.farm(ctx, s.store.View, func(w *work) error { cs, err = w.Clients(); return err })
	return cs, err
}

// Client returns one service principal, by id or name.
func (s *Service) Client(ctx context.Context, client string) (c berth.APIClient, err error) {
	err = s.farm(ctx, s.store.View, func(w *work) error { c, err = w.Client(client); return err })
	return c, err
}

// CreateClient makes a service principal, without a secret yet.
func (s *Service) CreateClient(ctx context.Context, r wire.CreateClient) (c berth.APIClient, err error) {
	err = s.farm(ctx, s.store.Update, func(w *work) error {
		if err := berth.CheckAccountName(r.Name); err != nil {
			return err
		}
		c = berth.APIClient{Name: r.Name, CreatedAt: w.at}
		if c.ID, err = s.id(); err != nil {
			return err
		}
		if c.Roles, err = w.grants(r.Roles); err != nil {
			return err
		}
		if err := w.PutClient(c); err != nil {
			return err
		}
		return w.noteFarm("create client", kindClient, c.Name, nil, raw(c))
	})
	return c, err
}

// EditClient changes a service principal, by id or name.
func (s *Service) EditClient(ctx context.Context, client string, e wire.EditClient) (c berth.APIClient, err error) {
	return s.editClient(ctx, client, "edit client", func(w *work, c *berth.APIClient) (err error) {
		if e.Disabled != nil {
			c.Disabled = *e.Disabled
		}
		if e.Roles != nil {
			c.Roles, err = w.grants(*e.Roles)
		}
		return err
	})
}

// RemoveClient removes a service principal with its secrets.
func (s *Service) RemoveClient(ctx context.Context, client string) error {
	return s.farm(ctx, s.store.Update, func(w *work) error {
		c, err := w.Client(client)
		if err != nil {
			return err
		}
		if err := matches(ctx, kindClient, c.Name, c); err != nil {
			return err
		}
		if err := w.DeleteClient(c.ID); err != nil {
			return err
		}
		return w.noteFarm("delete client", kindClient, c.Name, raw(c), nil)
	})
}

// CreateClientSecret adds a secret; its text is in the answer and nowhere else. Secrets that have expired make room.
func (s *Service) CreateClientSecret(ctx context.Context, client string, r wire.CreateClientSecret) (out wire.NewClientSecret, err error) {
	c, err := s.editClient(ctx, client, "create client secret", func(w *work, c *berth.APIClient) (err error) {
		days := cmp.Or(r.Days, secretDays)
		if days < 1 || days > mostDaysOf {
			return berth.Errorf(berth.Invalid, "a secret lives 1 to %d days", mostDaysOf).On("days")
		}
		c.Secrets = slices.DeleteFunc(c.Secrets, func(k berth.ClientSecret) bool { return !w.at.Before(k.ExpiresAt) })
		if len(c.Secrets) >= mostSecrets {
			return berth.Errorf(berth.Conflict, "client %s has %d secrets, which is as many as it may have", c.Name, mostSecrets).
				With("remove one that is not used any more")
		}
		k := berth.ClientSecret{Name: r.Name, CreatedAt: w.at, ExpiresAt: w.at.Add(time.Duration(days) * 24 * time.Hour)}
		if k.ID, out.Text, k.Hash, err = auth.NewSecret(berth.CredentialClient, s.random); err != nil {
			return err
		}
		c.Secrets, out.ClientSecret = append(c.Secrets, k), k
		return nil
	})
	if err != nil {
		return wire.NewClientSecret{}, err
	}
	out.ClientID = c.ID
	return out, nil
}

// RemoveClientSecret ends a secret at once.
func (s *Service) RemoveClientSecret(ctx context.Context, client, secret string) error {
	_, err := s.editClient(ctx, client, "delete client secret", func(_ *work, c *berth.APIClient) error {
		n := len(c.Secrets)
		c.Secrets = slices.DeleteFunc(c.Secrets, func(k berth.ClientSecret) bool { return k.ID == secret })
		if len(c.Secrets) == n {
			return berth.Errorf(berth.NotFound, "client %s has no secret with the id %q", c.Name, secret).On("secret")
		}
		return nil
	})
	return err
}

func (s *Service) editClient(ctx context.Context, client, action string, fn func(*work, *berth.APIClient) error) (c berth.APIClient, err error) {
	err = s.farm(ctx, s.store.Update, func(w *work) error {
		if c, err = w.Client(client); err != nil {
			return err
		}
		if err := matches(ctx, kindClient, c.Name, c); err != nil {
			return err
		}
		before := raw(c)
		if err := fn(w, &c); err != nil {
			return err
		}
		if err := w.PutClient(c); err != nil {
			return err
		}
		return w.noteFarm(action, kindClient, c.Name, before, raw(c))
	})
	return c, err
}

// AuthenticateClient returns the service principal of that id (a UUID) if the text is one of its secrets. It is for token
// endpoints, which make a short-lived token of it; the secret itself is no bearer token.
func (s *Service) AuthenticateClient(ctx context.Context, id, text string) (p auth.Principal, err error) {
	var t try
	after, ok := t.take(s.guard.addresses, auth.AddressKey(auth.Address(ctx)))
	if ok {
		after, ok = t.take(s.guard.names, "client "+berth.Fold(id))
	}
	if !ok {
		return p, auth.TooMany("sign in", after)
	}
	defer func() { t.settle(err) }()
	wrong := berth.Errorf(berth.Unauthenticated, "the client's id or secret is wrong").With("ask an owner for a new secret: `berth client secret`")
	secretID, secret, err := auth.ParseSecret(text)
	if err != nil || auth.SecretKind(text) != berth.CredentialClient {
		return p, wrong
	}
	var c berth.APIClient
	err = s.store.View(ctx, func(tx berth.Tx) error { c, err = tx.Client(id); return err })
	if err != nil && !berth.IsNotFound(err) {
		return p, err
	}
	i := slices.IndexFunc(c.Secrets, func(k berth.ClientSecret) bool { return k.ID == secretID && auth.SecretMatches(k.Hash, secret) })
	if err != nil || c.ID != berth.Fold(id) || i < 0 {
		return p, wrong
	}
	if c.Disabled || !s.now().Before(c.Secrets[i].ExpiresAt) {
		err = berth.Errorf(berth.Unauthenticated, "the client %s is disabled, or its secret %s has expired", c.Name, secretID).
			With("ask an owner for a new secret: `berth client secret`")
		s.refusedKnown(ctx, secretID, berth.AuditEntry{Actor: c.Name, Face: "api", Action: "sign in", Kind: kindClient, Key: c.Name, Refused: err.Error()})
		return p, err
	}
	return auth.Principal{ID: c.ID, Name: c.Name, Kind: auth.KindApplication, Grants: c.Roles}, nil
}
