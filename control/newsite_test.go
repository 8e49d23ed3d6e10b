package control_test

import (
	"encoding/json"
	"slices"
	"testing"

	"berth"
	"berth/control"
	"berth/wire"
)

// richDocument is what a farm with something of everything exports.
func richDocument(f *farm) wire.Document {
	f.t.Helper()
	f.shelf.images[`\\files\msix\draw.vhdx`] = []berth.Package{{FullName: "Contoso.Draw_2.0.0.0_x64__abc", FamilyName: "Contoso.Draw_abc", Name: "Contoso.Draw",
		Version: berth.Version{2}, Architecture: "x64", DisplayName: "Draw", ImagePath: `\\files\msix\draw.vhdx`, RelativePath: "draw",
		Applications: []berth.Application{{ID: "Draw", DisplayName: "Draw"}}, Observed: &berth.Observation{}}}
	f.add("1", "Production", "Custom")
	f.add("2", "Pre-production")
	_, err := f.AddPackage(f.owner, control.NewPackage{Site: "main", ImagePath: `\\files\msix\draw.vhdx`, Disabled: true})
	f.must(err)
	_, err = f.RenameTag(f.owner, "main", "custom", "Pilot")
	f.must(err)
	_, err = f.EditSettings(f.owner, "main", control.SettingsEdit{ProvisionCertificates: new(false)})
	f.must(err)
	for name, kind := range map[string]berth.HostKind{"Group": berth.KindRDSH, "Desktops": berth.KindVDI, "Azure pool": berth.KindAVD} {
		f.pool(name, kind)
	}
	f.assign(rdsh, byTag)
	f.assign(poolOf("Group"), exactly("2"))
	f.assign(poolOf("Desktops"), berth.Assignment{Family: family, Tag: berth.TagCustom, Registration: berth.OnDemand})
	_, err = f.AddPublication(f.owner, "main", berth.Publication{Name: "Draw", Family: "Contoso.Draw_abc", Application: "Draw", Users: []string{"artists"}, Pools: []string{"Group"}})
	f.must(err)
	f.apply()
	doc, err := f.Export(f.owner, "main")
	f.must(err)
	return doc
}

// TestDocumentMakesSite: a site is made as another one is, from its document, and exports the same; a second time changes
// nothing. A dry run, a mistake and somebody who may not leave no site behind.
func TestDocumentMakesSite(t *testing.T) {
	f := newFarm(t)
	doc := richDocument(f)
	create := control.DocumentOptions{Create: true}
	there := func() bool { _, err := f.Site(f.owner, "branch"); return err == nil }

	_, err := f.ApplyDocument(f.owner, "branch", doc, control.DocumentOptions{})
	wantKind(t, err, berth.NotFound)
	_, err = f.ApplyDocument(as("mia", "main", berth.RoleOwner), "branch", doc, create)
	wantKind(t, err, berth.Forbidden)
	wrong := doc
	wrong.Publications = append(slices.Clone(doc.Publications), wire.DocumentPublication{Name: "Bad", Family: "no_such", Application: "x", Pools: []string{"Group"}})
	_, err = f.ApplyDocument(f.owner, "branch", wrong, create)
	wantKind(t, err, berth.NotFound)
	_, err = f.ApplyDocument(f.owner, "bad/name", doc, create)
	wantKind(t, err, berth.Invalid)
	dry, err := f.Plan(f.owner, "branch", doc, create)
	f.must(err)
	if there() || !dry.DryRun || !slices.Contains(actions(dry), "create site/branch") {
		t.Fatalf("a dry run made the site: %v, %q", there(), actions(dry))
	}
	done, err := f.ApplyDocument(f.owner, "branch", doc, create)
	f.must(err)
	if !there() || !slices.Equal(actions(done), actions(dry)) {
		t.Errorf("done %q, foretold %q", actions(done), actions(dry))
	}
	again, err := f.ApplyDocument(f.owner, "branch", doc, create)
	f.must(err)
	if got := actions(again); len(got) != 0 {
		t.Errorf("a second time: %q", got)
	}
	copied, err := f.Export(f.owner, "branch")
	f.must(err)
	if string(mustJSON(t, copied)) != string(mustJSON(t, doc)) {
		t.Errorf("the copy exports\n%s\nthe original\n%s", mustJSON(t, copied), mustJSON(t, doc))
	}
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
