package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"berth"
	"berth/client"
	"berth/wire"
)

func (p *program) hostCommand() *cobra.Command {
	var f filters
	var kind, pool, status string
	list := p.command(verb{use: "list", short: "List the hosts",
		example: "  berth host list\n  berth host list --search rdsh- --pool Accounting --status 'Staging failed'",
		run: func(ctx context.Context, _ []string) error {
			c, err := p.connectSite(ctx)
			if err != nil {
				return err
			}
			page, err := c.FindHosts(ctx, client.HostFilter{Search: f.search, Kind: kind, Pool: pool, Status: status, After: f.after, Limit: p.list.paged(f.limit)})
			if err != nil {
				return err
			}
			hosts, err := arrange(p, page.Items)
			if err != nil {
				return err
			}
			p.more(page.Next)
			none := "no hosts; make a key with `berth enroll-key create --kind KIND` and use it on a host with `berth agent enroll`"
			if p.list.whole() || f.search+f.after+kind+pool+status != "" {
				none = "no host matches; leave out a flag to see more"
			}
			err = p.show(result{value: orEmpty(hosts), names: namesOf(hosts, func(h wire.HostView) string { return h.Name }),
				empty: none,
				table: func(t *table) { p.hostTable(t, hosts) }})
			p.hostNotices(hosts)
			return err
		}})
	f.flags(list, "hosts whose names hold this `TEXT`", "hosts")
	list.Flags().StringVar(&kind, "kind", "", "only hosts of this `KIND`: rdsh, vdi or avd")
	list.Flags().StringVar(&pool, "pool", "", "only hosts in this `POOL`")
	list.Flags().StringVar(&status, "status", "", "only hosts that have a package of this `STATUS`")
	show := p.command(verb{use: "show HOST", short: "Show one host", example: "  berth host show rdsh-01", args: cobra.ExactArgs(1),
		run: func(ctx context.Context, args []string) error {
			c, err := p.connectSite(ctx)
			if err != nil {
				return err
			}
			h, err := c.Host(ctx, args[0])
			if err != nil {
				return err
			}
			return p.show(result{value: h, names: []string{h.Name}, table: func(t *table) { p.hostFacts(t, h) }})
		}})
	return noun("host", "Show and manage session hosts",
		`A host is a machine whose agent has enrolled with a key (see "berth enroll-key"). It gets the packages of its own list, of its
pool, or of the site defaults: see "berth assign".`,
		p.listing(list), show, p.hostPackages(), p.hostWhy(), p.hostSet(), p.hostRetry(), p.hostPreflight(), p.hostTimings(), p.hostRevoke(), p.hostRemove())
}

func (p *program) hostTable(t *table, hosts []wire.HostView) {
	t.columns("NAME", "KIND", "POOL", "LAST SEEN", "GENERATION", "SESSIONS", "PACKAGES")
	for _, h := range hosts {
		t.row(h.Name, string(h.Kind), h.Pool, p.age(h.LastSeen), fmt.Sprint(h.Facts.Generation), fmt.Sprint(len(h.Facts.Sessions)), counts(h.Counts))
	}
}

// hostNotices says what is remarkable about hosts, which a row of a table has no room for.
func (p *program) hostNotices(hosts []wire.HostView) {
	for _, h := range hosts {
		for _, n := range h.Notices {
			p.note("host %s: %s; %s", h.Name, n.Message, n.Remedy)
		}
	}
}

// counts words how many packages stand how: "3 Ready, 1 Staging failed".
func counts(by map[string]int) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(by)) {
		parts = append(parts, fmt.Sprintf("%d %s", by[name], name))
	}
	return strings.Join(parts, ", ")
}

