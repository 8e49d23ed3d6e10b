package control

import (
	"berth"
)

// Walking over hosts: chunk is how many are read at once, patience how many a page may look at and leave out before it
// ends early, so that the cost of a request has a bound.
const (
	chunk    = 200
	patience = 1000
)

// walk calls visit for the hosts that fit, in the order of their names, until as many as the limit have counted. It
// returns the name behind which the next page begins, empty when there is none.
func (w *work) walk(q berth.HostQuery, visit func(berth.Host) (counts bool, err error)) (next string, err error) {
	q.Site = berth.Fold(w.site.Name)
	limit, left, passed := q.Limit, q.Limit, 0
	q.After = berth.Fold(q.After)
	for {
		q.Limit = chunk
		if limit > 0 {
			q.Limit = min(chunk, left+1) // one more tells whether there is a next page
		}
		hosts, err := w.FindHosts(q)
		if err != nil {
			return "", err
		}
		for _, h := range hosts {
			if limit > 0 && (left == 0 || passed == max(patience, 10*limit)) {
				return q.After, nil
			}
			counts, err := visit(h)
			if err != nil {
				return "", err
			}
			passed++
			if q.After = berth.Fold(h.Name); counts {
				left--
			}
		}
		if len(hosts) < q.Limit {
			return "", nil
		}
	}
}
