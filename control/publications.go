package control

import (
	"context"
	"strings"

	"berth"
)

// AddPublication drafts an offer of an application. A version of the family in the catalogue must have it, and the hosts and
// pools must be there.
func (s *Service) AddPublication(ctx context.Context, site string, p berth.Publication) (berth.Publication, error) {
	p, err := p.Check()
	if err != nil {
		return p, err
	}
	err = s.update(ctx, site, func(w *work) error {
		if err := w.checkOffer(&p); err != nil {
			return err
		}
		t := target{ref: w.ref(berth.ObjectPublication, p.Name), name: p.Name, action: "publish"}
		return edit(w, t, func(doc *berth.Publication, is state) (keep, error) {
			if is.exists {
				return kept, berth.Errorf(berth.Conflict, "site %s has a publication %q already", site, doc.Name).On("name").
					With("change it, or choose another name")
			}
			*doc = p
			return kept, nil
		})
	})
	return p, err
}

// PublicationEdit changes a publication; nil leaves a list as it is, any other replaces it.
type PublicationEdit struct {
	Users  *[]string
	Hosts  *[]string
	Pools  *[]string
	Expect int64 // revision that the editor saw, 0: any
}

// EditPublication drafts whom a publication is offered to, and from where.
func (s *Service) EditPublication(ctx context.Context, site, name string, e PublicationEdit) (p berth.Publication, err error) {
	err = s.update(ctx, site, func(w *work) error {
		ref := w.ref(berth.ObjectPublication, name)
		if p, err = w.publication(name); err != nil {
			return err
		}
		for list, given := range map[*[]string]*[]string{&p.Users: e.Users, &p.Hosts: e.Hosts, &p.Pools: e.Pools} {
			if given != nil {
				*list = *given
			}
		}
		if p, err = p.Check(); err != nil {
			return err
		}
		// Only what is named anew must be there: a host that went away since does not stand in the way of other changes.
		if e.Hosts != nil {
			if err := w.spellHosts(p.Hosts); err != nil {
				return err
			}
		}
		if e.Pools != nil {
			if err := w.spellPools(p.Pools); err != nil {
				return err
			}
		}
		return edit(w, target{ref: ref, name: p.Name, action: "edit publication", expect: e.Expect},
			func(doc *berth.Publication, is state) (keep, error) {
				*doc = p
				return keep(is.exists), nil
			})
	})
	return p, err
}

// RemovePublication drafts the end of a publication. The package stays where it is assigned.
func (s *Service) RemovePublication(ctx context.Context, site, name string) error {
	return s.update(ctx, site, func(w *work) error {
		p, err := w.publication(name)
		if err != nil {
			return err
		}
		return edit(w, target{ref: w.ref(berth.ObjectPublication, name), name: p.Name, action: "unpublish", expect: w.expect},
			func(*berth.Publication, state) (keep, error) { return removed, nil })
	})
}

// publication returns the publication as drafted.
func (w *work) publication(name string) (berth.Publication, error) {
	p, err := berth.Load[berth.Publication](w, berth.Draft, w.ref(berth.ObjectPublication, name))
	if berth.IsNotFound(err) {
		return p, berth.Errorf(berth.NotFound, "site %s has no publication %q", w.site.Name, name).On("publication").
			With("see `berth published list`")
	}
	return p, err
}

// checkOffer makes sure that there is what the publication offers and where it is offered from, and spells names as they are.
func (w *work) checkOffer(p *berth.Publication) error {
	a := berth.Assignment{Family: p.Family}
	if err := w.checkFamily(&a); err != nil {
		return err
	}
	p.Family = a.Family
	versions, err := w.familyOf(berth.Draft)(p.Family)
	if err != nil {
		return err
	}
	var others []string
	for _, v := range versions {
		if v.Retiring {
			continue
		}
		if app := v.Application(p.Application); app != nil {
			p.Application = app.ID
			if err := w.spellHosts(p.Hosts); err != nil {
				return err
			}
			return w.spellPools(p.Pools)
		}
		for _, app := range v.Applications {
			others = append(others, app.ID)
		}
	}
	return noApplication(*p, others)
}

func noApplication(p berth.Publication, others []string) error {
	e := berth.Errorf(berth.NotFound, "no version of %s in the catalogue has an application %q", p.Family, p.Application).On("application")
	if len(others) == 0 {
		return e.With("see `berth package list`; the packages of this family have no applications")
	}
	return e.With("they have " + strings.Join(sortedOnce(others), ", "))
}

// spellHosts puts the names as the hosts have them in place of the given ones.
func (w *work) spellHosts(names []string) error {
	for i, name := range names {
		c, err := berth.Load[berth.HostConfig](w, berth.Draft, w.ref(berth.ObjectHost, name))
		if err != nil {
			return hostUnknown(w.site.Name, name, err)
		}
		names[i] = c.Name
	}
	return nil
}

// spellPools puts the names as the pools have them in place of the given ones.
func (w *work) spellPools(names []string) error {
	for i, name := range names {
		p, err := berth.Load[berth.Pool](w, berth.Draft, w.ref(berth.ObjectPool, name))
		if berth.IsNotFound(err) {
			return berth.Errorf(berth.NotFound, "site %s has no pool %q", w.site.Name, name).On("pool").With("see `berth pool list`")
		}
		if err != nil {
			return err
		}
		names[i] = p.Name
	}
	return nil
}
