package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"berth"
	"berth/wire"
)

// DocumentOptions say how a document is applied.
type DocumentOptions struct {
	Create bool // make the site where there is none of that name; only an owner of the farm may
	Prune  bool // delete packages, pools and publications, and empty site defaults, that a part of the document does not name
}

// errTakenBack ends a transaction that is only to tell what it would do.
var errTakenBack = errors.New("taken back")

// Plan tells what ApplyDocument would draft. It does all of that in a transaction and takes it back, so that there is no
// second opinion about what a document means. Images of new packages are read, but not verified to their last block.
func (s *Service) Plan(ctx context.Context, site string, doc wire.Document, o DocumentOptions) (wire.DocumentResult, error) {
	r, err := s.document(ctx, site, doc, o, true)
	if errors.Is(err, errTakenBack) {
		r.DryRun, err = true, nil
	}
	return r, err
}

// ApplyDocument drafts whatever makes the site as the document says: all of it, or nothing when any of it is wrong. What
// is so already is not touched, so that a second time changes nothing. Hosts that are not enrolled are skipped and told.
func (s *Service) ApplyDocument(ctx context.Context, site string, doc wire.Document, o DocumentOptions) (wire.DocumentResult, error) {
	return s.document(ctx, site, doc, o, false)
}

func (s *Service) document(ctx context.Context, site string, doc wire.Document, o DocumentOptions, dry bool) (wire.DocumentResult, error) {
	if o.Create {
		missing, err := s.siteIsMissing(ctx, site)
		if err != nil {
			return wire.DocumentResult{}, err
		}
		if missing {
			return s.newSite(ctx, site, doc, dry)
		}
	}
	images, err := s.documentImages(ctx, site, doc, dry)
	if err != nil {
		return wire.DocumentResult{}, err
	}
	var d *declared
	err = s.update(ctx, site, func(w *work) error {
		d = &declared{work: w, doc: doc, images: images, prune: o.Prune}
		if err := d.all(); err != nil {
			return err
		}
		if dry {
			return errTakenBack
		}
		return nil
	})
	if err != nil && !errors.Is(err, errTakenBack) {
		return wire.DocumentResult{}, err
	}
	return wire.DocumentResult{Objects: d.objects}, err
}

// documentImages reads the images of those packages that the catalogue does not have, or has from another path, before
// the transaction begins: an image may be large and its server slow.
func (s *Service) documentImages(ctx context.Context, site string, doc wire.Document, dry bool) (map[string]berth.Package, error) {
	var needed []int
	// The right to change is checked before any image is touched: what is in it is not everybody's business.
	err := s.update(ctx, site, func(w *work) error {
		if err := checkDocument(doc); err != nil {
			return err
		}
		for i, p := range doc.Packages {
			known, err := berth.LoadOr(w, berth.Draft, w.ref(berth.ObjectPackage, p.FullName), berth.Package{})
			if err != nil {
				return err
			}
			if known.FullName == "" || p.ImagePath != "" && p.ImagePath != known.ImagePath {
				needed = append(needed, i)
			}
		}
		return nil
	})
	images := map[string]berth.Package{}
	for _, i := range needed {
		if err == nil {
			err = s.documentImage(ctx, doc.Packages[i], images, dry)
		}
		err = within(err, "packages[%d]", i)
	}
	return images, err
}

func (s *Service) documentImage(ctx context.Context, p wire.DocumentPackage, images map[string]berth.Package, dry bool) error {
	if p.ImagePath == "" {
		return berth.Errorf(berth.Invalid, "package %s is not in the catalogue, and the document does not say in which image it is", p.FullName).
			On("imagePath").With("add imagePath")
	}
	found, err := s.choose(ctx, NewPackage{ImagePath: p.ImagePath, FullName: p.FullName})
	if err != nil {
		return err
	}
	if !dry {
		if err := s.library.Verify(ctx, found); err != nil {
			return err
		}
		if found.Observed != nil {
			found.Observed.VerifiedContent = true
		}
	}
	images[berth.Fold(p.FullName)] = found
	return nil
}

// declared is a document while it is applied.
type declared struct {
	*work
	doc     wire.Document
	images  map[string]berth.Package // read for it, by folded full name
	prune   bool
	objects []wire.DocumentObject
}

