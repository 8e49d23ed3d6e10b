package control

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"berth"
	"berth/plan"
	"berth/wire"
)

// PreviewQuery chooses pending changes, and the page of hosts to name.
type PreviewQuery struct {
	Chosen []string // by ChangeName; none: all
	After  string   // only hosts behind this name
	Limit  int      // how many hosts to name; 0: all
}

// Preview tells what would change on which hosts if the pending changes were applied, all of them or the chosen ones and
// no other. What apply would refuse is refused. It computes once for each distinct configuration, by the same functions as
// plans and statuses.
func (s *Service) Preview(ctx context.Context, site string, q PreviewQuery) (p wire.Preview, err error) {
	err = s.view(ctx, site, func(w *work) error {
		p, err = w.foresee(q)
		return err
	})
	return p, err
}

func (w *work) foresee(q PreviewQuery) (p wire.Preview, err error) {
	changes, err := w.changes(q.Chosen)
	if err != nil {
		return p, err
	}
	p = wire.Preview{Changes: []string{}, Generation: w.site.Generation, Configurations: []wire.PreviewConfiguration{}, Hosts: []wire.PreviewHost{}}
	for _, c := range changes {
		p.Changes = append(p.Changes, ChangeName(c))
	}
	then := w
	if len(q.Chosen) > 0 {
		then = &work{Tx: onlyChosen{w.Tx, p.Changes}, who: w.who, site: w.site, at: w.at}
	}
	if err := then.checkPools(berth.Draft); err != nil {
		return p, err
	}
	return p, (&preview{Preview: &p, now: w, then: then, query: q, known: map[[2]configuration]int{}}).run()
}

// onlyChosen is the state in which of all drafts there are the chosen ones alone: seen through it, the drafted view is
// what hosts would see if these were applied.
type onlyChosen struct {
	berth.Tx
	chosen []string // names of changes
}

func (c onlyChosen) without(o berth.Object) berth.Object {
	if o.Drafted && !slices.Contains(c.chosen, ChangeName(berth.Change{Ref: o.Ref})) {
		o.Draft, o.Drafted = o.Applied, false
	}
	return o
}

// Object is that of the store, without a draft that was not chosen.
func (c onlyChosen) Object(ref berth.Ref) (berth.Object, error) {
	o, err := c.Tx.Object(ref)
	return c.without(o), err
}

// Objects are those of the store, without drafts that were not chosen.
func (c onlyChosen) Objects(q berth.ObjectQuery) ([]berth.Object, error) {
	os, err := c.Tx.Objects(q)
	for i := range os {
		os[i] = c.without(os[i])
	}
	return os, err
}

// preview is a Preview under construction.
type preview struct {
	*wire.Preview
	now, then *work // in the applied view of the one and the drafted view of the other
	query     PreviewQuery
	known     map[[2]configuration]int // index of the configuration; -1 where nothing changes
}

func (p *preview) run() error {
	groups, err := p.now.HostGroups(berth.Fold(p.now.site.Name))
	if err != nil {
		return err
	}
	slices.SortFunc(groups, func(a, b berth.HostGroup) int { return cmp.Compare(berth.Fold(a.Host.Name), berth.Fold(b.Host.Name)) })
	named := map[string]int{} // the change that a group would see
	for _, g := range groups {
		i := -1
		if len(p.Changes) > 0 {
			if i, err = p.configuration(g); err != nil {
				return err
			}
		}
		if i < 0 {
			p.Unchanged += g.Hosts
			continue
		}
		p.HostCount += g.Hosts
		p.Configurations[i].HostCount += g.Hosts
		named[g.Group] = i
	}
	return p.page(named)
}

// page names a page of the hosts that would see a change, by their groups.
func (p *preview) page(named map[string]int) error {
	q := berth.HostQuery{Site: berth.Fold(p.now.site.Name), After: p.query.After}
	if len(named) == 0 {
		return nil
	}
	if len(named) <= mostNamed {
		q.Groups = slices.Collect(maps.Keys(named))
		if q.Limit = p.query.Limit; q.Limit > 0 {
			q.Limit++ // one more tells whether there is a next page
		}
	}
	outlines, err := p.now.HostOutlines(q)
	for _, o := range outlines {
		i, is := named[o.Group]
		if is && p.query.Limit > 0 && len(p.Hosts) == p.query.Limit {
			p.Next = berth.Fold(p.Hosts[len(p.Hosts)-1].Host)
			break
		}
		if is {
			p.Hosts = append(p.Hosts, wire.PreviewHost{Host: o.Name, Configuration: i})
		}
	}
	return err
}

