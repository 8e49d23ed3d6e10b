package cli

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"berth"
	"berth/client"
	"berth/wire"
)

// revisionFlag gives an edit --if-revision: it is refused, and the changes of others are told, when the object is no longer
// as the caller saw it.
func (p *program) revisionFlag(c *cobra.Command) *cobra.Command {
	c.Flags().Int64Var(&p.revision, "if-revision", 0, "only if the object still has this `REVISION`: otherwise say who changed what")
	return c
}

// meanwhileWords words what somebody changed: "olga at 2026-11-29 12:00:00, edit package: enabled: true -> false".
func meanwhileWords(m berth.Meanwhile) string {
	s := fmt.Sprintf("%s at %s through %s, %s", m.By, m.At.UTC().Format(time.DateTime), m.Face, m.Action)
	if changes := fieldWords(m.Changes); changes != "" {
		s += ": " + changes
	}
	return s
}

// fieldWords words differences of fields in one line.
func fieldWords(cs []berth.FieldChange) string {
	const most = 6
	var parts []string
	for i, c := range cs {
		if i == most {
			parts = append(parts, fmt.Sprintf("and %d fields more", len(cs)-most))
			break
		}
		parts = append(parts, c.Field+": "+turned(c.Before, c.After))
	}
	return strings.Join(parts, "; ")
}

// warnOfOthers tells, after an edit was drafted, what other people changed in the same draft before: applied, or discarded,
// it goes together. What cannot be read is not told: the edit itself is done.
func (p *program) warnOfOthers(ctx context.Context, c *client.Client, draft berth.Change) {
	entries, err := c.Audit(ctx, string(draft.Kind), draft.Key, 30)
	if err != nil {
		return
	}
	for _, e := range othersIn(draft, entries) {
		p.note("note: the draft of %s also holds what %s changed %s ago: %s", changeName(draft.Kind, draft.Key), e.Actor, p.age(e.At), fieldWords(e.Changes))
	}
}

// othersIn chooses from an object's audit, newest first, what others than whoever made the newest entry changed and is
// still in the draft: an entry with a field that the draft has as the entry left it. They come in the order in which they
// were made.
func othersIn(draft berth.Change, entries []wire.AuditEntry) (others []wire.AuditEntry) {
	pending := berth.FieldChanges(draft.Before, draft.After)
	for _, e := range entries {
		if e.Action == "apply" || e.Action == "discard" {
			break
		}
		if e.Actor == entries[0].Actor || e.Refused != "" {
			continue
		}
		e.Changes = slices.DeleteFunc(slices.Clone(e.Changes), func(c berth.FieldChange) bool {
			return !slices.ContainsFunc(pending, func(p berth.FieldChange) bool { return p.Field == c.Field && bytes.Equal(p.After, c.After) })
		})
		if len(e.Changes) > 0 {
			others = append(others, e)
		}
	}
	slices.Reverse(others)
	return others
}
