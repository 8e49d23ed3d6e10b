package agent

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"berth"
)

// Options say how an Agent runs. StateDir, Platform and Log must be set; zero durations take their defaults.
type Options struct {
	StateDir string
	Platform Platform
	Log      *slog.Logger
	Version  string // of the program, for the facts

	Scan         time.Duration    // between two looks at the machine when nothing else asks for one; 2 s, 5 s for a Noticer
	Wait         time.Duration    // how long a sync waits for a newer plan, in whole seconds; 30 s
	Settle       time.Duration    // how long changed facts gather before they are sent; 300 ms
	StageTimeout time.Duration    // for one try at staging; 30 min, because extraction copies the whole package
	StepBackoff  Backoff          // after failed steps; 1 s to 10 min
	SyncBackoff  Backoff          // after failed syncs; 1 s to 1 min
	AuditSpread  time.Duration    // over how long hosts spread the beginning of a check in the background; 2 min
	Copies       Copies           // of images on this host; nil: there are none
	Hints        <-chan struct{}  // each says that something changed on the machine; nil: nothing tells
	Now          func() time.Time // time.Now

	// Uptime is a clock that only goes forward and that nobody sets, for deadlines; the time since New.
	Uptime func() time.Duration
	Random func() float64 // from 0 to 1, for jitter
}

// quietScan is the time between two looks where the Platform says when to look.
const quietScan = 5 * time.Second

func (o Options) withDefaults() Options {
	if n, ok := o.Platform.(Noticer); ok && o.Hints == nil {
		if o.Hints = n.Notices(); o.Hints != nil {
			o.Scan = cmp.Or(o.Scan, quietScan)
		}
	}
	o.Scan = cmp.Or(o.Scan, 2*time.Second)
	o.Wait = cmp.Or(o.Wait, 30*time.Second)
	o.Settle = cmp.Or(o.Settle, 300*time.Millisecond)
	o.StageTimeout = cmp.Or(o.StageTimeout, 30*time.Minute)
	o.StepBackoff = cmp.Or(o.StepBackoff, Backoff{time.Second, 10 * time.Minute})
	o.AuditSpread = cmp.Or(o.AuditSpread, 2*time.Minute)
	o.SyncBackoff = cmp.Or(o.SyncBackoff, Backoff{time.Second, time.Minute})
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Uptime == nil {
		begin := time.Now()
		o.Uptime = func() time.Duration { return time.Since(begin) }
	}
	if o.Random == nil {
		o.Random = rand.Float64
	}
	return o
}

// Agent keeps one host as its plan says. Make it with New, run it once, close it.
type Agent struct {
	options  Options
	who      atomic.Pointer[identity] // replaced when the certificate is renewed
	lock     *os.File
	keeper   *keeper
	memory   *memory
	timings  *timings
	board    *board
	news     *news
	examiner examiner
	errands  errands
	auditor  *auditor
	wake     chan struct{} // asks the loop to look again
}

// New takes the state folder for itself and reads what the agent knew. The error of a host that was never enrolled is of
// the kind NotFound, of a folder on which another agent runs Conflict.
func New(o Options) (*Agent, error) {
	l, err := lock(o.StateDir)
	for try := 0; berth.ErrorKind(err) == berth.Conflict && try < 5; try++ { // ReadStatus holds it for a moment
		time.Sleep(100 * time.Millisecond)
		l, err = lock(o.StateDir)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, notEnrolled(o.StateDir)
	}
	if err != nil {
		return nil, err
	}
	id, err := loadIdentity(o.StateDir)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	o = o.withDefaults()
	a := &Agent{
		options: o, lock: l,
		keeper: loadKeeper(o.StateDir, o.Log),
		memory: loadMemory(o.StateDir, o.Log), timings: loadTimings(o.StateDir, o.Log),
		board: newBoard(filepath.Join(o.StateDir, statusFile), o.Log),
		news:  newNews(),
		wake:  make(chan struct{}, 1),
	}
	a.who.Store(&id)
	a.auditor = newAuditor(a)
	return a, nil
}

// Run keeps the host as planned until the context ends, and returns nil then. It begins with the last plan at once and
// speaks with the server beside that. It does not close the Platform.
func (a *Agent) Run(ctx context.Context) error {
	id := a.who.Load()
	client, err := id.client(a.options)
	if err != nil {
		return err
	}
	machine, err := a.options.Platform.Describe(ctx)
	if err != nil {
		return berth.Errorf(berth.Internal, "cannot tell what machine this is: %w", err)
	}
	a.options.Log.Info("agent runs", "host", id.Name, "site", id.Site, "server", id.Server,
		"platform", machine.Platform, "attach", machine.AttachMode, "generation", a.keeper.get().Generation)
	var both sync.WaitGroup
	both.Go(func() { newLoop(a, machine).run(ctx) })
	both.Go(func() { (&syncer{agent: a, client: client}).run(ctx) })
	if a.options.Copies != nil {
		both.Go(func() { a.options.Copies.Run(ctx) })
	}
	if able, ok := a.options.Platform.(Auditor); ok {
		both.Go(func() { a.auditor.run(ctx, able) })
	}
	both.Wait()
	return nil
}

// Close gives the state folder back.
func (a *Agent) Close() error { return a.lock.Close() }

// poke asks the loop to look again; it never waits.
func (a *Agent) poke() {
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

func inUse(stateDir string, err error) error {
	return berth.Errorf(berth.Conflict, "another agent runs on the state folder %s: %w", stateDir, err).
		With("stop it, or give this one a folder of its own")
}
