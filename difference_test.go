package berth_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"berth"
)

func TestFieldChanges(t *testing.T) {
	tests := map[string]struct {
		before, after string
		want          []string
	}{
		"the same":            {`{"a":1,"b":[1,2]}`, `{ "b":[1, 2], "a":1 }`, nil},
		"null is absent":      {`{"a":null}`, `{}`, nil},
		"one field":           {`{"a":1,"b":2}`, `{"a":1,"b":3}`, []string{"b: 2 -> 3"}},
		"came and went":       {`{"a":1}`, `{"b":{"c":2}}`, []string{"a: 1 -> ", `b:  -> {"c":2}`}},
		"below":               {`{"a":{"b":1,"c":2}}`, `{"a":{"b":1,"c":3}}`, []string{"a.c: 2 -> 3"}},
		"a list of words":     {`{"tags":["x"]}`, `{"tags":["x","y"]}`, []string{`tags: ["x"] -> ["x","y"]`}},
		"elements by family":  {`{"l":[{"family":"A","tag":"x"},{"family":"B"}]}`, `{"l":[{"family":"B"},{"family":"A","tag":"y"}]}`, []string{`l[A].tag: "x" -> "y"`}},
		"an element comes":    {`{"l":[{"id":"A"}]}`, `{"l":[{"id":"A"},{"id":"B"}]}`, []string{`l[B]:  -> {"id":"B"}`}},
		"the order alone":     {`{"l":[{"id":"A"},{"id":"B"}]}`, `{"l":[{"id":"B"},{"id":"A"}]}`, []string{`l: [{"id":"A"},{"id":"B"}] -> [{"id":"B"},{"id":"A"}]`}},
		"elements all alike":  {`{"l":[{"id":"A"},{"id":"A","v":1}]}`, `{"l":[{"id":"A"}]}`, []string{`l: [{"id":"A"},{"id":"A","v":1}] -> [{"id":"A"}]`}},
		"another kind":        {`{"a":1}`, `{"a":{"b":1}}`, []string{`a: 1 -> {"b":1}`}},
		"a document came":     {``, `{"a":1,"b":{"c":2}}`, []string{"a:  -> 1", `b:  -> {"c":2}`}},
		"a document went":     {`{"a":1}`, ``, []string{"a: 1 -> "}},
		"list against object": {`{"a":[{"id":"x"}]}`, `{"a":{"x":1}}`, []string{`a: [{"id":"x"}] -> {"x":1}`}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, c := range berth.FieldChanges(json.RawMessage(tt.before), json.RawMessage(tt.after)) {
				got = append(got, fmt.Sprintf("%s: %s -> %s", c.Field, c.Before, c.After))
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func FuzzFieldChanges(f *testing.F) {
	f.Add(`{"a":[{"id":"x"}]}`, `{"a":[{"id":"y"}]}`)
	f.Add(`[[[[[[[[[[[[1]]]]]]]]]]]]`, `{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":1}}}}}}}}}`)
	f.Fuzz(func(t *testing.T, before, after string) {
		if got := berth.FieldChanges(json.RawMessage(before), json.RawMessage(before)); len(got) > 0 {
			t.Errorf("differs from itself: %+v", got)
		}
		berth.FieldChanges(json.RawMessage(before), json.RawMessage(after))
	})
}

func TestTagHistory(t *testing.T) {
	pkg := func(n uint16, tagged bool) berth.Package {
		p := berth.Package{FullName: fmt.Sprint("A_", n), FamilyName: "A", Version: berth.Version{n}, Enabled: true}
		if tagged {
			p.Tags = []berth.TagID{berth.TagCustom}
		}
		return p
	}
	entry := func(id int64, action string, before, after any) berth.AuditEntry {
		e := berth.AuditEntry{ID: id, Kind: "package", Action: action, Actor: "o"}
		e.At = e.At.AddDate(0, 0, int(id/10)) // entries of one apply have one moment
		if before != nil {
			e.Before, _ = json.Marshal(before)
		}
		if after != nil {
			e.After, _ = json.Marshal(after)
		}
		return e
	}
	disabled := pkg(2, true)
	disabled.Enabled = false
	tests := map[string]struct {
		now   []berth.Package
		audit []berth.AuditEntry
		want  []string
	}{
		"nothing":        {[]berth.Package{pkg(1, false)}, nil, nil},
		"first":          {[]berth.Package{pkg(1, true)}, []berth.AuditEntry{entry(10, "apply", nil, pkg(1, true))}, []string{" > A_1 [10]"}},
		"a draft":        {[]berth.Package{pkg(1, false)}, []berth.AuditEntry{entry(10, "tag package", pkg(1, false), pkg(1, true))}, nil},
		"another change": {[]berth.Package{pkg(1, true)}, []berth.AuditEntry{entry(10, "apply", pkg(1, true), pkg(1, true))}, nil},
		"moved": {[]berth.Package{pkg(2, true)}, []berth.AuditEntry{entry(11, "apply", pkg(2, false), pkg(2, true)), entry(10, "apply", pkg(1, true), pkg(1, false))},
			[]string{"A_1 > A_2 [11 10]"}},
		"a lower one joins": {[]berth.Package{pkg(1, true), pkg(2, true)}, []berth.AuditEntry{entry(10, "apply", pkg(1, false), pkg(1, true))},
			[]string{"A_2 > A_2 [10]"}},
		"disabled": {[]berth.Package{pkg(1, true), disabled}, []berth.AuditEntry{entry(10, "apply", pkg(2, true), disabled)}, []string{"A_2 > A_1 [10]"}},
		"deleted":  {nil, []berth.AuditEntry{entry(10, "remove retired package", pkg(1, true), nil)}, []string{"A_1 >  [10]"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, m := range berth.TagHistory(berth.TagCustom, tt.now, tt.audit) {
				got = append(got, fmt.Sprintf("%s > %s %v", m.Previous, m.Version, m.Entries))
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
