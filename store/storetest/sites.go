package storetest

import (
	"errors"
	"strings"

	"berth"
)

var siteTests = map[string]func(*bench){
	"empty":     emptyStore,
	"roundTrip": siteRoundTrip,
	"replace":   siteReplace,
	"order":     siteOrder,
	"delete":    siteDelete,
}

func contains(text, part string) bool { return strings.Contains(text, part) }

func emptyStore(b *bench) {
	b.view(func(tx berth.Tx) error {
		_, err := tx.Site("Nowhere")
		b.missing(err, "site", "Nowhere")
		all, err := tx.Sites()
		if len(all) != 0 {
			b.Errorf("a new store has sites: %v", all)
		}
		return err
	})
}

func siteRoundTrip(b *bench) {
	want := berth.Site{Name: "Bürohaus Süd", SubscriptionID: "6a1f", Location: "west's \"corner\"", Generation: 1 << 62, CreatedAt: moment(1)}
	b.update(put(putSite, want))
	b.view(func(tx berth.Tx) error {
		for _, name := range []string{"Bürohaus Süd", "BÜROHAUS SÜD", " bürohaus süd "} {
			got, err := tx.Site(name)
			b.check(err)
			b.equal("site found as "+name, got, want)
		}
		return nil
	})
}

func siteReplace(b *bench) {
	want := berth.Site{Name: "MAIN", Location: "here", Generation: 2, CreatedAt: moment(2)}
	b.update(put(putSite, berth.Site{Name: "main", SubscriptionID: "old", Generation: 1}, want))
	b.view(func(tx berth.Tx) error {
		all, err := tx.Sites()
		b.equal("sites", all, []berth.Site{want})
		return err
	})
}

func siteOrder(b *bench) {
	b.update(put(putSite, berth.Site{Name: "gamma"}, berth.Site{Name: "Beta"}, berth.Site{Name: "alpha"}))
	b.view(func(tx berth.Tx) error {
		all, err := tx.Sites()
		var names []string
		for _, s := range all {
			names = append(names, s.Name)
		}
		b.equal("names", names, []string{"alpha", "Beta", "gamma"})
		return err
	})
}

func siteDelete(b *bench) {
	object := func(site string) berth.Object {
		return berth.Object{Ref: berth.NewRef(site, berth.ObjectPool, "p"), Name: "p", Applied: []byte(`{}`), Draft: []byte(`{}`), ChangedAt: moment(1)}
	}
	b.update(put(putSite, berth.Site{Name: "Main"}, berth.Site{Name: "Other"}))
	b.update(func(tx berth.Tx) error {
		for _, site := range []string{"main", "other"} {
			if err := errors.Join(tx.PutObject(object(site)), tx.PutCredential(berth.Credential{ID: site, Kind: berth.CredentialEnroll, Site: site}),
				tx.PutClient(berth.APIClient{ID: "c " + site, Name: site, Roles: []berth.Grant{{Site: site, Role: berth.RoleReader}, {Role: berth.RoleReader}}})); err != nil {
				return err
			}
		}
		return errors.Join(tx.DeleteSite("MAIN"), tx.DeleteSite("nowhere"), tx.DeleteSite(""))
	})
	b.view(func(tx berth.Tx) error {
		_, err := tx.Site("main")
		b.missing(err, "site", "main")
		_, err = tx.Object(object("main").Ref)
		b.missing(err, "pool", "p")
		_, err = tx.Credential("main")
		b.missing(err, "token", "main")
		gone, err := tx.Client("main")
		b.check(err)
		b.equal("roles left", gone.Roles, []berth.Grant{{Role: berth.RoleReader}})
		_, err = tx.Site("other")
		b.check(err)
		_, err = tx.Object(object("other").Ref)
		b.check(err)
		stays, err := tx.Client("other")
		b.check(err)
		b.equal("roles of the other site", len(stays.Roles), 2)
		_, err = tx.Credential("other")
		return err
	})
}
