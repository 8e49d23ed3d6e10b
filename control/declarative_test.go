package control_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"berth"
	"berth/control"
	"berth/wire"
)

func document() wire.Document {
	return wire.Document{APIVersion: wire.DocumentVersion, Kind: wire.DocumentKind}
}

// actions are what a document means, "create package/…", without what is unchanged.
func actions(r wire.DocumentResult) (out []string) {
	for _, o := range r.Objects {
		if o.Action != wire.ActionUnchanged {
			out = append(out, o.Action+" "+string(o.Kind)+"/"+berth.Fold(o.Name))
		}
	}
	return out
}

func (f *farm) declare(doc wire.Document, prune bool, want ...string) {
	f.t.Helper()
	dry, err := f.Plan(f.owner, "main", doc, control.DocumentOptions{Prune: prune})
	f.must(err)
	r, err := f.ApplyDocument(f.owner, "main", doc, control.DocumentOptions{Prune: prune})
	f.must(err)
	if got := actions(r); !slices.Equal(got, want) {
		f.t.Errorf("the document means %q, want %q", got, want)
	}
	if !slices.Equal(actions(dry), actions(r)) || !dry.DryRun || r.DryRun {
		f.t.Errorf("the plan says %q, the document did %q", actions(dry), actions(r))
	}
}

func rows(rs ...wire.DocumentAssignment) []wire.DocumentAssignment { return rs }

var productive = wire.DocumentAssignment{Family: family, Tag: "production"}

func TestDocument(t *testing.T) {
	f := newFarm(t)
	f.enroll("h1", berth.KindRDSH, "")
	doc := document()
	doc.Settings = &wire.DocumentSettings{Enabled: new(false), Tags: &wire.DocumentTags{Production: "Custom", Custom: "Production"}}
	_, err := f.Plan(f.owner, "main", doc, control.DocumentOptions{})
	wantKind(t, err, berth.Conflict) // "custom" means the custom tag for good
	doc.Settings.Tags = &wire.DocumentTags{Production: "Live", Custom: "Beta"}
	doc.Packages = []wire.DocumentPackage{
		{FullName: fullName("1"), ImagePath: f.image("1"), Tags: []string{"live", "Beta"}},
		{FullName: fullName("2"), ImagePath: f.image("2"), DisplayName: "New", Enabled: new(false)},
	}
	doc.Pools = []wire.DocumentPool{{Name: "Pool A", Kind: "rdsh", Assignments: rows(productive)}}
	doc.Defaults = []wire.DocumentDefaults{{Kind: "vdi", Assignments: rows(wire.DocumentAssignment{Version: fullName("1"), Registration: berth.OnDemand})}}
	doc.Hosts = []wire.DocumentHost{{Name: "H1", Pool: new("pool a")}, {Name: "h2", Inherit: new(true)}}
	f.declare(doc, false, "update settings/settings", "create package/"+berth.Fold(fullName("1")), "create package/"+berth.Fold(fullName("2")),
		"create pool/pool a", "update defaults/vdi", "update host/h1", "skipped host/h2")
	p, _, err := f.Package(f.owner, "main", fullName("1"))
	f.must(err)
	if !slices.Equal(p.Tags, []berth.TagID{berth.TagCustom, berth.TagProduction}) || !p.Enabled || p.Observed == nil || !p.Observed.VerifiedContent || p.AddedBy != "olga" {
		t.Errorf("package: %+v", p)
	}
	list, err := f.Assignments(f.owner, "main", poolOf("Pool A"))
	f.must(err)
	if list.Inherit || len(list.Assignments) != 1 || list.Assignments[0].Registration != berth.AtLogon {
		t.Errorf("list: %+v", list)
	}
	before := len(f.audit())
	f.declare(doc, false, "skipped host/h2") // a second time changes nothing
	if got := len(f.audit()); got != before {
		t.Errorf("%d audit entries for nothing", got-before)
	}
	f.apply()
	f.declare(doc, false, "skipped host/h2")

	// A part that is absent stays; one that is there is taken as it stands.
	less := document()
	less.Packages = []wire.DocumentPackage{{FullName: strings.ToUpper(fullName("1")), Tags: []string{}}}
	f.declare(less, false, "update package/"+berth.Fold(fullName("1")))
	f.declare(document(), true)

	// Pruned: what the applied lists still mean is retired, not torn away.
	less.Pools, less.Defaults = []wire.DocumentPool{}, []wire.DocumentDefaults{}
	less.Hosts = []wire.DocumentHost{{Name: "h1", Pool: new("")}}
	less.Packages = []wire.DocumentPackage{}
	f.declare(less, true, "update defaults/vdi", "update host/h1", "delete pool/pool a", "delete package/"+berth.Fold(fullName("1")), "delete package/"+berth.Fold(fullName("2")))
	f.wantChanges("update package/"+berth.Fold(fullName("1")), "delete package/"+berth.Fold(fullName("2")), "update host/h1", "delete pool/pool a", "update defaults/vdi")
	f.declare(less, true)
	doc.Defaults = nil
	_, err = f.ApplyDocument(f.owner, "main", doc, control.DocumentOptions{})
	wantKind(t, err, berth.Conflict) // being retired
}

