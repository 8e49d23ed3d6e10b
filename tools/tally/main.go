// Command tally adds up what test runs reported: it reads files that
// `go test -json` wrote, lists every skipped test under its reason and every
// failed one, and closes with one line of totals.
//
//	tally [-broken STEP]... FILE...
//
// STEP names a step other than a test run that failed (vet, lint): it counts
// as one failure. The exit code is 1 if anything failed, or if nothing ran.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	var broken []string
	flag.Func("broken", "name of a `step` that failed, repeatable", func(step string) error {
		broken = append(broken, step)
		return nil
	})
	flag.Parse()
	t := newTotals()
	for _, name := range flag.Args() {
		if err := addFile(t, name); err != nil {
			broken = append(broken, err.Error())
		}
	}
	t.failed = append(t.failed, broken...)
	t.print(os.Stdout)
	if len(t.failed) > 0 || t.passed == 0 {
		os.Exit(1)
	}
}

func addFile(t *totals, name string) error {
	file, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("no result of a test run: %w", err)
	}
	defer file.Close()
	if err := t.read(file); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
