package cli

import (
	"cmp"
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"berth"
	"berth/client"
	"berth/wire"
)

// holderFlags say whose list of assignments is meant: exactly one is given.
type holderFlags struct {
	host, pool, group, defaults string
	site                        func() string // what --site says
}

func (h *holderFlags) flags(p *program, c *cobra.Command) {
	h.site = func() string { return p.conn.site }
	c.Flags().StringVar(&h.host, "host", "", "the list of this `HOST`")
	c.Flags().StringVar(&h.pool, "pool", "", "the list of this `POOL`")
	c.Flags().StringVar(&h.defaults, "defaults", "", "the site defaults for hosts of this `KIND`: rdsh, vdi or avd")
	c.Flags().StringVar(&h.group, "group", "", "the same as --pool, for an RDSH `GROUP`")
	c.MarkFlagsMutuallyExclusive("host", "pool", "group", "defaults")
}

// holder is whose list is meant, and the name of the change that editing it drafts.
func (h *holderFlags) holder() (holder client.Holder, change string, err error) {
	pool, defaults := cmp.Or(h.pool, h.group), h.defaults
	if h.host+pool+defaults == "" && h.site != nil {
		if _, err := berth.ParseHostKind(h.site()); err == nil {
			defaults = h.site() // "--site rdsh": what the site gives hosts of that kind
		}
	}
	switch {
	case h.host != "":
		return client.Holder{Kind: "hosts", Name: h.host}, changeName(berth.ObjectHost, h.host), nil
	case pool != "":
		return client.Holder{Kind: "pools", Name: pool}, changeName(berth.ObjectPool, pool), nil
	case defaults == "":
		return client.Holder{}, "", usage("holder", "add --host HOST, --pool POOL, --group GROUP or --defaults KIND", "whose list is meant?")
	}
	kind, err := hostKind(defaults)
	return client.Holder{Kind: "defaults", Name: string(kind)}, changeName(berth.ObjectDefaults, string(kind)), err
}

// holder is the holder of the flags. A kind of host behind --site has said all that it means: it names no site.
func (p *program) holder(h *holderFlags) (client.Holder, string, error) {
	holder, change, err := h.holder()
	if err == nil && holder.Kind == "defaults" && h.defaults == "" {
		p.conn.site = ""
	}
	return holder, change, err
}

// hostKind reads a kind of host from a flag or an argument.
func hostKind(s string) (berth.HostKind, error) {
	kind, err := berth.ParseHostKind(s)
	if err != nil {
		return kind, coded{err, ExitUsage}
	}
	return kind, nil
}

// edit drafts a change of a holder's list.
type listEdit struct {
	holder holderFlags
	apply  bool
	words  string // what was done, before the name of the holder
}

func (p *program) edit(ctx context.Context, e listEdit, do func(*client.Client, client.Holder) (wire.Assignments, error)) error {
	h, change, err := p.holder(&e.holder)
	if err != nil {
		return err
	}
	c, err := p.connectSite(ctx)
	if err != nil {
		return err
	}
	as, err := do(c.At(p.revision), h)
	if err != nil {
		return err
	}
	if err := p.drafted(ctx, c, e.apply, e.words+" "+as.Holder, change); err != nil {
		return err
	}
	p.dependencyNotes(as.Dependencies)
	return p.showAssignments(ctx, c, as)
}

func (p *program) assignCommand() *cobra.Command {
	return noun("assign", "Assign packages to hosts, pools and the site defaults",
		`A host gets the packages on its own list, if it has one; else those of its pool; else the site defaults for its kind. Lists
replace each other, they are never merged. A package is assigned by a version tag, so that hosts follow the tag from
version to version, or at one exact version.`,
		p.assignAdd(), p.assignList(), p.assignRemove(), p.assignInherit())
}

