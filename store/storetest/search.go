package storetest

import (
	"encoding/json"
	"fmt"

	"berth"
)

var searchTests = map[string]func(*bench){
	"packages by what they say":        searchPackages,
	"a page is of what fits":           searchPages,
	"drafts are what is searched":      searchDrafts,
	"hosts by name, kind and pool":     searchHosts,
	"hosts in outline":                 searchOutlines,
	"audit of keys that begin alike":   searchAudit,
	"characters that LIKE would obey":  searchLiterally,
	"nothing is found in another site": searchElsewhere,
}

// written returns an object with that draft; applied it is the same unless it is drafted.
func written(site string, kind berth.ObjectKind, key string, draft any) berth.Object {
	doc, _ := json.Marshal(draft)
	return berth.Object{Ref: berth.NewRef(site, kind, key), Name: key, Applied: doc, Draft: doc, Revision: 1, ChangedAt: moment(1)}
}

func searchable(site string) []berth.Object {
	pkg := func(p berth.Package) berth.Object { return written(site, berth.ObjectPackage, p.FullName, p) }
	return []berth.Object{
		pkg(berth.Package{FullName: "A.App_1", DisplayName: "Übersicht", Publisher: "CN=Contoso", Enabled: true, Tags: []berth.TagID{berth.TagProduction}}),
		pkg(berth.Package{FullName: "B.App_1", DisplayName: "50%_off", Publisher: "CN=Fabrikam", Enabled: true,
			Tags: []berth.TagID{berth.TagPreProduction, berth.TagCustom}}),
		pkg(berth.Package{FullName: "C.App_1", DisplayName: "Notes", PublisherDisplayName: "Contoso Ltd", Publisher: "CN=X"}),
		pkg(berth.Package{FullName: "D.App_1", DisplayName: "Going", Publisher: "CN=X", Enabled: true, Retiring: true}),
	}
}

// found are the keys of the packages that a filter finds; the count must agree.
func (b *bench) found(f berth.ObjectFilter, after string, limit int) (keys []string) {
	b.Helper()
	b.view(func(tx berth.Tx) error {
		q := berth.ObjectQuery{Site: "main", Kind: berth.ObjectPackage, ObjectFilter: f, After: after, Limit: limit}
		os, err := tx.Objects(q)
		if err != nil {
			return err
		}
		for _, o := range os {
			keys = append(keys, o.Key)
		}
		n, err := tx.CountObjects(q)
		if after == "" && limit == 0 && n != len(keys) {
			b.Errorf("%+v: counts %d, finds %d", f, n, len(keys))
		}
		return err
	})
	return keys
}

func searchPackages(b *bench) {
	b.update(put(putObject, searchable("main")...))
	yes, no := true, false
	for name, tt := range map[string]struct {
		filter berth.ObjectFilter
		want   []string
	}{
		"all":               {berth.ObjectFilter{Listed: true}, []string{"a.app_1", "b.app_1", "c.app_1", "d.app_1"}},
		"display name":      {berth.ObjectFilter{Text: "NOTES"}, []string{"c.app_1"}},
		"beyond ASCII":      {berth.ObjectFilter{Text: "ÜBER"}, []string{"a.app_1"}},
		"publisher":         {berth.ObjectFilter{Text: " contoso "}, []string{"a.app_1", "c.app_1"}},
		"full name":         {berth.ObjectFilter{Text: "b.app"}, []string{"b.app_1"}},
		"tag":               {berth.ObjectFilter{Tag: berth.TagProduction}, []string{"a.app_1"}},
		"the other tag":     {berth.ObjectFilter{Tag: berth.TagPreProduction}, []string{"b.app_1"}},
		"enabled":           {berth.ObjectFilter{Enabled: &yes}, []string{"a.app_1", "b.app_1"}},
		"not enabled":       {berth.ObjectFilter{Enabled: &no}, []string{"c.app_1", "d.app_1"}},
		"text and property": {berth.ObjectFilter{Text: "contoso", Enabled: &no}, []string{"c.app_1"}},
		"nothing":           {berth.ObjectFilter{Text: "nowhere"}, nil},
	} {
		b.equal(name, b.found(tt.filter, "", 0), tt.want)
	}
}

func searchPages(b *bench) {
	var os []berth.Object
	for n := range 9 {
		p := berth.Package{FullName: fmt.Sprintf("P%d", n), DisplayName: map[bool]string{true: "even", false: "odd"}[n%2 == 0]}
		os = append(os, written("main", berth.ObjectPackage, p.FullName, p))
	}
	b.update(put(putObject, os...))
	even := berth.ObjectFilter{Text: "even"}
	b.equal("first page", b.found(even, "", 2), []string{"p0", "p2"})
	b.equal("next page", b.found(even, "P2", 2), []string{"p4", "p6"})
	b.equal("last page", b.found(even, "P6", 2), []string{"p8"})
}

func searchDrafts(b *bench) {
	o := written("main", berth.ObjectPackage, "A.App_1", berth.Package{FullName: "A.App_1", DisplayName: "Old"})
	o.Draft, _ = json.Marshal(berth.Package{FullName: "A.App_1", DisplayName: "New", Enabled: true})
	o.Drafted = true
	gone := written("main", berth.ObjectPackage, "B.App_1", berth.Package{FullName: "B.App_1", DisplayName: "Old"})
	gone.Draft, gone.Drafted = nil, true
	b.update(put(putObject, o, gone))
	b.equal("as applied", b.found(berth.ObjectFilter{Text: "old"}, "", 0), []string(nil))
	b.equal("as drafted", b.found(berth.ObjectFilter{Text: "new"}, "", 0), []string{"a.app_1"})
	b.equal("all that is listed", b.found(berth.ObjectFilter{Listed: true}, "", 0), []string{"a.app_1"})
}

