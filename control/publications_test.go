package control_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"berth"
	"berth/control"
	"berth/wire"
)

// imageOf puts a package with these applications on the shelf; change alters it.
func (f *farm) imageOf(n string, change func(*berth.Package), apps ...string) string {
	path := f.image(n)
	f.shelf.mu.Lock()
	defer f.shelf.mu.Unlock()
	p := &f.shelf.images[path][0]
	for _, id := range apps {
		p.Applications = append(p.Applications, berth.Application{ID: id, DisplayName: id})
	}
	if change != nil {
		change(p)
	}
	return path
}

func (f *farm) addOf(n string, change func(*berth.Package), apps ...string) berth.Package {
	f.t.Helper()
	p, err := f.AddPackage(f.owner, control.NewPackage{Site: "main", ImagePath: f.imageOf(n, change, apps...)})
	f.must(err)
	return p
}

func (f *farm) publish(p berth.Publication) {
	f.t.Helper()
	if p.Family == "" {
		p.Family = family
	}
	_, err := f.AddPublication(f.owner, "main", p)
	f.must(err)
}

// offers are the publications with their hosts in one line each: "Notes: h1 by host 1>2", which reads now>drafted.
func (f *farm) offers(fullName string) (out []string) {
	f.t.Helper()
	views, err := f.Published(f.owner, "main", fullName)
	f.must(err)
	short := func(name string) string {
		n, _, _ := strings.Cut(strings.TrimPrefix(name, "Contoso.Notes_"), ".")
		return n
	}
	for _, v := range views {
		line := strings.TrimSpace(v.Name+" "+v.Pending) + ":"
		for _, h := range v.Offers {
			line += fmt.Sprintf(" %s by %s %s>%s", h.Host, h.From, short(h.Now), short(h.Drafted))
			if (h.Why == "") == (h.Drafted == "") {
				f.t.Errorf("%s: version %q, why not %q", v.Name, h.Drafted, h.Why)
			}
		}
		out = append(out, strings.Join(append([]string{line}, v.Gone...), " -"))
	}
	return out
}

func (f *farm) wantOffers(fullName string, want ...string) {
	f.t.Helper()
	if got := f.offers(fullName); !slices.Equal(got, want) {
		f.t.Errorf("published: got %q, want %q", got, want)
	}
}

// publishedFarm has version 1 with the application App, version 2 with Extra besides, the hosts h1 and h2, and h2 in the
// pool P.
func publishedFarm(t *testing.T) *farm {
	f := newFarm(t)
	f.addOf("1", nil, "App")
	f.addOf("2", nil, "App", "Extra")
	f.pool("P A", berth.KindRDSH)
	f.enroll("h1", berth.KindRDSH, "")
	f.enroll("h2", berth.KindRDSH, "P A")
	return f
}

func TestPublicationRefusals(t *testing.T) {
	f := publishedFarm(t)
	tests := map[string]struct {
		p     berth.Publication
		kind  berth.Kind
		field string
	}{
		"unknown family":      {berth.Publication{Name: "N", Family: "Other_abc", Application: "App", Hosts: []string{"h1"}}, berth.NotFound, "family"},
		"no family":           {berth.Publication{Name: "N", Application: "App", Hosts: []string{"h1"}}, berth.Invalid, "family"},
		"unknown application": {berth.Publication{Name: "N", Family: family, Application: "Other", Hosts: []string{"h1"}}, berth.NotFound, "application"},
		"unknown host":        {berth.Publication{Name: "N", Family: family, Application: "App", Hosts: []string{"h9"}}, berth.NotFound, "host"},
		"unknown pool":        {berth.Publication{Name: "N", Family: family, Application: "App", Pools: []string{"P9"}}, berth.NotFound, "pool"},
		"from nowhere":        {berth.Publication{Name: "N", Family: family, Application: "App"}, berth.Invalid, "hosts"},
		"no name":             {berth.Publication{Family: family, Application: "App", Hosts: []string{"h1"}}, berth.Invalid, "name"},
	}
	before := len(f.audit())
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := f.AddPublication(f.owner, "main", tt.p)
			wantKind(t, err, tt.kind)
			if e, ok := errors.AsType[*berth.Error](err); !ok || e.Field != tt.field || e.Remedy == "" && tt.field != "family" {
				t.Errorf("%v is about %q", err, tt.field)
			}
		})
	}
	if got := len(f.audit()); got != before {
		t.Errorf("what was refused left %d entries in the audit", got-before)
	}
	f.publish(berth.Publication{Name: "Notes", Application: "App", Hosts: []string{"h1"}})
	_, err := f.AddPublication(f.owner, "main", berth.Publication{Name: "NOTES", Family: family, Application: "App", Hosts: []string{"h2"}})
	wantKind(t, err, berth.Conflict)
	_, err = f.EditPublication(f.owner, "main", "Notes", control.PublicationEdit{Hosts: &[]string{}})
	wantKind(t, err, berth.Invalid)
	_, err = f.EditPublication(f.owner, "main", "Notes", control.PublicationEdit{Pools: &[]string{"P9"}})
	wantKind(t, err, berth.NotFound)
	_, err = f.EditPublication(f.owner, "main", "Notes", control.PublicationEdit{Users: &[]string{"u"}, Expect: 7})
	wantKind(t, err, berth.Precondition)
	_, err = f.EditPublication(f.owner, "main", "Other", control.PublicationEdit{})
	wantKind(t, err, berth.NotFound)
	wantKind(t, f.RemovePublication(f.owner, "main", "Other"), berth.NotFound)
	_, err = f.Publication(f.owner, "main", "Other")
	wantKind(t, err, berth.NotFound)
	_, err = f.Published(f.owner, "main", "Other_1")
	wantKind(t, err, berth.NotFound)
}

