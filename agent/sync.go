package agent

import (
	"context"
	"crypto/x509"
	"errors"
	"net/http"
	"strings"
	"time"

	"berth"
	"berth/wire"
)

// Limits of the sync.
const (
	firstFacts  = 5 * time.Second  // how long the first sync waits for the first look at the machine
	answerLimit = 30 * time.Second // for an answer, beyond the wait that was asked for
	mostNext    = 10 * time.Minute // of the server's interval that is heeded
	leastGap    = time.Second      // between syncs that bring nothing and that nobody hastens
)

// errNewFacts ends a waiting request early.
var errNewFacts = errors.New("the facts changed")

// syncer tells the server what the host has and hears what it must have. There is one request at a time: when the facts
// change while one waits for a plan, it is cancelled and a new one carries them. (A second request beside it would leave
// open which of two answers is the newer.) Over HTTP/2 that resets a stream; the connection stays. Facts count as sent
// when a request that carried them was answered.
type syncer struct {
	agent  *Agent
	client *http.Client
	sent   int // version of the facts that the server has
	timed  int // version of the timings that the server has
	failed int // failures in a row

	renewal renewal
}

func (s *syncer) run(ctx context.Context) {
	select {
	case <-s.agent.news.after(0):
	case <-time.After(firstFacts):
	case <-ctx.Done():
	}
	s.renewal.load(s.agent)
	defer s.agent.examiner.running.Wait()
	defer s.agent.errands.running.Wait()
	for ctx.Err() == nil {
		s.renew(ctx)
		begin := time.Now()
		next, err := s.once(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, errNewFacts):
		case err != nil:
			s.failed++
			wait := s.agent.options.SyncBackoff.wait(s.failed, s.agent.options.Random())
			s.agent.options.Log.Warn("sync failed", "error", err, "again", wait)
			s.agent.board.synced(s.agent.options.Now(), err)
			s.pause(ctx, wait, nil)
		default:
			s.failed = 0
			s.agent.board.synced(s.agent.options.Now(), nil)
			s.pause(ctx, max(next, leastGap-time.Since(begin)), s.agent.news.after(s.sent))
		}
	}
}

// pause waits, no longer than until the channel is closed and the facts have settled.
func (s *syncer) pause(ctx context.Context, d time.Duration, hasten <-chan struct{}) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	case <-hasten:
		select {
		case <-ctx.Done():
		case <-time.After(min(d, s.agent.options.Settle)):
		}
	}
}

// once makes one request and returns how long the server wants the agent to wait before the next.
func (s *syncer) once(ctx context.Context) (time.Duration, error) {
	held := s.agent.keeper.get()
	facts, version := s.agent.news.latest()
	req := wire.SyncRequest{Protocol: wire.Protocol, Generation: held.Generation, Digest: held.Digest, Retry: held.Retry,
		Wait: int(s.agent.options.Wait / time.Second)}
	if held.Digest == "" {
		req.Generation = 0
	}
	if s.failed > 0 {
		req.Wait = 0 // to know at once that the server is back, and to say so
	}
	if version != s.sent {
		req.Facts = &facts
	}
	req.Preflights, req.Asks = s.agent.examiner.report(), s.agent.errands.report()
	var timed int
	req.Timings, timed = s.agent.timings.after(s.timed)
	var resp wire.SyncResponse
	if err := s.post(ctx, version, req, &resp); err != nil {
		return 0, err
	}
	s.sent, s.timed = version, timed
	s.agent.examiner.take(ctx, s.agent, req.Preflights, resp.Preflights)
	s.agent.errands.take(ctx, s.agent, req.Asks, resp.Asks)
	return min(max(time.Duration(resp.Next), 0)*time.Second, mostNext), s.take(held, resp)
}

// post sends the request and gives up when the facts become newer than the version meanwhile.
func (s *syncer) post(ctx context.Context, version int, req wire.SyncRequest, resp *wire.SyncResponse) error {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	ctx, cancel := context.WithTimeout(ctx, s.agent.options.Wait+answerLimit)
	defer cancel()
	go func() {
		s.pause(ctx, s.agent.options.Wait+answerLimit, s.agent.news.after(version))
		end(errNewFacts) // without effect once the request is over
	}()
	err := post(ctx, s.client, s.agent.who.Load().Server+wire.PathSync, req, resp)
	if err != nil && errors.Is(context.Cause(ctx), errNewFacts) {
		return errNewFacts
	}
	return err
}

// take keeps a new plan and wakes the loop.
func (s *syncer) take(held held, resp wire.SyncResponse) error {
	changed, err := s.agent.keeper.take(resp)
	if err != nil {
		return err
	}
	if changed {
		s.agent.options.Log.Info("plan taken", "generation", resp.Generation, "before", held.Generation, "changed", resp.Plan != nil)
		s.agent.poke()
	}
	return nil
}

// offline is the error of a server that did not answer.
func offline(server string, err error) error {
	remedy := "check the network, the address, and that the server runs"
	c, ok := errors.AsType[x509.CertificateInvalidError](err)
	switch {
	case ok && c.Reason == x509.Expired:
		remedy = "set the clock of this host; if it is right, the server's certificate is out of force: start the server again"
	case strings.Contains(err.Error(), expiredAlert):
		remedy = "check the clocks of host and server; if they are right, the certificate of this host has ended: enrol the host again, with force"
	}
	return berth.Errorf(berth.Unavailable, "the server %s does not answer: %w", server, err).
		With(remedy + "; the host keeps what it has meanwhile")
}

// expiredAlert is how crypto/tls, which has no public type for it, tells of a peer that found this side's certificate out of
// force (RFC 8446, section 6.2: certificate_expired).
const expiredAlert = "tls: expired certificate"
