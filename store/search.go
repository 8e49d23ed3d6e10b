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
	where := hostsOf(q)
	if q.After != "" {
		where.add("host > ?", berth.Fold(q.After))
	}
	clause := where.clause("host", q.Limit)
	var outer conditions
	outer.add("site = ?", berth.Fold(q.Site))
	outer.add("host IN (SELECT host FROM hosts"+clause+")", where.args...)
	return list(t, scanHost, selectHosts+outer.clause("host", 0), outer.args...)
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
	if q.Pool != "" {
		where.add("host IN (SELECT item FROM objects WHERE site = ? AND kind = 'host' AND pool = ?)", berth.Fold(q.Site), berth.Fold(q.Pool))
	}
	return where
}

// HostOutlines returns every host of the site in outline; see berth.SearchStore. Indexes hold all that it reads.
func (t *tx) HostOutlines(site string) ([]berth.HostOutline, error) {
	return list(t, scanOutline, `SELECT h.name, h.kind, h.architecture, h.build,
			coalesce(o.pool, ''), coalesce(o.own, FALSE), coalesce(o.drafted, FALSE)
		FROM hosts h LEFT JOIN objects o ON o.site = h.site AND o.kind = 'host' AND o.item = h.host
		WHERE h.site = ? ORDER BY h.host`, berth.Fold(site))
}

func scanOutline(r row) (o berth.HostOutline, err error) {
	return o, r.Scan(&o.Name, &o.Kind, &o.Architecture, &o.Build, &o.Pool, &o.Own, &o.Drafted)
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
