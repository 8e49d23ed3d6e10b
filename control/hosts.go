package control

import (
	"context"
	"io"
	"time"

	"berth"
	"berth/auth"
	"berth/wire"
)

// Hosts returns the site's hosts with how many of their packages stand how, ordered by name.
func (s *Service) Hosts(ctx context.Context, site, after string, limit int) ([]wire.HostView, error) {
	page, err := s.FindHosts(ctx, site, HostsQuery{After: after, Limit: limit})
	return page.Items, err
}

// Host returns one host.
func (s *Service) Host(ctx context.Context, site, name string) (v wire.HostView, err error) {
	err = s.view(ctx, site, func(w *work) error {
		h, err := w.host(name)
		if err != nil {
			return err
		}
		v, err = w.hostView(h, s.version)
		return err
	})
	return v, err
}

func (w *work) host(name string) (berth.Host, error) {
	h, err := w.HostByName(berth.Fold(w.site.Name), name)
	return h, hostUnknown(w.site.Name, name, err)
}

func (w *work) hostView(h berth.Host, server string) (wire.HostView, error) {
	v := wire.HostView{ID: h.ID, Name: h.Name, Kind: h.Kind, EnrolledAt: h.EnrolledAt, LastSeen: h.LastSeen, Facts: h.Facts,
		Notices: berth.HostNotices(h, server, w.at)}
	o, err := w.hostObject(h.Name)
	if err != nil {
		return v, err
	}
	c, err := hostConfig(o, berth.Draft)
	if err != nil {
		return v, err
	}
	v.Revision, v.Drafted = o.Revision, o.Drafted
	v.Pool, v.Inherit, v.Certificate = c.Pool, c.Inherit, hostCertificate(h)
	rows, err := w.statuses(h)
	v.Counts = countsOf(rows)
	return v, err
}

// RetryHost lets the host try its failed packages again at once.
func (s *Service) RetryHost(ctx context.Context, site, name string) error {
	err := s.update(ctx, site, func(w *work) error {
		h, err := w.host(name)
		if err != nil {
			return err
		}
		h.Retry++
		if err := w.PutHost(h); err != nil {
			return err
		}
		return w.note("retry", w.ref(berth.ObjectHost, name), nil, nil)
	})
	if err == nil {
		s.bell.ring(site)
	}
	return err
}

// RemoveHost forgets a host: its certificate opens nothing any more.
func (s *Service) RemoveHost(ctx context.Context, site, name string) error {
	return s.update(ctx, site, func(w *work) error {
		h, err := w.host(name)
		if err != nil {
			return err
		}
		if err := w.DeleteHost(h.ID); err != nil {
			return err
		}
		ref := w.ref(berth.ObjectHost, name)
		now := *w
		now.now = true
		err = edit(&now, target{ref: ref, name: h.Name, action: "delete host", expect: w.expect},
			func(*berth.HostConfig, state) (keep, error) { return removed, nil })
		w.bump, w.site = now.bump, now.site
		if err != nil {
			return err
		}
		return buryRetired(w, site, w.at) // it may have been the last to hold one
	})
}

// Enroll gives an agent that holds an enrolment key the identity of a host. A host of that name that was there before
// keeps its configuration and gets a new identity; the old certificate opens nothing any more.
func (s *Service) Enroll(ctx context.Context, r wire.EnrollRequest) (out wire.EnrollResponse, err error) {
	if err := checkEnroll(r); err != nil {
		return out, err
	}
	var t try
	if after, ok := t.take(s.guard.enrolment, auth.AddressKey(auth.Address(ctx))); !ok {
		return out, auth.TooMany("enrol", after)
	}
	defer func() { t.settle(err) }()
	id, secret, err := auth.ParseSecret(r.Key)
	if err != nil {
		s.enrolmentRefused(ctx, berth.Credential{}, r.Name, err)
		return out, err
	}
	var used berth.Credential
	var told []wire.Event
	err = s.store.Update(ctx, func(tx berth.Tx) error {
		key, err := s.useKey(tx, id, secret)
		used = key
		if err != nil {
			return err
		}
		site, err := tx.Site(key.Site)
		if err != nil {
			return err
		}
		w := &work{Tx: tx, site: site, at: s.now(), now: true,
			who: auth.Principal{Name: "enrolment key " + key.Name, Kind: "host", Site: key.Site, Face: "agent"}}
		if err := w.keyUsed(key, r.Name); err != nil {
			return err
		}
		if out, err = s.enroll(w, key, r); err != nil {
			return err
		}
		told = w.told()
		if w.bump {
			return tx.PutSite(w.site)
		}
		return nil
	})
	if err != nil {
		s.log.WarnContext(ctx, "enrolment refused", "host", r.Name, "error", err)
		s.enrolmentRefused(ctx, used, r.Name, err)
		return wire.EnrollResponse{}, err
	}
	s.hub.tell(out.Site, s.now(), append(told, wire.Event{Kind: wire.EventHost, Key: berth.Fold(r.Name)})...)
	s.bell.ring(out.Site) // whoever waits with the certificate of before is told that it is over
	return out, nil
}

