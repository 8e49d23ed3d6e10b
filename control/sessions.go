package control

import (
	"cmp"
	"context"
	"strings"
	"time"

	"berth"
	"berth/auth"
	"berth/wire"
)

const (
	mostSessions = 20          // of one user: with one more, the oldest ends
	usedEvery    = time.Minute // how exact the last use of a session is
)

// SignIn begins a session of a user who gives the right password. Names that there are not take as long as wrong
// passwords and are answered alike. The face is the way in, as the audit names it.
func (s *Service) SignIn(ctx context.Context, r wire.SignInRequest, face string) (out wire.SignedIn, err error) {
	var t try
	name, address := berth.Fold(r.Name), auth.AddressKey(auth.Address(ctx))
	after, ok := t.take(s.guard.addresses, address)
	if ok {
		after, ok = t.take(s.guard.names, name)
	}
	if !ok {
		return out, auth.TooMany("sign in", after)
	}
	defer func() { t.settle(err) }()
	u, err := s.checkPassword(ctx, r)
	if err != nil {
		if berth.ErrorKind(err) == berth.Unauthenticated {
			// For names that there are and that there are not alike: what is written would tell them apart by the time it takes.
			s.refusedStranger(ctx, berth.AuditEntry{Actor: brief(name), Face: face, Action: "sign in", Kind: kindUser, Key: brief(name), Refused: err.Error()})
		}
		return out, err
	}
	id, text, hash, err := auth.NewSecret(berth.CredentialSession, s.random)
	if err != nil {
		return out, err
	}
	now := s.now()
	session := berth.SignIn{ID: id, User: u.Name, Hash: hash, Face: face, Address: address, CreatedAt: now, UsedAt: now}
	err = s.store.Update(ctx, func(tx berth.Tx) error {
		// The user may have been disabled, or have another password, since it was checked.
		if is, err := tx.User(u.Name); err != nil || is.Disabled || is.Password != u.Password {
			return cmp.Or(err, wrongPassword())
		}
		w := &work{Tx: tx, who: auth.Principal{Name: u.Name, Face: face}, at: now}
		if err := w.makeRoom(u.Name); err != nil {
			return err
		}
		if err := tx.PutSession(session); err != nil {
			return err
		}
		return w.noteFarm("sign in", kindSession, id, nil, raw(session))
	})
	return wire.SignedIn{SignIn: session, Text: text, EndsAt: session.EndsAt()}, err
}

func wrongPassword() error {
	return berth.Errorf(berth.Unauthenticated, "name or password is wrong").With("try again, or ask an owner for a new password")
}

// brief shortens what a stranger wrote, for the audit.
func brief(text string) string {
	if r := []rune(strings.ToValidUTF8(text, "?")); len(r) > 64 {
		return string(r[:64])
	}
	return strings.ToValidUTF8(text, "?")
}

func (s *Service) checkPassword(ctx context.Context, r wire.SignInRequest) (u berth.User, err error) {
	err = s.store.View(ctx, func(tx berth.Tx) error { u, err = tx.User(r.Name); return err })
	if err != nil && !berth.IsNotFound(err) {
		return u, err
	}
	ok, err := s.guard.passwords.Match(ctx, u.Password, r.Password)
	switch {
	case err != nil:
		return u, err
	case !ok || u.Disabled:
		return u, wrongPassword()
	}
	return u, nil
}

// makeRoom ends the sessions that are over, and the oldest when there are too many.
func (w *work) makeRoom(user string) error {
	sessions, err := w.Sessions(user)
	if err != nil {
		return err
	}
	over := len(sessions) - (mostSessions - 1)
	for i, one := range sessions {
		if i >= over && !one.Over(w.at) {
			continue
		}
		if err := w.DeleteSession(one.ID); err != nil {
			return err
		}
	}
	return nil
}

