package control

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"berth"
)

// AppAttach is an app attach package as Azure's clients see it.
type AppAttach struct {
	berth.AppAttachPackage
	Revision int64 // rises with every change
	// Active and Regular are what the lists of its pools say; nil where it is in no pool or names no package.
	Active, Regular *bool
}

// AppAttachSaid is what a client says of an app attach package.
type AppAttachSaid struct {
	Document  json.RawMessage // what is kept and echoed; nil: nothing is to change
	Package   berth.Package   // what the client says of the package; without a full name it means none
	Read      bool            // the image is to be read anew
	Active    *bool           // nil: as it was, or not
	Regular   *bool
	Pools     []berth.AppAttachPool
	OnFailure string
}

// AppAttachEdit says what becomes of an app attach package, which is nil when there is none. It may be called again when
// somebody else changed the package meanwhile.
type AppAttachEdit func(was *AppAttach) (AppAttachSaid, error)

// errStale asks to begin again: the object changed between looking and writing.
var errStale = berth.Errorf(berth.Conflict, "somebody else changes the package at the same time").With("try again")

// AppAttachPackage returns one app attach package; its absence is NotFound on appAttachPackage.
func (s *Service) AppAttachPackage(ctx context.Context, site, name string) (out AppAttach, err error) {
	err = s.view(ctx, site, func(w *work) error {
		out, err = w.appAttach(name)
		return err
	})
	return out, err
}

// AppAttachPackages returns the app attach packages of a site, ordered by name.
func (s *Service) AppAttachPackages(ctx context.Context, site string) (list []AppAttach, err error) {
	err = s.view(ctx, site, func(w *work) error {
		all, err := w.appAttachAll()
		list = all
		return err
	})
	return list, err
}

// Offered returns the app attach packages of a site as they were put, without what the lists of their pools say.
func (s *Service) Offered(ctx context.Context, site string) (list []berth.AppAttachPackage, err error) {
	err = s.view(ctx, site, func(w *work) error {
		list, err = berth.LoadAll[berth.AppAttachPackage](w, berth.Applied, berth.ObjectQuery{Site: berth.Fold(site), Kind: berth.ObjectAppAttach})
		return err
	})
	return list, err
}

