package cli

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"berth"
	"berth/wire"
)

func (p *program) auditShow() *cobra.Command {
	return p.command(verb{use: "show ENTRY", short: "Show one entry of the audit, field by field",
		example: "  berth audit show 42", args: cobra.ExactArgs(1),
		run: func(ctx context.Context, args []string) error {
			id, err := entryNumber(args[0])
			if err != nil {
				return err
			}
			c, err := p.connectSite(ctx)
			if err != nil {
				return err
			}
			e, err := c.AuditEntry(ctx, id)
			if err != nil {
				return err
			}
			return p.show(result{value: e, names: []string{args[0]}, table: func(t *table) { entryFacts(t, e) }})
		}})
}

func entryNumber(s string) (int64, error) {
	id, err := strconv.ParseInt(s, 10, 64)
	if err != nil || id < 1 {
		return 0, usage("entry", "see the first column of `berth audit`", "%q is no number of an audit entry", s)
	}
	return id, nil
}

func entryFacts(t *table, e wire.AuditEntry) {
	t.fact("Entry", strconv.FormatInt(e.ID, 10))
	t.fact("When", e.At.UTC().Format(time.DateTime))
	t.fact("Who", e.Actor+", through "+e.Face)
	t.fact("Action", e.Action)
	t.fact("Object", objectOf(e))
	t.fact("Refused", e.Refused)
	if len(e.Changes) > 0 {
		t.titled("Changes", "FIELD", "BEFORE", "AFTER")
	}
	for _, c := range e.Changes {
		t.row(c.Field, value(c.Before), value(c.After))
	}
}

// value words one side of a difference: text without its quotes, all else as JSON.
func value(doc json.RawMessage) string {
	const most = 120 // certificates are longer than anybody reads
	var s string
	if json.Unmarshal(doc, &s) != nil {
		s = string(doc)
	}
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

func (p *program) auditRevert() *cobra.Command {
	var force, apply bool
	c := p.command(verb{use: "revert ENTRY", short: "Put an object back as it was before an entry of the audit",
		long: `Put an object back as it was before an entry of the audit, as a draft. It is refused when somebody else has changed the object
since; --force overwrites what they did. Enrolments and credentials cannot be taken back.`,
		example: "  berth audit revert 42\n  berth audit revert 42 --apply", args: cobra.ExactArgs(1),
		run: func(ctx context.Context, args []string) error {
			id, err := entryNumber(args[0])
			if err != nil {
				return err
			}
			c, err := p.connectSite(ctx)
			if err != nil {
				return err
			}
			r, err := c.Revert(ctx, id, force)
			if err != nil {
				return err
			}
			return p.drafted(ctx, c, apply, r.Change+" as before entry "+args[0], r.Change)
		}})
	c.Flags().BoolVar(&force, "force", false, "even though somebody else changed the object since")
	return p.applyFlag(c, &apply)
}

func (p *program) tagHistory() *cobra.Command {
	var of string
	var limit int
	c := p.command(verb{use: "history TAG", short: "Show where a tag pointed over time, newest first",
		long:    "Show where a tag pointed over time, newest first: what hosts saw. Drafts count once they are applied.",
		example: "  berth tag history Production --family Contoso.Notes", args: cobra.ExactArgs(1),
		run: func(ctx context.Context, args []string) error {
			c, err := p.connectSite(ctx)
			if err != nil {
				return err
			}
			if of != "" {
				if found, err := family(ctx, c, of); err == nil {
					of = found // one that is not in the catalogue any more has a history too
				}
			}
			moves, err := c.TagHistory(ctx, args[0], of, limit)
			if err != nil {
				return err
			}
			if moves, err = arrange(p, moves); err != nil {
				return err
			}
			names := namesOf(moves, func(m berth.TagMove) string { return m.Version })
			return p.show(result{value: orEmpty(moves), names: names, empty: "hosts have never seen this tag on a package",
				table: func(t *table) { movesTable(t, moves) }})
		}})
	c.Flags().StringVar(&of, "family", "", "only this family, or the package of this name")
	c.Flags().IntVar(&limit, "limit", 50, "how many moves, 1000 at most")
	return p.listing(c)
}

func movesTable(t *table, moves []berth.TagMove) {
	t.columns("WHEN", "WHO", "FAMILY", "BEFORE", "SINCE THEN", "ENTRIES")
	for _, m := range moves {
		entries := namesOf(m.Entries, func(id int64) string { return strconv.FormatInt(id, 10) })
		t.row(m.At.UTC().Format(time.DateTime), m.By, m.Family, m.Previous, m.Version, strings.Join(entries, ", "))
	}
}

func (p *program) tagRollback() *cobra.Command {
	var of string
	var apply bool
	c := p.command(verb{use: "rollback TAG --family FAMILY", short: "Move a tag back to the version that it meant before",
		long: `Move a tag back to the version that hosts saw it on before its last move, and off all other versions of the family, as a draft.
Sessions keep what they have; new ones get the version from before.`,
		example: "  berth tag rollback Production --family Contoso.Notes --apply", args: cobra.ExactArgs(1),
		run: func(ctx context.Context, args []string) error {
			c, err := p.connectSite(ctx)
			if err != nil {
				return err
			}
			name, err := family(ctx, c, of)
			if err != nil {
				return err
			}
			before, err := c.Packages(ctx)
			if err != nil {
				return err
			}
			now, err := c.RollBackTag(ctx, args[0], name)
			if err != nil {
				return err
			}
			siblings, err := lost(ctx, c, before)
			if err != nil {
				return partly("tags of "+now.FullName, err)
			}
			names := append([]string{changeName(berth.ObjectPackage, now.FullName)}, siblings...)
			if err := p.drafted(ctx, c, apply, "tag "+args[0]+" back on "+now.FullName, names...); err != nil {
				return err
			}
			return p.showPackages(ctx, c, now, now)
		}})
	c.Flags().StringVar(&of, "family", "", "the family, or the package of this name")
	_ = c.MarkFlagRequired("family") // it exists: the line above
	return p.applyFlag(c, &apply)
}
