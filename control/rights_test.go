package control_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"berth"
	"berth/control"
	"berth/wire"
)

// useCase is one use case with valid input, so that only the right can be in its way.
type useCase struct {
	name string
	need berth.Role
	farm bool // of the farm as a whole, not of a site
	do   func(context.Context) error
}

func useCases(f *farm) []useCase {
	d := control.Declare{Site: "main", Pool: "hp1", FullName: notesOne, Properties: []byte("{}"), Package: berth.Package{FamilyName: family}}
	reader, contributor, owner := berth.RoleReader, berth.RoleContributor, berth.RoleOwner
	ignore := func(_ any, err error) error { return err }
	found := func(_ any, err error) error { // who may look, may find nothing
		if berth.IsNotFound(err) {
			return nil
		}
		return err
	}
	return []useCase{
		{"CreateSite", owner, true, func(c context.Context) error { return ignore(f.CreateSite(c, berth.Site{Name: "other"})) }},
		{"Site", reader, false, func(c context.Context) error { return ignore(f.Site(c, "main")) }},
		{"Settings", reader, false, func(c context.Context) error { _, _, err := f.Settings(c, "main"); return err }},
		{"EditSettings", contributor, false, func(c context.Context) error {
			return ignore(f.EditSettings(c, "main", control.SettingsEdit{Enabled: new(true)}))
		}},
		{"RenameTag", contributor, false, func(c context.Context) error { return ignore(f.RenameTag(c, "main", "custom", "Beta")) }},
		{"Audit", reader, false, func(c context.Context) error { return ignore(f.Audit(c, berth.AuditQuery{Site: "main"})) }},
		{"AddPackage", contributor, false, func(c context.Context) error {
			return ignore(f.AddPackage(c, control.NewPackage{Site: "main", ImagePath: f.image("9")}))
		}},
		{"Package", reader, false, func(c context.Context) error { _, _, err := f.Package(c, "main", notesOne); return err }},
		{"Packages", reader, false, func(c context.Context) error { return ignore(f.Packages(c, "main", "", 0)) }},
		{"EditPackage", contributor, false, func(c context.Context) error {
			return ignore(f.EditPackage(c, "main", notesOne, control.PackageEdit{}))
		}},
		{"TagPackage", contributor, false, func(c context.Context) error {
			return ignore(f.TagPackage(c, "main", notesOne, "custom", true))
		}},
		{"UntagPackage", contributor, false, func(c context.Context) error { return ignore(f.UntagPackage(c, "main", notesOne, "custom")) }},
		{"Hosts", reader, false, func(c context.Context) error { return ignore(f.Hosts(c, "main", "", 0)) }},
		{"Host", reader, false, func(c context.Context) error { return ignore(f.Host(c, "main", "h1")) }},
		{"RetryHost", contributor, false, func(c context.Context) error { return f.RetryHost(c, "main", "h1") }},
		{"Pools", reader, false, func(c context.Context) error { return ignore(f.Pools(c, "main")) }},
		{"AddPool", contributor, false, func(c context.Context) error {
			return ignore(f.AddPool(c, "main", berth.Pool{Name: "Another", Kind: berth.KindVDI}, false))
		}},
		{"SetHostPool", contributor, false, func(c context.Context) error { return f.SetHostPool(c, "main", "h1", "") }},
		{"Assignments", reader, false, func(c context.Context) error { return ignore(f.Assignments(c, "main", rdsh)) }},
		{"Assign", contributor, false, func(c context.Context) error { return ignore(f.Assign(c, "main", rdsh, exactly("1"))) }},
		{"Unassign", contributor, false, func(c context.Context) error { return ignore(f.Unassign(c, "main", rdsh, family)) }},
		{"Inherit", contributor, false, func(c context.Context) error { return ignore(f.Inherit(c, "main", hostOf("h1"), false)) }},
		{"AskPreflight", contributor, false, func(c context.Context) error { return ignore(f.AskPreflight(c, "main", "h1", notesOne)) }},
		{"Preflight", reader, false, func(c context.Context) error {
			return ignore(f.Preflight(c, "main", "h1", f.ask("h1", notesOne).ID))
		}},
		{"Statuses", reader, false, func(c context.Context) error { return ignore(f.Statuses(c, "main", control.StatusQuery{})) }},
		{"Changes", reader, false, func(c context.Context) error { return ignore(f.Changes(c, "main")) }},
		{"Apply", contributor, false, func(c context.Context) error { _, _, err := f.Apply(c, "main", nil); return err }},
		{"Discard", contributor, false, func(c context.Context) error { return ignore(f.Discard(c, "main", nil)) }},
		{"Declare", contributor, false, func(c context.Context) error { _, _, err := f.Declare(c, d); return err }},
		{"DeclaredPackage", reader, false, func(c context.Context) error { return ignore(f.DeclaredPackage(c, "main", "hp1", notesOne)) }},
		{"DeclaredPackages", reader, false, func(c context.Context) error {
			return ignore(f.DeclaredPackages(c, "main", "hp1", control.DeclaredQuery{}))
		}},
		{"RegistrationTokens", owner, false, func(c context.Context) error { return ignore(f.RegistrationTokens(c, "main", "hp1")) }},
		{"NewRegistrationToken", owner, false, func(c context.Context) error {
			return ignore(f.NewRegistrationToken(c, "main", "hp1", f.clock.now().Add(2*time.Hour)))
		}},
		{"EndRegistrationTokens", owner, false, func(c context.Context) error { return f.EndRegistrationTokens(c, "main", "hp1") }},
		{"CheckRegistration", owner, false, func(c context.Context) error { return f.CheckRegistration(c, "main", time.Time{}) }},
		{"ExpandImage", contributor, false, func(c context.Context) error { return ignore(f.ExpandImage(c, "main", "hp1", f.image("9"))) }},
		{"SessionHosts", reader, false, func(c context.Context) error { return ignore(f.SessionHosts(c, "main", "hp1")) }},
		{"SessionHost", reader, false, func(c context.Context) error { return found(f.SessionHost(c, "main", "hp1", "h1")) }},
		{"EditSessionHost", contributor, false, func(c context.Context) error {
			return found(f.EditSessionHost(c, "main", "hp1", "h1", nil))
		}},
		{"RemoveSessionHost", contributor, false, func(c context.Context) error { return ignore(f.RemoveSessionHost(c, "main", "hp1", "h9", false)) }},
		{"AskSession", contributor, false, func(c context.Context) error {
			return found(0, f.AskSession(c, "main", "hp1", "h1", control.SessionAsk{Session: "1", What: control.LogOff}))
		}},
		{"PutAppAttach", contributor, false, func(c context.Context) error {
			_, _, err := f.PutAppAttach(c, "main", "app", func(*control.AppAttach) (control.AppAttachSaid, error) {
				return control.AppAttachSaid{Document: []byte(`{}`)}, nil
			})
			return err
		}},
		{"AppAttachPackage", reader, false, func(c context.Context) error { return found(f.AppAttachPackage(c, "main", "none")) }},
		{"AppAttachPackages", reader, false, func(c context.Context) error { return ignore(f.AppAttachPackages(c, "main")) }},
		{"Offered", reader, false, func(c context.Context) error { return ignore(f.Offered(c, "main")) }},
		{"RemoveAppAttach", contributor, false, func(c context.Context) error { return ignore(f.RemoveAppAttach(c, "main", "app")) }},
		{"SiteSaid", reader, false, func(c context.Context) error { return ignore(f.SiteSaid(c, "main")) }},
		{"DescribeSite", contributor, false, func(c context.Context) error { return f.DescribeSite(c, "main", []byte(`{}`)) }},
		{"RemoveSite", owner, true, func(c context.Context) error {
			if err := f.RemoveSite(c, "main"); berth.ErrorKind(err) != berth.Conflict {
				return err // it is not empty; who may not, is told so first
			}
			return nil
		}},
		{"Undeclare", contributor, false, func(c context.Context) error { return ignore(f.Undeclare(c, "main", "hp1", notesOne)) }},
		{"Export", reader, false, func(c context.Context) error { return ignore(f.Export(c, "main")) }},
		{"Plan", contributor, false, func(c context.Context) error {
			return ignore(f.Plan(c, "main", document(), control.DocumentOptions{}))
		}},
		{"ApplyDocument", contributor, false, func(c context.Context) error {
			return ignore(f.ApplyDocument(c, "main", document(), control.DocumentOptions{}))
		}},
		{"CreateToken", owner, true, func(c context.Context) error {
			return ignore(f.CreateToken(c, wire.CreateToken{Name: "t", Role: berth.RoleReader}))
		}},
		{"CreateToken of a site", owner, false, func(c context.Context) error {
			return ignore(f.CreateToken(c, wire.CreateToken{Name: "t", Role: berth.RoleReader, Site: "main"}))
		}},
		{"CreateEnrollKey", owner, false, func(c context.Context) error {
			return ignore(f.CreateEnrollKey(c, "main", wire.CreateEnrollKey{Kind: berth.KindAVD, Pool: "hp1"}))
		}},
		{"Credentials", owner, false, func(c context.Context) error {
			return ignore(f.Credentials(c, berth.CredentialEnroll, "main"))
		}},
		{"Revoke", owner, false, func(c context.Context) error {
			return f.Revoke(c, f.key("main", wire.CreateEnrollKey{Kind: berth.KindRDSH}).ID)
		}},
		{"AddPublication", contributor, false, func(c context.Context) error {
			return ignore(f.AddPublication(c, "main", berth.Publication{Name: "N", Family: family, Application: "App", Hosts: []string{"h1"}}))
		}},
		{"EditPublication", contributor, false, func(c context.Context) error {
			return ignore(f.EditPublication(c, "main", "Kept", control.PublicationEdit{}))
		}},
		{"Publication", reader, false, func(c context.Context) error { return ignore(f.Publication(c, "main", "Kept")) }},
		{"Published", reader, false, func(c context.Context) error { return ignore(f.Published(c, "main", fullName("3"))) }},
		{"RemovePublication", contributor, false, func(c context.Context) error { return f.RemovePublication(c, "main", "Kept") }},
		{"AssignedHosts", reader, false, func(c context.Context) error {
			return ignore(f.AssignedHosts(c, "main", fullName("3"), control.AssignedQuery{}))
		}},
		{"Dependencies", reader, false, func(c context.Context) error { return ignore(f.Dependencies(c, "main", fullName("3"))) }},
		{"Certificates", reader, false, func(c context.Context) error { return ignore(f.Certificates(c, "main")) }},
		{"Certificate", reader, false, func(c context.Context) error { return ignore(f.Certificate(c, "main", "AA11")) }},
		{"RemovePackage", contributor, false, func(c context.Context) error { return f.RemovePackage(c, "main", fullName("2"), false) }},
		{"RemovePool", contributor, false, func(c context.Context) error { return f.RemovePool(c, "main", "hp1") }},
		{"RemoveHost", contributor, false, func(c context.Context) error { return f.RemoveHost(c, "main", "h1") }},
	}
}

