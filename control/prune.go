package control

import (
	"berth"
	"berth/wire"
)

// prunePools drafts the deletion of pools that the document, where it speaks of pools, does not name.
func (d *declared) prunePools() error {
	if !d.prune || d.doc.Pools == nil {
		return nil
	}
	named := map[string]bool{}
	for _, p := range d.doc.Pools {
		named[berth.Fold(p.Name)] = true
	}
	pools, err := berth.LoadAll[berth.Pool](d, berth.Draft, berth.ObjectQuery{Site: berth.Fold(d.site.Name), Kind: berth.ObjectPool})
	if err != nil {
		return err
	}
	for _, p := range pools {
		if named[berth.Fold(p.Name)] {
			continue
		}
		members, err := d.members(berth.Draft, p.Name)
		if err != nil {
			return err
		}
		if len(members) > 0 {
			return berth.Errorf(berth.Conflict, "pool %s is not in the document and holds %d hosts, %s first", p.Name, len(members), members[0]).
				On("pools").With("move its hosts in the document, or keep the pool")
		}
		if err := drop[berth.Pool](d, d.ref(berth.ObjectPool, p.Name), p.Name, nil); err != nil {
			return err
		}
	}
	return nil
}

// prunePackages drafts the deletion of packages that the document, where it speaks of packages, does not name. One that
// lists still mean, as they are applied or by a tag, is retired: it goes once the last of them has let go.
func (d *declared) prunePackages() error {
	if !d.prune || d.doc.Packages == nil {
		return nil
	}
	named := map[string]bool{}
	for _, p := range d.doc.Packages {
		named[berth.Fold(p.FullName)] = true
	}
	packages, err := berth.LoadAll[berth.Package](d, berth.Draft, berth.ObjectQuery{Site: berth.Fold(d.site.Name), Kind: berth.ObjectPackage})
	if err != nil {
		return err
	}
	for _, p := range packages {
		if named[berth.Fold(p.FullName)] || p.Retiring {
			continue
		}
		if err := d.prunePackage(p); err != nil {
			return err
		}
	}
	return nil
}

func (d *declared) prunePackage(p berth.Package) error {
	lists, err := d.lists(berth.Draft)
	if err != nil {
		return err
	}
	for _, l := range lists {
		for _, a := range l.assignments { // a tag means another version then
			if a.Version != "" && berth.Fold(a.Version) == berth.Fold(p.FullName) {
				return berth.Errorf(berth.Conflict, "package %s is not in the document and %s has exactly this version", p.FullName, l.name).
					On("packages").With("take it out of that list in the document, or keep the package")
			}
		}
	}
	held, err := d.holders(p)
	if err != nil {
		return err
	}
	var retire func(*berth.Package)
	if len(held) > 0 {
		retire = func(doc *berth.Package) { doc.Retiring = true }
	}
	return drop(d, d.ref(berth.ObjectPackage, p.FullName), p.FullName, retire)
}

// drop drafts the deletion of an object, or with retire what stands for it until it goes.
func drop[T any](d *declared, ref berth.Ref, name string, retire func(*T)) error {
	before, err := d.document(ref)
	if err != nil {
		return err
	}
	d.objects = append(d.objects, wire.DocumentObject{Kind: ref.Kind, Name: name, Action: wire.ActionDelete, Before: before})
	return edit(d.work, target{ref: ref, name: name, action: "delete by document"}, func(doc *T, is state) (keep, error) {
		if retire == nil {
			return removed, nil
		}
		retire(doc)
		return keep(is.exists), nil
	})
}
