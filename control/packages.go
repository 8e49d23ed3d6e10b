package control

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"berth"
)

// NewPackage asks to add one package of an image to a site's catalogue.
type NewPackage struct {
	Site        string
	ImagePath   string
	FullName    string // which one, where the image holds several; empty when it holds one
	DisplayName string // empty: as the manifest says
	Tags        []string
	Disabled    bool
	OnFailure   string // what becomes of an AVD host's health when it is not staged; empty: NeedsAssistance
}

// AddPackage reads and verifies the image and drafts the package. Nothing is changed when the image cannot be read, is
// not as signed, or holds a package that is in the catalogue already.
func (s *Service) AddPackage(ctx context.Context, n NewPackage) (p berth.Package, err error) {
	// The right is checked before the image is touched: reading it costs, and its contents are not everybody's business.
	if err := s.update(ctx, n.Site, func(*work) error { return nil }); err != nil {
		return p, err
	}
	if n.OnFailure, err = onFailure(n.OnFailure); err != nil {
		return p, err
	}
	if p, err = s.choose(ctx, n); err != nil {
		return p, err
	}
	if err := s.absent(ctx, n.Site, p.FullName); err != nil {
		return p, err
	}
	if err := s.library.Verify(ctx, p); err != nil {
		return p, err
	}
	if p.Observed != nil {
		p.Observed.VerifiedContent = true
	}
	err = s.update(ctx, n.Site, func(w *work) error {
		if p.Tags, err = w.tagIDs(n.Tags); err != nil {
			return err
		}
		p.Enabled, p.OnFailure, p.AddedAt, p.AddedBy = !n.Disabled, n.OnFailure, w.at, w.who.Name
		if n.DisplayName != "" {
			p.DisplayName = n.DisplayName
		}
		return edit(w, target{ref: w.ref(berth.ObjectPackage, p.FullName), name: p.FullName, action: "add package"},
			func(doc *berth.Package, is state) (keep, error) {
				if is.exists {
					return kept, inCatalogue(n.Site, p.FullName)
				}
				*doc = p
				return kept, nil
			})
	})
	return p, err
}

func inCatalogue(site, fullName string) error {
	return berth.Errorf(berth.Conflict, "package %s is in the catalogue of site %s already", fullName, site).On("package").
		With("edit it, or delete it first; another version needs another full name")
}

// absent returns Conflict when the package is in the catalogue, before a long verification is begun for nothing.
func (s *Service) absent(ctx context.Context, site, fullName string) error {
	return s.view(ctx, site, func(w *work) error {
		if _, err := berth.Load[berth.Package](w, berth.Draft, w.ref(berth.ObjectPackage, fullName)); err == nil {
			return inCatalogue(site, fullName)
		}
		return nil
	})
}

// choose reads the image and picks the package asked for.
func (s *Service) choose(ctx context.Context, n NewPackage) (berth.Package, error) {
	ps, err := s.library.Read(ctx, n.ImagePath)
	if err != nil {
		return berth.Package{}, err
	}
	var names []string
	for _, p := range ps {
		if berth.Fold(p.FullName) == berth.Fold(n.FullName) || (n.FullName == "" && len(ps) == 1) {
			return p, nil
		}
		names = append(names, p.FullName)
	}
	switch {
	case len(ps) == 0:
		return berth.Package{}, berth.Errorf(berth.Invalid, "%s holds no MSIX package", n.ImagePath).On("imagePath").
			With("an image must hold a package expanded into a folder, with its AppxManifest.xml")
	case n.FullName == "":
		return berth.Package{}, berth.Errorf(berth.Invalid, "%s holds %d packages", n.ImagePath, len(ps)).On("package").
			With("say which: " + strings.Join(names, ", "))
	}
	return berth.Package{}, berth.Errorf(berth.NotFound, "%s holds no package %s", n.ImagePath, n.FullName).On("package").
		With("it holds " + strings.Join(names, ", "))
}

// Package returns one package of the catalogue as drafted, with its revision.
func (s *Service) Package(ctx context.Context, site, fullName string) (p berth.Package, revision int64, err error) {
	err = s.view(ctx, site, func(w *work) error {
		p, revision, err = w.pkg(fullName)
		return err
	})
	return p, revision, err
}