func (p *program) assignAdd() *cobra.Command {
	var e listEdit
	var in wire.Assign
	var onDemand, inherit bool
	c := p.command(verb{use: "add [FAMILY...]", short: "Assign packages to a host, a pool or the site defaults",
		long: `Assign package families to a host, a pool or the site defaults, by a version tag or one at an exact version. FAMILY is a family
name, or the name of a package that only one family has. A host or pool that inherited gets a list of its own,
which begins with what it inherited.`,
		example: `  berth assign add Contoso.Notes --tag Production --defaults rdsh
  berth assign add --version Contoso.Notes_1.1.0.0_x64__8wekyb3d8bbwe --host rdsh-01`,
		args: cobra.ArbitraryArgs, run: func(ctx context.Context, args []string) error {
			if p.dryRun && len(args) > 1 {
				return usage("dry-run", "name one of them", "--dry-run tries one change at a time; nothing was changed")
			}
			if inherit {
				return p.inherit(ctx, e, in.Tag+in.Version, args)
			}
			if (len(args) > 0) == (in.Version != "") {
				return usage("family", "berth assign add FAMILY --tag TAG, or berth assign add --version FULLNAME", "name either a family with --tag, or an exact --version")
			}
			if (in.Tag == "") == (in.Version == "") {
				return usage("tag", "add --tag Production", "a family is assigned by a version tag")
			}
			in.Registration = berth.AtLogon
			if onDemand {
				in.Registration = berth.OnDemand
			}
			e.words = "assignment to"
			return p.edit(ctx, e, func(c *client.Client, h client.Holder) (wire.Assignments, error) { return assign(ctx, c, h, in, args) })
		}})
	c.Flags().StringVar(&in.Version, "version", "", "assign exactly this version, by its full `NAME`")
	c.Flags().StringVar(&in.Tag, "tag", "", "assign whichever version carries this version `TAG`")
	c.Flags().BoolVar(&onDemand, "on-demand", false, "register the applications when they are first used, not at logon")
	c.Flags().BoolVar(&inherit, "inherit", false, "assign nothing: let the host or pool inherit its list, as `berth assign inherit` does")
	e.holder.flags(p, c)
	return p.applyFlag(p.revisionFlag(c), &e.apply)
}

// inherit is what `assign add --inherit` does.
func (p *program) inherit(ctx context.Context, e listEdit, selector string, args []string) error {
	if selector != "" || len(args) > 0 {
		return usage("inherit", "leave out the package and its selector", "--inherit takes the whole list of the level above: no package can be assigned beside it")
	}
	e.words = "inheritance of"
	return p.edit(ctx, e, func(c *client.Client, h client.Holder) (wire.Assignments, error) { return c.SetInherit(ctx, h, true) })
}

func assign(ctx context.Context, c *client.Client, h client.Holder, in wire.Assign, args []string) (wire.Assignments, error) {
	if len(args) == 0 {
		as, err := c.Assign(ctx, h, in)
		if berth.IsNotFound(err) {
			if _, unknown := c.Package(ctx, in.Version); unknown != nil {
				err = suggestPackage(ctx, c, in.Version, err)
			}
		}
		return as, err
	}
	families, err := familiesOf(ctx, c, args)
	if err != nil {
		return wire.Assignments{}, err
	}
	var all wire.Assignments
	for i, f := range families {
		in.Family = f
		as, err := c.Assign(ctx, h, in)
		if err != nil && i > 0 {
			return all, partly(fmt.Sprintf("%d of %d assignments to %s", i, len(families), all.Holder), err)
		}
		if err != nil {
			return as, err
		}
		as.Dependencies = append(all.Dependencies, as.Dependencies...)
		all, c = as, c.At(as.Revision) // nobody may come in between
	}
	return all, nil
}

// familiesOf finds all families before the first is assigned.
func familiesOf(ctx context.Context, c *client.Client, names []string) (families []string, err error) {
	for _, name := range names {
		f, err := family(ctx, c, name)
		if err != nil {
			return nil, err
		}
		families = append(families, f)
	}
	return families, nil
}

func (p *program) assignList() *cobra.Command {
	var h holderFlags
	c := p.command(verb{use: "list", short: "Show what is assigned to a host, a pool or the site defaults",
		example: "  berth assign list --defaults rdsh\n  berth assign list --host rdsh-01",
		run:     func(ctx context.Context, _ []string) error { return p.listAssignments(ctx, h) }})
	h.flags(p, c)
	return p.watchable(c)
}

