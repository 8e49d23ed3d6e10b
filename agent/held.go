package agent

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"sync"

	"berth"
	"berth/wire"
)

// held is the plan that the agent holds, as it stands in plan.json. It is written before anybody acts on it.
type held struct {
	Generation int64      `json:"generation"`
	Digest     string     `json:"digest"`
	Plan       berth.Plan `json:"plan"`
	Retry      int64      `json:"retry"` // the last that the server named
}

// none tells that no plan was ever received: then nothing on the machine may be judged superfluous.
func (h held) none() bool { return h.Digest == "" && h.Generation == 0 }

// keeper keeps the plan held, for the loop and for the sync.
type keeper struct {
	path string
	mu   sync.Mutex
	held held
	lost string // why the newest plan could not be kept, which is why it is not acted on
}

// loadKeeper reads the last plan. A damaged file is as none: the server is asked for the plan anew.
func loadKeeper(stateDir string, log *slog.Logger) *keeper {
	k := &keeper{path: filepath.Join(stateDir, planFile)}
	if err := readJSON(k.path, &k.held); err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			log.Warn("the last plan cannot be read; waiting for the server to send it again", "error", err)
		}
		k.held = held{}
	}
	return k
}

func (k *keeper) get() held {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.held
}

// take keeps what the server answered and tells whether anything changed.
func (k *keeper) take(r wire.SyncResponse) (bool, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	next := k.held
	next.Generation, next.Retry = r.Generation, r.Retry
	switch {
	case r.Plan != nil:
		next.Digest, next.Plan = r.Digest, *r.Plan
	case r.Digest != k.held.Digest:
		// Forgetting what is held makes the next request ask for the plan itself; the machine keeps what it has.
		held := k.held.Digest
		k.held.Digest = ""
		return false, berth.Errorf(berth.Internal, "the server left out the plan %q while this host holds %q; asking for it anew", r.Digest, held)
	case r.Generation == k.held.Generation && r.Retry == k.held.Retry:
		return false, nil
	}
	if err := writeJSON(k.path, next); err != nil {
		k.lost = unkept(next.Generation, k.path, err)
		return false, err
	}
	k.held, k.lost = next, ""
	return true, nil
}

// unkept says why a plan was not taken, without the changing name of the file that was to become the plan's: equal troubles
// are one.
func unkept(generation int64, path string, err error) string {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		err = p.Err
	}
	return fmt.Sprintf("the plan of generation %d is not acted on, because %s cannot be written: %v; check space and permissions of the state folder",
		generation, path, err)
}

// problem tells why the host stays with an older plan, for people.
func (k *keeper) problem() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.lost
}
