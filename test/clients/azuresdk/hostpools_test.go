package azuresdk_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/desktopvirtualization/armdesktopvirtualization/v2"

	"berth.test/server"
)

func newHostPools(t *testing.T, s *server.Server) *armdesktopvirtualization.HostPoolsClient {
	t.Helper()
	c, err := armdesktopvirtualization.NewHostPoolsClient(s.SubscriptionID, static(s.Token), options(s))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// hostPool has a value of its own in every field that a client may set.
func hostPool() armdesktopvirtualization.HostPool {
	return armdesktopvirtualization.HostPool{
		Location: to.Ptr("West Europe"), Tags: map[string]*string{"cost center": to.Ptr("7"), "empty": to.Ptr("")},
		Kind: to.Ptr("desktops"), ManagedBy: to.Ptr("/somebody"),
		Identity: &armdesktopvirtualization.ResourceModelWithAllowedPropertySetIdentity{Type: to.Ptr("SystemAssigned")},
		SKU: &armdesktopvirtualization.ResourceModelWithAllowedPropertySetSKU{Name: to.Ptr("S1"), Capacity: to.Ptr[int32](1),
			Tier: to.Ptr(armdesktopvirtualization.SKUTierStandard)},
		Plan: &armdesktopvirtualization.ResourceModelWithAllowedPropertySetPlan{Name: to.Ptr("n"), Product: to.Ptr("p"), Publisher: to.Ptr("q")},
		Properties: &armdesktopvirtualization.HostPoolProperties{
			HostPoolType:          to.Ptr(armdesktopvirtualization.HostPoolTypePooled),
			LoadBalancerType:      to.Ptr(armdesktopvirtualization.LoadBalancerTypeDepthFirst),
			PreferredAppGroupType: to.Ptr(armdesktopvirtualization.PreferredAppGroupTypeRailApplications),
			AgentUpdate: &armdesktopvirtualization.AgentUpdateProperties{Type: to.Ptr(armdesktopvirtualization.SessionHostComponentUpdateTypeScheduled),
				MaintenanceWindowTimeZone: to.Ptr("Alaskan Standard Time"), UseSessionHostLocalTime: to.Ptr(false),
				MaintenanceWindows: []*armdesktopvirtualization.MaintenanceWindowProperties{{Hour: to.Ptr[int32](7),
					DayOfWeek: to.Ptr(armdesktopvirtualization.DayOfWeekFriday)}}},
			CustomRdpProperty: to.Ptr("audiomode:i:0;"), Description: to.Ptr("for <them> & us"), FriendlyName: to.Ptr("Front desk"),
			MaxSessionLimit: to.Ptr[int32](999999), PersonalDesktopAssignmentType: to.Ptr(armdesktopvirtualization.PersonalDesktopAssignmentTypeDirect),
			PublicNetworkAccess: to.Ptr(armdesktopvirtualization.HostpoolPublicNetworkAccessEnabled), Ring: to.Ptr[int32](2),
			RegistrationInfo: &armdesktopvirtualization.RegistrationInfo{ExpirationTime: to.Ptr(time.Date(2030, 9, 22, 14, 1, 54, 957124700, time.UTC)),
				RegistrationTokenOperation: to.Ptr(armdesktopvirtualization.RegistrationTokenOperationNone)},
			SsoClientID: to.Ptr("client"), SsoClientSecretKeyVaultPath: to.Ptr("https://vault/secret"), SsoadfsAuthority: to.Ptr("https://adfs"),
			SsoSecretType: to.Ptr(armdesktopvirtualization.SSOSecretTypeCertificateInKeyVault), StartVMOnConnect: to.Ptr(true),
			VMTemplate: to.Ptr(`{"size": "big"}`), ValidationEnvironment: to.Ptr(true),
		},
	}
}

// TestLifeOfAHostPool makes a host pool, puts a package into it, and deletes both.
func TestLifeOfAHostPool(t *testing.T) {
	s := server.Start(t)
	c, packages, ctx := newHostPools(t, s), newClient(t, s, s.Token), t.Context()
	want, status := hostPool(), 0
	put := func(wantStatus int) {
		t.Helper()
		r, err := c.CreateOrUpdate(withStatus(ctx, &status), s.ResourceGroup, pool, want, nil)
		if err != nil {
			t.Fatal(err)
		}
		expect(t, status, wantStatus)
		checkPool(t, s, r.HostPool, want)
	}
	put(201)
	want.Tags = nil
	want.Properties.FriendlyName = nil
	put(200)

	const name = "Contoso.Editor_1.0.0.0_x64__8wekyb3d8bbwe"
	p := properties()
	p.IsActive = to.Ptr(true)
	made, err := packages.CreateOrUpdate(ctx, s.ResourceGroup, pool, name, armdesktopvirtualization.MSIXPackage{Properties: p}, nil)
	if err != nil {
		t.Fatal(err)
	}
	check(t, s, made.MSIXPackage, name, p)

	want.Tags = map[string]*string{"new": to.Ptr("tag")}
	want.Properties.Description, want.Properties.AgentUpdate.UseSessionHostLocalTime = to.Ptr("patched"), to.Ptr(true)
	patched, err := c.Update(withStatus(ctx, &status), s.ResourceGroup, pool, &armdesktopvirtualization.HostPoolsClientUpdateOptions{
		HostPool: &armdesktopvirtualization.HostPoolPatch{Tags: want.Tags, Properties: &armdesktopvirtualization.HostPoolPatchProperties{
			Description: want.Properties.Description,
			AgentUpdate: &armdesktopvirtualization.AgentUpdatePatchProperties{UseSessionHostLocalTime: to.Ptr(true)}}}})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, status, 200)
	checkPool(t, s, patched.HostPool, want)
	got, err := c.Get(ctx, s.ResourceGroup, pool, nil)
	if err != nil {
		t.Fatal(err)
	}
	checkPool(t, s, got.HostPool, want)

	_, err = c.Delete(ctx, s.ResourceGroup, pool, nil)
	fails(t, err, 409, "Conflict")
	if _, err := packages.Delete(ctx, s.ResourceGroup, pool, name, nil); err != nil {
		t.Fatal(err)
	}
	for _, wantStatus := range []int{200, 204} {
		if _, err := c.Delete(withStatus(ctx, &status), s.ResourceGroup, pool, nil); err != nil {
			t.Fatal(err)
		}
		expect(t, status, wantStatus)
	}
	_, err = c.Get(ctx, s.ResourceGroup, pool, nil)
	fails(t, err, 404, "ResourceNotFound")
}

