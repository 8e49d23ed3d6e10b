package cli

import (
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
func (p *program) warnOfOthers(ctx context.Context, c *client.Client, names []string) {
	for _, name := range names {
		kind, key, _ := strings.Cut(name, "/")
		entries, err := c.Audit(ctx, kind, key, 30)
		if err != nil || len(entries) == 0 {
			continue
		}
		for _, e := range othersIn(entries) {
			p.note("note: the draft of %s also holds what %s changed %s ago: %s", name, e.Actor, p.age(e.At), orWhole(fieldWords(e.Changes), e.Action))
		}
	}
}

func orWhole(words, action string) string {
	if words == "" {
		return action
	}
	return words
}

// othersIn chooses from an object's audit, newest first, the edits of its present draft by others than whoever made the
// newest one, in the order in which they were made.
func othersIn(entries []wire.AuditEntry) (others []wire.AuditEntry) {
	me := entries[0].Actor
	for _, e := range entries {
		if e.Action == "apply" || e.Action == "discard" {
			break
		}
		if e.Actor != me && e.Refused == "" && len(e.Changes) > 0 {
			others = append(others, e)
		}
	}
	slices.Reverse(others)
	return others
}
