package control

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"berth"
	"berth/auth"
)

// Declared is a package as one AVD host pool shows it to Azure's clients.
type Declared struct {
	berth.Declaration               // without properties: another face assigned the package, and no client has described it
	Active            bool          // the pool's own list assigns this exact version
	Regular           bool          // registered at logon, not on demand
	Package           berth.Package // of the catalogue
}

// Declare asks to put a package into a pool as a client of Azure's interface does.
type Declare struct {
	Site, Pool string
	FullName   string
	Properties []byte        // the JSON object of the request
	Package    berth.Package // what the client says of the package
	Active     *bool         // nil: as it was, or not
	Regular    *bool
}

// Declare creates or replaces the package of a pool. It is applied at once, and alone. What the client says is kept as it
// came; what the image says, where the server can read it, is kept beside it.
func (s *Service) Declare(ctx context.Context, d Declare) (out Declared, created bool, err error) {
	if err := s.checkPool(ctx, d.Site, d.Pool); err != nil {
		return out, false, err
	}
	p := s.observe(ctx, d)
	err = s.update(ctx, d.Site, func(w *work) error {
		w.now = true
		was, err := w.active(d.Pool, berth.Package{FullName: d.FullName})
		if err != nil {
			return err
		}
		if created, err = w.declare(d); err != nil {
			return err
		}
		created = created && was == nil // one that another face assigned was there
		if err := w.catalogue(p); err != nil {
			return err
		}
		if err := w.activate(d, p); err != nil {
			return err
		}
		out, err = w.declared(d.Pool, d.FullName)
		return err
	})
	return out, created, err
}

// Redeclare changes what a client said of a package of a pool by fn, which gets it as it is and says whether anything is to
// change. Looking and changing are one step. The image is not read again.
func (s *Service) Redeclare(ctx context.Context, site, pool, fullName string, fn func(was Declared) (Declare, bool, error)) (out Declared, err error) {
	err = s.update(ctx, site, func(w *work) error {
		w.now = true
		if _, err := w.avdPool(pool); err != nil {
			return err
		}
		if out, err = w.declared(pool, fullName); err != nil {
			return err
		}
		d, changed, err := fn(out)
		if err != nil || !changed {
			return err
		}
		if _, err := w.declare(d); err != nil {
			return err
		}
		if name := d.Package.DisplayName; name != "" && name != out.Package.DisplayName {
			t := target{ref: w.ref(berth.ObjectPackage, fullName), name: out.Package.FullName, action: "edit package"}
			if err := edit(w, t, func(doc *berth.Package, is state) (keep, error) {
				doc.DisplayName = name
				return keep(is.exists), nil
			}); err != nil {
				return err
			}
		}
		if err := w.activate(d, out.Package); err != nil {
			return err
		}
		out, err = w.declared(pool, fullName)
		return err
	})
	return out, err
}

// checkPool checks that the pool exists, before an image is read for nothing.
func (s *Service) checkPool(ctx context.Context, site, name string) error {
	return s.work(ctx, s.store.View, need{site, berth.RoleContributor}, func(w *work) error {
		_, err := w.avdPool(name)
		return err
	})
}

func (w *work) avdPool(name string) (berth.Pool, error) {
	p, err := berth.Load[berth.Pool](w, berth.Applied, w.ref(berth.ObjectPool, name))
	if err == nil && p.Kind != berth.KindAVD {
		err = berth.Errorf(berth.NotFound, "pool %q is no AVD host pool", name).On("pool")
	}
	return p, err
}

// observe looks into the image for the package that the client names. Where it cannot, or the image says otherwise, the
// package says so in its findings: Azure accepts such a package too.
func (s *Service) observe(ctx context.Context, d Declare) berth.Package {
	p := d.Package
	p.FullName, p.Enabled = d.FullName, true
	ps, err := s.library.Read(ctx, p.ImagePath)
	if err != nil {
		p.Findings = append(p.Findings, "the server could not read the image: "+words(err))
		return p
	}
	i := slices.IndexFunc(ps, func(o berth.Package) bool { return berth.Fold(o.FullName) == berth.Fold(d.FullName) })
	if i < 0 {
		p.Findings = append(p.Findings, "the image holds no package "+d.FullName)
		return p
	}
	o := ps[i]
	o.Enabled, o.FullName = true, d.FullName
	if p.DisplayName != "" {
		o.DisplayName = p.DisplayName
	}
	// Signature and block map were checked by reading. The content is not: a client waits for seconds, not for as long as
	// reading a large image over a share takes. Hosts check every block before they use it.
	o.Findings = append(o.Findings, differences(p, o)...)
	return o
}

func asError(err error) (*berth.Error, bool) { return errors.AsType[*berth.Error](err) }

func words(err error) string {
	if e, ok := asError(err); ok {
		return e.Message
	}
	return err.Error()
}

