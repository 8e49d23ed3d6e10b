package berth_test

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"berth"
)

var update = flag.Bool("update", false, "write the documents that are made from the code")

func TestExplain(t *testing.T) {
	tests := map[string]struct {
		phase berth.Phase
		code  string
		want  berth.StatusName
		retry berth.Retry
	}{
		"by code, whatever the phase": {berth.PhaseStage, "0x800B0109", berth.StatusCertificateMissing, berth.RetryAuto},
		"lower-case digits":           {berth.PhaseAttach, "0xc03a0002", berth.StatusStagingFailed, berth.RetryAdmin},
		"lower-case name":             {berth.PhaseAttach, "enoent", berth.StatusNotFound, berth.RetryAuto},
		"as PowerShell shows it":      {berth.PhaseStage, "-2147009293", berth.StatusStagingFailed, berth.RetryWait}, // 0x80073CF3
		"a plain Win32 error":         {berth.PhaseAttach, "53", berth.StatusNotFound, berth.RetryAuto},              // 0x80070035
		"by symbol":                   {berth.PhaseAttach, "error_bad_netpath", berth.StatusNotFound, berth.RetryAuto},
		"by phase":                    {berth.PhaseTrust, "0xDEADBEEF", berth.StatusCertificateMissing, berth.RetryAuto},
		"unknown":                     {berth.PhaseVerify, "", berth.StatusStagingFailed, berth.RetryAuto},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := berth.Explain(berth.Failure{Phase: tt.phase, Code: tt.code})
			if got.Status != tt.want || got.Retry != tt.retry || got.Remedy == "" || got.Meaning == "" {
				t.Errorf("got %+v, want %s, retry %v, a meaning and a remedy", got, tt.want, tt.retry)
			}
		})
	}
}

// TestCatalogue holds every row to what the faces build on.
func TestCatalogue(t *testing.T) {
	red := map[berth.StatusName]bool{berth.StatusNotFound: true, berth.StatusStagingFailed: true, berth.StatusCertificateMissing: true}
	phases := map[berth.Phase]bool{berth.PhaseTrust: true, berth.PhaseAttach: true, berth.PhaseVerify: true, berth.PhaseStage: true,
		berth.PhaseRegister: true, berth.PhaseDeregister: true, berth.PhaseDestage: true}
	retries := map[berth.Retry]bool{berth.RetryAuto: true, berth.RetryWait: true, berth.RetryAdmin: true, berth.RetryNever: true}
	form := regexp.MustCompile(`^(0x[0-9A-F]{8}|E[A-Z]+(_[A-Z]+)?)$`)
	seen := map[string]bool{}
	for _, e := range berth.Catalogue() {
		if !form.MatchString(e.Code) || seen[e.Code] || seen[e.Symbol] && e.Symbol != "" {
			t.Errorf("%s %s: ill-formed, or there twice", e.Code, e.Symbol)
		}
		seen[e.Code], seen[e.Symbol] = true, true
		if !red[e.Status] || !retries[e.Retry] || e.Meaning == "" || e.Remedy == "" {
			t.Errorf("%s: %+v", e.Code, e)
		}
		for p := range strings.FieldsSeq(e.Phases) {
			if !phases[berth.Phase(p)] {
				t.Errorf("%s: there is no phase %q", e.Code, p)
			}
		}
		if got, ok := berth.Known(e.Code); !ok || got.Code != e.Code {
			t.Errorf("%s is not found by its own code", e.Code)
		}
	}
}

// TestCatalogueAgainstWindows compares numbers and symbols with those that x/sys took from Windows' own header.
func TestCatalogueAgainstWindows(t *testing.T) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "golang.org/x/sys").Output()
	if err != nil {
		t.Skipf("skipped: cannot find the source of golang.org/x/sys: %v", err)
	}
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "windows", "zerrors_windows.go"))
	if err != nil {
		t.Skipf("skipped: %v", err)
	}
	numbers := map[string]uint64{}
	for _, m := range regexp.MustCompile(`(?m)^\s+([A-Z][A-Z0-9_]+)\s+(?:syscall\.Errno|Handle)\s+= (0x[0-9A-Fa-f]+|[0-9]+)`).FindAllSubmatch(text, -1) {
		if n, err := strconv.ParseUint(string(m[2]), 0, 64); err == nil {
			numbers[string(m[1])] = n
		}
	}
	checked := 0
	for _, e := range berth.Catalogue() {
		got, ok := numbers[e.Symbol]
		if !ok {
			continue
		}
		want, err := strconv.ParseUint(e.Code, 0, 64)
		if err != nil {
			t.Fatal(err)
		}
		if got < 1<<16 {
			got |= 0x80070000
		}
		if checked++; got != want {
			t.Errorf("%s is %#x in winerror.h, the catalogue says %s", e.Symbol, got, e.Code)
		}
	}
	if checked < 80 {
		t.Errorf("only %d rows could be compared", checked)
	}
}

// TestCodesAreKnown finds the codes that our own code gives, so that none of them is without an explanation.
func TestCodesAreKnown(t *testing.T) {
	literal := regexp.MustCompile(`"(0x[89C][0-9A-Fa-f]{7}|E(?:ACCES|ALREADY|BUSY|CONN[A-Z]+|DQUOT|EXIST|HOST[A-Z]+|INVAL|IO|ISDIR|LOOP|MFILE|NET[A-Z]+|NFILE|NO[A-Z]+|NOTDIR|PERM|PIPE|ROFS|STALE|TIMEDOUT|AI_[A-Z]+))"`)
	for _, file := range sources(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range literal.FindAllSubmatch(text, -1) {
			if _, ok := berth.Known(string(m[1])); !ok {
				t.Errorf("%s gives the code %s, which the catalogue does not have", file, m[1])
			}
		}
	}
}

// TestErrorsDocument holds docs/errors.md to the catalogue: go test . -run TestErrorsDocument -update
func TestErrorsDocument(t *testing.T) {
	const path = "docs/errors.md"
	want := errorsDocument()
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not as the catalogue says (%v); write it with: go test . -run TestErrorsDocument -update", path, err)
	}
}

const errorsHead = `# Error codes

This page is made from the catalogue in codes.go: what agents report, the console and the command line show and
GET /api/v1/errors answers is the same table. A code that is not here is shown as the platform gave it.

*Again* says what can make the step succeed: *auto*, the agent tries again by itself with growing pauses; *condition*, it
tries again and needs something on the host to change first (room, a framework, a program that ends); *admin*, somebody
has to do what the remedy says, and the agent looks only seldom; *never*, nothing is to be tried again.

*Status* is what a package has that could not be staged for this reason. When it is staged and only a session's part
failed, it stays *Ready*, *In use* or *Disabling*, and code and remedy stand beside it.

| code | name | phases | meaning | what to do | again | status |
|---|---|---|---|---|---|---|
`

func errorsDocument() []byte {
	var b bytes.Buffer
	b.WriteString(errorsHead)
	for _, e := range berth.Catalogue() {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s |\n", e.Code, strings.ReplaceAll(e.Symbol, "_", `\_`), cmp.Or(e.Phases, "any"), e.Meaning, e.Remedy, e.Retry, e.Status)
	}
	return b.Bytes()
}
