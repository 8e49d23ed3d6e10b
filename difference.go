package berth

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
)

// FieldChange is one difference between two JSON documents. A side without the field is absent.
type FieldChange struct {
	Field  string          `json:"field"` // the way to it: "certificate.notAfter", "assignments[Contoso.Notes_abc].tag"
	Before json.RawMessage `json:"before,omitempty"`
	After  json.RawMessage `json:"after,omitempty"`
}

// deepest is how far FieldChanges follows objects within objects; below that, and behind most differences, values are
// compared whole.
const deepest = 8

// identities are the fields by which elements of our lists are told apart, the first that all elements have.
var identities = []string{"family", "id", "fullName", "name"}

// FieldChanges lists what differs between two JSON documents, ordered by field. Objects are compared field by field, lists
// of objects element by element as far as a field tells the elements apart, everything else as a whole. Where one of the
// documents is absent, each field of the other is a difference.
func FieldChanges(before, after json.RawMessage) []FieldChange {
	return compare("", before, after, deepest)
}

func compare(field string, before, after json.RawMessage, depth int) []FieldChange {
	if same(before, after) {
		return nil
	}
	b, bok := parts(before)
	a, aok := parts(after)
	// What came or went as a whole, below the document itself, is one difference.
	whole := field != "" && (len(before) == 0 || len(after) == 0)
	if depth == 0 || whole || !bok || !aok || b.list != a.list && b.fields != nil && a.fields != nil {
		return []FieldChange{{Field: field, Before: before, After: after}}
	}
	list := a.list || b.list
	var changes []FieldChange
	for _, name := range names(b, a) {
		changes = append(changes, compare(below(field, name, list), b.fields[name], a.fields[name], depth-1)...)
	}
	if len(changes) == 0 && field != "" { // the order alone differs
		return []FieldChange{{Field: field, Before: before, After: after}}
	}
	return changes
}

func below(field, name string, list bool) string {
	switch {
	case list:
		return field + "[" + name + "]"
	case field == "":
		return name
	default:
		return field + "." + name
	}
}

// branch is an object, or a list as an object of its elements by their identity.
type branch struct {
	fields map[string]json.RawMessage
	list   bool
}

func names(b, a branch) []string {
	all := maps.Clone(a.fields)
	if all == nil {
		all = map[string]json.RawMessage{}
	}
	maps.Copy(all, b.fields)
	return slices.Sorted(maps.Keys(all))
}

// parts takes a document apart; ok is false for one that is compared as a whole. An absent one has no parts.
func parts(doc json.RawMessage) (b branch, ok bool) {
	if len(doc) == 0 {
		return branch{}, true
	}
	if json.Unmarshal(doc, &b.fields) == nil && b.fields != nil {
		return b, true
	}
	var elements []map[string]json.RawMessage
	if json.Unmarshal(doc, &elements) != nil || len(elements) == 0 {
		return branch{}, false
	}
	for _, id := range identities {
		if fields := keyed(elements, id); fields != nil {
			return branch{fields: fields, list: true}, true
		}
	}
	return branch{}, false
}

// keyed turns elements into fields named by one of their own fields; nil when that does not tell them apart.
func keyed(elements []map[string]json.RawMessage, id string) map[string]json.RawMessage {
	fields := make(map[string]json.RawMessage, len(elements))
	for _, e := range elements {
		var name string
		if json.Unmarshal(e[id], &name) != nil || name == "" || fields[name] != nil {
			return nil
		}
		fields[name], _ = json.Marshal(e) // raw messages always marshal
	}
	return fields
}

// same compares documents, regardless of white space; null and absent are the same.
func same(a, b json.RawMessage) bool { return bytes.Equal(compact(a), compact(b)) }

func compact(doc json.RawMessage) []byte {
	var out bytes.Buffer
	if len(doc) == 0 || json.Compact(&out, doc) != nil {
		return []byte(doc)
	}
	if out.String() == "null" {
		return nil
	}
	return out.Bytes()
}
