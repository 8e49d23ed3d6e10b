package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// The forms of a result.
const (
	formatTable = "table"
	formatWide  = "wide" // a table with more columns, where there are more
	formatJSON  = "json"
	formatYAML  = "yaml"
	formatName  = "name"
)

var formats = []string{formatTable, formatWide, formatJSON, formatYAML, formatName}

func (p *program) checkOutput() error {
	if err := oneOf("color", p.color, colorChoices); err != nil {
		return err
	}
	if slices.Contains(formats, p.output) {
		return nil
	}
	return usage("output", "use one of "+strings.Join(formats, ", "), "%q is no form of output", p.output)
}

// oneOf checks the value of a flag that allows few; empty stands for the default.
func oneOf(flag, value string, allowed []string) error {
	if value == "" || slices.Contains(allowed, value) {
		return nil
	}
	return usage(flag, "use "+strings.Join(allowed, ", "), "--%s %s is not known", flag, value)
}

// result is what a command found or made, in every form that a caller may ask for.
type result struct {
	value any          // for JSON and YAML: the shapes of wire, imaging and the nouns, as they are
	names []string     // for scripts that go on with them, one a line
	table func(*table) // for people
	empty string       // what to tell people where the table has no rows: what that means and what to do next
}

// show writes the result to standard output in the form asked for.
func (p *program) show(r result) error {
	switch p.output {
	case formatJSON:
		b, err := indented(r.value)
		if err != nil {
			return err
		}
		_, err = p.Out.Write(b)
		return err
	case formatYAML:
		return writeYAML(p.Out, r.value)
	case formatName:
		for _, n := range r.names {
			if _, err := fmt.Fprintln(p.Out, plain(n)); err != nil {
				return err
			}
		}
		return nil
	}
	t := &table{width: terminalWidth(p.Out), headless: p.noHeaders, colored: p.colored()}
	r.table(t)
	if t.empty() && r.empty != "" {
		p.note("%s", r.empty)
	}
	return t.write(p.Out)
}

func indented(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(v)
	return b.Bytes(), err
}

// writeYAML goes through JSON, so that both forms have the same names in the same order.
func writeYAML(w io.Writer, v any) error {
	b, err := indented(v)
	if err != nil {
		return err
	}
	var n yaml.Node
	if err := yaml.Unmarshal(b, &n); err != nil {
		return err
	}
	block(&n)
	out, err := yaml.Marshal(&n)
	if err != nil {
		return err
	}
	_, err = w.Write(out)
	return err
}

// block turns the flow style of JSON into lines. Text that would read as something else keeps its quotes.
func block(n *yaml.Node) {
	n.Style = 0
	for _, c := range n.Content {
		block(c)
	}
}

// note says on standard error what happened. Where scripts read, it waits until the command has succeeded: standard error
// then holds notes, or the one JSON object of an error, and never both.
func (p *program) note(format string, args ...any) {
	if p.quiet {
		return
	}
	p.notes = append(p.notes, plain(fmt.Sprintf(format, args...)))
	if p.output == formatTable || p.output == formatWide || p.output == formatName {
		p.flush()
	}
}

func (p *program) flush() {
	for _, n := range p.notes {
		fmt.Fprintln(p.Err, n)
	}
	p.notes = nil
}

// orEmpty returns ts as it is, and an empty list for none: JSON then has [] and not null.
func orEmpty[T any](ts []T) []T {
	if ts == nil {
		return []T{}
	}
	return ts
}

// namesOf gives the names of things.
func namesOf[T any](ts []T, name func(T) string) []string {
	names := make([]string, 0, len(ts))
	for _, t := range ts {
		names = append(names, name(t))
	}
	return names
}
