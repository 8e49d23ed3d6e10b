package arm_test

import (
	"slices"
	"strings"
	"testing"

	"berth"
	"berth/control"
)

type appAttach struct {
	Name, ID, Type, Location string
	Tags                     map[string]string
	SystemData               struct{ CreatedBy, LastModifiedBy string }
	Properties               struct {
		ProvisioningState  string
		HostPoolReferences []string
		KeyVaultURL        string
		OnFailure          string `json:"failHealthCheckOnStagingFailure"`
		Image              map[string]any
	}
}

const (
	editor    = "Contoso.Editor_1.2.0.0_x64__8wekyb3d8bbwe"
	appsPath  = "{group}/providers/Microsoft.DesktopVirtualization/appAttachPackages"
	editorRef = `"imagePath": "\\\\files\\apps\\editor.vhdx", "packageFullName": "` + editor + `"`
)

// assigned returns the exact versions that the own list of a pool has.
func (f *farm) assigned(t *testing.T, pool string) (out []string) {
	t.Helper()
	p, err := f.HostPool(f.asked, "resourceGroup1", pool)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range p.Assignments {
		out = append(out, a.Version+" "+string(a.Registration))
	}
	return out
}

func TestLifeOfAnAppAttachPackage(t *testing.T) {
	f := newFarm(t)
	pool1, pool2 := expand("{pools}/hostpool1"), strings.ToLower(expand("{pools}/hostpool2"))
	body := `{"location": "here", "tags": {"a": "b"}, "unknown": 1, "properties": {"image": {` + editorRef + `, "isActive": true, "isRegularRegistration": true,
		"lastUpdated": "2008-09-22T14:01:54.9571247Z", "certificateName": "x", "isPackageTimestamped": "Timestamped", "of the future": [1.0]},
		"hostPoolReferences": ["` + pool1 + `"], "provisioningState": "Failed", "keyVaultURL": "https://v", "failHealthCheckOnStagingFailure": "NeedsAssistance"}}`
	var a appAttach
	f.want(t, 201, "PUT "+appsPath+"/editor?{v}", body, &a)
	if a.Name != "editor" || a.Type != "Microsoft.DesktopVirtualization/appattachpackages" || a.Location != "here" || a.Tags["a"] != "b" ||
		a.SystemData.CreatedBy != "user1" || a.Properties.ProvisioningState != "Succeeded" || a.Properties.Image["isActive"] != true ||
		a.Properties.Image["lastUpdated"] != "2008-09-22T14:01:54.9571247Z" || !slices.Equal(a.Properties.HostPoolReferences, []string{pool1}) {
		t.Errorf("%+v", a)
	}
	if got := f.assigned(t, "hostpool1"); !slices.Equal(got, []string{editor + " atLogon"}) {
		t.Errorf("assigned: %v", got)
	}
	if p, _, err := f.Package(f.asked, "resourceGroup1", editor); err != nil || p.Observed == nil {
		t.Errorf("the catalogue: %+v %v", p, err)
	}
	var pool struct {
		Properties struct{ AppAttachPackageReferences []string }
	}
	f.want(t, 200, "GET {pool}?{v}", "", &pool)
	if !slices.Equal(pool.Properties.AppAttachPackageReferences, []string{a.ID}) {
		t.Errorf("the pool's references: %v, id %s", pool.Properties.AppAttachPackageReferences, a.ID)
	}
	f.want(t, 200, "PUT "+appsPath+"/editor?{v}", body, &a) // once more

	// Another pool joins and gets what the first has.
	f.want(t, 200, "PATCH "+appsPath+"/editor?{v}", `{"properties": {"hostPoolReferences": ["`+pool1+`", "`+pool2+`"]}}`, &a)
	if got := f.assigned(t, "hostpool2"); !slices.Equal(got, []string{editor + " atLogon"}) || len(a.Properties.HostPoolReferences) != 2 {
		t.Errorf("joined: %v %+v", got, a)
	}
	// An administrator takes it out of one pool: it is not active everywhere any more.
	if _, err := f.Unassign(f.asked, "resourceGroup1", control.Holder{Pool: "hostpool2"}, "Contoso.Editor_8wekyb3d8bbwe"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := f.Apply(f.asked, "resourceGroup1", nil); err != nil {
		t.Fatal(err)
	}
	f.want(t, 200, "GET "+appsPath+"/editor?{v}", "", &a)
	if a.Properties.Image["isActive"] != false {
		t.Errorf("after another face took it out: %v", a.Properties.Image["isActive"])
	}
	f.want(t, 200, "PATCH "+appsPath+"/editor?{v}", `{"properties": {"image": {"isActive": true, "isRegularRegistration": false}}}`, &a)
	for _, p := range []string{"hostpool1", "hostpool2"} {
		if got := f.assigned(t, p); !slices.Equal(got, []string{editor + " onDemand"}) {
			t.Errorf("%s: %v", p, got)
		}
	}
	f.want(t, 200, "PATCH "+appsPath+"/editor?{v}", "", &a)

	// Lists and filters.
	f.want(t, 201, "PUT "+appsPath+"/empty-one?{v}", `{"location": "here", "properties": {}}`, nil)
	for query, want := range map[string]int{"": 2, "&$filter=HostPoolName+eq+'hostpool1'": 1, "&$filter=HostPoolName+eq+'hostpool3'": 0,
		"&$filter=PackageName+eq+'Contoso.Editor'+and+HostPoolName+eq+'HOSTPOOL2'": 0, "&$filter=ResourceGroupName+eq+'resourcegroup1'": 2} {
		for _, path := range []string{appsPath, "{sub}/providers/Microsoft.DesktopVirtualization/appAttachPackages"} {
			var list struct{ Value []appAttach }
			f.want(t, 200, "GET "+path+"?{v}"+query, "", &list)
			if len(list.Value) != want {
				t.Errorf("%s%s: %d", path, query, len(list.Value))
			}
		}
	}
	var all struct {
		Value []struct{ Type, Name string }
	}
	f.want(t, 200, "GET {sub}/resources?api-version=2021-04-01&$filter=resourceGroup+eq+'resourcegroup1'", "", &all)
	if len(all.Value) != 4 {
		t.Errorf("resources: %+v", all)
	}

	// A deleted pool is withdrawn; a deleted package leaves its pools and the catalogue.
	f.want(t, 200, "DELETE {pools}/hostpool2?{v}&force=true", "", nil)
	f.want(t, 200, "GET "+appsPath+"/editor?{v}", "", &a)
	if !slices.Equal(a.Properties.HostPoolReferences, []string{pool1}) {
		t.Errorf("after the pool went: %v", a.Properties.HostPoolReferences)
	}
	f.want(t, 200, "DELETE "+appsPath+"/editor?{v}", "", nil)
	f.want(t, 204, "DELETE "+appsPath+"/editor?{v}", "", nil)
	if got := f.assigned(t, "hostpool1"); len(got) != 0 {
		t.Errorf("still assigned: %v", got)
	}
	if _, _, err := f.Package(f.asked, "resourceGroup1", editor); !berth.IsNotFound(err) {
		t.Errorf("the catalogue still has it: %v", err)
	}
	if w := f.do(t, "GET", appsPath+"/editor?{v}", ""); w.Code != 404 || codeOf(t, w) != "ResourceNotFound" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestAppAttachUpdateInPlace points a package at another image: the old version leaves the pool.
func TestAppAttachUpdateInPlace(t *testing.T) {
	f := newFarm(t)
	put := func(version string, status int) {
		t.Helper()
		name := "Tool_" + version + "_x64__abcdefghjkmnp"
		f.want(t, status, "PUT "+appsPath+"/tool?{v}", `{"location": "here", "properties": {"image": {"packageFullName": "`+name+`", "isActive": true,
			"packageFamilyName": "Tool_abcdefghjkmnp", "imagePath": "\\\\files\\tool-`+version+`.vhdx"}, "hostPoolReferences": ["`+expand("{pool}")+`"]}}`, nil)
		if got := f.assigned(t, "hostpool1"); !slices.Equal(got, []string{name + " onDemand"}) {
			t.Errorf("%s: %v", version, got)
		}
	}
	put("1.0.0.0", 201)
	put("2.0.0.0", 200)
	put("1.0.0.0", 200) // a way back
	if _, _, err := f.Package(f.asked, "resourceGroup1", "Tool_2.0.0.0_x64__abcdefghjkmnp"); !berth.IsNotFound(err) {
		t.Errorf("the version of between is still in the catalogue: %v", err)
	}
}

func TestAppAttachIsRefused(t *testing.T) {
	f := newFarm(t)
	image := `{"location": "here", "properties": {"hostPoolReferences": [`
	tests := map[string]struct {
		request, body string
		status        int
		code          string
	}{
		"no body":             {"PUT " + appsPath + "/app?{v}", "", 400, "InvalidRequestContent"},
		"no location":         {"PUT " + appsPath + "/app?{v}", `{"properties": {}}`, 400, "LocationRequired"},
		"no properties":       {"PUT " + appsPath + "/app?{v}", `{"location": "here"}`, 400, "InvalidRequestContent"},
		"a wrong type":        {"PUT " + appsPath + "/app?{v}", `{"location": "here", "properties": {"image": {"isActive": 1}}}`, 400, "InvalidRequestContent"},
		"references no array": {"PUT " + appsPath + "/app?{v}", `{"location": "here", "properties": {"hostPoolReferences": "x"}}`, 400, "InvalidRequestContent"},
		"an odd reference":    {"PUT " + appsPath + "/app?{v}", image + `"hostpool1"]}}`, 400, "InvalidRequestContent"},
		"another group":       {"PUT " + appsPath + "/app?{v}", image + `"` + expand("{sub}/resourceGroups/elsewhere/providers/Microsoft.DesktopVirtualization/hostPools/p1p") + `"]}}`, 400, "InvalidRequestContent"},
		"a missing pool":      {"PUT " + appsPath + "/app?{v}", image + `"` + expand("{pools}/nowhere") + `"]}}`, 400, "InvalidRequestContent"},
		"no full name":        {"PUT " + appsPath + "/app?{v}", `{"location": "here", "properties": {"image": {"packageFullName": "a/b"}}}`, 400, "InvalidRequestContent"},
		"two hyphens":         {"PUT " + appsPath + "/a--b?{v}", `{}`, 400, "InvalidResourceName"},
		"capitals":            {"GET " + appsPath + "/-app?{v}", "", 400, "InvalidResourceName"},
		"too long":            {"GET " + appsPath + "/" + strings.Repeat("a", 64) + "?{v}", "", 400, "InvalidResourceName"},
		"an older version":    {"GET " + appsPath + "?api-version=2022-09-09", "", 400, "NoRegisteredProviderFound"},
		"patching nothing":    {"PATCH " + appsPath + "/app?{v}", `{}`, 404, "ResourceNotFound"},
		"a method":            {"POST " + appsPath + "/app?{v}", "", 405, "MethodNotAllowed"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			method, path, _ := strings.Cut(tt.request, " ")
			if w := f.do(t, method, path, tt.body); w.Code != tt.status || codeOf(t, w) != tt.code {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
	var list struct{ Value []appAttach }
	f.want(t, 200, "GET "+appsPath+"?{v}", "", &list)
	if len(list.Value) != 0 {
		t.Errorf("what was refused is there: %+v", list)
	}
}
