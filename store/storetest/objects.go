package storetest

import (
	"encoding/json"
	"fmt"

	"berth"
)

var objectTests = map[string]func(*bench){
	"missing":          objectMissing,
	"roundTrip":        objectRoundTrip,
	"anyCase":          objectAnyCase,
	"replace":          objectReplace,
	"removed":          objectRemoved,
	"byKindAndFamily":  objectsByKindAndFamily,
	"prefix":           objectsByPrefix,
	"drafted":          objectsDrafted,
	"pages":            objectPages,
	"load":             objectLoad,
	"documentsAsGiven": objectDocumentsAsGiven,
}

// thing makes an object that exists in both views.
func thing(kind berth.ObjectKind, key string) berth.Object {
	doc := json.RawMessage(fmt.Sprintf(`{"name":%q}`, key))
	return berth.Object{Ref: berth.NewRef("main", kind, key), Name: key, Applied: doc, Draft: doc, Revision: 1, ChangedAt: moment(1), ChangedBy: "ann"}
}

// keys runs the query and returns what it found as kind/key, in the order found.
func (b *bench) keys(q berth.ObjectQuery) []string {
	b.Helper()
	found := []string{}
	b.view(func(tx berth.Tx) error {
		objects, err := tx.Objects(q)
		for _, o := range objects {
			found = append(found, string(o.Kind)+"/"+o.Key)
		}
		return err
	})
	return found
}

func objectMissing(b *bench) {
	b.view(func(tx berth.Tx) error {
		_, err := tx.Object(berth.NewRef("main", berth.ObjectPool, "Front desk"))
		b.missing(err, "main", "pool", "front desk")
		return nil
	})
	b.equal("objects", b.keys(berth.ObjectQuery{Site: "main"}), []string{})
}

func objectRoundTrip(b *bench) {
	want := berth.Object{
		Ref: berth.NewRef("main", berth.ObjectPackage, "App_1.0.0.0_x64__abc"), Name: "App_1.0.0.0_x64__abc", Family: "app_abc",
		Applied: json.RawMessage(`{"a":1}`), Draft: json.RawMessage(`{"a":2}`), Drafted: true, Revision: 1 << 40,
		AppliedGeneration: 7, ChangedAt: moment(3), ChangedBy: "ann@example.org",
	}
	onlyDraft := thing(berth.ObjectPool, "drafted")
	onlyDraft.Applied, onlyDraft.Drafted = nil, true
	onlyApplied := thing(berth.ObjectPool, "deleted")
	onlyApplied.Draft, onlyApplied.Drafted = nil, true
	b.update(put(putObject, want, onlyDraft, onlyApplied))
	b.view(func(tx berth.Tx) error {
		for _, want := range []berth.Object{want, onlyDraft, onlyApplied} {
			got, err := tx.Object(want.Ref)
			b.check(err)
			b.equal(want.Name, got, want)
		}
		return nil
	})
}

func objectAnyCase(b *bench) {
	o := thing(berth.ObjectHost, "Desk-1")
	o.Ref = berth.Ref{Site: "MAIN", Kind: berth.ObjectHost, Key: "DESK-1"}
	o.Family = "Family_X"
	b.update(put(putObject, o))
	b.view(func(tx berth.Tx) error {
		got, err := tx.Object(berth.Ref{Site: "Main", Kind: berth.ObjectHost, Key: "deSK-1"})
		b.equal("ref", got.Ref, berth.NewRef("main", berth.ObjectHost, "desk-1"))
		b.equal("name", got.Name, "Desk-1")
		return err
	})
	b.equal("query", b.keys(berth.ObjectQuery{Site: "mAIN", Family: "FAMILY_x", Prefix: "DESK"}), []string{"host/desk-1"})
}

func objectReplace(b *bench) {
	second := thing(berth.ObjectPool, "one")
	second.Draft, second.Drafted, second.Revision, second.ChangedBy = json.RawMessage(`{"b":3}`), true, 2, "bob"
	b.update(put(putObject, thing(berth.ObjectPool, "one"), second))
	b.view(func(tx berth.Tx) error {
		got, err := tx.Object(second.Ref)
		b.equal("object", got, second)
		return err
	})
	b.equal("objects", b.keys(berth.ObjectQuery{Site: "main"}), []string{"pool/one"})
}

func objectRemoved(b *bench) {
	gone := thing(berth.ObjectPool, "one")
	gone.Applied, gone.Draft = nil, nil
	never := thing(berth.ObjectPool, "never")
	never.Applied, never.Draft = nil, nil
	b.update(put(putObject, thing(berth.ObjectPool, "one"), thing(berth.ObjectHost, "one")))
	b.update(put(putObject, gone, never))
	b.view(func(tx berth.Tx) error {
		_, err := tx.Object(gone.Ref)
		b.missing(err, "pool", "one")
		return nil
	})
	b.equal("objects", b.keys(berth.ObjectQuery{Site: "main"}), []string{"host/one"})
}

