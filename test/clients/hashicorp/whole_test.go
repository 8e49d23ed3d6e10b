package hashicorp_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-azure-helpers/resourcemanager/commonids"
	"github.com/hashicorp/go-azure-sdk/resource-manager/desktopvirtualization/2025-10-10/appattachpackage"
	"github.com/hashicorp/go-azure-sdk/resource-manager/desktopvirtualization/2025-10-10/appattachpackageinfo"
	"github.com/hashicorp/go-azure-sdk/resource-manager/desktopvirtualization/2025-10-10/hostpool"
	"github.com/hashicorp/go-azure-sdk/resource-manager/desktopvirtualization/2025-10-10/msiximage"
	"github.com/hashicorp/go-azure-sdk/resource-manager/desktopvirtualization/2025-10-10/msixpackage"
	"github.com/hashicorp/go-azure-sdk/resource-manager/desktopvirtualization/2025-10-10/sessionhost"
	"github.com/hashicorp/go-azure-sdk/resource-manager/desktopvirtualization/2025-10-10/usersession"
	"github.com/hashicorp/go-azure-sdk/resource-manager/resources/2023-07-01/resourcegroups"
	"github.com/hashicorp/go-azure-sdk/sdk/auth"
	"github.com/hashicorp/go-azure-sdk/sdk/client"
	"github.com/hashicorp/go-azure-sdk/sdk/client/resourcemanager"
	"github.com/hashicorp/go-azure-sdk/sdk/environments"

	"berth.test/server"
)

// TestWholeWay goes the way of Terraform's provider from nothing but the address of the server and a service principal to a
// package on a host. It runs in a process of its own, which trusts the server as its machine does: this client has no other
// way.
func TestWholeWay(t *testing.T) {
	s := server.Start(t)
	for _, tenant := range []string{s.TenantID, s.TenantUUID} { // the second finds nothing that the first left behind
		c := exec.Command(os.Args[0], "-test.run=^TestWholeWayInside$", "-test.v")
		c.Env = append(s.Environment(), "BERTH_TEST_TENANT="+tenant)
		out, err := c.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "--- PASS: TestWholeWayInside") {
			t.Errorf("tenant %s: %v\n%s", tenant, err, out)
		}
	}
}

// whole is one run of the whole way.
type whole struct {
	*testing.T
	s    *server.Server
	api  environments.Api
	auth auth.Authorizer
}

func TestWholeWayInside(t *testing.T) {
	s := server.Joined(t)
	ctx := deadline(t)
	env, err := environments.FromEndpoint(ctx, s.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	authorizer, err := auth.NewAuthorizerFromCredentials(ctx, auth.Credentials{Environment: *env, TenantID: os.Getenv("BERTH_TEST_TENANT"), ClientID: s.ClientID,
		ClientSecret: s.ClientSecret, EnableAuthenticatingUsingClientSecret: true}, env.ResourceManager)
	if err != nil {
		t.Fatal(err)
	}
	// The provider asks for a token of the graph too, and reads from it who it is.
	graph, err := auth.NewAuthorizerFromCredentials(ctx, auth.Credentials{Environment: *env, TenantID: os.Getenv("BERTH_TEST_TENANT"), ClientID: s.ClientID,
		ClientSecret: s.ClientSecret, EnableAuthenticatingUsingClientSecret: true}, env.MicrosoftGraph)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := graph.Token(ctx, nil); err != nil {
		t.Errorf("a token of the graph: %v", err)
	}
	w := &whole{t, s, env.ResourceManager, authorizer}
	w.run()
}

// must fails on an error, whatever else a call returns.
func (w *whole) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *whole) run() {
	ctx, group := deadline(w.T), commonids.NewResourceGroupID(w.s.SubscriptionID, "desks")
	groups, err := resourcegroups.NewResourceGroupsClientWithBaseURI(w.api)
	w.must(err)
	groups.Client.SetAuthorizer(w.auth)
	_, err = groups.CreateOrUpdate(ctx, group, resourcegroups.ResourceGroup{Location: "westeurope"})
	w.must(err)
	pools, err := hostpool.NewHostPoolClientWithBaseURI(w.api)
	w.must(err)
	pools.Client.SetAuthorizer(w.auth)
	id := hostpool.NewHostPoolID(w.s.SubscriptionID, "desks", pool)
	made, err := pools.CreateOrUpdate(ctx, id, hostPool())
	w.must(err)
	expect(w.T, made.HttpResponse, 201)

	update := hostpool.RegistrationTokenOperationUpdate
	info := &hostpool.RegistrationInfoPatch{RegistrationTokenOperation: &update}
	info.SetExpirationTimeAsTime(time.Now().Add(5 * time.Hour).UTC())
	_, err = pools.Update(ctx, id, hostpool.HostPoolPatch{Properties: &hostpool.HostPoolPatchProperties{RegistrationInfo: info}})
	w.must(err)
	token, err := pools.RetrieveRegistrationToken(ctx, id)
	w.must(err)
	listed, err := pools.ListRegistrationTokensComplete(ctx, id)
	w.must(err)
	if token.Model.Token == nil || len(listed.Items) != 1 || *listed.Items[0].Token != *token.Model.Token {
		w.Fatalf("%+v, %+v", token.Model, listed.Items)
	}
	state := w.s.Host(w.T, "host1", *token.Model.Token)
	hosts, err := sessionhost.NewSessionHostClientWithBaseURI(w.api)
	w.must(err)
	hosts.Client.SetAuthorizer(w.auth)
	host := sessionhost.NewSessionHostID(w.s.SubscriptionID, "desks", pool, "host1")
	server.Until(w.T, "the host is available", func() bool {
		h, err := hosts.Get(ctx, host)
		return err == nil && *h.Model.Properties.Status == sessionhost.StatusAvailable
	})

	image := server.Image(w.T, w.s, w.TempDir()) // which the server does not read, but the host
	w.packages(image)
	w.appAttach(image)
	w.sessions(state)

	no := false
	patched, err := hosts.Update(ctx, host, sessionhost.SessionHostPatch{Properties: &sessionhost.SessionHostPatchProperties{AllowNewSession: &no}}, sessionhost.DefaultUpdateOperationOptions())
	w.must(err)
	if *patched.Model.Properties.AllowNewSession {
		w.Error("sessions are still allowed")
	}
	yes := true
	_, err = hosts.Delete(ctx, host, sessionhost.DeleteOperationOptions{Force: &yes})
	w.must(err)
	_, err = pools.Delete(ctx, id, hostpool.DefaultDeleteOperationOptions())
	w.must(err)
	if os.Getenv("BERTH_TEST_TENANT") == w.s.TenantID { // once: this client waits for ten seconds before it looks
		w.must(groups.DeleteThenPoll(ctx, group, resourcegroups.DefaultDeleteOperationOptions()))
	}
}

