package control

import (
	"context"
	"fmt"
	"slices"

	"berth"
)

// Holder names what has a list of assignments: exactly one of its fields is set.
type Holder struct {
	Host     string
	Pool     string
	Defaults berth.HostKind

	expect int64 // see At
}

// At returns the holder for an edit by somebody who saw its list at that revision: an edit of an older one is refused as
// Precondition. 0 stands for any.
func (h Holder) At(revision int64) Holder {
	h.expect = revision
	return h
}

// String names the holder in words.
func (h Holder) String() string {
	switch {
	case h.Host != "":
		return "host " + h.Host
	case h.Pool != "":
		return "pool " + h.Pool
	default:
		return "site defaults of " + string(h.Defaults)
	}
}

// Assignments is the list of a holder.
type Assignments struct {
	Holder      Holder
	Inherit     bool // of hosts and pools: the own list is not in force
	Assignments []berth.Assignment
	Revision    int64

	// Dependencies are those of what was just assigned, held against the catalogue; empty where nothing was.
	Dependencies []berth.DependencyCheck
}

// Assignments returns the own list of a holder, as drafted.
func (s *Service) Assignments(ctx context.Context, site string, h Holder) (a Assignments, err error) {
	err = s.view(ctx, site, func(w *work) error {
		a, err = w.assignments(h)
		return err
	})
	return a, err
}

func (w *work) assignments(h Holder) (Assignments, error) {
	a := Assignments{Holder: h}
	ref, err := w.holderRef(h)
	if err != nil {
		return a, err
	}
	o, err := w.Object(ref)
	if err != nil {
		return a, err
	}
	a.Revision = o.Revision
	switch ref.Kind {
	case berth.ObjectHost:
		c, err := berth.Load[berth.HostConfig](w, berth.Draft, ref)
		a.Inherit, a.Assignments = c.Inherit, c.Assignments
		return a, err
	case berth.ObjectPool:
		p, err := berth.Load[berth.Pool](w, berth.Draft, ref)
		a.Inherit, a.Assignments = p.Inherit, p.Assignments
		return a, err
	default:
		d, err := berth.Load[berth.Defaults](w, berth.Draft, ref)
		a.Assignments = d.Assignments
		return a, err
	}
}

// holderRef finds the object; a host or pool that is not there is NotFound in words that fit. What is applied at once
// looks at what hosts see: a drafted deletion does not stand in its way.
func (w *work) holderRef(h Holder) (berth.Ref, error) {
	view := berth.Draft
	if w.now {
		view = berth.Applied
	}
	switch {
	case h.Host != "":
		ref := w.ref(berth.ObjectHost, h.Host)
		if _, err := berth.Load[berth.HostConfig](w, view, ref); err != nil {
			return ref, hostUnknown(w.site.Name, h.Host, err)
		}
		return ref, nil
	case h.Pool != "":
		ref := w.ref(berth.ObjectPool, h.Pool)
		_, err := berth.Load[berth.Pool](w, view, ref)
		return ref, err
	}
	kind, err := berth.ParseHostKind(string(h.Defaults))
	return w.ref(berth.ObjectDefaults, string(kind)), err
}

func hostUnknown(site, host string, err error) error {
	if !berth.IsNotFound(err) {
		return err
	}
	return berth.Errorf(berth.NotFound, "site %s has no host %q", site, host).On("host").
		With("see `berth host list`; a host appears when its agent enrols")
}

// Assign drafts an assignment into the holder's own list. An assignment of the same family is replaced. A host or pool
// that inherited stops doing so: its own list starts with what it inherited, so that nothing is taken away by the way.
func (s *Service) Assign(ctx context.Context, site string, h Holder, a berth.Assignment) (out Assignments, err error) {
	err = s.update(ctx, site, func(w *work) error {
		if err := w.checkAssignment(&a); err != nil {
			return err
		}
		if err := w.editList(h, "assign", assign(a)); err != nil {
			return err
		}
		if out, err = w.assignments(h); err != nil {
			return err
		}
		out.Dependencies, err = w.dependenciesOf(h, a)
		return err
	})
	return out, err
}

