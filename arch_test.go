package berth_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// module is the import path of the root package.
const module = "berth"

// floor is one row of the floor plan: which packages of ours the packages
// that match a pattern may import.
//
// A pattern is a folder ("disk"; "." is the root), or a folder and "/*", which
// matches everything below that folder but not the folder itself. The most
// specific row counts.
type floor struct {
	pattern string
	number  int
	may     []string
	why     string
}

// plan is the floor plan of ARCHITECTURE.md. A new package gets its row here
// on purpose; where the plan changes, both change together.
var plan = []floor{
	{".", 0, nil, "the nouns and their rules know no technology"},
	{"disk/block", -1, nil, "what readers of formats stand on: errors with a place, full reads, a cache, open files"},
	{"disk/*", 0, []string{"disk/block"}, "one on-disk format each, usable and testable alone"},
	{"msix", 0, nil, "a format; it takes an fs.FS or io.ReaderAt, not an image"},
	{"pri", 0, nil, "a format; it takes an io.ReaderAt, not a package"},
	{"console", 0, nil, "embedded files only"},
	{"mount", 0, nil, "serves any fs.FS as files of the machine"},
	{"api/typescript", 0, nil, "an OpenAPI document in, TypeScript out: a text like any other"},
	{"agent/winhost/winrt", 0, nil, "bindings to Windows, free of our nouns"},

	{"disk", 1, []string{"disk/*"}, "puts containers, partitions and file systems together"},
	{"plan", 1, []string{"."}, "pure functions over the nouns"},
	{"wire", 1, []string{"."}, "shapes of messages, no behaviour"},
	{"auth", 1, []string{"."}, "who somebody is; what they may do is asked by control"},
	{"store", 1, []string{"."}, "implements the root's interfaces, knows no use case"},
	{"store/storetest", 1, []string{"."}, "any store is tested through the interfaces alone"},
	{"share", 1, []string{"."}, "opens paths, does not know what is in them"},

	{"imaging", 2, []string{".", "disk", "disk/ntfs", "msix", "pri", "share"}, "use cases over images and packages"},
	{"control", 2, []string{".", "plan", "wire", "auth"}, "use cases; storage and images come in as interfaces"},
	{"agent", 2, []string{".", "wire"}, "the loop; what touches a machine is a Platform"},
	{"client", 2, []string{".", "wire"}, "a client shares shapes with the server and nothing else"},

	{"api", 3, []string{".", "control", "wire", "auth"}, "decodes, calls a use case, encodes"},
	{"arm", 3, []string{".", "control", "auth"}, "decodes, calls a use case, encodes"},
	{"feed", 3, []string{".", "control", "auth"}, "decodes, calls a use case, encodes"},
	{"agent/*", 3, []string{".", "agent", "disk", "msix", "imaging", "mount"}, "platforms attach images themselves"},
	{"agent/winhost", 3, []string{".", "agent", "disk", "msix", "imaging", "agent/winhost/winrt"}, "the one user of the bindings"},
	{"agent/cache", 3, []string{".", "agent", "imaging", "share"}, "copies images and has them checked; platforms know it by what it gives them"},
	{"cli", 3, []string{".", "client", "wire", "imaging", "mount"}, "talks to a server, or to an image; the agent is wired by cmd/berth"},

	{"cmd/berth", 4, []string{"..."}, "the only place that wires"},
	{"test/*", 5, []string{"..."}, "tests from outside stand above the house"},
	{"bench", 5, []string{"..."}, "measurements stand above the house"},
	{"bench/*", 5, []string{"..."}, "measurements stand above the house"},
	{"e2e", 5, []string{"..."}, "tests from outside stand above the house"},
	{"e2e/*", 5, []string{"..."}, "tests from outside stand above the house"},
	{"tools/*", 5, nil, "developer tools are a module of their own"},
}

// vagueNames are package names that say nothing about what is inside.
var vagueNames = []string{"util", "utils", "common", "helper", "helpers", "misc", "lib"}

func TestFloors(t *testing.T) {
	files := sources(t)
	if len(files) == 0 {
		t.Fatal("found no Go file below the root: the test would hold nothing")
	}
	for _, file := range files {
		for _, err := range breaches(file, importsOf(t, file)) {
			t.Error(err)
		}
	}
}

