package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"berth"
	"berth/wire"
)

func (p *program) siteCommand() *cobra.Command {
	list := p.command(verb{use: "list", short: "List the sites that you may see", example: "  berth site list",
		run: func(ctx context.Context, _ []string) error {
			c, err := p.connect()
			if err != nil {
				return err
			}
			sites, err := c.Sites(ctx)
			if err != nil {
				return err
			}
			return p.showSites(orEmpty(sites), sites...)
		}})
	var location string
	create := p.command(verb{use: "create NAME", short: "Create a site", example: "  berth site create branch-office --location westeurope",
		args: cobra.ExactArgs(1), run: func(ctx context.Context, args []string) error {
			c, err := p.connect()
			if err != nil {
				return err
			}
			site, err := c.CreateSite(ctx, wire.CreateSite{Name: args[0], Location: location})
			if err != nil {
				return err
			}
			p.note("site %s is made", site.Name)
			return p.showSites(site, site)
		}})
	create.Flags().StringVar(&location, "location", "", "`LOCATION` that clients of Azure's API are told (default: that of the first site)")
	return noun("site", "List and create sites, the administrative units of the farm",
		"Each site has its own catalogue, settings, pools and hosts. Most farms have one.", list, create)
}

func (p *program) showSites(value any, sites ...berth.Site) error {
	return p.show(result{value: value, names: namesOf(sites, func(s berth.Site) string { return s.Name }), empty: "you see no site; ask an owner for a token of yours", table: func(t *table) {
		t.columns("NAME", "LOCATION", "GENERATION", "CREATED")
		for _, s := range sites {
			t.row(s.Name, s.Location, fmt.Sprint(s.Generation), s.CreatedAt.UTC().Format("2006-01-02"))
		}
	}})
}

func (p *program) settingsCommand() *cobra.Command {
	show := p.command(verb{use: "show", short: "Show the site's settings", example: "  berth settings show",
		run: func(ctx context.Context, _ []string) error {
			c, err := p.connectSite(ctx)
			if err != nil {
				return err
			}
			s, err := c.Settings(ctx)
			if err != nil {
				return err
			}
			return p.showSettings(s)
		}})
	return noun("settings", "Show and change a site's settings", "", show, p.settingsSet())
}

func (p *program) settingsSet() *cobra.Command {
	var enabled, certificates, apply bool
	var c *cobra.Command
	c = p.command(verb{use: "set", short: "Change the site's settings",
		long: `Change the site's settings. With --enabled=false the hosts of the site let go of all packages, as their sessions end. With
--provision-certificates=false hosts do not install the certificates of the packages' signers: they must be there already.`,
		example: "  berth settings set --provision-certificates=false",
		run: func(ctx context.Context, _ []string) error {
			server, err := p.connectSite(ctx)
			if err != nil {
				return err
			}
			s, err := server.EditSettings(ctx, wire.EditSettings{Enabled: given(c.Flags(), "enabled", enabled),
				ProvisionCertificates: given(c.Flags(), "provision-certificates", certificates)})
			if err != nil {
				return err
			}
			if err := p.drafted(ctx, server, apply, "settings of site "+server.Site, changeName(berth.ObjectSettings, "settings")); err != nil {
				return err
			}
			return p.showSettings(s)
		}})
	c.Flags().BoolVar(&enabled, "enabled", true, "deliver packages in this site; --enabled=false stops that")
	c.Flags().BoolVar(&certificates, "provision-certificates", true, "let hosts install the signers' certificates")
	c.MarkFlagsOneRequired("enabled", "provision-certificates")
	return applyFlag(c, &apply)
}

// given returns the value of a flag that was given, else nil: what is not named stays as it is.
func given[T any](f *pflag.FlagSet, name string, value T) *T {
	if !f.Changed(name) {
		return nil
	}
	return &value
}

func (p *program) showSettings(s berth.Settings) error {
	return p.show(result{value: s, names: []string{"settings"}, table: func(t *table) {
		t.fact("Enabled", yesNo(s.Enabled))
		t.fact("Provision certificates", yesNo(s.ProvisionCertificates))
		for _, tag := range s.Tags {
			t.fact("Tag "+string(tag.ID), tag.Name)
		}
	}})
}
