package control

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"berth"
	"berth/plan"
	"berth/wire"
)

// Limits of timings: how many a sync may bring, how long a name may be, and how long they are of use.
const (
	mostTimings    = 4096
	mostTimedName  = 255
	timingsLife    = 180 * 24 * time.Hour
	mostTimingMs   = 1e10 // four months
	mostTimingRuns = 1 << 40
)

// keepTimings stores what a host tells of how long its work took. What makes no sense is left out: a host must not spoil the
// figures of others.
func keepTimings(tx berth.Tx, hostID string, told []berth.Timing, now time.Time) error {
	if len(told) == 0 {
		return nil
	}
	for _, t := range told[:min(len(told), mostTimings)] {
		if !sensible(t) {
			continue
		}
		if t.At.After(now) || t.At.IsZero() { // its clock is wrong; by ours it was just now
			t.At = now
		}
		if err := tx.PutTiming(hostID, t); err != nil {
			return err
		}
	}
	return tx.ForgetTimings(hostID, now.Add(-timingsLife))
}

func sensible(t berth.Timing) bool {
	for _, ms := range []float64{t.LastMs, t.MedianMs, t.MostMs} {
		if math.IsNaN(ms) || ms < 0 || ms > mostTimingMs {
			return false
		}
	}
	runs := t.Count >= 0 && t.Failed >= 0 && t.Count <= mostTimingRuns && t.Failed <= mostTimingRuns
	return runs && t.Package != "" && len(t.Package) <= mostTimedName && slices.Contains(berth.TimedPhases, t.Phase)
}

// HostTimings returns what packages have cost on a host, the dearest at sign-in first.
func (s *Service) HostTimings(ctx context.Context, site, host string) (out []wire.HostTimings, err error) {
	err = s.view(ctx, site, func(w *work) error {
		h, err := w.host(host)
		if err != nil {
			return err
		}
		told, err := w.HostTimings(h.ID)
		if err != nil {
			return err
		}
		planned, err := w.compute(berth.Applied, h)
		if err != nil {
			return err
		}
		for i := 0; i < len(told); {
			end := i + 1
			for end < len(told) && berth.Fold(told[end].Package) == berth.Fold(told[i].Package) {
				end++
			}
			one, err := w.hostTimings(told[i:end], planned)
			if err != nil {
				return err
			}
			out, i = append(out, one), end
		}
		slices.SortStableFunc(out, func(a, b wire.HostTimings) int {
			return cmp.Or(cmp.Compare(b.LogonMs, a.LogonMs), cmp.Compare(b.SessionMs, a.SessionMs), cmp.Compare(b.StagingMs, a.StagingMs), cmp.Compare(a.Package, b.Package))
		})
		return nil
	})
	return out, err
}

// hostTimings sums up what a host told of one package.
func (w *work) hostTimings(phases []berth.Timing, planned plan.Result) (wire.HostTimings, error) {
	t := wire.HostTimings{Package: phases[0].Package, DisplayName: phases[0].Package, Phases: phases}
	for _, p := range phases {
		if p.At.After(t.At) {
			t.At = p.At
		}
		switch {
		case p.Phase.ByHost():
			t.StagingMs += p.MedianMs
		case p.Phase == berth.PhaseRegister:
			t.SessionMs = p.MedianMs
		}
	}
	for _, p := range planned.Packages {
		if berth.Fold(p.FullName) == berth.Fold(t.Package) && !p.Framework {
			t.Registration = p.Registration
		}
	}
	if t.Registration == berth.AtLogon {
		t.LogonMs = t.SessionMs
	}
	p, err := w.known(t.Package)
	if err == nil {
		t.DisplayName = p.DisplayName
	}
	if berth.IsNotFound(err) { // it is no longer in the catalogue; what it cost is known all the same
		err = nil
	}
	return t, err
}

// PackageTimings returns what a version of a package has cost over all hosts of the site.
func (s *Service) PackageTimings(ctx context.Context, site, fullName string) (out wire.PackageTimings, err error) {
	err = s.view(ctx, site, func(w *work) error {
		p, err := w.known(fullName)
		if err != nil {
			return err
		}
		out = wire.PackageTimings{Package: p.FullName, Phases: []berth.TimingSpread{}}
		spread, err := w.TimingSpread(w.site.Name, p.FullName)
		out.Phases = append(out.Phases, spread...)
		for _, one := range spread {
			out.Hosts = max(out.Hosts, one.Hosts)
			switch {
			case one.Phase.ByHost():
				out.StagingMs += one.MedianMs
			case one.Phase == berth.PhaseRegister:
				out.SessionMs = one.MedianMs
			}
		}
		return err
	})
	return out, err
}
