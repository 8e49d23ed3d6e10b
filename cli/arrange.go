package cli

import (
	"cmp"
	"encoding/json"
	"path"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"berth"
)

// arranging are the flags that choose and order the rows of any list, by the names that its fields have in JSON.
type arranging struct {
	filters []string
	sortBy  string
	most    int
}

// listing gives a command that lists things the flags of lists: --filter, --sort-by, --limit and --watch.
func (p *program) listing(c *cobra.Command) *cobra.Command {
	p.arranged(c)
	return p.watchable(c)
}

// arranged gives a command the flags of lists without --watch.
func (p *program) arranged(c *cobra.Command) {
	f := c.Flags()
	f.StringArrayVar(&p.list.filters, "filter", nil, "only rows that match `TEXT`, FIELD=VALUE, FIELD!=VALUE or FIELD~PART; can be repeated")
	f.StringVar(&p.list.sortBy, "sort-by", "", "order by this `FIELD` of the JSON form; -FIELD for the last first")
	if f.Lookup("limit") == nil {
		f.IntVar(&p.list.most, "limit", 0, "show at most this many; 0 for all")
	}
}

// arrange filters, orders and cuts the rows of a list as the flags say.
func arrange[T any](p *program, items []T) ([]T, error) {
	if len(p.list.filters) == 0 && p.list.sortBy == "" {
		return cut(items, p.list.most), nil
	}
	kind := reflect.TypeFor[T]()
	conditions, err := readConditions(kind, p.list.filters)
	if err != nil {
		return nil, err
	}
	key := strings.TrimPrefix(p.list.sortBy, "-")
	if key != "" && !hasField(kind, strings.Split(key, ".")) {
		return nil, noField("sort-by", kind, key)
	}
	rows, err := docsOf(items)
	if err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(r listRow[T]) bool {
		return slices.ContainsFunc(conditions, func(c condition) bool { return !c.holds(r.doc) })
	})
	if key != "" {
		slices.SortStableFunc(rows, func(a, b listRow[T]) int {
			c := natural(strings.Join(texts(a.doc, key), " "), strings.Join(texts(b.doc, key), " "))
			if key != p.list.sortBy {
				return -c
			}
			return c
		})
	}
	out := make([]T, 0, len(rows))
	for _, r := range rows {
		out = append(out, r.item)
	}
	return cut(out, p.list.most), nil
}

// whole tells that the server must not cut a list off: what is asked for is chosen here.
func (a arranging) whole() bool { return len(a.filters) > 0 || a.sortBy != "" }

// paged is the limit to ask the server for. One that it must not see is kept for afterwards.
func (a *arranging) paged(limit int) int {
	if a.whole() {
		a.most = limit
		return 0
	}
	return limit
}

func cut[T any](items []T, most int) []T {
	if most > 0 && len(items) > most {
		return items[:most]
	}
	return items
}

// listRow is an item of a list beside its JSON form.
type listRow[T any] struct {
	item T
	doc  any
}

func docsOf[T any](items []T) (rows []listRow[T], err error) {
	for _, item := range items {
		doc, err := generic(item)
		if err != nil {
			return nil, err
		}
		rows = append(rows, listRow[T]{item, doc})
	}
	return rows, nil
}

// condition is one --filter.
type condition struct{ field, op, value string }

func readConditions(kind reflect.Type, filters []string) (out []condition, err error) {
	for _, f := range filters {
		c := readCondition(f)
		if c.op != "" && !hasField(kind, strings.Split(c.field, ".")) {
			return nil, noField("filter", kind, c.field)
		}
		out = append(out, c)
	}
	return out, nil
}

// readCondition takes a filter apart at its first operator. Text without one is looked for in all fields.
func readCondition(s string) condition {
	at := strings.IndexAny(s, "=~!")
	if at <= 0 {
		return condition{value: s}
	}
	for _, op := range []string{"!=", "=", "~"} {
		if strings.HasPrefix(s[at:], op) {
			return condition{field: s[:at], op: op, value: s[at+len(op):]}
		}
	}
	return condition{value: s}
}

