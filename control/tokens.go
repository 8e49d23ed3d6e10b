package control

import (
	"cmp"
	"context"
	"errors"
	"time"

	"berth"
	"berth/auth"
	"berth/wire"
)

// Begin prepares an empty farm: the first site and an owner's token, which is shown this once. In a farm that was begun
// before, it changes nothing but that tasks which died with the server are over, and ok is false.
func (s *Service) Begin(ctx context.Context, site berth.Site) (token wire.Secret, ok bool, err error) {
	if err := s.endLostTasks(ctx); err != nil {
		return token, false, err
	}
	var sites []berth.Site
	if err = s.store.View(ctx, func(tx berth.Tx) error { sites, err = tx.Sites(); return err }); err != nil || len(sites) > 0 {
		return token, false, err
	}
	self := auth.With(ctx, auth.Principal{ID: "server", Name: "berth", Kind: "system", Role: berth.RoleOwner, Face: "server"})
	// The token comes first: dying between the two leaves a farm that begins again with another one.
	if token, err = s.CreateToken(self, wire.CreateToken{Name: "first administrator", Role: berth.RoleOwner}); err != nil {
		return token, false, err
	}
	_, err = s.CreateSite(self, site)
	return token, err == nil, err
}

// mostDays bounds the lives of credentials: a time must fit its type.
const mostDays = 36500

// CreateToken makes an API token; the secret is in the answer and nowhere else. Only an owner may.
func (s *Service) CreateToken(ctx context.Context, r wire.CreateToken) (wire.Secret, error) {
	role, err := berth.ParseRole(string(r.Role))
	if err != nil {
		return wire.Secret{}, err
	}
	if r.Name == "" {
		return wire.Secret{}, berth.Errorf(berth.Invalid, "a token needs a name").On("name")
	}
	if r.Days < 0 || r.Days > mostDays {
		return wire.Secret{}, berth.Errorf(berth.Invalid, "a token lives 1 to %d days, or without end with 0", mostDays).On("days")
	}
	c := berth.Credential{Kind: berth.CredentialToken, Name: r.Name, Site: berth.Fold(r.Site), Role: role}
	if r.Days > 0 {
		c.ExpiresAt = s.now().Add(time.Duration(r.Days) * 24 * time.Hour)
	}
	return s.create(ctx, c)
}

// CreateEnrollKey makes a key with which agents enrol as hosts of a kind. Only an owner may.
func (s *Service) CreateEnrollKey(ctx context.Context, site string, r wire.CreateEnrollKey) (wire.Secret, error) {
	if site == "" {
		return wire.Secret{}, berth.Errorf(berth.Invalid, "an enrolment key belongs to a site").On("site")
	}
	kind, err := berth.ParseHostKind(string(r.Kind))
	if err != nil {
		return wire.Secret{}, err
	}
	if r.Pool != "" {
		if err := s.poolOfKind(ctx, site, r.Pool, kind); err != nil {
			return wire.Secret{}, err
		}
	}
	if r.Hours < 0 || r.Hours > mostDays*24 {
		return wire.Secret{}, berth.Errorf(berth.Invalid, "an enrolment key lives 1 to %d hours", mostDays*24).On("hours")
	}
	c := berth.Credential{Kind: berth.CredentialEnroll, Name: cmp.Or(r.Name, "hosts of kind "+string(kind)), Site: berth.Fold(site),
		HostKind: kind, Pool: r.Pool, MaxUses: max(0, cmp.Or(r.MaxUses, 1))}
	c.ExpiresAt = s.now().Add(time.Duration(cmp.Or(r.Hours, 24)) * time.Hour)
	return s.create(ctx, c)
}

// poolOfKind makes sure that hosts see the pool, since an enrolled host is in it at once.
func (s *Service) poolOfKind(ctx context.Context, site, pool string, kind berth.HostKind) error {
	return s.view(ctx, site, func(w *work) error {
		p, err := berth.Load[berth.Pool](w, berth.Applied, w.ref(berth.ObjectPool, pool))
		if err == nil && p.Kind != kind {
			err = berth.Errorf(berth.Invalid, "pool %s is of kind %s, not %s", p.Name, p.Kind, kind).On("pool")
		}
		return err
	})
}

func (s *Service) create(ctx context.Context, c berth.Credential) (out wire.Secret, err error) {
	who, err := auth.Require(ctx, c.Site, berth.RoleOwner)
	if err != nil {
		s.refused(ctx, need{c.Site, berth.RoleOwner}, err)
		return out, err
	}
	if c.ID, out.Text, c.Hash, err = auth.NewSecret(c.Kind, s.random); err != nil {
		return out, err
	}
	c.CreatedAt = s.now()
	out.Credential = c
	return out, s.store.Update(ctx, func(tx berth.Tx) error {
		if c.Site != "" {
			if _, err := tx.Site(c.Site); err != nil {
				return err
			}
		}
		if err := tx.PutCredential(c); err != nil {
			return err
		}
		return tx.AppendAudit(berth.AuditEntry{At: c.CreatedAt, Site: c.Site, Actor: who.Name, Face: who.Face,
			Action: "create " + string(c.Kind), Kind: string(c.Kind), Key: c.ID, After: raw(c)})
	})
}

