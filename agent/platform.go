package agent

import (
	"context"
	"io"
	"time"

	"berth"
)

// Platform is the machine as the loop needs it. Every method may be called from several goroutines at once; the loop never
// runs two steps at once that concern the same package as a whole or the same session. Steps are idempotent: one that finds
// its work done returns nil. An error may be marked with InPhase and should carry a *berth.Error with the platform's code.
type Platform interface {
	Describer
	Observer
	Stager
	Registrar
	Keeper
	io.Closer // lets go of what cannot outlive the process; packages stay on the machine where they can
}

// Describer tells what does not change while the agent runs.
type Describer interface {
	// Describe returns the facts of the machine.
	Describe(ctx context.Context) (Machine, error)
}

// Observer looks at the machine.
type Observer interface {
	// Observe returns what is there now, read from the machine itself and never from memory of steps done. It must be
	// cheap enough to be called every second, and must not wait for a file server.
	Observe(ctx context.Context) (Observation, error)
}

// Stager makes packages known to the machine.
type Stager interface {
	// Stage checks the signer, attaches the image, checks its content against the plan, and makes the package known.
	Stage(ctx context.Context, p berth.PlannedPackage) error
	// Destage takes that back and detaches the image. It refuses while a session has the package registered.
	Destage(ctx context.Context, fullName string) error
}

// Registrar makes applications available in sessions.
type Registrar interface {
	// Register makes the applications of a staged package available to the session.
	Register(ctx context.Context, s berth.Session, p berth.PlannedPackage) error
	// Deregister takes that back. The session may have ended already.
	Deregister(ctx context.Context, s berth.Session, fullName string) error
}

// Keeper looks after the machine around the packages.
type Keeper interface {
	// Trust installs certificates, and removes those of the thumbprints given, which Berth installed before.
	Trust(ctx context.Context, install []berth.Certificate, remove []string) error
	// Repair clears away what Observe reported as an orphan.
	Repair(ctx context.Context, o Orphan) error
}

// Noticer is a Platform that notices by itself when sessions begin and end. It is looked at less often.
type Noticer interface {
	// Notices returns a channel on which each value says that the machine should be looked at; nil when it cannot notice.
	Notices() <-chan struct{}
}

// Machine is what a host is.
type Machine struct {
	Hostname     string
	OS           string // as the system calls itself
	Build        int    // Windows build, 0 elsewhere
	Architecture string // x86, x64, arm or arm64
	Platform     string // winhost, linuxhost or simhost
	AttachMode   string // how images are attached, with the reason
}

// Observation is what a Platform found at one moment.
type Observation struct {
	Sessions     []berth.Session // those that run now
	Packages     []Seen
	Certificates []string // thumbprints (SHA-1, upper-case hex) of the certificates that Berth installed and that are there
	Orphans      []Orphan
	Problems     []string    // other things that are wrong with the machine, in words
	Disk         *berth.Disk // where the state is kept; nil when the machine does not tell
}

// Seen is a package of which something is on the machine.
type Seen struct {
	FullName   string
	FamilyName string
	Framework  bool
	Attached   bool // the image is attached
	Staged     bool // the machine knows the package and can serve it
	Registered []Registration
	// Origin is what the package was staged from, nil when the machine does not tell. It lets a package that left the plan
	// be attached again for the sessions that still use it.
	Origin *berth.PlannedPackage
	// From is the file that the image was attached from when that is a copy on this host; empty: the share.
	From string
	// Content tells what is attached from what was attached from the same place before: size and time of the image. Empty
	// when the machine does not tell; then the content is not checked in the background.
	Content string

	// The loop adds what was found of this content before; a Platform leaves it alone.
	Verified  bool           // every file is as it was signed
	Condemned *berth.Failure // a file is not: sessions are not given the package any more, and it goes with the last that has it
}

// Registration is a package's presence in one session, which may have ended.
type Registration struct {
	Session  berth.Session
	Since    time.Time // zero when the machine does not tell
	Complete bool      // false: only some of the applications are there
}

// Orphan is a leftover of Berth's that nothing accounts for.
type Orphan struct {
	ID      string // by which the Platform knows it again
	Problem string // in words, with the path
}
