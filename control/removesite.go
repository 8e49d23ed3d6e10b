package control

import (
	"context"
	"fmt"
	"strings"

	"berth"
	"berth/auth"
)

// RemoveSite deletes a site in which there is nothing but its settings and empty site defaults. Only an owner of the farm
// may. Its tokens, enrolment keys and roles go with it; the audit stays. The last site stays: the farm's subscription is in it.
func (s *Service) RemoveSite(ctx context.Context, name string) error {
	who, err := auth.Require(ctx, "", berth.RoleOwner)
	if err != nil {
		s.refused(ctx, need{name, berth.RoleOwner}, err)
		return err
	}
	return s.store.Update(ctx, func(tx berth.Tx) error {
		site, err := tx.Site(name)
		if err != nil {
			return err
		}
		all, err := tx.Sites()
		if err != nil {
			return err
		}
		if len(all) == 1 {
			return berth.Errorf(berth.Conflict, "site %s is the only one of the farm", site.Name).With("make another one first")
		}
		if err := checkEmpty(tx, site); err != nil {
			return err
		}
		if err := tx.DeleteSite(site.Name); err != nil {
			return err
		}
		w := &work{Tx: tx, who: who, site: site, at: s.now()}
		return w.AppendAudit(berth.AuditEntry{At: w.at, Site: berth.Fold(site.Name), Actor: who.Name, Face: who.Face, Action: "delete site",
			Kind: "site", Key: berth.Fold(site.Name), Before: raw(site)})
	})
}

// checkEmpty says what is still in a site.
func checkEmpty(tx berth.Tx, site berth.Site) error {
	hosts, err := tx.Hosts(berth.Fold(site.Name), "", 1)
	if err != nil {
		return err
	}
	objects, err := tx.Objects(berth.ObjectQuery{Site: berth.Fold(site.Name)})
	if err != nil {
		return err
	}
	var held []string
	for _, h := range hosts {
		held = append(held, "host "+h.Name)
	}
	for _, o := range objects {
		if o.Kind == berth.ObjectSettings || o.Kind == berth.ObjectGroup {
			continue
		}
		if o.Kind == berth.ObjectDefaults {
			empty, err := emptyDefaults(tx, o.Ref)
			if err != nil {
				return err
			}
			if empty {
				continue
			}
		}
		held = append(held, string(o.Kind)+" "+o.Name)
	}
	if len(held) == 0 {
		return nil
	}
	const most = 5
	more := ""
	if len(held) > most {
		more = fmt.Sprintf(" and %d more", len(held)-most)
	}
	return berth.Errorf(berth.Conflict, "site %s is not empty: it has %s%s", site.Name, strings.Join(held[:min(most, len(held))], ", "), more).
		With("delete what is in it first")
}

// emptyDefaults tells whether site defaults assign nothing, applied and drafted.
func emptyDefaults(tx berth.Tx, ref berth.Ref) (bool, error) {
	for _, v := range []berth.View{berth.Applied, berth.Draft} {
		d, err := berth.LoadOr(tx, v, ref, berth.Defaults{})
		if err != nil || len(d.Assignments) > 0 {
			return false, err
		}
	}
	return true, nil
}
