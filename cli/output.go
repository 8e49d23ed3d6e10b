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
	formatTSV   = "tsv"  // cells with tabs between them, for scripts that cut lines
	formatName  = "name" // names alone, one a line, for scripts that go on with them
	formatNone  = "none" // nothing: the exit code is enough
)

var formats = []string{formatTable, formatWide, formatJSON, formatYAML, formatTSV, formatName, formatNone}

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
	if p.query != "" {
		var err error
		if r, err = p.queried(r); err != nil {
			return err
		}
	}
	if err := p.remember(r.value); err != nil {
		return err
	}
	out := p.results()
	switch p.output {
	case formatNone:
		return nil
	case formatJSON:
		b, err := indented(r.value)
		if err != nil {
			return err
		}
		_, err = out.Write(b)
		return err
	case formatYAML:
		return writeYAML(out, r.value)
	case formatName:
		for _, n := range r.names {
			if _, err := fmt.Fprintln(out, plain(n)); err != nil {
				return err
			}
		}
		return nil
	}
	t := &table{width: terminalWidth(p.Out), headless: p.noHeaders, colored: p.colored()}
	r.table(t)
	if p.output == formatTSV {
		return t.writeTSV(out)
	}
	if t.empty() && r.empty != "" {
		p.note("%s", r.empty)
	}
	return t.write(out)
}

// results is where results go: to standard output, or held back while something is watched.
func (p *program) results() io.Writer {
	if p.held != nil {
		return p.held
	}
	return p.Out
}

// remember keeps what is shown while it is watched, so that a change of it is noticed: ages change all the time.
func (p *program) remember(v any) (err error) {
	if p.held != nil {
		p.shown, err = json.Marshal(v)
	}
	return err
}

// bare tells that a secret is to be written alone, so that $(berth token create …) is the token.
func (p *program) bare() bool {
	return p.query == "" && (p.output == formatTable || p.output == formatWide || p.output == formatTSV)
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
	if p.held == nil && p.output != formatJSON && p.output != formatYAML {
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
