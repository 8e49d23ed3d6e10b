package storetest

import (
	"strings"

	"berth"
)

var siteTests = map[string]func(*bench){
	"empty":     emptyStore,
	"roundTrip": siteRoundTrip,
	"replace":   siteReplace,
	"order":     siteOrder,
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