// Credentials lists tokens or enrolment keys of a site, without their secrets; an empty site means those of the farm.
func (s *Service) Credentials(ctx context.Context, kind berth.CredentialKind, site string) (cs []berth.Credential, err error) {
	if _, err := auth.Require(ctx, site, berth.RoleOwner); err != nil {
		s.refused(ctx, need{site, berth.RoleOwner}, err)
		return nil, err
	}
	err = s.store.View(ctx, func(tx berth.Tx) error {
		all, err := tx.Credentials(kind)
		for _, c := range all {
			if site == "" || c.Site == berth.Fold(site) {
				cs = append(cs, c)
			}
		}
		return err
	})
	return cs, err
}

// Revoke ends a token or an enrolment key at once.
func (s *Service) Revoke(ctx context.Context, id string) error {
	// Strangers do not learn which ids there are.
	if _, known := auth.From(ctx); !known {
		_, err := auth.Require(ctx, "", berth.RoleOwner)
		return err
	}
	var c berth.Credential
	err := s.store.Update(ctx, func(tx berth.Tx) (err error) {
		if c, err = tx.Credential(id); err != nil {
			return err
		}
		who, err := auth.Require(ctx, c.Site, berth.RoleOwner)
		if err != nil {
			return err
		}
		if c.RevokedAt.IsZero() {
			c.RevokedAt = s.now()
		}
		if err := tx.PutCredential(c); err != nil {
			return err
		}
		return tx.AppendAudit(berth.AuditEntry{At: s.now(), Site: c.Site, Actor: who.Name, Face: who.Face,
			Action: "revoke " + string(c.Kind), Kind: string(c.Kind), Key: c.ID, After: raw(c)})
	})
	if berth.ErrorKind(err) == berth.Forbidden {
		s.refused(ctx, need{c.Site, berth.RoleOwner}, err)
	}
	return err
}

// exchanged is how long a token lives that was got for another.
const exchanged = 12 * time.Hour

// ExchangeToken gives the caller a token of the same rights, which lives 12 hours at the most and no longer than the one that
// it came with, and ends that one: an address that carries a token is good for one sign-in then.
func (s *Service) ExchangeToken(ctx context.Context) (out wire.Secret, err error) {
	who, ok := auth.From(ctx)
	if !ok {
		return out, berth.Errorf(berth.Unauthenticated, "nobody has signed in").With("send the token that is to be exchanged")
	}
	if who.Kind != auth.KindApplication || who.Session != "" {
		return out, berth.Errorf(berth.Conflict, "only an API token can be exchanged, and %q did not come with one", who.Name)
	}
	id, text, hash, err := auth.NewSecret(berth.CredentialToken, s.random)
	if err != nil {
		return out, err
	}
	err = s.store.Update(ctx, func(tx berth.Tx) error {
		old, err := tx.Credential(who.ID)
		if err == nil {
			err = old.Usable(s.now()) // of two at once the second comes too late
		}
		if err != nil {
			return err
		}
		now := s.now()
		c := berth.Credential{ID: id, Hash: hash, Kind: old.Kind, Name: old.Name, Site: old.Site, Role: old.Role, CreatedAt: now, ExpiresAt: now.Add(exchanged)}
		if !old.ExpiresAt.IsZero() && old.ExpiresAt.Before(c.ExpiresAt) {
			c.ExpiresAt = old.ExpiresAt
		}
		old.RevokedAt = now
		out = wire.Secret{Credential: c, Text: text}
		return errors.Join(tx.PutCredential(old), tx.PutCredential(c), tx.AppendAudit(berth.AuditEntry{At: now, Site: c.Site, Actor: who.Name, Face: who.Face,
			Action: "exchange token", Kind: string(c.Kind), Key: c.ID, Before: raw(old), After: raw(c)}))
	})
	return out, err
}

// Authenticate turns the text of an API token, or of a session, into the principal that it stands for. Refusals are in the
// audit: those of credentials that are known now and then, those of strangers as far as they may.
func (s *Service) Authenticate(ctx context.Context, text string) (auth.Principal, error) {
	p, known, err := s.authenticate(ctx, text)
	if berth.ErrorKind(err) == berth.Unauthenticated && !known {
		s.refusedStranger(ctx, berth.AuditEntry{Actor: "somebody", Face: "api", Action: "refused", Refused: err.Error()})
	}
	return p, err
}

// authenticate tells too whether a refusal is of a credential that is known, and written down as such.
func (s *Service) authenticate(ctx context.Context, text string) (p auth.Principal, known bool, err error) {
	wrong := berth.Errorf(berth.Unauthenticated, "the token is not valid").With("sign in again: `berth login`")
	id, secret, err := auth.ParseSecret(text)
	if err != nil {
		return p, false, wrong
	}
	if auth.SecretKind(text) == berth.CredentialSession {
		p, err = s.authenticateSession(ctx, id, secret)
		return p, false, err
	}
	var c berth.Credential
	err = s.store.View(ctx, func(tx berth.Tx) error { c, err = tx.Credential(id); return err })
	switch {
	case berth.IsNotFound(err):
		return p, false, wrong
	case err != nil:
		return p, false, err
	case c.Kind != berth.CredentialToken || !auth.Matches(c, secret):
		return p, false, wrong
	}
	if err := c.Usable(s.now()); err != nil {
		s.refusedKnown(ctx, c.ID, berth.AuditEntry{Site: c.Site, Actor: c.Name, Face: "api", Action: "refused", Kind: string(c.Kind), Key: c.ID, Refused: err.Error()})
		return p, true, err
	}
	return auth.Principal{ID: c.ID, Name: c.Name, Kind: auth.KindApplication, Site: c.Site, Role: c.Role}, true, nil
}
