package store

import (
	"context"

	"berth"
)

// placed is what the group of a host depends on beside the host itself.
func (t *tx) placed(site, host string) (berth.Placement, error) {
	found, err := list(t, scanPlacement, `SELECT pool, own, drafted, applied_generation FROM objects
		WHERE site = ? AND kind = 'host' AND item = ?`, berth.Fold(site), berth.Fold(host))
	if err != nil || len(found) == 0 {
		return berth.Placement{}, err
	}
	return found[0], nil
}

func scanPlacement(r row) (p berth.Placement, err error) {
	return p, r.Scan(&p.Pool, &p.Own, &p.Drafted, &p.Generation)
}

// groupOf is the group of a host as it is about to be written.
func (t *tx) groupOf(h berth.Host) (string, error) {
	p, err := t.placed(h.Site, h.Name)
	return berth.GroupOf(h, p), err
}

// heldGroup is the site and group that a stored host is counted in, empty for one that is not there.
func (t *tx) heldGroup(id string) (held [2]string, err error) {
	found, err := list(t, func(r row) (g [2]string, err error) { return g, r.Scan(&g[0], &g[1]) }, `SELECT site, grp FROM hosts WHERE id = ?`, id)
	if err != nil || len(found) == 0 {
		return held, err
	}
	return found[0], nil
}

// recount moves a host from one group to another; an empty one is none.
func (t *tx) recount(from, to [2]string) error {
	if from == to {
		return nil
	}
	if from[1] != "" {
		if err := t.exec("counting hosts", `UPDATE host_groups SET hosts = hosts - 1 WHERE site = ? AND grp = ?`, from[0], from[1]); err != nil {
			return err
		}
		if err := t.exec("counting hosts", `DELETE FROM host_groups WHERE site = ? AND grp = ? AND hosts <= 0`, from[0], from[1]); err != nil {
			return err
		}
	}
	if to[1] == "" {
		return nil
	}
	return t.exec("counting hosts", `INSERT INTO host_groups (site, grp, hosts) VALUES (?, ?, 1)
		ON CONFLICT (site, grp) DO UPDATE SET hosts = host_groups.hosts + 1`, to[0], to[1])
}

// regroup finds the group of a host anew, whose configuration was written.
func (t *tx) regroup(site, host string) error {
	found, err := list(t, scanHost, selectHosts+` WHERE site = ? AND host = ?`, berth.Fold(site), berth.Fold(host))
	if err != nil || len(found) == 0 {
		return err
	}
	return t.putGroup(found[0])
}

func (t *tx) putGroup(h berth.Host) error {
	held, err := t.heldGroup(h.ID)
	if err != nil {
		return err
	}
	group, err := t.groupOf(h)
	if err != nil || held[1] == group {
		return err
	}
	if err := t.exec("grouping host "+h.Name, `UPDATE hosts SET grp = ? WHERE id = ?`, group, h.ID); err != nil {
		return err
	}
	return t.recount(held, [2]string{berth.Fold(h.Site), group})
}

// HostGroups returns the groups of the site's hosts; see berth.SearchStore.
func (t *tx) HostGroups(site string) ([]berth.HostGroup, error) {
	return list(t, scanGroup, `SELECT g.grp, g.hosts, coalesce(o.pool, ''), coalesce(o.own, FALSE), coalesce(o.drafted, FALSE),
			coalesce(o.applied_generation, 0), h.id, h.site_name, h.name, h.kind, h.enrolled_at, h.last_seen, h.serial, h.retry, h.facts,
			h.expires_at, h.revoked_at, h.next_serial, h.next_expires_at
		FROM host_groups g
		JOIN hosts h ON h.site = g.site AND h.host = (SELECT min(m.host) FROM hosts m WHERE m.site = g.site AND m.grp = g.grp)
		LEFT JOIN objects o ON o.site = h.site AND o.kind = 'host' AND o.item = h.host
		WHERE g.site = ? ORDER BY g.grp`, berth.Fold(site))
}

func scanGroup(r row) (g berth.HostGroup, err error) {
	g.Host, err = scanHost(also{r, []any{&g.Group, &g.Hosts, &g.Pool, &g.Own, &g.Drafted, &g.Generation}})
	return g, err
}

// also is a row with further columns before those that are asked for.
type also struct {
	row
	first []any
}

// Scan reads the further columns too.
func (a also) Scan(into ...any) error { return a.row.Scan(append(a.first, into...)...) }

// CountGroups counts the hosts that fit by group; see berth.SearchStore.
func (t *tx) CountGroups(q berth.HostQuery) (map[string]int, error) {
	where := hostsOf(q)
	type counted struct {
		group string
		hosts int
	}
	rows, err := list(t, func(r row) (c counted, err error) { return c, r.Scan(&c.group, &c.hosts) },
		`SELECT grp, count(*) FROM hosts`+where.condition()+` GROUP BY grp`, where.args...)
	out := make(map[string]int, len(rows))
	for _, c := range rows {
		out[c.group] = c.hosts
	}
	return out, err
}

// regroupAll gives hosts their groups that have none yet, or of a form of before.
func (s *Store) regroupAll(ctx context.Context) error {
	grouped := false
	err := s.View(ctx, func(btx berth.Tx) (err error) {
		grouped, err = btx.(*tx).grouped()
		return err
	})
	for err == nil && !grouped {
		err = s.Update(ctx, func(btx berth.Tx) (err error) {
			grouped, err = btx.(*tx).regroupSome()
			return err
		})
	}
	return err
}

// grouped tells whether every host is counted in a group of today's form.
func (t *tx) grouped() (bool, error) {
	n, err := counted(t, `SELECT (SELECT count(*) FROM hosts) - coalesce((SELECT sum(hosts) FROM host_groups WHERE grp LIKE ?), 0)`,
		[]any{berth.GroupForm() + "%"})
	return n == 0, err
}

// regroupSome gives a number of hosts their groups, so that no transaction becomes large.
func (t *tx) regroupSome() (done bool, err error) {
	const most = 1000
	hosts, err := list(t, scanHost, selectHosts+` WHERE NOT grp LIKE ? LIMIT ?`, berth.GroupForm()+"%", most)
	if err != nil {
		return false, err
	}
	for _, h := range hosts {
		if err := t.putGroup(h); err != nil {
			return false, err
		}
	}
	return len(hosts) < most, nil
}
