package cli

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"berth"
	"berth/client"
	"berth/wire"
)

func (p *program) publishedCommand() *cobra.Command {
	return noun("published", "Applications offered to users", `A publication offers an application of a package to users and groups, from hosts and pools. It says what is shown to whom;
which hosts have the package is said by assignments.`, p.publishedList(), p.publishedAdd(), p.publishedSet(), p.publishedRemove())
}

func (p *program) publishedList() *cobra.Command {
	var of string
	c := p.command(verb{use: "list", short: "List the published applications and the hosts that offer them",
		example: "  berth published list\n  berth published list --package Contoso.Notes_1.0.0.0_x64__8wekyb3d8bbwe",
		run: func(ctx context.Context, _ []string) error {
			c, err := p.connectSite(ctx)
			if err != nil {
				return err
			}
			vs, err := c.Publications(ctx, of)
			if err != nil {
				return suggestPackage(ctx, c, of, err)
			}
			if vs, err = arrange(p, vs); err != nil {
				return err
			}
			none := "nothing is published; publish an application with `berth published add`"
			if of != "" {
				none = "no application of " + of + " is published"
			}
			return p.showPublications(orEmpty(vs), none, vs...)
		}})
	c.Flags().StringVar(&of, "package", "", "only applications of this `PACKAGE`, and hosts that have that version")
	return p.listing(c)
}

func (p *program) showPublications(value any, none string, vs ...wire.PublicationView) error {
	names := namesOf(vs, func(v wire.PublicationView) string { return v.Name })
	return p.show(result{value: value, names: names, empty: none, table: func(t *table) {
		t.columns("NAME", "APPLICATION", "USERS", "PUBLISHED FROM", "OFFERED BY", "PENDING")
		for _, v := range vs {
			var from, by, below []string
			for _, h := range v.Hosts {
				from = append(from, "host "+h)
			}
			for _, pool := range v.Pools {
				from = append(from, "pool "+pool)
			}
			for _, h := range v.Offers {
				if h.Now != "" {
					by = append(by, h.Host)
				}
				if line := offerWords(h); line != "" {
					below = append(below, line)
				}
			}
			for _, g := range v.Gone {
				below = append(below, g+": is not there any more")
			}
			t.rowWith(below, v.Name, v.Family+"!"+v.Application, cmp.Or(strings.Join(v.Users, ", "), "everyone"), strings.Join(from, ", "),
				strings.Join(by, ", "), v.Pending)
		}
	}})
}

// offerWords says what is remarkable about a host of a publication: that it offers nothing, or something else once the
// drafts are applied.
func offerWords(h wire.PublishedHost) string {
	switch {
	case h.Now == h.Drafted && h.Now != "":
		return ""
	case h.Drafted == "" && h.Now == "":
		return h.Host + ": not offered: " + h.Why
	case h.Drafted == "":
		return h.Host + ": once the drafts are applied not offered: " + h.Why
	}
	return h.Host + ": once the drafts are applied offered from " + h.Drafted
}

func (p *program) publishedAdd() *cobra.Command {
	var in wire.AddPublication
	var apply bool
	c := p.command(verb{use: "add FAMILY!APP", short: "Publish an application of a package",
		long: `Publish an application: FAMILY is a family name, or the name of a package that one family alone has; APP is the id of the
application, as ` + "`berth package show`" + ` has it. Without --user it is offered to everyone.`,
		example: `  berth published add 'Contoso.Notes!App' --name Notes --pool Accounting
  berth published add 'Contoso.Notes!App' --name "Notes for sales" --user CONTOSO\sales --host rdsh-01`,
		args: cobra.ExactArgs(1), run: func(ctx context.Context, args []string) error {
			name, app, ok := strings.Cut(args[0], "!")
			if !ok || name == "" || app == "" {
				return usage("application", "name it FAMILY!APP, and quote the '!' for your shell", "%q is no application", args[0])
			}
			server, err := p.connectSite(ctx)
			if err != nil {
				return err
			}
			in.Application = app
			if in.Family, err = family(ctx, server, name); err != nil {
				return err
			}
			v, err := server.AddPublication(ctx, in)
			if err != nil {
				return err
			}
			return p.publicationDrafted(ctx, server, apply, v)
		}})
	c.Flags().StringVar(&in.Name, "name", "", "`NAME` of the publication")
	c.Flags().StringArrayVar(&in.Users, "user", nil, "`USER` or group to offer it to; can be repeated")
	c.Flags().StringArrayVar(&in.Hosts, "host", nil, "`HOST` to offer it from; can be repeated")
	c.Flags().StringArrayVar(&in.Pools, "pool", nil, "`POOL` whose hosts offer it; can be repeated")
	_ = c.MarkFlagRequired("name") // fails only for a flag that is not there
	c.MarkFlagsOneRequired("host", "pool")
	return p.applyFlag(c, &apply)
}

func (p *program) publicationDrafted(ctx context.Context, c *client.Client, apply bool, v wire.PublicationView) error {
	if err := p.drafted(ctx, c, apply, "publication "+v.Name, changeName(berth.ObjectPublication, v.Name)); err != nil {
		return err
	}
	if apply {
		now, err := c.Publication(ctx, v.Name)
		if err != nil {
			return err
		}
		v = now
	}
	return p.showPublications(v, "", v)
}

