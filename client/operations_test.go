package client_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"slices"
	"testing"

	"berth"
	"berth/client"
	"berth/wire"
)

// TestOperations does everything once through the client, in the order in which a farm comes to be and ends.
func TestOperations(t *testing.T) {
	s := newServer(t)
	c := s.client(t, s.token)
	ctx := context.Background()
	t.Run("who and where", func(t *testing.T) { whoAndWhere(ctx, t, c) })
	t.Run("catalogue", func(t *testing.T) { catalogue(ctx, t, c) })
	t.Run("hosts and pools", func(t *testing.T) { hostsAndPools(ctx, t, s, c) })
	t.Run("lists and changes", func(t *testing.T) { listsAndChanges(ctx, t, c) })
	t.Run("credentials", func(t *testing.T) { credentials(ctx, t, s, c) })
	t.Run("letting go", func(t *testing.T) { lettingGo(ctx, t, c) })
}

func whoAndWhere(ctx context.Context, t *testing.T, c *client.Client) {
	who, err := c.WhoAmI(ctx)
	if err != nil || who.Role != berth.RoleOwner || who.Site != "" || who.Name != "first administrator" {
		t.Errorf("who: %+v, %v", who, err)
	}
	site, err := c.CreateSite(ctx, wire.CreateSite{Name: "Other"})
	if err != nil || site.Name != "Other" || site.Location != "here" {
		t.Errorf("site: %+v, %v", site, err)
	}
	if sites, err := c.Sites(ctx); err != nil || len(sites) != 2 {
		t.Errorf("sites: %+v, %v", sites, err)
	}
	if set, err := c.EditSettings(ctx, wire.EditSettings{ProvisionCertificates: new(false)}); err != nil || set.ProvisionCertificates || !set.Enabled {
		t.Errorf("settings: %+v, %v", set, err)
	}
	if _, err := c.RenameTag(ctx, "Custom", "Odd / name*"); err != nil {
		t.Error(err)
	}
	if set, err := c.Settings(ctx); err != nil || set.Tags.Name(berth.TagCustom) != "Odd / name*" {
		t.Errorf("settings: %+v, %v", set, err)
	}
}

// TestTwoEditors: the second is told by the server what the first changed since.
func TestTwoEditors(t *testing.T) {
	s := newServer(t)
	c, ctx := s.client(t, s.token), context.Background()
	_, seen, err := c.SettingsRevision(ctx)
	if err != nil || seen == 0 {
		t.Fatalf("revision %d, %v", seen, err)
	}
	off := wire.EditSettings{Enabled: new(false)}
	if _, err := c.At(seen).EditSettings(ctx, wire.EditSettings{ProvisionCertificates: new(false)}); err != nil {
		t.Fatal(err)
	}
	_, err = c.At(seen).EditSettings(ctx, off)
	e, ok := errors.AsType[*berth.Error](err)
	if !ok || e.Kind != berth.Precondition || e.Remedy == "" || len(e.Meanwhile) != 1 {
		t.Fatalf("the second edit: %+v", err)
	}
	m := e.Meanwhile[0]
	if m.By != "first administrator" || m.Action != "edit settings" || len(m.Changes) != 1 || m.Changes[0].Field != "provisionCertificates" {
		t.Errorf("told: %+v", m)
	}
	if now, err := c.At(0).EditSettings(ctx, off); err != nil || now.Enabled || now.ProvisionCertificates {
		t.Errorf("any revision: %+v, %v", now, err)
	}
}

func catalogue(ctx context.Context, t *testing.T, c *client.Client) {
	for _, name := range []string{notesOne, notesTwo} {
		p, err := c.AddPackage(ctx, wire.AddPackage{ImagePath: "image of " + name, Tags: []string{"odd / NAME*"}})
		if err != nil || p.FullName != name || p.AddedBy != "first administrator" {
			t.Errorf("added: %+v, %v", p, err)
		}
	}
	if ps, err := c.Packages(ctx); err != nil || len(ps) != 2 {
		t.Errorf("packages: %+v, %v", ps, err)
	}
	p, err := c.EditPackage(ctx, notesOne, wire.EditPackage{DisplayName: new("Our notes")})
	if err != nil || p.DisplayName != "Our notes" || p.Revision != 2 {
		t.Errorf("edited: %+v, %v", p, err)
	}
	if _, err := c.TagPackage(ctx, notesOne, wire.TagPackage{Tag: "Production", Move: true}); err != nil {
		t.Error(err)
	}
	if p, err = c.Package(ctx, notesOne); err != nil || p.TagNames != "Odd / name*, Production" {
		t.Errorf("package: %+v, %v", p, err)
	}
	if q, err := c.UntagPackage(ctx, notesOne, "Odd / name*"); err != nil || len(q.Tags) != 1 {
		t.Errorf("untagged: %+v, %v", q, err)
	}
	if q, err := c.UntagPackage(ctx, notesTwo, ""); err != nil || len(q.Tags) != 0 {
		t.Errorf("all tags off: %+v, %v", q, err)
	}
}