// Unassign drafts the family out of the holder's own list.
func (s *Service) Unassign(ctx context.Context, site string, h Holder, family string) (out Assignments, err error) {
	err = s.update(ctx, site, func(w *work) error {
		was, err := w.assignments(h)
		if err != nil {
			return err
		}
		if was.Inherit || !slices.ContainsFunc(was.Assignments, ofFamily(family)) {
			return berth.Errorf(berth.NotFound, "the list of %s has no family %q", h, family).On("family").
				With("look at `berth assign list`; an inherited row is removed where it comes from")
		}
		if err := w.editList(h, "unassign", unassign(family)); err != nil {
			return err
		}
		out, err = w.assignments(h)
		return err
	})
	return out, err
}

// Inherit drafts the holder's switch: with true the list of the level above is in force and the own list is dropped.
func (s *Service) Inherit(ctx context.Context, site string, h Holder, inherit bool) (out Assignments, err error) {
	err = s.update(ctx, site, func(w *work) error {
		if h.Defaults != "" {
			return berth.Errorf(berth.Invalid, "site defaults inherit from nothing").On("holder")
		}
		action := map[bool]string{true: "inherit", false: "stop inheriting"}[inherit]
		err := w.editList(h, action, func(l *ownList) error {
			if inherit {
				l.inherit, l.assignments = true, nil
				return nil
			}
			return l.own()
		})
		if err != nil {
			return err
		}
		out, err = w.assignments(h)
		return err
	})
	return out, err
}

// checkAssignment makes sure that family, version and tag mean something, and fills the family of an exact version.
func (w *work) checkAssignment(a *berth.Assignment) error {
	if (a.Version == "") == (a.Tag == "") {
		return berth.Errorf(berth.Invalid, "an assignment names either an exact version or a version tag").On("selector")
	}
	if a.Registration == "" {
		a.Registration = berth.AtLogon
	}
	if a.Registration != berth.AtLogon && a.Registration != berth.OnDemand {
		return berth.Errorf(berth.Invalid, "%q is no registration mode", a.Registration).On("registration").With("use atLogon or onDemand")
	}
	if a.Version != "" {
		p, _, err := w.pkg(a.Version)
		if err != nil {
			return err
		}
		a.Family, a.Version = p.FamilyName, p.FullName
		return nil
	}
	ids, err := w.tagIDs([]string{string(a.Tag)})
	if err != nil {
		return err
	}
	a.Tag = ids[0]
	return w.checkFamily(a)
}

// checkFamily makes sure that the catalogue has the family, and spells it as the catalogue does.
func (w *work) checkFamily(a *berth.Assignment) error {
	if berth.Fold(a.Family) == "" { // a query without a family finds them all
		return berth.Errorf(berth.Invalid, "an assignment by version tag names a package family").On("family")
	}
	family, err := berth.LoadAll[berth.Package](w, berth.Draft, berth.ObjectQuery{Site: berth.Fold(w.site.Name),
		Kind: berth.ObjectPackage, Family: berth.Fold(a.Family)})
	if err != nil {
		return err
	}
	if len(family) > 0 {
		a.Family = family[0].FamilyName
		return nil
	}
	return berth.Errorf(berth.NotFound, "the catalogue of site %s has no package of family %q", w.site.Name, a.Family).
		On("family").With("see `berth package list` for the families there are")
}

func ofFamily(family string) func(berth.Assignment) bool {
	return func(a berth.Assignment) bool { return berth.Fold(a.Family) == berth.Fold(family) }
}

// assign puts the assignment into the list, in place of one of the same family.
func assign(a berth.Assignment) func(*ownList) error {
	return func(l *ownList) error {
		if err := l.own(); err != nil {
			return err
		}
		l.assignments = slices.Clone(l.assignments)
		if i := slices.IndexFunc(l.assignments, ofFamily(a.Family)); i >= 0 {
			l.assignments[i] = a
			return nil
		}
		l.assignments = append(l.assignments, a)
		return nil
	}
}

