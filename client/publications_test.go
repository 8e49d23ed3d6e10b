package client_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"strings"
	"testing"

	"berth"
	"berth/client"
	"berth/wire"
)

// published is a server with a signed package of one application that needs a framework, and the host h1.
func published(t *testing.T) *client.Client {
	t.Helper()
	s := newServer(t)
	s.images["signed"] = []berth.Package{{FullName: notesThree, FamilyName: family, DisplayName: "Notes", Architecture: "x64", Version: berth.Version{3},
		ImagePath: "signed", Applications: []berth.Application{{ID: "App", DisplayName: "Notes"}},
		Dependencies: []berth.Dependency{{Name: "Contoso.Runtime", MinVersion: "1.0.0.0", FamilyName: "Contoso.Runtime_abc"}},
		Certificate:  &berth.Certificate{CommonName: "Contoso", Thumbprint: "AA11", KeySize: 2048}}}
	ctx := t.Context()
	c := s.client(t, s.token)
	_, err := c.AddPackage(ctx, wire.AddPackage{ImagePath: "signed"})
	must(t, err)
	key, err := c.CreateEnrollKey(ctx, wire.CreateEnrollKey{Kind: berth.KindRDSH})
	must(t, err)
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, private)
	must(t, err)
	_, err = s.service.Enroll(ctx, wire.EnrollRequest{Protocol: wire.Protocol, Key: key.Text, Name: "h1", CSR: csr})
	must(t, err)
	return c
}

const notesThree = "Contoso.Notes_3.0.0.0_x64__abc"

func TestPublications(t *testing.T) {
	c, ctx := published(t), context.Background()
	v, err := c.AddPublication(ctx, wire.AddPublication{Name: "Our notes (64)", Family: family, Application: "app", Users: []string{"Sales"}, Hosts: []string{"H1"}})
	if err != nil || v.Application != "App" || v.Pending != "create" || v.Revision != 1 || len(v.Offers) != 1 || v.Offers[0].Why == "" {
		t.Errorf("added: %+v, %v", v, err)
	}
	_, err = c.AddPublication(ctx, wire.AddPublication{Name: "Other", Family: family, Application: "Other", Hosts: []string{"h1"}})
	wantKind(t, err, berth.NotFound)
	if e, ok := errors.AsType[*berth.Error](err); !ok || e.Field != "application" || !strings.Contains(e.Remedy, "App") {
		t.Errorf("refused as %#v", err)
	}
	if v, err = c.EditPublication(ctx, "our NOTES (64)", wire.EditPublication{Users: &[]string{}}); err != nil || len(v.Users) != 0 || len(v.Hosts) != 1 {
		t.Errorf("edited: %+v, %v", v, err)
	}
	if vs, err := c.Publications(ctx, ""); err != nil || len(vs) != 1 {
		t.Errorf("list: %+v, %v", vs, err)
	}
	if vs, err := c.Publications(ctx, notesThree); err != nil || len(vs) != 1 || len(vs[0].Offers) != 0 {
		t.Errorf("of the package, which no host has: %+v, %v", vs, err)
	}
	must(t, c.RemovePublication(ctx, "Our notes (64)"))
	_, err = c.Publication(ctx, "Our notes (64)")
	wantKind(t, err, berth.NotFound)
}

func TestAssignedHostsAndDependencies(t *testing.T) {
	c, ctx := published(t), context.Background()
	as, err := c.Assign(ctx, client.Holder{Kind: "hosts", Name: "h1"}, wire.Assign{Version: notesThree})
	if err != nil || len(as.Dependencies) != 1 || as.Dependencies[0].State != berth.DependencyMissing || len(as.Warnings) != 1 {
		t.Errorf("assigned: %+v, %v", as, err)
	}
	if hs, err := c.AssignedHosts(ctx, notesThree); err != nil || len(hs) != 1 || hs[0].Now != nil || hs[0].Drafted == nil || !hs[0].Drafted.Exact || hs[0].Drafted.Level != berth.LevelHost {
		t.Errorf("hosts: %+v, %v", hs, err)
	}
	p, err := c.Package(ctx, notesThree)
	if err != nil || len(p.DependencyChecks) != 1 || p.DependencyChecks[0].NeededBy != notesThree {
		t.Errorf("package: %+v, %v", p, err)
	}
	if again, err := c.Assignments(ctx, client.Holder{Kind: "hosts", Name: "h1"}); err != nil || len(again.Dependencies)+len(again.Warnings) != 0 {
		t.Errorf("looked at: %+v, %v", again, err)
	}
}

func TestCertificates(t *testing.T) {
	c, ctx := published(t), context.Background()
	if fs, err := c.Certificates(ctx); err != nil || len(fs) != 1 || fs[0].Thumbprint != "AA11" || fs[0].State != berth.ForecastExpired {
		t.Errorf("list: %+v, %v", fs, err)
	}
	if v, err := c.Certificate(ctx, "aa11"); err != nil || v.KeySize != 2048 || v.Unreadable == "" || v.Forecast.Packages[0].FullName != notesThree {
		t.Errorf("one: %+v, %v", v, err)
	}
	_, err := c.Certificate(ctx, "bb22")
	wantKind(t, err, berth.NotFound)
}