// TestPublicationLife drafts, applies, changes and ends a publication; names are spelt as they are.
func TestPublicationLife(t *testing.T) {
	f := publishedFarm(t)
	f.assign(hostOf("h1"), exactly("1"))
	f.assign(poolOf("P A"), exactly("2"))
	f.apply()
	p, err := f.AddPublication(f.owner, "main", berth.Publication{Name: "Notes", Family: strings.ToUpper(family), Application: "APP",
		Users: []string{"ann", "Sales", "ann"}, Hosts: []string{"H1"}})
	f.must(err)
	if p.Family != family || p.Application != "App" || !slices.Equal(p.Hosts, []string{"h1"}) || !slices.Equal(p.Users, []string{"ann", "Sales"}) {
		t.Errorf("kept as %+v", p)
	}
	f.wantChanges("create publication/notes")
	f.wantOffers("", "Notes create: h1 by host >1")
	generation := f.apply("publication/notes")
	f.wantOffers("", "Notes: h1 by host 1>1")

	_, err = f.EditPublication(f.owner, "main", "notes", control.PublicationEdit{Hosts: &[]string{}, Pools: &[]string{"p a"}})
	f.must(err)
	v, err := f.Publication(f.owner, "main", "NOTES")
	if err != nil || v.Name != "Notes" || v.Revision != 3 || !slices.Equal(v.Pools, []string{"P A"}) || !slices.Equal(v.Users, []string{"ann", "Sales"}) {
		t.Errorf("edited: %+v, %v", v, err)
	}
	f.wantOffers("", "Notes update: h1 by host 1> h2 by pool P A >2")
	if got := f.apply(); got != generation+1 {
		t.Errorf("generation %d after %d", got, generation)
	}
	f.wantOffers("", "Notes: h2 by pool P A 2>2")

	f.must(f.RemovePublication(f.owner, "main", "Notes"))
	f.wantOffers("", "Notes delete: h2 by pool P A 2>")
	f.apply()
	f.wantOffers("")
	var actions []string
	for _, e := range f.audit() {
		if e.Kind == "publication" {
			actions = append(actions, e.Action+" "+e.Key)
		}
	}
	want := []string{"apply notes", "unpublish notes", "apply notes", "edit publication notes", "apply notes", "publish notes"}
	if !slices.Equal(actions, want) {
		t.Errorf("audit: %q, want %q", actions, want)
	}
}

