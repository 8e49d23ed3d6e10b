package arm_test

import (
	"slices"
	"strings"
	"testing"

	"berth"
	"berth/control"
)

// added puts the library's package into the catalogue by another face, and assigns it to hostpool1.
func (f *farm) added(t *testing.T) {
	t.Helper()
	if _, err := f.AddPackage(f.asked, control.NewPackage{Site: "resourceGroup1", ImagePath: `\\files\apps\editor.vhdx`, DisplayName: "By hand", Tags: []string{"production"}}); err != nil {
		t.Fatal(err)
	}
	a := berth.Assignment{Version: editor, Registration: berth.AtLogon}
	if _, err := f.Assign(f.asked, "resourceGroup1", control.Holder{Pool: "hostpool1"}, a); err != nil {
		t.Fatal(err)
	}
	f.apply(t)
}

func (f *farm) apply(t *testing.T) {
	t.Helper()
	if _, _, err := f.Apply(f.asked, "resourceGroup1", nil); err != nil {
		t.Fatal(err)
	}
}

type msixPackage struct {
	Name       string
	SystemData struct{ CreatedBy, LastModifiedBy string }
	Properties map[string]any
}

// TestPackagesOfAnotherFace shows Azure's clients what an administrator added and assigned, lets them change it, and leaves
// to the administrator what is his.
func TestPackagesOfAnotherFace(t *testing.T) {
	f := newFarm(t)
	f.added(t)
	path := "{pool}/msixPackages/" + editor + "?{v}"
	var p msixPackage
	f.want(t, 200, "GET "+path, "", &p)
	if p.Name != "hostpool1/"+editor || p.SystemData.CreatedBy != "user1" || p.Properties["isActive"] != true || p.Properties["isRegularRegistration"] != true ||
		p.Properties["displayName"] != "By hand" || p.Properties["version"] != "1.2.0.0" || p.Properties["packageFullName"] != nil {
		t.Errorf("%+v", p)
	}
	for _, name := range []string{"A_1.0.0.0_x64__abcdefghjkmnp", "Z_1.0.0.0_x64__abcdefghjkmnp"} {
		f.want(t, 201, "PUT {pool}/msixPackages/"+name+"?{v}", `{"properties": {}}`, nil)
	}
	for query, want := range map[string][]string{"": {"A", "Contoso.Editor", "Z"}, "&isDescending=true": {"Z", "Contoso.Editor", "A"}, "&initialSkip=1": {"Contoso.Editor", "Z"},
		"&pageSize=1&initialSkip=1": {"Contoso.Editor"}, "&pageSize=2": {"A", "Contoso.Editor"}} {
		var list struct{ Value []msixPackage }
		f.want(t, 200, "GET {pool}/msixPackages?{v}"+query, "", &list)
		var got []string
		for _, p := range list.Value {
			name, _, _ := strings.Cut(strings.TrimPrefix(p.Name, "hostpool1/"), "_")
			got = append(got, name)
		}
		if !slices.Equal(got, want) {
			t.Errorf("list%s: %v", query, got)
		}
	}
	f.want(t, 200, "PATCH "+path, `{"properties": {"isRegularRegistration": false}}`, &p)
	if got := f.assigned(t, "hostpool1"); !slices.Equal(got, []string{editor + " onDemand"}) {
		t.Errorf("patched: %v", got)
	}
	f.want(t, 200, "PUT "+path, `{"properties": {"imagePath": "\\\\files\\apps\\editor.vhdx", "isActive": true}}`, nil)
	f.want(t, 200, "DELETE "+path, "", nil)
	f.want(t, 404, "GET "+path, "", nil)
	if p, _, err := f.Package(f.asked, "resourceGroup1", editor); err != nil || !p.HasTag(berth.TagProduction) {
		t.Errorf("the administrator's package: %+v %v", p, err)
	}
}

