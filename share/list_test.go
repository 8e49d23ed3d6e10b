package share

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"berth"
)

// listed names the entries: folders end with /.
func listed(t *testing.T, o *Opener, folder string) (names []string) {
	t.Helper()
	entries, more, err := o.List(t.Context(), folder)
	if err != nil || more {
		t.Fatalf("list %q: more %v, %v", folder, more, err)
	}
	for _, e := range entries {
		name := e.Name
		if e.Kind == berth.EntryFolder {
			name += "/"
		} else if e.Size == 0 || e.ModifiedAt.IsZero() {
			t.Errorf("%s has no size or time: %+v", e.Path, e)
		}
		names = append(names, name)
	}
	return names
}

// fill makes files with a byte each, and folders for names that end with /.
func fill(t *testing.T, dir string, names ...string) {
	t.Helper()
	for _, name := range names {
		path := filepath.Join(dir, name)
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		if strings.HasSuffix(name, "/") {
			err = os.MkdirAll(path, 0o755)
		} else if err == nil {
			err = os.WriteFile(path, []byte{1}, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestListLocal(t *testing.T) {
	root, other := t.TempDir(), t.TempDir()
	fill(t, root, "b.VHDX", "a.vhd", "Folder/inner.cim", "empty/", "notes.txt", ".hidden.vhdx", "Setup.msix")
	fill(t, other, "secret.vhdx")
	for link, to := range map[string]string{"inside.vhdx": "a.vhd", "outside.vhdx": filepath.Join(other, "secret.vhdx"), "away": other} {
		if err := os.Symlink(to, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	o, err := New(Options{Roots: []string{root}})
	if err != nil {
		t.Fatal(err)
	}
	for folder, want := range map[string]string{
		"": root + "/", root: "empty/ Folder/ a.vhd b.VHDX inside.vhdx Setup.msix", filepath.Join(root, "Folder"): "inner.cim",
		filepath.Join(root, "empty"): "", root + "/Folder/..": "empty/ Folder/ a.vhd b.VHDX inside.vhdx Setup.msix",
	} {
		if got := strings.Join(listed(t, o, folder), " "); got != want {
			t.Errorf("%q: got %s, want %s", folder, got, want)
		}
	}
	for folder, kind := range map[string]berth.Kind{
		other: berth.Forbidden, root + "/..": berth.Forbidden, filepath.Join(root, "away"): berth.Forbidden, "/": berth.Forbidden,
		filepath.Join(root, "a.vhd"): berth.Invalid, filepath.Join(root, "gone"): berth.NotFound, "a\x00b": berth.Invalid,
		`\\files\msix`: berth.Forbidden,
	} {
		if _, _, err := o.List(t.Context(), folder); berth.ErrorKind(err) != kind || strings.Contains(err.Error(), "image "+root) {
			t.Errorf("%q: got %v, want %v", folder, err, kind)
		}
	}
}

func TestListBound(t *testing.T) {
	root := t.TempDir()
	for i := range mostEntries + 2 {
		fill(t, root, strings.Repeat("x", 1+i%100)+"-"+string(rune('a'+i/100%26))+string(rune('a'+i/2600))+".vhd")
	}
	o, err := New(Options{Roots: []string{root}})
	if err != nil {
		t.Fatal(err)
	}
	if entries, more, err := o.List(t.Context(), root); err != nil || !more || len(entries) != mostEntries {
		t.Errorf("%d entries, more %v, %v", len(entries), more, err)
	}
}

func TestCheckNew(t *testing.T) {
	root, other := t.TempDir(), t.TempDir()
	fill(t, root, "folder/")
	if err := os.Symlink(other, filepath.Join(root, "away")); err != nil {
		t.Fatal(err)
	}
	o, err := New(Options{Roots: []string{root}})
	if err != nil {
		t.Fatal(err)
	}
	for path, kind := range map[string]berth.Kind{
		root + "/new.vhdx": -1, root + "/folder/new.vhdx": -1, root + "/away/new.vhdx": berth.Forbidden, other + "/new.vhdx": berth.Forbidden,
		root + "/../new.vhdx": berth.Forbidden, root + "/gone/new.vhdx": berth.NotFound, "": berth.Invalid, `\\files\msix\new.vhdx`: berth.Invalid,
	} {
		if err := o.CheckNew(path); (kind < 0) != (err == nil) || err != nil && berth.ErrorKind(err) != kind {
			t.Errorf("%q: got %v, want %v", path, err, kind)
		}
	}
}
