// Package azuresdk_test drives a Berth server with Microsoft's own Azure SDK for Go, unchanged.
package azuresdk_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/desktopvirtualization/armdesktopvirtualization/v2"

	"berth.test/server"
)

const pool = "hostpool1"

// static is a credential that always has the same token.
type static string

func (s static) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: string(s), ExpiresOn: time.Now().Add(time.Hour)}, nil
}

func newClient(t *testing.T, s *server.Server, token string) *armdesktopvirtualization.MSIXPackagesClient {
	t.Helper()
	c, err := armdesktopvirtualization.NewMSIXPackagesClient(s.SubscriptionID, static(token), options(s))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// options lead the SDK to the server instead of Azure.
func options(s *server.Server) *arm.ClientOptions {
	return &arm.ClientOptions{ClientOptions: policy.ClientOptions{
		Transport:       s.Client,
		Retry:           policy.RetryOptions{MaxRetries: -1},
		PerCallPolicies: []policy.Policy{statusPolicy{}},
		Cloud: cloud.Configuration{ActiveDirectoryAuthorityHost: s.URL + "/adfs", Services: map[cloud.ServiceName]cloud.ServiceConfiguration{
			cloud.ResourceManager: {Endpoint: s.URL, Audience: s.URL}}},
	}}
}

// properties has a value of its own in every field that a client may set.
func properties() *armdesktopvirtualization.MSIXPackageProperties {
	return &armdesktopvirtualization.MSIXPackageProperties{
		DisplayName: to.Ptr("Editor <of> Contoso & friends"), ImagePath: to.Ptr(`\\files\msix\editor.vhdx`), IsActive: to.Ptr(false),
		IsRegularRegistration: to.Ptr(true), LastUpdated: to.Ptr(time.Date(2008, 9, 22, 14, 1, 54, 957124700, time.UTC)),
		PackageApplications: []*armdesktopvirtualization.MsixPackageApplications{{
			AppID: to.Ptr("App"), AppUserModelID: to.Ptr("Contoso.Editor_8wekyb3d8bbwe!App"), Description: to.Ptr("edits"),
			FriendlyName: to.Ptr("Editor"), IconImageName: to.Ptr("Apptile"), RawIcon: []byte{0, 1, 254, 255}, RawPNG: []byte("png")}},
		PackageDependencies: []*armdesktopvirtualization.MsixPackageDependencies{{
			DependencyName: to.Ptr("Microsoft.VCLibs.140.00"), MinVersion: to.Ptr("14.0.0.0"), Publisher: to.Ptr("CN=Microsoft")}},
		PackageFamilyName: to.Ptr("Contoso.Editor_8wekyb3d8bbwe"), PackageName: to.Ptr("Contoso.Editor"),
		PackageRelativePath: to.Ptr(`\MSIX\Contoso.Editor`), Version: to.Ptr("1.0.0.0"),
	}
}

func TestLifeOfAPackage(t *testing.T) {
	s := server.Start(t)
	s.AddPool(t, pool)
	c, ctx := newClient(t, s, s.Token), t.Context()
	const name = "Contoso.Editor_1.0.0.0_x64__8wekyb3d8bbwe"

	want, status := properties(), 0
	put := func() armdesktopvirtualization.MSIXPackage {
		t.Helper()
		r, err := c.CreateOrUpdate(withStatus(ctx, &status), s.ResourceGroup, pool, name, armdesktopvirtualization.MSIXPackage{Properties: want}, nil)
		if err != nil {
			t.Fatal(err)
		}
		check(t, s, r.MSIXPackage, name, want)
		return r.MSIXPackage
	}
	created := put()
	expect(t, status, 201)
	if *created.SystemData.CreatedByType != armdesktopvirtualization.CreatedByTypeApplication || time.Since(*created.SystemData.CreatedAt) > time.Minute {
		t.Errorf("system data: %+v", *created.SystemData)
	}
	want.IsActive, want.DisplayName = to.Ptr(true), to.Ptr("Editor")
	updated := put()
	expect(t, status, 200)
	if !updated.SystemData.CreatedAt.Equal(*created.SystemData.CreatedAt) || updated.SystemData.LastModifiedAt.Before(*created.SystemData.LastModifiedAt) {
		t.Errorf("system data: %+v", *updated.SystemData)
	}
	read := func() {
		t.Helper()
		r, err := c.Get(ctx, s.ResourceGroup, pool, name, nil)
		if err != nil {
			t.Fatal(err)
		}
		check(t, s, r.MSIXPackage, name, want)
	}
	read()

	want.IsActive, want.IsRegularRegistration, want.DisplayName = to.Ptr(false), to.Ptr(false), to.Ptr("Patched")
	patched, err := c.Update(withStatus(ctx, &status), s.ResourceGroup, pool, name, &armdesktopvirtualization.MSIXPackagesClientUpdateOptions{
		MsixPackage: &armdesktopvirtualization.MSIXPackagePatch{Properties: &armdesktopvirtualization.MSIXPackagePatchProperties{
			DisplayName: want.DisplayName, IsActive: want.IsActive, IsRegularRegistration: want.IsRegularRegistration}}})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, status, 200)
	check(t, s, patched.MSIXPackage, name, want)
	if _, err := c.Update(ctx, s.ResourceGroup, pool, name, nil); err != nil {
		t.Errorf("a PATCH without a body: %v", err)
	}
	read()

	for _, wantStatus := range []int{200, 204} {
		if _, err := c.Delete(withStatus(ctx, &status), s.ResourceGroup, pool, name, nil); err != nil {
			t.Fatal(err)
		}
		expect(t, status, wantStatus)
	}
	_, err = c.Get(ctx, s.ResourceGroup, pool, name, nil)
	fails(t, err, 404, "ResourceNotFound")
}