func searchFarm(b *bench) {
	b.update(func(tx berth.Tx) error {
		for n, kind := range []berth.HostKind{berth.KindRDSH, berth.KindVDI, berth.KindRDSH, berth.KindRDSH} {
			name := fmt.Sprintf("Host-%d", n)
			h := berth.Host{ID: name, Site: "Main", Name: name, Kind: kind, Facts: berth.Facts{Architecture: "x64", Build: 20000 + n}}
			if err := tx.PutHost(h); err != nil || n == 3 {
				return err // the last one has no configuration
			}
			c := written("main", berth.ObjectHost, name, berth.HostConfig{Name: name, Kind: kind, Pool: "Pool A", Inherit: n != 2})
			if c.Drafted = n == 1; c.Drafted {
				c.Draft, _ = json.Marshal(berth.HostConfig{Name: name, Kind: kind, Pool: "Pool B", Inherit: true})
			}
			if err := tx.PutObject(c); err != nil {
				return err
			}
		}
		return nil
	})
}

func searchHosts(b *bench) {
	searchFarm(b)
	for name, tt := range map[string]struct {
		query berth.HostQuery
		want  []string
	}{
		"all":        {berth.HostQuery{}, []string{"Host-0", "Host-1", "Host-2", "Host-3"}},
		"name":       {berth.HostQuery{Text: "T-2"}, []string{"Host-2"}},
		"kind":       {berth.HostQuery{Kind: berth.KindRDSH}, []string{"Host-0", "Host-2", "Host-3"}},
		"pool":       {berth.HostQuery{Pool: "POOL A"}, []string{"Host-0", "Host-2"}},
		"draft pool": {berth.HostQuery{Pool: "pool b"}, []string{"Host-1"}},
		"page":       {berth.HostQuery{Kind: berth.KindRDSH, After: "HOST-0", Limit: 1}, []string{"Host-2"}},
	} {
		var got []string
		q := tt.query
		q.Site = "MAIN"
		b.view(func(tx berth.Tx) error {
			hs, err := tx.FindHosts(q)
			for _, h := range hs {
				got = append(got, h.Name)
			}
			if n, err := tx.CountHosts(q); err != nil || q.Limit == 0 && n != len(hs) {
				b.Errorf("%s: counts %d of %d, %v", name, n, len(hs), err)
			}
			return err
		})
		b.equal(name, got, tt.want)
	}
}

func searchOutlines(b *bench) {
	searchFarm(b)
	b.view(func(tx berth.Tx) error {
		got, err := tx.HostOutlines(berth.HostQuery{Site: "MAIN"})
		for i := range got {
			if got[i].Group == "" {
				b.Errorf("host %s is in no group", got[i].Name)
			}
			got[i].Group = "" // see groupTests
		}
		b.equal("outlines", got, []berth.HostOutline{
			{Name: "Host-0", Kind: berth.KindRDSH, Architecture: "x64", Build: 20000, Pool: "pool a"},
			{Name: "Host-1", Kind: berth.KindVDI, Architecture: "x64", Build: 20001, Pool: "pool b", Drafted: true},
			{Name: "Host-2", Kind: berth.KindRDSH, Architecture: "x64", Build: 20002, Pool: "pool a", Own: true},
			{Name: "Host-3", Kind: berth.KindRDSH, Architecture: "x64", Build: 20003},
		})
		return err
	})
}

func searchAudit(b *bench) {
	b.update(func(tx berth.Tx) error {
		for _, key := range []string{"a.app_1", "A.App_2", "a.apple_1", "b.app_1"} {
			if err := tx.AppendAudit(berth.AuditEntry{At: moment(1), Site: "main", Kind: "package", Key: key, Action: key}); err != nil {
				return err
			}
		}
		return nil
	})
	b.view(func(tx berth.Tx) error {
		entries, err := tx.Audit(berth.AuditQuery{Site: "main", Kind: berth.ObjectPackage, Prefix: "A.App_"})
		if len(entries) != 2 || entries[0].Action != "A.App_2" || entries[1].Action != "a.app_1" {
			b.Errorf("entries: %+v", entries)
		}
		return err
	})
}

func searchLiterally(b *bench) {
	b.update(put(putObject, searchable("main")...))
	b.equal("percent", b.found(berth.ObjectFilter{Text: "0%_o"}, "", 0), []string{"b.app_1"})
	for _, text := range []string{"%", "_%", `\`, "0__o", "'"} {
		if got := b.found(berth.ObjectFilter{Text: text}, "", 0); len(got) > 1 && text != "_%" && text != "%" {
			b.Errorf("%q finds %v", text, got)
		}
	}
	b.equal("a percent sign alone", b.found(berth.ObjectFilter{Text: "%"}, "", 0), []string{"b.app_1"})
}

func searchElsewhere(b *bench) {
	b.update(put(putObject, searchable("other")...))
	b.equal("here", b.found(berth.ObjectFilter{Text: "app"}, "", 0), []string(nil))
}
