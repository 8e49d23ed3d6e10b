package storetest

import (
	"fmt"
	"time"

	"berth"
)

var timingTests = map[string]func(*bench){
	"none":      timingNone,
	"roundTrip": timingRoundTrip,
	"spread":    timingSpread,
	"forget":    timingForget,
}

func timingNone(b *bench) {
	b.view(func(tx berth.Tx) error {
		of, err := tx.HostTimings("h1")
		b.check(err)
		b.equal("timings", len(of), 0)
		spread, err := tx.TimingSpread("main", "A_1")
		b.equal("spread", len(spread), 0)
		return err
	})
}

func timing(pkg string, phase berth.Phase, median float64) berth.Timing {
	return berth.Timing{Package: pkg, Phase: phase, Count: 3, LastMs: median + 1, MedianMs: median, MostMs: 2 * median, At: moment(1)}
}

func timingRoundTrip(b *bench) {
	stage, register, other := timing("A_1", berth.PhaseStage, 20), timing("A_1", berth.PhaseRegister, 4), timing("B_1", berth.PhaseAttach, 7)
	b.update(func(tx berth.Tx) error {
		for _, m := range []berth.Timing{register, stage, other} {
			b.check(tx.PutTiming("h1", m))
		}
		return tx.PutTiming("h2", timing("C_1", berth.PhaseAttach, 1))
	})
	stage.Count, stage.Failed, stage.LastMs, stage.At = 4, 2, 20.25, moment(2)
	b.update(func(tx berth.Tx) error { return tx.PutTiming("h1", stage) })
	b.reopen() // they survive a restart
	b.view(func(tx berth.Tx) error {
		got, err := tx.HostTimings("h1")
		b.equal("timings of the host", got, []berth.Timing{stage, register, other})
		return err
	})
}

func timingSpread(b *bench) {
	b.update(func(tx berth.Tx) error {
		b.check(tx.PutSite(berth.Site{Name: "Main"}))
		for i := range 10 { // medians of 10, 20 … 100
			id := fmt.Sprint("h", i)
			b.check(tx.PutHost(berth.Host{ID: id, Site: "Main", Name: "RDSH-" + id}))
			b.check(tx.PutTiming(id, timing("A_1", berth.PhaseStage, float64(10*(i+1)))))
		}
		b.check(tx.PutHost(berth.Host{ID: "bad", Site: "Main", Name: "bad"})) // it never succeeded
		b.check(tx.PutTiming("bad", berth.Timing{Package: "A_1", Phase: berth.PhaseStage, Failed: 2, At: moment(1)}))
		b.check(tx.PutTiming("h3", timing("a_1", berth.PhaseRegister, 3)))
		b.check(tx.PutHost(berth.Host{ID: "away", Site: "Other", Name: "away"}))
		b.check(tx.PutTiming("away", timing("A_1", berth.PhaseStage, 900)))
		return tx.PutTiming("gone", timing("A_1", berth.PhaseStage, 800)) // of no host that there is
	})
	b.view(func(tx berth.Tx) error {
		got, err := tx.TimingSpread("MAIN", "a_1")
		b.equal("spread", got, []berth.TimingSpread{
			{Phase: berth.PhaseStage, Hosts: 10, Count: 30, Failed: 2, MedianMs: 50, HighMs: 90, MostMs: 200, Slowest: "RDSH-h9"},
			{Phase: berth.PhaseRegister, Hosts: 1, Count: 3, MedianMs: 3, HighMs: 3, MostMs: 6, Slowest: "RDSH-h3"},
		})
		return err
	})
}

func timingForget(b *bench) {
	old, recent := timing("A_1", berth.PhaseStage, 1), timing("A_1", berth.PhaseRegister, 1)
	recent.At = moment(3)
	b.update(func(tx berth.Tx) error {
		b.check(tx.PutHost(berth.Host{ID: "h1", Site: "Main", Name: "h1"}))
		b.check(tx.PutTiming("h1", old))
		b.check(tx.PutTiming("h1", recent))
		b.check(tx.PutTiming("h2", old))
		return tx.ForgetTimings("h1", moment(2).Add(-time.Hour))
	})
	left := func(id string) (n int) {
		b.view(func(tx berth.Tx) error {
			of, err := tx.HostTimings(id)
			n = len(of)
			return err
		})
		return n
	}
	b.equal("left of the host", left("h1"), 1)
	b.equal("left of another", left("h2"), 1)
	b.update(func(tx berth.Tx) error { return tx.DeleteHost("h1") })
	b.equal("left of a host that was removed", left("h1"), 0)
}
