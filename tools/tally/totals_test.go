package main

import (
	"strings"
	"testing"
)

func TestTotals(t *testing.T) {
	tests := map[string]struct{ run, want string }{
		"nothing": {"", "\n0 passed, 0 failed, 0 skipped\n"},
		"passed": {`
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN   TestA\n"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Test":"TestA/sub"}
{"Action":"pass","Package":"p"}`, "\n2 passed, 0 failed, 0 skipped\n"},
		"skipped": {`
{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN   TestA\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:7: skipped: no C:\\ drive: really\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"--- SKIP: TestA (0.00s)\n"}
{"Action":"skip","Package":"p","Test":"TestA"}
{"Action":"skip","Package":"p","Test":"TestB"}
{"Action":"skip","Package":"q"}`, `
Skipped, by reason:
  no C:\ drive: really
      p.TestA
  no reason given
      p.TestB

0 passed, 0 failed, 2 skipped
`},
		"failed once, however many lines say so": {`
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p"}`, "\nFailed:\n  p.TestA\n\n0 passed, 1 failed, 0 skipped\n"},
		"did not build": {`
{"Action":"build-output","ImportPath":"p","Output":"syntax error"}
{"Action":"fail","Package":"p","FailedBuild":"p"}`,
			"\nFailed:\n  p (did not build, or ended outside a test)\n\n0 passed, 1 failed, 0 skipped\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			totals, out := newTotals(), &strings.Builder{}
			if err := totals.read(strings.NewReader(tt.run)); err != nil {
				t.Fatal(err)
			}
			totals.print(out)
			if out.String() != tt.want {
				t.Errorf("got\n%s\nwant\n%s", out, tt.want)
			}
		})
	}
}

func TestTotalsRefusesOtherInput(t *testing.T) {
	if err := newTotals().read(strings.NewReader("ok  \tp\t0.1s\n")); err == nil {
		t.Error("plain text was taken for the output of go test -json")
	}
}