// TestFloorsAreNoticed breaks the plan on purpose, so that the test above is
// known to be able to fail.
func TestFloorsAreNoticed(t *testing.T) {
	tests := map[string]struct {
		file, imports string
		want          string // part of the message; "" is no breach
	}{
		"standard library":     {"site.go", "net/http", ""},
		"other module":         {"store/open.go", "modernc.org/sqlite", ""},
		"similar module name":  {"site.go", "berthing/plan", ""},
		"allowed":              {"control/add.go", "berth/plan", ""},
		"root is allowed":      {"control/add.go", "berth", ""},
		"formats of disk":      {"disk/open.go", "berth/disk/vhdx", ""},
		"main may do all":      {"cmd/berth/main.go", "berth/agent/linuxhost", ""},
		"root looks up":        {"site.go", "berth/plan", "may import nothing"},
		"format knows a noun":  {"disk/ntfs/read.go", "berth", "may import only disk/block"},
		"format knows another": {"disk/vhdx/read.go", "berth/disk/vhd", "may import only disk/block"},
		"past a floor":         {"api/packages.go", "berth/store", "may import only"},
		"sideways":             {"arm/routes.go", "berth/api", "may import only"},
		"no row":               {"novelty/new.go", "fmt", "has no row"},
		"subfolder has no row": {"control/inner/x.go", "fmt", "has no row"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := fmt.Sprint(breaches(tt.file, []string{tt.imports}))
			if tt.want == "" && got != "[]" {
				t.Errorf("unexpected breach: %s", got)
			}
			if !strings.Contains(got, tt.want) {
				t.Errorf("got %s, want %q in it", got, tt.want)
			}
		})
	}
}

// TestPlanPointsDown holds the table to its own rule: a row allows lower
// floors only, so that no cycle of rooms can be written into it.
func TestPlanPointsDown(t *testing.T) {
	for _, row := range plan {
		if row.why == "" {
			t.Errorf("row %q gives no reason", row.pattern)
		}
		for _, other := range plan {
			if slices.Contains(row.may, other.pattern) && other.number >= row.number {
				t.Errorf("row %q on floor %d allows %q on floor %d", row.pattern, row.number, other.pattern, other.number)
			}
		}
	}
}

func TestNamesSayWhatIsInside(t *testing.T) {
	for _, file := range sources(t) {
		for part := range strings.SplitSeq(path.Dir(file), "/") {
			if slices.Contains(vagueNames, part) {
				t.Errorf("%s: a folder named %q says nothing; name it after what it holds", file, part)
			}
		}
	}
}

// breaches returns what is wrong with the imports of one file, named by its
// slash path below the root.
func breaches(file string, imports []string) []error {
	row, ok := rowOf(path.Dir(file))
	if !ok {
		return []error{fmt.Errorf("%s: package %q has no row in the floor plan of arch_test.go; give it one on purpose", file, path.Dir(file))}
	}
	var found []error
	for _, imported := range imports {
		dir, ours := folderOf(imported)
		if !ours || slices.ContainsFunc(row.may, func(p string) bool { return matches(p, dir) }) {
			continue
		}
		allowed := "only " + strings.Join(row.may, ", ")
		if len(row.may) == 0 {
			allowed = "nothing of ours"
		}
		found = append(found, fmt.Errorf("%s: imports %s, but %s may import %s (%s)", file, imported, row.pattern, allowed, row.why))
	}
	return found
}

// rowOf returns the most specific row for a folder: an exact one before a
// pattern, a long pattern before a short one.
func rowOf(dir string) (floor, bool) {
	best, found := floor{}, false
	for _, row := range plan {
		if row.pattern == dir {
			return row, true
		}
		if matches(row.pattern, dir) && len(row.pattern) > len(best.pattern) {
			best, found = row, true
		}
	}
	return best, found
}

func matches(pattern, dir string) bool {
	if pattern == "..." {
		return true
	}
	if parent, ok := strings.CutSuffix(pattern, "/*"); ok {
		return strings.HasPrefix(dir, parent+"/")
	}
	return pattern == dir
}

// folderOf turns an import path into our folder, if it is one of ours.
func folderOf(imported string) (dir string, ours bool) {
	if imported == module {
		return ".", true
	}
	return strings.CutPrefix(imported, module+"/")
}

// importsOf reads the imports of a file whatever its build tags say, so that
// the Windows half of the house is held to the plan on Linux too.
func importsOf(t *testing.T, file string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), filepath.FromSlash(file), nil, parser.ImportsOnly)
	if err != nil {
		t.Errorf("%s: %v", file, err)
		return nil
	}
	var imports []string
	for _, spec := range parsed.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Errorf("%s: import %s: %v", file, spec.Path.Value, err)
			continue
		}
		imports = append(imports, name)
	}
	return imports
}

// sources lists every Go file of the product, tests left out: tests may look
// at the house from any side.
func sources(t *testing.T) []string {
	t.Helper()
	return slices.DeleteFunc(projectFiles(t, ".go"), func(file string) bool {
		return strings.HasSuffix(file, "_test.go")
	})
}

// projectFiles lists the project's own files with one of the endings, as slash
// paths below the root. Folders that hold others' code, built output or test
// input are left out.
func projectFiles(t *testing.T, endings ...string) []string {
	t.Helper()
	var files []string
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && foreign(name):
			return fs.SkipDir
		case !entry.IsDir() && slices.ContainsFunc(endings, func(e string) bool { return strings.HasSuffix(name, e) }):
			files = append(files, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// foreign says whether a folder holds something other than the project's own
// source.
func foreign(dir string) bool {
	base := path.Base(dir)
	return dir == "bin" || base == "testdata" || base == "node_modules" || base == "dist" ||
		base == "vendor" || (strings.HasPrefix(base, ".") && base != ".")
}
