package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"berth"
	"berth/client"
	"berth/wire"
)

func (p *program) packageCommand() *cobra.Command {
	var f filters
	var tag, of string
	list := p.command(verb{use: "list", short: "List the packages",
		example: "  berth package list\n  berth package list --search contoso --tag Production --limit 50 -o name",
		run: func(ctx context.Context, _ []string) error {
			c, err := p.connectSite(ctx)
			if err != nil {
				return err
			}
			if of != "" {
				if of, err = family(ctx, c, of); err != nil {
					return err
				}
			}
			page, err := c.FindPackages(ctx, client.PackageFilter{Search: f.search, Tag: tag, Family: of, After: f.after, Limit: p.list.paged(f.limit)})
			if err != nil {
				return err
			}
			if page.Items, err = arrange(p, page.Items); err != nil {
				return err
			}
			p.more(page.Next)
			if len(page.Items) == 0 && (p.list.whole() || f.search+f.after+tag+of != "") && p.output == formatTable && p.query == "" {
				p.note("no package matches; leave out a flag to see more")
				return nil
			}
			return p.showPackages(ctx, c, orEmpty(page.Items), page.Items...)
		}})
	f.flags(list, "packages that hold this `TEXT` in full name, display name or publisher", "packages")
	list.Flags().StringVar(&tag, "tag", "", "only packages that carry this `TAG`")
	list.Flags().StringVar(&of, "family", "", "only this `FAMILY`, or the package of this name")
	show := p.command(verb{use: "show PACKAGE", short: "Show one package", args: cobra.ExactArgs(1),
		example: "  berth package show Contoso.Notes_1.0.0.0_x64__8wekyb3d8bbwe",
		run: func(ctx context.Context, args []string) error {
			c, err := p.connectSite(ctx)
			if err != nil {
				return err
			}
			v, err := c.Package(ctx, args[0])
			if err != nil {
				return suggestPackage(ctx, c, args[0], err)
			}
			settings, err := c.Settings(ctx)
			if err != nil {
				return err
			}
			return p.show(result{value: v, names: []string{v.FullName}, table: func(t *table) { packageFacts(t, v, settings.Tags) }})
		}})
	return noun("package", "Manage the packages in a site's catalogue",
		`A package is one version of an application, named by its full name; all versions of it are a family. Hosts get packages that
are in the catalogue, enabled and assigned: see "berth assign".`,
		p.listing(list), show, p.packageAdd(), p.packageSet(), p.packageTag(), p.packageUntag(),
		p.packageSwitch("enable", "Enable packages in the site", "Enable packages in the site: hosts that they are assigned to get them.", true),
		p.packageSwitch("disable", "Disable packages in the site", "Disable packages in the site. No new session gets them; running sessions keep theirs until they end: see `berth status`.", false),
		p.packageRemove(), p.packageApps(), p.packageHosts(), p.packageTimings())
}

func (p *program) showPackages(ctx context.Context, c *client.Client, value any, ps ...berth.Package) error {
	settings, err := c.Settings(ctx)
	if err != nil {
		return err
	}
	none := "the catalogue is empty; add a package with `berth package add IMAGE`"
	return p.show(result{value: value, names: namesOf(ps, func(p berth.Package) string { return p.FullName }), empty: none, table: func(t *table) {
		if p.output == formatWide {
			t.columns("NAME", "VERSION", "ARCH", "TAGS", "ENABLED", "PUBLISHER", "EXPIRES", "IMAGE", "FULL NAME")
		} else {
			t.columns("NAME", "VERSION", "ARCH", "TAGS", "ENABLED", "FULL NAME")
		}
		for _, v := range ps {
			cells := []string{v.DisplayName, v.Version.String(), v.Architecture, tagNames(settings.Tags, v.Tags), enabled(v)}
			if p.output == formatWide {
				cells = append(cells, commonName(v.Publisher), expires(v), v.ImagePath)
			}
			t.row(append(cells, v.FullName)...)
		}
	}})
}