// all goes from what others refer to, to those that refer; what is deleted goes last, when nothing refers to it any more.
func (d *declared) all() error {
	for _, part := range []func() error{d.settingsPart, d.packages, d.pools, d.defaults, d.hosts, d.publications, d.prunePublications, d.prunePools, d.prunePackages} {
		if err := part(); err != nil {
			return err
		}
	}
	return nil
}

// put drafts the document of an object unless it is drafted so already, and notes what that was.
func put[T any](d *declared, ref berth.Ref, name string, change func(doc *T, is state) (same bool, err error)) error {
	doc, err := berth.Load[T](d, berth.Draft, ref)
	exists := err == nil
	if err != nil && !berth.IsNotFound(err) {
		return err
	}
	same, err := change(&doc, state{exists: exists, view: berth.Draft})
	if err != nil {
		return err
	}
	if exists && same {
		d.objects = append(d.objects, wire.DocumentObject{Kind: ref.Kind, Name: name, Action: wire.ActionUnchanged})
		return nil
	}
	before, err := d.document(ref)
	if err != nil {
		return err
	}
	action := map[bool]string{true: wire.ActionUpdate, false: wire.ActionCreate}[exists]
	t := target{ref: ref, name: name, action: action + " by document"}
	if err := edit(d.work, t, func(into *T, _ state) (keep, error) { *into = doc; return kept, nil }); err != nil {
		return err
	}
	after, err := d.document(ref)
	d.objects = append(d.objects, wire.DocumentObject{Kind: ref.Kind, Name: name, Action: action, Before: before, After: after})
	return err
}

// document returns the object's drafted JSON, nil when there is none.
func (d *declared) document(ref berth.Ref) (json.RawMessage, error) {
	o, err := d.Object(ref)
	if berth.IsNotFound(err) {
		return nil, nil
	}
	return o.Draft, err
}

// checkDocument refuses what no document may say, before anything is read.
func checkDocument(doc wire.Document) error {
	switch {
	case doc.APIVersion != wire.DocumentVersion:
		return berth.Errorf(berth.Invalid, "a document of version %q is not known", doc.APIVersion).On("apiVersion").With("use " + wire.DocumentVersion)
	case doc.Kind != wire.DocumentKind:
		return berth.Errorf(berth.Invalid, "a document of kind %q is not known", doc.Kind).On("kind").With("use " + wire.DocumentKind)
	}
	names := map[string]string{}
	once := func(part, field string, i int, name string) error {
		at := fmt.Sprintf("%s[%d].%s", part, i, field)
		if berth.Fold(name) == "" {
			return berth.Errorf(berth.Invalid, "%s has no %s", fmt.Sprintf("%s[%d]", part, i), field).On(at)
		}
		if first, ok := names[part+"/"+berth.Fold(name)]; ok {
			return berth.Errorf(berth.Invalid, "%s is named twice, first in %s", name, first).On(at)
		}
		names[part+"/"+berth.Fold(name)] = fmt.Sprintf("%s[%d]", part, i)
		return nil
	}
	var err error
	for i, p := range doc.Packages {
		err = firstError(err, once("packages", "fullName", i, p.FullName))
	}
	for i, p := range doc.Pools {
		err = firstError(err, once("pools", "name", i, p.Name))
	}
	for i, x := range doc.Defaults {
		err = firstError(err, once("defaults", "kind", i, string(x.Kind)))
	}
	for i, h := range doc.Hosts {
		err = firstError(err, once("hosts", "name", i, h.Name))
	}
	for i, p := range doc.Publications {
		err = firstError(err, once("publications", "name", i, p.Name))
	}
	return err
}

func firstError(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// within says in the field of an error in which part of the document it is: "packages[2].imagePath".
func within(err error, format string, args ...any) error {
	e, ok := errors.AsType[*berth.Error](err)
	if !ok {
		return err
	}
	part := fmt.Sprintf(format, args...)
	if strings.HasPrefix(e.Field, strings.SplitN(part, "[", 2)[0]+"[") { // it says so already
		return err
	}
	return e.On(strings.TrimSuffix(part+"."+e.Field, "."))
}