func (w *work) appAttachAll() (list []AppAttach, err error) {
	objects, err := w.Objects(berth.ObjectQuery{Site: berth.Fold(w.site.Name), Kind: berth.ObjectAppAttach})
	for _, o := range objects {
		if o.Applied == nil {
			continue
		}
		one, err := w.appAttach(o.Name)
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, err
}

func (w *work) appAttach(name string) (out AppAttach, err error) {
	ref := w.ref(berth.ObjectAppAttach, name)
	if out.AppAttachPackage, err = berth.Load[berth.AppAttachPackage](w, berth.Applied, ref); err != nil {
		return out, err
	}
	o, err := w.Object(ref)
	if err != nil {
		return out, err
	}
	out.Revision = o.Revision
	if out.FullName == "" || len(out.Pools) == 0 {
		return out, nil
	}
	active, regular := true, true
	for _, p := range out.Pools {
		a, err := w.active(p.Pool, berth.Package{FullName: out.FullName})
		if err != nil && !berth.IsNotFound(err) {
			return out, err
		}
		active = active && a != nil
		regular = regular && a != nil && a.Registration == berth.AtLogon
	}
	out.Active = &active
	if active {
		out.Regular = &regular
	}
	return out, nil
}

// PutAppAttach creates or changes an app attach package, at once and alone: the catalogue gets the package, the lists of the
// pools that it names assign it or not, those of pools that it does not name any more do not.
func (s *Service) PutAppAttach(ctx context.Context, site, name string, fn AppAttachEdit) (out AppAttach, created bool, err error) {
	for range 5 {
		out, created, err = s.putAppAttach(ctx, site, name, fn)
		if err != errStale { //nolint:errorlint // the very value
			break
		}
	}
	return out, created, err
}

func (s *Service) putAppAttach(ctx context.Context, site, name string, fn AppAttachEdit) (out AppAttach, created bool, err error) {
	was, err := s.AppAttachPackage(ctx, site, name)
	created = berth.IsNotFound(err)
	if err != nil && (!created || missing(err) == "site") {
		return out, false, err
	}
	before := &was
	if created {
		before = nil
	}
	said, err := fn(before)
	if err != nil || said.Document == nil {
		return was, false, err
	}
	p := said.Package
	if said.Read && p.FullName != "" {
		p = s.observe(ctx, Declare{FullName: p.FullName, Package: p})
	}
	err = s.update(ctx, site, func(w *work) error {
		w.now = true
		is, err := w.appAttach(name)
		if err != nil && !berth.IsNotFound(err) {
			return err
		}
		if is.Revision != was.Revision {
			return errStale
		}
		if err := w.writeAppAttach(name, said); err != nil {
			return err
		}
		if err := w.offer(is, said, p); err != nil {
			return err
		}
		out, err = w.appAttach(name)
		return err
	})
	return out, created, err
}

// missing is the sort of thing that a NotFound error misses.
func missing(err error) string {
	e, ok := asError(err)
	if !ok {
		return ""
	}
	return e.Field
}

func (w *work) writeAppAttach(name string, said AppAttachSaid) error {
	t := target{ref: w.ref(berth.ObjectAppAttach, name), name: name, action: "put app attach package"}
	return edit(w, t, func(doc *berth.AppAttachPackage, is state) (keep, error) {
		if !is.exists {
			doc.Azure.CreatedAt, doc.Azure.CreatedBy, doc.Azure.CreatedByType = w.at, w.who.Name, azureKind(w.who)
		}
		doc.Name, doc.FullName, doc.Pools, doc.OnFailure = name, said.Package.FullName, said.Pools, said.OnFailure
		doc.Azure.Document = said.Document
		doc.Azure.ModifiedAt, doc.Azure.ModifiedBy, doc.Azure.ModifiedByType = w.at, w.who.Name, azureKind(w.who)
		return kept, nil
	})
}

// offer makes catalogue and lists say what the client wants.
func (w *work) offer(was AppAttach, said AppAttachSaid, p berth.Package) error {
	for i, pool := range said.Pools {
		if _, err := w.avdPool(pool.Pool); berth.IsNotFound(err) {
			return berth.Errorf(berth.Invalid, "%s is no host pool of this resource group", pool.Reference).
				On(fmt.Sprintf("properties.hostPoolReferences[%d]", i)).With("make the host pool first")
		} else if err != nil {
			return err
		}
	}
	if err := w.takeBack(was, said); err != nil {
		return err
	}
	if p.FullName == "" {
		return nil
	}
	if said.Read {
		if err := w.catalogue(p); err != nil {
			return err
		}
	} else if known, err := berth.Load[berth.Package](w, berth.Applied, w.ref(berth.ObjectPackage, p.FullName)); err == nil {
		p = known
	} else if !berth.IsNotFound(err) {
		return err
	}
	active, regular := said.Active, said.Regular
	if active == nil {
		active = was.Active // so that pools that join get what the others have
	}
	for _, pool := range said.Pools {
		if err := w.activate(Declare{Pool: pool.Pool, FullName: p.FullName, Active: active, Regular: regular}, p); err != nil {
			return err
		}
	}
	return nil
}

// takeBack takes the package of before out of the lists of pools that the client does not name any more, and out of all when
// it names another package.
func (w *work) takeBack(was AppAttach, said AppAttachSaid) error {
	if was.FullName == "" {
		return nil
	}
	same := berth.Fold(was.FullName) == berth.Fold(said.Package.FullName)
	for _, old := range was.Pools {
		stays := slices.ContainsFunc(said.Pools, func(p berth.AppAttachPool) bool { return berth.Fold(p.Pool) == berth.Fold(old.Pool) })
		if same && stays {
			continue
		}
		if err := w.unoffer(old.Pool, was.FullName); err != nil {
			return err
		}
	}
	if same {
		return nil
	}
	return w.forgetNamed(was.FullName)
}

// unoffer takes an exact version out of the list of a pool, if it is in it.
func (w *work) unoffer(pool, fullName string) error {
	a, err := w.active(pool, berth.Package{FullName: fullName})
	if err != nil || a == nil {
		if berth.IsNotFound(err) {
			return nil // the pool is gone, and its list with it
		}
		return err
	}
	return w.editList(Holder{Pool: pool}, "deactivate package", unassignVersion(fullName))
}

// forgetNamed removes a package from the catalogue when nothing means it any more.
func (w *work) forgetNamed(fullName string) error {
	p, err := berth.Load[berth.Package](w, berth.Applied, w.ref(berth.ObjectPackage, fullName))
	if berth.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	return w.forget(p)
}

// RemoveAppAttach deletes an app attach package: it leaves every pool. existed is false when there was none.
func (s *Service) RemoveAppAttach(ctx context.Context, site, name string) (existed bool, err error) {
	err = s.update(ctx, site, func(w *work) error {
		is, err := w.appAttach(name)
		if berth.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return err
		}
		existed, w.now = true, true
		t := target{ref: w.ref(berth.ObjectAppAttach, name), name: is.Name, action: "delete app attach package"}
		if err := edit(w, t, func(*berth.AppAttachPackage, state) (keep, error) { return removed, nil }); err != nil {
			return err
		}
		return w.takeBack(is, AppAttachSaid{})
	})
	return existed, err
}

// withdrawAll takes a host pool that is deleted out of the app attach packages that name it.
func (w *work) withdrawAll(pool string) error {
	all, err := w.appAttachAll()
	if err != nil {
		return err
	}
	names := func(p berth.AppAttachPool) bool { return berth.Fold(p.Pool) == berth.Fold(pool) }
	for _, a := range all {
		if !slices.ContainsFunc(a.Pools, names) {
			continue
		}
		t := target{ref: w.ref(berth.ObjectAppAttach, a.Name), name: a.Name, action: "withdraw app attach package"}
		err := edit(w, t, func(doc *berth.AppAttachPackage, is state) (keep, error) {
			doc.Pools = slices.DeleteFunc(slices.Clone(doc.Pools), names)
			return keep(is.exists), nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// meant tells whether an app attach package names the package.
func (w *work) meant(p berth.Package) (bool, error) {
	all, err := berth.LoadAll[berth.AppAttachPackage](w, berth.Applied, berth.ObjectQuery{Site: berth.Fold(w.site.Name), Kind: berth.ObjectAppAttach})
	return slices.ContainsFunc(all, func(a berth.AppAttachPackage) bool { return berth.Fold(a.FullName) == berth.Fold(p.FullName) }), err
}

// offeredIn are the folded full names of the packages that app attach packages offer from a pool. They are none of its MSIX
// packages, though its list assigns them.
func (w *work) offeredIn(pool string) (map[string]bool, error) {
	all, err := berth.LoadAll[berth.AppAttachPackage](w, berth.Applied, berth.ObjectQuery{Site: berth.Fold(w.site.Name), Kind: berth.ObjectAppAttach})
	offered := map[string]bool{}
	for _, a := range all {
		if slices.ContainsFunc(a.Pools, func(p berth.AppAttachPool) bool { return berth.Fold(p.Pool) == berth.Fold(pool) }) {
			offered[berth.Fold(a.FullName)] = true
		}
	}
	return offered, err
}