// unassign takes the family out of the list.
func unassign(family string) func(*ownList) error {
	return func(l *ownList) error {
		l.assignments = slices.DeleteFunc(slices.Clone(l.assignments), ofFamily(family))
		return nil
	}
}

// ownList is a holder's own list while it is edited.
type ownList struct {
	inherit     bool
	assignments []berth.Assignment
	above       func() ([]berth.Assignment, error) // what is inherited
}

// own makes the holder stop inheriting: its own list starts as what it inherited.
func (l *ownList) own() (err error) {
	if l.inherit {
		l.inherit = false
		l.assignments, err = l.above()
	}
	return err
}

// editList changes the holder's own list and its inherit switch.
func (w *work) editList(h Holder, action string, fn func(*ownList) error) error {
	ref, err := w.holderRef(h)
	if err != nil {
		return err
	}
	t := target{ref: ref, name: h.Host + h.Pool + string(h.Defaults), action: action, expect: h.expect}
	switch ref.Kind {
	case berth.ObjectHost:
		return edit(w, t, func(doc *berth.HostConfig, is state) (keep, error) {
			l := ownList{doc.Inherit, doc.Assignments, func() ([]berth.Assignment, error) { return w.above(is.view, doc.Pool, doc.Kind) }}
			err := fn(&l)
			doc.Inherit, doc.Assignments = l.inherit, l.assignments
			return keep(is.exists), err
		})
	case berth.ObjectPool:
		return edit(w, t, func(doc *berth.Pool, is state) (keep, error) {
			l := ownList{doc.Inherit, doc.Assignments, func() ([]berth.Assignment, error) { return w.above(is.view, "", doc.Kind) }}
			err := fn(&l)
			doc.Inherit, doc.Assignments = l.inherit, l.assignments
			return keep(is.exists), err
		})
	default: // site defaults
		return edit(w, t, func(doc *berth.Defaults, is state) (keep, error) {
			l := ownList{assignments: doc.Assignments}
			err := fn(&l)
			doc.Assignments = l.assignments
			return keep(is.exists), err
		})
	}
}

// above returns the list that a host or pool of that kind inherits: the pool's where there is one that has its own, else
// the site defaults.
func (w *work) above(v berth.View, pool string, kind berth.HostKind) ([]berth.Assignment, error) {
	if pool != "" {
		p, err := berth.LoadOr(w, v, w.ref(berth.ObjectPool, pool), berth.Pool{Inherit: true})
		if err != nil || !p.Inherit {
			return p.Assignments, err
		}
	}
	d, err := berth.LoadOr(w, v, w.ref(berth.ObjectDefaults, string(kind)), berth.Defaults{})
	return d.Assignments, err
}

// named is a list of assignments with the words for its holder.
type named struct {
	name        string
	assignments []berth.Assignment
}

// lists returns every own list of the site that is in force somewhere.
func (w *work) lists(v berth.View) ([]named, error) {
	site := berth.Fold(w.site.Name)
	var out []named
	hosts, err := berth.LoadAll[berth.HostConfig](w, v, berth.ObjectQuery{Site: site, Kind: berth.ObjectHost, Alone: true})
	if err != nil {
		return nil, err
	}
	for _, h := range hosts {
		if !h.Inherit {
			out = append(out, named{"host " + h.Name, h.Assignments})
		}
	}
	pools, err := berth.LoadAll[berth.Pool](w, v, berth.ObjectQuery{Site: site, Kind: berth.ObjectPool})
	if err != nil {
		return nil, err
	}
	for _, p := range pools {
		if !p.Inherit {
			out = append(out, named{"pool " + p.Name, p.Assignments})
		}
	}
	defaults, err := berth.LoadAll[berth.Defaults](w, v, berth.ObjectQuery{Site: site, Kind: berth.ObjectDefaults})
	for _, d := range defaults {
		out = append(out, named{fmt.Sprintf("site defaults of %s", d.Kind), d.Assignments})
	}
	return out, err
}
