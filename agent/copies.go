package agent

import (
	"context"

	"berth"
)

// Copies keeps copies of images on the host, as the plan asks; *cache.Cache does. Its methods but Run never wait.
type Copies interface {
	// Want tells the plan, and what must stay besides: files that packages are attached from, and images that sessions
	// need although the plan has them no more.
	Want(plan berth.Plan, needed []string)
	// Facts tell how the copies stand; nil when there is nothing to tell.
	Facts() *berth.CacheFacts
	// Retry lets what failed be tried again at once.
	Retry()
	// Run copies until the context ends.
	Run(ctx context.Context)
}

// CopySource gives a Platform the copies to attach from; *cache.Cache does.
type CopySource interface {
	// Use returns the file to attach a package from when there is a good copy of its image, else an empty path. The copy
	// stays until done is called and the package had time to be observed.
	Use(p berth.PlannedPackage) (path string, done func())
	// Suspect tells that something in a file that Use gave is not as it was when it was checked.
	Suspect(path string)
}

// tell lets the copies know of the plan and of what is attached.
func (l *loop) tell(plan berth.Plan, seen Observation) {
	if l.options.Copies == nil {
		return
	}
	c := comparison{plan: plan, seen: seen}
	var needed []string
	for _, p := range seen.Packages {
		switch {
		case p.From != "":
			needed = append(needed, p.From)
		case c.unplanned(p) && p.Origin != nil && c.needed(p):
			needed = append(needed, p.Origin.ImagePath)
		}
	}
	l.options.Copies.Want(plan, needed)
}
