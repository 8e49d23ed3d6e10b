package control

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"berth"
	"berth/wire"
)

// askLimit is how long somebody waits for a host's answer: clients give up after a minute.
const askLimit = 45 * time.Second

// mostAsks bounds what waits for one host.
const mostAsks = 32

// asks are what hosts are asked to do at once. They live in memory, as long as somebody waits for the answer: what is asked
// of a host must have come to the server that the host speaks with, and a restart ends it like any request under way.
type asks struct {
	mu    sync.Mutex
	hosts map[string][]*asked // by the host's id
}

type asked struct {
	wire.Ask
	answer chan wire.AskAnswer // takes one
	taken  bool                // the agent is at it
}

func newAsks() *asks { return &asks{hosts: map[string][]*asked{}} }

// open returns what an agent that knows asks is not at yet.
func (a *asks) open(hostID string, r *wire.AskReport) (list []wire.Ask) {
	if r == nil {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, one := range a.hosts[hostID] {
		if !slices.Contains(r.Working, one.ID) {
			list = append(list, one.Ask)
		}
	}
	return list
}

// settle gives the answers of a host to those who wait for them. It takes those to its own asks alone.
func (a *asks) settle(hostID string, r *wire.AskReport) {
	if r == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, one := range a.hosts[hostID] {
		one.taken = one.taken || slices.Contains(r.Working, one.ID)
	}
	for _, answer := range r.Answers {
		a.hosts[hostID] = slices.DeleteFunc(a.hosts[hostID], func(one *asked) bool {
			if one.ID != answer.ID {
				return false
			}
			one.answer <- answer
			return true
		})
	}
	if len(a.hosts[hostID]) == 0 {
		delete(a.hosts, hostID)
	}
}

func (a *asks) put(hostID string, one *asked) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.hosts[hostID]) >= mostAsks {
		return false
	}
	a.hosts[hostID] = append(a.hosts[hostID], one)
	return true
}

// drop forgets an ask for which nobody waits any more, and tells whether the agent was at it.
func (a *asks) drop(hostID string, one *asked) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.hosts[hostID] = slices.DeleteFunc(a.hosts[hostID], func(o *asked) bool { return o == one })
	if len(a.hosts[hostID]) == 0 {
		delete(a.hosts, hostID)
	}
	return one.taken
}

// ask has a host do something and waits for its answer. The error of a host that says no has its code; that of one that
// does not answer is Unavailable.
func (s *Service) ask(ctx context.Context, h berth.Host, what wire.Ask) (wire.AskAnswer, error) {
	if silent := s.now().Sub(h.LastSeen); silent > berth.Silence {
		return wire.AskAnswer{}, berth.Errorf(berth.Unavailable, "the host was last heard of at %s", h.LastSeen.UTC().Format(time.RFC3339)).
			With("see that it is on and its agent runs")
	}
	id, err := s.id()
	if err != nil {
		return wire.AskAnswer{}, err
	}
	what.ID = id
	one := &asked{Ask: what, answer: make(chan wire.AskAnswer, 1)}
	if !s.asks.put(h.ID, one) {
		return wire.AskAnswer{}, berth.Errorf(berth.Unavailable, "%d requests wait for the host already", mostAsks).With("try again in a moment")
	}
	s.bell.ring(h.Site)
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	select {
	case a := <-one.answer:
		return a, refusedBy(a)
	case <-ctx.Done():
	}
	taken := s.asks.drop(h.ID, one)
	select {
	case a := <-one.answer: // it came while we gave up
		return a, refusedBy(a)
	default:
	}
	why := "the host did not take the request within " + askLimit.String() + ": its agent may be older than the server"
	if taken {
		why = "the host took the request and has not answered within " + askLimit.String()
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		why = "nobody waits for the host's answer any more"
	}
	return wire.AskAnswer{}, berth.Errorf(berth.Unavailable, "%s", why).With("try again; the host's agent says in its log what it is at")
}

func refusedBy(a wire.AskAnswer) error {
	if !a.Failed {
		return nil
	}
	e := berth.Errorf(berth.Conflict, "%s", shortened(a.Message))
	e.Code = brief(a.Code)
	return e
}

// shortened shortens what a host wrote.
func shortened(text string) string {
	if r := []rune(text); len(r) > 400 {
		return string(r[:400]) + "…"
	}
	return text
}
