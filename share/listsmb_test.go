//go:build unix

package share

import (
	"path/filepath"
	"strings"
	"testing"

	"berth"
)

// TestListSMB lists the folders of a real file server.
func TestListSMB(t *testing.T) {
	s := startSamba(t)
	fill(t, filepath.Join(s.dir, "images"), "notes.vhdx", "folder/deep.vhd", "read.me")
	o, err := New(Options{Roots: []string{`\\files\images`}, Logins: []Login{{Server: "files", Address: s.address, User: "Guest"}}})
	if err != nil {
		t.Fatal(err)
	}
	for folder, want := range map[string]string{"": `\\files\images/`, `\\files\images`: "folder/ notes.vhdx", `//FILES/images/folder`: "deep.vhd"} {
		if got := strings.Join(listed(t, o, folder), " "); got != want {
			t.Errorf("%q: got %s, want %s", folder, got, want)
		}
	}
	entries, _, err := o.List(t.Context(), `\\files\images\folder`)
	if err != nil || entries[0].Path != `\\files\images\folder\deep.vhd` {
		t.Errorf("%+v, %v", entries, err)
	}
	for folder, kind := range map[string]berth.Kind{`\\files\images\gone`: berth.NotFound, `\\files\images\notes.vhdx`: berth.Invalid,
		`\\files\private`: berth.Forbidden, `\\files\images\..\private`: berth.Forbidden} {
		if _, _, err := o.List(t.Context(), folder); berth.ErrorKind(err) != kind {
			t.Errorf("%q: got %v, want %v", folder, err, kind)
		}
	}
}