func objectsByKindAndFamily(b *bench) {
	a, c := thing(berth.ObjectPackage, "a_2"), thing(berth.ObjectPackage, "c_1")
	a.Family, c.Family = "fam", "other"
	elsewhere := thing(berth.ObjectPackage, "a_2")
	elsewhere.Site, elsewhere.Family = "branch", "fam"
	b.update(put(putObject, c, a, elsewhere, thing(berth.ObjectPool, "b")))
	for want, q := range map[string]berth.ObjectQuery{
		"[package/a_2 pool/b package/c_1]": {Site: "main"},
		"[package/a_2 package/c_1]":        {Site: "main", Kind: berth.ObjectPackage},
		"[package/a_2]":                    {Site: "main", Family: "fam"},
		"[]":                               {Site: "main", Kind: berth.ObjectPool, Family: "fam"},
	} {
		b.equal(fmt.Sprint(q), fmt.Sprint(b.keys(q)), want)
	}
}

func objectsByPrefix(b *bench) {
	top := string(rune(0x10FFFF))
	for _, key := range []string{"a", "a%", "a%b", "a_b", "ab", "aé", "b", "a\u00ff", "a퟿", "a\ue000", top, top + top, "a b", "a\\b"} {
		b.update(put(putObject, thing(berth.ObjectPool, key)))
	}
	for prefix, want := range map[string][]string{
		"A%":       {"pool/a%", "pool/a%b"},
		"a_":       {"pool/a_b"},
		"a ":       {"pool/a b"},
		"a\\":      {"pool/a\\b"},
		"aÉ":       {"pool/aé"},
		"a퟿":       {"pool/a퟿"},
		"a\ue000":  {"pool/a\ue000"},
		top:        {"pool/" + top, "pool/" + top + top},
		"none":     {},
		"' OR 1=1": {},
	} {
		b.equal("prefix "+prefix, b.keys(berth.ObjectQuery{Site: "main", Prefix: prefix}), want)
	}
}

func objectsDrafted(b *bench) {
	drafted := thing(berth.ObjectPool, "two")
	drafted.Drafted = true
	b.update(put(putObject, thing(berth.ObjectPool, "one"), drafted, thing(berth.ObjectHost, "three")))
	b.equal("drafted", b.keys(berth.ObjectQuery{Site: "main", Drafted: true}), []string{"pool/two"})
	retired := drafted
	retired.Key, retired.Drafted, retired.Retired = "three", false, true
	b.update(put(putObject, retired))
	b.equal("retired", b.keys(berth.ObjectQuery{Site: "main", Retired: true}), []string{"pool/three"})
	drafted.Drafted = false
	b.update(put(putObject, drafted))
	b.equal("drafted", b.keys(berth.ObjectQuery{Site: "main", Drafted: true}), []string{})
}

func objectPages(b *bench) {
	var want, got []string
	for i := range 25 {
		o := thing(berth.ObjectHost, fmt.Sprintf("host-%02d", i))
		want = append(want, "host/"+o.Key)
		b.update(put(putObject, o, thing(berth.ObjectPool, o.Key)))
	}
	q := berth.ObjectQuery{Site: "main", Kind: berth.ObjectHost, Prefix: "host-", Limit: 7}
	for range want {
		page := b.keys(q)
		if len(page) > q.Limit {
			b.Fatalf("a page of %d has %d objects", q.Limit, len(page))
		}
		if len(page) == 0 {
			break
		}
		got = append(got, page...)
		q.After = page[len(page)-1][len("host/"):]
	}
	b.equal("pages", got, want)
	b.equal("after in another case", b.keys(berth.ObjectQuery{Site: "main", Kind: berth.ObjectHost, After: "HOST-23"}), []string{"host/host-24"})
}

// objectLoad goes through the functions of the root that stand on this interface.
func objectLoad(b *bench) {
	o := thing(berth.ObjectPool, "one")
	o.Applied, o.Drafted = nil, true
	b.update(put(putObject, o))
	b.view(func(tx berth.Tx) error {
		got, err := berth.Load[map[string]string](tx, berth.Draft, o.Ref)
		b.equal("document", got, map[string]string{"name": "one"})
		_, missing := berth.Load[map[string]string](tx, berth.Applied, o.Ref)
		b.missing(missing, "pool", "one")
		return err
	})
}

// objectDocumentsAsGiven keeps documents byte for byte: a draft is compared with what is applied as text.
func objectDocumentsAsGiven(b *bench) {
	o := thing(berth.ObjectPool, "one")
	o.Applied = json.RawMessage(`{ "z": 1.0, "a": "\u0041", "a": 1e3 }`)
	o.Draft = json.RawMessage(`null`)
	b.update(put(putObject, o))
	b.view(func(tx berth.Tx) error {
		got, err := tx.Object(o.Ref)
		b.equal("applied", string(got.Applied), string(o.Applied))
		b.equal("draft", string(got.Draft), string(o.Draft))
		return err
	})
}
