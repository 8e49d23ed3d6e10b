package control

import (
	"slices"

	"berth"
	"berth/wire"
)

func (d *declared) publications() error {
	for i, p := range d.doc.Publications {
		if err := d.publicationPart(p); err != nil {
			return within(err, "publications[%d]", i)
		}
	}
	return nil
}

func (d *declared) publicationPart(want wire.DocumentPublication) error {
	// Hosts that are not enrolled are left out here as they are skipped elsewhere: the next apply brings them in.
	var skipped []string
	hosts, err := d.enrolled(want.Hosts, &skipped)
	if err != nil {
		return err
	}
	if len(skipped) > 0 && len(hosts)+len(want.Pools) == 0 {
		d.objects = append(d.objects, wire.DocumentObject{Kind: berth.ObjectPublication, Name: want.Name, Action: wire.ActionSkipped,
			Reason: "none of the hosts that it is offered from is enrolled"})
		return nil
	}
	return put(d, d.ref(berth.ObjectPublication, want.Name), want.Name, func(doc *berth.Publication, is state) (bool, error) {
		p := *doc
		if !is.exists {
			p.Name = want.Name
		}
		p.Family, p.Application = want.Family, want.Application
		for list, given := range map[*[]string][]string{&p.Users: want.Users, &p.Hosts: hosts, &p.Pools: want.Pools} {
			if given != nil {
				*list = slices.Clone(given)
			}
		}
		p, err := p.Check()
		if err == nil {
			err = d.checkOffer(&p)
		}
		same := p.Name == doc.Name && p.Family == doc.Family && p.Application == doc.Application && sameSet(p.Users, doc.Users) &&
			sameSet(p.Hosts, doc.Hosts) && sameSet(p.Pools, doc.Pools)
		*doc = p
		return same, err
	})
}

func sameSet(a, b []string) bool { return slices.Equal(foldedOrder(a), foldedOrder(b)) }

// enrolled returns those of the hosts that there are; nil stays nil.
func (d *declared) enrolled(names []string, skipped *[]string) ([]string, error) {
	if names == nil {
		return nil, nil
	}
	there := []string{}
	for _, name := range names {
		_, err := berth.Load[berth.HostConfig](d, berth.Draft, d.ref(berth.ObjectHost, name))
		switch {
		case berth.IsNotFound(err):
			*skipped = append(*skipped, name)
			if !slices.ContainsFunc(d.objects, func(o wire.DocumentObject) bool {
				return o.Kind == berth.ObjectHost && o.Action == wire.ActionSkipped && berth.Fold(o.Name) == berth.Fold(name)
			}) {
				d.objects = append(d.objects, wire.DocumentObject{Kind: berth.ObjectHost, Name: name, Action: wire.ActionSkipped, Reason: notEnrolled})
			}
		case err != nil:
			return nil, err
		default:
			there = append(there, name)
		}
	}
	return there, nil
}

// notEnrolled is why a host of a document is skipped.
const notEnrolled = "the host is not enrolled; enrol it with `berth agent enroll`, then apply the document once more"

// prunePublications drafts the end of publications that the document, where it speaks of any, does not name.
func (d *declared) prunePublications() error {
	if !d.prune || d.doc.Publications == nil {
		return nil
	}
	named := map[string]bool{}
	for _, p := range d.doc.Publications {
		named[berth.Fold(p.Name)] = true
	}
	all, err := berth.LoadAll[berth.Publication](d, berth.Draft, berth.ObjectQuery{Site: berth.Fold(d.site.Name), Kind: berth.ObjectPublication})
	for _, p := range all {
		if err == nil && !named[berth.Fold(p.Name)] {
			err = drop[berth.Publication](d, d.ref(berth.ObjectPublication, p.Name), p.Name, nil)
		}
	}
	return err
}