func (p *program) hostFacts(t *table, h wire.HostView) {
	t.fact("Name", h.Name)
	t.fact("Kind", string(h.Kind))
	t.fact("Pool", h.Pool)
	t.fact("Inherits", yesNo(h.Inherit))
	t.fact("Enrolled", h.EnrolledAt.UTC().Format(time.DateTime))
	t.fact("Last seen", p.age(h.LastSeen)+" ago")
	t.fact("System", strings.TrimSpace(h.Facts.OS+" "+h.Facts.Architecture))
	if h.Facts.Build > 0 {
		t.fact("Build", fmt.Sprint(h.Facts.Build))
	}
	t.fact("Agent", strings.TrimSpace(h.Facts.AgentVersion+" "+h.Facts.Platform))
	t.fact("Attaches by", h.Facts.AttachMode)
	if d := h.Facts.Disk; d != nil {
		t.fact("Disk", fmt.Sprintf("%s free of %s at %s", bytesOf(d.Free), bytesOf(d.Total), d.Path))
	}
	if c := h.Facts.Cache; c != nil {
		most := "no bound"
		if c.Most > 0 {
			most = "at most " + bytesOf(c.Most)
		}
		t.fact("Copies", fmt.Sprintf("%s in %s, %s", bytesOf(c.Bytes), c.Folder, most))
		for _, i := range c.Images {
			t.fact("Copy", fmt.Sprintf("%s (%s): %s", i.Path, bytesOf(i.Size), i.Stands()))
		}
	}
	t.fact("Generation", fmt.Sprint(h.Facts.Generation))
	t.fact("Packages", counts(h.Counts))
	for _, s := range h.Facts.Sessions {
		t.fact("Session", fmt.Sprintf("%s (%s), %s", s.User, s.ID, p.age(s.Since)))
	}
	for _, problem := range h.Facts.Problems {
		t.fact("Problem", problem)
	}
	for _, n := range h.Notices {
		t.fact("Notice", n.Message+"; "+n.Remedy)
	}
}

func (p *program) hostSet() *cobra.Command {
	var pool string
	var apply bool
	c := p.command(verb{use: "set HOST --pool POOL", short: "Move a host into a pool, or out of its pool",
		example: "  berth host set rdsh-01 --pool Accounting\n  berth host set rdsh-01 --pool \"\"", args: cobra.ExactArgs(1),
		run: func(ctx context.Context, args []string) error {
			c, err := p.connectSite(ctx)
			if err != nil {
				return err
			}
			if err := c.SetHostPool(ctx, args[0], pool); err != nil {
				return err
			}
			words := fmt.Sprintf("host %s into pool %s", args[0], pool)
			if pool == "" {
				words = fmt.Sprintf("host %s out of its pool", args[0])
			}
			return p.drafted(ctx, c, apply, words, changeName(berth.ObjectHost, args[0]))
		}})
	c.Flags().StringVar(&pool, "pool", "", "the `POOL`; \"\" takes the host out of its pool")
	_ = c.MarkFlagRequired("pool") // it exists: the line above
	return p.applyFlag(c, &apply)
}

func (p *program) hostRetry() *cobra.Command {
	return p.command(verb{use: "retry HOST...", short: "Let hosts retry their failed packages at once",
		long:    "Let hosts retry at once what they retry by themselves anyway, less and less often: packages that are Staging failed or\nNot found.",
		example: "  berth host retry rdsh-01 rdsh-02", args: cobra.MinimumNArgs(1),
		run: func(ctx context.Context, args []string) error {
			c, err := p.connectSite(ctx)
			if err != nil {
				return err
			}
			return each(args, func(name string) error {
				if err := c.RetryHost(ctx, name); err != nil {
					return err
				}
				p.note("host %s tries again", name)
				return nil
			})
		}})
}

func (p *program) hostRemove() *cobra.Command {
	return p.command(verb{use: "remove HOST...", short: "Remove hosts from the site",
		long:    "Remove hosts from the site, at once and without a draft. The server no longer accepts their certificates; the packages that\nthey have staged stay on them.",
		example: "  berth host remove rdsh-09", args: cobra.MinimumNArgs(1),
		run: func(ctx context.Context, args []string) error {
			c, err := p.connectSite(ctx)
			if err != nil {
				return err
			}
			if err := p.confirm("Remove %s from the site, at once?", strings.Join(args, ", ")); err != nil {
				return err
			}
			return each(args, func(name string) error {
				if err := c.RemoveHost(ctx, name); err != nil {
					return err
				}
				p.note("host %s is removed", name)
				return nil
			})
		}})
}
