package control

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"berth"
	"berth/auth"
)

// guard holds what stands between strangers and the use cases that they may try: limits, and the hashing of passwords.
// Only failures count against a limit.
type guard struct {
	passwords *auth.Passwords
	names     *auth.Limiter // sign-in, by the name given
	addresses *auth.Limiter // sign-in, by the client's address
	enrolment *auth.Limiter // by the client's address
	renewal   *auth.Limiter // by host; renewals that succeed count too
	refusals  *auth.Limiter // audit entries about a credential or host that is known, by its id
	strangers *auth.Limiter // audit entries about whoever is not known, all together
}

// hashesAtOnce bounds the memory that sign-ins take: 46 MiB each.
const hashesAtOnce = 2

func newGuard(o Options) *guard {
	limit := func(burst int, every time.Duration) *auth.Limiter { return auth.NewLimiter(burst, every, o.Now) }
	return &guard{
		passwords: auth.NewPasswords(o.Random, hashesAtOnce),
		names:     limit(10, time.Minute),
		addresses: limit(30, 10*time.Second),
		enrolment: limit(30, 10*time.Second),
		renewal:   limit(5, time.Hour),
		refusals:  limit(3, time.Hour),
		strangers: limit(100, time.Minute),
	}
}

// try is one attempt that counts against limits until it is known to be good.
type try struct {
	limits []*auth.Limiter
	keys   []string
}

// take counts an attempt against every limit, or none, and says how long to wait where one is reached.
func (t *try) take(l *auth.Limiter, key string) (time.Duration, bool) {
	after, ok := l.Take(key)
	if !ok {
		t.giveBack()
		return after, false
	}
	t.limits, t.keys = append(t.limits, l), append(t.keys, key)
	return 0, true
}

// giveBack undoes the counting: the attempt was good, or not made.
func (t *try) giveBack() {
	for i, l := range t.limits {
		l.Give(t.keys[i])
	}
	t.limits, t.keys = nil, nil
}

// settle gives back what did not fail by the caller's fault.
func (t *try) settle(err error) {
	if err == nil || berth.ErrorKind(err) == berth.Internal || (berth.ErrorKind(err) == berth.Unavailable && !tooMany(err)) {
		t.giveBack()
	}
}

func tooMany(err error) bool {
	_, ok := errors.AsType[*auth.TooManyError](err)
	return ok
}

// audit writes entries that belong to no other change.
func (s *Service) audit(ctx context.Context, e berth.AuditEntry) {
	e.At = s.now()
	if err := s.store.Update(ctx, func(tx berth.Tx) error { return tx.AppendAudit(e) }); err != nil {
		s.log.ErrorContext(ctx, "audit of a refusal", "error", err)
	}
}

// refusedKnown writes down that a credential or host that is known was refused, the first few times and then now and
// then: programs try again for ever.
func (s *Service) refusedKnown(ctx context.Context, id string, e berth.AuditEntry) {
	if _, ok := s.guard.refusals.Take(id); ok {
		s.audit(ctx, e)
	}
}

// refusedStranger writes down that somebody was refused who is not known, as far as strangers together may fill the disk.
func (s *Service) refusedStranger(ctx context.Context, e berth.AuditEntry) {
	if _, ok := s.guard.strangers.Take(""); ok {
		s.audit(ctx, e)
	}
}

// Permit refuses a caller without the role in the site, and writes the refusal down. Use cases do so by themselves; it is for
// faces that must not look at a request before the right is known.
func (s *Service) Permit(ctx context.Context, site string, role berth.Role) error {
	_, err := auth.Require(ctx, site, role)
	if err != nil {
		s.refused(ctx, need{site, role}, err)
	}
	return err
}

// farm runs fn as one change of the farm as a whole, by a caller who owns it.
func (s *Service) farm(ctx context.Context, run func(context.Context, func(berth.Tx) error) error, fn func(*work) error) error {
	who, err := auth.Require(ctx, "", berth.RoleOwner)
	if err != nil {
		s.refused(ctx, need{"", berth.RoleOwner}, err)
		return err
	}
	return run(ctx, func(tx berth.Tx) error { return fn(&work{Tx: tx, who: who, at: s.now()}) })
}

// noteFarm appends an audit entry about something that belongs to no site.
func (w *work) noteFarm(action, kind, key string, before, after json.RawMessage) error {
	return w.AppendAudit(berth.AuditEntry{At: w.at, Actor: w.who.Name, Face: w.who.Face, Action: action, Kind: kind, Key: key,
		Before: before, After: after})
}

// grants checks roles and that their sites are there.
func (w *work) grants(grants []berth.Grant) ([]berth.Grant, error) {
	grants, err := berth.CheckGrants(grants)
	if err != nil {
		return nil, err
	}
	for _, g := range grants {
		if g.Site == "" {
			continue
		}
		if _, err := w.Site(g.Site); err != nil {
			return nil, err
		}
	}
	return grants, nil
}

// FarmAudit returns audit entries of all sites and of the farm itself: sign-ins, users and refusals belong to no site.
// It takes a reader of every site. The site of the query is not looked at.
func (s *Service) FarmAudit(ctx context.Context, q berth.AuditQuery) (entries []berth.AuditEntry, err error) {
	if _, err := auth.Require(ctx, "", berth.RoleReader); err != nil {
		s.refused(ctx, need{"", berth.RoleReader}, err)
		return nil, err
	}
	q.Site = ""
	err = s.store.View(ctx, func(tx berth.Tx) error { entries, err = tx.Audit(q); return err })
	return entries, err
}