func enabled(p berth.Package) string {
	if p.Retiring {
		return "retiring"
	}
	return yesNo(p.Enabled)
}

func tagNames(tags berth.Tags, ids []berth.TagID) string {
	return strings.Join(namesOf(ids, tags.Name), ", ")
}

// publisherOf is the common name of a publisher, and behind it the whole name.
func publisherOf(p berth.Package) string {
	if cn := commonName(p.Publisher); cn != p.Publisher {
		return fmt.Sprintf("%s (%s)", cn, p.Publisher)
	}
	return p.Publisher
}

// commonName is the CN of a distinguished name, or the whole of one that has none.
func commonName(dn string) string {
	for part := range strings.SplitSeq(dn, ",") {
		if cn, ok := strings.CutPrefix(strings.TrimSpace(part), "CN="); ok {
			return cn
		}
	}
	return dn
}

// expires is the day on which the certificate of a package ends, empty when it has none that is known.
func expires(p berth.Package) string {
	if p.Certificate == nil {
		return ""
	}
	return p.Certificate.NotAfter.UTC().Format(time.DateOnly)
}

func packageFacts(t *table, v wire.PackageView, tags berth.Tags) {
	t.fact("Display name", v.DisplayName)
	t.fact("Package", v.Name)
	t.fact("Full name", v.FullName)
	t.fact("Family", v.FamilyName)
	t.fact("Version", v.Version.String()+", "+v.Architecture)
	t.fact("Publisher", publisherOf(v.Package))
	t.fact("Enabled", enabled(v.Package))
	t.fact("Tags", tagNames(tags, v.Tags))
	if v.OnFailure != "" {
		t.fact("On failure", v.OnFailure)
	}
	t.fact("Image", v.ImagePath)
	t.fact("Folder", v.RelativePath)
	if o := v.Observed; o != nil {
		t.fact("Observed", fmt.Sprintf("%s with %s, %d files, %s", o.Format, o.FileSystem, o.Files, bytesOf(o.Bytes)))
	}
	if c := v.Certificate; c != nil {
		t.fact("Certificate", fmt.Sprintf("%s, thumbprint %s; see `berth cert show`", c.CommonName, c.Thumbprint))
		t.fact("Key size", fmt.Sprintf("%d bits", c.KeySize))
		t.fact("Expires", c.NotAfter.UTC().Format(time.DateTime))
	}
	for _, a := range v.Applications {
		t.fact("Application", fmt.Sprintf("%s (%s)", a.DisplayName, a.ID))
	}
	dependencyFacts(t, v.FullName, v.DependencyChecks)
	for _, f := range v.Findings {
		t.fact("Finding", f)
	}
	t.fact("Revision", fmt.Sprint(v.Revision))
	t.fact("Added", v.AddedAt.UTC().Format(time.DateTime)+" by "+v.AddedBy)
}

func (p *program) packageAdd() *cobra.Command {
	var in wire.AddPackage
	var apply bool
	c := p.command(verb{use: "add IMAGE", short: "Add a package in an image to the catalogue",
		long: `Add a package in an image to the catalogue. IMAGE is its path as the hosts open it, so mostly a UNC path. The server opens it
too, and refuses a package that is not as it was signed.`,
		example: `  berth package add '\\files\apps\notes.vhdx' --tag Production
  berth package add '\\files\apps\suite.vhdx' --package Contoso.Notes_1.0.0.0_x64__8wekyb3d8bbwe --name "Notes"`,
		args: cobra.ExactArgs(1), run: func(ctx context.Context, args []string) error {
			server, err := p.connectSite(ctx)
			if err != nil {
				return err
			}
			in.ImagePath = reachable(args[0])
			added, err := server.AddPackage(ctx, in)
			if err != nil {
				return err
			}
			for _, f := range added.Findings {
				p.note("note: %s", f)
			}
			if err := p.drafted(ctx, server, apply, "package "+added.FullName, changeName(berth.ObjectPackage, added.FullName)); err != nil {
				return err
			}
			return p.showPackages(ctx, server, added, added)
		}})
	c.Flags().StringVar(&in.FullName, "package", "", "full `NAME` of the package, where the image holds several")
	c.Flags().StringVar(&in.DisplayName, "name", "", "display `NAME` (default: as the package says)")
	c.Flags().StringArrayVar(&in.Tags, "tag", nil, "version `TAG` to put on it; can be repeated")
	c.Flags().BoolVar(&in.Disabled, "disabled", false, "add it disabled: no host gets it yet")
	c.Flags().StringVar(&in.OnFailure, "on-failure", "", onFailureUsage)
	return p.applyFlag(c, &apply)
}

