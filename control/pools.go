package control

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"berth"
	"berth/wire"
)

// poolName is what Azure allows as the name of a host pool; Berth asks it of every pool. Spaces at the ends are left out,
// since names are compared without them.
var poolName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z0-9@.\-_][A-Za-z0-9@.\-_ ]{1,62}[A-Za-z0-9@.\-_]$`)
})

// hostName is poolName for machines, whose names may be shorter. Names that are dots alone mean folders in paths.
var hostName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^([A-Za-z0-9@\-_]|[A-Za-z0-9@.\-_][A-Za-z0-9@.\-_ ]{0,62}[A-Za-z0-9@\-_])$`)
})

// AddPool drafts a pool; with now it is applied at once.
func (s *Service) AddPool(ctx context.Context, site string, p berth.Pool, now bool) (berth.Pool, error) {
	if err := checkPoolName(p.Name); err != nil {
		return p, err
	}
	kind, err := berth.ParseHostKind(string(p.Kind))
	if err != nil {
		return p, err
	}
	p.Kind, p.Inherit, p.Assignments = kind, true, nil
	err = s.update(ctx, site, func(w *work) error {
		w.now = now
		t := target{ref: w.ref(berth.ObjectPool, p.Name), name: p.Name, action: "add pool"}
		return edit(w, t, func(doc *berth.Pool, is state) (keep, error) {
			if is.exists {
				return kept, berth.Errorf(berth.Conflict, "site %s has a pool %q already", site, doc.Name).On("name")
			}
			*doc = p
			return kept, nil
		})
	})
	return p, err
}

func checkPoolName(name string) error {
	if poolName().MatchString(name) {
		return nil
	}
	return berth.Errorf(berth.Invalid, "%q cannot name a pool", name).On("name").
		With("use 3 to 64 letters, digits, spaces, '@', '.', '-' and '_'")
}

// Pools returns the site's pools as drafted, ordered by name.
func (s *Service) Pools(ctx context.Context, site string) (ps []berth.Pool, err error) {
	err = s.view(ctx, site, func(w *work) error {
		ps, err = berth.LoadAll[berth.Pool](w, berth.Draft, berth.ObjectQuery{Site: berth.Fold(site), Kind: berth.ObjectPool})
		return err
	})
	return ps, err
}

// Pool returns one pool as drafted, with its revision and how many hosts are in it.
func (s *Service) Pool(ctx context.Context, site, name string) (v wire.PoolView, err error) {
	err = s.view(ctx, site, func(w *work) error {
		ref := w.ref(berth.ObjectPool, name)
		if v.Pool, err = berth.Load[berth.Pool](w, berth.Draft, ref); err != nil {
			return err
		}
		o, err := w.Object(ref)
		if err != nil {
			return err
		}
		v.Revision, v.Drafted = o.Revision, o.Drafted
		v.Hosts, err = w.CountHosts(berth.HostQuery{Site: berth.Fold(w.site.Name), Pool: v.Name})
		return err
	})
	return v, err
}

// RemovePool drafts the deletion of a pool that no host is in.
func (s *Service) RemovePool(ctx context.Context, site, name string) error {
	return s.update(ctx, site, func(w *work) error {
		ref := w.ref(berth.ObjectPool, name)
		p, err := berth.Load[berth.Pool](w, berth.Draft, ref)
		if err != nil {
			return err
		}
		members, err := w.members(berth.Draft, name)
		if err != nil {
			return err
		}
		if len(members) > 0 {
			return berth.Errorf(berth.Conflict, "pool %s holds %d hosts, %s first", p.Name, len(members), members[0]).
				With("move its hosts out first: `berth host set HOST --pool \"\"`")
		}
		return edit(w, target{ref: ref, name: p.Name, action: "delete pool", expect: w.expect},
			func(*berth.Pool, state) (keep, error) { return removed, nil })
	})
}

// members names the hosts that are in the pool in that view. Only of hosts with a draft the configuration is read.
func (w *work) members(v berth.View, pool string) ([]string, error) {
	site := berth.Fold(w.site.Name)
	if berth.Fold(pool) == "" {
		return nil, nil
	}
	outlines, err := w.HostOutlines(berth.HostQuery{Site: site, Pool: pool})
	if err != nil {
		return nil, err
	}
	var in []string
	for _, o := range outlines {
		if !o.Drafted {
			in = append(in, o.Name)
		}
	}
	drafted, err := berth.LoadAll[berth.HostConfig](w, v, berth.ObjectQuery{Site: site, Kind: berth.ObjectHost, Drafted: true})
	for _, h := range drafted {
		if berth.Fold(h.Pool) == berth.Fold(pool) {
			in = append(in, h.Name)
		}
	}
	slices.SortFunc(in, func(a, b string) int { return strings.Compare(berth.Fold(a), berth.Fold(b)) })
	return in, err
}

// SetHostPool drafts a host into a pool of its kind; an empty name takes it out of its pool.
func (s *Service) SetHostPool(ctx context.Context, site, host, pool string) error {
	return s.update(ctx, site, func(w *work) error {
		ref, err := w.holderRef(Holder{Host: host})
		if err != nil {
			return err
		}
		var p berth.Pool
		if pool != "" {
			if p, err = berth.Load[berth.Pool](w, berth.Draft, w.ref(berth.ObjectPool, pool)); err != nil {
				return err
			}
		}
		return edit(w, target{ref: ref, name: host, action: "move host", expect: w.expect}, func(doc *berth.HostConfig, is state) (keep, error) {
			if pool != "" && p.Kind != doc.Kind {
				return kept, berth.Errorf(berth.Invalid, "host %s is of kind %s, pool %s of kind %s", doc.Name, doc.Kind, p.Name, p.Kind).On("pool")
			}
			doc.Pool = p.Name
			return keep(is.exists), nil
		})
	})
}

// checkPools makes sure that what is about to be applied, and stands in that view, leaves no host in a pool that hosts
// cannot see.
func (w *work) checkPools(v berth.View) error {
	site := berth.Fold(w.site.Name)
	pools, err := berth.LoadAll[berth.Pool](w, v, berth.ObjectQuery{Site: site, Kind: berth.ObjectPool})
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, p := range pools {
		known[berth.Fold(p.Name)] = true
	}
	groups, err := w.HostGroups(site)
	if err != nil {
		return err
	}
	for _, g := range groups {
		if !g.Drafted && g.Pool != "" && !known[g.Pool] {
			h, err := berth.Load[berth.HostConfig](w, v, w.ref(berth.ObjectHost, g.Host.Name)) // which has the name as it was typed
			return cmp.Or(err, notApplied(g.Host.Name, h.Pool))
		}
	}
	drafted, err := berth.LoadAll[berth.HostConfig](w, v, berth.ObjectQuery{Site: site, Kind: berth.ObjectHost, Drafted: true})
	for _, h := range drafted {
		if h.Pool != "" && !known[berth.Fold(h.Pool)] {
			return notApplied(h.Name, h.Pool)
		}
	}
	return err
}

func notApplied(host, pool string) error {
	return berth.Errorf(berth.Conflict, "host %s would be in pool %s, which would not be applied", host, pool).
		With(fmt.Sprintf("apply the changes of host/%s and pool/%s together", berth.Fold(host), berth.Fold(pool)))
}
