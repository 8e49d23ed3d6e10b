package control_test

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"berth"
	"berth/control"
)

// crowd is a farm of many packages and hosts, written into the store directly.
func crowd(b *testing.B, packages, hosts int) *farm {
	b.Helper()
	f := newFarm(b)
	site, err := f.Site(f.owner, "main")
	f.must(err)
	f.must(f.store.Update(b.Context(), func(tx berth.Tx) error {
		for n := range packages {
			if err := put(tx, berth.ObjectPackage, crowdPackage(n), fmt.Sprintf("App%05d_abc", n)); err != nil {
				return err
			}
		}
		var list []berth.Assignment
		for n := range min(10, packages) {
			list = append(list, berth.Assignment{Family: fmt.Sprintf("App%05d_abc", n), Tag: berth.TagProduction, Registration: berth.AtLogon})
		}
		if err := put(tx, berth.ObjectDefaults, berth.Defaults{Kind: berth.KindRDSH, Assignments: list}, ""); err != nil {
			return err
		}
		for n := range 10 {
			if err := put(tx, berth.ObjectPool, berth.Pool{Name: fmt.Sprintf("Pool %d", n), Kind: berth.KindRDSH, Inherit: true}, ""); err != nil {
				return err
			}
		}
		for n := range hosts {
			if err := crowdHost(tx, n, site.Generation); err != nil {
				return err
			}
		}
		return nil
	}))
	return f
}

func put(tx berth.Tx, kind berth.ObjectKind, doc any, family string) error {
	j, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	var named struct{ FullName, Name, Kind string }
	if err := json.Unmarshal(j, &named); err != nil {
		return err
	}
	key := named.FullName + named.Name
	if key == "" {
		key = named.Kind
	}
	return tx.PutObject(berth.Object{Ref: berth.NewRef("main", kind, key), Name: key, Family: berth.Fold(family), Applied: j, Draft: j,
		Revision: 1, AppliedGeneration: 1, ChangedAt: time.Unix(0, 0)})
}

// crowdPackage is as long as real ones are, with its certificate.
func crowdPackage(n int) berth.Package {
	return berth.Package{FullName: fmt.Sprintf("App%05d_1.0.0.0_x64__abc", n), FamilyName: fmt.Sprintf("App%05d_abc", n), Name: fmt.Sprintf("App%05d", n),
		DisplayName: fmt.Sprintf("Application %d", n), Publisher: "CN=Contoso", Version: berth.Version{1}, Architecture: "x64", Enabled: true,
		Tags: []berth.TagID{berth.TagProduction}, Certificate: &berth.Certificate{Subject: "CN=Contoso", Thumbprint: "AB", DER: make([]byte, 1500)}}
}

// crowdHost is one of a farm with ten pools and two builds, where on every third host a package is in use and on every
// fiftieth one cannot be found: some dozens of groups, however many hosts.
func crowdHost(tx berth.Tx, n int, generation int64) error {
	h := berth.Host{ID: fmt.Sprintf("id-%06d", n), Site: "main", Name: fmt.Sprintf("host-%06d", n), Kind: berth.KindRDSH, LastSeen: time.Now(),
		Facts: berth.Facts{Architecture: "x64", Build: 20348 + n%2*5752, Generation: generation}}
	for p := range 10 {
		h.Facts.Packages = append(h.Facts.Packages, berth.PackageFacts{FullName: fmt.Sprintf("App%05d_1.0.0.0_x64__abc", p),
			FamilyName: fmt.Sprintf("App%05d_abc", p), Attached: true, Staged: true, Since: time.Unix(1, 0)})
	}
	if n%3 == 0 {
		h.Facts.Packages[0].Sessions = []berth.Registered{{Session: fmt.Sprint(n), User: "ada", Since: time.Unix(int64(n), 0)}}
	}
	if n%50 == 0 {
		h.Facts.Packages[1] = berth.PackageFacts{FullName: "App00001_1.0.0.0_x64__abc", FamilyName: "App00001_abc", Since: time.Unix(1, 0),
			Failure: &berth.Failure{Phase: berth.PhaseAttach, Code: "ENOENT", Message: "no such file"}}
	}
	// The configuration first: a host is grouped once then.
	if err := put(tx, berth.ObjectHost, berth.HostConfig{Name: h.Name, Kind: h.Kind, Pool: fmt.Sprintf("Pool %d", n%10), Inherit: true}, ""); err != nil {
		return err
	}
	return tx.PutHost(h)
}