const onFailureUsage = "`HEALTH` of an AVD host where it is not staged: Unhealthy, NeedsAssistance (default) or DoNotFail"

// reachable makes the path of a file that is here absolute: a server on this machine does not stand in the same folder.
// What is not here is left as it is: it is the hosts' path, perhaps of another system.
func reachable(path string) string {
	if _, err := os.Stat(path); err != nil {
		return path
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	return abs
}

func (p *program) packageSet() *cobra.Command {
	var name, health string
	var tags []string
	var on, apply bool
	var c *cobra.Command
	c = p.command(verb{use: "set PACKAGE", short: "Change a package's properties",
		long: `Change a package's display name or tags, enable or disable it, or say what becomes of an AVD host's health where it is
not staged. Running sessions keep a package that is disabled until they end: see "berth status".`,
		example: "  berth package set Contoso.Notes_1.0.0.0_x64__8wekyb3d8bbwe --enabled=false",
		args:    cobra.ExactArgs(1), run: func(ctx context.Context, args []string) error {
			server, err := p.connectSite(ctx)
			if err != nil {
				return err
			}
			v, err := server.At(p.revision).EditPackage(ctx, args[0], wire.EditPackage{DisplayName: given(c.Flags(), "name", name),
				Enabled: given(c.Flags(), "enabled", on), Tags: given(c.Flags(), "tags", tags), OnFailure: given(c.Flags(), "on-failure", health)})
			if err != nil {
				return suggestPackage(ctx, server, args[0], err)
			}
			if err := p.drafted(ctx, server, apply, "package "+v.FullName, changeName(berth.ObjectPackage, v.FullName)); err != nil {
				return err
			}
			return p.showPackages(ctx, server, v, v.Package)
		}})
	c.Flags().StringVar(&name, "name", "", "display `NAME`")
	c.Flags().BoolVar(&on, "enabled", true, "let hosts have it; --enabled=false disables it")
	c.Flags().StringSliceVar(&tags, "tags", nil, `all its `+"`TAGS`"+`, in place of those it has; "" takes all away`)
	c.Flags().StringVar(&health, "on-failure", "", onFailureUsage)
	c.MarkFlagsOneRequired("name", "enabled", "tags", "on-failure")
	return p.applyFlag(p.revisionFlag(c), &apply)
}

func (p *program) packageRemove() *cobra.Command {
	var force, apply bool
	c := p.command(verb{use: "remove PACKAGE...", short: "Delete packages from the catalogue",
		long: `Delete packages from the catalogue; the images stay. A package that is assigned is not deleted: the error
names what holds it. With --force it is retired instead: no new session gets it, and it goes once no host uses it.`,
		example: "  berth package remove Contoso.Notes_1.0.0.0_x64__8wekyb3d8bbwe",
		args:    cobra.MinimumNArgs(1), run: func(ctx context.Context, args []string) error {
			server, err := p.connectSite(ctx)
			if err != nil {
				return err
			}
			return each(args, func(name string) error {
				if err := server.RemovePackage(ctx, name, force); err != nil {
					return suggestPackage(ctx, server, name, err)
				}
				return p.drafted(ctx, server, apply, "deletion of package "+name, changeName(berth.ObjectPackage, name))
			})
		}})
	c.Flags().BoolVar(&force, "force", false, "retire a package that is assigned")
	return p.applyFlag(c, &apply)
}
