package store

import (
	"cmp"
	"slices"
	"time"

	"berth"
)

// PutTiming creates or replaces a timing; see berth.TimingStore.
func (t *tx) PutTiming(hostID string, m berth.Timing) error {
	return t.exec("writing a timing of host "+hostID, `
		INSERT INTO timings (host, package, phase, full_name, runs, failed, last_ms, median_ms, most_ms, at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (host, package, phase) DO UPDATE SET full_name = excluded.full_name, runs = excluded.runs,
			failed = excluded.failed, last_ms = excluded.last_ms, median_ms = excluded.median_ms, most_ms = excluded.most_ms, at = excluded.at`,
		hostID, berth.Fold(m.Package), m.Phase, m.Package, m.Count, m.Failed, m.LastMs, m.MedianMs, m.MostMs, moment(m.At))
}

// HostTimings returns those of a host; see berth.TimingStore.
func (t *tx) HostTimings(hostID string) ([]berth.Timing, error) {
	ms, err := list(t, func(r row) (m berth.Timing, err error) {
		return m, r.Scan(&m.Package, &m.Phase, &m.Count, &m.Failed, &m.LastMs, &m.MedianMs, &m.MostMs, momentInto{&m.At})
	}, `SELECT full_name, phase, runs, failed, last_ms, median_ms, most_ms, at FROM timings WHERE host = ? ORDER BY package`, hostID)
	slices.SortStableFunc(ms, func(a, b berth.Timing) int {
		return cmp.Or(cmp.Compare(berth.Fold(a.Package), berth.Fold(b.Package)), berth.ComparePhases(a.Phase, b.Phase))
	})
	return ms, err
}

// TimingSpread sums up those of a package; see berth.TimingStore.
func (t *tx) TimingSpread(site, fullName string) ([]berth.TimingSpread, error) {
	const of = ` FROM timings JOIN hosts ON hosts.id = timings.host WHERE hosts.site = ? AND timings.package = ?`
	site, fullName = berth.Fold(site), berth.Fold(fullName)
	// Runs that all failed have no times: such a host counts as failing, and not as fast.
	spreads, err := list(t, func(r row) (s berth.TimingSpread, err error) {
		return s, r.Scan(&s.Phase, &s.Hosts, &s.Count, &s.Failed)
	}, `SELECT phase, coalesce(sum(CASE WHEN runs > 0 THEN 1 ELSE 0 END), 0), coalesce(sum(runs), 0), coalesce(sum(failed), 0)`+of+
		` GROUP BY phase ORDER BY phase`, site, fullName)
	if err != nil {
		return nil, err
	}
	number := func(r row) (n float64, err error) { return n, r.Scan(&n) }
	none := &berth.Error{Kind: berth.NotFound, Message: "no host tells of it"}
	for i := range spreads {
		s := &spreads[i]
		if s.Hosts == 0 {
			continue
		}
		const ranked = `SELECT median_ms` + of + ` AND phase = ? AND runs > 0 ORDER BY median_ms LIMIT 1 OFFSET ?`
		for _, at := range []struct {
			into *float64
			rank int
		}{{&s.MedianMs, (s.Hosts - 1) / 2}, {&s.HighMs, (s.Hosts*9+9)/10 - 1}} {
			if *at.into, err = first(t, number, none, ranked, site, fullName, s.Phase, at.rank); err != nil {
				return nil, err
			}
		}
		*s, err = first(t, func(r row) (berth.TimingSpread, error) { most := *s; return most, r.Scan(&most.MostMs, &most.Slowest) }, none,
			`SELECT most_ms, hosts.name`+of+` AND phase = ? AND runs > 0 ORDER BY most_ms DESC, hosts.host LIMIT 1`, site, fullName, s.Phase)
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(spreads, func(a, b berth.TimingSpread) int { return berth.ComparePhases(a.Phase, b.Phase) })
	return spreads, nil
}

// ForgetTimings removes old ones of a host; see berth.TimingStore.
func (t *tx) ForgetTimings(hostID string, before time.Time) error {
	// Texts of moments are in the order of time up to the second, and that is exact enough here.
	return t.exec("removing old timings of host "+hostID, `DELETE FROM timings WHERE host = ? AND at < ?`, hostID, moment(before))
}
