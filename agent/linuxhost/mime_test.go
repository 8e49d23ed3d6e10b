//go:build linux

package linuxhost

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"berth"
)

func TestReadTypes(t *testing.T) {
	file := filepath.Join(t.TempDir(), "globs2")
	text := "# comment\n80:text/html:*.html\n50:text/plain:*.html\n50:text/x-make:makefile\n80:image/x:*.[a-z]\nnonsense\n50:text/x-c:*.c:cs\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got := readTypes(file)
	if len(got) != 2 || got[".html"] != "text/html" || got[".c"] != "text/x-c" {
		t.Errorf("got %v", got)
	}
	if none := readTypes(file + ".absent"); len(none) != 0 {
		t.Errorf("without a database: %v", none)
	}
}

// TestTypesOfFiles follows a type of a package's own into the database of a user's desktop, made by the tool of
// freedesktop.org, and out of it again.
func TestTypesOfFiles(t *testing.T) {
	if _, err := exec.LookPath("update-mime-database"); err != nil {
		t.Skip("skipped: update-mime-database (package shared-mime-info) is not installed")
	}
	b := newBench(t)
	h := b.host(AttachExtract)
	b.trust(h)
	p := b.plan(appV1)
	p.Applications[0].FileTypes = []string{".Contoso", ".<&>"}
	b.ok(h.Stage(t.Context(), p))
	s := b.session("s1")
	b.ok(h.Register(t.Context(), s, p))
	globs := func() string {
		data, err := os.ReadFile(filepath.Join(b.home, userTypes, "globs2"))
		b.ok(err)
		return string(data)
	}
	if got := globs(); !strings.Contains(got, ":application/x-berth-contoso:*.contoso\n") {
		t.Errorf("the desktop knows %q", got)
	}
	b.ok(CloseSession(b.dir, s.ID))
	b.ok(h.Deregister(t.Context(), berth.Session{ID: s.ID}, appV1))
	if got := globs(); strings.Contains(got, "berth") {
		t.Errorf("after the session the desktop knows %q", got)
	}
	if left, err := filepath.Glob(filepath.Join(b.home, userTypes, "packages", "*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