// holds tells that a row matches. A field with several values matches by any of them; != asks that none is equal.
func (c condition) holds(doc any) bool {
	values := texts(doc, c.field)
	switch c.op {
	case "=":
		return (len(values) == 0 && c.value == "") || slices.ContainsFunc(values, c.equal)
	case "!=":
		return !slices.ContainsFunc(values, c.equal)
	}
	return slices.ContainsFunc(values, func(v string) bool { return strings.Contains(berth.Fold(v), berth.Fold(c.value)) })
}

// equal compares without regard to case; * in the value stands for any text.
func (c condition) equal(v string) bool {
	if !strings.Contains(c.value, "*") {
		return berth.Fold(v) == berth.Fold(c.value)
	}
	escape := strings.NewReplacer(`\`, `\\`, "[", `\[`, "?", `\?`, "/", "\x00")
	ok, err := path.Match(escape.Replace(berth.Fold(c.value)), strings.ReplaceAll(berth.Fold(v), "/", "\x00"))
	return ok && err == nil
}

// texts are the values of a field as text, through lists; an empty name means all fields.
func texts(doc any, field string) (out []string) {
	switch v := doc.(type) {
	case nil:
		return nil
	case []any:
		for _, e := range v {
			out = append(out, texts(e, field)...)
		}
		return out
	case map[string]any:
		head, rest, _ := strings.Cut(field, ".")
		for name, e := range v {
			if field == "" || strings.EqualFold(name, head) {
				out = append(out, texts(e, rest)...)
			}
		}
		return out
	}
	if field != "" {
		return nil
	}
	return []string{cellText(doc)}
}

// hasField tells that values of a type can have the field in JSON.
func hasField(t reflect.Type, names []string) bool {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice && t != reflect.TypeFor[json.RawMessage]() {
		t = t.Elem()
	}
	if len(names) == 0 || t.Kind() == reflect.Map || t.Kind() == reflect.Interface || t == reflect.TypeFor[json.RawMessage]() {
		return true
	}
	fields := jsonFields(t)
	i := slices.IndexFunc(fields, func(f reflect.StructField) bool { return strings.EqualFold(fieldName(f), names[0]) })
	return i >= 0 && hasField(fields[i].Type, names[1:])
}

// jsonFields are the fields of a struct as JSON shows them, those of embedded structs among them.
func jsonFields(t reflect.Type) (out []reflect.StructField) {
	if t.Kind() != reflect.Struct || t == reflect.TypeFor[time.Time]() {
		return nil
	}
	for f := range t.Fields() {
		switch {
		case f.Anonymous && f.Tag.Get("json") == "":
			out = append(out, jsonFields(f.Type)...)
		case f.IsExported() && fieldName(f) != "-":
			out = append(out, f)
		}
	}
	return out
}

func fieldName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return cmp.Or(name, f.Name)
}

func noField(flag string, t reflect.Type, name string) error {
	fields := namesOf(jsonFields(t), fieldName)
	slices.Sort(fields)
	return usage(flag, "use one of "+strings.Join(fields, ", ")+"; a dot leads into a field", "--%s: rows of this list have no field %q", flag, name)
}

// natural orders texts as people do: without regard to case, and numbers in them by their value, so 1.10 comes after 1.9.
func natural(a, b string) int {
	a, b = berth.Fold(a), berth.Fold(b)
	for a != "" && b != "" {
		na, nb := digits(a), digits(b)
		if na > 0 && nb > 0 {
			if c := compareDigits(a[:na], b[:nb]); c != 0 {
				return c
			}
			a, b = a[na:], b[nb:]
			continue
		}
		if a[0] != b[0] {
			return cmp.Compare(a[0], b[0])
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Compare(len(a), len(b))
}

func digits(s string) int {
	return len(s) - len(strings.TrimLeft(s, "0123456789"))
}

// compareDigits compares two numbers however long they are.
func compareDigits(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}
