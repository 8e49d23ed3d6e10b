package agent

import (
	"bytes"
	"encoding/json"
	"sync"
	"time"

	"berth"
)

// news passes the latest facts from the loop to the sync.
type news struct {
	mu      sync.Mutex
	facts   berth.Facts
	text    []byte // the facts without their time, to tell whether they changed
	version int    // rises with every change; 0: no facts yet
	changed chan struct{}
}

func newNews() *news { return &news{changed: make(chan struct{})} }

// publish replaces the facts and tells whether they differ from the last in more than their time.
func (n *news) publish(f berth.Facts) bool {
	timeless := f
	timeless.At = time.Time{}
	text, err := json.Marshal(timeless)
	n.mu.Lock()
	defer n.mu.Unlock()
	if err == nil && bytes.Equal(text, n.text) {
		return false
	}
	n.facts, n.text = f, text
	n.version++
	close(n.changed)
	n.changed = make(chan struct{})
	return true
}

// latest returns the facts and their version.
func (n *news) latest() (berth.Facts, int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.facts, n.version
}

// after returns a channel that is closed once there are facts newer than the version.
func (n *news) after(version int) <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.version <= version {
		return n.changed
	}
	done := make(chan struct{})
	close(done)
	return done
}

// touch lets the latest facts count as new, so that what else there is to say is sent with them at once.
func (n *news) touch() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.version == 0 { // there are no facts to send yet: the first ones will bring it
		return
	}
	n.version++
	close(n.changed)
	n.changed = make(chan struct{})
}
