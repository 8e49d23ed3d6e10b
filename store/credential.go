package store

import "berth"

const selectCredentials = `SELECT id, kind, name, site, role, host_kind, pool, hash, uses, max_uses, created_at, expires_at,
	revoked_at FROM credentials`

// Credential returns the credential of that id; see berth.CredentialStore.
func (t *tx) Credential(id string) (berth.Credential, error) {
	missing := berth.Errorf(berth.NotFound, "there is no token or enrolment key with the id %q", id)
	return first(t, scanCredential, missing, selectCredentials+` WHERE id = ?`, id)
}

// Credentials returns all credentials of the kind ordered by name, then id; see berth.CredentialStore.
func (t *tx) Credentials(kind berth.CredentialKind) ([]berth.Credential, error) {
	return list(t, scanCredential, selectCredentials+` WHERE kind = ? ORDER BY name, id`, kind)
}

// PutCredential creates or replaces the credential; see berth.CredentialStore.
func (t *tx) PutCredential(c berth.Credential) error {
	return t.exec("writing "+string(c.Kind)+" "+c.Name, `
		INSERT INTO credentials (id, kind, name, site, role, host_kind, pool, hash, uses, max_uses, created_at, expires_at,
			revoked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, name = excluded.name, site = excluded.site,
			role = excluded.role, host_kind = excluded.host_kind, pool = excluded.pool, hash = excluded.hash,
			uses = excluded.uses, max_uses = excluded.max_uses, created_at = excluded.created_at,
			expires_at = excluded.expires_at, revoked_at = excluded.revoked_at`,
		c.ID, c.Kind, c.Name, c.Site, c.Role, c.HostKind, c.Pool, c.Hash, c.Uses, c.MaxUses, moment(c.CreatedAt),
		moment(c.ExpiresAt), moment(c.RevokedAt))
}

func scanCredential(r row) (c berth.Credential, err error) {
	return c, r.Scan(&c.ID, &c.Kind, &c.Name, &c.Site, &c.Role, &c.HostKind, &c.Pool, &c.Hash, &c.Uses, &c.MaxUses,
		momentInto{&c.CreatedAt}, momentInto{&c.ExpiresAt}, momentInto{&c.RevokedAt})
}
