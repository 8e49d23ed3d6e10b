package cli

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"berth"
	"berth/client"
	"berth/wire"
)

func (p *program) tagCommand() *cobra.Command {
	list := p.command(verb{use: "list", short: "List the three version tags and the packages that carry them", example: "  berth tag list",
		run: func(ctx context.Context, _ []string) error { return p.listTags(ctx) }})
	return noun("tag", "Put version tags on packages: Production, Pre-production, Custom",
		`A site has three version tags, which can be renamed. Hosts that are assigned a family by a tag get the version that carries it:
to give them the next version, move the tag.`,
		p.watchable(list), p.tagHistory(), p.tagRollback(), p.tagRename(),
		p.tagVerb(tagging{verb: "add TAG PACKAGE", short: "Put a tag on a package",
			do: func(ctx context.Context, c *client.Client, tag, pkg string) (berth.Package, error) {
				return c.TagPackage(ctx, pkg, wire.TagPackage{Tag: tag})
			}}),
		p.tagVerb(tagging{verb: "move TAG PACKAGE", short: "Put a tag on a package and take it off all other versions", move: true,
			do: func(ctx context.Context, c *client.Client, tag, pkg string) (berth.Package, error) {
				return c.TagPackage(ctx, pkg, wire.TagPackage{Tag: tag, Move: true})
			}}),
		p.tagVerb(tagging{verb: "remove TAG PACKAGE", short: "Take a tag off a package",
			do: func(ctx context.Context, c *client.Client, tag, pkg string) (berth.Package, error) {
				return c.UntagPackage(ctx, pkg, tag)
			}}),
		p.tagVerb(tagging{verb: "clear PACKAGE", short: "Take all tags off a package",
			do: func(ctx context.Context, c *client.Client, _, pkg string) (berth.Package, error) {
				return c.UntagPackage(ctx, pkg, "")
			}}))
}

func (p *program) listTags(ctx context.Context) error {
	c, err := p.connectSite(ctx)
	if err != nil {
		return err
	}
	s, err := c.Settings(ctx)
	if err != nil {
		return err
	}
	ps, err := c.Packages(ctx)
	if err != nil {
		return err
	}
	p.warnOfCarriers(s.Tags, ps)
	return p.show(result{value: s.Tags, names: namesOf(s.Tags[:], func(t berth.Tag) string { return t.Name }), table: func(t *table) {
		t.columns("TAG", "ID", "PACKAGE")
		for _, tag := range s.Tags {
			carried := slices.DeleteFunc(slices.Clone(ps), func(p berth.Package) bool { return !p.HasTag(tag.ID) })
			if len(carried) == 0 {
				t.row(tag.Name, string(tag.ID), "")
			}
			for _, v := range carried {
				t.row(tag.Name, string(tag.ID), v.FullName)
			}
		}
	}})
}

func (p *program) tagRename() *cobra.Command {
	var apply bool
	c := p.command(verb{use: "rename TAG NAME", short: "Give a tag another name",
		long:    "Give a tag another name. Assignments by the tag follow: there are always the same three tags.",
		example: "  berth tag rename Custom \"Branch office\"",
		args:    cobra.ExactArgs(2), run: func(ctx context.Context, args []string) error {
			server, err := p.connectSite(ctx)
			if err != nil {
				return err
			}
			s, err := server.RenameTag(ctx, args[0], args[1])
			if err != nil {
				return err
			}
			if err := p.drafted(ctx, server, apply, "tag "+args[0]+" renamed to "+args[1], changeName(berth.ObjectSettings, "settings")); err != nil {
				return err
			}
			return p.showSettings(settingsView{Settings: s})
		}})
	return p.applyFlag(c, &apply)
}

// tagging is a verb that changes the tags of one package; move also changes its siblings.
type tagging struct {
	verb, short string
	move        bool
	do          func(ctx context.Context, c *client.Client, tag, pkg string) (berth.Package, error)
}

func (p *program) tagVerb(v tagging) *cobra.Command {
	var apply bool
	n := 2
	example := "  berth tag " + v.verb[:len(v.verb)-len("TAG PACKAGE")] + "Production Contoso.Notes_1.1.0.0_x64__8wekyb3d8bbwe"
	if v.verb == "clear PACKAGE" {
		n, example = 1, "  berth tag clear Contoso.Notes_1.0.0.0_x64__8wekyb3d8bbwe"
	}
	c := p.command(verb{use: v.verb, short: v.short, example: example, args: cobra.ExactArgs(n),
		run: func(ctx context.Context, args []string) error {
			return p.tag(ctx, v, apply, append([]string{""}, args...)[n-1:])
		}})
	return p.applyFlag(c, &apply)
}

// tag takes the tag and the package; the tag is empty where the verb means all.
func (p *program) tag(ctx context.Context, v tagging, apply bool, args []string) error {
	tag, name := args[0], args[1]
	server, err := p.connectSite(ctx)
	if err != nil {
		return err
	}
	before, err := server.Packages(ctx)
	if err != nil {
		return err
	}
	now, err := v.do(ctx, server, tag, name)
	if err != nil {
		if i := slices.IndexFunc(before, func(p berth.Package) bool { return berth.Fold(p.FullName) == berth.Fold(name) }); i >= 0 {
			return err // it is the tag that is not there
		}
		return suggestPackage(ctx, server, name, err)
	}
	names := []string{changeName(berth.ObjectPackage, now.FullName)}
	if v.move {
		siblings, err := lost(ctx, server, before)
		if err != nil {
			return partly("tags of "+now.FullName, err)
		}
		names = append(names, siblings...)
	}
	if err := p.drafted(ctx, server, apply, "tags of "+now.FullName, names...); err != nil {
		return err
	}
	return p.showPackages(ctx, server, now, now)
}

// lost names the changes of packages that carry fewer tags than before.
func lost(ctx context.Context, c *client.Client, before []berth.Package) (names []string, err error) {
	after, err := c.Packages(ctx)
	for _, was := range before {
		for _, is := range after {
			if is.FullName == was.FullName && len(is.Tags) < len(was.Tags) {
				names = append(names, changeName(berth.ObjectPackage, is.FullName))
			}
		}
	}
	return names, err
}
