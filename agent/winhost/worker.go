//go:build windows

package winhost

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"berth"
	"berth/agent/winhost/winrt"
)

// farewell is how long a worker takes to let go when its session ends: Windows ends a program that needs 5 s.
const farewell = 4 * time.Second

// worker registers packages as the user of a session, and takes them back when the session ends.
type worker struct {
	manager *winrt.Manager
	why     error // why there is no manager

	mu     sync.Mutex        // held while something is done
	held   map[string]string // folded full name -> full name
	ending bool

	writing sync.Mutex
	out     *json.Encoder
}

// SessionWorker works as the user as whom it runs, in the session in which it runs: it reads Work and writes Done, until
// its input or its session ends. The error is for what is wrong with a request; that the work failed is told by Done.
func SessionWorker(ctx context.Context, session uint32, in io.Reader, out io.Writer) error {
	w := &worker{held: map[string]string{}, out: json.NewEncoder(out)}
	if w.manager, w.why = winrt.NewManager(); w.why == nil {
		defer w.manager.Close()
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, mostWork)
	for first := true; lines.Scan(); first = false {
		work, err := readWork(lines.Bytes())
		if err != nil {
			return err
		}
		done := doneOf(w.do(ctx, work))
		if first { // by now it knows what to let go of
			if err := watchEnd(session, func() { w.leave(ctx) }); err != nil {
				return err
			}
		}
		if err := w.tell(done); err != nil {
			return err
		}
	}
	w.mu.Lock() // when the input ends while the session does, what is being taken back is seen through
	defer w.mu.Unlock()
	return lines.Err()
}

func (w *worker) tell(d Done) error {
	w.writing.Lock()
	defer w.writing.Unlock()
	return w.out.Encode(d)
}

func (w *worker) do(ctx context.Context, work Work) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ending {
		return &winrt.Error{Call: work.Do, Code: 0x80073D19, Text: "the session ends"} // ERROR_DEPLOYMENT_BLOCKED_BY_USER_LOG_OFF
	}
	for _, name := range work.Held {
		w.held[berth.Fold(name)] = name
	}
	if work.Do == WorkHold {
		return nil
	}
	if w.manager == nil {
		return w.why
	}
	if work.Do == WorkDeregister {
		delete(w.held, berth.Fold(work.Package))
		return w.manager.Deregister(ctx, work.Package)
	}
	w.held[berth.Fold(work.Package)] = work.Package // before it is done: the session may end meanwhile
	return w.register(ctx, work)
}

// register registers the package; where Windows misses a framework that is on the machine, that one is registered for the
// user first.
func (w *worker) register(ctx context.Context, work Work) error {
	err := w.manager.Register(ctx, work.Package)
	if e, ok := errors.AsType[*winrt.Error](err); !ok || e.Code != 0x80073CF3 || len(work.Frameworks) == 0 { // ERROR_INSTALL_RESOLVE_DEPENDENCY_FAILED
		return err
	}
	for _, f := range work.Frameworks {
		if err := w.manager.Register(ctx, f); err != nil {
			return fmt.Errorf("registering the framework %s first: %w", f, err)
		}
	}
	return w.manager.Register(ctx, work.Package)
}

// leave takes back what is registered in the session, which ends. Several at once: the deployment engine works on
// packages side by side, and time is short.
func (w *worker) leave(ctx context.Context) {
	w.mu.Lock() // before it is told: the agent closes the input of a session's worker that ends
	defer w.mu.Unlock()
	w.ending = true
	_ = w.tell(Done{Ends: true}) // an agent that does not hear it looks at the sessions itself
	ctx, cancel := context.WithTimeout(ctx, farewell)
	defer cancel()
	if w.manager == nil {
		return
	}
	var group sync.WaitGroup
	var mu sync.Mutex
	var left []string
	places := make(chan struct{}, 4)
	for _, name := range slices.Sorted(maps.Values(w.held)) {
		group.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			err := w.manager.Deregister(ctx, name)
			if e, ok := errors.AsType[*winrt.Error](err); err == nil || ok && e.Code == 0x80073CF1 { // ERROR_INSTALL_PACKAGE_NOT_FOUND: as good
				mu.Lock()
				left = append(left, name)
				mu.Unlock()
			}
		})
	}
	group.Wait()
	_ = w.tell(Done{Ends: true, Left: left}) // as above
}

func doneOf(err error) Done {
	if err == nil {
		return Done{}
	}
	d := Done{Code: "0x80004005", Text: err.Error()} // E_FAIL
	if e, ok := errors.AsType[*winrt.Error](err); ok {
		d.Code, d.Activity = fmt.Sprintf("0x%08X", e.Code), e.Activity
	}
	return d
}

// deployed makes an Error of one of the package manager, with what the event logs have about it.
func deployed(err error, what string) error {
	e, ok := errors.AsType[*winrt.Error](err)
	if !ok {
		return coded(err, what)
	}
	return &berth.Error{Kind: berth.Unavailable, Code: fmt.Sprintf("0x%08X", e.Code), Message: withEvents(what+": "+e.Error(), e.Activity), Err: err}
}
