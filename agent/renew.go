package agent

import (
	"context"
	"crypto/x509"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"berth"
	"berth/wire"
)

// nextFile holds a renewed identity until the server has taken it; then it replaces the identity in one step. Both are
// kept so long, because the server accepts both: whatever is lost on the way, one of them works.
const nextFile = "identity.next.json"

// renewEvery is the least time between two renewals, whatever the certificates say.
const renewEvery = time.Hour

// renewal is what a syncer knows of the identity to come.
type renewal struct {
	next   *identity // given out, and not yet proved
	client *http.Client
	after  time.Time // not asked for before
}

// due tells that two thirds of the certificate's life are over.
func (id identity) due(now time.Time) bool {
	c, err := x509.ParseCertificate(id.Certificate)
	return err == nil && c.NotAfter.Sub(now) <= c.NotAfter.Sub(c.NotBefore)/3
}

// load takes up a renewal that was under way when the agent last ended.
func (r *renewal) load(a *Agent) {
	var next identity
	err := readJSON(a.path(nextFile), &next)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err == nil && next.HostID == a.who.Load().HostID {
		r.client, err = next.client(a.options)
	}
	if err != nil || r.client == nil {
		a.options.Log.Warn("a renewed identity cannot be used; the one of before stays", "error", err)
		r.drop(a)
		return
	}
	r.next = &next
}

// mayAsk holds back from asking too often. A wait longer than that was reckoned by a clock that was set back since.
func (r *renewal) mayAsk(now time.Time) bool {
	return !now.Before(r.after) || r.after.Sub(now) > renewEvery
}

func (r *renewal) drop(a *Agent) {
	if err := os.Remove(a.path(nextFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		a.options.Log.Warn("cannot remove the renewed identity", "error", err)
	}
	r.next, r.client = nil, nil
}

func (a *Agent) path(file string) string { return filepath.Join(a.options.StateDir, file) }

// renew asks for a new certificate when it is time, and moves over to one that is there. A failure changes nothing: the
// certificate of before is used on, and it is tried again.
func (s *syncer) renew(ctx context.Context) {
	a, now := s.agent, s.agent.options.Now()
	if s.renewal.next == nil && a.who.Load().due(now) && s.renewal.mayAsk(now) {
		s.renewal.after = now.Add(renewEvery)
		if err := s.ask(ctx); err != nil && ctx.Err() == nil {
			a.options.Log.Warn("the certificate of this host could not be renewed", "error", err, "again", s.renewal.after)
		}
	}
	if s.renewal.next == nil {
		return
	}
	err := s.prove(ctx)
	switch {
	case err == nil:
		a.options.Log.Info("the certificate of this host is renewed")
	case berth.ErrorKind(err) == berth.Unauthenticated:
		a.options.Log.Warn("the server refuses the renewed certificate; the one of before stays", "error", err)
		s.renewal.drop(a)
	case ctx.Err() == nil:
		a.options.Log.Warn("the renewed certificate could not be tried yet", "error", err)
	}
}

// ask has a new key certified, and keeps both on disk before anything else happens.
func (s *syncer) ask(ctx context.Context) error {
	next := *s.agent.who.Load()
	key, csr, err := request(&next)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	var resp wire.RenewResponse
	if err := post(ctx, s.client, next.Server+wire.PathRenew, wire.RenewRequest{Protocol: wire.Protocol, CSR: csr}, &resp); err != nil {
		return err
	}
	next.Certificate, next.CA = resp.Certificate, resp.CA
	if err := next.check(key); err != nil {
		return err
	}
	client, err := next.client(s.agent.options)
	if err != nil {
		return err
	}
	if err := writeJSON(s.agent.path(nextFile), next); err != nil {
		return err
	}
	s.renewal.next, s.renewal.client = &next, client
	return nil
}

// prove syncs once with the renewed certificate. The answer is not used, the next sync brings it again; that there is one
// means that the server has let go of the certificate of before, and so does the agent.
func (s *syncer) prove(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	held, r := s.agent.keeper.get(), &s.renewal
	req := wire.SyncRequest{Protocol: wire.Protocol, Generation: held.Generation, Digest: held.Digest, Retry: held.Retry}
	var resp wire.SyncResponse
	if err := post(ctx, r.client, r.next.Server+wire.PathSync, req, &resp); err != nil {
		return err
	}
	if err := rename(s.agent.path(nextFile), s.agent.path(identityFile)); err != nil {
		return err
	}
	old := s.client
	s.client = r.client
	s.agent.who.Store(r.next)
	r.next, r.client = nil, nil
	old.CloseIdleConnections()
	return nil
}
