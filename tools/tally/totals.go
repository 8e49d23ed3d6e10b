package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// event is one line of `go test -json`; see `go doc test2json`.
type event struct {
	Action  string
	Package string
	Test    string
	Output  string
}

// totals is what the runs amount to. Subtests count as tests of their own.
type totals struct {
	passed  int
	failed  []string
	skipped map[string][]string // reason -> tests

	output map[string]string // what a running test has printed so far
	blamed map[string]bool   // packages whose failure a test explains
}

func newTotals() *totals {
	return &totals{skipped: map[string][]string{}, output: map[string]string{}, blamed: map[string]bool{}}
}

// read adds one run.
func (t *totals) read(r io.Reader) error {
	for decoder := json.NewDecoder(r); ; {
		var e event
		err := decoder.Decode(&e)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("not the output of go test -json: %w", err)
		}
		t.add(e)
	}
}

func (t *totals) add(e event) {
	name := e.Package + "." + e.Test
	switch {
	case e.Test == "" && e.Action == "fail" && !t.blamed[e.Package]:
		t.failed = append(t.failed, e.Package+" (did not build, or ended outside a test)")
	case e.Test == "":
		return
	case e.Action == "output":
		t.output[name] += e.Output
		return
	case e.Action == "pass":
		t.passed++
	case e.Action == "fail":
		t.failed = append(t.failed, name)
		t.blamed[e.Package] = true
	case e.Action == "skip":
		why := reason(t.output[name])
		t.skipped[why] = append(t.skipped[why], name)
	default:
		return
	}
	delete(t.output, name)
}

// reason finds what a test said when it skipped: the last line that the
// testing package did not write itself, without its file and line.
func reason(output string) string {
	why := "no reason given"
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "=== ") || strings.HasPrefix(line, "--- ") {
			continue
		}
		if at, said, ok := strings.Cut(line, ": "); ok && strings.Contains(at, ".go:") {
			line = said
		}
		why = strings.TrimPrefix(line, "skipped: ")
	}
	return why
}

func (t *totals) print(w io.Writer) {
	skipped := 0
	for _, why := range slices.Sorted(maps.Keys(t.skipped)) {
		if skipped == 0 {
			fmt.Fprintln(w, "\nSkipped, by reason:")
		}
		skipped += len(t.skipped[why])
		fmt.Fprintf(w, "  %s\n", why)
		for _, name := range t.skipped[why] {
			fmt.Fprintf(w, "      %s\n", name)
		}
	}
	if len(t.failed) > 0 {
		fmt.Fprintln(w, "\nFailed:")
	}
	for _, name := range t.failed {
		fmt.Fprintf(w, "  %s\n", name)
	}
	fmt.Fprintf(w, "\n%d passed, %d failed, %d skipped\n", t.passed, len(t.failed), skipped)
}
