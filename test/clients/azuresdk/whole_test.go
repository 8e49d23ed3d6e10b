package azuresdk_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	avd "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/desktopvirtualization/armdesktopvirtualization/v2"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armresources"

	"berth.test/server"
)

// signIn is Microsoft's own sign-in of service principals, against the server's authority.
func signIn(t *testing.T, s *server.Server, tenant string) azcore.TokenCredential {
	t.Helper()
	o := &azidentity.ClientSecretCredentialOptions{ClientOptions: options(s).ClientOptions, DisableInstanceDiscovery: true}
	if tenant == "adfs" {
		o.DisableInstanceDiscovery = false // not needed for this sort of authority
	}
	o.Cloud.ActiveDirectoryAuthorityHost = s.Endpoint
	c, err := azidentity.NewClientSecretCredential(tenant, s.ClientID, s.ClientSecret, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// all gathers every page of a list.
func all[P, T any](t *testing.T, p *runtime.Pager[P], values func(P) []T) (out []T, pages int) {
	t.Helper()
	for ; p.More(); pages++ {
		page, err := p.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, values(page)...)
	}
	return out, pages
}

// TestWholeWay goes the way of a script from nothing but the bootstrap file to a package on a host, once with each
// api-version and once with each form of the tenant.
func TestWholeWay(t *testing.T) {
	for name, tt := range map[string]struct {
		version string
		tenant  func(*server.Server) string
	}{
		"own version": {"", func(s *server.Server) string { return s.TenantID }},
		"2025-10-10":  {"2025-10-10", func(s *server.Server) string { return s.TenantUUID }},
	} {
		t.Run(name, func(t *testing.T) {
			s := server.Start(t)
			o := options(s)
			o.APIVersion = tt.version
			wholeWay(t, s, signIn(t, s, tt.tenant(s)), o)
		})
	}
}

func wholeWay(t *testing.T, s *server.Server, cred azcore.TokenCredential, o *arm.ClientOptions) {
	ctx, status := t.Context(), 0
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	plain := *o
	plain.APIVersion = ""
	groups, err := armresources.NewResourceGroupsClient(s.SubscriptionID, cred, &plain)
	must(err)
	_, err = groups.CreateOrUpdate(withStatus(ctx, &status), "desks", armresources.ResourceGroup{Location: to.Ptr("westeurope")}, nil)
	must(err)
	expect(t, status, 201)
	f, err := avd.NewClientFactory(s.SubscriptionID, cred, o)
	must(err)

	// A host pool, its registration token, and a host that enrols with it.
	pools := f.NewHostPoolsClient()
	_, err = pools.CreateOrUpdate(withStatus(ctx, &status), "desks", pool, hostPool(), nil)
	must(err)
	expect(t, status, 201)
	expires := time.Now().Add(4 * time.Hour)
	patched, err := pools.Update(ctx, "desks", pool, &avd.HostPoolsClientUpdateOptions{HostPool: &avd.HostPoolPatch{Properties: &avd.HostPoolPatchProperties{
		RegistrationInfo: &avd.RegistrationInfoPatch{ExpirationTime: &expires, RegistrationTokenOperation: to.Ptr(avd.RegistrationTokenOperationUpdate)}}}})
	must(err)
	token, err := pools.RetrieveRegistrationToken(ctx, "desks", pool, nil)
	must(err)
	if info := patched.Properties.RegistrationInfo; info.Token == nil || token.Token == nil || *token.Token != *info.Token || !token.ExpirationTime.Equal(expires.Truncate(time.Nanosecond*100)) && token.ExpirationTime.Sub(expires).Abs() > time.Second {
		t.Errorf("tokens %+v and %+v", info, token.RegistrationInfo)
	}
	listed, err := pools.ListRegistrationTokens(ctx, "desks", pool, nil)
	must(err)
	if len(listed.Value) != 1 || *listed.Value[0].Token != *token.Token {
		t.Errorf("listed %+v", listed.Value)
	}
	state := s.Host(t, "host1", *token.Token)
	hosts := f.NewSessionHostsClient()
	server.Until(t, "the session host is available", func() bool {
		h, err := hosts.Get(ctx, "desks", pool, "host1", nil)
		return err == nil && *h.Properties.Status == avd.StatusAvailable && h.Properties.AgentVersion != nil && *h.Properties.AgentVersion != ""
	})

	// An image below the server's folder is read there, one that only hosts reach by a host.
	image := server.Image(t, s, s.Dir)
	elsewhere := server.Image(t, s, t.TempDir())
	for _, path := range []string{image, elsewhere} {
		found, _ := all(t, f.NewMsixImagesClient().NewExpandPager("desks", pool, avd.MSIXImageURI{URI: &path}, nil),
			func(p avd.MsixImagesClientExpandResponse) []*avd.ExpandMsixImage { return p.Value })
		if len(found) != 1 || *found[0].Properties.PackageName != server.PackageName || *found[0].Properties.ImagePath != path || *found[0].Properties.CertificateName != "Contoso" {
			t.Fatalf("expanding %s: %+v", path, found)
		}
	}
	missing := s.Dir + "/missing.vhdx"
	_, err = f.NewMsixImagesClient().NewExpandPager("desks", pool, avd.MSIXImageURI{URI: &missing}, nil).NextPage(ctx)
	fails(t, err, 400, "400")
	if !strings.Contains(err.Error(), "Session Host: host1, Error: ") {
		t.Errorf("the error does not name the host: %v", err)
	}

	// What was expanded is put, made active, and comes to the host.
	found, _ := all(t, f.NewMsixImagesClient().NewExpandPager("desks", pool, avd.MSIXImageURI{URI: &image}, nil),
		func(p avd.MsixImagesClientExpandResponse) []*avd.ExpandMsixImage { return p.Value })
	x := found[0].Properties
	packages, full := f.NewMSIXPackagesClient(), *x.PackageFullName
	body := avd.MSIXPackage{Properties: &avd.MSIXPackageProperties{DisplayName: x.DisplayName, ImagePath: x.ImagePath, IsActive: to.Ptr(false),
		IsRegularRegistration: to.Ptr(true), LastUpdated: x.LastUpdated, PackageApplications: x.PackageApplications, PackageDependencies: x.PackageDependencies,
		PackageFamilyName: x.PackageFamilyName, PackageName: x.PackageName, PackageRelativePath: x.PackageRelativePath, Version: x.Version}}
	_, err = packages.CreateOrUpdate(withStatus(ctx, &status), "desks", pool, full, body, nil)
	must(err)
	expect(t, status, 201)
	body.Properties.IsActive = to.Ptr(true)
	made, err := packages.CreateOrUpdate(withStatus(ctx, &status), "desks", pool, full, body, nil)
	must(err)
	expect(t, status, 200)
	if !*made.Properties.IsActive {
		t.Error("not active")
	}
	var site struct {
		Items []struct {
			FullName string
			Status   struct{ Name string }
		}
	}
	server.Until(t, "the package is ready on the host, or fails for its certificate", func() bool {
		must(s.Get(ctx, "/api/v1/sites/desks/status", &site))
		return len(site.Items) == 1 && site.Items[0].FullName == full && site.Items[0].Status.Name != "Not applied"
	})
	_, err = packages.Update(ctx, "desks", pool, full, &avd.MSIXPackagesClientUpdateOptions{MsixPackage: &avd.MSIXPackagePatch{
		Properties: &avd.MSIXPackagePatchProperties{IsActive: to.Ptr(false), DisplayName: to.Ptr("Patched")}}})
	must(err)
	for i := range 5 {
		_, err := packages.CreateOrUpdate(ctx, "desks", pool, fmt.Sprintf("App%d_1.0.0.0_x64__8wekyb3d8bbwe", i), avd.MSIXPackage{Properties: properties()}, nil)
		must(err)
	}
	six, pages := all(t, packages.NewListPager("desks", pool, &avd.MSIXPackagesClientListOptions{PageSize: to.Ptr[int32](2)}),
		func(p avd.MSIXPackagesClientListResponse) []*avd.MSIXPackage { return p.Value })
	if len(six) != 6 || pages != 3 {
		t.Errorf("%d packages on %d pages", len(six), pages)
	}
	for _, p := range six {
		_, err := packages.Delete(withStatus(ctx, &status), "desks", pool, (*p.Name)[len(pool)+1:], nil)
		must(err)
		expect(t, status, 200)
	}

	appAttach(t, s, f, image)
	userSession(t, s, f, state)

	_, err = hosts.Update(ctx, "desks", pool, "host1", &avd.SessionHostsClientUpdateOptions{SessionHost: &avd.SessionHostPatch{
		Properties: &avd.SessionHostPatchProperties{AllowNewSession: to.Ptr(false)}}})
	must(err)
	h, err := hosts.Get(ctx, "desks", pool, "host1", nil)
	must(err)
	if *h.Properties.AllowNewSession || *h.Name != pool+"/host1" {
		t.Errorf("%+v", h.Properties)
	}
	_, err = hosts.Delete(ctx, "desks", pool, "host1", &avd.SessionHostsClientDeleteOptions{Force: to.Ptr(true)})
	must(err)
	_, err = pools.Delete(withStatus(ctx, &status), "desks", pool, nil)
	must(err)
	expect(t, status, 200)
	gone, err := groups.BeginDelete(ctx, "desks", nil)
	must(err)
	_, err = gone.PollUntilDone(ctx, nil)
	must(err)
}

// appAttach imports a package, offers it from the pool and takes it back.
func appAttach(t *testing.T, s *server.Server, f *avd.ClientFactory, image string) {
	t.Helper()
	ctx, status := t.Context(), 0
	found, _ := all(t, f.NewAppAttachPackageInfoClient().NewImportPager("desks", pool, avd.ImportPackageInfoRequest{Path: &image,
		PackageArchitecture: to.Ptr(avd.AppAttachPackageArchitecturesX64)}, nil),
		func(p avd.AppAttachPackageInfoClientImportResponse) []*avd.AppAttachPackage { return p.Value })
	if len(found) != 1 {
		t.Fatalf("imported %+v", found)
	}
	c := f.NewAppAttachPackageClient()
	info := found[0].Properties.Image
	info.IsActive = to.Ptr(true)
	want := avd.AppAttachPackage{Location: to.Ptr("westeurope"), Tags: map[string]*string{"a": to.Ptr("b")}, Properties: &avd.AppAttachPackageProperties{
		Image: info, FailHealthCheckOnStagingFailure: to.Ptr(avd.FailHealthCheckOnStagingFailureNeedsAssistance),
		HostPoolReferences: []*string{to.Ptr("/subscriptions/" + s.SubscriptionID + "/resourceGroups/desks/providers/Microsoft.DesktopVirtualization/hostPools/" + pool)}}}
	made, err := c.CreateOrUpdate(withStatus(ctx, &status), "desks", "notes", want, nil)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, status, 201)
	if *made.Properties.ProvisioningState != avd.ProvisioningStateSucceeded || !*made.Properties.Image.IsActive || *made.Properties.Image.PackageFullName != *info.PackageFullName {
		t.Errorf("%+v", made.Properties)
	}
	listed, _ := all(t, c.NewListByResourceGroupPager("desks", &avd.AppAttachPackageClientListByResourceGroupOptions{Filter: to.Ptr("HostPoolName eq '" + pool + "'")}),
		func(p avd.AppAttachPackageClientListByResourceGroupResponse) []*avd.AppAttachPackage { return p.Value })
	if len(listed) != 1 {
		t.Errorf("listed %+v", listed)
	}
	patched, err := c.Update(ctx, "desks", "notes", &avd.AppAttachPackageClientUpdateOptions{AppAttachPackagePatch: &avd.AppAttachPackagePatch{
		Properties: &avd.AppAttachPackagePatchProperties{HostPoolReferences: []*string{}}}})
	if err != nil || len(patched.Properties.HostPoolReferences) != 0 {
		t.Errorf("%+v %v", patched.Properties, err)
	}
	for _, want := range []int{200, 204} {
		if _, err := c.Delete(withStatus(ctx, &status), "desks", "notes", nil); err != nil {
			t.Fatal(err)
		}
		expect(t, status, want)
	}
}

