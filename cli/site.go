package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

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
			if sites, err = arrange(p, sites); err != nil {
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
		"Each site has its own catalogue, settings, pools and hosts. Most farms have one.", p.listing(list), create)
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
			s, revision, err := c.SettingsRevision(ctx)
			if err != nil {
				return err
			}
			return p.showSettings(settingsView{s, revision})
		}})
	return noun("settings", "Show and change a site's settings", "", show, p.settingsSet())
}

func (p *program) settingsSet() *cobra.Command {
	var enabled, certificates, apply, copies bool
	var most, rate sizeFlag
	var verify string
	var deadline limit
	var c *cobra.Command
	c = p.command(verb{use: "set [KEY=VALUE...]", short: "Change the site's settings",
		long: `Change the site's settings, each as KEY=VALUE or by its flag:

  packages.enabled        deliver packages in this site. With false its hosts let go of all packages, as their sessions end
  certificates.provision  let hosts install the certificates of the packages' signers. With false they must be there already
  cache.enabled           let hosts keep copies of the images in their plans, and attach packages from them
  cache.size              how much room copies may take on each host, as 50GB; none: no bound
  cache.rate              how much a host reads a second for copies, as 20MB; none: no bound
  verify.depth            what hosts compare with the block map: code (manifest and programs, before staging), or all (the rest
                          too, in the background)
  disabling.deadline      how long sessions keep a package that their host should no longer have: a time such as 90m or 8h.
                          They are told; then it is closed and taken from them, and what is not saved is lost. none,
                          which is usual, lets them keep it until they end`,
		example: "  berth settings set packages.enabled=true\n  berth settings set certificates.provision=false --apply\n  berth settings set --provision-certificates=false\n  berth settings set disabling.deadline=8h",
		args:    cobra.ArbitraryArgs,
		run: func(ctx context.Context, args []string) error {
			for _, a := range args {
				if err := setting(c.Flags(), a); err != nil {
					return err
				}
			}
			if !slices.ContainsFunc(slices.Collect(maps.Values(settings)), c.Flags().Changed) {
				return usage("setting", "for example `berth settings set packages.enabled=true`", "nothing to set was named")
			}
			server, err := p.connectSite(ctx)
			if err != nil {
				return err
			}
			e := wire.EditSettings{Enabled: given(c.Flags(), "enabled", enabled),
				ProvisionCertificates: given(c.Flags(), "provision-certificates", certificates),
				DisablingMinutes:      given(c.Flags(), "disabling-deadline", int(deadline)),
				Verify:                given(c.Flags(), "verify", berth.VerifyDepth(verify)),
				Cache: &wire.EditCache{Enabled: given(c.Flags(), "cache", copies), MaxBytes: given(c.Flags(), "cache-size", int64(most)),
					BytesPerSecond: given(c.Flags(), "cache-rate", int64(rate))}}
			if *e.Cache == (wire.EditCache{}) {
				e.Cache = nil
			}
			s, err := server.At(p.revision).EditSettings(ctx, e)
			if err != nil {
				return err
			}
			if err := p.drafted(ctx, server, apply, "settings of site "+server.Site, changeName(berth.ObjectSettings, "settings")); err != nil {
				return err
			}
			return p.showSettings(settingsView{Settings: s})
		}})
	c.Flags().BoolVar(&enabled, "enabled", true, "deliver packages in this site; --enabled=false stops that")
	c.Flags().BoolVar(&certificates, "provision-certificates", true, "let hosts install the signers' certificates")
	c.Flags().BoolVar(&copies, "cache", false, "let hosts keep copies of the images in their plans")
	c.Flags().Var(&most, "cache-size", "`SIZE` that copies may take on each host, as 50GB; none: no bound")
	c.Flags().Var(&rate, "cache-rate", "`SIZE` that a host reads a second for copies, as 20MB; none: no bound")
	c.Flags().StringVar(&verify, "verify", string(berth.VerifyCode), "what hosts compare with the block map: code, or all")
	c.Flags().Var(&deadline, "disabling-deadline", "how long sessions keep what their host should no longer have: a `TIME`, or none")
	return p.applyFlag(p.revisionFlag(c), &apply)
}

// limit is a deadline in whole minutes, as a flag.
type limit int

