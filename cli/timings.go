package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"berth"
	"berth/wire"
)

func (p *program) hostTimings() *cobra.Command {
	return p.command(verb{use: "timings HOST", short: "Show what each package costs on a host, the dearest at sign-in first",
		long: `Show how long the agent of a host took with each package: medians of the last runs. STAGING (attaching the image, verifying
it, making the package known) happens once after each start of the host, SESSION (registering) for each session; LOGON is
what of it a sign-in waits for: registering at logon, and nothing on demand.`,
		example: "  berth host timings rdsh-01\n  berth host timings rdsh-01 -o json", args: cobra.ExactArgs(1),
		run: func(ctx context.Context, args []string) error {
			c, err := p.connectSite(ctx)
			if err != nil {
				return err
			}
			list, err := c.HostTimings(ctx, args[0])
			if err != nil {
				return err
			}
			return p.show(result{value: orEmpty(list), names: namesOf(list, func(t wire.HostTimings) string { return t.Package }),
				empty: "the host has not told of any package yet; it does once it has attached one",
				table: func(t *table) {
					t.columns("PACKAGE", "REGISTERED", "LOGON", "SESSION", "STAGING", "ATTACH", "VERIFY", "STAGE", "DEREGISTER", "DESTAGE", "FAILED")
					for _, one := range list {
						t.row(one.Package, registeredWhen(one.Registration), millis(one.LogonMs), millis(one.SessionMs), millis(one.StagingMs),
							phaseOf(one, berth.PhaseAttach), phaseOf(one, berth.PhaseVerify), phaseOf(one, berth.PhaseStage),
							phaseOf(one, berth.PhaseDeregister), phaseOf(one, berth.PhaseDestage), failedOf(one))
					}
				}})
		}})
}

func registeredWhen(r berth.Registration) string {
	return map[berth.Registration]string{berth.AtLogon: "at logon", berth.OnDemand: "on demand"}[r]
}

func phaseOf(h wire.HostTimings, phase berth.Phase) string {
	for _, t := range h.Phases {
		if t.Phase == phase && t.Count > 0 {
			return millis(t.MedianMs)
		}
	}
	return ""
}

// failedOf lists the phases with runs that failed: "2 attach, 1 register".
func failedOf(h wire.HostTimings) string {
	var parts []string
	for _, t := range h.Phases {
		if t.Failed > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", t.Failed, t.Phase))
		}
	}
	return strings.Join(parts, ", ")
}

// millis words milliseconds: "0.4 ms", "35 ms", "2.5 s", "1m20s".
func millis(ms float64) string {
	switch {
	case ms == 0:
		return "0"
	case ms < 10:
		return fmt.Sprintf("%.1f ms", ms)
	case ms < 1000:
		return fmt.Sprintf("%.0f ms", ms)
	case ms < 60_000:
		return fmt.Sprintf("%.1f s", ms/1000)
	}
	return (time.Duration(ms) * time.Millisecond).Round(time.Second).String()
}

func (p *program) packageTimings() *cobra.Command {
	return p.command(verb{use: "timings PACKAGE", short: "Show what a package costs on hosts, phase by phase",
		long: `Show how long hosts take with a package: the median of the hosts' medians, what nine of ten hosts stay below, and the longest
run with its host. Attach, verify and stage happen once after each start of a host, register once for each session.`,
		example: "  berth package timings Contoso.Notes_1.0.0.0_x64__8wekyb3d8bbwe", args: cobra.ExactArgs(1),
		run: func(ctx context.Context, args []string) error {
			c, err := p.connectSite(ctx)
			if err != nil {
				return err
			}
			v, err := c.PackageTimings(ctx, args[0])
			if err != nil {
				return suggestPackage(ctx, c, args[0], err)
			}
			if len(v.Phases) == 0 {
				p.note("no host has told of this package yet; a host does once it has attached it")
			}
			return p.show(result{value: v, names: []string{v.Package}, table: func(t *table) {
				t.columns("PHASE", "HOSTS", "RUNS", "FAILED", "MEDIAN", "9 OF 10", "LONGEST", "ON")
				for _, s := range v.Phases {
					t.row(string(s.Phase), fmt.Sprint(s.Hosts), fmt.Sprint(s.Count), fmt.Sprint(s.Failed), millis(s.MedianMs),
						millis(s.HighMs), millis(s.MostMs), s.Slowest)
				}
			}})
		}})
}
