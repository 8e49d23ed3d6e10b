package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"berth"
	"berth/client"
	"berth/wire"
)

// packageTag is "change version tag": any number of tags of one package, in one change.
func (p *program) packageTag() *cobra.Command {
	var only, move, apply bool
	c := p.command(verb{use: "tag PACKAGE TAG...", short: "Put version tags on a package",
		long: `Put version tags on a package, beside those that it has; with --only in place of those. With --move they are taken off all
other versions of the family, so that hosts which are assigned by the tag get this version.`,
		example: "  berth package tag Contoso.Notes_1.1.0.0_x64__8wekyb3d8bbwe Pre-production Custom\n  berth package tag Contoso.Notes_1.1.0.0_x64__8wekyb3d8bbwe Production --move",
		args:    cobra.MinimumNArgs(2), run: func(ctx context.Context, args []string) error {
			if !move {
				return p.retag(ctx, apply, args[0], func(had []string) []string {
					if only {
						had = nil
					}
					return append(had, args[1:]...)
				})
			}
			return p.tag(ctx, tagging{move: true, do: func(ctx context.Context, c *client.Client, _, pkg string) (now berth.Package, err error) {
				for i, tag := range args[1:] {
					if now, err = c.TagPackage(ctx, pkg, wire.TagPackage{Tag: tag, Move: true}); err != nil && i > 0 {
						return now, partly("the tags before "+tag, err)
					}
				}
				return now, err
			}}, apply, []string{"", args[0]})
		}})
	c.Flags().BoolVar(&only, "only", false, "take all other tags off it")
	c.Flags().BoolVar(&move, "move", false, "take the tags off all other versions of the family")
	c.MarkFlagsMutuallyExclusive("only", "move")
	p.revisionFlag(c)
	c.MarkFlagsMutuallyExclusive("move", "if-revision")
	return p.applyFlag(c, &apply)
}

func (p *program) packageUntag() *cobra.Command {
	var all, apply bool
	c := p.command(verb{use: "untag PACKAGE [TAG...]", short: "Take version tags off a package",
		long:    "Take version tags off a package; with --all every one that it has.",
		example: "  berth package untag Contoso.Notes_1.0.0.0_x64__8wekyb3d8bbwe Custom\n  berth package untag Contoso.Notes_1.0.0.0_x64__8wekyb3d8bbwe --all",
		args:    cobra.MinimumNArgs(1), run: func(ctx context.Context, args []string) error {
			if all == (len(args) > 1) {
				return usage("tag", "berth package untag PACKAGE TAG, or berth package untag PACKAGE --all", "name the tags to take off, or --all of them")
			}
			do := func(ctx context.Context, c *client.Client, _, pkg string) (now berth.Package, err error) {
				if all {
					return c.UntagPackage(ctx, pkg, "")
				}
				for i, tag := range args[1:] {
					if now, err = c.UntagPackage(ctx, pkg, tag); err != nil && i > 0 {
						return now, partly("the tags before "+tag, err)
					}
				}
				return now, err
			}
			return p.tag(ctx, tagging{do: do}, apply, []string{"", args[0]})
		}})
	c.Flags().BoolVar(&all, "all", false, "every tag that it has")
	return p.applyFlag(c, &apply)
}

// retag gives a package the tags that change makes of those that it had.
func (p *program) retag(ctx context.Context, apply bool, name string, change func(had []string) []string) error {
	c, err := p.connectSite(ctx)
	if err != nil {
		return err
	}
	v, err := c.Package(ctx, name)
	if err != nil {
		return suggestPackage(ctx, c, name, err)
	}
	tags := change(namesOf(v.Tags, func(id berth.TagID) string { return string(id) }))
	// What was read is what the change is made of: nobody may have changed it in between.
	now, err := c.At(cmp.Or(p.revision, v.Revision)).EditPackage(ctx, v.FullName, wire.EditPackage{Tags: &tags})
	if err != nil {
		return err
	}
	if err := p.drafted(ctx, c, apply, "tags of "+now.FullName, changeName(berth.ObjectPackage, now.FullName)); err != nil {
		return err
	}
	return p.showPackages(ctx, c, now, now.Package)
}

// packageSwitch is "Enable application package in site", on or off.
func (p *program) packageSwitch(use, short, long string, on bool) *cobra.Command {
	var apply bool
	c := p.command(verb{use: use + " PACKAGE...", short: short, long: long,
		example: "  berth package " + use + " Contoso.Notes_1.0.0.0_x64__8wekyb3d8bbwe --apply", args: cobra.MinimumNArgs(1),
		run: func(ctx context.Context, args []string) error {
			c, err := p.connectSite(ctx)
			if err != nil {
				return err
			}
			return each(args, func(name string) error {
				v, err := c.EditPackage(ctx, name, wire.EditPackage{Enabled: &on})
				if err != nil {
					return suggestPackage(ctx, c, name, err)
				}
				return p.drafted(ctx, c, apply, "package "+v.FullName, changeName(berth.ObjectPackage, v.FullName))
			})
		}})
	return p.applyFlag(c, &apply)
}

// offer is an application of a package, and how it is published.
type offer struct {
	Application string                 `json:"application"` // FAMILY!ID
	DisplayName string                 `json:"displayName"`
	Published   []wire.PublicationView `json:"published"`
}