// post sends a body by the client's own means.
func (w *whole) post(c *resourcemanager.Client, path string, body, into any) {
	w.Helper()
	ctx := deadline(w.T)
	r, err := c.NewRequest(ctx, client.RequestOptions{ContentType: "application/json; charset=utf-8", ExpectedStatusCodes: []int{200}, HttpMethod: "POST", Path: path})
	w.must(err)
	w.must(r.Marshal(body))
	answer, err := r.Execute(ctx)
	w.must(err)
	w.must(answer.Unmarshal(into))
}

func (w *whole) packages(image string) {
	ctx := deadline(w.T)
	images, err := msiximage.NewMsixImageClientWithBaseURI(w.api)
	w.must(err)
	images.Client.SetAuthorizer(w.auth)
	in := msiximage.NewHostPoolID(w.s.SubscriptionID, "desks", pool)
	// This client's own method sends no body, wherever it goes; it gets a clear answer. The same client sends one when told to.
	_, err = images.ExpandComplete(ctx, in, msiximage.MSIXImageURI{Uri: &image})
	if err == nil || !strings.Contains(err.Error(), "there is no body") {
		w.Errorf("expanding without a body: %v", err)
	}
	var found struct {
		Items []msiximage.ExpandMsixImage `json:"value"`
	}
	w.post(images.Client, in.ID()+"/expandMsixImage", msiximage.MSIXImageURI{Uri: &image}, &found)
	if len(found.Items) != 1 {
		w.Fatalf("expanded %+v", found.Items)
	}
	x := found.Items[0].Properties
	c, err := msixpackage.NewMSIXPackageClientWithBaseURI(w.api)
	w.must(err)
	c.Client.SetAuthorizer(w.auth)
	id := msixpackage.NewMsixPackageID(w.s.SubscriptionID, "desks", pool, *x.PackageFullName)
	body := msixpackage.MSIXPackage{Properties: msixpackage.MSIXPackageProperties{ImagePath: x.ImagePath, PackageFamilyName: x.PackageFamilyName,
		PackageName: x.PackageName, Version: x.Version, LastUpdated: x.LastUpdated, IsActive: to(false), PackageRelativePath: x.PackageRelativePath}}
	for _, status := range []int{201, 200} {
		r, err := c.CreateOrUpdate(ctx, id, body)
		w.must(err)
		expect(w.T, r.HttpResponse, status)
		body.Properties.IsActive = to(true)
	}
	patched, err := c.Update(ctx, id, msixpackage.MSIXPackagePatch{Properties: &msixpackage.MSIXPackagePatchProperties{IsRegularRegistration: to(true)}})
	w.must(err)
	if p := patched.Model.Properties; !*p.IsActive || !*p.IsRegularRegistration || *p.LastUpdated != *x.LastUpdated {
		w.Errorf("patched %+v", p)
	}
	for i := range 4 {
		other := msixpackage.NewMsixPackageID(w.s.SubscriptionID, "desks", pool, fmt.Sprintf("App%d_1.0.0.0_x64__8wekyb3d8bbwe", i))
		_, err := c.CreateOrUpdate(ctx, other, msixpackage.MSIXPackage{Properties: properties()})
		w.must(err)
	}
	list, err := c.ListComplete(ctx, msixpackage.NewHostPoolID(w.s.SubscriptionID, "desks", pool), msixpackage.ListOperationOptions{PageSize: to(int64(2))})
	w.must(err)
	if len(list.Items) != 5 {
		w.Errorf("%d packages", len(list.Items))
	}
	for _, p := range list.Items {
		id := msixpackage.NewMsixPackageID(w.s.SubscriptionID, "desks", pool, strings.TrimPrefix(*p.Name, pool+"/"))
		r, err := c.Delete(ctx, id)
		w.must(err)
		expect(w.T, r.HttpResponse, 200)
	}
}

