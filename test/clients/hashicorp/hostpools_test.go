package hashicorp_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/go-azure-helpers/resourcemanager/commonids"
	"github.com/hashicorp/go-azure-sdk/resource-manager/desktopvirtualization/2025-10-10/hostpool"
	"github.com/hashicorp/go-azure-sdk/resource-manager/desktopvirtualization/2025-10-10/msixpackage"
	"github.com/hashicorp/go-azure-sdk/resource-manager/resources/2023-07-01/providers"
	"github.com/hashicorp/go-azure-sdk/resource-manager/resources/2023-07-01/resourcegroups"
	"github.com/hashicorp/go-azure-sdk/sdk/environments"

	"berth.test/server"
)

func newHostPools(t *testing.T, s *server.Server) *hostpool.HostPoolClient {
	t.Helper()
	c, err := hostpool.NewHostPoolClientWithBaseURI(environments.NewApiEndpoint("ResourceManager", s.URL, nil))
	if err != nil {
		t.Fatal(err)
	}
	connect(s, c.Client)
	return c
}

// hostPool has values of each type that a client may set, and a date with seven digits behind the second.
func hostPool() hostpool.HostPool {
	return hostpool.HostPool{Location: "West Europe", Tags: &map[string]string{"cost center": "7"}, Properties: hostpool.HostPoolProperties{
		HostPoolType: hostpool.HostPoolTypePersonal, LoadBalancerType: hostpool.LoadBalancerTypeMultiplePersistent,
		PreferredAppGroupType: hostpool.PreferredAppGroupTypeNone, FriendlyName: to("Front desk"), Description: to("for <them> & us"),
		MaxSessionLimit: to(int64(5)), ValidationEnvironment: to(false), StartVMOnConnect: to(true),
		RegistrationInfo: &hostpool.RegistrationInfo{ExpirationTime: to("2030-09-22T14:01:54.9571240Z")},
		AgentUpdate: &hostpool.AgentUpdateProperties{Type: to(hostpool.SessionHostComponentUpdateTypeDefault),
			MaintenanceWindowTimeZone: to("Alaskan Standard Time")},
	}}
}