// TestDocumentRoundTrip: what one site exports makes another that exports the same, byte for byte.
func TestDocumentRoundTrip(t *testing.T) {
	f := newFarm(t)
	f.add("2", "custom", "Production")
	f.add("1")
	f.pool("Zoo", berth.KindVDI)
	f.pool("ape", berth.KindRDSH)
	f.enroll("h1", berth.KindRDSH, "ape")
	f.assign(hostOf("h1"), exactly("1"))
	f.assign(poolOf("Zoo"), byTag)
	f.assign(rdsh, byTag)
	doc, err := f.Export(f.owner, "main")
	f.must(err)
	_, err = f.CreateSite(f.owner, berth.Site{Name: "other"})
	f.must(err)
	m := f.key("other", wire.CreateEnrollKey{Kind: berth.KindRDSH})
	_, err = f.tryEnroll(m.Text, "h1")
	f.must(err)
	_, err = f.ApplyDocument(f.owner, "other", doc, control.DocumentOptions{Prune: true})
	f.must(err)
	again, err := f.Export(f.owner, "other")
	f.must(err)
	one, _ := json.Marshal(doc)
	two, _ := json.Marshal(again)
	if string(one) != string(two) {
		t.Errorf("the other site exports\n%s, want\n%s", two, one)
	}
}

