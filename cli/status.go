package cli

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"berth"
	"berth/client"
	"berth/wire"
)

// statusFlags choose rows and say whether to stay.
type statusFlags struct {
	host, family, status string
	filters
	summary        bool
	watch          bool
	wait           string
	timeout, every time.Duration
}

func (p *program) statusCommand() *cobra.Command {
	var f statusFlags
	c := p.command(verb{use: "status", short: "Show the status of packages on hosts",
		long: `Show the status of packages on hosts: one row for each package that a host has or should have, with the cause, and below a row
in trouble what to do about it. The statuses:

  No version found     no enabled package carries the assigned tag and fits the host
  Not applied          a draft, or applied and not yet taken up by the host
  Certificate missing  the host does not trust the signer
  Not found            the image, or the package in it, is not there
  Staging failed       the host could not attach or stage the package
  Disabling            taken away; sessions that use it keep it until they end
  In use               ready, and sessions use it
  Ready                attached and staged; sessions can have it`,
		example: "  berth status --host rdsh-01\n  berth status --watch\n  berth status --family Contoso.Notes --wait Ready --timeout 2m",
		run:     func(ctx context.Context, _ []string) error { return p.status(ctx, f) }})
	c.Flags().StringVar(&f.host, "host", "", "only this `HOST`")
	c.Flags().StringVar(&f.family, "family", "", "only this `FAMILY`, or the package of this name")
	c.Flags().StringVar(&f.status, "status", "", "only rows of this `STATUS`")
	f.flags(c, "hosts whose names hold this `TEXT`", "hosts")
	c.Flags().BoolVar(&f.summary, "summary", false, "only count the rows of each status")
	c.Flags().BoolVarP(&f.watch, "watch", "w", false, "keep running, and show every change")
	c.Flags().StringVar(&f.wait, "wait", "", "wait until all rows have this `STATUS`")
	c.Flags().DurationVar(&f.timeout, "timeout", time.Minute, "how long to wait with --wait")
	c.Flags().DurationVar(&f.every, "interval", 2*time.Second, "how often to look with --watch")
	c.MarkFlagsMutuallyExclusive("watch", "wait")
	p.arranged(c)
	return c
}

// checkStatus finds the status that a flag means, in any case; empty means none.
func checkStatus(flag, value string) (berth.StatusName, error) {
	if value == "" {
		return "", nil
	}
	for _, n := range berth.StatusNames {
		if berth.Fold(value) == berth.Fold(string(n)) {
			return n, nil
		}
	}
	return "", usage(flag, "use one of "+allStatuses(), "%q is no status", value)
}

func allStatuses() string {
	return strings.Join(namesOf(berth.StatusNames, func(n berth.StatusName) string { return string(n) }), ", ")
}

func (p *program) status(ctx context.Context, f statusFlags) error {
	if _, err := checkStatus("status", f.status); err != nil {
		return err
	}
	want, err := checkStatus("wait", f.wait)
	if err != nil {
		return err
	}
	c, err := p.connectSite(ctx)
	if err != nil {
		return err
	}
	if f.family != "" {
		if found, err := family(ctx, c, f.family); err == nil {
			f.family = found
		} else if !berth.IsNotFound(err) {
			return err
		}
	}
	switch {
	case f.watch:
		f.watch = false
		return p.watch(ctx, f.every, func() error { return p.status(ctx, f) })
	case f.wait != "":
		return p.waitStatus(ctx, c, f, want)
	}
	if f.summary {
		return p.showSummary(ctx, c, f)
	}
	rows, next, err := statusRows(ctx, c, f.query())
	if err != nil {
		return err
	}
	if rows, err = arrange(p, rows); err != nil {
		return err
	}
	p.warnOfConflicts(rows)
	p.more(next)
	return p.showStatus(f, rows)
}

func (p *program) showStatus(f statusFlags, rows []wire.HostPackage) error {
	names := namesOf(rows, func(r wire.HostPackage) string { return r.Host + "/" + cmp.Or(r.FullName, r.Family) })
	return p.show(result{value: orEmpty(rows), names: names, empty: f.none(), table: func(t *table) { p.statusTable(t, rows) }})
}

// none words that there is no row.
func (f statusFlags) none() string {
	if f.host != "" || f.family != "" || f.status != "" {
		return "no package on a host matches; leave out --host, --family or --status to see more"
	}
	return "no host has a package to take up; assign one with `berth assign add`, then `berth changes apply`"
}

func (p *program) statusTable(t *table, rows []wire.HostPackage) {
	head := []string{"HOST", "PACKAGE", "VERSION", "STATUS", "SINCE", "CAUSE"}
	if p.output == formatWide {
		head = []string{"HOST", "PACKAGE", "VERSION", "STATUS", "SINCE", "CHOSEN BY", "ASSIGNED BY", "OVERRIDES", "CANDIDATES", "GENERATION", "CAUSE"}
	}
	t.columns(head...)
	for _, r := range rows {
		cells := []string{r.Host, r.DisplayName, r.Version, string(r.Status.Name), p.age(r.Status.Since)}
		if p.output == formatWide {
			cells = append(cells, wideCells(r)...)
		}
		t.rowWith(whatToDo(r), append(cells, causeOf(r))...)
		t.paint(3, statusInk(r.Status.Name))
	}
}

// waitStatus waits until there are rows and all have the status; without it the last rows are shown all the same.
func (p *program) waitStatus(ctx context.Context, c *client.Client, f statusFlags, want berth.StatusName) error {
	var rows []wire.HostPackage
	left := 0
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	done, err := until(ctx, p.listen(ctx, c), f.timeout, func() (_ bool, err error) {
		rows, _, err = statusRows(ctx, c, f.query())
		left = len(slices.DeleteFunc(slices.Clone(rows), func(r wire.HostPackage) bool { return r.Status.Name == want }))
		return len(rows) > 0 && left == 0, err
	})
	if err != nil {
		return err
	}
	if err := p.showStatus(f, rows); err != nil || done {
		return err
	}
	e := berth.Errorf(berth.Unavailable, "after %s %d of %d rows are not yet %s", f.timeout, left, len(rows), want)
	if len(rows) == 0 {
		e = berth.Errorf(berth.Unavailable, "after %s there is still no such package on a host", f.timeout)
	}
	return coded{e.With("see the causes above, or wait longer with --timeout"), ExitPending}
}
