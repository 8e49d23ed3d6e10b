package berth_test

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// promises are the sentences of the administrators' reference that promise something, by their keys in
// docs/guide/coverage.md. Each has a row there, with a section of the guide and tests.
var promises = []string{
	"delivery.attach", "delivery.right-user", "prerequisites.kinds", "prerequisites.windows", "prerequisites.share",
	"prerequisites.read", "feature.enable", "image.package", "image.expand", "add.path", "add.formats", "add.choose",
	"add.name", "add.filled", "add.finished", "add.behaves", "host.add", "host.version", "host.tag",
	"host.dependencies", "host.added", "vdi.inherit", "vdi.add", "vdi.all", "avd.inherit", "avd.add", "avd.all",
	"group.add", "site.add", "tag.purpose", "tag.three", "tag.rename", "tag.fixed", "tag.assign", "tag.several",
	"tag.remove-all", "certificate.integrity", "certificate.kinds", "certificate.elsewhere", "certificate.trusted",
	"certificate.provision", "certificate.self-signed", "certificate.expiry", "action.add", "action.change-tag",
	"action.remove-tags", "action.published", "action.hosts", "action.search", "action.delete", "action.audit",
	"action.refresh", "action.properties", "property.enabled", "property.package", "property.display-name",
	"property.version", "property.publisher", "property.path", "property.tags", "property.applications",
	"property.dependencies", "property.key-size", "property.expires", "property.common-name", "property.certificate",
	"status.ready", "status.in-use", "status.disabling", "status.staging-failed", "status.not-found",
	"status.certificate-missing", "status.no-version", "status.not-applied", "status.colours", "status.retry",
}

const guideDir = "docs/guide"

// coverageRow is a row of the table: key, promise, link to a section, tests.
var coverageRow = regexp.MustCompile("^\\| `([^`]+)` \\| ([^|]+) \\| \\[[^\\]]+\\]\\(([^)]+)\\) \\| (.+) \\|$")

// TestGuideCoverage holds the table to what is there: every promise has its row, and only these; every section and every
// test that a row names exists.
func TestGuideCoverage(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(guideDir, "coverage.md"))
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for i, line := range strings.Split(string(text), "\n") {
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		m := coverageRow.FindStringSubmatch(line)
		if m == nil {
			t.Errorf("line %d is no row of key, promise, section and tests: %s", i+1, line)
			continue
		}
		keys = append(keys, m[1])
		if err := guideSection(m[3]); err != nil {
			t.Errorf("%s: %v", m[1], err)
		}
		for name := range strings.SplitSeq(m[4], ", ") {
			if err := testThere(strings.Trim(name, "`")); err != nil {
				t.Errorf("%s: %v", m[1], err)
			}
		}
	}
	slices.Sort(keys)
	want := slices.Sorted(slices.Values(promises))
	if !slices.Equal(keys, want) {
		t.Errorf("keys of the table:\n%v\nwant\n%v", keys, want)
	}
}

// guideSection looks for a page, and the heading behind a #.
func guideSection(link string) error {
	page, anchor, _ := strings.Cut(link, "#")
	text, err := os.ReadFile(filepath.Join(guideDir, page))
	if err != nil || anchor == "" {
		return err
	}
	for line := range strings.Lines(string(text)) {
		if heading, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " "); ok && strings.HasPrefix(line, "#") && anchorOf(heading) == anchor {
			return nil
		}
	}
	return fmt.Errorf("%s has no section %s", page, anchor)
}

// anchorOf is how a heading is linked to: lower case, hyphens for spaces, nothing but letters, digits and those.
func anchorOf(heading string) string {
	heading = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(heading)), " ", "-")
	return regexp.MustCompile("[^a-z0-9-]").ReplaceAllString(heading, "")
}

// testThere looks for a script, or a test function of a folder; behind TestGuide/ stands a page.
func testThere(name string) error {
	folder, function, isFunction := strings.Cut(name, " ")
	if !isFunction {
		_, err := os.Stat(name)
		return err
	}
	function, page, isPage := strings.Cut(function, "/")
	if isPage {
		if _, err := os.Stat(filepath.Join(guideDir, page+".md")); err != nil {
			return err
		}
	}
	files, err := filepath.Glob(path.Join(folder, "*_test.go"))
	if err != nil {
		return err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if strings.Contains(string(text), "\nfunc "+function+"(t *testing.T)") {
			return nil
		}
	}
	return fmt.Errorf("folder %s has no test %s", folder, function)
}

// TestGuideLinks follows every link of the guide to a file or section of it.
func TestGuideLinks(t *testing.T) {
	pages, err := filepath.Glob(filepath.Join(guideDir, "*.md"))
	if err != nil || len(pages) == 0 {
		t.Fatal("no pages", err)
	}
	link := regexp.MustCompile(`\]\(([^)]+)\)`)
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			to := m[1]
			if strings.HasPrefix(to, "https://") {
				continue
			}
			if strings.HasPrefix(to, "#") {
				to = filepath.Base(page) + to
			}
			if !strings.HasSuffix(strings.SplitN(to, "#", 2)[0], ".md") {
				if _, err := os.Stat(filepath.Join(guideDir, to)); err != nil {
					t.Errorf("%s: %v", page, err)
				}
				continue
			}
			if err := guideSection(to); err != nil {
				t.Errorf("%s: %v", page, err)
			}
		}
	}
}
