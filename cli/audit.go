package cli

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"berth"
	"berth/wire"
)

func (p *program) auditCommand() *cobra.Command {
	c := p.auditList("audit", "Show who changed what, newest first")
	c.AddCommand(p.auditList("list", "Show who changed what, newest first: the same as `berth audit`"), p.auditShow(), p.auditRevert())
	return c
}

func (p *program) auditList(use, short string) *cobra.Command {
	var kind, key, object string
	var limit int
	c := p.command(verb{use: use, short: short,
		example: "  berth audit list --limit 20\n  berth audit list --object package/Contoso.Notes_1.0.0.0_x64__8wekyb3d8bbwe -o json\n  berth audit list --filter actor=olga",
		run: func(ctx context.Context, _ []string) (err error) {
			if object != "" {
				if kind, key, err = objectNamed(object); err != nil {
					return err
				}
			}
			c, err := p.connectSite(ctx)
			if err != nil {
				return err
			}
			entries, err := c.Audit(ctx, kind, key, p.list.entries(limit))
			if err != nil {
				return err
			}
			if entries, err = arrange(p, entries); err != nil {
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
	c.Flags().StringVar(&object, "object", "", "only this `OBJECT`: KIND/NAME as `berth changes list` names it, or a package's full name")
	c.MarkFlagsMutuallyExclusive("object", "kind")
	c.MarkFlagsMutuallyExclusive("object", "key")
	return p.listing(c)
}

// mostEntries is how many entries the server gives out at once.
const mostEntries = 1000

// entries is how many entries to ask for: where they are chosen here, as many as there are to be had.
func (a *arranging) entries(limit int) int {
	if a.whole() {
		a.most = limit
		return mostEntries
	}
	return limit
}

// objectNamed takes the name of an object apart. A name without a kind is that of a package.
func objectNamed(s string) (kind, key string, err error) {
	kind, key, ok := strings.Cut(s, "/")
	switch {
	case !ok:
		return string(berth.ObjectPackage), s, nil
	case kind == "" || key == "":
		return "", "", usage("object", "name it KIND/NAME: package/…, pool/…, host/…, defaults/rdsh, settings/settings", "%q is no object", s)
	}
	return kind, key, nil
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
