package cli

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"berth"
	"berth/client"
)

// applyFlag adds --apply to a command that drafts, and --wait for the hosts to take it up.
func (p *program) applyFlag(c *cobra.Command, apply *bool) *cobra.Command {
	c.Flags().BoolVar(apply, "apply", false, "apply this change at once; other drafts stay drafts")
	p.waitFlags(c)
	c.Flags().BoolVar(&p.dryRun, "dry-run", false, "change nothing; show what this would change on which hosts, once it is applied")
	c.MarkFlagsMutuallyExclusive("dry-run", "wait")
	c.PreRunE = func(*cobra.Command, []string) error {
		if p.waits.wait && !*apply {
			return usage("wait", "add --apply, or wait with `berth changes apply --wait`", "a draft reaches no host: there is nothing to wait for")
		}
		return nil
	}
	return c
}

func (p *program) waitFlags(c *cobra.Command) {
	c.Flags().BoolVar(&p.waits.wait, "wait", false, "wait until every host that answers has taken the change up")
	c.Flags().DurationVar(&p.waits.timeout, "timeout", time.Minute, "how long to wait")
}

// changeName is how a pending change is named: "package/contoso.notes_1.0.0.0_x64__8wekyb3d8bbwe".
func changeName(kind berth.ObjectKind, key string) string {
	return string(kind) + "/" + berth.Fold(key)
}

// drafted says what was drafted, or applies just that. What was done is named in words, the changes by their names.
func (p *program) drafted(ctx context.Context, c *client.Client, apply bool, words string, names ...string) error {
	pending, err := c.Changes(ctx)
	if err != nil {
		return partly(words, err)
	}
	var mine []string
	for _, change := range pending {
		if n := changeName(change.Kind, change.Key); slices.Contains(names, n) {
			mine = append(mine, n)
			p.warnOfOthers(ctx, c, change)
		}
	}
	switch {
	case len(mine) == 0:
		p.note("%s: nothing is left to apply", words)
		return nil
	case !apply:
		p.note("%s: drafted; apply with `berth changes apply`", words)
		return nil
	}
	done, err := c.Apply(ctx, mine...)
	if err != nil {
		return partly(words, err)
	}
	p.note("%s: applied as generation %d", words, done.Generation)
	if p.waits.wait {
		return p.waitForHosts(ctx, c, p.waits.timeout, done.Generation)
	}
	return nil
}

// partly is the error of a change that was drafted and then not applied.
func partly(words string, err error) error {
	d := describe(ran{err})
	e := berth.Errorf(berth.ErrorKind(err), "%s: drafted, but not applied: %s", words, d.Message).With(d.Remedy).On(d.Field)
	e.Code = d.Code
	return coded{e, ExitPartly}
}

// each does one thing to many, goes on after a failure, and reports all failures together.
func each(args []string, do func(string) error) error {
	var failed []string
	var last error
	for _, a := range args {
		if err := do(a); err != nil {
			failed, last = append(failed, a+": "+describe(ran{err}).Message), err
		}
	}
	if _, tried := errors.AsType[*client.Rehearsed](last); tried && len(args) > 1 {
		return usage("dry-run", "name one of them", "--dry-run tries one change at a time; nothing was changed")
	}
	switch {
	case len(failed) == 0 || len(args) == 1:
		return last
	case len(failed) < len(args):
		return coded{berth.Errorf(berth.ErrorKind(last), "%d of %d failed: %s", len(failed), len(args), strings.Join(failed, "; ")), ExitPartly}
	}
	return berth.Errorf(berth.ErrorKind(last), "%s", strings.Join(failed, "; "))
}