// TestDeleteByForce deletes a host pool with what is active in it.
func TestDeleteByForce(t *testing.T) {
	s := server.Start(t)
	s.AddPool(t, pool)
	c, packages, ctx := newHostPools(t, s), newClient(t, s, s.Token), t.Context()
	p := properties()
	p.IsActive = to.Ptr(true)
	if _, err := packages.CreateOrUpdate(ctx, s.ResourceGroup, pool, "app", armdesktopvirtualization.MSIXPackage{Properties: p}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Delete(ctx, s.ResourceGroup, pool, &armdesktopvirtualization.HostPoolsClientDeleteOptions{Force: to.Ptr(true)}); err != nil {
		t.Fatal(err)
	}
	_, err := packages.Get(ctx, s.ResourceGroup, pool, "app", nil)
	fails(t, err, 404, "ParentResourceNotFound")
}

func TestListHostPools(t *testing.T) {
	s := server.Start(t)
	s.AddPool(t, "of another face")
	c := newHostPools(t, s)
	for _, name := range []string{"third", "Second", "first"} {
		if _, err := c.CreateOrUpdate(t.Context(), s.ResourceGroup, name, hostPool(), nil); err != nil {
			t.Fatal(err)
		}
	}
	all := []string{"first", "of another face", "Second", "third"}
	var got []string
	for p := c.NewListPager(&armdesktopvirtualization.HostPoolsClientListOptions{PageSize: to.Ptr[int32](3)}); p.More(); {
		page, err := p.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, names(page.Value)...)
	}
	if !slices.Equal(got, all) {
		t.Errorf("in the subscription: %v", got)
	}
	got = nil
	o := &armdesktopvirtualization.HostPoolsClientListByResourceGroupOptions{PageSize: to.Ptr[int32](1), IsDescending: to.Ptr(true), InitialSkip: to.Ptr[int32](1)}
	for p := c.NewListByResourceGroupPager(s.ResourceGroup, o); p.More(); {
		page, err := p.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, names(page.Value)...)
	}
	if !slices.Equal(got, []string{"Second", "of another face", "first"}) {
		t.Errorf("in the resource group: %v", got)
	}
}

func TestOperations(t *testing.T) {
	s := server.Start(t)
	c, err := armdesktopvirtualization.NewOperationsClient(static(s.Token), options(s))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for p := c.NewListPager(nil); p.More(); {
		page, err := p.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Value {
			got = append(got, *o.Name)
		}
	}
	if !slices.Contains(got, "Microsoft.DesktopVirtualization/hostpools/msixpackages/write") {
		t.Errorf("operations: %v", got)
	}
}

func names(pools []*armdesktopvirtualization.HostPool) (out []string) {
	for _, p := range pools {
		out = append(out, *p.Name)
	}
	return out
}

// checkPool holds a host pool to what was put, but for what only the server says.
func checkPool(t *testing.T, s *server.Server, got, want armdesktopvirtualization.HostPool) {
	t.Helper()
	id := "/subscriptions/" + s.SubscriptionID + "/resourcegroups/" + s.ResourceGroup + "/providers/Microsoft.DesktopVirtualization/hostpools/" + pool
	if *got.Name != pool || *got.ID != id || *got.Type != "Microsoft.DesktopVirtualization/hostpools" || got.SystemData == nil || *got.Etag == "" {
		t.Errorf("name %s, id %s, type %s, etag %s", *got.Name, *got.ID, *got.Type, *got.Etag)
	}
	p := *got.Properties
	if p.ObjectID == nil || len(*p.ObjectID) != 36 || p.ApplicationGroupReferences == nil || p.AppAttachPackageReferences == nil || p.CloudPcResource == nil {
		t.Errorf("what only the server says: %+v", p)
	}
	p.ObjectID, p.ApplicationGroupReferences, p.AppAttachPackageReferences = nil, nil, nil
	p.CloudPcResource, p.PrivateEndpointConnections = nil, nil
	got.Name, got.ID, got.Type, got.SystemData, got.Etag, got.Properties = nil, nil, nil, nil, nil, &p
	if !reflect.DeepEqual(got, want) {
		g, _ := got.MarshalJSON()
		w, _ := want.MarshalJSON()
		t.Errorf("got\n%s, want\n%s", g, w)
	}
}