func (w *whole) appAttach(image string) {
	ctx := deadline(w.T)
	infos, err := appattachpackageinfo.NewAppAttachPackageInfoClientWithBaseURI(w.api)
	w.must(err)
	infos.Client.SetAuthorizer(w.auth)
	every := appattachpackageinfo.AppAttachPackageArchitecturesALL
	var found struct {
		Items []appattachpackageinfo.AppAttachPackage `json:"value"`
	}
	w.post(infos.Client, hostpool.NewHostPoolID(w.s.SubscriptionID, "desks", pool).ID()+"/importAppAttachPackageInfo",
		appattachpackageinfo.ImportPackageInfoRequest{Path: &image, PackageArchitecture: &every}, &found)
	if len(found.Items) != 1 {
		w.Fatalf("imported %+v", found.Items)
	}
	x := found.Items[0].Properties.Image
	c, err := appattachpackage.NewAppAttachPackageClientWithBaseURI(w.api)
	w.must(err)
	c.Client.SetAuthorizer(w.auth)
	id := appattachpackage.NewAppAttachPackageID(w.s.SubscriptionID, "desks", "notes")
	health := appattachpackage.FailHealthCheckOnStagingFailureUnhealthy
	body := appattachpackage.AppAttachPackage{Location: "westeurope", Properties: appattachpackage.AppAttachPackageProperties{
		Image: &appattachpackage.AppAttachPackageInfoProperties{PackageFullName: x.PackageFullName, ImagePath: x.ImagePath, IsActive: to(true),
			PackageFamilyName: x.PackageFamilyName, CertificateExpiry: x.CertificateExpiry},
		HostPoolReferences:              &[]string{hostpool.NewHostPoolID(w.s.SubscriptionID, "desks", pool).ID()},
		FailHealthCheckOnStagingFailure: &health}}
	for _, status := range []int{201, 200} {
		r, err := c.CreateOrUpdate(ctx, id, body)
		w.must(err)
		expect(w.T, r.HttpResponse, status)
		if p := r.Model.Properties; *p.Image.CertificateExpiry != *x.CertificateExpiry || !*p.Image.IsActive || (*p.HostPoolReferences)[0] != (*body.Properties.HostPoolReferences)[0] {
			w.Errorf("made %+v", p)
		}
	}
	list, err := c.ListBySubscriptionComplete(ctx, commonids.NewSubscriptionID(w.s.SubscriptionID), appattachpackage.ListBySubscriptionOperationOptions{Filter: to("HostPoolName eq '" + pool + "'")})
	w.must(err)
	if len(list.Items) != 1 {
		w.Errorf("listed %+v", list.Items)
	}
	_, err = c.Update(ctx, id, appattachpackage.AppAttachPackagePatch{Properties: &appattachpackage.AppAttachPackagePatchProperties{Image: &appattachpackage.AppAttachPackageInfoProperties{IsActive: to(false)}}})
	w.must(err)
	got, err := c.Get(ctx, id)
	w.must(err)
	if *got.Model.Properties.Image.IsActive {
		w.Error("still active")
	}
	_, err = c.Delete(ctx, id)
	w.must(err)
}

func (w *whole) sessions(state string) {
	ctx := deadline(w.T)
	w.s.Berth(w.T, "agent", "session", "open", "s1", "--state", state, "--user", "anna", "--home", w.TempDir())
	c, err := usersession.NewUserSessionClientWithBaseURI(w.api)
	w.must(err)
	c.Client.SetAuthorizer(w.auth)
	server.Until(w.T, "the session is listed", func() bool {
		list, err := c.ListByHostPoolComplete(ctx, usersession.NewHostPoolID(w.s.SubscriptionID, "desks", pool), usersession.DefaultListByHostPoolOperationOptions())
		w.must(err)
		return len(list.Items) == 1
	})
	id := usersession.NewUserSessionID(w.s.SubscriptionID, "desks", pool, "host1", "s1")
	if _, err := c.Disconnect(ctx, id); err == nil || !strings.Contains(err.Error(), "cannot be disconnected") {
		w.Errorf("disconnect: %v", err)
	}
	_, err = c.Delete(ctx, id, usersession.DefaultDeleteOperationOptions())
	w.must(err)
	server.Until(w.T, "the session has ended", func() bool {
		_, err := c.Get(ctx, id)
		return err != nil
	})
}
