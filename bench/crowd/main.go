// Command crowd fills the store of a server that was started once and stopped with a farm of many hosts, for measuring
// what looks at it: ten packages in ten pools, of which every third host uses one, and every fiftieth cannot find one.
// What it writes is what agents would have reported.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"berth"
	"berth/store"
)

func main() {
	data := flag.String("data", "", "data `FOLDER` of the server")
	hosts := flag.Int("hosts", 100_000, "how many hosts")
	flag.Parse()
	if err := fill(context.Background(), *data, *hosts); err != nil {
		fmt.Fprintln(os.Stderr, "crowd:", err)
		os.Exit(1)
	}
}

const (
	packages = 10
	pools    = 10
	batch    = 5_000 // hosts in a transaction
)

func fill(ctx context.Context, data string, hosts int) (err error) {
	s, err := store.OpenSQLite(ctx, filepath.Join(data, "berth.db"), slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer func() {
		if e := s.Close(); err == nil {
			err = e
		}
	}()
	var c crowd
	if err := s.Update(ctx, func(tx berth.Tx) error { c.tx = tx; return c.catalogue() }); err != nil {
		return err
	}
	for from := 0; from < hosts; from += batch {
		if err := s.Update(ctx, func(tx berth.Tx) error { c.tx = tx; return c.enrol(from, min(from+batch, hosts)) }); err != nil {
			return err
		}
	}
	return nil
}

// crowd writes into the first site of a farm.
type crowd struct {
	tx   berth.Tx
	site berth.Site
}

// catalogue writes packages, the defaults that assign them all by tag, and pools that inherit those.
func (c *crowd) catalogue() error {
	sites, err := c.tx.Sites()
	if err != nil || len(sites) == 0 {
		return fmt.Errorf("the farm has no site: %w", err)
	}
	c.site = sites[0]
	var list []berth.Assignment
	for n := range packages {
		p := packageOf(n)
		if err := c.put(berth.ObjectPackage, p.FullName, p.FamilyName, p); err != nil {
			return err
		}
		list = append(list, berth.Assignment{Family: p.FamilyName, Tag: berth.TagProduction, Registration: berth.AtLogon})
	}
	if err := c.put(berth.ObjectDefaults, string(berth.KindRDSH), "", berth.Defaults{Kind: berth.KindRDSH, Assignments: list}); err != nil {
		return err
	}
	for n := range pools {
		name := fmt.Sprintf("Pool %d", n)
		if err := c.put(berth.ObjectPool, name, "", berth.Pool{Name: name, Kind: berth.KindRDSH, Inherit: true}); err != nil {
			return err
		}
	}
	return nil
}

func (c *crowd) put(kind berth.ObjectKind, key, family string, doc any) error {
	j, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	return c.tx.PutObject(berth.Object{Ref: berth.NewRef(c.site.Name, kind, key), Name: key, Family: berth.Fold(family), Applied: j, Draft: j,
		Revision: 1, AppliedGeneration: 1, ChangedAt: time.Now()})
}

func packageOf(n int) berth.Package {
	return berth.Package{FullName: fmt.Sprintf("Contoso.App%02d_1.0.0.0_x64__8wekyb3d8bbwe", n), FamilyName: fmt.Sprintf("Contoso.App%02d_8wekyb3d8bbwe", n),
		Name: fmt.Sprintf("Contoso.App%02d", n), DisplayName: fmt.Sprintf("Application %d", n), Publisher: "CN=Contoso", Version: berth.Version{1},
		Architecture: "x64", Enabled: true, ImagePath: fmt.Sprintf(`\\files\apps\app%02d.vhdx`, n), Tags: []berth.TagID{berth.TagProduction}, AddedAt: time.Now(),
		Certificate: &berth.Certificate{Subject: "CN=Contoso", CommonName: "Contoso", Issuer: "CN=Contoso", SelfSigned: true, KeySize: 2048,
			Thumbprint: "0123456789ABCDEF0123456789ABCDEF01234567", NotBefore: time.Now().AddDate(-1, 0, 0), NotAfter: time.Now().AddDate(1, 0, 0)}}
}

// enrol writes hosts with what their agents saw. The configuration comes first: a host is grouped once then.
func (c *crowd) enrol(from, to int) error {
	for n := from; n < to; n++ {
		h := c.host(n)
		config := berth.HostConfig{Name: h.Name, Kind: h.Kind, Pool: fmt.Sprintf("Pool %d", n%pools), Inherit: true}
		if err := c.put(berth.ObjectHost, h.Name, "", config); err != nil {
			return err
		}
		if err := c.tx.PutHost(h); err != nil {
			return err
		}
	}
	return nil
}

func (c *crowd) host(n int) berth.Host {
	since := time.Now().Add(-time.Hour).Truncate(time.Second)
	h := berth.Host{ID: fmt.Sprintf("id-%06d", n), Site: berth.Fold(c.site.Name), Name: fmt.Sprintf("host-%06d", n), Kind: berth.KindRDSH, LastSeen: time.Now(), EnrolledAt: since,
		Facts: berth.Facts{OS: "Windows Server 2025", Architecture: "x64", Build: 20348 + n%2*5752, Generation: c.site.Generation, AgentVersion: "1.0.0", Platform: "winhost"}}
	for p := range packages {
		of := packageOf(p)
		h.Facts.Packages = append(h.Facts.Packages, berth.PackageFacts{FullName: of.FullName, FamilyName: of.FamilyName, Attached: true, Staged: true, Since: since})
	}
	if n%3 == 0 {
		session := berth.Session{ID: fmt.Sprint(n), User: "ada", Since: since}
		h.Facts.Sessions = []berth.Session{session}
		h.Facts.Packages[0].Sessions = []berth.Registered{{Session: session.ID, User: session.User, Since: since}}
	}
	if n%50 == 0 {
		of := packageOf(1)
		h.Facts.Packages[1] = berth.PackageFacts{FullName: of.FullName, FamilyName: of.FamilyName, Since: since,
			Failure: &berth.Failure{Phase: berth.PhaseAttach, Code: "0x80070002", Message: "the image is not there"}}
	}
	return h
}
