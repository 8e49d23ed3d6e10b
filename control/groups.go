package control

import (
	"slices"

	"berth"
	"berth/wire"
)

// mostNamed is how many groups a query of hosts names. Where more would have to be named, hosts are looked at one by one.
const mostNamed = 900

// group is a group of hosts with the rows of each of them.
type group struct {
	berth.HostGroup
	rows []wire.HostPackage // of the first of its hosts; those of the others differ in times and words alone
}

// groups returns the site's groups with their rows, worked out once for each group and not for each host.
func (w *work) groups() ([]group, error) {
	if w.results.groups != nil {
		return w.results.groups, nil
	}
	held, err := w.HostGroups(berth.Fold(w.site.Name))
	if err != nil {
		return nil, err
	}
	out := make([]group, len(held))
	for i, g := range held {
		out[i].HostGroup = g
		if out[i].rows, err = w.statuses(g.Host); err != nil {
			return nil, err
		}
	}
	w.results.groups = out
	return out, nil
}

// sizes are how many hosts of each group fit the query.
func (w *work) sizes(groups []group, q berth.HostQuery) (map[string]int, error) {
	if q.Text == "" && q.Kind == "" && q.Pool == "" {
		out := make(map[string]int, len(groups))
		for _, g := range groups {
			out[g.Group] = g.Hosts
		}
		return out, nil
	}
	q.Site = berth.Fold(w.site.Name)
	return w.CountGroups(q)
}

// narrow leaves in the query only hosts of groups that have a row which fits, where these can be named.
func (w *work) narrow(q *berth.HostQuery, fits func(wire.HostPackage) bool) error {
	groups, err := w.groups()
	if err != nil {
		return err
	}
	named := []string{}
	for _, g := range groups {
		if slices.ContainsFunc(g.rows, fits) {
			named = append(named, g.Group)
		}
	}
	if len(named) <= mostNamed {
		q.Groups = named
	}
	return nil
}

// countsOf counts rows by status.
func countsOf(rows []wire.HostPackage) map[string]int {
	if len(rows) == 0 {
		return nil
	}
	counts := map[string]int{}
	for _, r := range rows {
		counts[string(r.Status.Name)]++
	}
	return counts
}

// groupNotices are the notices that all hosts of a group have: all but that of silence, which is each host's own.
func (w *work) groupNotices(g group, server string) []berth.Notice {
	return slices.DeleteFunc(berth.HostNotices(g.Host, server, w.at), func(n berth.Notice) bool { return n.Code == berth.NoticeSilent })
}
