package cli

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"berth"
	"berth/client"
	"berth/wire"
)

func (p *program) hostWhy() *cobra.Command {
	return p.command(verb{use: "why HOST [FAMILY]", short: "Say why a host has the versions that it has",
		long: `Say of each package of a host why it is there at this version: whose list it comes from and which lists that one overrides,
what chooses the version and between which candidates, since which generation, and how it stands.`,
		example: "  berth host why rdsh-01\n  berth host why rdsh-01 Contoso.Notes", args: cobra.RangeArgs(1, 2),
		run: func(ctx context.Context, args []string) error {
			c, err := p.connectSite(ctx)
			if err != nil {
				return err
			}
			chosen := ""
			if len(args) == 2 {
				if chosen, err = family(ctx, c, args[1]); err != nil {
					return err
				}
			}
			rows, err := c.Status(ctx, args[0], chosen, "")
			if err != nil {
				return err
			}
			p.warnOfConflicts(rows)
			names := namesOf(rows, func(r wire.HostPackage) string { return cmp.Or(r.FullName, r.Family) })
			return p.show(result{value: orEmpty(rows), names: names, empty: "the host has no such package, and none is assigned to it",
				table: func(t *table) {
					for _, r := range rows {
						p.whyFacts(t, r)
					}
				}})
		}})
}

func (p *program) whyFacts(t *table, r wire.HostPackage) {
	t.titled(strings.TrimSpace(r.DisplayName + " " + r.Version))
	t.fact("  Family", r.Family)
	t.fact("  Full name", r.FullName)
	t.fact("  Status", string(r.Status.Name))
	t.fact("  Cause", causeOf(r))
	t.fact("  What to do", r.Status.Remedy)
	row := r.Row
	if row == nil {
		t.fact("  Assigned by", "nobody any more")
		return
	}
	t.fact("  Assigned by", level(row))
	t.fact("  Overrides", strings.Join(row.Overrides, ", "))
	t.fact("  Chosen by", r.Selector)
	t.fact("  Candidates", strings.Join(row.Candidates, ", "))
	t.fact("  No version", row.Missing)
	t.fact("  Conflict", conflictOf(row))
	t.fact("  Registered", string(row.Assignment.Registration))
	t.fact("  Generation", fmt.Sprint(row.Generation))
	t.fact("  Changed", p.age(row.ChangedAt)+" ago")
}

// wideCells are the columns of `status -o wide`: why the row is there.
func wideCells(r wire.HostPackage) []string {
	if r.Row == nil {
		return []string{"", "", "", "", ""}
	}
	candidates := fmt.Sprint(len(r.Row.Candidates))
	if r.Row.Conflict {
		candidates += ", conflict"
	}
	return []string{r.Selector, fmt.Sprintf("%s %s", r.Row.Level, r.Row.Owner), strings.Join(r.Row.Overrides, ", "), candidates, fmt.Sprint(r.Row.Generation)}
}

// query is what the flags ask the server for.
func (f statusFlags) query() client.StatusFilter {
	return client.StatusFilter{Host: f.host, Search: f.search, Family: f.family, Status: f.status, After: f.after, Limit: f.limit}
}

func (p *program) showSummary(ctx context.Context, c *client.Client, f statusFlags) error {
	sum, err := c.StatusSummary(ctx, f.query())
	if err != nil {
		return err
	}
	return p.show(result{value: sum, names: slices.Sorted(maps.Keys(sum.ByStatus)), empty: f.none(), table: func(t *table) {
		t.columns("STATUS", "PACKAGES")
		for _, name := range berth.StatusNames {
			if n := sum.ByStatus[string(name)]; n > 0 {
				t.row(string(name), fmt.Sprint(n))
				t.paint(0, statusInk(name))
			}
		}
	}})
}

// level words whose list a row stands in.
func level(r *berth.Row) string {
	if r.Level == berth.LevelDefaults {
		return "the site defaults of " + r.Owner
	}
	return fmt.Sprintf("the list of %s %s", r.Level, r.Owner)
}

func conflictOf(r *berth.Row) string {
	if !r.Conflict {
		return ""
	}
	return fmt.Sprintf("%d versions carry the tag; the highest is taken", len(r.Candidates))
}

func causeOf(r wire.HostPackage) string {
	if r.Status.Code == "" {
		return r.Status.Cause
	}
	return r.Status.Cause + " (" + r.Status.Code + ")"
}

// warnOfConflicts says once for each family and selector that a tag can mean several versions.
func (p *program) warnOfConflicts(rows []wire.HostPackage) {
	warnings := map[string]bool{}
	for _, r := range rows {
		if r.Row != nil && r.Row.Conflict {
			warnings[fmt.Sprintf("warning: %s of %s is on %s; %s is taken, leave the tag on one with `berth tag move`",
				r.Selector, r.Family, strings.Join(r.Row.Candidates, " and "), r.FullName)] = true
		}
	}
	for _, w := range slices.Sorted(maps.Keys(warnings)) {
		p.note("%s", w)
	}
}

// warnOfCarriers says the same of the catalogue: enabled versions of one family that carry the same tag.
func (p *program) warnOfCarriers(tags berth.Tags, ps []berth.Package) {
	for _, tag := range tags {
		carriers := map[string][]string{}
		for _, v := range ps {
			if v.Enabled && !v.Retiring && v.HasTag(tag.ID) {
				carriers[v.FamilyName] = append(carriers[v.FamilyName], v.FullName)
			}
		}
		for _, family := range slices.Sorted(maps.Keys(carriers)) {
			if names := carriers[family]; len(names) > 1 {
				p.note("warning: the tag %s of %s is on %s; of those that fit a host the highest is taken, leave the tag on one with `berth tag move`",
					tag.Name, family, strings.Join(names, " and "))
			}
		}
	}
}

// filters are the flags of lists that are searched and read in pages.
type filters struct {
	search, after string
	limit         int
}

func (f *filters) flags(c *cobra.Command, what, many string) {
	c.Flags().StringVar(&f.search, "search", "", "only "+what)
	c.Flags().StringVar(&f.after, "after", "", "only what comes behind this name")
	c.Flags().IntVar(&f.limit, "limit", 0, "how many "+many+" to show, 1000 at most; 0 for all")
}

// more tells that a list goes on.
func (p *program) more(next string) {
	if next != "" {
		p.note("there are more: go on with --after %q", next)
	}
}

// statusRows asks for rows page by page, until as many hosts are there as are wanted or there are no more: a page may be
// short where few hosts fit.
func statusRows(ctx context.Context, c *client.Client, f client.StatusFilter) (rows []wire.HostPackage, next string, err error) {
	seen := map[string]bool{}
	wanted := f.Limit
	for {
		page, err := c.StatusPage(ctx, f)
		if err != nil {
			return nil, "", err
		}
		rows = append(rows, page.Items...)
		for _, r := range page.Items {
			seen[r.Host] = true
		}
		if page.Next == "" || wanted == 0 || len(seen) >= wanted {
			return rows, page.Next, nil
		}
		f.After, f.Limit = page.Next, wanted-len(seen)
	}
}
