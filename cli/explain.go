package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"berth"
)

func (p *program) explainCommand() *cobra.Command {
	return p.command(verb{use: "explain [CODE]", short: "Say what an error code of a host means, and what to do",
		long: `Say what an error code means that Windows, a file server or Linux gave on a host, and what to do about it. The code may be
written as it stands in a status, as PowerShell shows it (a negative number), as a plain Win32 number, or by its name. Without
a code, all that Berth knows are listed. No server is asked.`,
		example: "  berth explain 0x80073CF3\n  berth explain -2147009293\n  berth explain ERROR_BAD_NETPATH", args: cobra.MaximumNArgs(1),
		run: func(_ context.Context, args []string) error {
			if len(args) == 0 {
				return p.listErrors(berth.Catalogue())
			}
			e, ok := berth.Known(args[0])
			if !ok {
				return berth.Errorf(berth.NotFound, "there is no explanation of the code %q", args[0]).With("see `berth explain` for those that there are")
			}
			return p.show(result{value: e, names: []string{e.Code}, table: func(t *table) {
				t.titled(strings.TrimSpace(e.Code + " " + e.Symbol))
				t.fact("  Meaning", e.Meaning)
				t.fact("  What to do", e.Remedy)
				t.fact("  Tried again", string(e.Retry))
				t.fact("  Status", string(e.Status))
				t.fact("  Phases", e.Phases)
			}})
		}})
}

func (p *program) listErrors(list []berth.Explanation) error {
	names := namesOf(list, func(e berth.Explanation) string { return e.Code })
	return p.show(result{value: list, names: names, table: func(t *table) {
		t.columns("CODE", "NAME", "STATUS", "MEANING")
		for _, e := range list {
			t.row(e.Code, e.Symbol, string(e.Status), e.Meaning)
		}
	}})
}