func checkEnroll(r wire.EnrollRequest) error {
	if !hostName().MatchString(r.Name) {
		return berth.Errorf(berth.Invalid, "%q cannot name a host", r.Name).On("name").
			With("use 1 to 64 letters, digits, spaces, '@', '.', '-' and '_', the first and the last no space and not all dots")
	}
	return checkProtocol(r.Protocol)
}

// checkProtocol takes this build's protocol and the two before it.
func checkProtocol(spoken int) error {
	if spoken < max(1, wire.Protocol-2) || spoken > wire.Protocol {
		return berth.Errorf(berth.Invalid, "the agent speaks protocol %d, this server %d", spoken, wire.Protocol).
			With("use an agent of the server's version")
	}
	return nil
}

// useKey checks an enrolment key and counts its use.
func (s *Service) useKey(tx berth.Tx, id string, secret []byte) (berth.Credential, error) {
	wrong := berth.Errorf(berth.Unauthenticated, "the enrolment key is not valid").With("ask an owner for a new one: `berth enroll-key create`")
	key, err := tx.Credential(id)
	if berth.IsNotFound(err) {
		return key, wrong
	}
	if err != nil {
		return key, err
	}
	if key.Kind != berth.CredentialEnroll || !auth.Matches(key, secret) {
		return berth.Credential{}, wrong
	}
	if err := key.Usable(s.now()); err != nil {
		return key, err
	}
	key.Uses++
	return key, tx.PutCredential(key)
}

func (s *Service) enroll(w *work, key berth.Credential, r wire.EnrollRequest) (out wire.EnrollResponse, err error) {
	if err := w.keyPool(key); err != nil {
		return out, err
	}
	h, err := w.HostByName(berth.Fold(w.site.Name), r.Name)
	if err != nil && !berth.IsNotFound(err) {
		return out, err
	}
	if h.ID == "" {
		if h.ID, err = s.id(); err != nil {
			return out, err
		}
	}
	h.Site, h.Name, h.Kind, h.Facts = w.site.Name, r.Name, key.HostKind, r.Facts
	h.EnrolledAt, h.LastSeen = w.at, w.at
	out.HostID, out.Site, out.CA = h.ID, w.site.Name, s.authority.CertificateDER()
	if out.Certificate, h.Serial, err = s.authority.IssueHost(r.CSR, h.ID); err != nil {
		return out, err
	}
	if h.ExpiresAt, err = expiryOf(out.Certificate); err != nil {
		return out, err
	}
	h.RevokedAt, h.NextSerial, h.NextExpiresAt = time.Time{}, "", time.Time{}
	if err := w.PutHost(h); err != nil {
		return out, err
	}
	t := target{ref: w.ref(berth.ObjectHost, h.Name), name: h.Name, action: "enrol host"}
	return out, edit(w, t, func(doc *berth.HostConfig, is state) (keep, error) {
		if !is.exists {
			*doc = berth.HostConfig{Name: h.Name, Inherit: true}
		}
		// A pool that an administrator chose stays, unless the key names one or the host is of another kind now.
		if key.Pool != "" || doc.Kind != key.HostKind {
			doc.Pool = key.Pool
		}
		doc.Kind = key.HostKind
		return kept, nil
	})
}

// keyPool makes sure that the pool of an enrolment key is still there and of the key's kind: a host in a pool that hosts
// cannot see would stand in the way of every later apply.
func (w *work) keyPool(key berth.Credential) error {
	if key.Pool == "" {
		return nil
	}
	p, err := berth.Load[berth.Pool](w, berth.Applied, w.ref(berth.ObjectPool, key.Pool))
	if berth.IsNotFound(err) || (err == nil && p.Kind != key.HostKind) {
		return berth.Errorf(berth.Conflict, "the enrolment key is for pool %s of kind %s, which is not there any more", key.Pool, key.HostKind).
			With("ask an owner for a new key: `berth enroll-key create`")
	}
	return err
}

// Longest is how long a sync may wait for a newer plan.
const Longest = 55 * time.Second

// Sync takes what changed on a host and answers with the plan to hold, at once when it is newer than the one held, else
// when one comes, or after the wait asked for. The serial is that of the certificate with which the host came.
func (s *Service) Sync(ctx context.Context, hostID, serial string, r wire.SyncRequest) (wire.SyncResponse, error) {
	if err := checkProtocol(r.Protocol); err != nil {
		return wire.SyncResponse{}, err
	}
	h, err := s.report(ctx, hostID, serial, r)
	if err != nil {
		s.hostRefused(ctx, hostID, serial, err)
		return wire.SyncResponse{}, err
	}
	s.asks.settle(h.ID, r.Asks)
	timeout := time.NewTimer(time.Duration(min(max(r.Wait, 0), int(Longest/time.Second))) * time.Second)
	defer timeout.Stop()
	for {
		rung := s.bell.wait(h.Site)
		// The certificate is asked for again each time: while this waits, the host may be enrolled anew, or removed.
		out, err := s.answer(ctx, hostID, serial, r)
		if err == nil && r.Wait <= 0 {
			out.Next, err = s.next()
		}
		if err != nil || r.Wait <= 0 || out.Generation > r.Generation || out.Plan != nil || out.Retry != r.Retry || len(out.Preflights)+len(out.Asks) > 0 {
			return out, err
		}
		select {
		case <-rung:
		case <-timeout.C:
			return out, nil
		case <-ctx.Done(): // the agent is gone, or the server stops: nothing is new as far as anybody knows
			return out, nil
		}
	}
}

