package control

import (
	"context"
	"errors"

	"berth"
	"berth/auth"
	"berth/wire"
)

// siteIsMissing tells whether there is no site of that name, to a caller who may make one.
func (s *Service) siteIsMissing(ctx context.Context, name string) (bool, error) {
	err := s.store.View(ctx, func(tx berth.Tx) error { _, err := tx.Site(name); return err })
	if !berth.IsNotFound(err) {
		return false, err
	}
	if _, err := auth.Require(ctx, "", berth.RoleOwner); err != nil {
		s.refused(ctx, need{name, berth.RoleOwner}, err)
		return false, err
	}
	return true, nil
}

// newSite makes a site and drafts what the document says. All of it is tried and taken back first, so that a document with a
// mistake leaves no site behind.
func (s *Service) newSite(ctx context.Context, name string, doc wire.Document, dry bool) (wire.DocumentResult, error) {
	r, err := s.tryNewSite(ctx, name, doc)
	made := wire.DocumentObject{Kind: "site", Name: name, Action: wire.ActionCreate}
	if err != nil || dry {
		r.Objects = append([]wire.DocumentObject{made}, r.Objects...)
		return r, err
	}
	site, err := s.CreateSite(ctx, berth.Site{Name: name})
	if err != nil {
		return wire.DocumentResult{}, err
	}
	made.After = raw(site)
	r, err = s.ApplyDocument(ctx, name, doc, DocumentOptions{})
	r.Objects = append([]wire.DocumentObject{made}, r.Objects...)
	return r, err
}

// tryNewSite tells what would be drafted in a new site.
func (s *Service) tryNewSite(ctx context.Context, name string, doc wire.Document) (r wire.DocumentResult, err error) {
	if err := checkDocument(doc); err != nil {
		return r, err
	}
	if err := checkSiteName(name); err != nil {
		return r, err
	}
	images := map[string]berth.Package{}
	for i, p := range doc.Packages {
		if err := within(s.documentImage(ctx, p, images, true), "packages[%d]", i); err != nil {
			return r, err
		}
	}
	who, _ := auth.From(ctx)
	d := &declared{doc: doc, images: images}
	err = s.store.Update(ctx, func(tx berth.Tx) error {
		site, err := likeTheFarm(tx, berth.Site{Name: name, CreatedAt: s.now(), Generation: 1})
		if err != nil {
			return err
		}
		if err := tx.PutSite(site); err != nil {
			return err
		}
		d.work = &work{Tx: tx, who: who, site: site, at: s.now()}
		if err := d.furnish(); err != nil {
			return err
		}
		if err := d.all(); err != nil {
			return err
		}
		return errTakenBack
	})
	if errors.Is(err, errTakenBack) {
		return wire.DocumentResult{DryRun: true, Objects: d.objects}, nil
	}
	return r, err
}
