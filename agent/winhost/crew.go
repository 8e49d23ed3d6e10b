//go:build windows

package winhost

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/windows"

	"berth"
)

// mostSaid bounds what is kept of a worker's standard error, hireAgain is between two tries to have one in a session.
const (
	mostSaid  = 4 << 10
	hireAgain = time.Minute
)

// crew are the workers in users' sessions, at most one in each. They come with the first package, stay for as long as the
// session and the agent, and let go of what is registered when the session ends.
type crew struct {
	mu      sync.Mutex
	members map[string]*member   // by session id
	ending  map[string]bool      // sessions whose worker said that they end
	refused map[string]time.Time // when a worker could last not be had
}

// member is the agent's end of a worker.
type member struct {
	child   *child
	turn    chan struct{} // held by the one whose work is done
	answers chan Done
	gone    chan struct{} // closed when the process has ended
	said    limited
	broken  error // what was wrong with what it said; set before gone is closed
}

// do has the worker do one piece of work. When the context ends first, the worker is ended: it cannot be asked to stop.
func (m *member) do(ctx context.Context, w Work) (Done, error) {
	line, err := json.Marshal(w)
	if err != nil {
		return Done{}, err
	}
	select {
	case m.turn <- struct{}{}:
		defer func() { <-m.turn }()
	case <-m.gone:
		return Done{}, errWorkerGone
	case <-ctx.Done():
		return Done{}, context.Cause(ctx)
	}
	if _, err := m.child.in.Write(append(line, '\n')); err != nil {
		return Done{}, errors.Join(errWorkerGone, err)
	}
	select {
	case d := <-m.answers:
		return d, nil
	case <-m.gone:
		return Done{}, m.ended()
	case <-ctx.Done():
		m.child.kill()
		return Done{}, context.Cause(ctx)
	}
}

// ended says how the worker ended.
func (m *member) ended() error {
	code, _ := m.child.wait(0)
	err := fmt.Errorf("%w with code %d", errWorkerGone, code)
	if m.broken != nil {
		err = fmt.Errorf("%w: %w", errWorkerGone, m.broken)
	}
	if text := m.said.String(); text != "" {
		err = fmt.Errorf("%w: %s", err, text)
	}
	return err
}

// listen takes what the worker says until it ends.
func (m *member) listen(ends func(Done)) {
	var both sync.WaitGroup
	both.Go(func() { _, _ = io.Copy(&m.said, m.child.log) }) // until it ends
	lines := bufio.NewScanner(m.child.out)
	lines.Buffer(nil, mostWork)
	for m.broken == nil && lines.Scan() {
		d, err := readDone(lines.Bytes())
		switch {
		case err != nil:
			m.broken = err
		case d.Ends:
			ends(d)
		default:
			select {
			case m.answers <- d:
			default:
				m.broken = errors.New("it answered what nobody had asked")
			}
		}
	}
	m.broken = errors.Join(m.broken, lines.Err())
	if _, ended := m.child.wait(farewell); !ended {
		m.child.kill()
	}
	both.Wait()
	close(m.gone)
}

// dismiss ends a worker: it ends when its input does.
func (m *member) dismiss() {
	_ = m.child.in.Close() // it ends all the same when this was done before
	select {
	case <-m.gone:
	case <-time.After(farewell + time.Second): // it may be letting go
		m.child.kill()
	}
}

// inSession lets the session's worker do the work, as its user. A worker that is gone is replaced once.
func (h *Host) inSession(ctx context.Context, s wtsSession, w Work) error {
	what := fmt.Sprintf("cannot %s %s in the session of %s", w.Do, w.Package, s.user)
	for try := 0; ; try++ {
		m, fresh, err := h.hire(ctx, s)
		if err != nil {
			return coded(err, what)
		}
		d, err := m.do(ctx, w)
		switch {
		case err == nil:
			return h.failedWork(d, what)
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case fresh || try > 0 || !errors.Is(err, errWorkerGone):
			return coded(err, what)
		}
	}
}

// failedWork words what a worker reported, with what the event logs have about it.
func (h *Host) failedWork(d Done, what string) error {
	if d.Code == "" {
		return nil
	}
	return &berth.Error{Kind: berth.Unavailable, Code: d.Code, Message: withEvents(what+": "+d.Text, d.Activity)}
}

// hire returns the worker of a session, and whether it was started for this.
func (h *Host) hire(ctx context.Context, s wtsSession) (m *member, fresh bool, err error) {
	defer h.hiring.hold(s.id())()
	h.crew.mu.Lock()
	m = h.crew.members[s.id()]
	h.crew.mu.Unlock()
	if m != nil {
		select {
		case <-m.gone:
		default:
			return m, false, nil
		}
	}
	m, err = h.begin(ctx, s)
	h.crew.mu.Lock()
	defer h.crew.mu.Unlock()
	if err != nil {
		h.crew.refused[s.id()] = time.Now()
		return nil, false, err
	}
	delete(h.crew.refused, s.id())
	h.crew.members[s.id()] = m
	return m, true, nil
}