// TestRights lets everybody try everything: strangers are Unauthenticated, whoever has too little a role or one in another
// site is Forbidden, and that is in the audit.
func TestRights(t *testing.T) {
	f := newFarm(t)
	f.pool("hp1", berth.KindAVD)
	f.add("1")
	f.add("2")
	f.addOf("3", signedBy("AA11", f.clock.now(), false), "App")
	f.enroll("h1", berth.KindRDSH, "")
	f.publish(berth.Publication{Name: "Kept", Application: "App", Hosts: []string{"h1"}})
	f.apply()
	enough := map[berth.Role][]berth.Role{
		berth.RoleReader:      {berth.RoleReader, berth.RoleContributor, berth.RoleOwner},
		berth.RoleContributor: {berth.RoleContributor, berth.RoleOwner},
		berth.RoleOwner:       {berth.RoleOwner},
	}
	for _, u := range useCases(f) {
		t.Run(u.name, func(t *testing.T) {
			wantKind(t, u.do(context.Background()), berth.Unauthenticated)
			before := refusals(f)
			wantKind(t, u.do(as("eve", "elsewhere", berth.RoleOwner)), berth.Forbidden)
			wantKind(t, u.do(as("nora", "main", "")), berth.Forbidden)
			tried := 2
			for _, role := range []berth.Role{berth.RoleReader, berth.RoleContributor} {
				if !included(enough[u.need], role) {
					wantKind(t, u.do(as("rita", "main", role)), berth.Forbidden)
					tried++
				}
			}
			if u.farm { // an owner of one site is none of the farm
				wantKind(t, u.do(as("sam", "main", berth.RoleOwner)), berth.Forbidden)
				tried++
			}
			if got := refusals(f) - before; got != tried {
				t.Errorf("%d refusals in the audit, want %d", got, tried)
			}
			site := "main"
			if u.farm {
				site = ""
			}
			if err := u.do(as("ada", site, u.need)); err != nil {
				t.Errorf("with the role %s: %v", u.need, err)
			}
		})
	}
}