// TestDocumentRefused: whatever is wrong, nothing of the document is drafted, and the field says where it is.
func TestDocumentRefused(t *testing.T) {
	f := newFarm(t)
	f.add("1")
	f.pool("Pool A", berth.KindRDSH)
	f.pool("Pool V", berth.KindVDI)
	f.enroll("h1", berth.KindRDSH, "Pool A")
	f.apply()
	f.shelf.spoilt[fullName("3")] = berth.Errorf(berth.Invalid, "file x.dll is not as signed").On("imagePath")
	one := wire.DocumentPackage{FullName: fullName("1")}
	tests := map[string]struct {
		change func(*wire.Document)
		kind   berth.Kind
		field  string
	}{
		"version":  {func(d *wire.Document) { d.APIVersion = "berth/v9" }, berth.Invalid, "apiVersion"},
		"kind":     {func(d *wire.Document) { d.Kind = "Farm" }, berth.Invalid, "kind"},
		"tag name": {func(d *wire.Document) { d.Settings.Tags = &wire.DocumentTags{Custom: strings.Repeat("x", 65)} }, berth.Invalid, "settings.tags.custom.name"},
		"twice":    {func(d *wire.Document) { d.Packages = []wire.DocumentPackage{one, one} }, berth.Invalid, "packages[1].fullName"},
		"nameless": {func(d *wire.Document) { d.Pools = []wire.DocumentPool{{Kind: "rdsh"}} }, berth.Invalid, "pools[0].name"},
		"no image": {func(d *wire.Document) { d.Packages = []wire.DocumentPackage{{FullName: fullName("2")}} }, berth.Invalid, "packages[0].imagePath"},
		"missing image": {func(d *wire.Document) {
			d.Packages = []wire.DocumentPackage{{FullName: fullName("2"), ImagePath: "gone"}}
		}, berth.NotFound, "packages[0].imagePath"},
		"other image": {func(d *wire.Document) {
			d.Packages = []wire.DocumentPackage{one, {FullName: fullName("2"), ImagePath: f.image("4")}}
		}, berth.NotFound, "packages[1].package"},
		"spoilt image": {func(d *wire.Document) {
			d.Packages = []wire.DocumentPackage{{FullName: fullName("3"), ImagePath: f.image("3")}}
		}, berth.Invalid, "packages[0].imagePath"},
		"tag": {func(d *wire.Document) {
			d.Packages = []wire.DocumentPackage{{FullName: fullName("1"), Tags: []string{"custom", "Gold"}}}
		}, berth.NotFound, "packages[0].tags[1].tag"},
		"pool name":  {func(d *wire.Document) { d.Pools = []wire.DocumentPool{{Name: "a/b", Kind: "rdsh"}} }, berth.Invalid, "pools[0].name"},
		"pool kind":  {func(d *wire.Document) { d.Pools = []wire.DocumentPool{{Name: "Pool A", Kind: "farm"}} }, berth.Invalid, "pools[0].kind"},
		"pool turns": {func(d *wire.Document) { d.Pools = []wire.DocumentPool{{Name: "Pool A", Kind: "vdi"}} }, berth.Conflict, "pools[0].kind"},
		"mixed list": {func(d *wire.Document) {
			d.Pools = []wire.DocumentPool{{Name: "Pool A", Kind: "rdsh", Inherit: new(true), Assignments: rows(productive)}}
		}, berth.Invalid, "pools[0].assignments"},
		"defaults": {func(d *wire.Document) { d.Defaults = []wire.DocumentDefaults{{Kind: "farm"}} }, berth.Invalid, "defaults[0].kind"},
		"no selector": {func(d *wire.Document) {
			d.Defaults = []wire.DocumentDefaults{{Kind: "vdi", Assignments: rows(productive, wire.DocumentAssignment{Family: "x"})}}
		}, berth.Invalid, "defaults[0].assignments[1].selector"},
		"family": {func(d *wire.Document) {
			d.Defaults = []wire.DocumentDefaults{{Kind: "vdi", Assignments: rows(wire.DocumentAssignment{Family: "x", Tag: "custom"})}}
		}, berth.NotFound, "defaults[0].assignments[0].family"},
		"wrong family": {func(d *wire.Document) {
			d.Defaults = []wire.DocumentDefaults{{Kind: "vdi", Assignments: rows(wire.DocumentAssignment{Family: "x", Version: fullName("1")})}}
		}, berth.Invalid, "defaults[0].assignments[0].family"},
		"family twice": {func(d *wire.Document) {
			d.Defaults = []wire.DocumentDefaults{{Kind: "vdi", Assignments: rows(productive, productive)}}
		}, berth.Invalid, "defaults[0].assignments[1].family"},
		"no pool":        {func(d *wire.Document) { d.Hosts = []wire.DocumentHost{{Name: "h1", Pool: new("nowhere")}} }, berth.NotFound, "hosts[0].pool"},
		"pool of others": {func(d *wire.Document) { d.Hosts = []wire.DocumentHost{{Name: "h1", Pool: new("Pool V")}} }, berth.Invalid, "hosts[0].pool"},
		"prune members":  {func(d *wire.Document) { d.Pools = []wire.DocumentPool{} }, berth.Conflict, "pools"},
		"prune assigned": {func(d *wire.Document) {
			d.Defaults = []wire.DocumentDefaults{{Kind: "vdi", Assignments: rows(wire.DocumentAssignment{Version: fullName("1")})}}
			d.Packages = []wire.DocumentPackage{}
		}, berth.Conflict, "packages"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			doc := document()
			doc.Settings = &wire.DocumentSettings{Enabled: new(false)}
			tt.change(&doc)
			_, err := f.ApplyDocument(f.owner, "main", doc, control.DocumentOptions{Prune: true})
			wantKind(t, err, tt.kind)
			if e, ok := errors.AsType[*berth.Error](err); !ok || e.Field != tt.field {
				t.Errorf("%v is about %q, want %q", err, e.Field, tt.field)
			}
			f.wantChanges()
		})
	}
}

// TestDocumentMovesImage: a package that lies elsewhere now is read and verified there, and stays what administrators made of it.
func TestDocumentMovesImage(t *testing.T) {
	f := newFarm(t)
	p := f.add("1", "custom")
	f.shelf.images["moved"] = []berth.Package{{FullName: p.FullName, FamilyName: p.FamilyName, Version: p.Version, ImagePath: "moved", DisplayName: "As the manifest says",
		Observed: &berth.Observation{BlockMapSHA256: "other"}}}
	doc := document()
	doc.Packages = []wire.DocumentPackage{{FullName: p.FullName, ImagePath: "moved"}}
	f.declare(doc, false, "update package/"+berth.Fold(p.FullName))
	got, _, err := f.Package(f.owner, "main", p.FullName)
	f.must(err)
	if got.ImagePath != "moved" || got.Observed.BlockMapSHA256 != "other" || got.DisplayName != p.DisplayName || !got.HasTag(berth.TagCustom) || !got.AddedAt.Equal(p.AddedAt) {
		t.Errorf("moved: %+v", got)
	}
	f.declare(doc, false)
}