func (w *work) pkg(fullName string) (berth.Package, int64, error) {
	ref := w.ref(berth.ObjectPackage, fullName)
	p, err := berth.Load[berth.Package](w, berth.Draft, ref)
	if err != nil {
		return p, 0, err
	}
	o, err := w.Object(ref)
	return p, o.Revision, err
}

// Packages returns the catalogue as drafted, ordered by full name; with a limit, the next ones behind after.
func (s *Service) Packages(ctx context.Context, site, after string, limit int) ([]berth.Package, error) {
	page, err := s.FindPackages(ctx, site, PackageQuery{After: after, Limit: limit})
	return page.Items, err
}

// PackageEdit changes a package; nil leaves a property as it is.
type PackageEdit struct {
	DisplayName *string
	Enabled     *bool
	Tags        *[]string // the whole new list, by name or id
	OnFailure   *string   // as in NewPackage
	Expect      int64     // revision that the editor saw, 0: any
}

// EditPackage drafts a change of a package's properties.
func (s *Service) EditPackage(ctx context.Context, site, fullName string, e PackageEdit) (p berth.Package, err error) {
	err = s.update(ctx, site, func(w *work) error {
		return editPackage(w, fullName, "edit package", e.Expect, func(doc *berth.Package) error {
			if e.DisplayName != nil {
				doc.DisplayName = *e.DisplayName
			}
			if e.Enabled != nil {
				doc.Enabled = *e.Enabled
			}
			if e.Tags != nil {
				if doc.Tags, err = w.tagIDs(*e.Tags); err != nil {
					return err
				}
			}
			if e.OnFailure != nil {
				if doc.OnFailure, err = onFailure(*e.OnFailure); err != nil {
					return err
				}
			}
			p = *doc
			return nil
		})
	})
	return p, err
}

// editPackage changes a package that must exist.
func editPackage(w *work, fullName, action string, expect int64, fn func(*berth.Package) error) error {
	current, err := berth.Load[berth.Package](w, berth.Draft, w.ref(berth.ObjectPackage, fullName))
	if err != nil {
		return err
	}
	t := target{ref: w.ref(berth.ObjectPackage, fullName), name: current.FullName, action: action, expect: expect}
	return edit(w, t, func(doc *berth.Package, is state) (keep, error) {
		if !is.exists {
			return removed, nil
		}
		return kept, fn(doc)
	})
}

// RemovePackage drafts the deletion of a package. One that is assigned is refused with the list of what holds it; force
// retires it instead: it is planned for no host any more and leaves the catalogue once the last host has let go.
func (s *Service) RemovePackage(ctx context.Context, site, fullName string, force bool) error {
	return s.update(ctx, site, func(w *work) error {
		p, _, err := w.pkg(fullName)
		if err != nil {
			return err
		}
		held, err := w.holders(p)
		if err != nil {
			return err
		}
		if len(held) > 0 && !force {
			return berth.Errorf(berth.Conflict, "package %s is assigned: %s", p.FullName, strings.Join(held, "; ")).On("package").
				With("unassign it there first, or delete with force: it then goes once the last host has let go")
		}
		t := target{ref: w.ref(berth.ObjectPackage, fullName), name: p.FullName, action: "delete package", expect: w.expect}
		return edit(w, t, func(doc *berth.Package, is state) (keep, error) {
			doc.Retiring = true
			return keep(is.exists && len(held) > 0), nil
		})
	})
}

// holders lists, in words, every assignment that means the package now or as drafted.
func (w *work) holders(p berth.Package) ([]string, error) {
	settings, err := w.settings()
	if err != nil {
		return nil, err
	}
	var held []string
	for _, v := range []berth.View{berth.Applied, berth.Draft} {
		lists, err := w.lists(v)
		if err != nil {
			return nil, err
		}
		for _, l := range lists {
			for _, a := range l.assignments {
				if word, ok := holds(a, p, settings.Tags); ok {
					held = append(held, fmt.Sprintf("%s %s", l.name, word))
				}
			}
		}
	}
	slices.Sort(held)
	return slices.Compact(held), nil
}

func holds(a berth.Assignment, p berth.Package, tags berth.Tags) (string, bool) {
	if berth.Fold(a.Family) != berth.Fold(p.FamilyName) {
		return "", false
	}
	if a.Version != "" {
		return "by exact version", berth.Fold(a.Version) == berth.Fold(p.FullName)
	}
	return "by tag " + tags.Name(a.Tag), p.HasTag(a.Tag)
}
