package control

import (
	"context"
	"fmt"
	"time"

	"berth"
	"berth/auth"
)

// registrationPurpose is what the secrets of registration tokens are derived for.
const registrationPurpose = "registration token"

// Bounds of a registration token's life, as at Azure.
const (
	leastRegistration = time.Hour
	mostRegistration  = 30 * 24 * time.Hour
	registrationSlack = 10 * time.Minute // clients count the bounds from when they began
)

// RegistrationToken is an enrolment key of an AVD host pool that can be told again: its secret is derived, not stored.
type RegistrationToken struct {
	Text      string
	ExpiresAt time.Time
}

// NewRegistrationToken makes the enrolment key with which any number of agents enrol into an AVD host pool until it expires.
// It replaces the one of before. Only an owner may, as with every enrolment key.
func (s *Service) NewRegistrationToken(ctx context.Context, site, pool string, expires time.Time) (t RegistrationToken, err error) {
	if err := s.checkRegistration(expires); err != nil {
		return t, err
	}
	err = s.change(ctx, need{site, berth.RoleOwner}, func(w *work) error {
		p, err := w.avdPool(pool)
		if err != nil {
			return err
		}
		if err := s.endRegistrations(w, p.Name); err != nil {
			return err
		}
		c := berth.Credential{Kind: berth.CredentialEnroll, Name: registrationPurpose + " of " + p.Name, Site: berth.Fold(site),
			HostKind: berth.KindAVD, Pool: p.Name, CreatedAt: w.at, ExpiresAt: expires}
		if c.ID, _, _, err = auth.NewSecret(c.Kind, s.random); err != nil {
			return err
		}
		if t, c.Hash, err = s.registration(c); err != nil {
			return err
		}
		if err := w.PutCredential(c); err != nil {
			return err
		}
		return w.AppendAudit(berth.AuditEntry{At: w.at, Site: c.Site, Actor: w.who.Name, Face: w.who.Face, Action: "create registration token",
			Kind: string(c.Kind), Key: c.ID, After: raw(c)})
	})
	return t, err
}

func (s *Service) checkRegistration(expires time.Time) error {
	if in := expires.Sub(s.now()); in >= leastRegistration-registrationSlack && in <= mostRegistration+registrationSlack {
		return nil
	}
	return berth.Errorf(berth.Invalid, "a registration token expires in an hour at the least and in 30 days at the most, not at %s",
		expires.UTC().Format(time.RFC3339)).On("properties.registrationInfo.expirationTime")
}

// RegistrationTokens returns the tokens of a pool that are in force, the newest first; there is one at the most.
func (s *Service) RegistrationTokens(ctx context.Context, site, pool string) (list []RegistrationToken, err error) {
	err = s.work(ctx, s.store.View, need{site, berth.RoleOwner}, func(w *work) error {
		p, err := w.avdPool(pool)
		if err != nil {
			return err
		}
		return s.eachRegistration(w, p.Name, func(_ berth.Credential, t RegistrationToken) error {
			list = append([]RegistrationToken{t}, list...)
			return nil
		})
	})
	return list, err
}

// EndRegistrationTokens revokes the registration tokens of a pool.
func (s *Service) EndRegistrationTokens(ctx context.Context, site, pool string) error {
	return s.change(ctx, need{site, berth.RoleOwner}, func(w *work) error {
		p, err := w.avdPool(pool)
		if err != nil {
			return err
		}
		return s.endRegistrations(w, p.Name)
	})
}

// CheckRegistration says whether the caller may make or end registration tokens of the site, and whether one may expire then,
// unless the time is zero: what ends in a token must not begin without.
func (s *Service) CheckRegistration(ctx context.Context, site string, expires time.Time) error {
	err := s.work(ctx, s.store.View, need{site, berth.RoleOwner}, func(*work) error { return nil })
	if err != nil || expires.IsZero() {
		return err
	}
	return s.checkRegistration(expires)
}

func (s *Service) endRegistrations(w *work, pool string) error {
	return s.eachRegistration(w, pool, func(c berth.Credential, _ RegistrationToken) error {
		c.RevokedAt = w.at
		if err := w.PutCredential(c); err != nil {
			return err
		}
		return w.AppendAudit(berth.AuditEntry{At: w.at, Site: c.Site, Actor: w.who.Name, Face: w.who.Face, Action: "revoke registration token",
			Kind: string(c.Kind), Key: c.ID, After: raw(c)})
	})
}

// eachRegistration calls fn with the registration tokens of a pool that are in force. Other enrolment keys, whose secret
// only their maker knows, are passed over.
func (s *Service) eachRegistration(w *work, pool string, fn func(berth.Credential, RegistrationToken) error) error {
	all, err := w.Credentials(berth.CredentialEnroll)
	if err != nil {
		return err
	}
	for _, c := range all {
		if c.Site != berth.Fold(w.site.Name) || berth.Fold(c.Pool) != berth.Fold(pool) || c.Usable(w.at) != nil {
			continue
		}
		t, hash, err := s.registration(c)
		if err != nil {
			return err
		}
		if string(hash) != string(c.Hash) {
			continue
		}
		if err := fn(c, t); err != nil {
			return err
		}
	}
	return nil
}

// registration writes down the token that a credential would have if its secret was derived.
func (s *Service) registration(c berth.Credential) (t RegistrationToken, hash []byte, err error) {
	if s.derive == nil {
		return t, nil, berth.Errorf(berth.Unavailable, "this server has no key for registration tokens").With("make an enrolment key: `berth enroll-key create`")
	}
	secret, err := s.derive(registrationPurpose, c.ID)
	if err != nil {
		return t, nil, fmt.Errorf("registration token: %w", err)
	}
	t.ExpiresAt = c.ExpiresAt
	t.Text, hash, err = auth.SecretText(c.Kind, c.ID, secret)
	return t, hash, err
}