// differences says where the client and the image disagree.
func differences(said, seen berth.Package) []string {
	var out []string
	differ := func(what, a, b string) {
		if a != "" && berth.Fold(a) != berth.Fold(b) {
			out = append(out, "declared "+what+" "+a+", the image says "+b)
		}
	}
	differ("family name", said.FamilyName, seen.FamilyName)
	differ("package name", said.Name, seen.Name)
	differ("path in the image", cleanRelative(said.RelativePath), cleanRelative(seen.RelativePath))
	if said.Version != (berth.Version{}) {
		differ("version", said.Version.String(), seen.Version.String())
	}
	return out
}

func (w *work) declare(d Declare) (created bool, err error) {
	t := target{ref: w.declarationRef(d.Pool, d.FullName), name: d.FullName, action: "put package of pool"}
	err = edit(w, t, func(doc *berth.Declaration, is state) (keep, error) {
		if !is.exists {
			created = true
			*doc = berth.Declaration{CreatedAt: w.at, CreatedBy: w.who.Name, CreatedByType: azureKind(w.who)}
		}
		doc.Pool, doc.FullName, doc.Properties = d.Pool, d.FullName, d.Properties
		doc.ModifiedAt, doc.ModifiedBy, doc.ModifiedByType = w.at, w.who.Name, azureKind(w.who)
		return kept, nil
	})
	return created, err
}

func (w *work) declarationRef(pool, fullName string) berth.Ref {
	return w.ref(berth.ObjectDeclaration, berth.Fold(pool)+"/"+fullName)
}

// catalogue puts the package into the catalogue, or renews what is known of it there; the tags and the switch that an
// administrator set stay, the display name too unless the client says one.
func (w *work) catalogue(p berth.Package) error {
	t := target{ref: w.ref(berth.ObjectPackage, p.FullName), name: p.FullName, action: "put package"}
	return edit(w, t, func(doc *berth.Package, is state) (keep, error) {
		was := *doc
		if is.exists && was.Observed != nil && p.Observed == nil && was.ImagePath == p.ImagePath {
			// What was once seen in the image counts for hosts, though it cannot be read at present.
			doc.Findings = p.Findings
			doc.DisplayName = cmp.Or(p.DisplayName, was.DisplayName)
			return kept, nil
		}
		*doc = p
		doc.AddedAt, doc.AddedBy, doc.Visiting = w.at, w.who.Name, true
		doc.DisplayName = cmp.Or(p.DisplayName, was.DisplayName, p.Name, p.FullName)
		if is.exists {
			doc.Visiting = was.Visiting
			doc.Tags, doc.Enabled, doc.OnFailure, doc.AddedAt, doc.AddedBy = was.Tags, was.Enabled, was.OnFailure, was.AddedAt, was.AddedBy
		}
		return kept, nil
	})
}

// activate makes the pool's own list say what the client wants: one active version of a family in a pool.
func (w *work) activate(d Declare, p berth.Package) error {
	h := Holder{Pool: d.Pool}
	was, err := w.active(d.Pool, p)
	if err != nil {
		return err
	}
	active := was != nil
	if d.Active != nil {
		active = *d.Active
	}
	if !active {
		if was == nil {
			return nil
		}
		return w.editList(h, "deactivate package", unassignVersion(d.FullName))
	}
	a := berth.Assignment{Family: p.FamilyName, Version: p.FullName, Registration: berth.OnDemand}
	if was != nil {
		a.Registration = was.Registration
	}
	if d.Regular != nil {
		a.Registration = map[bool]berth.Registration{true: berth.AtLogon, false: berth.OnDemand}[*d.Regular]
	}
	if was != nil && *was == a {
		return nil
	}
	return w.editList(h, "activate package", func(l *ownList) error {
		// The client may say another family than it did when it activated this version.
		if was != nil && berth.Fold(was.Family) != berth.Fold(a.Family) {
			if err := unassignVersion(d.FullName)(l); err != nil {
				return err
			}
		}
		return assign(a)(l)
	})
}

// unassignVersion takes an exact version out of the list. What an administrator drafted for the family meanwhile, a tag
// or another version, stays.
func unassignVersion(fullName string) func(*ownList) error {
	return func(l *ownList) error {
		l.assignments = slices.DeleteFunc(slices.Clone(l.assignments),
			func(a berth.Assignment) bool { return berth.Fold(a.Version) == berth.Fold(fullName) })
		return nil
	}
}

// active returns the pool's own applied assignment of that exact version, nil when there is none.
func (w *work) active(pool string, p berth.Package) (*berth.Assignment, error) {
	doc, err := w.avdPool(pool)
	return activeIn(doc, p.FullName), err
}

