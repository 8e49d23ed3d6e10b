package control_test

import (
	"encoding/json"
	"testing"

	"berth"
	"berth/control"
	"berth/wire"
)

// TestDocumentOfPublications: offers are written down, made elsewhere, and go with --prune alone.
func TestDocumentOfPublications(t *testing.T) {
	f := newFarm(t)
	path := f.image("1")
	f.shelf.images[path][0].Applications = []berth.Application{{ID: "App", DisplayName: "Notes"}}
	_, err := f.AddPackage(f.owner, control.NewPackage{Site: "main", ImagePath: path})
	f.must(err)
	f.pool("Pool B", berth.KindRDSH)
	f.pool("Pool A", berth.KindRDSH)
	f.enroll("h1", berth.KindRDSH, "")
	f.apply()
	doc := document()
	doc.Publications = []wire.DocumentPublication{
		{Name: "Notes", Family: family, Application: "app", Users: []string{"Sales", "anna"}, Hosts: []string{"H1", "h2"}, Pools: []string{"pool b", "Pool A"}},
		{Name: "Later", Family: family, Application: "App", Hosts: []string{"h2"}},
	}
	f.declare(doc, true, "skipped host/h2", "create publication/notes", "skipped publication/later")
	f.declare(doc, true, "skipped host/h2", "skipped publication/later") // a second time changes nothing
	out, err := f.Export(f.owner, "main")
	f.must(err)
	got, err := json.Marshal(out.Publications)
	f.must(err)
	want := `[{"name":"Notes","family":"Contoso.Notes_abc","application":"App","users":["anna","Sales"],"hosts":["h1"],"pools":["Pool A","Pool B"]}]`
	if string(got) != want {
		t.Errorf("exported %s, want %s", got, want)
	}
	f.declare(out, true)
	for _, wrong := range []wire.DocumentPublication{
		{Name: "x", Family: family, Application: "Gone", Hosts: []string{"h1"}}, {Name: "x", Family: "gone", Application: "App", Hosts: []string{"h1"}},
		{Name: "x", Family: family, Application: "App", Pools: []string{"gone"}}, {Name: "x", Family: family, Application: "App"}, {Name: "a/b"}, {},
	} {
		bad := document()
		bad.Publications = []wire.DocumentPublication{wrong}
		if _, err := f.ApplyDocument(f.owner, "main", bad, control.DocumentOptions{}); err == nil {
			t.Errorf("accepted: %+v", wrong)
		}
	}
	none := document()
	none.Publications = []wire.DocumentPublication{}
	f.declare(none, false)
	f.declare(none, true, "delete publication/notes")
}