// begin starts a worker, and tells it what is registered in the session already.
func (h *Host) begin(ctx context.Context, s wtsSession) (*member, error) {
	held, err := h.heldIn(s)
	if err != nil {
		return nil, err
	}
	var token windows.Token
	if err := windows.WTSQueryUserToken(s.number, &token); err != nil {
		return nil, err
	}
	defer func() { _ = token.Close() }() // the process has its own
	// The session's number is for people who look at the list of processes.
	c, err := launch(token, h.options.Program, "agent", "session-worker", "--session", strconv.FormatUint(uint64(s.number), 10))
	if err != nil {
		return nil, err
	}
	m := &member{child: c, turn: make(chan struct{}, 1), answers: make(chan Done, 1), gone: make(chan struct{})}
	go func() {
		m.listen(func(d Done) { h.ends(s, d) })
		h.part(s, m)
	}()
	work := Work{Do: WorkHold, Held: held}
	if d, err := m.do(ctx, work); err != nil || d.Code != "" {
		m.dismiss()
		return nil, errors.Join(err, h.failedWork(d, "the worker in the session of "+s.user+" cannot work"))
	}
	return m, nil
}

// heldIn lists what was registered in a session, by the names that the plan gave.
func (h *Host) heldIn(s wtsSession) ([]string, error) {
	l, err := h.records.ledger(s.sid)
	if err != nil {
		return nil, err
	}
	list, _, err := h.records.list()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, rec := range list {
		if l.Packages[berth.Fold(rec.Package.FullName)] == s.id() {
			names = append(names, rec.Package.FullName)
		}
	}
	return names, nil
}

// part forgets a worker that has ended.
func (h *Host) part(s wtsSession, m *member) {
	h.crew.mu.Lock()
	if h.crew.members[s.id()] == m {
		delete(h.crew.members, s.id())
	}
	h.crew.mu.Unlock()
	m.turnOver()
}

// turnOver closes what is left of a worker once nobody speaks to it.
func (m *member) turnOver() {
	m.turn <- struct{}{}
	m.child.close()
}

// ends takes note that a session ends: from now on nothing is registered in it, and it counts as gone.
func (h *Host) ends(s wtsSession, d Done) {
	h.crew.mu.Lock()
	h.crew.ending[s.id()] = true
	h.crew.mu.Unlock()
	if len(d.Left) == 0 {
		return
	}
	// Beside the one who listens: whoever holds the user's lock may wait for an answer.
	go func() {
		defer h.users.hold(s.sid)()
		l, err := h.records.ledger(s.sid)
		for _, name := range d.Left {
			if l.Packages[berth.Fold(name)] == s.id() {
				delete(l.Packages, berth.Fold(name))
			}
			h.known.forget(name)
		}
		if err = errors.Join(err, h.records.writeLedger(s.sid, l)); err != nil {
			h.options.Log.Warn("cannot write down what was let go of at the end of a session", "user", s.user, "error", err)
		}
		h.options.Log.Info("the session ends; its worker let go of its packages", "session", s.id(), "user", s.user, "packages", len(d.Left))
	}()
}

// attend ends the workers of sessions that are gone, and sends one into each session that has packages and no worker, as
// after a start of the agent or when a worker was ended.
func (h *Host) attend(sessions []wtsSession) {
	here := map[string]bool{}
	for _, s := range sessions {
		here[s.id()] = true
	}
	h.crew.mu.Lock()
	defer h.crew.mu.Unlock()
	for id, m := range h.crew.members {
		if !here[id] {
			delete(h.crew.members, id)
			go m.dismiss()
		}
	}
	for _, s := range sessions {
		if h.crew.members[s.id()] != nil || time.Since(h.crew.refused[s.id()]) < hireAgain {
			continue
		}
		l, err := h.records.ledger(s.sid)
		if err != nil || !l.has(s.id()) {
			continue
		}
		h.crew.refused[s.id()] = time.Now() // so that the next look does not send another one
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			if _, _, err := h.hire(ctx, s); err != nil {
				h.options.Log.Warn("no worker in a session: what is registered in it stays when it ends", "user", s.user, "error", coded(err, "cannot start a worker"))
			}
		}()
	}
}

// disband ends all workers.
func (h *Host) disband() {
	h.crew.mu.Lock()
	members := h.crew.members
	h.crew.members = map[string]*member{}
	h.crew.mu.Unlock()
	var all sync.WaitGroup
	for _, m := range members {
		all.Go(m.dismiss)
	}
	all.Wait()
}

// leaving tells whether the session's worker has said that it ends. What is known of sessions that are not listed any
// more is forgotten.
func (c *crew) leaving(listed map[string]bool) map[string]bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := map[string]bool{}
	for id := range c.ending {
		if !listed[id] {
			delete(c.ending, id)
			continue
		}
		out[id] = true
	}
	return out
}

// limited keeps the beginning of what a worker says.
type limited struct {
	mu   sync.Mutex
	text []byte
}

// Write implements io.Writer; what is too much is dropped.
func (l *limited) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if room := mostSaid - len(l.text); room > 0 {
		l.text = append(l.text, p[:min(room, len(p))]...)
	}
	return len(p), nil
}

// String returns what was said.
func (l *limited) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.TrimSpace(string(l.text))
}