// String is how people write it.
func (l *limit) String() string {
	if *l == 0 {
		return "none"
	}
	hours, minutes := int(*l)/60, int(*l)%60
	switch {
	case minutes == 0:
		return fmt.Sprintf("%dh", hours)
	case hours == 0:
		return fmt.Sprintf("%dm", minutes)
	}
	return fmt.Sprintf("%dh%dm", hours, minutes)
}

// Set reads "none", or a time such as 90m.
func (l *limit) Set(text string) error {
	if text == "none" || text == "0" {
		*l = 0
		return nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < time.Minute || d > berth.MostDisablingMinutes*time.Minute {
		return errors.New("write a time from 1m to 720h, such as 90m or 8h, or none")
	}
	*l = limit(d / time.Minute)
	return nil
}

// Type names it in help.
func (*limit) Type() string { return "time" }

// sizeFlag is a flag with a number of bytes.
type sizeFlag int64

// String implements pflag.Value.
func (s *sizeFlag) String() string {
	if *s == 0 {
		return "none"
	}
	return bytesOf(int64(*s))
}

// Set implements pflag.Value.
func (s *sizeFlag) Set(text string) error {
	n, err := berth.ParseBytes(text)
	*s = sizeFlag(n)
	return err
}

// Type implements pflag.Value.
func (s *sizeFlag) Type() string { return "size" }

// settings are the keys of settings, and the flags that say the same.
var settings = map[string]string{"packages.enabled": "enabled", "certificates.provision": "provision-certificates",
	"cache.enabled": "cache", "cache.size": "cache-size", "cache.rate": "cache-rate", "verify.depth": "verify",
	"disabling.deadline": "disabling-deadline"}

// setting reads KEY=VALUE into the flag of that key.
func setting(f *pflag.FlagSet, arg string) error {
	key, value, ok := strings.Cut(arg, "=")
	known := strings.Join(slices.Sorted(maps.Keys(settings)), ", ")
	if !ok {
		return usage("setting", "write KEY=VALUE; the keys are "+known, "%q is no setting", arg)
	}
	name, ok := settings[strings.ToLower(key)]
	if !ok {
		return usage("setting", "the keys are "+known, "there is no setting %q", key)
	}
	if err := f.Set(name, value); err != nil {
		remedy := "use true or false"
		if strings.HasSuffix(name, "-size") || strings.HasSuffix(name, "-rate") {
			remedy = "use a number of bytes, as 20GB, or none"
		} else if f.Lookup(name).Value.Type() == "time" {
			remedy = "write a time from 1m to 720h, such as 90m or 8h, or none"
		}
		return usage("setting", remedy, "%s cannot be %q", key, value)
	}
	return nil
}

// given returns the value of a flag that was given, else nil: what is not named stays as it is.
func given[T any](f *pflag.FlagSet, name string, value T) *T {
	if !f.Changed(name) {
		return nil
	}
	return &value
}

// settingsView is the site's settings, with their revision where they were looked at.
type settingsView struct {
	berth.Settings
	Revision int64 `json:"revision,omitempty"`
}

func (p *program) showSettings(s settingsView) error {
	return p.show(result{value: s, names: []string{"settings"}, table: func(t *table) {
		t.fact("Enabled", yesNo(s.Enabled))
		t.fact("Provision certificates", yesNo(s.ProvisionCertificates))
		t.fact("Copies on hosts", copiesOf(s.Cache))
		t.fact("Verify", string(cmp.Or(s.Verify, berth.VerifyCode)))
		deadline := limit(s.DisablingMinutes)
		t.fact("Disabling deadline", deadline.String())
		for _, tag := range s.Tags {
			t.fact("Tag "+string(tag.ID), tag.Name)
		}
		if s.Revision > 0 {
			t.fact("Revision", fmt.Sprint(s.Revision))
		}
	}})
}

// copiesOf words the settings of copies.
func copiesOf(c berth.CacheSettings) string {
	if !c.Enabled {
		return "no"
	}
	most, rate := "no bound", "as fast as it goes"
	if c.MaxBytes > 0 {
		most = "at most " + bytesOf(c.MaxBytes)
	}
	if c.BytesPerSecond > 0 {
		rate = bytesOf(c.BytesPerSecond) + " a second"
	}
	return fmt.Sprintf("yes, %s, %s", most, rate)
}