// userSession opens a session on the host as a login hook does, and ends it from afar.
func userSession(t *testing.T, s *server.Server, f *avd.ClientFactory, state string) {
	t.Helper()
	ctx, c := t.Context(), f.NewUserSessionsClient()
	s.Berth(t, "agent", "session", "open", "s1", "--state", state, "--user", "anna", "--home", t.TempDir())
	server.Until(t, "the session is listed", func() bool {
		list, _ := all(t, c.NewListByHostPoolPager("desks", pool, &avd.UserSessionsClientListByHostPoolOptions{Filter: to.Ptr("userPrincipalName eq 'anna'")}),
			func(p avd.UserSessionsClientListByHostPoolResponse) []*avd.UserSession { return p.Value })
		return len(list) == 1 && *list[0].Name == pool+"/host1/s1"
	})
	_, err := c.Disconnect(ctx, "desks", pool, "host1", "s1", nil)
	fails(t, err, 400, "400")
	_, err = c.SendMessage(ctx, "desks", pool, "host1", "s1", &avd.UserSessionsClientSendMessageOptions{SendMessage: &avd.SendMessage{MessageTitle: to.Ptr("t"), MessageBody: to.Ptr("b")}})
	fails(t, err, 400, "400") // it has no terminal
	if _, err := c.Delete(ctx, "desks", pool, "host1", "s1", &avd.UserSessionsClientDeleteOptions{Force: to.Ptr(true)}); err != nil {
		t.Fatal(err)
	}
	server.Until(t, "the session has ended", func() bool {
		_, err := c.Get(ctx, "desks", pool, "host1", "s1", nil)
		return err != nil
	})
}

// TestWrongSecret holds what a client is told that gives a wrong secret.
func TestWrongSecret(t *testing.T) {
	s := server.Start(t)
	s.ClientSecret = "wrong"
	c, err := avd.NewHostPoolsClient(s.SubscriptionID, signIn(t, s, s.TenantID), options(s))
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Get(t.Context(), s.ResourceGroup, pool, nil)
	if err == nil || !strings.Contains(err.Error(), "invalid_client") {
		t.Errorf("%v", err)
	}
	var audit struct {
		Items []struct{ Action, Refused string }
	}
	if err := s.Get(t.Context(), "/api/v1/audit?limit=5", &audit); err != nil {
		t.Fatal(err)
	}
	text, _ := json.Marshal(audit)
	if !strings.Contains(string(text), "sign in") || !strings.Contains(string(text), "wrong") {
		t.Errorf("the refusal is not in the audit: %s", text)
	}
}
