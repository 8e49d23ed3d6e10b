package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"berth/client"
	"berth/wire"
)

func (p *program) changesDiff() *cobra.Command {
	var after string
	var limit int
	c := p.command(verb{use: "diff [NAME...]", short: "Show what drafts would change on which hosts",
		long: `Show what drafts would change on which hosts, before they are applied: all of them, or the named ones as if only these were
applied. A host that is not listed would keep all that it has. Nothing is changed by looking.`,
		example: "  berth changes diff\n  berth changes diff package/contoso.notes_1.1.0.0_x64__8wekyb3d8bbwe -o json", args: cobra.ArbitraryArgs,
		run: func(ctx context.Context, args []string) error { return p.preview(ctx, after, limit, args) }})
	c.Flags().StringVar(&after, "after", "", "only hosts behind this name")
	c.Flags().IntVar(&limit, "limit", 1000, "how many hosts to list, 1000 at most")
	return c
}

// preview shows what would change, and says how much of it.
func (p *program) preview(ctx context.Context, after string, limit int, names []string) error {
	c, err := p.connectSite(ctx)
	if err != nil {
		return err
	}
	v, err := c.Preview(ctx, after, limit, names...)
	if err != nil {
		return err
	}
	return p.showPreview(v, "pending changes")
}

// tried shows what a change would do that was only tried: that is no failure.
func (p *program) tried(err error) error {
	r, ok := errors.AsType[*client.Rehearsed](err)
	if !ok {
		return err
	}
	p.note("nothing was changed: this was a dry run")
	return p.showPreview(r.Preview, "changes that would wait to be applied")
}

func (p *program) showPreview(v wire.Preview, what string) error {
	none := fmt.Sprintf("%s: %d, and nothing would change on any of %d hosts", what, len(v.Changes), v.Unchanged)
	if len(v.Changes) == 0 {
		none = "no " + what
	}
	if v.HostCount > 0 {
		p.note("%s: %d; hosts on which something would change: %d of %d, in %d configurations",
			what, len(v.Changes), v.HostCount, v.HostCount+v.Unchanged, len(v.Configurations))
		none = ""
	}
	if v.Next != "" {
		p.note("there are more hosts: go on with --after %q", v.Next)
	}
	hosts := namesOf(v.Hosts, func(h wire.PreviewHost) string { return h.Host })
	return p.show(result{value: v, names: hosts, empty: none, table: func(t *table) { previewTable(t, v) }})
}

func previewTable(t *table, v wire.Preview) {
	t.columns("HOST", "PACKAGE", "NOW", "THEN", "BECAUSE OF")
	for _, h := range v.Hosts {
		c := v.Configurations[h.Configuration]
		for _, r := range c.Rows {
			t.row(h.Host, r.DisplayName, version(r.Before), version(r.After), reasonOf(r))
		}
		for _, f := range c.Frameworks {
			now, then := "-", "comes along"
			if f.Action == "letGo" {
				now, then = "came along", "-"
			}
			t.row(h.Host, f.FullName, now, then, "packages that need it")
		}
	}
}

// version words one side: its version, or that there is none.
func version(s *wire.PreviewSide) string {
	switch {
	case s == nil:
		return "-"
	case s.FullName == "":
		return "no version"
	}
	return cmp.Or(s.Version, s.FullName)
}

// reasonOf words where a row comes from, and how it is registered where that changes.
func reasonOf(r wire.PreviewRow) string {
	side := r.After
	if side == nil {
		return "no longer " + sourceOf(r.Before)
	}
	s := sourceOf(side)
	if side.Missing != "" {
		s += "; " + side.Missing
	}
	if r.Before != nil && r.Before.Registration != side.Registration {
		s += fmt.Sprintf("; registered %s, now %s", side.Registration, r.Before.Registration)
	}
	return s
}

func sourceOf(s *wire.PreviewSide) string {
	return fmt.Sprintf("%s, by %s %s", s.Selector, s.Level, s.Owner)
}
