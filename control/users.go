package control

import (
	"context"
	"slices"

	"berth"
	"berth/auth"
	"berth/wire"
)

// kindUser and the like name what belongs to the farm in the audit.
const (
	kindUser    = "user"
	kindSession = "session"
	kindClient  = "client"
)

// Users lists the users. Only an owner of the farm may.
func (s *Service) Users(ctx context.Context) (us []berth.User, err error) {
	err = s.farm(ctx, s.store.View, func(w *work) error { us, err = w.Users(); return err })
	return us, err
}

// User returns one user. Only an owner of the farm may.
func (s *Service) User(ctx context.Context, name string) (u berth.User, err error) {
	err = s.farm(ctx, s.store.View, func(w *work) error { u, err = w.User(name); return err })
	return u, err
}

// CreateUser makes a user who signs in with a password. Only an owner of the farm may.
func (s *Service) CreateUser(ctx context.Context, r wire.CreateUser) (u berth.User, err error) {
	// Before the password is hashed: that is work, and only owners may ask for it.
	if _, err := auth.Require(ctx, "", berth.RoleOwner); err != nil {
		s.refused(ctx, need{"", berth.RoleOwner}, err)
		return u, err
	}
	if err := berth.CheckAccountName(r.Name); err != nil {
		return u, err
	}
	if err := auth.CheckPassword(r.Name, r.Password); err != nil {
		return u, err
	}
	hash, err := s.guard.passwords.Hash(ctx, r.Password)
	if err != nil {
		return u, err
	}
	err = s.farm(ctx, s.store.Update, func(w *work) error {
		if _, err := w.User(r.Name); !berth.IsNotFound(err) {
			if err != nil {
				return err
			}
			return berth.Errorf(berth.Conflict, "there is a user %q already", r.Name).On("name").With("choose another name")
		}
		roles, err := w.grants(r.Roles)
		if err != nil {
			return err
		}
		u = berth.User{Name: r.Name, DisplayName: r.DisplayName, Password: hash, Roles: roles, CreatedAt: w.at, PasswordAt: w.at}
		if err := w.PutUser(u); err != nil {
			return err
		}
		return w.noteFarm("create user", kindUser, u.Name, nil, raw(u))
	})
	return u, err
}

// EditUser changes a user. Only an owner of the farm may, and nobody may take the farm out of the own hands.
func (s *Service) EditUser(ctx context.Context, name string, e wire.EditUser) (u berth.User, err error) {
	err = s.farm(ctx, s.store.Update, func(w *work) error {
		if u, err = w.User(name); err != nil {
			return err
		}
		if err := matches(ctx, kindUser, u.Name, u); err != nil {
			return err
		}
		before := raw(u)
		if e.DisplayName != nil {
			u.DisplayName = *e.DisplayName
		}
		if e.Disabled != nil {
			u.Disabled = *e.Disabled
		}
		if e.Roles != nil {
			if u.Roles, err = w.grants(*e.Roles); err != nil {
				return err
			}
		}
		owns := !u.Disabled && slices.ContainsFunc(u.Roles, func(g berth.Grant) bool { return g.Includes("", berth.RoleOwner) })
		if w.self(u.Name) && !owns {
			return lockedOut("give up your own rights")
		}
		if err := w.PutUser(u); err != nil {
			return err
		}
		if u.Disabled {
			if err := w.endSessions(u.Name, ""); err != nil {
				return err
			}
		}
		return w.noteFarm("edit user", kindUser, u.Name, before, raw(u))
	})
	return u, err
}

// RemoveUser removes a user and ends the user's sessions. Only an owner of the farm may, and not the own account.
func (s *Service) RemoveUser(ctx context.Context, name string) error {
	return s.farm(ctx, s.store.Update, func(w *work) error {
		u, err := w.User(name)
		if err != nil {
			return err
		}
		if err := matches(ctx, kindUser, u.Name, u); err != nil {
			return err
		}
		if w.self(u.Name) {
			return lockedOut("remove your own account")
		}
		if err := w.DeleteUser(u.Name); err != nil {
			return err
		}
		return w.noteFarm("delete user", kindUser, u.Name, raw(u), nil)
	})
}

// self tells whether the caller is that user.
func (w *work) self(name string) bool {
	return w.who.Session != "" && berth.Fold(w.who.ID) == berth.Fold(name)
}

func lockedOut(what string) error {
	return berth.Errorf(berth.Conflict, "you cannot %s", what).With("let another owner of the farm do it")
}

// SetPassword gives a user a new password and ends the user's other sessions. Users change their own with the present
// one; owners of the farm change those of others.
func (s *Service) SetPassword(ctx context.Context, name string, r wire.SetPassword) error {
	who, ok := auth.From(ctx)
	own := ok && who.Session != "" && berth.Fold(who.ID) == berth.Fold(name)
	if !own {
		if _, err := auth.Require(ctx, "", berth.RoleOwner); err != nil {
			s.refused(ctx, need{"", berth.RoleOwner}, err)
			return err
		}
	}
	var u berth.User
	err := s.store.View(ctx, func(tx berth.Tx) (err error) { u, err = tx.User(name); return err })
	if err != nil {
		return err
	}
	if err := auth.CheckPassword(u.Name, r.Password); err != nil {
		return err
	}
	if own {
		if err := s.prove(ctx, u, r.Current); err != nil {
			return err
		}
	}
	hash, err := s.guard.passwords.Hash(ctx, r.Password)
	if err != nil {
		return err
	}
	return s.store.Update(ctx, func(tx berth.Tx) error {
		w := &work{Tx: tx, who: who, at: s.now()}
		if u, err = tx.User(name); err != nil {
			return err
		}
		u.Password, u.PasswordAt = hash, w.at
		if err := tx.PutUser(u); err != nil {
			return err
		}
		if err := w.endSessions(u.Name, who.Session); err != nil {
			return err
		}
		return w.noteFarm("set password", kindUser, u.Name, nil, nil)
	})
}

// prove makes sure that whoever holds a session also knows the password: a session that leaked must not take the account.
func (s *Service) prove(ctx context.Context, u berth.User, password string) (err error) {
	var t try
	if after, ok := t.take(s.guard.names, berth.Fold(u.Name)); !ok {
		return auth.TooMany("give the present password", after)
	}
	defer func() { t.settle(err) }()
	ok, err := s.guard.passwords.Match(ctx, u.Password, password)
	if err == nil && !ok {
		err = berth.Errorf(berth.Forbidden, "the present password is not that").On("current").With("give your present password")
		s.refused(ctx, need{"", ""}, err)
	}
	return err
}

// endSessions ends the user's sessions but the one of that id.
func (w *work) endSessions(user, but string) error {
	sessions, err := w.Sessions(user)
	if err != nil {
		return err
	}
	for _, one := range sessions {
		if one.ID == but {
			continue
		}
		if err := w.DeleteSession(one.ID); err != nil {
			return err
		}
	}
	return nil
}
