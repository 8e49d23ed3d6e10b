package storetest

import "berth"

var preflightTests = map[string]func(*bench){
	"missing":   preflightMissing,
	"roundTrip": preflightRoundTrip,
}

func preflightMissing(b *bench) {
	b.view(func(tx berth.Tx) error {
		_, err := tx.Preflight("p1")
		b.missing(err, "p1")
		all, err := tx.Preflights("h1")
		b.equal("number of pre-flights", len(all), 0)
		return err
	})
	b.update(func(tx berth.Tx) error { return tx.DeletePreflight("p1") })
}

func preflightRoundTrip(b *bench) {
	old := berth.Preflight{ID: "p1", Site: "Main", HostID: "h1", Host: "RDSH-01", Package: "A_1", AskedAt: moment(1), AskedBy: "olga",
		Request: berth.PreflightRequest{ID: "p1", Package: berth.PlannedPackage{FullName: "A_1", ImagePath: `\\files\a's.vhdx`}, MinBuild: 5}}
	recent, other := old, old
	recent.ID, recent.AskedAt = "p0", moment(2)
	other.ID, other.HostID = "p2", "h2"
	b.update(func(tx berth.Tx) error {
		b.check(tx.PutPreflight(old))
		b.check(tx.PutPreflight(recent))
		return tx.PutPreflight(other)
	})
	old.AnsweredAt, old.Checks = moment(3), []berth.PreflightCheck{{Name: "image", Result: berth.PreflightFail, Code: "ENOENT"}}
	b.update(func(tx berth.Tx) error { return tx.PutPreflight(old) })
	b.reopen() // they survive a restart
	b.view(func(tx berth.Tx) error {
		got, err := tx.Preflight("p1")
		b.equal("pre-flight", got, old)
		b.check(err)
		all, err := tx.Preflights("h1")
		b.equal("pre-flights of the host", all, []berth.Preflight{recent, old})
		return err
	})
	b.update(func(tx berth.Tx) error { return tx.DeletePreflight("p1") })
	b.view(func(tx berth.Tx) error {
		_, err := tx.Preflight("p1")
		b.missing(err, "p1")
		return nil
	})
}
