package control

import (
	"context"

	"berth"
	"berth/wire"
)

// PackageQuery chooses packages of the catalogue as drafted; empty fields leave nothing out.
type PackageQuery struct {
	Text    string // part of full name, display name or publisher
	Tag     string // by name or id
	Family  string
	Enabled *bool
	After   string // only full names behind this one
	Limit   int    // 0: all
	Count   bool   // count all that fit, too
}

// FindPackages returns the packages that fit, ordered by full name.
func (s *Service) FindPackages(ctx context.Context, site string, q PackageQuery) (page wire.Page[berth.Package], err error) {
	err = s.view(ctx, site, func(w *work) error {
		find := berth.ObjectQuery{Site: berth.Fold(site), Kind: berth.ObjectPackage, Family: berth.Fold(q.Family), After: berth.Fold(q.After),
			ObjectFilter: berth.ObjectFilter{Listed: true, Text: q.Text, Enabled: q.Enabled}}
		if q.Tag != "" {
			ids, err := w.tagIDs([]string{q.Tag})
			if err != nil {
				return err
			}
			find.Tag = ids[0]
		}
		if q.Limit > 0 {
			find.Limit = q.Limit + 1 // one more tells whether there is a next page
		}
		if page.Items, err = berth.LoadAll[berth.Package](w, berth.Draft, find); err != nil {
			return err
		}
		if q.Limit > 0 && len(page.Items) > q.Limit {
			page.Items = page.Items[:q.Limit]
			page.Next = berth.Fold(page.Items[q.Limit-1].FullName)
		}
		if q.Count {
			n, err := w.CountObjects(find)
			page.Total = &n
			return err
		}
		return nil
	})
	return page, err
}

// HostsQuery chooses hosts; empty fields leave nothing out.
type HostsQuery struct {
	Text   string // part of the name
	Kind   string
	Pool   string // as drafted
	Status string // hosts that have a package of this status
	After  string // only names behind this one
	Limit  int    // 0: all
	Count  bool   // count all that fit too, whatever their statuses
}

// FindHosts returns the hosts that fit, ordered by name, with how many of their packages stand how. Where few hosts have
// the status asked for, a page may hold fewer than the limit and still name a next one.
func (s *Service) FindHosts(ctx context.Context, site string, q HostsQuery) (page wire.Page[wire.HostView], err error) {
	err = s.view(ctx, site, func(w *work) error {
		find := berth.HostQuery{Site: berth.Fold(site), Text: q.Text, Pool: q.Pool, After: q.After, Limit: q.Limit}
		if err := (StatusQuery{Status: q.Status}).check(); err != nil {
			return err
		}
		if q.Kind != "" {
			if find.Kind, err = berth.ParseHostKind(q.Kind); err != nil {
				return err
			}
		}
		if q.Status != "" {
			if err := w.narrow(&find, func(r wire.HostPackage) bool { return berth.Fold(string(r.Status.Name)) == berth.Fold(q.Status) }); err != nil {
				return err
			}
		}
		page.Next, err = w.walk(find, func(h berth.Host) (bool, error) {
			v, err := w.hostView(h, s.version)
			if err != nil || q.Status != "" && !hasStatus(v, q.Status) {
				return false, err
			}
			page.Items = append(page.Items, v)
			return true, nil
		})
		if err == nil && q.Count {
			var n int
			find.Groups = nil
			n, err = w.CountHosts(find)
			page.Total = &n
		}
		return err
	})
	return page, err
}

func hasStatus(v wire.HostView, status string) bool {
	for name, n := range v.Counts {
		if n > 0 && berth.Fold(name) == berth.Fold(status) {
			return true
		}
	}
	return false
}
