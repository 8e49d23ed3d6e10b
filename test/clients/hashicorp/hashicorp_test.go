// Package hashicorp_test drives a Berth server with the client of Azure that HashiCorp's Terraform provider is built on,
// unchanged.
package hashicorp_test

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-azure-sdk/resource-manager/desktopvirtualization/2025-10-10/msixpackage"
	"github.com/hashicorp/go-azure-sdk/sdk/client/resourcemanager"
	"github.com/hashicorp/go-azure-sdk/sdk/environments"
	"golang.org/x/oauth2"

	"berth.test/server"
)

const pool = "hostpool1"

// static is an authorizer that always has the same token.
type static string

func (s static) Token(context.Context, *http.Request) (*oauth2.Token, error) {
	return &oauth2.Token{AccessToken: string(s), TokenType: "Bearer", Expiry: time.Now().Add(time.Hour)}, nil
}

func (s static) AuxiliaryTokens(context.Context, *http.Request) ([]*oauth2.Token, error) {
	return nil, nil
}

func newClient(t *testing.T, s *server.Server) *msixpackage.MSIXPackageClient {
	t.Helper()
	c, err := msixpackage.NewMSIXPackageClientWithBaseURI(environments.NewApiEndpoint("ResourceManager", s.URL, nil))
	if err != nil {
		t.Fatal(err)
	}
	connect(s, c.Client)
	return c
}

// connect makes a client sign in to the server and trust it.
func connect(s *server.Server, c *resourcemanager.Client) {
	c.SetAuthorizer(static(s.Token))
	c.SetTransport(s.Client.Transport)
}

