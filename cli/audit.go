package cli

import (
	"context"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"berth/wire"
)

func (p *program) auditCommand() *cobra.Command {
	var kind, key string
	var limit int
	c := p.command(verb{use: "audit", short: "Show who changed what, newest first",
		example: "  berth audit --limit 20\n  berth audit --kind package --key Contoso.Notes_1.0.0.0_x64__8wekyb3d8bbwe -o json",
		run: func(ctx context.Context, _ []string) error {
			c, err := p.connectSite(ctx)
			if err != nil {
				return err
			}
			entries, err := c.Audit(ctx, kind, key, limit)
			if err != nil {
				return err
			}
			return p.show(result{value: orEmpty(entries), names: namesOf(entries, objectOf), empty: "no entry of the audit log matches", table: func(t *table) {
				t.columns("ENTRY", "WHEN", "WHO", "THROUGH", "ACTION", "OBJECT")
				for _, e := range entries {
					t.rowWith(refusal(e), strconv.FormatInt(e.ID, 10), e.At.UTC().Format(time.DateTime), e.Actor, e.Face, e.Action, objectOf(e))
				}
			}})
		}})
	c.Flags().StringVar(&kind, "kind", "", "only objects of this `KIND`: package, pool, host, defaults, settings")
	c.Flags().StringVar(&key, "key", "", "only the object of this `NAME`")
	c.Flags().IntVar(&limit, "limit", 100, "show this many entries, 1000 at most")
	c.AddCommand(p.auditShow(), p.auditRevert())
	return c
}

func objectOf(e wire.AuditEntry) string {
	if e.Kind == "" {
		return ""
	}
	return e.Kind + "/" + e.Key
}

func refusal(e wire.AuditEntry) []string {
	if e.Refused == "" {
		return nil
	}
	return []string{"refused: " + e.Refused}
}
