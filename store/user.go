package store

import "berth"

// Holders of roles.
const (
	holderUser   = "user"
	holderClient = "client"
)

const (
	selectUsers    = `SELECT name, display_name, password, disabled, created_at, password_at, home FROM users`
	selectSessions = `SELECT id, name, hash, face, address, created_at, used_at FROM sessions`
)

// User returns the user of that name; see berth.UserStore.
func (t *tx) User(name string) (berth.User, error) {
	missing := berth.Errorf(berth.NotFound, "there is no user %q", name).On("user")
	u, err := first(t, scanUser, missing, selectUsers+` WHERE account = ?`, berth.Fold(name))
	if err != nil {
		return u, err
	}
	roles, err := t.rolesOf(holderUser, berth.Fold(name))
	u.Roles = roles[berth.Fold(name)]
	return u, err
}

// Users returns every user; see berth.UserStore.
func (t *tx) Users() ([]berth.User, error) {
	users, err := list(t, scanUser, selectUsers+` ORDER BY account`)
	if err != nil {
		return nil, err
	}
	roles, err := t.rolesOf(holderUser, "")
	for i, u := range users {
		users[i].Roles = roles[berth.Fold(u.Name)]
	}
	return users, err
}

// PutUser creates or replaces the user; see berth.UserStore.
func (t *tx) PutUser(u berth.User) error {
	account := berth.Fold(u.Name)
	if err := t.exec("writing user "+u.Name, `
		INSERT INTO users (account, name, display_name, password, disabled, created_at, password_at, home)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (account) DO UPDATE SET name = excluded.name, display_name = excluded.display_name,
			password = excluded.password, disabled = excluded.disabled, created_at = excluded.created_at,
			password_at = excluded.password_at, home = excluded.home`,
		account, u.Name, u.DisplayName, u.Password, u.Disabled, moment(u.CreatedAt), moment(u.PasswordAt), berth.Fold(u.Home)); err != nil {
		return err
	}
	return t.putRoles(holderUser, account, u.Roles)
}

// DeleteUser removes the user; see berth.UserStore.
func (t *tx) DeleteUser(name string) error {
	account := berth.Fold(name)
	if err := t.exec("ending the sessions of user "+name, `DELETE FROM sessions WHERE account = ?`, account); err != nil {
		return err
	}
	if err := t.putRoles(holderUser, account, nil); err != nil {
		return err
	}
	return t.exec("removing user "+name, `DELETE FROM users WHERE account = ?`, account)
}

func scanUser(r row) (u berth.User, err error) {
	return u, r.Scan(&u.Name, &u.DisplayName, &u.Password, &u.Disabled, momentInto{&u.CreatedAt}, momentInto{&u.PasswordAt}, &u.Home)
}

// heldRole is one row of the table of roles.
type heldRole struct {
	holder string
	berth.Grant
}

// rolesOf returns the roles of one holder, or of all of the kind with an empty one, by holder and ordered by site.
func (t *tx) rolesOf(kind, holder string) (map[string][]berth.Grant, error) {
	var where conditions
	where.add("kind = ?", kind)
	if holder != "" {
		where.add("holder = ?", holder)
	}
	clause := where.clause("holder, site", 0)
	rows, err := list(t, func(r row) (h heldRole, err error) { return h, r.Scan(&h.holder, &h.Site, &h.Role) },
		`SELECT holder, site, role FROM roles`+clause, where.args...)
	by := map[string][]berth.Grant{}
	for _, h := range rows {
		by[h.holder] = append(by[h.holder], h.Grant)
	}
	return by, err
}

func (t *tx) putRoles(kind, holder string, grants []berth.Grant) error {
	doing := "writing the roles of " + kind + " " + holder
	if err := t.exec(doing, `DELETE FROM roles WHERE kind = ? AND holder = ?`, kind, holder); err != nil {
		return err
	}
	for _, g := range grants {
		if err := t.exec(doing, `INSERT INTO roles (kind, holder, site, role) VALUES (?, ?, ?, ?)`,
			kind, holder, berth.Fold(g.Site), g.Role); err != nil {
			return err
		}
	}
	return nil
}

// Session returns the session of that id; see berth.SessionStore.
func (t *tx) Session(id string) (berth.SignIn, error) {
	missing := berth.Errorf(berth.NotFound, "there is no session with the id %q", id).On("session")
	return first(t, scanSession, missing, selectSessions+` WHERE id = ?`, id)
}

// Sessions returns the sessions of a user, or of all; see berth.SessionStore.
func (t *tx) Sessions(user string) ([]berth.SignIn, error) {
	var where conditions
	if user != "" {
		where.add("account = ?", berth.Fold(user))
	}
	clause := where.clause("created_at, id", 0)
	return list(t, scanSession, selectSessions+clause, where.args...)
}

// PutSession creates or replaces the session; see berth.SessionStore.
func (t *tx) PutSession(s berth.SignIn) error {
	return t.exec("writing a session of "+s.User, `
		INSERT INTO sessions (id, account, name, hash, face, address, created_at, used_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET account = excluded.account, name = excluded.name, hash = excluded.hash,
			face = excluded.face, address = excluded.address, created_at = excluded.created_at, used_at = excluded.used_at`,
		s.ID, berth.Fold(s.User), s.User, s.Hash, s.Face, s.Address, moment(s.CreatedAt), moment(s.UsedAt))
}

// DeleteSession removes the session; see berth.SessionStore.
func (t *tx) DeleteSession(id string) error {
	return t.exec("ending session "+id, `DELETE FROM sessions WHERE id = ?`, id)
}

func scanSession(r row) (s berth.SignIn, err error) {
	return s, r.Scan(&s.ID, &s.User, &s.Hash, &s.Face, &s.Address, momentInto{&s.CreatedAt}, momentInto{&s.UsedAt})
}
