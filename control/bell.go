package control

import (
	"sync"

	"berth"
)

// bell wakes those who wait for a change of a site. It carries no content: whoever wakes looks at the store.
type bell struct {
	mu    sync.Mutex
	sites map[string]chan struct{}
}

func newBell() *bell { return &bell{sites: map[string]chan struct{}{}} }

// wait returns a channel that closes at the next ring. Take it before looking at the store, so that nothing is missed.
func (b *bell) wait(site string) <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.sites[berth.Fold(site)]
	if c == nil {
		c = make(chan struct{})
		b.sites[berth.Fold(site)] = c
	}
	return c
}

func (b *bell) ring(site string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c := b.sites[berth.Fold(site)]; c != nil {
		close(c)
		delete(b.sites, berth.Fold(site))
	}
}