// deadline is a context as this client demands it.
func deadline(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func to[T any](v T) *T { return &v }

// properties has a value of its own in every field that a client may set. The date has seven digits behind the second,
// as AVD writes it.
func properties() msixpackage.MSIXPackageProperties {
	return msixpackage.MSIXPackageProperties{
		DisplayName: to("Editor <of> Contoso & friends"), ImagePath: to(`\\files\msix\editor.vhdx`), IsActive: to(false),
		IsRegularRegistration: to(true), LastUpdated: to("2008-09-22T14:01:54.9571240Z"),
		PackageApplications: &[]msixpackage.MsixPackageApplications{{
			AppId: to("App"), AppUserModelID: to("Contoso.Editor_8wekyb3d8bbwe!App"), Description: to("edits"),
			FriendlyName: to("Editor"), IconImageName: to("Apptile"), RawIcon: to("AAH+/w=="), RawPng: to("cG5n")}},
		PackageDependencies: &[]msixpackage.MsixPackageDependencies{{
			DependencyName: to("Microsoft.VCLibs.140.00"), MinVersion: to("14.0.0.0"), Publisher: to("CN=Microsoft")}},
		PackageFamilyName: to("Contoso.Editor_8wekyb3d8bbwe"), PackageName: to("Contoso.Editor"),
		PackageRelativePath: to(`\MSIX\Contoso.Editor`), Version: to("1.0.0.0"),
	}
}

func TestLifeOfAPackage(t *testing.T) {
	s := server.Start(t)
	s.AddPool(t, pool)
	c, ctx := newClient(t, s), deadline(t)
	id := msixpackage.NewMsixPackageID(s.SubscriptionID, s.ResourceGroup, pool, "Contoso.Editor_1.0.0.0_x64__8wekyb3d8bbwe")
	want := properties()

	put := func(status int) {
		t.Helper()
		r, err := c.CreateOrUpdate(ctx, id, msixpackage.MSIXPackage{Properties: want})
		if err != nil {
			t.Fatal(err)
		}
		expect(t, r.HttpResponse, status)
		check(t, id, r.Model, want)
	}
	put(201)
	want.IsActive = to(true)
	put(200)
	got, err := c.Get(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	check(t, id, got.Model, want)
	if d := got.Model.SystemData; d == nil || d.CreatedByType != "Application" || d.CreatedBy == "" || d.LastModifiedAt == "" {
		t.Errorf("system data: %+v", d)
	}

	want.IsActive, want.IsRegularRegistration, want.DisplayName = to(false), to(false), to("Patched")
	patched, err := c.Update(ctx, id, msixpackage.MSIXPackagePatch{Properties: &msixpackage.MSIXPackagePatchProperties{
		DisplayName: want.DisplayName, IsActive: want.IsActive, IsRegularRegistration: want.IsRegularRegistration}})
	if err != nil {
		t.Fatal(err)
	}
	check(t, id, patched.Model, want)

	for _, status := range []int{200, 204} {
		r, err := c.Delete(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		expect(t, r.HttpResponse, status)
	}
	gone, err := c.Get(ctx, id)
	if err == nil || !strings.Contains(err.Error(), "ResourceNotFound") {
		t.Errorf("reading what was deleted: %v", err)
	}
	expect(t, gone.HttpResponse, 404)
}

func TestList(t *testing.T) {
	s := server.Start(t)
	s.AddPool(t, pool)
	c, ctx := newClient(t, s), deadline(t)
	var all []string
	for i := range 7 {
		id := msixpackage.NewMsixPackageID(s.SubscriptionID, s.ResourceGroup, pool, fmt.Sprintf("Contoso.App%d_1.0.0.0_x64__8wekyb3d8bbwe", i))
		all = append(all, pool+"/"+id.MsixPackageName)
		if _, err := c.CreateOrUpdate(ctx, id, msixpackage.MSIXPackage{Properties: properties()}); err != nil {
			t.Fatal(err)
		}
	}
	backwards := slices.Clone(all)
	slices.Reverse(backwards)
	tests := map[string]struct {
		options msixpackage.ListOperationOptions
		want    []string
	}{
		"as it comes":  {msixpackage.ListOperationOptions{}, all},
		"by three":     {msixpackage.ListOperationOptions{PageSize: to(int64(3))}, all},
		"from the end": {msixpackage.ListOperationOptions{PageSize: to(int64(2)), IsDescending: to(true)}, backwards},
		"skipping":     {msixpackage.ListOperationOptions{PageSize: to(int64(2)), InitialSkip: to(int64(3))}, all[3:]},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r, err := c.ListComplete(ctx, msixpackage.NewHostPoolID(s.SubscriptionID, s.ResourceGroup, pool), tt.options)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, v := range r.Items {
				got = append(got, *v.Name)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %v", got)
			}
		})
	}
}

// TestMissing does without the cases that this client repeats for minutes, such as 404 on a parent that may yet appear.
func TestMissing(t *testing.T) {
	s := server.Start(t)
	s.AddPool(t, pool)
	c, ctx := newClient(t, s), deadline(t)
	id := msixpackage.NewMsixPackageID(s.SubscriptionID, s.ResourceGroup, pool, "no")
	r, err := c.CreateOrUpdate(ctx, id, msixpackage.MSIXPackage{Properties: properties()})
	if err == nil || !strings.Contains(err.Error(), "InvalidResourceName") {
		t.Errorf("a name that is too short: %v", err)
	}
	expect(t, r.HttpResponse, 400)
}

func check(t *testing.T, id msixpackage.MsixPackageId, got *msixpackage.MSIXPackage, want msixpackage.MSIXPackageProperties) {
	t.Helper()
	if got == nil || got.Id == nil || got.Name == nil || got.Type == nil {
		t.Fatalf("got %+v", got)
	}
	if parsed, err := msixpackage.ParseMsixPackageIDInsensitively(*got.Id); err != nil || *parsed != id {
		t.Errorf("id %s: %v", *got.Id, err)
	}
	if *got.Name != pool+"/"+id.MsixPackageName || *got.Type != "Microsoft.DesktopVirtualization/hostpools/msixpackages" {
		t.Errorf("name %s, type %s", *got.Name, *got.Type)
	}
	if !reflect.DeepEqual(got.Properties, want) {
		t.Errorf("got %s, want %s", show(got.Properties), show(want))
	}
}

// show writes down what the pointers of a struct point at.
func show(v any) string {
	b := &strings.Builder{}
	value := reflect.ValueOf(v)
	for i := range value.NumField() {
		f := reflect.Indirect(value.Field(i))
		if f.IsValid() {
			fmt.Fprintf(b, "%s: %v, ", value.Type().Field(i).Name, f.Interface())
		}
	}
	return b.String()
}

func expect(t *testing.T, r *http.Response, status int) {
	t.Helper()
	if r == nil || r.StatusCode != status {
		t.Errorf("got %+v, want status %d", r, status)
	}
}