func included(roles []berth.Role, role berth.Role) bool {
	return slices.Contains(roles, role)
}

// refusals counts refusals in the audit of the whole farm, which no use case shows.
func refusals(f *farm) (n int) {
	f.must(f.store.View(context.Background(), func(tx berth.Tx) error {
		entries, err := tx.Audit(berth.AuditQuery{})
		for _, e := range entries {
			if e.Refused != "" {
				n++
			}
		}
		return err
	}))
	return n
}

// TestSites shows everybody the sites that they may read.
func TestSites(t *testing.T) {
	f := newFarm(t)
	other, err := f.CreateSite(f.owner, berth.Site{Name: "Other"})
	f.must(err)
	if other.SubscriptionID != "3b9f1b1e-0000-4000-8000-000000000001" {
		t.Errorf("the second site has subscription %q", other.SubscriptionID)
	}
	for who, want := range map[string]int{"": 2, "main": 1, "elsewhere": 0} {
		sites, err := f.Sites(as("rita", who, berth.RoleReader))
		if err != nil || len(sites) != want {
			t.Errorf("a reader of %q sees %v, %v", who, sites, err)
		}
	}
	_, err = f.Sites(context.Background())
	wantKind(t, err, berth.Unauthenticated)
	_, err = f.CreateSite(f.owner, berth.Site{Name: "MAIN"})
	wantKind(t, err, berth.Conflict)
	for _, name := range []string{"", "a b", "..", "dot.", "a/b", "ümlaut"} {
		_, err = f.CreateSite(f.owner, berth.Site{Name: name})
		wantKind(t, err, berth.Invalid)
	}
	_, err = f.Site(f.owner, "nowhere")
	wantKind(t, err, berth.NotFound)
}
