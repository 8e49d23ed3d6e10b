package cache

import (
	"context"
	"time"

	"berth"
)

// mostHanging bounds how many questions are left waiting for a share that does not answer: a system's own client of file
// servers may hold a read for ever, and takes a thread with it.
const mostHanging = 4

// within does something that a file server may never answer, and gives up after a time. What was given up goes on by
// itself; late is called when it ends, and lets go of what it holds.
func (c *Cache) within(ctx context.Context, limit time.Duration, do func(context.Context) error, late func()) error {
	whole := ctx
	ctx, cancel := context.WithTimeout(ctx, limit)
	done := make(chan error, 1)
	go func() {
		defer cancel()
		defer func() {
			if p := recover(); p != nil {
				done <- berth.Errorf(berth.Internal, "fault in the agent: %v", p)
			}
		}()
		done <- do(ctx)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	select { // it may have heeded the context
	case err := <-done:
		return err
	case <-time.After(min(limit, time.Second)):
	}
	c.hang(1)
	go func() {
		err := <-done
		c.options.Log.Debug("the share answered too late", "error", err)
		if late != nil {
			late()
		}
		c.hang(-1)
		c.poke()
	}()
	if whole.Err() != nil {
		return whole.Err()
	}
	e := berth.Errorf(berth.Unavailable, "the share does not answer for %s", limit).With("check the file server and the network; the host goes on with what it has")
	e.Code = "ETIMEDOUT"
	return e
}

func (c *Cache) hang(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hanging += n
}
