package arm_test

import (
	"fmt"
	"testing"

	"berth"
	"berth/control"
)

// TestDraftsStayDrafts activates and deactivates a version while an administrator has drafted something else for the
// same family and pool.
func TestDraftsStayDrafts(t *testing.T) {
	const name = "Contoso.Editor_1.2.0.0_x64__8wekyb3d8bbwe"
	path := expand("{pool}/msixPackages/" + name + "?{v}")
	f := newFarm(t)
	do(f.handler, "PUT", path, `{"properties": {"isActive": true}}`)
	pool := control.Holder{Pool: "hostpool1"}
	drafted := berth.Assignment{Family: "Contoso.Editor_8wekyb3d8bbwe", Tag: berth.TagProduction, Registration: berth.AtLogon}
	if _, err := f.Assign(f.asked, "resourceGroup1", pool, drafted); err != nil {
		t.Fatal(err)
	}
	if w := do(f.handler, "PATCH", path, `{"properties": {"isActive": false}}`); w.Code != 200 {
		t.Errorf("deactivating: %d %s", w.Code, w.Body)
	}
	if w := do(f.handler, "DELETE", path, ""); w.Code != 200 {
		t.Errorf("deleting: %d %s", w.Code, w.Body)
	}
	list, err := f.Assignments(f.asked, "resourceGroup1", pool)
	if err != nil || fmt.Sprint(list.Assignments) != fmt.Sprint([]berth.Assignment{drafted}) {
		t.Errorf("the draft became %+v, %v", list, err)
	}
}

// TestAnotherFamily changes what a client calls the family of an active package: there must be no assignment left behind
// that nothing can take away.
func TestAnotherFamily(t *testing.T) {
	path := expand("{pool}/msixPackages/app?{v}")
	pool := control.Holder{Pool: "hostpool1"}
	tests := map[string]struct {
		body string
		want int
	}{
		"stays active": {`{"properties": {"packageFamilyName": "second"}}`, 1},
		"deactivated":  {`{"properties": {"packageFamilyName": "second", "isActive": false}}`, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFarm(t)
			do(f.handler, "PUT", path, `{"properties": {"packageFamilyName": "first", "isActive": true}}`)
			do(f.handler, "PUT", path, tt.body)
			list, err := f.Assignments(f.asked, "resourceGroup1", pool)
			if err != nil || len(list.Assignments) != tt.want {
				t.Fatalf("%+v, %v", list, err)
			}
			for _, a := range list.Assignments {
				if a.Family != "second" {
					t.Errorf("assigned %+v", a)
				}
			}
		})
	}
}