// TestUnknownFieldsSurvive changes by other faces what Azure's clients described, and finds every word of theirs again.
func TestUnknownFieldsSurvive(t *testing.T) {
	f := newFarm(t)
	f.want(t, 200, "PUT {pool}?{v}", strings.Replace(hostPoolBody, `"location"`, `"tags": {"Cost": "7"}, "location"`, 1), nil)
	f.want(t, 200, "PATCH {pool}?{v}", `{"properties": {"ofTheFuture": {"a": [1.00]}}}`, nil)
	f.want(t, 201, "PUT {pool}/msixPackages/"+editor+"?{v}", `{"properties": {"imagePath": "\\\\files\\apps\\editor.vhdx", "ofTheFuture": [1.00], "lastUpdated": "2008-09-22T14:01:54.9571247Z"}}`, nil)
	a := f.enrol(t, "host1", f.token(t))
	a.sync(t, berth.Facts{Packages: []berth.PackageFacts{}})
	f.want(t, 200, "PATCH {pool}/sessionHosts/host1?{v}", `{"properties": {"friendlyName": "Front", "allowNewSession": false}}`, nil)
	f.want(t, 201, "PUT "+appsPath+"/other?{v}", `{"location": "here", "properties": {"ofTheFuture": true, "hostPoolReferences": ["`+expand("{pool}")+`"]}}`, nil)

	pool, host := control.Holder{Pool: "hostpool1"}, control.Holder{Host: "host1"}
	if _, err := f.Assign(f.asked, "resourceGroup1", pool, berth.Assignment{Version: editor, Registration: berth.AtLogon}); err != nil {
		t.Fatal(err)
	}
	name, enabled := "By hand", true
	if _, err := f.EditPackage(f.asked, "resourceGroup1", editor, control.PackageEdit{DisplayName: &name, Enabled: &enabled}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Inherit(f.asked, "resourceGroup1", host, false); err != nil {
		t.Fatal(err)
	}
	f.apply(t)
	for path, words := range map[string][]string{
		"{pool}?{v}":                             {`"ofTheFuture":{"a":[1.00]}`, `"Cost":"7"`},
		"{pool}/msixPackages/" + editor + "?{v}": {`"ofTheFuture":[1.00]`, `"lastUpdated":"2008-09-22T14:01:54.9571247Z"`, `"isActive":true`, `"isRegularRegistration":true`},
		"{pool}/sessionHosts/host1?{v}":          {`"friendlyName":"Front"`, `"allowNewSession":false`},
		appsPath + "/other?{v}":                  {`"ofTheFuture":true`},
	} {
		w := f.want(t, 200, "GET "+path, "", nil)
		for _, word := range words {
			if !strings.Contains(w.Body.String(), word) {
				t.Errorf("%s: without %s: %s", path, word, w.Body)
			}
		}
	}
	entries, err := f.Audit(f.asked, berth.AuditQuery{Site: "resourceGroup1", Kind: berth.ObjectPool, Key: "hostpool1"})
	if err != nil || !slices.ContainsFunc(entries, func(e berth.AuditEntry) bool {
		return e.Face == "arm" && e.Actor == "user1" && e.Action == "put host pool"
	}) {
		t.Errorf("the audit does not name the client: %+v %v", entries, err)
	}
}

// TestDeclaredBesideObserved holds that what the image says counts for hosts, that a difference is a finding, and that an
// image which cannot be read at present does not make it forgotten.
func TestDeclaredBesideObserved(t *testing.T) {
	f := newFarm(t)
	f.added(t)
	path := "PUT {pool}/msixPackages/" + editor + "?{v}"
	f.want(t, 200, path, `{"properties": {"imagePath": "\\\\files\\apps\\editor.vhdx", "version": "9.9.9.9", "packageRelativePath": "elsewhere"}}`, nil)
	p, _, err := f.Package(f.asked, "resourceGroup1", editor)
	if err != nil || p.Version != (berth.Version{1, 2}) || p.Observed == nil || !strings.Contains(strings.Join(p.Findings, "\n"), "declared version 9.9.9.9, the image says 1.2.0.0") {
		t.Errorf("%+v %v", p, err)
	}
	var shown msixPackage
	f.want(t, 200, strings.Replace(path, "PUT", "GET", 1), "", &shown)
	if shown.Properties["version"] != "9.9.9.9" || shown.Properties["packageRelativePath"] != "elsewhere" {
		t.Errorf("not echoed: %+v", shown.Properties)
	}
	library{}.hide(t)
	f.want(t, 200, path, `{"properties": {"imagePath": "\\\\files\\apps\\editor.vhdx"}}`, nil)
	p, _, err = f.Package(f.asked, "resourceGroup1", editor)
	if err != nil || p.Observed == nil || p.Version != (berth.Version{1, 2}) || len(p.Findings) != 1 || !strings.Contains(p.Findings[0], "could not read the image") {
		t.Errorf("after the image went: %+v %v", p, err)
	}
}

// TestTagsOfGroups holds that a resource group keeps what a client says of it, and that this does not keep it from going.
func TestTagsOfGroups(t *testing.T) {
	f := newFarm(t)
	type group struct {
		Location, ManagedBy string
		Tags                map[string]string
	}
	const path = "{sub}/resourceGroups/third?api-version=2021-04-01"
	var g group
	f.want(t, 201, "PUT "+path, `{"location": "here", "tags": {"Cost": "7"}, "managedBy": "/x"}`, &g)
	if g.Tags["Cost"] != "7" || g.ManagedBy != "/x" {
		t.Errorf("%+v", g)
	}
	f.want(t, 200, "PATCH "+path, `{"tags": {"new": ""}}`, nil)
	g = group{}
	f.want(t, 200, "GET "+path, "", &g)
	if len(g.Tags) != 1 || g.ManagedBy != "/x" || g.Location != "here" {
		t.Errorf("patched: %+v", g)
	}
	var list struct{ Value []group }
	f.want(t, 200, "GET {sub}/resourceGroups?api-version=2021-04-01", "", &list)
	if len(list.Value) != 3 || len(list.Value[2].Tags) != 1 {
		t.Errorf("listed: %+v", list)
	}
	f.want(t, 200, "PUT "+path, `{"location": "here"}`, nil)
	g = group{}
	f.want(t, 200, "GET "+path, "", &g)
	if len(g.Tags) != 0 {
		t.Errorf("put without tags: %+v", g)
	}
	f.want(t, 400, "PUT "+path, `{"location": "here", "tags": {"a": 1}}`, nil)
	f.want(t, 200, "DELETE "+path, "", nil)
}