// packageApps is "show published resources": every application of the package, published or not.
func (p *program) packageApps() *cobra.Command {
	c := p.command(verb{use: "apps PACKAGE", short: "Show the applications of a package, and where they are published from",
		long: `Show the applications of a package; of those that are published, under which name, to whom, from which hosts and pools, and
which hosts offer them at this version now.`,
		example: "  berth package apps Contoso.Notes_1.0.0.0_x64__8wekyb3d8bbwe", args: cobra.ExactArgs(1),
		run: func(ctx context.Context, args []string) error {
			c, err := p.connectSite(ctx)
			if err != nil {
				return err
			}
			v, err := c.Package(ctx, args[0])
			if err != nil {
				return suggestPackage(ctx, c, args[0], err)
			}
			vs, err := c.Publications(ctx, v.FullName)
			if err != nil {
				return err
			}
			offers, err := arrange(p, offersOf(v.Package, vs))
			if err != nil {
				return err
			}
			names := namesOf(offers, func(o offer) string { return o.Application })
			return p.show(result{value: orEmpty(offers), names: names, empty: "the package has no application: it is there for others", table: func(t *table) {
				t.columns("APPLICATION", "ID", "PUBLISHED AS", "USERS", "PUBLISHED FROM", "OFFERED BY")
				for _, o := range offers {
					offerRows(t, o)
				}
			}})
		}})
	return p.listing(c)
}

func offersOf(v berth.Package, vs []wire.PublicationView) (offers []offer) {
	for _, a := range v.Applications {
		o := offer{Application: v.FamilyName + "!" + a.ID, DisplayName: a.DisplayName, Published: []wire.PublicationView{}}
		for _, pub := range vs {
			if berth.Fold(pub.Application) == berth.Fold(a.ID) {
				o.Published = append(o.Published, pub)
			}
		}
		offers = append(offers, o)
	}
	return offers
}

func offerRows(t *table, o offer) {
	_, id, _ := strings.Cut(o.Application, "!")
	if len(o.Published) == 0 {
		t.row(o.DisplayName, id, "", "", "", "")
	}
	for _, v := range o.Published {
		from, by := places(v)
		t.row(o.DisplayName, id, v.Name, cmp.Or(strings.Join(v.Users, ", "), "everyone"), from, by)
	}
}

// places words where a publication offers its application from, and which hosts do now.
func places(v wire.PublicationView) (from, by string) {
	named := namesOf(v.Hosts, func(h string) string { return "host " + h })
	named = append(named, namesOf(v.Pools, func(pool string) string { return "pool " + pool })...)
	offering := slices.DeleteFunc(slices.Clone(v.Offers), func(h wire.PublishedHost) bool { return h.Now == "" })
	return strings.Join(named, ", "), strings.Join(namesOf(offering, func(h wire.PublishedHost) string { return h.Host }), ", ")
}

// hostPackages is the "Application packages" tab of a host: what it has or should have, by which list, and how it stands.
func (p *program) hostPackages() *cobra.Command {
	var f statusFlags
	c := p.command(verb{use: "packages HOST", short: "Show the packages of a host: by which list, and how each stands",
		long: `Show the packages that a host has or should have, the list and the selector that give each to it, its status, since when, why,
and what to do. The whole of it is in -o json; for the reasons of one package see "berth host why".`,
		example: "  berth host packages rdsh-01\n  berth host packages rdsh-01 --watch", args: cobra.ExactArgs(1),
		run: func(ctx context.Context, args []string) error {
			if _, err := checkStatus("status", f.status); err != nil {
				return err
			}
			c, err := p.connectSite(ctx)
			if err != nil {
				return err
			}
			h, err := c.Host(ctx, args[0])
			if err != nil {
				return err
			}
			f.host = h.Name
			rows, _, err := statusRows(ctx, c, f.query())
			if err != nil {
				return err
			}
			if rows, err = arrange(p, rows); err != nil {
				return err
			}
			p.warnOfConflicts(rows)
			names := namesOf(rows, func(r wire.HostPackage) string { return cmp.Or(r.FullName, r.Family) })
			none := fmt.Sprintf("host %s has no package and should have none; assign one with `berth assign add`", h.Name)
			return p.show(result{value: orEmpty(rows), names: names, empty: none, table: func(t *table) { p.hostPackageTable(t, rows) }})
		}})
	c.Flags().StringVar(&f.status, "status", "", "only rows of this `STATUS`")
	return p.listing(c)
}

func (p *program) hostPackageTable(t *table, rows []wire.HostPackage) {
	t.columns("PACKAGE", "VERSION", "CHOSEN BY", "ASSIGNED BY", "STATUS", "SINCE", "CAUSE")
	for _, r := range rows {
		by := "nobody any more"
		if r.Row != nil {
			by = level(r.Row)
		}
		t.rowWith(whatToDo(r), r.DisplayName, r.Version, r.Selector, by, string(r.Status.Name), p.age(r.Status.Since), causeOf(r))
		t.paint(4, statusInk(r.Status.Name))
	}
}

// whatToDo is the line below a row that somebody must do something about.
func whatToDo(r wire.HostPackage) []string {
	if !r.Status.Trouble() || r.Status.Remedy == "" {
		return nil
	}
	return []string{"what to do: " + r.Status.Remedy}
}
