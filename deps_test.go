package berth_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// requirement is one line of a go.mod file or of docs/dependencies.md.
type requirement struct {
	version string
	direct  bool
}

// TestDependenciesHaveReasons compares docs/dependencies.md with the go.mod
// files, both ways: a dependency without a reason is as wrong as a reason for
// something that is gone.
func TestDependenciesHaveReasons(t *testing.T) {
	doc := string(read(t, "docs/dependencies.md"))
	product, tools, ok := strings.Cut(doc, "\n## Tools\n")
	if !ok {
		t.Fatal(`docs/dependencies.md has no section "## Tools"`)
	}
	for _, err := range undecided(parseTable(product), parseMod(string(read(t, "go.mod")))) {
		t.Error("go.mod:", err)
	}
	for _, err := range undecided(parseTable(tools), parseMod(string(read(t, "tools/go.mod")))) {
		t.Error("tools/go.mod:", err)
	}
}

func TestMissingReasonsAreNoticed(t *testing.T) {
	const mod = "module m\n\ngo 1.26.0\n\nrequire example.com/one v1.0.0\n\nrequire (\n" +
		"\texample.com/two v1.0.0\n\texample.com/three v1.0.0 // indirect\n)\n"
	const one, two = "| example.com/one | v1.0.0 | x | y |\n", "| example.com/two | v1.0.0 | x | y |\n"
	tests := map[string]struct{ doc, want string }{
		"in order":              {one + two, "[]"},
		"indirect may be named": {one + two + "| example.com/three | v1.0.0 | x | y |\n", "[]"},
		"no reason":             {one, "[example.com/two v1.0.0 has no line"},
		"gone":                  {one + two + "| example.com/four | v1.0.0 | x | y |\n", "[example.com/four v1.0.0 is not required"},
		"other version":         {one + "| example.com/two | v1.1.0 | x | y |\n", "[example.com/two is v1.0.0"},
		"empty reason":          {one + "| example.com/two | v1.0.0 | x |  |\n", "[example.com/two v1.0.0 has no line"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := fmt.Sprint(undecided(parseTable(tt.doc), parseMod(mod))); !strings.HasPrefix(got, tt.want) {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// undecided returns the differences. Lines for indirect requirements are
// allowed: a module may be in use before `go mod tidy` has moved it.
func undecided(documented, required map[string]requirement) []error {
	var found []error
	for _, name := range slices.Sorted(maps.Keys(required)) {
		want, line := required[name], documented[name]
		switch {
		case line.version == "" && want.direct:
			found = append(found, fmt.Errorf("%s %s has no line with its use and reason in docs/dependencies.md", name, want.version))
		case line.version != "" && line.version != want.version:
			found = append(found, fmt.Errorf("%s is %s, but docs/dependencies.md says %s", name, want.version, line.version))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(documented)) {
		if _, ok := required[name]; !ok {
			found = append(found, fmt.Errorf("%s %s is not required; remove its line from docs/dependencies.md", name, documented[name].version))
		}
	}
	return found
}

// requireLine is a requirement alone or inside a require block.
var requireLine = regexp.MustCompile(`(?m)^(?:require |\t)(\S+) (v\S+)( // indirect)?$`)

// parseMod reads the requirements of a go.mod file.
func parseMod(text string) map[string]requirement {
	found := map[string]requirement{}
	for _, m := range requireLine.FindAllStringSubmatch(text, -1) {
		found[m[1]] = requirement{version: m[2], direct: m[3] == ""}
	}
	return found
}

// tableLine is module, version, use and reason; none may be empty.
var tableLine = regexp.MustCompile(`(?m)^\| (\S+) \| (v\d\S*) \| [^|]*\S[^|]* \| [^|]*\S[^|]* \|$`)

// parseTable reads the lines of a table of docs/dependencies.md.
func parseTable(text string) map[string]requirement {
	found := map[string]requirement{}
	for _, m := range tableLine.FindAllStringSubmatch(text, -1) {
		found[m[1]] = requirement{version: m[2]}
	}
	return found
}

// loose are things that must not be left lying in the project: work put off,
// and paths of the one machine that somebody worked on.
var loose = regexp.MustCompile(`\b(` + "TO" + `DO|` + "FIX" + `ME)\b|(^|[\s"'(=:])/(` + "wo" + `rk|root/go)/`)

func TestNothingIsLeftLying(t *testing.T) {
	files := append(projectFiles(t, ".go", ".md", ".sh", ".ts", ".tsx", ".yml", "Makefile"), scripts(t)...)
	for _, file := range files {
		for number, line := range bytes.Split(read(t, file), []byte("\n")) {
			if word := loose.Find(line); word != nil {
				t.Errorf("%s:%d: says %q; finish it, or name the place another way", file, number+1, word)
			}
		}
	}
}

func TestLooseEndsAreNoticed(t *testing.T) {
	tests := map[string]bool{
		"// TO" + "DO: later":           true,
		"see /wo" + "rk/main/x":         true,
		`open("/ro` + `ot/go/pkg")`:     true,
		"mastodon and the framework/go": false,
		"share/work/x":                  false,
		"../shared/testdata":            false,
	}
	for line, want := range tests {
		if got := loose.MatchString(line); got != want {
			t.Errorf("%q: %t, want %t", line, got, want)
		}
	}
}

// scripts lists the shell scripts, which carry no ending.
func scripts(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir("scripts")
	if err != nil {
		t.Fatal(err)
	}
	files := []string{".ci/run"}
	for _, entry := range entries {
		files = append(files, path.Join("scripts", entry.Name()))
	}
	return files
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