// TestPublishedOfPackage shows the published resources of a version, resolved to the hosts that have it by plan.
func TestPublishedOfPackage(t *testing.T) {
	f := publishedFarm(t)
	f.publish(berth.Publication{Name: "App", Application: "App", Hosts: []string{"h1"}, Pools: []string{"P A"}})
	f.publish(berth.Publication{Name: "Extra", Application: "Extra", Hosts: []string{"h1", "h2"}})
	f.assign(hostOf("h1"), exactly("1"))
	f.assign(poolOf("P A"), exactly("2"))
	f.apply()
	f.wantOffers("", "App: h1 by host 1>1 h2 by pool P A 2>2", "Extra: h1 by host > h2 by host 2>2")
	f.wantOffers(fullName("1"), "App: h1 by host 1>1")
	f.wantOffers(fullName("2"), "App: h2 by pool P A 2>2", "Extra: h2 by host 2>2")
	views, err := f.Published(f.owner, "main", "")
	f.must(err)
	if why := views[1].Offers[0].Why; why != fullName("1")+" has no application Extra" {
		t.Errorf("why not: %q", why)
	}
	f.assign(hostOf("h1"), exactly("2"))
	f.wantOffers(fullName("2"), "App: h1 by host 1>2 h2 by pool P A 2>2", "Extra: h1 by host >2 h2 by host 2>2")

	// A host that is forgotten stays named: it is told, and stands in the way of nothing.
	f.must(f.RemoveHost(f.owner, "main", "h2"))
	if got := f.offers(""); len(got) != 2 || !strings.HasSuffix(got[1], "-host h2") {
		t.Errorf("published: %q", got)
	}
	_, err = f.EditPublication(f.owner, "main", "Extra", control.PublicationEdit{Users: &[]string{"ann"}})
	f.must(err)

	off := false
	_, err = f.EditSettings(f.owner, "main", control.SettingsEdit{Enabled: &off})
	f.must(err)
	if views, err := f.Published(f.owner, "main", ""); err != nil || !strings.Contains(views[0].Offers[0].Why, "switched off") {
		t.Errorf("with the feature off: %+v, %v", views, err)
	}
}

// held are the hosts of a package: "h1 now host:h1 exact; drafted -".
func (f *farm) held(fullName string) (out []string) {
	f.t.Helper()
	whole, err := f.AssignedHosts(f.owner, "main", fullName, control.AssignedQuery{Count: true})
	f.must(err)
	hosts := whole.Items
	// One at a time they are the same, and as many as was said.
	q := control.AssignedQuery{Limit: 1}
	var single []wire.AssignedHost
	for begin := true; begin || q.After != ""; begin = false {
		page, err := f.AssignedHosts(f.owner, "main", fullName, q)
		f.must(err)
		single, q.After = append(single, page.Items...), page.Next
	}
	if d := cmp.Diff(hosts, single); d != "" || *whole.Total != len(hosts) {
		f.t.Errorf("hosts of %s by pages, of %d: %s", fullName, *whole.Total, d)
	}
	words := func(h *wire.Holding) string {
		if h == nil {
			return "-"
		}
		line := string(h.Level) + ":" + h.Owner + " " + h.Selector
		if h.Exact == (h.Tag != "") && h.Level != "" {
			f.t.Errorf("%+v is neither exact nor by tag", h)
		}
		if len(h.NeededBy) > 0 {
			line += " needed by " + strings.Join(h.NeededBy, ",")
		}
		return line
	}
	for _, h := range hosts {
		out = append(out, h.Host+" "+words(h.Now)+" > "+words(h.Drafted))
	}
	return out
}

func (f *farm) wantHeld(fullName string, want ...string) {
	f.t.Helper()
	if got := f.held(fullName); !slices.Equal(got, want) {
		f.t.Errorf("hosts of %s: got %q, want %q", fullName, got, want)
	}
}

func TestAssignedHosts(t *testing.T) {
	f := publishedFarm(t)
	_, err := f.TagPackage(f.owner, "main", fullName("2"), "Production", true)
	f.must(err)
	f.assign(rdsh, byTag)
	f.assign(hostOf("h1"), exactly("1"))
	f.wantHeld(fullName("2"), "h2 - > defaults:rdsh tag Production")
	f.apply()
	one, two := "h1 host:h1 version "+fullName("1"), "h2 defaults:rdsh tag Production"
	f.wantHeld(fullName("1"), one+" > "+one[3:])
	f.wantHeld(fullName("2"), two+" > "+two[3:])
	f.assign(poolOf("P A"), exactly("1"))
	f.wantHeld(fullName("2"), two+" > -")
	f.wantHeld(fullName("1"), one+" > "+one[3:], "h2 - > pool:P A version "+fullName("1"))
	f.must(f.RemovePackage(f.owner, "main", fullName("2"), true))
	f.apply()
	f.wantHeld(fullName("1"), one+" > "+one[3:], "h2 pool:P A version "+fullName("1")+" > pool:P A version "+fullName("1"))
	_, err = f.AssignedHosts(f.owner, "main", fullName("7"), control.AssignedQuery{})
	wantKind(t, err, berth.NotFound)

	// One whose deletion is drafted is still there for hosts.
	f.addOf("3", nil)
	f.apply()
	f.must(f.RemovePackage(f.owner, "main", fullName("3"), false))
	f.wantHeld(fullName("3"))
}
