package cli

import "sync"

// once tells what was said before, for as many different things as it may remember.
type once struct {
	mu   sync.Mutex
	most int
	said map[string]bool
}

func newOnce(most int) *once { return &once{most: most, said: map[string]bool{}} }

// first tells that this was not said before and can be remembered.
func (o *once) first(s string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.said[s] || len(o.said) >= o.most {
		return false
	}
	o.said[s] = true
	return true
}
