//go:build windows

package winhost

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/windows"

	"berth"
	"berth/agent"
	"berth/agent/winhost/winrt"
)

// answer is what Windows said of a package.
type answer struct {
	at       time.Time
	known    bool
	problems []string
	users    []winrt.User
}

// answers keeps what Windows said for a short time: with fifty packages, asking anew at every look would keep the
// deployment service awake. Whatever the Host does to a package, and any change of the sessions, makes it ask again.
type answers struct {
	mu       sync.Mutex
	packages map[string]answer
	epoch    map[string]int // how often a package was forgotten: an answer from before that is not kept
	sessions string         // ids of the sessions at the last look
}

func (a *answers) forget(fullName string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.packages, berth.Fold(fullName))
	if a.epoch == nil {
		a.epoch = map[string]int{}
	}
	a.epoch[berth.Fold(fullName)]++
}

// notice forgets everything when other sessions are there than at the last look.
func (a *answers) notice(list []wtsSession) {
	var ids []string
	for _, s := range list {
		ids = append(ids, s.id())
	}
	now := strings.Join(ids, " ")
	a.mu.Lock()
	defer a.mu.Unlock()
	if now != a.sessions {
		a.sessions, a.packages = now, nil
	}
}

// ask returns what Windows says of a package.
func (h *Host) ask(fullName string) (answer, error) {
	key := berth.Fold(fullName)
	h.known.mu.Lock()
	a, ok := h.known.packages[key]
	epoch := h.known.epoch[key]
	h.known.mu.Unlock()
	if ok && time.Since(a.at) < h.options.Refresh {
		return a, nil
	}
	m, err := h.packages()
	if err != nil {
		return answer{}, err
	}
	a = answer{at: time.Now()}
	p, err := m.Find(fullName)
	if err != nil {
		return a, deployed(err, "cannot ask Windows for "+fullName)
	}
	if p != nil {
		a.known, a.problems = true, p.Problems
		users, err := m.Users(fullName)
		if err != nil {
			return a, deployed(err, "cannot ask Windows who has "+fullName)
		}
		a.users = slices.DeleteFunc(users, func(u winrt.User) bool { return u.State != winrt.Installed })
	}
	h.known.mu.Lock()
	defer h.known.mu.Unlock()
	if h.known.epoch[key] == epoch {
		if h.known.packages == nil {
			h.known.packages = map[string]answer{}
		}
		h.known.packages[key] = a
	}
	return a, nil
}

// Observe asks Windows for sessions, volumes, packages, registrations and certificates. It reads nothing from images.
func (h *Host) Observe(context.Context) (agent.Observation, error) {
	var seen agent.Observation
	h.swept.Do(func() { // at the first look: by then this process has the state folder for itself, and nothing runs
		if err := h.records.sweep(); err != nil {
			h.options.Log.Warn("cannot clear the state folder of what is half written", "error", err)
		}
	})
	sessions, err := h.list()
	if err != nil {
		return seen, err
	}
	h.known.notice(sessions)
	h.attend(sessions)
	for _, s := range sessions {
		seen.Sessions = append(seen.Sessions, s.brief())
	}
	list, damaged, err := h.records.list()
	if err != nil {
		return seen, coded(err, "cannot read the state folder")
	}
	if seen.Certificates, err = trusted(); err != nil {
		return seen, err
	}
	if h.manager == nil {
		seen.Problems = append(seen.Problems, deployed(h.why, "nothing can be staged").Error())
	} else if seen.Packages, err = h.packagesSeen(list, sessions, &seen.Problems); err != nil {
		return seen, err
	}
	if seen.Orphans, err = h.orphans(list, damaged); err != nil {
		return seen, err
	}
	seen.Problems = append(seen.Problems, policyProblems()...)
	seen.Disk = disk(h.options.StateDir)
	return seen, nil
}

func (h *Host) packagesSeen(list []record, sessions []wtsSession, problems *[]string) ([]agent.Seen, error) {
	var out []agent.Seen
	for _, rec := range list {
		a, err := h.ask(cmp.Or(rec.By, rec.Package.FullName))
		if err != nil {
			return nil, err
		}
		origin := rec.Package
		s := agent.Seen{FullName: origin.FullName, FamilyName: origin.FamilyName, Framework: origin.Framework, Origin: &origin,
			From: rec.Copy, Content: rec.Content}
		s.Attached = rec.Foreign || volumeThere(rec.Volume) || isPackageFile(origin.ImagePath) && a.known
		s.Staged = s.Attached && a.known && len(a.problems) == 0
		if a.known && len(a.problems) > 0 && s.Attached {
			*problems = append(*problems, fmt.Sprintf("Windows says of %s: %s", origin.FullName, strings.Join(a.problems, ", ")))
		}
		if !origin.Framework { // a user has a framework through what needs it
			if s.Registered, err = h.holders(origin.FullName, sessions); err != nil {
				return nil, err
			}
		}
		out = append(out, s)
	}
	return out, nil
}

// Kinds of leftovers, the first part of their ids.
const (
	orphanMarker = "marker:"
	orphanFile   = "file:"
)

// orphans are packages that the registry knows as Berth's and the state folder does not, and files that are no records.
func (h *Host) orphans(list []record, damaged []string) ([]agent.Orphan, error) {
	markers, err := marked()
	if err != nil {
		return nil, err
	}
	var orphans []agent.Orphan
	for _, m := range markers {
		if !slices.ContainsFunc(list, func(r record) bool { return strings.EqualFold(r.Package.FullName, m.fullName) }) {
			orphans = append(orphans, agent.Orphan{ID: orphanMarker + m.fullName,
				Problem: fmt.Sprintf("%s from %s was staged by an agent whose state folder is lost", m.fullName, m.image)})
		}
	}
	for _, path := range damaged {
		orphans = append(orphans, agent.Orphan{ID: orphanFile + path, Problem: path + " is no record of a package"})
	}
	return orphans, nil
}

// Repair takes a leftover away. What is still registered or running is taken up again as a package that the plan does not
// have: then it goes when its last session ends.
func (h *Host) Repair(ctx context.Context, o agent.Orphan) error {
	if path, ok := strings.CutPrefix(o.ID, orphanFile); ok {
		return h.dropFile(path)
	}
	name, ok := strings.CutPrefix(o.ID, orphanMarker)
	if !ok || checkName(name) != nil {
		return berth.Errorf(berth.Internal, "%q is no leftover of this machine", o.ID)
	}
	rec := readMarker(name).record()
	err := h.letGo(ctx, rec)
	if codeOf(err) == codeInUse {
		return coded(h.records.write(rec), "cannot keep the record of "+name)
	}
	return err
}

// dropFile removes a file of the folder of records that is none.
func (h *Host) dropFile(path string) error {
	if filepath.Dir(path) != filepath.Clean(h.records.folder("packages")) {
		return berth.Errorf(berth.Internal, "%s is not in the folder of records", path)
	}
	if err := os.RemoveAll(path); err != nil {
		return coded(err, "cannot remove "+path)
	}
	return nil
}

func disk(folder string) *berth.Disk {
	path, err := windows.UTF16PtrFromString(folder)
	if err != nil {
		return nil
	}
	var free, total uint64
	if err := windows.GetDiskFreeSpaceEx(path, &free, &total, nil); err != nil {
		return nil
	}
	return &berth.Disk{Path: folder, Free: int64(free), Total: int64(total)}
}