// SignOut ends the session of the caller.
func (s *Service) SignOut(ctx context.Context) error {
	who, ok := auth.From(ctx)
	if !ok {
		return berth.Errorf(berth.Unauthenticated, "nobody has signed in").With("there is nothing to sign out of")
	}
	if who.Session == "" {
		return berth.Errorf(berth.Conflict, "you came with an API token, not with a session").With("revoke the token instead: `berth token revoke`")
	}
	return s.EndSession(ctx, who.Session)
}

// Sessions lists the caller's sessions; with all, those of every user, for an owner of the farm.
func (s *Service) Sessions(ctx context.Context, all bool) (live []berth.SignIn, err error) {
	who, ok := auth.From(ctx)
	if !ok || all {
		if who, err = auth.Require(ctx, "", berth.RoleOwner); err != nil {
			s.refused(ctx, need{"", berth.RoleOwner}, err)
			return nil, err
		}
	}
	if !all && who.Session == "" {
		return nil, nil // a token has none
	}
	user := who.ID
	if all {
		user = ""
	}
	err = s.store.View(ctx, func(tx berth.Tx) error {
		sessions, err := tx.Sessions(user)
		for _, one := range sessions {
			if !one.Over(s.now()) {
				live = append(live, one)
			}
		}
		return err
	})
	return live, err
}

// EndSession ends a session at once: users their own, owners of the farm any.
func (s *Service) EndSession(ctx context.Context, id string) error {
	who, ok := auth.From(ctx)
	var session berth.SignIn
	err := s.store.View(ctx, func(tx berth.Tx) (err error) { session, err = tx.Session(id); return err })
	if err != nil && !berth.IsNotFound(err) {
		return err
	}
	own := ok && err == nil && who.Session != "" && berth.Fold(session.User) == berth.Fold(who.ID)
	if !own { // asked before it is said whether there is such a session
		if _, denied := auth.Require(ctx, "", berth.RoleOwner); denied != nil {
			s.refused(ctx, need{"", berth.RoleOwner}, denied)
			return denied
		}
	}
	if err != nil {
		return err
	}
	return s.store.Update(ctx, func(tx berth.Tx) error {
		if err := tx.DeleteSession(id); err != nil {
			return err
		}
		w := &work{Tx: tx, who: who, at: s.now()}
		return w.noteFarm("end session", kindSession, id, raw(session), nil)
	})
}

// authenticateSession turns the secret of a session into its user.
func (s *Service) authenticateSession(ctx context.Context, id string, secret []byte) (p auth.Principal, err error) {
	over := berth.Errorf(berth.Unauthenticated, "the session is over").With("sign in again: `berth login`")
	var session berth.SignIn
	var u berth.User
	err = s.store.View(ctx, func(tx berth.Tx) (err error) {
		if session, err = tx.Session(id); err != nil {
			return err
		}
		u, err = tx.User(session.User)
		return err
	})
	switch {
	case berth.IsNotFound(err):
		return p, over
	case err != nil:
		return p, err
	case !auth.SecretMatches(session.Hash, secret) || session.Over(s.now()) || u.Disabled:
		return p, over
	}
	if err := s.used(ctx, session); err != nil {
		return p, err
	}
	return auth.Principal{ID: berth.Fold(u.Name), Name: u.Name, Kind: auth.KindUser, Grants: u.Roles, Session: id}, nil
}

// used writes down that a session is alive. One that was ended meanwhile stays ended.
func (s *Service) used(ctx context.Context, session berth.SignIn) error {
	if s.now().Sub(session.UsedAt) < usedEvery {
		return nil
	}
	return s.store.Update(ctx, func(tx berth.Tx) error {
		now, err := tx.Session(session.ID)
		if berth.IsNotFound(err) {
			return berth.Errorf(berth.Unauthenticated, "the session is over").With("sign in again: `berth login`")
		}
		if err != nil {
			return err
		}
		now.UsedAt = s.now()
		return tx.PutSession(now)
	})
}
