package control

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"berth"
	"berth/wire"
)

// Limits of expanding by hosts: how many are asked at once, and how many packages are believed.
const (
	mostExpanders = 5
	mostExpanded  = 256
)

// ExpandTry is one place that tried to read an image, and why it could not.
type ExpandTry struct {
	Host string // empty: the server
	Err  error
}

// ExpandError says that nobody could read an image.
type ExpandError struct {
	Image string
	Tries []ExpandTry
	None  bool // the pool has no host that could be asked
}

// Error names each place that tried, and its reason.
func (e *ExpandError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the image %s could not be read", e.Image)
	for _, t := range e.Tries {
		where := "the server"
		if t.Host != "" {
			where = "host " + t.Host
		}
		fmt.Fprintf(&b, "; by %s: %s", where, words(t.Err))
	}
	if e.None {
		b.WriteString("; the pool has no host that could be asked")
	}
	return b.String()
}

// ExpandImage returns the packages in an image: as the server reads it, and where it cannot, as a host of the AVD pool does.
// The error is Invalid and has an ExpandError for its cause where nobody can.
func (s *Service) ExpandImage(ctx context.Context, site, pool, path string) ([]berth.Package, error) {
	if strings.TrimSpace(path) == "" {
		return nil, berth.Errorf(berth.Invalid, "no image is named").On("uri").With("give its path as hosts open it")
	}
	if err := s.checkPool(ctx, site, pool); err != nil {
		return nil, err
	}
	ps, err := s.library.Read(ctx, path)
	if err == nil || ctx.Err() != nil {
		return ps, err
	}
	failed := &ExpandError{Image: path, Tries: []ExpandTry{{Err: err}}}
	hosts, err := s.hostsOf(ctx, site, pool)
	if err != nil {
		return nil, err
	}
	if ps := s.expandBy(ctx, hosts, path, failed); len(ps) > 0 {
		return ps, nil
	}
	failed.None = len(hosts) == 0
	return nil, berth.Errorf(berth.Invalid, "%w", failed).On("uri")
}

// hostsOf returns the hosts of a pool, those that were heard of last first, and no more than are asked at once.
func (s *Service) hostsOf(ctx context.Context, site, pool string) (hosts []berth.Host, err error) {
	err = s.view(ctx, site, func(w *work) error {
		in, err := w.members(berth.Applied, pool)
		if err != nil {
			return err
		}
		for _, name := range in {
			h, err := w.HostByName(berth.Fold(site), name)
			if err == nil {
				hosts = append(hosts, h)
			} else if !berth.IsNotFound(err) {
				return err
			}
		}
		return nil
	})
	slices.SortFunc(hosts, func(a, b berth.Host) int { return b.LastSeen.Compare(a.LastSeen) })
	return hosts[:min(len(hosts), mostExpanders)], err
}

// expandBy asks hosts side by side and takes the first that can.
func (s *Service) expandBy(ctx context.Context, hosts []berth.Host, path string, failed *ExpandError) (found []berth.Package) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var mu sync.Mutex
	var running sync.WaitGroup
	tries := make([]ExpandTry, len(hosts))
	for i, h := range hosts {
		running.Go(func() {
			a, err := s.ask(ctx, h, wire.Ask{Kind: wire.AskExpand, ImagePath: path})
			if err == nil && len(a.Packages) == 0 {
				err = berth.Errorf(berth.Invalid, "there is no package in the image")
			}
			mu.Lock()
			defer mu.Unlock()
			if err == nil && found == nil {
				found = a.Packages[:min(len(a.Packages), mostExpanded)]
				stop()
			}
			tries[i] = ExpandTry{h.Name, err}
		})
	}
	running.Wait()
	failed.Tries = append(failed.Tries, tries...)
	return found
}
