package plan

import (
	"fmt"

	"berth"
)

// Difference is what a draft would change for one package family of one host.
type Difference struct {
	Family string
	Before *berth.Row // nil: not assigned now
	After  *berth.Row // nil: no longer assigned then
}

// Diff compares two results for the same host, by family.
func Diff(before, after Result) []Difference {
	var ds []Difference
	rows := byFamily(after.Rows)
	for i := range before.Rows {
		b := &before.Rows[i]
		a := rows[berth.Fold(b.Assignment.Family)]
		delete(rows, berth.Fold(b.Assignment.Family))
		if a == nil || a.FullName != b.FullName || a.Assignment.Registration != b.Assignment.Registration {
			ds = append(ds, Difference{Family: b.Assignment.Family, Before: b, After: a})
		}
	}
	for i := range after.Rows {
		if a := &after.Rows[i]; rows[berth.Fold(a.Assignment.Family)] == a {
			ds = append(ds, Difference{Family: a.Assignment.Family, After: a})
		}
	}
	return ds
}

// Words says the difference for a person.
func (d Difference) Words() string {
	switch {
	case d.Before == nil:
		return "a pending change assigns " + meaning(d.After)
	case d.After == nil:
		return "a pending change takes " + meaning(d.Before) + " away"
	case d.Before.FullName != d.After.FullName:
		return fmt.Sprintf("a pending change puts %s in place of %s", meaning(d.After), meaning(d.Before))
	default:
		return "a pending change registers it " + map[berth.Registration]string{
			berth.AtLogon: "at logon", berth.OnDemand: "on demand"}[d.After.Assignment.Registration]
	}
}

func meaning(r *berth.Row) string {
	if r.FullName == "" {
		return "no version of " + r.Assignment.Family
	}
	return r.FullName
}

func byFamily(rows []berth.Row) map[string]*berth.Row {
	m := make(map[string]*berth.Row, len(rows))
	for i := range rows {
		m[berth.Fold(rows[i].Assignment.Family)] = &rows[i]
	}
	return m
}
