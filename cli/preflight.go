package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"berth"
	"berth/wire"
)

func (p *program) hostPreflight() *cobra.Command {
	var w waiting
	var id string
	c := p.command(verb{use: "preflight HOST {PACKAGE | --id ID}", short: "Let a host try a package without staging it",
		long: `Ask a host whether it could serve a package: whether it can open the image, every file is as signed, it trusts the signer,
the package fits its architecture and build, what the package needs is there, and there is room. Nothing is changed on
the host. With --wait the command ends when the host has answered: with exit code 1 when a check failed, 8 when there is
no answer in time. Without it, ask for the answer later with --id; answers are kept for a day.`,
		example: "  berth host preflight rdsh-01 Contoso.Notes_1.0.0.0_x64__8wekyb3d8bbwe --wait\n  berth host preflight rdsh-01 --id 7f3c9a52-0000-4000-8000-000000000001",
		args:    cobra.RangeArgs(1, 2), run: func(ctx context.Context, args []string) error {
			if (len(args) == 2) == (id != "") {
				return usage("package", "name a package, or an answer with --id", "a pre-flight needs a package or --id, and not both")
			}
			if id != "" {
				args = append(args, "")
			}
			return p.preflight(ctx, w, args[0], args[1], id)
		}})
	c.Flags().StringVar(&id, "id", "", "show the answer to the question with that `ID`")
	c.Flags().BoolVar(&w.wait, "wait", false, "wait for the answer")
	c.Flags().DurationVar(&w.timeout, "timeout", 2*time.Minute, "`TIME` to wait at most")
	return c
}

func (p *program) preflight(ctx context.Context, w waiting, host, fullName, id string) error {
	c, err := p.connectSite(ctx)
	if err != nil {
		return err
	}
	var v wire.PreflightView
	if id != "" {
		v, err = c.Preflight(ctx, host, id)
	} else if v, err = c.AskPreflight(ctx, host, fullName); berth.IsNotFound(err) {
		if _, unknown := c.Host(ctx, host); unknown == nil {
			err = suggestPackage(ctx, c, fullName, err)
		}
	}
	if err != nil {
		return err
	}
	if w.wait {
		if _, err := until(ctx, &waker{}, w.timeout, func() (bool, error) {
			v, err = c.Preflight(ctx, host, v.ID)
			return v.State != wire.PreflightPending, err
		}); err != nil {
			return err
		}
	}
	if err := p.show(result{value: v, names: []string{v.ID}, table: func(t *table) { preflightTable(t, v) }}); err != nil {
		return err
	}
	return p.preflightEnd(v, w.wait)
}

// preflightEnd says how it stands, and ends with the exit code that it deserves.
func (p *program) preflightEnd(v wire.PreflightView, waited bool) error {
	if v.State == wire.PreflightPending {
		if !waited {
			p.note("%s; ask with `berth host preflight %s --id %s`", v.Message, v.Host, v.ID)
			return nil
		}
		return coded{berth.Errorf(berth.Unavailable, "%s", v.Message).With("ask later with --id " + v.ID), ExitPending}
	}
	for _, c := range v.Checks {
		if c.Result == berth.PreflightFail {
			return berth.Errorf(berth.Invalid, "host %s could not serve %s: %s", v.Host, v.Package, v.Message).With("see the checks that failed")
		}
	}
	p.note("host %s could serve %s: %s", v.Host, v.Package, v.Message)
	return nil
}

func preflightTable(t *table, v wire.PreflightView) {
	if v.State == wire.PreflightPending {
		t.fact("Pre-flight", v.ID)
		t.fact("State", v.State+": "+v.Message)
		return
	}
	t.columns("CHECK", "RESULT", "DETAIL")
	for _, c := range v.Checks {
		words := c.Message
		if c.Code != "" {
			words += " (" + c.Code + ")"
		}
		if c.Remedy != "" {
			words += "; " + c.Remedy
		}
		t.row(c.Name, string(c.Result), words)
	}
}
