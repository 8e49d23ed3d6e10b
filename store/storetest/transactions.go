package storetest

import (
	"context"
	"errors"
	"sync"

	"berth"
)

var transactionTests = map[string]func(*bench){
	"readsItsOwnWrites":     readsItsOwnWrites,
	"takesBackOnError":      takesBackOnError,
	"takesBackOnPanic":      takesBackOnPanic,
	"takesBackOnCancel":     takesBackOnCancel,
	"cancelledBefore":       cancelledBefore,
	"failureIsNotForgotten": failureIsNotForgotten,
	"viewDoesNotWrite":      viewDoesNotWrite,
	"viewStaysTheSame":      viewStaysTheSame,
	"viewSeesNoDirt":        viewSeesNoDirt,
	"updatesLoseNothing":    updatesLoseNothing,
	"survivesReopening":     survivesReopening,
	"closedIsUnavailable":   closedIsUnavailable,
}

func readsItsOwnWrites(b *bench) {
	b.update(func(tx berth.Tx) error {
		b.check(tx.PutSite(berth.Site{Name: "main", Generation: 5}))
		s, err := tx.Site("main")
		b.equal("generation", s.Generation, int64(5))
		return err
	})
}

// wreck writes in all tables and then ends the transaction in the given way.
func wreck(tx berth.Tx, end func() error) error {
	return errors.Join(tx.PutSite(berth.Site{Name: "main", Generation: 99}), tx.PutSite(berth.Site{Name: "new"}),
		tx.PutObject(thing(berth.ObjectPool, "one")), tx.PutHost(fullHost()),
		tx.PutCredential(berth.Credential{ID: "k1", Kind: berth.CredentialToken}),
		tx.AppendAudit(berth.AuditEntry{Action: "x"}), end())
}

// untouched wants that nothing of wreck is there, and that the store still works.
func (b *bench) untouched() {
	b.Helper()
	b.view(func(tx berth.Tx) error {
		s, err := tx.Site("main")
		b.check(err)
		b.equal("generation", s.Generation, int64(1))
		_, err = tx.Site("new")
		b.missing(err)
		_, err = tx.Object(thing(berth.ObjectPool, "one").Ref)
		b.missing(err)
		_, err = tx.Host(fullHost().ID)
		b.missing(err)
		_, err = tx.Credential("k1")
		b.missing(err)
		entries, err := tx.Audit(berth.AuditQuery{})
		b.equal("audit", len(entries), 0)
		return err
	})
	b.update(raise())
	b.equal("generation after another Update", b.generation(), int64(2))
}

func (b *bench) begin() { b.update(put(putSite, berth.Site{Name: "main", Generation: 1})) }

func takesBackOnError(b *bench) {
	b.begin()
	reason := errors.New("changed my mind")
	err := b.store.Update(b.Context(), func(tx berth.Tx) error { return wreck(tx, func() error { return reason }) })
	if !errors.Is(err, reason) {
		b.Errorf("Update returned %v, want the error of fn", err)
	}
	b.untouched()
}

func takesBackOnPanic(b *bench) {
	b.begin()
	func() {
		defer func() { b.equal("recovered", recover(), "boom") }()
		_ = b.store.Update(b.Context(), func(tx berth.Tx) error { return wreck(tx, func() error { panic("boom") }) })
	}()
	b.untouched()
}

func takesBackOnCancel(b *bench) {
	b.begin()
	ctx, cancel := context.WithCancel(b.Context())
	err := b.store.Update(ctx, func(tx berth.Tx) error { return wreck(tx, func() error { cancel(); return nil }) })
	if !errors.Is(err, context.Canceled) {
		b.Errorf("Update returned %v, want that it was cancelled", err)
	}
	b.untouched()
}

func cancelledBefore(b *bench) {
	b.begin()
	ctx, cancel := context.WithCancel(b.Context())
	cancel()
	never := func(berth.Tx) error { b.Error("fn ran for a caller who had gone"); return nil }
	for name, run := range map[string]func(context.Context, func(berth.Tx) error) error{"Update": b.store.Update, "View": b.store.View} {
		if err := run(ctx, never); !errors.Is(err, context.Canceled) {
			b.Errorf("%s returned %v, want that it was cancelled", name, err)
		}
	}
	b.untouched()
}

// failureIsNotForgotten: an Update in which a write failed keeps nothing, even if fn dropped the error.
func failureIsNotForgotten(b *bench) {
	b.begin()
	err := b.store.Update(b.Context(), func(tx berth.Tx) error {
		_ = wreck(tx, func() error { return nil })
		second := fullHost()
		second.ID = "id-2"
		b.kind(tx.PutHost(second), berth.Conflict)
		_ = tx.PutSite(berth.Site{Name: "after"})
		return nil
	})
	b.kind(err, berth.Conflict)
	b.untouched()
}

