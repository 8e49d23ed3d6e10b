package control_test

import (
	"context"
	"slices"
	"testing"

	"berth"
	"berth/auth"
	"berth/wire"
)

const goodPassword = "correct horse battery"

// person is a user with the roles, and somebody signed in as that user.
func (f *farm) person(by context.Context, name string, roles ...berth.Grant) context.Context {
	f.t.Helper()
	_, err := f.CreateUser(by, wire.CreateUser{Name: name, Password: goodPassword, Roles: roles})
	f.must(err)
	in, err := f.SignIn(context.Background(), wire.SignInRequest{Name: name, Password: goodPassword}, "cli")
	f.must(err)
	p, err := f.Authenticate(context.Background(), in.Text)
	f.must(err)
	p.Face = "cli"
	return auth.With(context.Background(), p)
}

func in(site string, role berth.Role) berth.Grant { return berth.Grant{Site: site, Role: role} }

func userNames(us []berth.User) (names []string) {
	for _, u := range us {
		names = append(names, u.Name)
	}
	return names
}

// TestSiteOwners: an owner of a site manages its users, and reaches nobody's rights elsewhere through them.
func TestSiteOwners(t *testing.T) {
	f := newFarm(t)
	_, err := f.CreateSite(f.owner, berth.Site{Name: "lab"})
	f.must(err)
	mia := f.person(f.owner, "mia", in("main", berth.RoleOwner))
	f.person(f.owner, "lars", in("lab", berth.RoleContributor), in("main", berth.RoleReader))
	f.person(f.owner, "fred", in("lab", berth.RoleOwner))
	f.person(f.owner, "boss", berth.Grant{Role: berth.RoleOwner})
	f.person(mia, "nina", in("main", berth.RoleContributor))

	us, err := f.Users(mia)
	f.must(err)
	if got := userNames(us); !slices.Equal(got, []string{"lars", "mia", "nina"}) {
		t.Errorf("mia sees %v", got)
	}
	if i := slices.IndexFunc(us, func(u berth.User) bool { return u.Name == "lars" }); len(us[i].Roles) != 1 || us[i].Roles[0].Site != "main" {
		t.Errorf("of lars she sees %+v", us[i].Roles)
	}
	if nina, err := f.User(mia, "nina"); err != nil || nina.Home != "main" {
		t.Errorf("%+v, %v", nina, err)
	}
	roles := func(g ...berth.Grant) wire.EditUser { return wire.EditUser{Roles: &g} }
	name, off := "x", true
	for what, tt := range map[string]struct {
		do   func() error
		kind berth.Kind
	}{
		"a role elsewhere":  {func() error { _, err := f.EditUser(mia, "nina", roles(in("lab", berth.RoleReader))); return err }, berth.Forbidden},
		"a role everywhere": {func() error { _, err := f.EditUser(mia, "nina", roles(in("", berth.RoleReader))); return err }, berth.Forbidden},
		"a user elsewhere":  {func() error { _, err := f.User(mia, "fred"); return err }, berth.Forbidden},
		"nobody":            {func() error { _, err := f.User(mia, "ghost"); return err }, berth.Forbidden},
		"rename lars":       {func() error { _, err := f.EditUser(mia, "lars", wire.EditUser{DisplayName: &name}); return err }, berth.Forbidden},
		"disable lars":      {func() error { _, err := f.EditUser(mia, "lars", wire.EditUser{Disabled: &off}); return err }, berth.Forbidden},
		"remove lars":       {func() error { return f.RemoveUser(mia, "lars") }, berth.Forbidden},
		"password of lars":  {func() error { return f.SetPassword(mia, "lars", wire.SetPassword{Password: goodPassword + "!"}) }, berth.Forbidden},
		"password of boss":  {func() error { return f.SetPassword(mia, "boss", wire.SetPassword{Password: goodPassword + "!"}) }, berth.Forbidden},
		"make without a role": {func() error {
			_, err := f.CreateUser(mia, wire.CreateUser{Name: "zoe", Password: goodPassword})
			return err
		}, berth.Invalid},
		"make with all roles": {func() error {
			_, err := f.CreateUser(mia, wire.CreateUser{Name: "zoe", Password: goodPassword, Roles: []berth.Grant{{Role: berth.RoleOwner}}})
			return err
		}, berth.Forbidden},
		"give up her own":       {func() error { _, err := f.EditUser(mia, "mia", roles(in("main", berth.RoleReader))); return err }, berth.Conflict},
		"make a site":           {func() error { _, err := f.CreateSite(mia, berth.Site{Name: "new"}); return err }, berth.Forbidden},
		"service principals":    {func() error { _, err := f.Clients(mia); return err }, berth.Forbidden},
		"sessions of others":    {func() error { _, err := f.Sessions(mia, true); return err }, berth.Forbidden},
		"tokens of the farm":    {func() error { _, err := f.Credentials(mia, berth.CredentialToken, ""); return err }, berth.Forbidden},
		"tokens of other sites": {func() error { _, err := f.Credentials(mia, berth.CredentialToken, "lab"); return err }, berth.Forbidden},
	} {
		before := len(f.refusedSoFar())
		err := tt.do()
		if berth.ErrorKind(err) != tt.kind {
			t.Errorf("%s: %v, want %v", what, err, tt.kind)
		}
		if tt.kind == berth.Forbidden && len(f.refusedSoFar()) == before {
			t.Errorf("%s: the refusal is not in the audit", what)
		}
	}
	// What she may: give somebody from elsewhere a role here, without touching the others; and manage her own people.
	_, err = f.EditUser(mia, "fred", roles(in("main", berth.RoleReader)))
	f.must(err)
	if fred, err := f.User(f.owner, "fred"); err != nil || len(fred.Roles) != 2 {
		t.Errorf("fred: %+v, %v", fred.Roles, err)
	}
	_, err = f.EditUser(mia, "lars", roles())
	f.must(err)
	if lars, err := f.User(f.owner, "lars"); err != nil || len(lars.Roles) != 1 || lars.Roles[0].Site != "lab" {
		t.Errorf("lars: %+v, %v", lars.Roles, err)
	}
	f.must(f.SetPassword(mia, "nina", wire.SetPassword{Password: goodPassword + "!"}))
	_, err = f.Credentials(mia, berth.CredentialToken, "main")
	f.must(err)
	// Once the farm gives nina more, her account is the farm's to manage.
	_, err = f.EditUser(f.owner, "nina", roles(in("main", berth.RoleContributor), in("lab", berth.RoleReader)))
	f.must(err)
	wantKind(t, f.SetPassword(mia, "nina", wire.SetPassword{Password: goodPassword}), berth.Forbidden)
	wantKind(t, f.RemoveUser(mia, "nina"), berth.Forbidden)
	_, err = f.EditUser(f.owner, "nina", roles(in("main", berth.RoleContributor)))
	f.must(err)
	f.must(f.RemoveUser(mia, "nina"))
}

// refusedSoFar are the refusals in the audit of the farm.
func (f *farm) refusedSoFar() (entries []berth.AuditEntry) {
	f.t.Helper()
	all, err := f.FarmAudit(f.owner, berth.AuditQuery{})
	f.must(err)
	for _, e := range all {
		if e.Refused != "" {
			entries = append(entries, e)
		}
	}
	return entries
}