// polls is about how often a host comes that does not wait, in seconds.
const polls = 30

// next returns the seconds until the next poll, from 0.8 to 1.2 of the usual, so that hosts that began together part.
func (s *Service) next() (int, error) {
	var b [1]byte
	_, err := io.ReadFull(s.random, b[:])
	return polls*8/10 + int(b[0])*(polls*4/10)/255, err
}

// seenEvery is how exact "last seen" is: a host that only waits is not written down more often.
const seenEvery = 10 * time.Second

// report stores what the host says, and checks that it is the host it claims to be.
func (s *Service) report(ctx context.Context, hostID, serial string, r wire.SyncRequest) (h berth.Host, err error) {
	err = s.store.View(ctx, func(tx berth.Tx) error { h, err = knownHost(tx, hostID, serial); return err })
	if err != nil {
		return h, err
	}
	if r.Facts == nil && len(r.Timings) == 0 && !answersPreflights(r) && serial == h.Serial && h.Facts.Generation == r.Generation && s.now().Sub(h.LastSeen) < seenEvery {
		return h, nil
	}
	news := r.Facts != nil || h.Facts.Generation != r.Generation
	err = s.store.Update(ctx, func(tx berth.Tx) error {
		if h, err = knownHost(tx, hostID, serial); err != nil {
			return err
		}
		h.TakeUp(serial)
		if r.Facts != nil {
			h.Facts = *r.Facts
		}
		h.Facts.Generation, h.LastSeen = r.Generation, s.now()
		if err := tx.PutHost(h); err != nil {
			return err
		}
		if err := keepAnswers(tx, h.ID, r, s.now()); err != nil {
			return err
		}
		if err := keepTimings(tx, h.ID, r.Timings, s.now()); err != nil {
			return err
		}
		return buryRetired(tx, h.Site, s.now())
	})
	if err == nil && news {
		s.hub.tell(h.Site, s.now(), wire.Event{Kind: wire.EventHost, Key: berth.Fold(h.Name), Generation: h.Facts.Generation})
	}
	return h, err
}

func knownHost(tx berth.Tx, hostID, serial string) (berth.Host, error) {
	h, err := tx.Host(hostID)
	if berth.IsNotFound(err) || (err == nil && !h.Certified(serial)) {
		return h, berth.Errorf(berth.Unauthenticated, "the host certificate %s is not in force", serial).
			With("enrol the host again: `berth agent enroll`")
	}
	return h, err
}

// answer computes what the host is told.
func (s *Service) answer(ctx context.Context, hostID, serial string, r wire.SyncRequest) (out wire.SyncResponse, err error) {
	err = s.store.View(ctx, func(tx berth.Tx) error {
		h, err := knownHost(tx, hostID, serial)
		if err != nil {
			return err
		}
		site, err := tx.Site(h.Site)
		if err != nil {
			return err
		}
		p, err := s.planFor(&work{Tx: tx, site: site}, h)
		if err != nil {
			return err
		}
		out = wire.SyncResponse{Protocol: wire.Protocol, Generation: site.Generation, Digest: p.digest, Retry: h.Retry}
		if p.digest != r.Digest || r.Generation > site.Generation {
			newer := p.plan
			newer.Generation = site.Generation
			out.Plan = &newer
		}
		out.Asks = s.asks.open(h.ID, r.Asks)
		out.Preflights, err = preflightsFor(tx, h.ID, r, s.now())
		return err
	})
	return out, err
}

// buryRetired removes packages deleted by force that no host has any more.
func buryRetired(tx berth.Tx, site string, at time.Time) error {
	objects, err := tx.Objects(berth.ObjectQuery{Site: berth.Fold(site), Kind: berth.ObjectPackage, Retired: true})
	if err != nil || len(objects) == 0 {
		return err
	}
	groups, err := tx.HostGroups(berth.Fold(site))
	if err != nil {
		return err
	}
	for _, o := range objects {
		if o.Drafted || someHostHas(groups, o.Name) {
			continue
		}
		before := o.Applied
		o.Applied, o.Draft, o.Drafted = nil, nil, false
		if err := tx.PutObject(o); err != nil {
			return err
		}
		if err := tx.AppendAudit(berth.AuditEntry{At: at, Site: berth.Fold(site), Actor: "berth", Face: "server",
			Action: "remove retired package", Kind: string(o.Kind), Key: o.Key, Before: before, Revision: o.Revision + 1}); err != nil {
			return err
		}
	}
	return nil
}

func someHostHas(groups []berth.HostGroup, fullName string) bool {
	for _, g := range groups {
		if f := g.Host.Facts.Package(fullName); f != nil && (f.Staged || f.Attached || len(f.Sessions) > 0) {
			return true
		}
	}
	return false
}
