package storetest

import (
	"fmt"
	"slices"

	"berth"
)

var groupTests = map[string]func(*bench){
	"counts":    groupCounts,
	"placement": groupPlacement,
	"queries":   groupQueries,
}

// grouped are the groups as "number of hosts: first host".
func (b *bench) grouped() (out []string) {
	b.view(func(tx berth.Tx) error {
		groups, err := tx.HostGroups("MAIN")
		for _, g := range groups {
			if g.Group != berth.GroupOf(g.Host, g.Placement) {
				b.Errorf("host %s is in group %s, and should be in %s", g.Host.Name, g.Group, berth.GroupOf(g.Host, g.Placement))
			}
			out = append(out, fmt.Sprintf("%d: %s", g.Hosts, g.Host.Name))
		}
		return err
	})
	slices.Sort(out)
	return out
}

func groupHost(n int, fact string) berth.Host {
	return berth.Host{ID: fmt.Sprintf("id-%d", n), Site: "Main", Name: fmt.Sprintf("Host-%d", n), Kind: berth.KindRDSH,
		Facts: berth.Facts{Architecture: "x64", OS: fact}, LastSeen: moment(n)}
}

// groupCounts: hosts come, change, and go; the groups count them at every moment, also after a restart.
func groupCounts(b *bench) {
	put := func(h berth.Host) { b.update(func(tx berth.Tx) error { return tx.PutHost(h) }) }
	b.equal("none", b.grouped(), []string(nil))
	for n := range 4 {
		put(groupHost(n, map[bool]string{true: "a", false: "b"}[n < 3]))
	}
	b.equal("two groups", b.grouped(), []string{"1: Host-3", "3: Host-0"})
	put(groupHost(0, "b"))
	put(groupHost(0, "b"))
	b.equal("moved", b.grouped(), []string{"2: Host-0", "2: Host-1"})
	b.update(func(tx berth.Tx) error { return tx.DeleteHost("id-3") })
	b.update(func(tx berth.Tx) error { return tx.DeleteHost("id-3") })
	b.reopen()
	b.equal("one gone", b.grouped(), []string{"1: Host-0", "2: Host-1"})
	other := groupHost(9, "a")
	other.Site = "lab"
	put(other)
	b.equal("one elsewhere", b.grouped(), []string{"1: Host-0", "2: Host-1"})
}

// groupPlacement: what administrators set about a host moves it to another group, drafted or applied, and back.
func groupPlacement(b *bench) {
	for n := range 3 {
		b.update(func(tx berth.Tx) error { return tx.PutHost(groupHost(n, "a")) })
	}
	config := func(o berth.Object) {
		o.Ref, o.Name = berth.NewRef("Main", berth.ObjectHost, "host-1"), "Host-1"
		b.update(func(tx berth.Tx) error { return tx.PutObject(o) })
	}
	inherits, pooled := []byte(`{"inherit":true}`), []byte(`{"inherit":true,"pool":"P"}`)
	config(berth.Object{Applied: inherits, Draft: inherits})
	b.equal("inherits", b.grouped(), []string{"3: Host-0"})
	config(berth.Object{Applied: inherits, Draft: pooled, Drafted: true})
	b.equal("drafted into a pool", b.grouped(), []string{"1: Host-1", "2: Host-0"})
	config(berth.Object{Applied: pooled, Draft: pooled})
	b.equal("in a pool", b.grouped(), []string{"1: Host-1", "2: Host-0"})
	config(berth.Object{Applied: []byte(`{}`), Draft: []byte(`{}`)})
	b.equal("own list", b.grouped(), []string{"1: Host-1", "2: Host-0"})
	config(berth.Object{Applied: inherits, Draft: inherits, AppliedGeneration: 5})
	b.equal("behind", b.grouped(), []string{"1: Host-1", "2: Host-0"})
	config(berth.Object{})
	b.equal("gone", b.grouped(), []string{"3: Host-0"})
}

// groupQueries chooses hosts by group, with the other conditions, in pages.
func groupQueries(b *bench) {
	groups := map[string]string{}
	for n := range 6 {
		h := groupHost(n, map[bool]string{true: "a", false: "b"}[n%2 == 0])
		b.update(func(tx berth.Tx) error { return tx.PutHost(h) })
		groups[h.Facts.OS] = berth.GroupOf(h, berth.Placement{})
	}
	a, both := []string{groups["a"]}, []string{groups["a"], groups["b"]}
	for name, tt := range map[string]struct {
		query berth.HostQuery
		want  []string
	}{
		"one":       {berth.HostQuery{Groups: a}, []string{"Host-0", "Host-2", "Host-4"}},
		"page":      {berth.HostQuery{Groups: a, After: "host-0", Limit: 1}, []string{"Host-2"}},
		"both":      {berth.HostQuery{Groups: both, After: "HOST-1", Limit: 3}, []string{"Host-2", "Host-3", "Host-4"}},
		"none":      {berth.HostQuery{Groups: []string{}}, nil},
		"no page":   {berth.HostQuery{Groups: []string{}, Limit: 5}, nil},
		"and text":  {berth.HostQuery{Groups: both, Text: "-3", Limit: 5}, []string{"Host-3"}},
		"unseen":    {berth.HostQuery{SeenBefore: moment(2)}, []string{"Host-0", "Host-1"}},
		"of unseen": {berth.HostQuery{SeenBefore: moment(3), Groups: a, Limit: 9}, []string{"Host-0", "Host-2"}},
	} {
		q := tt.query
		q.Site = "MAIN"
		b.view(func(tx berth.Tx) error {
			hosts, err := tx.FindHosts(q)
			b.check(err)
			outlines, err := tx.HostOutlines(q)
			b.check(err)
			var got, outlined []string
			for _, h := range hosts {
				got = append(got, h.Name)
			}
			for _, o := range outlines {
				outlined = append(outlined, o.Name)
			}
			b.equal(name, got, tt.want)
			b.equal(name+" in outline", outlined, tt.want)
			return nil
		})
	}
	b.view(func(tx berth.Tx) error {
		counts, err := tx.CountGroups(berth.HostQuery{Site: "main", SeenBefore: moment(3)})
		b.equal("counts", counts, map[string]int{groups["a"]: 2, groups["b"]: 1})
		return err
	})
}
