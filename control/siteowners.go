package control

import (
	"context"
	"slices"

	"berth"
	"berth/auth"
)

// owned are the sites whose users a caller manages.
type owned struct {
	farm  bool // all of them, and everybody
	sites map[string]bool
}

// ownedBy reads what the caller owns. Whoever owns nothing is refused.
func (s *Service) ownedBy(ctx context.Context) (auth.Principal, owned, error) {
	who, known := auth.From(ctx)
	o := owned{sites: map[string]bool{}}
	for _, g := range who.Roles() {
		switch {
		case !g.Role.Includes(berth.RoleOwner):
		case g.Site == "":
			o.farm = true
		default:
			o.sites[berth.Fold(g.Site)] = true
		}
	}
	if known && (o.farm || len(o.sites) > 0) {
		return who, o, nil
	}
	_, err := auth.Require(ctx, "", berth.RoleOwner)
	s.refused(ctx, need{"", berth.RoleOwner}, err)
	return who, o, err
}

// accounts runs fn as one change of users, by a caller who owns the farm or a site.
func (s *Service) accounts(ctx context.Context, run func(context.Context, func(berth.Tx) error) error, fn func(*work, owned) error) error {
	who, o, err := s.ownedBy(ctx)
	if err != nil {
		return err
	}
	err = run(ctx, func(tx berth.Tx) error { return fn(&work{Tx: tx, who: who, at: s.now()}, o) })
	if berth.ErrorKind(err) == berth.Forbidden {
		s.refused(ctx, need{"", berth.RoleOwner}, err)
	}
	return err
}

// here are those of the roles that are in sites of the caller.
func (o owned) here(roles []berth.Grant) []berth.Grant {
	if o.farm {
		return roles
	}
	return slices.DeleteFunc(slices.Clone(roles), func(g berth.Grant) bool { return !o.sites[berth.Fold(g.Site)] })
}

// elsewhere are the others.
func (o owned) elsewhere(roles []berth.Grant) []berth.Grant {
	if o.farm {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(roles), func(g berth.Grant) bool { return o.sites[berth.Fold(g.Site)] })
}

// seen is the user as the caller may see it: of the roles those in the own sites.
func (o owned) seen(u berth.User) berth.User {
	u.Roles = o.here(u.Roles)
	return u
}

// knows tells whether the caller may see the user: one with a role in a site of the caller's, or made there.
func (o owned) knows(u berth.User) bool {
	return o.farm || o.sites[u.Home] || len(o.here(u.Roles)) > 0
}

// manages tells whether the account itself is the caller's: made by an owner of the same site, and of no rights elsewhere.
// Else the owner of a site could set the password of somebody with more rights.
func (o owned) manages(u berth.User) bool {
	return o.farm || o.sites[u.Home] && len(o.elsewhere(u.Roles)) == 0
}

func notYours(u berth.User, what string) error {
	return berth.Errorf(berth.Forbidden, "you cannot %s: user %q is not of your site alone", what, u.Name).
		With("give or take roles in your site, or ask an owner of the farm")
}

// grantable checks roles that the caller gives: owners of sites give roles in their sites alone.
func (w *work) grantable(o owned, grants []berth.Grant) ([]berth.Grant, error) {
	grants, err := w.grants(grants)
	if err != nil {
		return nil, err
	}
	not := o.elsewhere(grants)
	if len(not) == 0 {
		return grants, nil
	}
	where := "every site"
	if not[0].Site != "" {
		where = "site " + not[0].Site
	}
	return nil, berth.Errorf(berth.Forbidden, "you cannot give the role %s in %s", not[0].Role, where).On("roles").
		With("give roles in sites that you own, or ask an owner of the farm")
}

// home is the site to which an account belongs that the caller makes: the one of its first role.
func (o owned) home(grants []berth.Grant) (string, error) {
	if o.farm {
		return "", nil
	}
	if len(grants) == 0 {
		return "", berth.Errorf(berth.Invalid, "the user has no role").On("roles").With("give a role in a site that you own")
	}
	return berth.Fold(grants[0].Site), nil
}
