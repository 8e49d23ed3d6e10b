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

// hub tells listeners what changed. It keeps no history: who begins to listen looks at everything first.
type hub struct {
	mu        sync.Mutex
	next      int64
	listeners map[*listener]struct{}
}

type listener struct {
	site   string // folded
	events chan wire.Event
}

func newHub() *hub { return &hub{listeners: map[*listener]struct{}{}} }

// listen adds a listener whose first event is a hello. Its channel closes after done was called, or after an event that
// says that it was dropped.
func (h *hub) listen(site string, hello wire.Event) (events <-chan wire.Event, done func()) {
	l := &listener{site: berth.Fold(site), events: make(chan wire.Event, backlog+1)}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.next++
	hello.ID, hello.Kind = h.next, wire.EventHello
	l.events <- hello
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

// Listen returns the events of the site from now on, for a caller who may read it. The channel closes when done is called,
// and after an event of the kind dropped, which comes when the caller does not keep up.
func (s *Service) Listen(ctx context.Context, site string) (events <-chan wire.Event, done func(), err error) {
	// Listening begins before the generation is read: what is applied in between is told, at worst twice.
	err = s.view(ctx, site, func(w *work) error {
		events, done = s.hub.listen(site, wire.Event{At: w.at, Generation: w.site.Generation})
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