var sizes = []int{10, 10000}

// BenchmarkPackagePage reads a page of 50 packages, found in several ways, from catalogues of both sizes.
func BenchmarkPackagePage(b *testing.B) {
	for _, n := range sizes {
		f := sync.OnceValue(func() *farm { return crowd(b, n, 0) })
		for name, q := range map[string]control.PackageQuery{
			"first":  {Limit: 50},
			"middle": {Limit: 50, After: fmt.Sprintf("App%05d", n/2)},
			"tag":    {Limit: 50, Tag: "Production"},
			"common": {Limit: 50, Text: "contoso"},
			"rare":   {Limit: 50, Text: fmt.Sprintf("application %d", n-1)},
		} {
			b.Run(fmt.Sprintf("%s/of%d", name, n), func(b *testing.B) {
				f := f()
				for b.Loop() {
					if page, err := f.FindPackages(f.owner, "main", q); err != nil || len(page.Items) == 0 {
						b.Fatalf("%d packages, %v", len(page.Items), err)
					}
				}
			})
		}
	}
}

// BenchmarkFarm looks at farms of many hosts with ten packages each, in ten pools: what is shown costs the same in all of
// them, and what is counted costs what the groups of hosts do.
func BenchmarkFarm(b *testing.B) {
	for _, n := range []int{1000, 100000} {
		b.Run(fmt.Sprintf("of%d", n), func(b *testing.B) {
			f := crowd(b, 10, n)
			middle := fmt.Sprintf("host-%06d", n/2)
			page := func(q control.StatusQuery, rows int) func(*testing.B) {
				return func(b *testing.B) {
					for b.Loop() {
						page, err := f.StatusPage(f.owner, "main", q)
						if err != nil || len(page.Items) != rows {
							b.Fatalf("%d rows, %v", len(page.Items), err)
						}
					}
				}
			}
			b.Run("matrix page", page(control.StatusQuery{Limit: 50, After: middle}, 500))
			b.Run("matrix of one family", page(control.StatusQuery{Limit: 50, After: middle, Family: "App00003_abc"}, 50))
			b.Run("matrix of a rare status", page(control.StatusQuery{Limit: 10, Status: "Not found"}, 10))
			b.Run("host page", func(b *testing.B) {
				for b.Loop() {
					if page, err := f.FindHosts(f.owner, "main", control.HostsQuery{Limit: 50, After: middle}); err != nil || len(page.Items) != 50 {
						b.Fatalf("%d hosts, %v", len(page.Items), err)
					}
				}
			})
			b.Run("summary", func(b *testing.B) {
				for b.Loop() {
					if sum, err := f.StatusSummary(f.owner, "main", control.StatusQuery{}); err != nil || sum.Rows != 10*n || sum.ByStatus["Not found"] != n/50 {
						b.Fatalf("%+v, %v", sum, err)
					}
				}
			})
			b.Run("overview", func(b *testing.B) {
				for b.Loop() {
					if o, err := f.Overview(f.owner, "main"); err != nil || o.NeedAttention != n/50 || len(o.Attention) != 10 {
						b.Fatalf("%d hosts need somebody, %v", o.NeedAttention, err)
					}
				}
			})
			b.Run("assign", func(b *testing.B) {
				for b.Loop() {
					_, err := f.Assign(f.owner, "main", rdsh, berth.Assignment{Family: "App00002_abc", Tag: berth.TagProduction})
					f.must(err)
				}
			})
			_, err := f.Unassign(f.owner, "main", rdsh, "App00000_abc")
			f.must(err)
			b.Run("preview", func(b *testing.B) {
				for b.Loop() {
					p, err := f.Preview(f.owner, "main", control.PreviewQuery{Limit: 50})
					if err != nil || p.HostCount != n || len(p.Hosts) != 50 {
						b.Fatalf("%d hosts, %v", p.HostCount, err)
					}
				}
			})
		})
	}
}
