// Package document puts tables of measurements into documents.
package document

import (
	"bytes"
	"fmt"
	"os"
)

// Begin and End are the lines of a document between which the table of that name stands.
func Begin(name string) string { return "<!-- " + name + ": begin -->" }

// End is the line behind a table, see Begin.
func End(name string) string { return "<!-- " + name + ": end -->" }

// ReplaceTable replaces the table of that name in a document; a document without its lines is an error, and left as it is.
func ReplaceTable(file, name, table string) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	begin, end := Begin(name), End(name)
	head, rest, ok := bytes.Cut(b, []byte(begin))
	_, tail, ended := bytes.Cut(rest, []byte(end))
	if !ok || !ended {
		return fmt.Errorf("%s has no lines %q and %q with a table between them", file, begin, end)
	}
	text := string(head) + begin + "\n\n" + table + "\n" + end + string(tail)
	return os.WriteFile(file, []byte(text), 0o644) //nolint:gosec // a document
}