// TestLifeOfAHostPool goes the way of Terraform's provider: a resource group, a host pool in it, a package in that.
func TestLifeOfAHostPool(t *testing.T) {
	s := server.Start(t)
	c, packages, ctx := newHostPools(t, s), newClient(t, s), deadline(t)
	group := commonids.NewResourceGroupID(s.SubscriptionID, "terraform")
	groups, err := resourcegroups.NewResourceGroupsClientWithBaseURI(environments.NewApiEndpoint("ResourceManager", s.URL, nil))
	if err != nil {
		t.Fatal(err)
	}
	connect(s, groups.Client)
	for _, status := range []int{201, 200} {
		r, err := groups.CreateOrUpdate(ctx, group, resourcegroups.ResourceGroup{Location: "westeurope"})
		if err != nil {
			t.Fatal(err)
		}
		expect(t, r.HttpResponse, status)
	}
	if r, err := groups.Get(ctx, group); err != nil || r.Model.Location != "westeurope" || *r.Model.Id != group.ID() {
		t.Errorf("the resource group: %+v, %v", r.Model, err)
	}
	if r, err := groups.CheckExistence(ctx, group); err != nil || r.HttpResponse.StatusCode != 204 {
		t.Errorf("the resource group is there: %+v, %v", r.HttpResponse, err)
	}

	id := hostpool.NewHostPoolID(s.SubscriptionID, group.ResourceGroupName, pool)
	want := hostPool()
	put := func(status int) {
		t.Helper()
		r, err := c.CreateOrUpdate(ctx, id, want)
		if err != nil {
			t.Fatal(err)
		}
		expect(t, r.HttpResponse, status)
		checkPool(t, id, r.Model, want)
	}
	put(201)
	want.Properties.MaxSessionLimit = to(int64(6))
	put(200)
	want.Properties.FriendlyName, want.Tags = to("Patched"), &map[string]string{"new": "tag"}
	patched, err := c.Update(ctx, id, hostpool.HostPoolPatch{Tags: want.Tags,
		Properties: &hostpool.HostPoolPatchProperties{FriendlyName: want.Properties.FriendlyName}})
	if err != nil {
		t.Fatal(err)
	}
	checkPool(t, id, patched.Model, want)
	got, err := c.Get(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	checkPool(t, id, got.Model, want)
	listed(t, s, c, pool)

	app := msixpackage.NewMsixPackageID(s.SubscriptionID, group.ResourceGroupName, pool, "app")
	p := properties()
	p.IsActive = to(true)
	if _, err := packages.CreateOrUpdate(ctx, app, msixpackage.MSIXPackage{Properties: p}); err != nil {
		t.Fatal(err)
	}
	held, err := c.Delete(ctx, id, hostpool.DefaultDeleteOperationOptions())
	if err == nil || !strings.Contains(err.Error(), "active packages") {
		t.Errorf("deleting a host pool with an active package: %v", err)
	}
	expect(t, held.HttpResponse, 409)
	for _, status := range []int{200, 204} {
		r, err := c.Delete(ctx, id, hostpool.DeleteOperationOptions{Force: to(true)})
		if err != nil {
			t.Fatal(err)
		}
		expect(t, r.HttpResponse, status)
	}
	listed(t, s, c)
}

// listed checks the names of all host pools of the subscription, and of the resource group.
func listed(t *testing.T, s *server.Server, c *hostpool.HostPoolClient, want ...string) {
	t.Helper()
	all, err := c.ListComplete(deadline(t), commonids.NewSubscriptionID(s.SubscriptionID), hostpool.ListOperationOptions{PageSize: to(int64(1))})
	if err != nil {
		t.Fatal(err)
	}
	in, err := c.ListByResourceGroupComplete(deadline(t), commonids.NewResourceGroupID(s.SubscriptionID, "terraform"),
		hostpool.DefaultListByResourceGroupOperationOptions())
	if err != nil {
		t.Fatal(err)
	}
	for _, items := range [][]hostpool.HostPool{all.Items, in.Items} {
		var got []string
		for _, p := range items {
			got = append(got, *p.Name)
		}
		if !slices.Equal(got, want) {
			t.Errorf("listed %v, want %v", got, want)
		}
	}
}

// TestProvider registers the namespace, as Terraform's provider does before anything else.
func TestProvider(t *testing.T) {
	s := server.Start(t)
	c, err := providers.NewProvidersClientWithBaseURI(environments.NewApiEndpoint("ResourceManager", s.URL, nil))
	if err != nil {
		t.Fatal(err)
	}
	connect(s, c.Client)
	id := providers.NewSubscriptionProviderID(s.SubscriptionID, "Microsoft.DesktopVirtualization")
	if r, err := c.Register(deadline(t), id, providers.ProviderRegistrationRequest{}); err != nil || *r.Model.RegistrationState != "Registered" {
		t.Errorf("registering: %+v, %v", r.Model, err)
	}
	r, err := c.ListComplete(deadline(t), commonids.NewSubscriptionID(s.SubscriptionID), providers.DefaultListOperationOptions())
	if err != nil || len(r.Items) == 0 || *r.Items[0].Namespace != "Microsoft.DesktopVirtualization" {
		t.Errorf("providers: %+v, %v", r.Items, err)
	}
}

// checkPool holds a host pool to what was put, but for what only the server says.
func checkPool(t *testing.T, id hostpool.HostPoolId, got *hostpool.HostPool, want hostpool.HostPool) {
	t.Helper()
	if got == nil || got.Id == nil || got.Name == nil || got.Type == nil || got.SystemData == nil || got.Etag == nil {
		t.Fatalf("got %+v", got)
	}
	if parsed, err := hostpool.ParseHostPoolIDInsensitively(*got.Id); err != nil || *parsed != id {
		t.Errorf("id %s: %v", *got.Id, err)
	}
	p := got.Properties
	if p.ObjectId == nil || p.ApplicationGroupReferences == nil || p.AppAttachPackageReferences == nil || p.CloudPcResource == nil {
		t.Errorf("what only the server says: %s", show(p))
	}
	p.ObjectId, p.ApplicationGroupReferences, p.AppAttachPackageReferences = nil, nil, nil
	p.CloudPcResource, p.PrivateEndpointConnections = nil, nil
	plain := hostpool.HostPool{Location: got.Location, Tags: got.Tags, Properties: p}
	if !reflect.DeepEqual(plain, want) {
		g, _ := json.Marshal(plain)
		w, _ := json.Marshal(want)
		t.Errorf("got\n%s, want\n%s", g, w)
	}
}
