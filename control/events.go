package control

import (
	"context"
	"sync"
	"time"

	"berth"
	"berth/wire"
)

// backlog is how many events may wait for a listener before it is given up.
const backlog = 256

// memory is how many events of a site are kept for those who were cut off; it must fit into a listener's backlog.
const memory = backlog - 56

// hub tells listeners what changed. It keeps the last events of each site: who was cut off for a moment hears of what was
// missed, and who was away for longer, or begins, looks at everything first.
type hub struct {
	mu        sync.Mutex
	began     int64 // id before the first event of this process
	next      int64
	listeners map[*listener]struct{}
	past      map[string][]wire.Event // by folded site, the oldest first
	lost      map[string]int64        // id of the newest event that is kept no longer
}

type listener struct {
	site   string // folded
	events chan wire.Event
}

// newHub returns a hub whose ids rise above those of every process before it, as long as the clock goes forward.
func newHub(now time.Time) *hub {
	return &hub{began: now.UnixMicro(), next: now.UnixMicro(), listeners: map[*listener]struct{}{}, past: map[string][]wire.Event{}, lost: map[string]int64{}}
}

// listen adds a listener whose first event is a hello. Where everything since the event of the id last is still known,
// hello says so, and what was missed follows. Its channel closes after done was called, or after an event that says that it
// was dropped.
func (h *hub) listen(site string, last int64, hello wire.Event) (events <-chan wire.Event, done func()) {
	l := &listener{site: berth.Fold(site), events: make(chan wire.Event, backlog+1)}
	h.mu.Lock()
	defer h.mu.Unlock()
	hello.Kind = wire.EventHello
	if hello.Resumed = last >= max(h.began, h.lost[l.site]) && last <= h.next; hello.Resumed {
		hello.ID = last
	} else {
		h.next++
		hello.ID = h.next
	}
	l.events <- hello
	for _, e := range h.past[l.site] {
		if hello.Resumed && e.ID > last {
			l.events <- e
		}
	}
	h.listeners[l] = struct{}{}
	return l.events, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.drop(l)
	}
}

// drop ends a listener; the lock is held.
func (h *hub) drop(l *listener) {
	if _, there := h.listeners[l]; there {
		delete(h.listeners, l)
		close(l.events)
	}
}

// tell gives events to the listeners of the site. It never waits: one that does not keep up is told so, and dropped. The
// last place of the channel is kept for that.
func (h *hub) tell(site string, at time.Time, events ...wire.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range events {
		h.next++
		e.ID, e.At = h.next, at
		h.remember(berth.Fold(site), e)
		for l := range h.listeners {
			if l.site != berth.Fold(site) {
				continue
			}
			if len(l.events) == backlog {
				l.events <- wire.Event{ID: h.next, Kind: wire.EventDropped, At: at}
				h.drop(l)
				continue
			}
			l.events <- e
		}
	}
}

// remember keeps an event for those who come back; the lock is held.
func (h *hub) remember(site string, e wire.Event) {
	past := append(h.past[site], e)
	if len(past) > memory {
		h.lost[site] = past[0].ID
		past = append([]wire.Event{}, past[1:]...)
	}
	h.past[site] = past
}

// Listen returns the events of the site from now on, for a caller who may read it. The channel closes when done is called,
// and after an event of the kind dropped, which comes when the caller does not keep up.
func (s *Service) Listen(ctx context.Context, site string) (events <-chan wire.Event, done func(), err error) {
	return s.ListenFrom(ctx, site, 0)
}

// ListenFrom is Listen for somebody who was cut off after the event of that id: where all that came since is still known,
// it follows the hello, which says so. Otherwise whatever was known before may be old, as for somebody who begins.
func (s *Service) ListenFrom(ctx context.Context, site string, last int64) (events <-chan wire.Event, done func(), err error) {
	// Listening begins before the generation is read: what is applied in between is told, at worst twice.
	err = s.view(ctx, site, func(w *work) error {
		events, done = s.hub.listen(site, last, wire.Event{At: w.at, Generation: w.site.Generation})
		return nil
	})
	return events, done, err
}

// told are the events of a work that is done.
func (w *work) told() []wire.Event {
	if w.bump {
		w.events = append(w.events, wire.Event{Kind: wire.EventApply, By: w.who.Name, Generation: w.site.Generation})
	}
	return w.events
}

// tell notes that an object was changed.
func (w *work) tell(action string, ref berth.Ref) {
	e := wire.Event{Kind: wire.EventObject, ObjectKind: string(ref.Kind), Key: ref.Key, Action: action, By: w.who.Name}
	if o, err := w.Object(ref); err == nil { // one that is gone has no revision
		e.Revision = o.Revision
	}
	w.events = append(w.events, e)
}
