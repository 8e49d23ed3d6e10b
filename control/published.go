package control

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"berth"
	"berth/plan"
	"berth/wire"
)

// Published returns the site's publications with the hosts that offer them, ordered by name. With the full name of a package
// only those of its applications, and of their hosts only those that have that version.
func (s *Service) Published(ctx context.Context, site, fullName string) (views []wire.PublicationView, err error) {
	err = s.view(ctx, site, func(w *work) error {
		var of *berth.Package
		if fullName != "" {
			p, err := w.known(fullName)
			if err != nil {
				return err
			}
			of = &p
		}
		objects, err := w.Objects(berth.ObjectQuery{Site: berth.Fold(site), Kind: berth.ObjectPublication})
		if err != nil {
			return err
		}
		views, err = w.published(objects, of)
		return err
	})
	return views, err
}

// Publication returns one publication with the hosts that offer it.
func (s *Service) Publication(ctx context.Context, site, name string) (v wire.PublicationView, err error) {
	err = s.view(ctx, site, func(w *work) error {
		if _, err := w.publication(name); err != nil {
			return err
		}
		o, err := w.Object(w.ref(berth.ObjectPublication, name))
		if err != nil {
			return err
		}
		views, err := w.published([]berth.Object{o}, nil)
		if err == nil {
			v = views[0]
		}
		return err
	})
	return v, err
}

// offered is a publication in both views; nil where it does not exist.
type offered struct {
	now, drafted *berth.Publication
	view         wire.PublicationView
}

// published finds for every object, read as a publication, the hosts that offer it, of one package where one is named.
func (w *work) published(objects []berth.Object, of *berth.Package) ([]wire.PublicationView, error) {
	var all []*offered
	for _, o := range objects {
		p, err := readOffered(o)
		if err != nil {
			return nil, err
		}
		if of != nil && (berth.Fold(p.view.Family) != berth.Fold(of.FamilyName) || of.Application(p.view.Application) == nil) {
			continue
		}
		if p.view.Gone, err = w.gone(p.view.Publication); err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	if len(all) == 0 {
		return nil, nil
	}
	err := w.offers(all, of)
	views := make([]wire.PublicationView, len(all))
	for i, p := range all {
		views[i] = p.view
	}
	return views, err
}

// offers finds the hosts that offer the publications: those that are named by themselves one by one, those of pools group by
// group.
func (w *work) offers(all []*offered, of *berth.Package) error {
	survey := w.survey()
	fits := func(h wire.PublishedHost) bool {
		return of == nil || berth.Fold(h.Now) == berth.Fold(of.FullName) || berth.Fold(h.Drafted) == berth.Fold(of.FullName)
	}
	for _, p := range all {
		if err := w.offersByName(survey, p, fits); err != nil {
			return err
		}
	}
	inPools := map[string][]groupOffer{}
	err := survey.each(func(b both) error {
		b.Name = "" // the group counts, by its pool, and not the host
		for _, p := range all {
			if h, ok := p.host(b); ok && fits(h) {
				inPools[b.group] = append(inPools[b.group], groupOffer{p, h})
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	hosts, err := outlinesOf(w, inPools)
	for _, h := range hosts {
		for _, o := range inPools[h.Group] {
			if !o.publication.names(h.Name) {
				o.host.Host = h.Name
				o.publication.view.Offers = append(o.publication.view.Offers, o.host)
			}
		}
	}
	for _, p := range all {
		slices.SortFunc(p.view.Offers, func(a, b wire.PublishedHost) int { return cmp.Compare(berth.Fold(a.Host), berth.Fold(b.Host)) })
	}
	return err
}

// groupOffer is what a publication offers from every host of a group.
type groupOffer struct {
	publication *offered
	host        wire.PublishedHost
}

// named are the hosts that the publication names by themselves, in either view.
func (p *offered) named() (names []string) {
	for _, v := range []*berth.Publication{p.now, p.drafted} {
		if v != nil {
			names = append(names, v.Hosts...)
		}
	}
	return names
}

func (p *offered) names(host string) bool {
	return slices.ContainsFunc(p.named(), func(name string) bool { return berth.Fold(name) == berth.Fold(host) })
}

func (w *work) offersByName(s *survey, p *offered, fits func(wire.PublishedHost) bool) error {
	seen := map[string]bool{}
	for _, name := range p.named() {
		if seen[berth.Fold(name)] {
			continue
		}
		seen[berth.Fold(name)] = true
		h, err := w.HostByName(berth.Fold(w.site.Name), name)
		if berth.IsNotFound(err) {
			continue
		}
		if err != nil {
			return err
		}
		b, err := s.of(h)
		if err != nil {
			return err
		}
		if offer, ok := p.host(b); ok && fits(offer) {
			p.view.Offers = append(p.view.Offers, offer)
		}
	}
	return nil
}

func readOffered(o berth.Object) (*offered, error) {
	p := &offered{view: wire.PublicationView{Revision: o.Revision, Offers: []wire.PublishedHost{}}}
	for doc, into := range map[*json.RawMessage]**berth.Publication{&o.Applied: &p.now, &o.Draft: &p.drafted} {
		if *doc == nil {
			continue
		}
		*into = &berth.Publication{}
		if err := json.Unmarshal(*doc, *into); err != nil {
			return nil, err
		}
	}
	p.view.Publication = *cmp.Or(p.drafted, p.now)
	if c, ok := o.Change(); ok {
		p.view.Pending = c.Action
	}
	return p, nil
}

// host tells what the publication offers from the host; ok is false when it names neither the host nor its pool, in any view.
func (p *offered) host(b both) (h wire.PublishedHost, ok bool) {
	h.Host = b.Name
	if p.now != nil {
		if from, is := p.now.From(b.Name, b.now.in.Host.Pool); is {
			h.From, ok = from, true
			h.Now, _ = plan.Offer(*p.now, b.now.Result)
		}
	}
	h.Why = "a pending change takes it away"
	if p.drafted != nil {
		if from, is := p.drafted.From(b.Name, b.drafted.in.Host.Pool); is {
			h.From, ok = from, true
			h.Drafted, h.Why = plan.Offer(*p.drafted, b.drafted.Result)
			if !b.drafted.in.Settings.Enabled {
				h.Why = "application packages are switched off in the site"
			}
		}
	}
	return h, ok
}

// gone lists the hosts and pools that the publication names and that are not there as drafted.
func (w *work) gone(p berth.Publication) (gone []string, err error) {
	for kind, names := range map[berth.ObjectKind][]string{berth.ObjectHost: p.Hosts, berth.ObjectPool: p.Pools} {
		for _, name := range names {
			o, err := w.Object(w.ref(kind, name))
			if err != nil && !berth.IsNotFound(err) {
				return nil, err
			}
			if o.Draft == nil {
				gone = append(gone, string(kind)+" "+name)
			}
		}
	}
	slices.Sort(gone)
	return gone, nil
}

func sortedOnce(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}
