package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"berth"
	"berth/agent"
)

// agentCheck is one thing that the agent's doctor looked at.
type agentCheck struct {
	Name   string `json:"name"`
	Result string `json:"result"` // pass, warn or fail
	Detail string `json:"detail"`
	Remedy string `json:"remedy,omitempty"`
}

func agentDoctorCommand(state *string) *cobra.Command {
	return &cobra.Command{
		Use: "doctor", Short: "Check this host: enrolment, server, clock, agent, images, disk",
		Long: `Check whether this machine is enrolled, whether its certificate is valid, whether it reaches its server and believes it, whether
the clocks agree, whether the agent runs and is heard, how it attaches images, and whether there is room. Nothing is
changed. The exit code is that of the first check that failed; warnings do not count.`,
		Example: "  berth agent doctor\n  berth agent doctor -o json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			checks, failed := examineAgent(cmd.Context(), *state, time.Now())
			if f := cmd.Flag("output"); f != nil && f.Value.String() == "json" {
				e := json.NewEncoder(cmd.OutOrStdout())
				e.SetIndent("", "  ")
				return errors.Join(e.Encode(checks), failed)
			}
			return errors.Join(printChecks(cmd.OutOrStdout(), checks), failed)
		},
	}
}

func printChecks(out io.Writer, checks []agentCheck) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintf(w, "CHECK\tRESULT\tDETAIL\n")
	for _, c := range checks {
		fmt.Fprintf(w, "%s\t%s\t%s\n", c.Name, c.Result, c.Detail)
		if c.Remedy != "" {
			fmt.Fprintf(w, "  what to do: %s\n", c.Remedy)
		}
	}
	return w.Flush()
}

// examineAgent looks at the host of a state folder. The error is that of the first check that failed.
func examineAgent(ctx context.Context, state string, now time.Time) (checks []agentCheck, failed error) {
	note := func(c agentCheck, err error) {
		if err != nil {
			c.Result, c.Detail = "fail", err.Error()
			if e, ok := errors.AsType[*berth.Error](err); ok {
				c.Detail, c.Remedy = e.Message, e.Advice()
			}
			if failed == nil {
				failed = err
			}
		}
		checks = append(checks, c)
	}
	s, err := agent.ReadStatus(state)
	note(agentCheck{"enrolled", "pass", fmt.Sprintf("as host %s of site %s", s.Name, s.Site), ""}, err)
	if err != nil {
		return checks, failed
	}
	note(certificateCheck(state, now))
	note(serverCheck(ctx, state, now))
	note(runningCheck(s, now))
	note(imagesCheck(s), nil)
	if c, known := diskCheck(s); known {
		note(c, nil)
	}
	return checks, failed
}

func certificateCheck(state string, now time.Time) (agentCheck, error) {
	const soon = 7 * 24 * time.Hour
	c := agentCheck{Name: "certificate", Result: "pass"}
	ends, err := agent.CertificateEnds(state)
	if err != nil {
		return c, err
	}
	c.Detail = "valid until " + ends.UTC().Format(time.DateTime)
	switch left := ends.Sub(now); {
	case left <= 0:
		return c, berth.Errorf(berth.Unauthenticated, "the certificate of this host ended %s", ends.UTC().Format(time.DateTime)).
			With("enrol the host again with a new key: berth agent enroll --force")
	case left < soon:
		c.Result, c.Remedy = "warn", "it is renewed by itself while the agent runs and reaches the server: see the checks below"
	}
	return c, nil
}

func serverCheck(ctx context.Context, state string, now time.Time) (agentCheck, error) {
	const apart = 2 * time.Minute
	c := agentCheck{Name: "server", Result: "pass"}
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	r, err := agent.Ping(ctx, state)
	if err != nil {
		return c, err
	}
	c.Detail = fmt.Sprintf("%s answers in %s, and the clocks agree", r.Server, r.Took.Round(time.Millisecond))
	if d := now.Sub(r.At).Abs(); !r.At.IsZero() && d > apart {
		c.Result, c.Detail = "warn", fmt.Sprintf("%s answers; its clock and the one here are %s apart", r.Server, d.Round(time.Second))
		c.Remedy = "set the clocks of both machines by NTP: certificates are judged by them"
	}
	return c, nil
}

func runningCheck(s agent.Status, now time.Time) (agentCheck, error) {
	c := agentCheck{Name: "agent", Result: "pass"}
	if !s.Running {
		return c, berth.Errorf(berth.Unavailable, "no agent runs on this host").With("start its service, or berth agent run")
	}
	c.Detail = fmt.Sprintf("runs, holds generation %d with %d packages, last heard by the server %s ago", s.Generation, s.Packages, now.Sub(s.LastSync).Round(time.Second))
	if s.LastError != "" {
		c.Result, c.Detail = "warn", fmt.Sprintf("runs; its last sync failed at %s: %s", s.LastErrorAt.UTC().Format(time.DateTime), s.LastError)
		c.Remedy = "it tries again by itself; what is staged stays in use"
	}
	return c, nil
}

func imagesCheck(s agent.Status) agentCheck {
	c := agentCheck{Name: "images", Result: "pass", Detail: "attached by " + s.Facts.AttachMode}
	failing := 0
	var first *berth.Failure
	for _, p := range s.Facts.Packages {
		if p.Failure != nil {
			if failing++; first == nil {
				first = p.Failure
			}
		}
	}
	if first != nil {
		c.Result, c.Detail = "warn", fmt.Sprintf("%d of %d packages are in trouble: %s", failing, len(s.Facts.Packages), first.Message)
		c.Remedy = berth.Explain(*first).Remedy
	}
	if s.Facts.AttachMode == "" {
		c.Result, c.Detail, c.Remedy = "warn", "the agent has not yet said how it attaches them", "start it once"
	}
	return c
}

func diskCheck(s agent.Status) (c agentCheck, known bool) {
	const least = 1 << 30
	d := s.Facts.Disk
	if d == nil {
		return c, false
	}
	c = agentCheck{Name: "disk", Result: "pass", Detail: fmt.Sprintf("%d MiB free of %d at %s", d.Free>>20, d.Total>>20, d.Path)}
	if d.Free < least {
		c.Result, c.Remedy = "warn", "free space: extracted images and the state of applications need it"
	}
	return c, true
}