func hostsAndPools(ctx context.Context, t *testing.T, s *server, c *client.Client) {
	if p, err := c.AddPool(ctx, wire.AddPool{Name: "Pool @ A", Kind: berth.KindRDSH, Now: true}); err != nil || !p.Inherit {
		t.Errorf("pool: %+v, %v", p, err)
	}
	if _, err := c.AddPool(ctx, wire.AddPool{Name: "Pool B", Kind: berth.KindRDSH}); err != nil {
		t.Error(err)
	}
	key, err := c.CreateEnrollKey(ctx, wire.CreateEnrollKey{Kind: berth.KindRDSH, Pool: "Pool @ A"})
	must(t, err)
	if keys, err := c.EnrollKeys(ctx); err != nil || len(keys) != 1 || keys[0].ID != key.ID {
		t.Errorf("keys: %+v, %v", keys, err)
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, private)
	must(t, err)
	_, err = s.service.Enroll(ctx, wire.EnrollRequest{Protocol: wire.Protocol, Key: key.Text, Name: "host 1", CSR: csr})
	must(t, err)
	if hs, err := c.Hosts(ctx); err != nil || len(hs) != 1 || hs[0].Pool != "Pool @ A" {
		t.Errorf("hosts: %+v, %v", hs, err)
	}
	must(t, c.RetryHost(ctx, "host 1"))
	must(t, c.SetHostPool(ctx, "host 1", ""))
	if h, err := c.Host(ctx, "HOST 1"); err != nil || h.Pool != "" {
		t.Errorf("host: %+v, %v", h, err)
	}
	must(t, c.RemovePool(ctx, "Pool B"))
	if ps, err := c.Pools(ctx); err != nil || len(ps) != 1 {
		t.Errorf("pools: %+v, %v", ps, err)
	}
}

func listsAndChanges(ctx context.Context, t *testing.T, c *client.Client) {
	host, defaults := client.Holder{Kind: "hosts", Name: "host 1"}, client.Holder{Kind: "defaults", Name: "rdsh"}
	as, err := c.Assign(ctx, defaults, wire.Assign{Family: family, Tag: "Production", Registration: berth.OnDemand})
	if err != nil || len(as.Assignments) != 1 || as.Holder != "site defaults of rdsh" || as.Revision == 0 {
		t.Errorf("assigned: %+v, %v", as, err)
	}
	if as, err = c.SetInherit(ctx, host, false); err != nil || as.Inherit || len(as.Assignments) != 1 {
		t.Errorf("own list: %+v, %v", as, err)
	}
	if as, err = c.Unassign(ctx, host, family); err != nil || len(as.Assignments) != 0 {
		t.Errorf("unassigned: %+v, %v", as, err)
	}
	if as, err = c.Assignments(ctx, host); err != nil || as.Assignments == nil || as.Inherit {
		t.Errorf("list: %+v, %v", as, err)
	}
	rows, err := c.Status(ctx, "host 1", family, "")
	if err != nil || len(rows) != 0 {
		t.Errorf("rows: %+v, %v", rows, err)
	}
	cs, err := c.Changes(ctx)
	if err != nil || len(cs) != 5 { // settings, two packages, the defaults, the host
		t.Errorf("changes: %+v, %v", cs, err)
	}
	if cs, err = c.Discard(ctx, "host/host 1"); err != nil || len(cs) != 1 {
		t.Errorf("discarded: %+v, %v", cs, err)
	}
	done, err := c.Apply(ctx)
	if err != nil || len(done.Applied) != 4 || done.Generation == 0 {
		t.Errorf("applied: %+v, %v", done, err)
	}
	if done, err = c.Apply(ctx); err != nil || done.Applied == nil || len(done.Applied) != 0 {
		t.Errorf("applied again: %+v, %v", done, err)
	}
	if rows, err = c.Status(ctx, "", "", "Not applied"); err != nil || len(rows) != 1 || rows[0].FullName != notesOne {
		t.Errorf("rows: %+v, %v", rows, err)
	}
	entries, err := c.Audit(ctx, "package", notesOne, 1)
	if err != nil || len(entries) != 1 || entries[0].Action != "apply" || entries[0].Face != "cli" {
		t.Errorf("audit: %+v, %v", entries, err)
	}
}

func credentials(ctx context.Context, t *testing.T, s *server, c *client.Client) {
	made, err := c.CreateToken(ctx, wire.CreateToken{Name: "reader", Role: berth.RoleReader, Site: "Main"})
	must(t, err)
	reader := s.client(t, made.Text)
	if _, err := reader.Packages(ctx); err != nil {
		t.Error(err)
	}
	_, err = reader.Apply(ctx)
	wantKind(t, err, berth.Forbidden)
	if all, err := c.Tokens(ctx); err != nil || !slices.ContainsFunc(all, func(k berth.Credential) bool { return k.ID == made.ID }) {
		t.Errorf("tokens: %+v, %v", all, err)
	}
	must(t, c.Revoke(ctx, made.ID))
	_, err = reader.Packages(ctx)
	wantKind(t, err, berth.Unauthenticated)
}

func lettingGo(ctx context.Context, t *testing.T, c *client.Client) {
	wantKind(t, c.RemovePackage(ctx, notesOne, false), berth.Conflict)
	must(t, c.RemovePackage(ctx, notesOne, true))
	must(t, c.RemoveHost(ctx, "host 1"))
	wantKind(t, c.RemoveHost(ctx, "host 1"), berth.NotFound)
	_, err := c.Package(ctx, "nothing")
	wantKind(t, err, berth.NotFound)
}
