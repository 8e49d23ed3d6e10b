package store

import (
	"slices"
	"strings"

	"berth"
)

// tagList writes tags so that one can be found in the middle of them: ",custom,production,".
func tagList(tags []berth.TagID) string {
	if len(tags) == 0 {
		return ""
	}
	var s strings.Builder
	s.WriteString(",")
	for _, t := range slices.Sorted(slices.Values(tags)) {
		s.WriteString(string(t) + ",")
	}
	return s.String()
}

// contains asks for columns that hold the text somewhere. No character of it has a meaning of its own.
func (c *conditions) contains(column, text string) {
	if text == "" {
		return
	}
	c.add(column+` LIKE ? ESCAPE '\'`, "%"+strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text)+"%")
}

func (c *conditions) filter(f berth.ObjectFilter) {
	if f != (berth.ObjectFilter{}) {
		c.add("listed")
	}
	c.contains("search", berth.Fold(f.Text))
	if f.Tag != "" {
		c.contains("tags", ","+string(f.Tag)+",")
	}
	if f.Enabled != nil {
		c.add("enabled = ?", *f.Enabled)
	}
}

// found turns conditions into ones on the keys alone, looked up with the same limit. What is asked for lies in an index
// then: documents are read of those objects only that are returned, however many the filter leaves out.
func (c conditions) found(q berth.ObjectQuery) (outer conditions) {
	clause := c.clause("item", q.Limit)
	outer.add("site = ?", berth.Fold(q.Site))
	if q.Kind != "" {
		outer.add("kind = ?", q.Kind)
	}
	outer.add("item IN (SELECT item FROM objects"+clause+")", c.args...)
	return outer
}

// CountObjects returns how many objects fit the query; see berth.SearchStore.
func (t *tx) CountObjects(q berth.ObjectQuery) (int, error) {
	where := objectsOf(q)
	return counted(t, `SELECT count(*) FROM objects`+where.condition(), where.args)
}

// FindHosts returns the hosts that fit the query, ordered by name; see berth.SearchStore.
func (t *tx) FindHosts(q berth.HostQuery) ([]berth.Host, error) {
	var outer conditions
	outer.add("site = ?", berth.Fold(q.Site))
	keys := hostKeys(q)
	outer.add("host IN ("+keys.parts[0]+")", keys.args...)
	return list(t, scanHost, selectHosts+outer.clause("host", 0), outer.args...)
}

// hostKeys selects the folded names of a page of hosts. Of every group that is named no more hosts are looked at than the
// page holds, however many are in it: the index has them in their order.
func hostKeys(q berth.HostQuery) (keys conditions) {
	groups := q.Groups
	paged := groups != nil && q.Limit > 0
	if paged {
		q.Groups = nil
	}
	where := hostsOf(q)
	if q.After != "" {
		where.add("host > ?", berth.Fold(q.After))
	}
	if !paged {
		clause := where.clause("host", q.Limit)
		keys.add("SELECT host FROM hosts"+clause, where.args...)
		return keys
	}
	where.add("grp = g.grp")
	clause := where.clause("host", q.Limit)
	var outer conditions
	outer.add("g.site = ?", berth.Fold(q.Site))
	outer.in("g.grp", groups)
	outer.add("m.site = g.site AND m.grp = g.grp")
	outer.add("m.host IN (SELECT host FROM hosts"+clause+")", where.args...)
	end := outer.clause("m.host", q.Limit)
	// CROSS JOIN keeps SQLite from going through all hosts in their order instead; to other databases it is the same join.
	keys.add("SELECT m.host FROM host_groups g CROSS JOIN hosts m"+end, outer.args...)
	return keys
}

// CountHosts returns how many hosts fit the query; see berth.SearchStore.
func (t *tx) CountHosts(q berth.HostQuery) (int, error) {
	where := hostsOf(q)
	return counted(t, `SELECT count(*) FROM hosts`+where.condition(), where.args)
}

func hostsOf(q berth.HostQuery) (where conditions) {
	where.add("site = ?", berth.Fold(q.Site))
	if q.Kind != "" {
		where.add("kind = ?", q.Kind)
	}
	where.contains("host", berth.Fold(q.Text))
	if q.Groups != nil {
		where.in("grp", q.Groups)
	}
	if !q.SeenBefore.IsZero() {
		where.add("last_seen < ?", moment(q.SeenBefore))
	}
	if q.Pool != "" {
		where.add("host IN (SELECT item FROM objects WHERE site = ? AND kind = 'host' AND pool = ?)", berth.Fold(q.Site), berth.Fold(q.Pool))
	}
	return where
}

// HostOutlines returns the hosts that fit in outline; see berth.SearchStore. Indexes hold all that it reads.
func (t *tx) HostOutlines(q berth.HostQuery) ([]berth.HostOutline, error) {
	keys := hostKeys(q)
	return list(t, scanOutline, `SELECT h.name, h.kind, h.architecture, h.build,
			coalesce(o.pool, ''), coalesce(o.own, FALSE), coalesce(o.drafted, FALSE), h.grp
		FROM hosts h LEFT JOIN objects o ON o.site = h.site AND o.kind = 'host' AND o.item = h.host
		WHERE h.site = ? AND h.host IN (`+keys.parts[0]+`) ORDER BY h.host`, append([]any{berth.Fold(q.Site)}, keys.args...)...)
}

func scanOutline(r row) (o berth.HostOutline, err error) {
	return o, r.Scan(&o.Name, &o.Kind, &o.Architecture, &o.Build, &o.Pool, &o.Own, &o.Drafted, &o.Group)
}

// in asks for columns that hold one of the texts; of none there is none.
func (c *conditions) in(column string, texts []string) {
	if len(texts) == 0 {
		c.add("1 = 0")
		return
	}
	args := make([]any, len(texts))
	for i, text := range texts {
		args[i] = text
	}
	c.add(column+" IN (?"+strings.Repeat(", ?", len(texts)-1)+")", args...)
}

// condition is the WHERE clause alone.
func (c *conditions) condition() string {
	if len(c.parts) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(c.parts, " AND ")
}

func counted(t *tx, statement string, args []any) (int, error) {
	ns, err := list(t, func(r row) (n int, err error) { return n, r.Scan(&n) }, statement, args...)
	if err != nil {
		return 0, err
	}
	return ns[0], nil
}
