package cli

import (
	"context"
	"time"

	"berth/client"
	"berth/wire"
)

// lookAnyway is how often the server is asked although it tells of changes: nothing is believed to be told for good.
const lookAnyway = 15 * time.Second

// gather is how long to wait behind an event for those that come with it.
const gather = 100 * time.Millisecond

// waker is woken when something of the site changes. Where the server cannot tell, it wakes by the clock alone.
type waker struct{ events chan struct{} }

// listen wakes from now on, until the context is done.
func (p *program) listen(ctx context.Context, c *client.Client) *waker {
	events := make(chan struct{}, 1)
	go func() {
		defer close(events)
		// Whatever ends the stream, asking by the clock goes on; asking tells what is wrong.
		_ = c.Events(ctx, func(e wire.Event) error {
			if e.Kind != wire.EventHello {
				select {
				case events <- struct{}{}:
				default: // woken already
				}
			}
			return nil
		})
	}()
	return &waker{events: events}
}

// wait returns after a change, or after a while: every while nobody tells of changes, longer while somebody does. It is
// false when the context is done or the end has come.
func (w *waker) wait(ctx context.Context, every time.Duration, end <-chan time.Time) bool {
	pause := every
	if w.events != nil {
		pause = max(every, lookAnyway)
	}
	select {
	case <-ctx.Done():
		return false
	case <-end:
		return false
	case <-time.After(pause):
	case _, alive := <-w.events:
		if !alive {
			w.events = nil
			return w.wait(ctx, every, end)
		}
		select {
		case <-ctx.Done():
		case <-end: // what has just come is looked at once more
		case <-time.After(gather):
		}
	}
	return ctx.Err() == nil
}