func (p *program) listAssignments(ctx context.Context, h holderFlags) error {
	holder, _, err := p.holder(&h)
	if err != nil {
		return err
	}
	c, err := p.connectSite(ctx)
	if err != nil {
		return err
	}
	as, err := c.Assignments(ctx, holder)
	if err != nil {
		return err
	}
	p.note("%s is at revision %d", as.Holder, as.Revision)
	if as.Inherit {
		p.note("%s has no list of its own: it inherits that of the level above", as.Holder)
	}
	return p.showAssignments(ctx, c, as)
}

func (p *program) showAssignments(ctx context.Context, c *client.Client, as wire.Assignments) error {
	settings, err := c.Settings(ctx)
	if err != nil {
		return err
	}
	none := "the list of " + as.Holder + " is empty; assign a package with `berth assign add`"
	if as.Inherit {
		none = "" // it is no list of the holder's own
	}
	return p.show(result{value: as, names: namesOf(as.Assignments, func(a berth.Assignment) string { return a.Family }), empty: none, table: func(t *table) {
		t.columns("FAMILY", "SELECTOR", "REGISTRATION")
		for _, a := range as.Assignments {
			selector := "version " + a.Version
			if a.Version == "" {
				selector = "tag " + settings.Tags.Name(a.Tag)
			}
			t.row(a.Family, selector, string(a.Registration))
		}
	}})
}

func (p *program) assignRemove() *cobra.Command {
	var e listEdit
	c := p.command(verb{use: "remove FAMILY", short: "Take a package off a host, a pool or the site defaults",
		long:    "Take a package family off the list of a host, a pool or the site defaults. Running sessions keep it until they end.",
		example: "  berth assign remove Contoso.Notes --defaults rdsh",
		args:    cobra.ExactArgs(1), run: func(ctx context.Context, args []string) error {
			e.words = fmt.Sprintf("removal of %s from", args[0])
			return p.edit(ctx, e, func(c *client.Client, h client.Holder) (wire.Assignments, error) {
				f, err := family(ctx, c, args[0])
				if berth.IsNotFound(err) {
					f = args[0] // it may have left the catalogue and still be assigned
				} else if err != nil {
					return wire.Assignments{}, err
				}
				return c.Unassign(ctx, h, f)
			})
		}})
	e.holder.flags(p, c)
	return p.applyFlag(p.revisionFlag(c), &e.apply)
}

func (p *program) assignInherit() *cobra.Command {
	var e listEdit
	var off bool
	c := p.command(verb{use: "inherit", short: "Let a host or pool inherit its list",
		long: `Drop the list of a host or pool, so that it inherits: a host from its pool, or from the site defaults when it is in none; a
pool from the site defaults. With --off it gets a list of its own again, which begins with what it inherited.`,
		example: "  berth assign inherit --host rdsh-01",
		run: func(ctx context.Context, _ []string) error {
			e.words = "inheritance of"
			return p.edit(ctx, e, func(c *client.Client, h client.Holder) (wire.Assignments, error) { return c.SetInherit(ctx, h, !off) })
		}})
	c.Flags().BoolVar(&off, "off", false, "stop inheriting, and keep the inherited list as its own")
	e.holder.flags(p, c)
	return p.applyFlag(p.revisionFlag(c), &e.apply)
}

func (p *program) defaultsCommand() *cobra.Command {
	show := p.command(verb{use: "show KIND", short: "Show the site defaults for a kind of host: rdsh, vdi or avd",
		example: "  berth defaults show rdsh", args: cobra.ExactArgs(1),
		run: func(ctx context.Context, args []string) error {
			return p.listAssignments(ctx, holderFlags{defaults: args[0]})
		}})
	return noun("defaults", "Show what a site gives each kind of host",
		"The site defaults are what hosts get that have no list of their own and no pool with one. Edit them with\n`berth assign add --defaults KIND`.", show)
}