// configuration returns the index of the change that the hosts of a group would see, -1 for none.
func (p *preview) configuration(g berth.HostGroup) (int, error) {
	h := g.Host
	key := [2]configuration{configurationOf(h, g.Own, g.Pool), configurationOf(h, g.Own, g.Pool)}
	pool := g.Pool
	if g.Drafted {
		var err error
		if key[0], _, err = p.now.configurationOf(berth.Applied, h); err != nil {
			return 0, err
		}
		if key[1], pool, err = p.then.configurationOf(berth.Draft, h); err != nil {
			return 0, err
		}
	}
	if i, ok := p.known[key]; ok {
		return i, nil
	}
	c := wire.PreviewConfiguration{Kind: h.Kind, Pool: pool, Architecture: h.Facts.Architecture, Build: h.Facts.Build}
	err := p.compare(h, key, &c)
	i := -1
	if len(c.Rows)+len(c.Frameworks) > 0 {
		i = len(p.Configurations)
		p.Configurations = append(p.Configurations, c)
	}
	p.known[key] = i
	return i, err
}

// configurationOf reads the host's configuration in a view.
func (w *work) configurationOf(v berth.View, h berth.Host) (configuration, string, error) {
	o, err := w.Object(w.ref(berth.ObjectHost, h.Name))
	if err != nil && !berth.IsNotFound(err) {
		return configuration{}, "", err
	}
	c, err := hostConfig(o, v)
	return configurationOf(h, !c.Inherit, c.Pool), berth.Fold(c.Pool), err
}

// compare computes both sides and says what differs.
func (p *preview) compare(h berth.Host, key [2]configuration, c *wire.PreviewConfiguration) error {
	now, err := p.now.computeFor(berth.Applied, h, key[0])
	if err != nil {
		return err
	}
	then, err := p.then.computeFor(berth.Draft, h, key[1])
	if err != nil {
		return err
	}
	for _, d := range plan.Diff(now, then) {
		row, err := p.row(d)
		if err != nil {
			return err
		}
		c.Rows = append(c.Rows, row)
	}
	c.Frameworks = frameworks(now, then)
	if c.Rows == nil {
		c.Rows = []wire.PreviewRow{}
	}
	return nil
}

// frameworks are the packages without a row that come or go.
func frameworks(now, then plan.Result) (ps []wire.PreviewPackage) {
	before, after := now.AlsoStaged(), then.AlsoStaged()
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if _, ok := before[name]; !ok {
			ps = append(ps, wire.PreviewPackage{FullName: after[name].FullName, Action: "stage"})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if _, ok := after[name]; !ok {
			ps = append(ps, wire.PreviewPackage{FullName: before[name].FullName, Action: "letGo"})
		}
	}
	return ps
}

func (p *preview) row(d plan.Difference) (wire.PreviewRow, error) {
	row := wire.PreviewRow{Family: d.Family, Words: d.Words(), Action: "replace"}
	switch {
	case d.Before == nil:
		row.Action = "assign"
	case d.After == nil:
		row.Action = "remove"
	case d.Before.FullName == d.After.FullName:
		row.Action = "register"
	}
	var before, after string
	var err error
	if row.Before, before, err = p.side(p.now, berth.Applied, d.Before); err != nil {
		return row, err
	}
	row.After, after, err = p.side(p.then, berth.Draft, d.After)
	row.DisplayName = cmp.Or(after, before, d.Family)
	return row, err
}

// side words one side of a difference, and returns the display name of its package.
func (p *preview) side(w *work, v berth.View, r *berth.Row) (*wire.PreviewSide, string, error) {
	if r == nil {
		return nil, "", nil
	}
	tags, err := w.tags()
	if err != nil {
		return nil, "", err
	}
	side := &wire.PreviewSide{FullName: r.FullName, Missing: r.Missing, Level: r.Level, Owner: r.Owner,
		Selector: selector(r.Assignment, tags), Registration: r.Assignment.Registration}
	versions, err := w.familyOf(v)(r.Assignment.Family)
	display := ""
	for _, v := range versions {
		if berth.Fold(v.FullName) == berth.Fold(r.FullName) || r.FullName == "" {
			display = v.DisplayName
		}
		if berth.Fold(v.FullName) == berth.Fold(r.FullName) {
			side.Version = v.Version.String()
		}
	}
	return side, display, err
}
