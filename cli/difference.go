package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"berth"
)

// difference words what a change changes, in one line: "enabled: true -> false; tags: +production".
func difference(c berth.Change) string {
	before, after := fields(c.Before), fields(c.After)
	if c.Action == "create" {
		return whole(c.Name, after)
	}
	if c.Action == "delete" {
		return whole(c.Name, before)
	}
	var parts []string
	keys := slices.Sorted(maps.Keys(after))
	for key := range before {
		if _, ok := after[key]; !ok {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	for _, key := range keys {
		if b, a := before[key], after[key]; !bytes.Equal(b, a) {
			parts = append(parts, key+": "+turned(b, a))
		}
	}
	return strings.Join(parts, "; ")
}

// whole names an object that comes or goes: packages by display name and version, others by their name.
func whole(name string, doc map[string]json.RawMessage) string {
	if _, ok := doc["displayName"]; !ok {
		return name
	}
	return words(doc["displayName"]) + " " + words(doc["version"])
}

func fields(doc json.RawMessage) map[string]json.RawMessage {
	var m map[string]json.RawMessage
	_ = json.Unmarshal(doc, &m) // what is no object has no fields
	return m
}

// turned words the change of one field: lists by what came and went, all else as old and new.
func turned(before, after json.RawMessage) string {
	b, bok := elements(before)
	a, aok := elements(after)
	if !aok || !bok {
		return words(before) + " -> " + words(after)
	}
	var parts []string
	for _, e := range a {
		if !slices.Contains(b, e) {
			parts = append(parts, "+"+words(json.RawMessage(e)))
		}
	}
	for _, e := range b {
		if !slices.Contains(a, e) {
			parts = append(parts, "-"+words(json.RawMessage(e)))
		}
	}
	return strings.Join(parts, " ")
}

// elements returns the elements of a list; an absent field is an empty one.
func elements(doc json.RawMessage) (es []string, ok bool) {
	var raw []json.RawMessage
	if len(doc) > 0 && json.Unmarshal(doc, &raw) != nil {
		return nil, false
	}
	for _, r := range raw {
		es = append(es, string(r))
	}
	return es, true
}

// words gives a value its shortest form: of an assignment the family and its selector, of other objects their name.
func words(doc json.RawMessage) string {
	var v any
	if len(doc) == 0 || json.Unmarshal(doc, &v) != nil || v == nil {
		return "-"
	}
	m, ok := v.(map[string]any)
	if !ok {
		return fmt.Sprint(v)
	}
	if family, ok := m["family"]; ok {
		selector := m["version"]
		if selector == nil {
			selector = fmt.Sprintf("tag %v", m["tag"])
		}
		return fmt.Sprintf("%v (%v, %v)", family, selector, m["registration"])
	}
	for _, key := range []string{"name", "displayName", "id"} {
		if name, ok := m[key]; ok {
			return fmt.Sprint(name)
		}
	}
	return "(changed)"
}
