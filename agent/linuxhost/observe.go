//go:build linux

package linuxhost

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"berth"
	"berth/agent"
	"berth/mount"
)

// Observe reads the kernel's table of mounts, the state folder and the users' homes.
func (h *Host) Observe(ctx context.Context) (agent.Observation, error) {
	var seen agent.Observation
	if err := h.holder.look(ctx); err != nil {
		return seen, err
	}
	points, err := mount.Points(h.path("packages"))
	if err != nil {
		return seen, coded(err, "cannot see what is mounted")
	}
	l, err := h.list()
	if err != nil {
		return seen, err
	}
	sessions, err := h.sessions()
	if err != nil {
		return seen, err
	}
	if seen.Certificates, err = h.installed(); err != nil {
		return seen, err
	}
	all, problems := h.inspect(sessions)
	if len(problems) == 0 { // else a home that cannot be read now would lose its sessions
		if err := h.forget(sessions, all); err != nil {
			return seen, err
		}
	}
	for _, s := range sessions {
		if s.Ended.IsZero() {
			seen.Sessions = append(seen.Sessions, s.brief())
		}
	}
	seen.Packages = h.packages(l, points, all)
	seen.Orphans = h.orphans(l, points)
	seen.Problems = append(append(problems, h.holder.findings()...), h.logins.findings()...)
	seen.Disk = h.disk()
	return seen, nil
}

// packages are those that have a record, and those that only entries in a home name.
func (h *Host) packages(l listing, points map[string]int, all map[string][]registration) []agent.Seen {
	byName := map[string]*agent.Seen{}
	for name, r := range l.records {
		there := h.attached(r, points, l.folders)
		origin := r.Package
		byName[berth.Fold(name)] = &agent.Seen{FullName: name, FamilyName: origin.FamilyName, Framework: origin.Framework,
			Attached: there, Staged: there, Origin: &origin, From: r.From, Content: r.Content}
	}
	for _, home := range slices.Sorted(maps.Keys(all)) {
		for _, r := range all[home] {
			p := byName[berth.Fold(r.fullName)]
			if p == nil {
				p = &agent.Seen{FullName: r.fullName, FamilyName: familyOf(r.fullName)}
				byName[berth.Fold(r.fullName)] = p
			}
			p.Registered = append(p.Registered, h.registered(r, p.Origin)...)
		}
	}
	var list []agent.Seen
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		list = append(list, *byName[name])
	}
	return list
}

// registered tells in which sessions a package's entries are, and whether all of them are there.
func (h *Host) registered(r registration, origin *berth.PlannedPackage) []agent.Registration {
	var since time.Time
	for _, f := range r.files {
		if f.since.After(since) {
			since = f.since
		}
	}
	complete := true
	if origin != nil {
		expected, err := h.entries(*origin, "any")
		complete = err == nil && !slices.ContainsFunc(expected, func(e entry) bool {
			return !slices.ContainsFunc(r.files, func(f found) bool { return f.file == e.file })
		})
	}
	var list []agent.Registration
	for _, s := range r.holders {
		list = append(list, agent.Registration{Session: s.brief(), Since: since.UTC().Truncate(time.Second), Complete: complete})
	}
	return list
}

// familyOf makes the family name out of a full name: its first part and its last.
func familyOf(fullName string) string {
	parts := strings.Split(fullName, "_")
	return parts[0] + "_" + parts[len(parts)-1]
}

// Kinds of leftovers, the first part of their ids.
const (
	orphanMount  = "mount"
	orphanFolder = "folder"
	orphanFile   = "file"
)

// orphans are dead mounts, folders without a record, half-filled folders, and files that are no records. What is being
// worked on is none.
func (h *Host) orphans(l listing, points map[string]int) []agent.Orphan {
	var list []agent.Orphan
	add := func(kind, name, what string) {
		list = append(list, agent.Orphan{ID: kind + ":" + name, Problem: fmt.Sprintf("%s: %s", h.path("packages", name), what)})
	}
	for path, n := range points {
		name := strings.TrimPrefix(path, h.path("packages")+"/")
		if h.held(name) || n == 1 && h.holder.has(name) {
			continue
		}
		add(orphanMount, name, "a mount whose agent has ended")
	}
	for name := range l.folders {
		if _, known := l.records[name]; !known && !h.held(name) && points[h.packagePath(name)] == 0 {
			add(orphanFolder, name, "a package without a record of where it came from")
		}
	}
	for _, name := range l.strange {
		if full, ok := strings.CutPrefix(name, temporary); ok && h.held(full) || strings.HasPrefix(name, ".") && strings.Contains(name, ".json.") && h.working() {
			continue
		}
		add(orphanFile, name, "nothing that an agent would leave in order")
	}
	slices.SortFunc(list, func(a, b agent.Orphan) int { return strings.Compare(a.ID, b.ID) })
	return list
}

// working tells whether any package is being worked on: then a record may be in the middle of being written.
func (h *Host) working() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.busy) > 0
}

// Repair takes a dead mount away, and removes what has no record. A package in use by a session has one.
func (h *Host) Repair(_ context.Context, o agent.Orphan) error {
	kind, name, _ := strings.Cut(o.ID, ":")
	if name == "" || strings.Contains(name, "/") || name == ".." || name == "." {
		return berth.Errorf(berth.Internal, "there is no leftover %q", o.ID)
	}
	if h.held(name) || h.held(strings.TrimPrefix(name, temporary)) {
		return nil // somebody began to work on it
	}
	switch kind {
	case orphanMount:
		return h.clear(name)
	case orphanFolder, orphanFile:
		return h.removeFolder(h.path("packages", name))
	}
	return berth.Errorf(berth.Internal, "there is no leftover %q", o.ID)
}