func TestList(t *testing.T) {
	s := server.Start(t)
	s.AddPool(t, pool)
	c := newClient(t, s, s.Token)
	var all []string
	for i := range 7 {
		name := fmt.Sprintf("Contoso.App%d_1.0.0.0_x64__8wekyb3d8bbwe", i)
		all = append(all, pool+"/"+name)
		if _, err := c.CreateOrUpdate(t.Context(), s.ResourceGroup, pool, name, armdesktopvirtualization.MSIXPackage{Properties: properties()}, nil); err != nil {
			t.Fatal(err)
		}
	}
	backwards := slices.Clone(all)
	slices.Reverse(backwards)
	tests := map[string]struct {
		options *armdesktopvirtualization.MSIXPackagesClientListOptions
		want    []string
		pages   int
	}{
		"as it comes":  {nil, all, 1},
		"by three":     {&armdesktopvirtualization.MSIXPackagesClientListOptions{PageSize: to.Ptr[int32](3)}, all, 3},
		"just full":    {&armdesktopvirtualization.MSIXPackagesClientListOptions{PageSize: to.Ptr[int32](7)}, all, 1},
		"from the end": {&armdesktopvirtualization.MSIXPackagesClientListOptions{PageSize: to.Ptr[int32](2), IsDescending: to.Ptr(true)}, backwards, 4},
		"skipping": {&armdesktopvirtualization.MSIXPackagesClientListOptions{PageSize: to.Ptr[int32](2), InitialSkip: to.Ptr[int32](3)},
			all[3:], 2},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			pages := 0
			for p := c.NewListPager(s.ResourceGroup, pool, tt.options); p.More(); pages++ {
				page, err := p.NextPage(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				for _, v := range page.Value {
					got = append(got, *v.Name)
				}
			}
			if !slices.Equal(got, tt.want) || pages != tt.pages {
				t.Errorf("%d pages: %v", pages, got)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	s := server.Start(t)
	s.AddPool(t, pool)
	c, ctx := newClient(t, s, s.Token), t.Context()
	body := armdesktopvirtualization.MSIXPackage{Properties: properties()}
	_, err := c.Get(ctx, "nowhere", pool, "app", nil)
	fails(t, err, 404, "ResourceGroupNotFound")
	_, err = c.CreateOrUpdate(ctx, s.ResourceGroup, "hostpool9", "app", body, nil)
	fails(t, err, 404, "ParentResourceNotFound")
	_, err = c.CreateOrUpdate(ctx, s.ResourceGroup, pool, "no", body, nil)
	fails(t, err, 400, "InvalidResourceName")
	_, err = c.CreateOrUpdate(ctx, s.ResourceGroup, pool, "app", armdesktopvirtualization.MSIXPackage{}, nil)
	fails(t, err, 400, "InvalidRequestContent")
	_, err = newClient(t, s, "bth_wrong").Get(ctx, s.ResourceGroup, pool, "app", nil)
	fails(t, err, 401, "InvalidAuthenticationToken")
	elsewhere := *s
	elsewhere.SubscriptionID = "00000000-0000-0000-0000-000000000000"
	_, err = newClient(t, &elsewhere, s.Token).Get(ctx, s.ResourceGroup, pool, "app", nil)
	fails(t, err, 404, "SubscriptionNotFound")
}

func check(t *testing.T, s *server.Server, got armdesktopvirtualization.MSIXPackage, name string, want *armdesktopvirtualization.MSIXPackageProperties) {
	t.Helper()
	const kind = "Microsoft.DesktopVirtualization/hostpools/msixpackages"
	id := "/subscriptions/" + s.SubscriptionID + "/resourcegroups/" + s.ResourceGroup + "/providers/Microsoft.DesktopVirtualization/hostpools/" +
		pool + "/msixpackages/" + name
	if *got.Name != pool+"/"+name || *got.ID != id || *got.Type != kind || got.SystemData == nil {
		t.Errorf("name %s, id %s, type %s", *got.Name, *got.ID, *got.Type)
	}
	if _, err := arm.ParseResourceID(*got.ID); err != nil {
		t.Error(err)
	}
	if !reflect.DeepEqual(got.Properties, want) {
		g, _ := got.Properties.MarshalJSON()
		w, _ := want.MarshalJSON()
		t.Errorf("got\n%s, want\n%s", g, w)
	}
}

type statusKey struct{}

// statusPolicy writes down the status of an answer for those who asked through the context.
type statusPolicy struct{}

func (statusPolicy) Do(r *policy.Request) (*http.Response, error) {
	answer, err := r.Next()
	if into, ok := r.Raw().Context().Value(statusKey{}).(*int); ok && err == nil {
		*into = answer.StatusCode
	}
	return answer, err
}

// withStatus makes the client tell the status of the answer.
func withStatus(ctx context.Context, into *int) context.Context {
	return context.WithValue(ctx, statusKey{}, into)
}

func expect(t *testing.T, status, want int) {
	t.Helper()
	if status != want {
		t.Errorf("status %d, want %d", status, want)
	}
}

func fails(t *testing.T, err error, status int, code string) {
	t.Helper()
	var r *azcore.ResponseError
	if !errors.As(err, &r) || r.StatusCode != status || r.ErrorCode != code {
		t.Errorf("got %v, want %d %s", err, status, code)
	}
}
