package cache

import (
	"cmp"
	"slices"
	"time"
)

// candidate is a copy that there is or could be.
type candidate struct {
	id       string
	size     int64     // bytes when complete
	there    bool      // something of it is on the disk
	complete bool      // and all of it
	attached bool      // and a package is attached from it, or about to be
	needed   time.Time // when the plan began to name the image, or a package was last attached from the copy
	order    int       // of the image in the plan
}

// choice is what to do with the candidates, by id.
type choice struct {
	keep    []string // are there, or are to be copied, in this order
	evict   []string // are there and must make room
	leftOut []string // do not fit
}

// choose says which copies fit into so many bytes; 0 is no bound. What is attached always stays, even over the bound; then
// those needed most recently come first, so that the least recently needed go first when room is short. Copies needed
// since the same moment stay before new ones are made: none is thrown away for another that is needed no more than it.
func choose(all []candidate, most int64) (c choice) {
	all = slices.SortedStableFunc(slices.Values(all), func(a, b candidate) int {
		return cmp.Or(first(a.attached, b.attached), b.needed.Compare(a.needed), first(a.complete, b.complete),
			first(a.there, b.there), cmp.Compare(a.order, b.order), cmp.Compare(a.id, b.id))
	})
	var used int64
	for _, k := range all {
		fits := most <= 0 || k.size <= most-used
		switch {
		case k.attached || fits:
			used += k.size
			c.keep = append(c.keep, k.id)
		case k.there:
			c.evict = append(c.evict, k.id)
			c.leftOut = append(c.leftOut, k.id)
		default:
			c.leftOut = append(c.leftOut, k.id)
		}
	}
	return c
}

// first orders what has a property before what has not.
func first(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}
