package cli

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"berth"
	"berth/client"
	"berth/wire"
)

func (p *program) changesCommand() *cobra.Command {
	list := p.command(verb{use: "list", short: "List the pending changes",
		example: "  berth changes list\n  berth changes list -o name",
		run: func(ctx context.Context, _ []string) error {
			c, err := p.connectSite(ctx)
			if err != nil {
				return err
			}
			cs, err := c.Changes(ctx)
			if err != nil {
				return err
			}
			if cs, err = arrange(p, cs); err != nil {
				return err
			}
			return p.showChanges(orEmpty(cs), cs, "no pending changes")
		}})
	discard := p.command(verb{use: "discard [NAME...]", short: "Discard pending changes: the named ones, or all",
		long:    "Discard pending changes: the named ones, or all. The names are those of `berth changes list`.",
		example: "  berth changes discard package/contoso.notes_1.0.0.0_x64__8wekyb3d8bbwe", args: cobra.ArbitraryArgs,
		run: func(ctx context.Context, args []string) error {
			c, err := p.connectSite(ctx)
			if err != nil {
				return err
			}
			if err := p.confirm("Discard %s?", cmp.Or(strings.Join(args, ", "), "all pending changes")); err != nil {
				return err
			}
			cs, err := c.Discard(ctx, args...)
			if err != nil {
				return err
			}
			p.note("changes discarded: %d", len(cs))
			return p.showChanges(orEmpty(cs), cs, "")
		}})
	return noun("changes", "Review, apply or discard pending changes",
		"What you change is a draft at first: hosts see it once it is applied. Commands that draft also take --apply.", p.listing(list), p.changesDiff(), p.changesApply(), discard)
}

func (p *program) showChanges(value any, cs []berth.Change, none string) error {
	names := namesOf(cs, func(c berth.Change) string { return changeName(c.Kind, c.Key) })
	return p.show(result{value: value, names: names, empty: none, table: func(t *table) {
		t.columns("NAME", "ACTION", "BY", "AGE", "DIFFERENCE")
		for i, c := range cs {
			t.row(names[i], c.Action, c.By, p.age(c.At), difference(c))
		}
	}})
}

func (p *program) changesApply() *cobra.Command {
	var dry bool
	c := p.command(verb{use: "apply [NAME...]", short: "Apply pending changes: the named ones, or all",
		long: `Apply pending changes in one step: the named ones, or all. The names are those of "berth changes list". With --wait the
command ends when every host that answers has taken them up, or with exit code 8 when that takes longer than --timeout.
Whether the packages could be attached is shown by "berth status".`,
		example: "  berth changes apply --wait\n  berth changes apply settings/settings", args: cobra.ArbitraryArgs,
		run: func(ctx context.Context, args []string) error {
			if dry {
				return p.preview(ctx, "", 1000, args)
			}
			c, err := p.connectSite(ctx)
			if err != nil {
				return err
			}
			done, err := c.Apply(ctx, args...)
			if err != nil {
				return err
			}
			p.note("changes applied: %d; site %s is at generation %d", len(done.Applied), c.Site, done.Generation)
			if p.waits.wait {
				if err := p.waitForHosts(ctx, c, p.waits.timeout, done.Generation); err != nil {
					return err
				}
			}
			return p.showChanges(done, done.Applied, "")
		}})
	c.Flags().BoolVar(&dry, "dry-run", false, "apply nothing; show what would change on which hosts, as changes diff does")
	p.waitFlags(c)
	return c
}

type waiting struct {
	wait    bool
	timeout time.Duration
}

// silence is how long a host may say nothing and still be waited for: agents speak at least once a minute.
const silence = 2 * time.Minute

// pollEvery is how often the server is asked while waiting.
const pollEvery = time.Second

func (p *program) waitForHosts(ctx context.Context, c *client.Client, timeout time.Duration, generation int64) error {
	var behind, silent []string
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	done, err := until(ctx, p.listen(ctx, c), timeout, func() (bool, error) {
		hosts, err := c.Hosts(ctx)
		behind, silent = p.lagging(hosts, generation)
		return len(behind) == 0, err
	})
	if err != nil {
		return err
	}
	if len(silent) > 0 {
		p.note("not waited for, since they do not answer: %s", strings.Join(silent, ", "))
	}
	if !done {
		return coded{berth.Errorf(berth.Unavailable, "applied, but after %s these hosts have not taken up generation %d: %s",
			timeout, generation, strings.Join(behind, ", ")).With("see `berth status`, or wait longer with --timeout"), ExitPending}
	}
	return nil
}

func (p *program) lagging(hosts []wire.HostView, generation int64) (behind, silent []string) {
	for _, h := range hosts {
		switch {
		case h.Facts.Generation >= generation:
		case p.Now().Sub(h.LastSeen) > silence:
			silent = append(silent, h.Name)
		default:
			behind = append(behind, h.Name)
		}
	}
	return behind, silent
}

// until asks again and again until the answer is yes; done is false when the time is up.
func until(ctx context.Context, news *waker, timeout time.Duration, ask func() (bool, error)) (done bool, err error) {
	end := time.NewTimer(timeout)
	defer end.Stop()
	for {
		if done, err = ask(); done || err != nil {
			return done, err
		}
		if !news.wait(ctx, min(pollEvery, max(timeout/10, time.Millisecond)), end.C) {
			return false, ctx.Err()
		}
	}
}
