package client_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"testing"

	"berth"
	"berth/wire"
)

func TestPreflights(t *testing.T) {
	s := newServer(t)
	c, ctx := s.client(t, s.token), context.Background()
	_, err := c.AskPreflight(ctx, "nobody", notesOne)
	wantKind(t, err, berth.NotFound)
	_, err = c.AddPackage(ctx, wire.AddPackage{ImagePath: "image of " + notesOne})
	must(t, err)
	enrollFor(t, s, "Host @ 1")
	v, err := c.AskPreflight(ctx, "host @ 1", notesOne)
	if err != nil || v.ID == "" || v.State != wire.PreflightPending {
		t.Fatalf("asked: %+v, %v", v, err)
	}
	if got, err := c.Preflight(ctx, "Host @ 1", v.ID); err != nil || got.ID != v.ID || got.Checks == nil {
		t.Errorf("pre-flight: %+v, %v", got, err)
	}
	_, err = c.Preflight(ctx, "Host @ 1", "nothing")
	wantKind(t, err, berth.NotFound)
}

func enrollFor(t *testing.T, s *server, name string) {
	t.Helper()
	ctx := context.Background()
	key, err := s.client(t, s.token).CreateEnrollKey(ctx, wire.CreateEnrollKey{Kind: berth.KindRDSH})
	must(t, err)
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, private)
	must(t, err)
	_, err = s.service.Enroll(ctx, wire.EnrollRequest{Protocol: wire.Protocol, Key: key.Text, Name: name, CSR: csr})
	must(t, err)
}
