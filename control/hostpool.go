package control

import (
	"context"
	"encoding/json"
	"fmt"

	"berth"
)

// HostPool is an applied pool of kind AVD as Azure's clients see it.
type HostPool struct {
	berth.Pool
	Revision int64 // rises with every change of the pool
}

// HostPoolEdit says what a client's description of a host pool becomes. It gets the pool as it is, without a name when there
// is none; a result of nil leaves the pool as it is.
type HostPoolEdit func(was HostPool) (document json.RawMessage, err error)

// HostPool returns one AVD host pool. What is only drafted is not there.
func (s *Service) HostPool(ctx context.Context, site, name string) (p HostPool, err error) {
	err = s.view(ctx, site, func(w *work) error {
		p, err = w.hostPool(name)
		return err
	})
	return p, err
}

// HostPools returns the site's AVD host pools, ordered by name.
func (s *Service) HostPools(ctx context.Context, site string) (ps []HostPool, err error) {
	err = s.view(ctx, site, func(w *work) error {
		objects, err := w.Objects(berth.ObjectQuery{Site: berth.Fold(site), Kind: berth.ObjectPool})
		for _, o := range objects {
			p, err := decodePool(o)
			if err != nil {
				return err
			}
			if p.Kind == berth.KindAVD {
				ps = append(ps, p)
			}
		}
		return err
	})
	return ps, err
}

func (w *work) hostPool(name string) (p HostPool, err error) {
	o, err := w.Object(w.ref(berth.ObjectPool, name))
	if err != nil && !berth.IsNotFound(err) {
		return p, err
	}
	if p, err = decodePool(o); err == nil && p.Kind != berth.KindAVD {
		err = berth.Errorf(berth.NotFound, "site %s has no AVD host pool %q", w.site.Name, name).On("pool")
	}
	return p, err
}

// decodePool reads what hosts see of a pool; a pool that they do not see has no kind.
func decodePool(o berth.Object) (p HostPool, err error) {
	p.Revision = o.Revision
	if o.Applied == nil {
		return p, nil
	}
	if err := json.Unmarshal(o.Applied, &p.Pool); err != nil {
		return p, fmt.Errorf("stored pool %q of site %s: %w", o.Name, o.Site, err)
	}
	return p, nil
}

// PutHostPool creates an AVD host pool, or changes what a client of Azure's interface says of it. It is applied at once,
// and alone: the pool's list and whatever is drafted of it stay. A name that a pool of another kind has is a Conflict.
func (s *Service) PutHostPool(ctx context.Context, site, name string, fn HostPoolEdit) (p HostPool, created bool, err error) {
	if !poolName().MatchString(name) {
		return p, false, berth.Errorf(berth.Invalid, "%q cannot name a host pool", name).On("name").
			With("use 3 to 64 letters, digits, spaces, '@', '.', '-' and '_'")
	}
	err = s.update(ctx, site, func(w *work) error {
		was, err := w.hostPool(name)
		if err != nil && !berth.IsNotFound(err) {
			return err
		}
		if created = err != nil; created {
			if was.Kind != "" {
				return otherKind(was.Pool)
			}
			was, w.now = HostPool{}, true
			// What was left of a pool of that name, which another face deleted, is nothing of this one.
			if err := w.undeclareAll(name); err != nil {
				return err
			}
		}
		p, err = w.describe(name, was, fn)
		return err
	})
	return p, created, err
}

// EditHostPool changes what a client of Azure's interface says of an AVD host pool. Looking and changing are one step.
func (s *Service) EditHostPool(ctx context.Context, site, name string, fn HostPoolEdit) (p HostPool, err error) {
	err = s.update(ctx, site, func(w *work) error {
		was, err := w.hostPool(name)
		if err != nil {
			return err
		}
		p, err = w.describe(was.Name, was, fn)
		return err
	})
	return p, err
}

func otherKind(p berth.Pool) error {
	return berth.Errorf(berth.Conflict, "pool %s is there already and of kind %s", p.Name, p.Kind).On("name").
		With("choose another name")
}

