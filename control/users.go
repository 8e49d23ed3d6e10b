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

// Users lists the users. Owners of the farm see all; owners of sites those of their sites, with the roles there.
func (s *Service) Users(ctx context.Context) (us []berth.User, err error) {
	err = s.accounts(ctx, s.store.View, func(w *work, o owned) error {
		all, err := w.Users()
		for _, u := range all {
			if o.knows(u) {
				us = append(us, o.seen(u))
			}
		}
		return err
	})
	return us, err
}

// User returns one user, as Users has it.
func (s *Service) User(ctx context.Context, name string) (u berth.User, err error) {
	err = s.accounts(ctx, s.store.View, func(w *work, o owned) error {
		u, err = w.userOf(o, name)
		u = o.seen(u)
		return err
	})
	return u, err
}

// userOf finds a user whom the caller may see.
func (w *work) userOf(o owned, name string) (berth.User, error) {
	u, err := w.Tx.User(name)
	if !o.farm && (berth.IsNotFound(err) || err == nil && !o.knows(u)) { // alike: whom there is elsewhere is not told
		return berth.User{}, berth.Errorf(berth.Forbidden, "user %q is not of your site", name).On("user").
			With("give the user a role in your site first, or ask an owner of the farm")
	}
	return u, err
}

// CreateUser makes a user who signs in with a password. Owners of the farm may; owners of sites may with roles there, and
// the account is theirs to manage.
func (s *Service) CreateUser(ctx context.Context, r wire.CreateUser) (u berth.User, err error) {
	// Before the password is hashed: that is work, and only owners may ask for it.
	if _, _, err := s.ownedBy(ctx); err != nil {
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
	err = s.accounts(ctx, s.store.Update, func(w *work, o owned) error {
		if _, err := w.Tx.User(r.Name); !berth.IsNotFound(err) {
			if err != nil {
				return err
			}
			return berth.Errorf(berth.Conflict, "there is a user %q already", r.Name).On("name").With("choose another name")
		}
		roles, err := w.grantable(o, r.Roles)
		if err != nil {
			return err
		}
		u = berth.User{Name: r.Name, DisplayName: r.DisplayName, Password: hash, Roles: roles, CreatedAt: w.at, PasswordAt: w.at}
		if u.Home, err = o.home(roles); err != nil {
			return err
		}
		if err := w.PutUser(u); err != nil {
			return err
		}
		return w.noteFarm("create user", kindUser, u.Name, nil, raw(u))
	})
	return u, err
}

// EditUser changes a user. Owners of the farm may; owners of sites change roles there, and accounts that are theirs. Nobody
// may take the farm out of the own hands.
func (s *Service) EditUser(ctx context.Context, name string, e wire.EditUser) (u berth.User, err error) {
	err = s.accounts(ctx, s.store.Update, func(w *work, o owned) error {
		if u, err = w.editable(o, name, e); err != nil {
			return err
		}
		if err := matches(ctx, kindUser, u.Name, o.seen(u)); err != nil {
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
			roles, err := w.grantable(o, *e.Roles)
			if err != nil {
				return err
			}
			u.Roles = append(slices.Clone(o.elsewhere(u.Roles)), roles...)
		}
		if w.self(u.Name) && !stillOwns(u, o) {
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
		if err := w.noteFarm("edit user", kindUser, u.Name, before, raw(u)); err != nil {
			return err
		}
		u = o.seen(u)
		return nil
	})
	return u, err
}

// editable finds a user whom the caller may change so. To give somebody a first role in the own site it takes the name.
func (w *work) editable(o owned, name string, e wire.EditUser) (berth.User, error) {
	u, err := w.userOf(o, name)
	if berth.ErrorKind(err) == berth.Forbidden && e.Roles != nil && len(*e.Roles) > 0 {
		if u, err = w.Tx.User(name); err != nil {
			return u, err
		}
	}
	if err == nil && (e.DisplayName != nil || e.Disabled != nil) && !o.manages(u) {
		return u, notYours(u, "change the account")
	}
	return u, err
}

// stillOwns tells whether the user keeps what the caller owns now: the farm, or the sites.
func stillOwns(u berth.User, o owned) bool {
	has := func(site string) bool {
		return slices.ContainsFunc(u.Roles, func(g berth.Grant) bool { return g.Includes(site, berth.RoleOwner) })
	}
	if u.Disabled || o.farm && !has("") {
		return false
	}
	for site := range o.sites {
		if !has(site) {
			return false
		}
	}
	return true
}

// RemoveUser removes a user and ends the user's sessions: owners of the farm any, owners of sites those that are theirs, and
// nobody the own account.
func (s *Service) RemoveUser(ctx context.Context, name string) error {
	return s.accounts(ctx, s.store.Update, func(w *work, o owned) error {
		u, err := w.userOf(o, name)
		if err != nil {
			return err
		}
		if err := matches(ctx, kindUser, u.Name, o.seen(u)); err != nil {
			return err
		}
		if w.self(u.Name) {
			return lockedOut("remove your own account")
		}
		if !o.manages(u) {
			return notYours(u, "remove the account")
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
// one; owners change those of accounts that are theirs.
func (s *Service) SetPassword(ctx context.Context, name string, r wire.SetPassword) error {
	who, ok := auth.From(ctx)
	own := ok && who.Session != "" && berth.Fold(who.ID) == berth.Fold(name)
	var u berth.User
	var mine owned
	var err error
	if own {
		err = s.store.View(ctx, func(tx berth.Tx) (err error) { u, err = tx.User(name); return err })
	} else {
		err = s.accounts(ctx, s.store.View, func(w *work, o owned) error {
			mine = o
			if u, err = w.userOf(o, name); err == nil && !o.manages(u) {
				return notYours(u, "set the password")
			}
			return err
		})
	}
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
		if !own && !mine.manages(u) { // it may have got rights elsewhere meanwhile
			return notYours(u, "set the password")
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
