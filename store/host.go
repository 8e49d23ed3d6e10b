package store

import (
	"encoding/json"
	"fmt"

	"berth"
)

const selectHosts = `SELECT id, site_name, name, kind, enrolled_at, last_seen, serial, retry, facts, expires_at, revoked_at,
	next_serial, next_expires_at FROM hosts`

// Host returns the host of that id; see berth.HostStore.
func (t *tx) Host(id string) (berth.Host, error) {
	missing := berth.Errorf(berth.NotFound, "there is no host with the id %q", id).On("host")
	return first(t, scanHost, missing, selectHosts+` WHERE id = ?`, id)
}

// HostByName returns the site's host of that name; see berth.HostStore.
func (t *tx) HostByName(site, name string) (berth.Host, error) {
	missing := berth.Errorf(berth.NotFound, "site %s has no host %q", site, name).On("host")
	return first(t, scanHost, missing, selectHosts+` WHERE site = ? AND host = ?`, berth.Fold(site), berth.Fold(name))
}

// Hosts returns the site's hosts in pages; see berth.HostStore.
func (t *tx) Hosts(site, after string, limit int) ([]berth.Host, error) {
	var where conditions
	where.add("site = ?", berth.Fold(site))
	if after != "" {
		where.add("host > ?", berth.Fold(after))
	}
	clause := where.clause("host", limit)
	return list(t, scanHost, selectHosts+clause, where.args...)
}

// PutHost creates or replaces the host; a name that another host of the site bears is a Conflict. See berth.HostStore.
func (t *tx) PutHost(h berth.Host) error {
	facts, err := json.Marshal(h.Facts)
	if err != nil {
		return fmt.Errorf("facts of host %s: %w", h.Name, err)
	}
	held, err := t.heldGroup(h.ID)
	if err != nil {
		return err
	}
	group, err := t.groupOf(h)
	if err != nil {
		return err
	}
	err = t.exec("writing host "+h.Name, `
		INSERT INTO hosts (id, site, host, site_name, name, kind, enrolled_at, last_seen, serial, retry, facts, expires_at,
			revoked_at, next_serial, next_expires_at, grp) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET site = excluded.site, grp = excluded.grp, host = excluded.host, site_name = excluded.site_name,
			name = excluded.name, kind = excluded.kind, enrolled_at = excluded.enrolled_at, last_seen = excluded.last_seen,
			serial = excluded.serial, retry = excluded.retry, facts = excluded.facts, expires_at = excluded.expires_at,
			revoked_at = excluded.revoked_at, next_serial = excluded.next_serial, next_expires_at = excluded.next_expires_at`,
		h.ID, berth.Fold(h.Site), berth.Fold(h.Name), h.Site, h.Name, h.Kind, moment(h.EnrolledAt), moment(h.LastSeen),
		h.Serial, h.Retry, string(facts), moment(h.ExpiresAt), moment(h.RevokedAt), h.NextSerial, moment(h.NextExpiresAt), group)
	if berth.ErrorKind(err) == berth.Conflict {
		t.failed = berth.Errorf(berth.Conflict, "site %s has another host %q already: %w", h.Site, h.Name, err).On("name").
			With("give the host another name, or remove the old one")
		return t.failed
	}
	if err != nil {
		return err
	}
	return t.recount(held, [2]string{berth.Fold(h.Site), group})
}

// DeleteHost removes the host; see berth.HostStore.
func (t *tx) DeleteHost(id string) error {
	if err := t.exec("removing pre-flights of host "+id, `DELETE FROM preflights WHERE host = ?`, id); err != nil {
		return err
	}
	if err := t.exec("removing timings of host "+id, `DELETE FROM timings WHERE host = ?`, id); err != nil {
		return err
	}
	held, err := t.heldGroup(id)
	if err != nil {
		return err
	}
	if err := t.exec("removing host "+id, `DELETE FROM hosts WHERE id = ?`, id); err != nil {
		return err
	}
	return t.recount(held, [2]string{})
}

func scanHost(r row) (h berth.Host, err error) {
	var facts []byte
	err = r.Scan(&h.ID, &h.Site, &h.Name, &h.Kind, momentInto{&h.EnrolledAt}, momentInto{&h.LastSeen}, &h.Serial, &h.Retry, &facts,
		momentInto{&h.ExpiresAt}, momentInto{&h.RevokedAt}, &h.NextSerial, momentInto{&h.NextExpiresAt})
	if err != nil {
		return h, err
	}
	if err := json.Unmarshal(facts, &h.Facts); err != nil {
		return h, fmt.Errorf("stored facts of host %s: %w", h.ID, err)
	}
	return h, nil
}
