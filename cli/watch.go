package cli

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
)

// watchable gives a command that shows something --watch: it shows it again whenever it has changed.
func (p *program) watchable(c *cobra.Command) *cobra.Command {
	var on bool
	var every time.Duration
	run := c.RunE
	c.Flags().BoolVarP(&on, "watch", "w", false, "keep running, and show every change")
	c.Flags().DurationVar(&every, "interval", 2*time.Second, "how often to look with --watch")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if !on {
			return run(cmd, args)
		}
		return p.watch(cmd.Context(), every, func() error { return run(cmd, args) })
	}
	return c
}

// watch runs what shows something, and prints it when it differs from what was printed before, until it is interrupted. On
// a terminal it is printed in place.
func (p *program) watch(ctx context.Context, every time.Duration, show func() error) error {
	c, err := p.connectSite(ctx)
	if err != nil {
		return err
	}
	var last []byte
	news := p.listen(ctx, c)
	for {
		p.held = &bytes.Buffer{}
		err := show()
		page := p.held.Bytes()
		p.held = nil
		if err != nil {
			return err
		}
		inPlace := p.output == formatTable && onTerminal(p.Out)
		if last == nil || !bytes.Equal(p.shown, last) || inPlace {
			if inPlace {
				fmt.Fprint(p.Out, "\x1b[H\x1b[2J") // cursor home, clear: ECMA-48, 8.3.21 and 8.3.39
			}
			if _, err := p.Out.Write(page); err != nil {
				return err
			}
			last = bytes.Clone(p.shown)
			p.flush()
		}
		p.notes = nil
		if !news.wait(ctx, max(every, 100*time.Millisecond), nil) {
			return ctx.Err()
		}
	}
}
