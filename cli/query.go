package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	jmespath "github.com/jmespath/go-jmespath"
)

// queried replaces the value of a result by what the expression of --query takes from it.
func (p *program) queried(r result) (result, error) {
	q, err := jmespath.Compile(p.query)
	if err != nil {
		return r, usage("query", "see `berth help formatting`", "--query is no JMESPath expression: %v", err)
	}
	doc, err := generic(r.value)
	if err != nil {
		return r, err
	}
	found, err := q.Search(doc)
	if err != nil {
		return r, usage("query", "look at the whole with -o json first", "--query does not fit this result: %v", err)
	}
	return result{value: found, names: scalars(found), table: func(t *table) { foundTable(t, found) }}, nil
}

// generic is a value as JSON has it: maps, lists, texts and numbers.
func generic(v any) (doc any, err error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	err = json.Unmarshal(b, &doc)
	return doc, err
}

// scalars are the texts of a list of simple values, or of one.
func scalars(found any) (out []string) {
	list, ok := found.([]any)
	if !ok {
		list = []any{found}
	}
	for _, v := range list {
		out = append(out, cellText(v))
	}
	return out
}

// foundTable lays out what a query found: objects under their fields' names, lists as rows, all else a line each.
func foundTable(t *table, found any) {
	rows, ok := found.([]any)
	if !ok {
		rows = []any{found}
	}
	if found == nil {
		return
	}
	if fields := fieldsOf(rows); len(fields) > 0 {
		t.columns(namesOf(fields, strings.ToUpper)...)
		for _, row := range rows {
			m, _ := row.(map[string]any)
			t.row(namesOf(fields, func(f string) string { return cellText(m[f]) })...)
		}
		return
	}
	t.columns()
	for _, row := range rows {
		if cells, ok := row.([]any); ok && len(cells) > 0 {
			t.row(namesOf(cells, cellText)...)
			continue
		}
		t.row(cellText(row))
	}
}

// fieldsOf are the names of all fields of objects; none when one of them is no object.
func fieldsOf(rows []any) []string {
	all := map[string]bool{}
	for _, row := range rows {
		m, ok := row.(map[string]any)
		if !ok {
			return nil
		}
		for f := range m {
			all[f] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// cellText words a value for a cell: texts as they are, what has parts as JSON in one line.
func cellText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case float64, bool:
		return fmt.Sprint(v)
	}
	b, _ := json.Marshal(v) // it came from JSON
	return string(b)
}

// writeTSV writes the cells of all rows with a tab between them and no headings, for scripts that cut lines.
func (t *table) writeTSV(w io.Writer) error {
	var b strings.Builder
	for _, part := range t.parts {
		for _, r := range part.rows {
			cells := slices.Clone(r.cells)
			if len(part.head) == 0 && len(cells) == 2 {
				cells[0] = strings.TrimSuffix(cells[0], ":")
			}
			b.WriteString(strings.Join(cells, "\t") + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
