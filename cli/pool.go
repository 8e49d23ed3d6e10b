package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"berth"
	"berth/wire"
)

func (p *program) poolCommand() *cobra.Command {
	list := p.command(verb{use: "list", short: "List the pools", example: "  berth pool list",
		run: func(ctx context.Context, _ []string) error {
			c, err := p.connectSite(ctx)
			if err != nil {
				return err
			}
			pools, err := c.Pools(ctx)
			if err != nil {
				return err
			}
			if pools, err = arrange(p, pools); err != nil {
				return err
			}
			return p.showPools(orEmpty(pools), pools...)
		}})
	return noun("pool", "Manage pools of hosts: RDSH groups, VDI pools, AVD host pools",
		`A pool is a collection of hosts of one kind that get the same packages. Put hosts in with "berth host set --pool", or let them
enrol with a key of the pool: "berth enroll-key create --pool".`,
		p.listing(list), p.poolAdd(), p.poolRemove())
}

func (p *program) showPools(value any, pools ...berth.Pool) error {
	none := "no pools: every host gets the site defaults of its kind; make a pool with `berth pool add NAME --kind KIND`"
	return p.show(result{value: value, names: namesOf(pools, func(p berth.Pool) string { return p.Name }), empty: none, table: func(t *table) {
		t.columns("NAME", "KIND", "INHERITS", "ASSIGNMENTS")
		for _, v := range pools {
			t.row(v.Name, string(v.Kind), yesNo(v.Inherit), fmt.Sprint(len(v.Assignments)))
		}
	}})
}

func (p *program) poolAdd() *cobra.Command {
	var kind string
	var now, apply bool
	c := p.command(verb{use: "add NAME --kind KIND", short: "Add a pool",
		example: "  berth pool add Accounting --kind rdsh", args: cobra.ExactArgs(1),
		run: func(ctx context.Context, args []string) error {
			k, err := hostKind(kind)
			if err != nil {
				return err
			}
			c, err := p.connectSite(ctx)
			if err != nil {
				return err
			}
			pool, err := c.AddPool(ctx, wire.AddPool{Name: args[0], Kind: k, Now: (now || apply) && !p.dryRun})
			if err != nil {
				return err
			}
			if now || apply {
				p.note("pool %s: made and applied", pool.Name)
			} else if err := p.drafted(ctx, c, false, "pool "+pool.Name, changeName(berth.ObjectPool, pool.Name)); err != nil {
				return err
			}
			return p.showPools(pool, pool)
		}})
	c.Flags().StringVar(&kind, "kind", "", "`KIND` of its hosts: rdsh, vdi or avd")
	c.Flags().BoolVar(&now, "now", false, "the same as --apply")
	_ = c.Flags().MarkHidden("now") // it exists: the line above; --apply says the same on every command
	_ = c.MarkFlagRequired("kind")  // it exists: the lines above
	return p.applyFlag(c, &apply)
}

func (p *program) poolRemove() *cobra.Command {
	var apply bool
	c := p.command(verb{use: "remove NAME", short: "Delete a pool that no host is in",
		example: "  berth pool remove Accounting", args: cobra.ExactArgs(1),
		run: func(ctx context.Context, args []string) error {
			c, err := p.connectSite(ctx)
			if err != nil {
				return err
			}
			if err := c.RemovePool(ctx, args[0]); err != nil {
				return err
			}
			return p.drafted(ctx, c, apply, "deletion of pool "+args[0], changeName(berth.ObjectPool, args[0]))
		}})
	return p.applyFlag(c, &apply)
}
