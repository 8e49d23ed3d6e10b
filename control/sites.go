package control

import (
	"cmp"
	"context"
	"encoding/json"
	"regexp"
	"sync"

	"berth"
	"berth/auth"
	"berth/wire"
)

// resourceGroupName is what Azure allows as the name of a resource group, which every site is to Azure's clients.
var resourceGroupName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[-\w._()]{0,89}[-\w_()]$`) })

// CreateSite makes a site with default settings. Only an owner of the whole farm may.
func (s *Service) CreateSite(ctx context.Context, site berth.Site) (berth.Site, error) {
	who, err := auth.Require(ctx, "", berth.RoleOwner)
	if err != nil {
		s.refused(ctx, need{site.Name, berth.RoleOwner}, err)
		return site, err
	}
	if err := checkSiteName(site.Name); err != nil {
		return site, err
	}
	site.CreatedAt, site.Generation = s.now(), 1
	err = s.store.Update(ctx, func(tx berth.Tx) error {
		if _, err := tx.Site(site.Name); err == nil {
			return berth.Errorf(berth.Conflict, "there is a site %q already", site.Name).On("name")
		}
		if site, err = likeTheFarm(tx, site); err != nil {
			return err
		}
		if err := tx.PutSite(site); err != nil {
			return err
		}
		w := &work{Tx: tx, who: who, site: site, at: s.now()}
		return w.furnish()
	})
	return site, err
}

func checkSiteName(name string) error {
	if resourceGroupName().MatchString(name) {
		return nil
	}
	return berth.Errorf(berth.Invalid, "%q cannot name a site", name).On("name").
		With("use 1 to 90 letters, digits, '-', '_', '.', '(' and ')', the last no '.'")
}

// likeTheFarm gives a further site the farm's subscription, and its location unless it names one.
func likeTheFarm(tx berth.Tx, site berth.Site) (berth.Site, error) {
	others, err := tx.Sites()
	if err != nil || len(others) == 0 {
		return site, err
	}
	site.SubscriptionID = others[0].SubscriptionID
	site.Location = cmp.Or(site.Location, others[0].Location)
	return site, nil
}

// furnish gives a new site its settings and the site defaults of each kind of host, applied from the start.
func (w *work) furnish() error {
	put := func(ref berth.Ref, doc any) error {
		now, before, err := berth.Write(w, berth.Edit{Ref: ref, Name: ref.Key, Draft: doc, Applied: doc,
			By: w.who.Name, At: w.at, Generation: w.site.Generation})
		if err != nil {
			return err
		}
		return w.noteEdit("create", now, before.Draft, now.Draft)
	}
	if err := put(w.ref(berth.ObjectSettings, "settings"), berth.DefaultSettings()); err != nil {
		return err
	}
	for _, k := range berth.HostKinds {
		if err := put(w.ref(berth.ObjectDefaults, string(k)), berth.Defaults{Kind: k, Assignments: []berth.Assignment{}}); err != nil {
			return err
		}
	}
	return nil
}

// Sites returns the sites that the caller may read.
func (s *Service) Sites(ctx context.Context) ([]berth.Site, error) {
	var sites []berth.Site
	err := s.store.View(ctx, func(tx berth.Tx) error {
		all, err := tx.Sites()
		for _, site := range all {
			if _, refused := auth.Require(ctx, site.Name, berth.RoleReader); refused == nil {
				sites = append(sites, site)
			}
		}
		return err
	})
	if _, known := auth.From(ctx); !known {
		_, err = auth.Require(ctx, "", berth.RoleReader)
	}
	return sites, err
}

// Site returns one site.
func (s *Service) Site(ctx context.Context, name string) (site berth.Site, err error) {
	err = s.view(ctx, name, func(w *work) error { site = w.site; return nil })
	return site, err
}

// Settings returns the site's settings as drafted, with their revision.
func (s *Service) Settings(ctx context.Context, site string) (set berth.Settings, revision int64, err error) {
	err = s.view(ctx, site, func(w *work) error {
		if set, err = w.settings(); err != nil {
			return err
		}
		o, err := w.Object(w.ref(berth.ObjectSettings, "settings"))
		revision = o.Revision
		return err
	})
	return set, revision, err
}

// settings are the site's as drafted.
func (w *work) settings() (berth.Settings, error) {
	return berth.LoadOr(w, berth.Draft, w.ref(berth.ObjectSettings, "settings"), berth.DefaultSettings())
}

// SettingsEdit changes settings; nil leaves a switch as it is.
type SettingsEdit struct {
	Enabled               *bool
	ProvisionCertificates *bool
	Cache                 *wire.EditCache
	Verify                *berth.VerifyDepth
	DisablingMinutes      *int  // see berth.Settings
	Expect                int64 // revision that the editor saw, 0: any
}

// EditSettings drafts a change of the site's switches.
func (s *Service) EditSettings(ctx context.Context, site string, e SettingsEdit) (set berth.Settings, err error) {
	err = s.update(ctx, site, func(w *work) error {
		if e.DisablingMinutes != nil {
			if err := berth.CheckDisabling(*e.DisablingMinutes); err != nil {
				return err
			}
		}
		return edit(w, target{ref: w.ref(berth.ObjectSettings, "settings"), name: "settings", action: "edit settings", expect: e.Expect},
			func(doc *berth.Settings, is state) (keep, error) {
				if e.Enabled != nil {
					doc.Enabled = *e.Enabled
				}
				if e.ProvisionCertificates != nil {
					doc.ProvisionCertificates = *e.ProvisionCertificates
				}
				if e.DisablingMinutes != nil {
					doc.DisablingMinutes = *e.DisablingMinutes
				}
				err := editCopies(doc, e.Cache, e.Verify)
				set = *doc
				return kept, err
			})
	})
	return set, err
}

// editCopies changes how hosts keep copies of images and how much of packages they check; nil leaves it as it is.
func editCopies(doc *berth.Settings, c *wire.EditCache, v *berth.VerifyDepth) error {
	if c != nil {
		if c.Enabled != nil {
			doc.Cache.Enabled = *c.Enabled
		}
		if c.MaxBytes != nil {
			doc.Cache.MaxBytes = *c.MaxBytes
		}
		if c.BytesPerSecond != nil {
			doc.Cache.BytesPerSecond = *c.BytesPerSecond
		}
	}
	if v != nil {
		doc.Verify = *v
		if *v == berth.VerifyCode { // as settings were before there was a choice
			doc.Verify = ""
		}
	}
	if err := doc.Cache.Check(); err != nil {
		return err
	}
	return doc.Verify.Check()
}

// Audit returns audit entries of the site, newest first.
func (s *Service) Audit(ctx context.Context, q berth.AuditQuery) (entries []berth.AuditEntry, err error) {
	err = s.view(ctx, q.Site, func(w *work) error {
		entries, err = w.Audit(q)
		return err
	})
	return entries, err
}

func raw(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil { // our own nouns always marshal
		panic(err)
	}
	return b
}