func viewDoesNotWrite(b *bench) {
	b.begin()
	_ = b.store.View(b.Context(), func(tx berth.Tx) error {
		if err := tx.PutSite(berth.Site{Name: "new"}); err == nil {
			b.Error("a View wrote a site")
		}
		if err := tx.AppendAudit(berth.AuditEntry{}); err == nil {
			b.Error("a View wrote to the audit")
		}
		return nil
	})
	b.untouched()
}

// viewStaysTheSame updates while a View is open, before and after its first read.
func viewStaysTheSame(b *bench) {
	b.begin()
	ctx := patient(b.T)
	b.check(b.store.View(ctx, func(tx berth.Tx) error {
		for range 3 {
			b.check(b.store.Update(ctx, raise()))
			s, err := tx.Site("main")
			b.check(err)
			b.equal("generation seen by the View", s.Generation, int64(1))
		}
		return nil
	}))
	b.equal("generation afterwards", b.generation(), int64(4))
}

// viewSeesNoDirt reads while an Update has written and not returned.
func viewSeesNoDirt(b *bench) {
	b.begin()
	ctx := patient(b.T)
	b.check(b.store.Update(ctx, func(tx berth.Tx) error {
		b.check(raise()(tx))
		return b.store.View(ctx, func(tx berth.Tx) error {
			s, err := tx.Site("main")
			b.equal("generation seen meanwhile", s.Generation, int64(1))
			return err
		})
	}))
	b.equal("generation afterwards", b.generation(), int64(2))
}

// updatesLoseNothing counts from many goroutines, with readers that check that the site and the audit agree.
func updatesLoseNothing(b *bench) {
	const writers, each = 8, 25
	b.update(put(putSite, berth.Site{Name: "main"}))
	ctx := patient(b.T)
	var group sync.WaitGroup
	for range writers {
		group.Go(func() {
			for range each {
				err := b.store.Update(ctx, func(tx berth.Tx) error {
					return errors.Join(raise()(tx), tx.AppendAudit(berth.AuditEntry{Action: "raise"}))
				})
				if err != nil {
					b.Error(err)
				}
			}
		})
		group.Go(func() {
			for range each {
				b.agrees(ctx)
			}
		})
	}
	group.Wait()
	b.agrees(ctx)
	b.equal("generation", b.generation(), int64(writers*each))
}

// agrees compares the counter with the number of audit entries, in one View.
func (b *bench) agrees(ctx context.Context) {
	err := b.store.View(ctx, func(tx berth.Tx) error {
		s, err := tx.Site("main")
		if err != nil {
			return err
		}
		entries, err := tx.Audit(berth.AuditQuery{})
		if int64(len(entries)) != s.Generation {
			b.Errorf("a View saw generation %d and %d audit entries", s.Generation, len(entries))
		}
		return err
	})
	if err != nil {
		b.Error(err)
	}
}

func survivesReopening(b *bench) {
	site := berth.Site{Name: "Main", Generation: 3, CreatedAt: moment(1)}
	object, host := thing(berth.ObjectPool, "one"), fullHost()
	credential := berth.Credential{ID: "k1", Kind: berth.CredentialToken, Hash: []byte{1}, CreatedAt: moment(2)}
	b.update(func(tx berth.Tx) error {
		return errors.Join(tx.PutSite(site), tx.PutObject(object), tx.PutHost(host), tx.PutCredential(credential),
			tx.AppendAudit(berth.AuditEntry{Action: "before"}))
	})
	b.reopen()
	b.view(func(tx berth.Tx) error {
		gotSite, err1 := tx.Site("main")
		gotObject, err2 := tx.Object(object.Ref)
		gotHost, err3 := tx.Host(host.ID)
		gotCredential, err4 := tx.Credential("k1")
		b.equal("site", gotSite, site)
		b.equal("object", gotObject, object)
		b.equal("host", gotHost, host)
		b.equal("credential", gotCredential, credential)
		return errors.Join(err1, err2, err3, err4)
	})
	b.update(func(tx berth.Tx) error { return tx.AppendAudit(berth.AuditEntry{Action: "after"}) })
	_, actions := b.audit(berth.AuditQuery{})
	b.equal("audit", actions, []string{"after", "before"})
}

func closedIsUnavailable(b *bench) {
	b.begin()
	b.check(b.store.Close())
	nothing := func(berth.Tx) error { return nil }
	b.kind(b.store.Update(b.Context(), nothing), berth.Unavailable)
	b.kind(b.store.View(b.Context(), nothing), berth.Unavailable)
}