// describe writes a client's description into what hosts see of the pool, and into what administrators drafted of it.
func (w *work) describe(name string, was HostPool, fn HostPoolEdit) (HostPool, error) {
	document, err := fn(was)
	if err != nil || document == nil {
		return was, err
	}
	said := berth.AzureResource{CreatedAt: w.at, CreatedBy: w.who.Name, CreatedByType: azureKind(w.who)}
	if was.Azure != nil {
		said = *was.Azure
	}
	said.Document = document
	said.ModifiedAt, said.ModifiedBy, said.ModifiedByType = w.at, w.who.Name, azureKind(w.who)
	w.now = true
	t := target{ref: w.ref(berth.ObjectPool, name), name: name, action: "put host pool"}
	err = edit(w, t, func(doc *berth.Pool, is state) (keep, error) {
		switch {
		case is.exists && doc.Kind != berth.KindAVD:
			return kept, otherKind(*doc)
		case !is.exists && is.view == berth.Draft && was.Name != "":
			return removed, nil // its deletion is drafted
		case !is.exists:
			*doc = berth.Pool{Kind: berth.KindAVD, Inherit: true}
		}
		doc.Name, doc.Azure = name, &said
		return kept, nil
	})
	if err != nil {
		return was, err
	}
	return w.hostPool(name)
}

// RemoveHostPool deletes an AVD host pool at once, with what clients declared of packages in it. One that has hosts or
// active packages is a Conflict; with force the hosts leave it first. existed is false when there was none.
func (s *Service) RemoveHostPool(ctx context.Context, site, name string, force bool) (existed bool, err error) {
	err = s.update(ctx, site, func(w *work) error {
		p, err := w.hostPool(name)
		if berth.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return err
		}
		existed, w.now = true, true
		in, err := w.everMembers(p.Name)
		if err != nil {
			return err
		}
		if !force {
			if err := w.checkUnused(p.Pool, in); err != nil {
				return err
			}
		}
		for _, host := range in {
			if err := w.leave(host, p.Name); err != nil {
				return err
			}
		}
		t := target{ref: w.ref(berth.ObjectPool, p.Name), name: p.Name, action: "delete host pool"}
		if err := edit(w, t, func(*berth.Pool, state) (keep, error) { return removed, nil }); err != nil {
			return err
		}
		if err := w.withdrawAll(p.Name); err != nil {
			return err
		}
		return w.undeclareAll(p.Name)
	})
	return existed, err
}

// everMembers returns the names of the hosts that are in the pool, as applied or as drafted: a drafted one could never be
// applied without its pool.
func (w *work) everMembers(pool string) ([]string, error) {
	var names []string
	seen := map[string]bool{}
	for _, v := range []berth.View{berth.Applied, berth.Draft} {
		in, err := w.members(v, pool)
		if err != nil {
			return nil, err
		}
		for _, h := range in {
			if !seen[berth.Fold(h)] {
				seen[berth.Fold(h)] = true
				names = append(names, h)
			}
		}
	}
	return names, nil
}

// checkUnused refuses to delete a pool that is of use, and says what uses it.
func (w *work) checkUnused(p berth.Pool, hosts []string) error {
	if len(hosts) > 0 {
		return berth.Errorf(berth.Conflict, "host pool %s holds %d hosts, %s first", p.Name, len(hosts), hosts[0]).
			With("move its hosts out first, or delete it with force=true")
	}
	if p.Inherit || len(p.Assignments) == 0 {
		return nil
	}
	a := p.Assignments[0]
	what := a.Version
	if what == "" {
		what = a.Family
	}
	return berth.Errorf(berth.Conflict, "host pool %s has %d active packages, %s first", p.Name, len(p.Assignments), what).
		With("deactivate its packages first, or delete it with force=true")
}

// leave takes a host out of the pool, wherever it is in it.
func (w *work) leave(host, pool string) error {
	t := target{ref: w.ref(berth.ObjectHost, host), name: host, action: "move host"}
	return edit(w, t, func(doc *berth.HostConfig, is state) (keep, error) {
		if berth.Fold(doc.Pool) == berth.Fold(pool) {
			doc.Pool = ""
		}
		return keep(is.exists), nil
	})
}

// undeclareAll forgets what clients declared of packages in a pool, whose list does not name them any more.
func (w *work) undeclareAll(pool string) error {
	objects, err := w.Objects(berth.ObjectQuery{Site: berth.Fold(w.site.Name), Kind: berth.ObjectDeclaration, Prefix: berth.Fold(pool) + "/"})
	if err != nil {
		return err
	}
	for _, o := range objects {
		t := target{ref: o.Ref, name: o.Name, action: "delete package of pool"}
		if err := edit(w, t, func(*berth.Declaration, state) (keep, error) { return removed, nil }); err != nil {
			return err
		}
		p, err := berth.Load[berth.Package](w, berth.Applied, w.ref(berth.ObjectPackage, o.Name))
		if err == nil {
			err = w.forget(p)
		}
		if err != nil && !berth.IsNotFound(err) {
			return err
		}
	}
	return nil
}