func (p *program) publishedSet() *cobra.Command {
	var users, hosts, pools []string
	var everyone, apply bool
	var c *cobra.Command
	c = p.command(verb{use: "set NAME", short: "Change whom an application is offered to, and from where",
		long: `Change whom an application is offered to, and from where. Each list that is given replaces the whole list; an empty name
makes it empty.`,
		example: `  berth published set Notes --user CONTOSO\sales --user CONTOSO\ann` + "\n  berth published set Notes --everyone\n  berth published set Notes --host \"\" --pool Accounting",
		args:    cobra.ExactArgs(1), run: func(ctx context.Context, args []string) error {
			server, err := p.connectSite(ctx)
			if err != nil {
				return err
			}
			f := c.Flags()
			e := wire.EditPublication{Users: given(f, "user", users), Hosts: given(f, "host", hosts), Pools: given(f, "pool", pools)}
			if everyone {
				e.Users = &[]string{}
			}
			v, err := server.At(p.revision).EditPublication(ctx, args[0], e)
			if err != nil {
				return err
			}
			return p.publicationDrafted(ctx, server, apply, v)
		}})
	c.Flags().StringArrayVar(&users, "user", nil, "`USER` or group to offer it to; can be repeated")
	c.Flags().BoolVar(&everyone, "everyone", false, "offer it to everyone")
	c.Flags().StringArrayVar(&hosts, "host", nil, "`HOST` to offer it from; can be repeated")
	c.Flags().StringArrayVar(&pools, "pool", nil, "`POOL` whose hosts offer it; can be repeated")
	c.MarkFlagsOneRequired("user", "everyone", "host", "pool")
	c.MarkFlagsMutuallyExclusive("user", "everyone")
	return p.applyFlag(p.revisionFlag(c), &apply)
}

func (p *program) publishedRemove() *cobra.Command {
	var apply bool
	c := p.command(verb{use: "remove NAME...", short: "End publications; the packages stay where they are assigned",
		example: "  berth published remove Notes", args: cobra.MinimumNArgs(1),
		run: func(ctx context.Context, args []string) error {
			server, err := p.connectSite(ctx)
			if err != nil {
				return err
			}
			return each(args, func(name string) error {
				if err := server.RemovePublication(ctx, name); err != nil {
					return err
				}
				return p.drafted(ctx, server, apply, "end of publication "+name, changeName(berth.ObjectPublication, name))
			})
		}})
	return p.applyFlag(c, &apply)
}

func publicationNames(ctx context.Context, c *client.Client) ([]string, error) {
	all := func(c *client.Client, ctx context.Context) ([]wire.PublicationView, error) {
		return c.Publications(ctx, "")
	}
	return listed(all, func(v wire.PublicationView) string { return v.Name })(ctx, c)
}

func (p *program) packageHosts() *cobra.Command {
	return p.command(verb{use: "hosts PACKAGE", short: "Show the hosts that a package is assigned to, and by what",
		long: `Show the hosts that have this version of a package by their plan, or will have it once the drafts are applied, each with the
list and the selector that give it to them.`,
		example: "  berth package hosts Contoso.Notes_1.0.0.0_x64__8wekyb3d8bbwe",
		args:    cobra.ExactArgs(1), run: func(ctx context.Context, args []string) error {
			c, err := p.connectSite(ctx)
			if err != nil {
				return err
			}
			hs, err := c.AssignedHosts(ctx, args[0])
			if err != nil {
				return suggestPackage(ctx, c, args[0], err)
			}
			names := namesOf(hs, func(h wire.AssignedHost) string { return h.Host })
			none := "no host has this version, and no draft gives it to one; assign it with `berth assign add`"
			return p.show(result{value: orEmpty(hs), names: names, empty: none, table: func(t *table) {
				t.columns("HOST", "KIND", "POOL", "NOW", "AS DRAFTED")
				for _, h := range hs {
					now, drafted := holdingWords(h.Now), holdingWords(h.Drafted)
					if now == drafted {
						drafted = "the same"
					}
					t.row(h.Host, string(h.HostKind), h.Pool, now, drafted)
				}
			}})
		}})
}

// holdingWords says by what a host has a package.
func holdingWords(h *wire.Holding) string {
	if h == nil {
		return "no"
	}
	var words []string
	if h.Level != "" {
		from := map[berth.Level]string{berth.LevelHost: "its own list", berth.LevelPool: "pool " + h.Owner,
			berth.LevelDefaults: "site defaults of " + h.Owner}[h.Level]
		words = append(words, fmt.Sprintf("%s, %s, %s", from, h.Selector, h.Registration))
	}
	if len(h.NeededBy) > 0 {
		words = append(words, "needed by "+strings.Join(h.NeededBy, ", "))
	}
	return strings.Join(words, "; ")
}

// dependencyNotes tells on standard error all dependencies of what was assigned.
func (p *program) dependencyNotes(checks []berth.DependencyCheck) {
	for _, c := range checks {
		kind := "warning"
		if c.State == berth.DependencySatisfied {
			kind = "note"
		}
		p.note("%s: %s", kind, c.Warning())
	}
}

// dependencyFacts shows the dependencies of a package, those of the frameworks that it needs besides.
func dependencyFacts(t *table, fullName string, checks []berth.DependencyCheck) {
	for _, c := range checks {
		state := map[berth.DependencyState]string{berth.DependencySatisfied: "satisfied by " + c.FullName,
			berth.DependencyUnusable: "in the catalogue, but " + c.Why, berth.DependencyMissing: "missing: " + c.Why}[c.State]
		whose := ""
		if berth.Fold(c.NeededBy) != berth.Fold(fullName) {
			whose = ", for " + c.NeededBy
		}
		t.fact("Needs", fmt.Sprintf("%s %s%s (%s)", c.Name, c.MinVersion, whose, state))
	}
}
