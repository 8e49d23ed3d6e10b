package store

import "berth"

const selectSites = `SELECT name, subscription_id, location, generation, created_at FROM sites`

// Site returns the site of that name; see berth.SiteStore.
func (t *tx) Site(name string) (berth.Site, error) {
	missing := berth.Errorf(berth.NotFound, "there is no site %q", name).On("site")
	return first(t, scanSite, missing, selectSites+` WHERE site = ?`, berth.Fold(name))
}

// Sites returns all sites ordered by name; see berth.SiteStore.
func (t *tx) Sites() ([]berth.Site, error) {
	return list(t, scanSite, selectSites+` ORDER BY site`)
}

// PutSite creates or replaces the site; see berth.SiteStore.
func (t *tx) PutSite(s berth.Site) error {
	return t.exec("writing site "+s.Name, `
		INSERT INTO sites (site, name, subscription_id, location, generation, created_at) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (site) DO UPDATE SET name = excluded.name, subscription_id = excluded.subscription_id,
			location = excluded.location, generation = excluded.generation, created_at = excluded.created_at`,
		berth.Fold(s.Name), s.Name, s.SubscriptionID, s.Location, s.Generation, moment(s.CreatedAt))
}

func scanSite(r row) (s berth.Site, err error) {
	return s, r.Scan(&s.Name, &s.SubscriptionID, &s.Location, &s.Generation, momentInto{&s.CreatedAt})
}

// DeleteSite removes the site with all that is in it but hosts and audit; see berth.SiteStore.
func (t *tx) DeleteSite(name string) error {
	site := berth.Fold(name)
	if site == "" {
		return nil // roles and credentials of no site are those of the farm
	}
	for _, table := range []string{"objects", "credentials", "roles", "sites"} {
		if err := t.exec("removing site "+name, `DELETE FROM `+table+` WHERE site = ?`, site); err != nil {
			return err
		}
	}
	return nil
}
