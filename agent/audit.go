package agent

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"berth"
)

// Auditor is a Platform that can check all of a staged package, while it is used.
type Auditor interface {
	// Audit reads every file of a staged package out of what it is attached from, no faster than pace allows, and compares
	// it with the block map. An error of the kind Unavailable says that it could not be read; any other is a verdict and
	// names the file.
	Audit(ctx context.Context, p berth.PlannedPackage, pace func(ctx context.Context, n int) error) error
}

// Limits of checking in the background.
const (
	auditFile  = "verified.json"
	auditRate  = 16 << 20 // bytes a second, unless the site allows fewer for copies
	auditRetry = 5 * time.Minute
)

// auditor checks staged packages in the background, one at a time and each content once, and remembers what it found.
type auditor struct {
	path   string
	log    *slog.Logger
	now    func() time.Time
	pace   Pace
	poke   func() // the loop, when there is news
	spread func() time.Duration
	wake   chan struct{}

	mu       sync.Mutex
	verdicts map[string]verdict
	due      map[string]time.Time // when a content may be tried, again
	queue    map[string]berth.PlannedPackage
}

// verdict is what was found of one content of a package.
type verdict struct {
	Package string         `json:"package"`
	At      time.Time      `json:"at"`
	Failure *berth.Failure `json:"failure,omitempty"` // nil: every file is as it was signed
}

func newAuditor(a *Agent) *auditor {
	u := &auditor{path: filepath.Join(a.options.StateDir, auditFile), log: a.options.Log, now: a.options.Now, poke: a.poke,
		wake: make(chan struct{}, 1), verdicts: map[string]verdict{}, due: map[string]time.Time{}, queue: map[string]berth.PlannedPackage{},
		spread: func() time.Duration { return time.Duration(a.options.Random() * float64(a.options.AuditSpread)) }}
	if err := readJSON(u.path, &u.verdicts); err != nil && !errors.Is(err, fs.ErrNotExist) {
		u.log.Warn("what was verified is forgotten; it is verified again", "error", err)
	}
	if u.verdicts == nil {
		u.verdicts = map[string]verdict{}
	}
	return u
}

// contentKey names what a package is attached from. Another image under the same name is another content.
func contentKey(p Seen) string {
	return berth.Fold(p.FullName) + "|" + p.Content + "|" + berth.Fold(p.Origin.BlockMapSHA256)
}

// look takes note of what is staged, and marks what was found of it before: packages that are not as they were signed are
// condemned, which Steps heeds.
func (u *auditor) look(plan berth.Plan, seen *Observation) {
	u.mu.Lock()
	defer u.mu.Unlock()
	rate := int64(auditRate)
	if plan.Cache != nil && plan.Cache.BytesPerSecond > 0 {
		rate = min(rate, plan.Cache.BytesPerSecond)
	}
	u.pace.Set(rate)
	clear(u.queue)
	there := map[string]bool{}
	for i := range seen.Packages {
		p := &seen.Packages[i]
		if there[berth.Fold(p.FullName)] = true; !p.Staged || p.Origin == nil || p.Content == "" {
			continue
		}
		key := contentKey(*p)
		v, known := u.verdicts[key]
		p.Verified, p.Condemned = known && v.Failure == nil, v.Failure
		if !known && plan.Verify == berth.VerifyAll {
			u.queue[key] = *p.Origin
			if u.due[key].IsZero() {
				u.due[key] = u.now().Add(u.spread())
			}
		}
	}
	u.forget(func(v verdict) bool { return there[berth.Fold(v.Package)] || plan.Package(v.Package) != nil })
	maps.DeleteFunc(u.due, func(key string, _ time.Time) bool { _, queued := u.queue[key]; return !queued })
	if len(u.queue) > 0 {
		u.stir()
	}
}

func (u *auditor) stir() {
	select {
	case u.wake <- struct{}{}:
	default:
	}
}

// forget drops verdicts of packages that are gone.
func (u *auditor) forget(keep func(verdict) bool) {
	before := len(u.verdicts)
	maps.DeleteFunc(u.verdicts, func(_ string, v verdict) bool { return !keep(v) })
	if len(u.verdicts) != before {
		u.save()
	}
}

func (u *auditor) save() {
	if err := writeJSON(u.path, u.verdicts); err != nil {
		u.log.Warn("cannot keep what was verified", "error", err)
	}
}

// doubts tells whether the package was found bad the last time: then all of it is checked before it is staged again.
func (u *auditor) doubts(fullName string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, v := range u.verdicts {
		if berth.Fold(v.Package) == berth.Fold(fullName) && v.Failure != nil {
			return true
		}
	}
	return false
}

// restaged takes note that a package was staged after all of it was checked: what was found before counts no more.
func (u *auditor) restaged(fullName string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.forget(func(v verdict) bool { return berth.Fold(v.Package) != berth.Fold(fullName) || v.Failure == nil })
}

// run checks what look queued until the context ends.
func (u *auditor) run(ctx context.Context, by Auditor) {
	for ctx.Err() == nil {
		key, p, wait := u.next()
		if key == "" {
			timer := time.NewTimer(wait)
			select {
			case <-ctx.Done():
			case <-u.wake:
			case <-timer.C:
			}
			timer.Stop()
			continue
		}
		begin := u.now()
		err := auditSafely(ctx, by, p, u.pace.Wait)
		if ctx.Err() == nil {
			u.note(key, p, err, u.now().Sub(begin))
		}
	}
}

// auditSafely turns a panic, in reading what anybody may have made, into an error that is no verdict.
func auditSafely(ctx context.Context, by Auditor, p berth.PlannedPackage, pace func(context.Context, int) error) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = berth.Errorf(berth.Unavailable, "fault in the agent: %v", fault)
		}
	}()
	return by.Audit(ctx, p, pace)
}

// next is the content that is due first.
func (u *auditor) next() (key string, p berth.PlannedPackage, wait time.Duration) {
	u.mu.Lock()
	defer u.mu.Unlock()
	wait = time.Minute
	for _, k := range slices.Sorted(maps.Keys(u.queue)) {
		if left := u.due[k].Sub(u.now()); left > 0 {
			wait = min(wait, left)
			continue
		}
		return k, u.queue[k], 0
	}
	return "", p, wait
}

// note keeps a verdict, for as long as the content is there.
func (u *auditor) note(key string, p berth.PlannedPackage, err error, took time.Duration) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.queue, key)
	if err != nil && (berth.ErrorKind(err) == berth.Unavailable || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
		u.log.Warn("a package could not be verified; trying again later", "package", p.FullName, "error", err)
		u.due[key] = u.now().Add(auditRetry)
		return
	}
	v := verdict{Package: p.FullName, At: u.now()}
	if err != nil {
		f := failureOf(Step{Kind: StepStage}, InPhase(berth.PhaseVerify, err))
		v.Failure = &f
		u.log.Error("a package is not as it was signed", "package", p.FullName, "error", err)
	} else {
		u.log.Info("every file of a package is as it was signed", "package", p.FullName, "took", took)
	}
	u.verdicts[key] = v
	u.save()
	u.poke()
}

// thorough marks a context in which a Platform checks all of a package before it is staged.
type thorough struct{}

// Thorough tells whether a Platform must check all of a package in Stage, because something in it was found to be bad.
func Thorough(ctx context.Context) bool { return ctx.Value(thorough{}) != nil }
