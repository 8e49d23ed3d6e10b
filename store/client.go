package store

import "berth"

const selectClients = `SELECT id, name, disabled, created_at FROM clients`

// Client returns the client of that id or name; see berth.ClientStore.
func (t *tx) Client(idOrName string) (berth.APIClient, error) {
	missing := berth.Errorf(berth.NotFound, "there is no client %q", idOrName).On("client")
	// An id counts more than a name: somebody may call a client by the id of another.
	c, err := first(t, scanClient, missing, selectClients+` WHERE id = ? OR account = ? ORDER BY CASE WHEN id = ? THEN 0 ELSE 1 END`,
		berth.Fold(idOrName), berth.Fold(idOrName), berth.Fold(idOrName))
	if err != nil {
		return c, err
	}
	whole, err := t.complete([]berth.APIClient{c}, c.ID)
	return whole[0], err
}

// Clients returns every client; see berth.ClientStore.
func (t *tx) Clients() ([]berth.APIClient, error) {
	clients, err := list(t, scanClient, selectClients+` ORDER BY account`)
	if err != nil {
		return nil, err
	}
	return t.complete(clients, "")
}

// complete adds roles and secrets to the clients: to one, or to all with an empty id.
func (t *tx) complete(clients []berth.APIClient, id string) ([]berth.APIClient, error) {
	roles, err := t.rolesOf(holderClient, id)
	if err != nil {
		return clients, err
	}
	var where conditions
	if id != "" {
		where.add("client = ?", id)
	}
	clause := where.clause("client, created_at, id", 0)
	secrets, err := list(t, scanSecret, `SELECT client, id, name, hash, created_at, expires_at FROM client_secrets`+clause, where.args...)
	by := map[string][]berth.ClientSecret{}
	for _, s := range secrets {
		by[s.client] = append(by[s.client], s.ClientSecret)
	}
	for i, c := range clients {
		clients[i].Roles, clients[i].Secrets = roles[c.ID], by[c.ID]
	}
	return clients, err
}

// PutClient creates or replaces the client; see berth.ClientStore.
func (t *tx) PutClient(c berth.APIClient) error {
	err := t.exec("writing client "+c.Name, `
		INSERT INTO clients (id, account, name, disabled, created_at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET account = excluded.account, name = excluded.name, disabled = excluded.disabled,
			created_at = excluded.created_at`, c.ID, berth.Fold(c.Name), c.Name, c.Disabled, moment(c.CreatedAt))
	if berth.ErrorKind(err) == berth.Conflict {
		t.failed = berth.Errorf(berth.Conflict, "there is a client %q already: %w", c.Name, err).On("name").With("choose another name")
		return t.failed
	}
	if err != nil {
		return err
	}
	if err := t.putRoles(holderClient, c.ID, c.Roles); err != nil {
		return err
	}
	if err := t.dropSecrets(c.ID); err != nil {
		return err
	}
	for _, s := range c.Secrets {
		if err := t.exec("writing a secret of client "+c.Name, `
			INSERT INTO client_secrets (id, client, name, hash, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)`,
			s.ID, c.ID, s.Name, s.Hash, moment(s.CreatedAt), moment(s.ExpiresAt)); err != nil {
			return err
		}
	}
	return nil
}

// DeleteClient removes the client; see berth.ClientStore.
func (t *tx) DeleteClient(id string) error {
	if err := t.putRoles(holderClient, id, nil); err != nil {
		return err
	}
	if err := t.dropSecrets(id); err != nil {
		return err
	}
	return t.exec("removing client "+id, `DELETE FROM clients WHERE id = ?`, id)
}

func (t *tx) dropSecrets(client string) error {
	return t.exec("removing the secrets of client "+client, `DELETE FROM client_secrets WHERE client = ?`, client)
}

func scanClient(r row) (c berth.APIClient, err error) {
	return c, r.Scan(&c.ID, &c.Name, &c.Disabled, momentInto{&c.CreatedAt})
}

// heldSecret is one row of the table of secrets.
type heldSecret struct {
	client string
	berth.ClientSecret
}

func scanSecret(r row) (s heldSecret, err error) {
	return s, r.Scan(&s.client, &s.ID, &s.Name, &s.Hash, momentInto{&s.CreatedAt}, momentInto{&s.ExpiresAt})
}