// activeIn returns the assignment of an exact version in a pool's own list, nil when there is none.
func activeIn(pool berth.Pool, fullName string) *berth.Assignment {
	if pool.Inherit {
		return nil
	}
	for _, a := range pool.Assignments {
		if a.Version != "" && berth.Fold(a.Version) == berth.Fold(fullName) {
			return &a
		}
	}
	return nil
}

func (w *work) declared(pool, fullName string) (out Declared, err error) {
	if out.Declaration, err = berth.Load[berth.Declaration](w, berth.Applied, w.declarationRef(pool, fullName)); err == nil {
		return out, w.complete(&out)
	}
	if !berth.IsNotFound(err) {
		return out, err
	}
	doc, perr := w.avdPool(pool)
	a := activeIn(doc, fullName)
	if perr != nil || a == nil {
		return out, err
	}
	if offered, oerr := w.offeredIn(pool); oerr != nil || offered[berth.Fold(fullName)] {
		return out, cmp.Or(oerr, err)
	}
	return w.undeclared(doc, *a)
}

// undeclared is a package that another face assigned to the pool: no client has described it, so that the catalogue says all.
func (w *work) undeclared(pool berth.Pool, a berth.Assignment) (out Declared, err error) {
	out.Package, err = berth.LoadOr(w, berth.Applied, w.ref(berth.ObjectPackage, a.Version), berth.Package{FullName: a.Version, FamilyName: a.Family})
	p := out.Package
	out.Declaration = berth.Declaration{Pool: pool.Name, FullName: p.FullName, CreatedAt: p.AddedAt, CreatedBy: p.AddedBy, CreatedByType: "User",
		ModifiedAt: p.AddedAt, ModifiedBy: p.AddedBy, ModifiedByType: "User"}
	out.assigned(&a)
	return out, err
}

// complete adds what the catalogue and the pool's list say of the declared package.
func (w *work) complete(d *Declared) (err error) {
	d.Package, err = berth.LoadOr(w, berth.Applied, w.ref(berth.ObjectPackage, d.FullName), berth.Package{FullName: d.FullName})
	if err != nil {
		return err
	}
	a, err := w.active(d.Pool, d.Package)
	d.assigned(a)
	return err
}

// assigned says what the pool's list has of the package.
func (d *Declared) assigned(a *berth.Assignment) {
	if a != nil {
		d.Active, d.Regular = true, a.Registration == berth.AtLogon
	}
}

// DeclaredPackage returns one package of a pool.
func (s *Service) DeclaredPackage(ctx context.Context, site, pool, fullName string) (out Declared, err error) {
	err = s.view(ctx, site, func(w *work) error {
		if _, err := w.avdPool(pool); err != nil {
			return err
		}
		out, err = w.declared(pool, fullName)
		return err
	})
	return out, err
}

// Undeclare takes a package out of a pool, at once: the pool's assignment of it goes too. The catalogue forgets it when
// nothing else holds it. existed is false when there was no such package.
func (s *Service) Undeclare(ctx context.Context, site, pool, fullName string) (existed bool, err error) {
	err = s.update(ctx, site, func(w *work) error {
		w.now = true
		if _, err := w.avdPool(pool); err != nil {
			return err
		}
		d, err := w.declared(pool, fullName)
		if berth.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return err
		}
		existed = true
		if d.Active {
			if err := w.editList(Holder{Pool: pool}, "deactivate package", unassignVersion(fullName)); err != nil {
				return err
			}
		}
		t := target{ref: w.declarationRef(pool, fullName), name: fullName, action: "delete package of pool"}
		if err := edit(w, t, func(*berth.Declaration, state) (keep, error) { return removed, nil }); err != nil {
			return err
		}
		return w.forget(d.Package)
	})
	return existed, err
}

// forget removes a package from the catalogue when no pool declares it and no list means it.
func (w *work) forget(p berth.Package) error {
	objects, err := w.Objects(berth.ObjectQuery{Site: berth.Fold(w.site.Name), Kind: berth.ObjectDeclaration})
	if err != nil {
		return err
	}
	for _, o := range objects {
		if berth.Fold(o.Name) == berth.Fold(p.FullName) {
			return nil
		}
	}
	if meant, err := w.meant(p); err != nil || meant || !p.Visiting {
		return err // what an administrator added stays
	}
	held, err := w.holders(p)
	if err != nil || len(held) > 0 {
		return err
	}
	t := target{ref: w.ref(berth.ObjectPackage, p.FullName), name: p.FullName, action: "delete package"}
	return edit(w, t, func(*berth.Package, state) (keep, error) { return removed, nil })
}

// cleanRelative gives a path in an image one form: slashes, none at the ends.
func cleanRelative(p string) string { return strings.Trim(strings.ReplaceAll(p, `\`, "/"), "/") }

// azureKind is the createdByType of Azure's systemData for a caller.
func azureKind(p auth.Principal) string {
	if p.Kind == "user" {
		return "User"
	}
	return "Application"
}
