package berth

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// TagMove is one moment at which hosts began to see a tag on other versions of a family.
type TagMove struct {
	At       time.Time `json:"at"`
	By       string    `json:"by"`
	Tag      TagID     `json:"tag"`
	Family   string    `json:"family"`
	Version  string    `json:"version,omitempty"`  // full name of the version that the tag points to from then on; empty: none
	Previous string    `json:"previous,omitempty"` // and the one before
	Added    []string  `json:"added,omitempty"`    // full names that it can mean from then on
	Removed  []string  `json:"removed,omitempty"`  // full names that it can mean no longer
	Entries  []int64   `json:"entries"`            // the audit entries that say so
}

// TagHistory works out where a tag pointed over time, newest first. It walks back from the versions that carry the tag
// now, as applied, through the audit, newest first; only what hosts saw counts, drafts do not. The newest moves are right
// even where the audit given does not reach back to the beginning.
func TagHistory(tag TagID, carry []Package, audit []AuditEntry) []TagMove {
	h := tagHistory{tag: tag, now: map[string][]carrier{}}
	for _, p := range carry {
		if p.stands(tag) {
			h.put(p)
		}
	}
	for _, e := range audit {
		if e.MovesTag(tag, "") {
			h.undo(e)
		}
	}
	h.close()
	return h.moves
}

// stands tells whether the tag can mean the package: it carries the tag and is enabled.
func (p Package) stands(tag TagID) bool { return p.HasTag(tag) && p.Enabled && !p.Retiring }

// seenByHosts tells whether the documents of an entry with that action are what hosts saw, and not a draft.
func seenByHosts(action string) bool { return action == "apply" || action == "remove retired package" }

// MovesTag tells whether hosts saw the tag on other versions, of the family or of any if none is named, from the entry on.
func (e AuditEntry) MovesTag(tag TagID, family string) bool {
	if e.Refused != "" || e.Kind != string(ObjectPackage) || !seenByHosts(e.Action) {
		return false
	}
	before, after := e.packages()
	of := cmp.Or(after.FamilyName, before.FamilyName)
	return before.stands(tag) != after.stands(tag) && (family == "" || Fold(of) == Fold(family))
}

// packages are the documents of an entry; an absent one has no tags.
func (e AuditEntry) packages() (before, after Package) {
	_ = json.Unmarshal(e.Before, &before)
	_ = json.Unmarshal(e.After, &after)
	return before, after
}

type carrier struct {
	fullName string
	version  Version
}

// tagHistory is a history while it is walked back.
type tagHistory struct {
	tag   TagID
	now   map[string][]carrier // by folded family: who carries the tag at the moment that the walk has come to
	open  []TagMove            // moves of one moment, whose Previous is not known yet
	moves []TagMove
}

func (h *tagHistory) put(p Package) {
	family := Fold(p.FamilyName)
	h.now[family] = append(h.now[family], carrier{p.FullName, p.Version})
}

func (h *tagHistory) drop(p Package) {
	family := Fold(p.FamilyName)
	h.now[family] = slices.DeleteFunc(h.now[family], func(c carrier) bool { return Fold(c.fullName) == Fold(p.FullName) })
}

// pointsTo is the highest version that carries the tag; of two that are equal the one that plans choose.
func (h *tagHistory) pointsTo(family string) string {
	cs := h.now[Fold(family)]
	if len(cs) == 0 {
		return ""
	}
	return slices.MinFunc(cs, func(a, b carrier) int {
		return cmp.Or(b.version.Compare(a.version), strings.Compare(a.fullName, b.fullName))
	}).fullName
}

// undo takes one entry back.
func (h *tagHistory) undo(e AuditEntry) {
	before, after := e.packages()
	if after.stands(h.tag) {
		m := h.at(e, after.FamilyName)
		m.Added = append(m.Added, after.FullName)
		h.drop(after)
		return
	}
	m := h.at(e, before.FamilyName)
	m.Removed = append(m.Removed, before.FullName)
	h.put(before)
}

// at returns the move of the entry's moment and family: entries of one apply have the same moment and author.
func (h *tagHistory) at(e AuditEntry, family string) *TagMove {
	if len(h.open) > 0 && (!h.open[0].At.Equal(e.At) || h.open[0].By != e.Actor) {
		h.close()
	}
	i := slices.IndexFunc(h.open, func(m TagMove) bool { return Fold(m.Family) == Fold(family) })
	if i < 0 {
		i = len(h.open)
		h.open = append(h.open, TagMove{At: e.At, By: e.Actor, Tag: h.tag, Family: family, Version: h.pointsTo(family)})
	}
	h.open[i].Entries = append(h.open[i].Entries, e.ID)
	return &h.open[i]
}

// close ends a moment: all of it is taken back, so what carries the tag is what did before.
func (h *tagHistory) close() {
	for _, m := range h.open {
		m.Previous = h.pointsTo(m.Family)
		h.moves = append(h.moves, m)
	}
	h.open = nil
}
