package plan

import (
	"slices"

	"berth"
)

// Raised returns the result as it is for a host whose own configuration has the stamp. What hosts must have depends on the
// lists that they take, so it is computed once for all hosts that take the same, without a stamp of theirs; how new a row
// is, is each host's own.
func (r Result) Raised(host Stamp) Result {
	r.Rows = slices.Clone(r.Rows)
	for i := range r.Rows {
		s := Stamp{Generation: r.Rows[i].Generation, At: r.Rows[i].ChangedAt}.later(host)
		r.Rows[i].Generation, r.Rows[i].ChangedAt = s.Generation, s.At
	}
	return r
}

// AlsoStaged names the packages of a result that no row asks for: the frameworks that come along, by folded full name.
func (r Result) AlsoStaged() map[string]berth.PlannedPackage {
	also := map[string]berth.PlannedPackage{}
	for _, p := range r.Packages {
		also[berth.Fold(p.FullName)] = p
	}
	for _, row := range r.Rows {
		delete(also, berth.Fold(row.FullName))
	}
	return also
}
