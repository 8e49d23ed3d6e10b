//go:build linux

package linuxhost

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"time"

	"berth"
	"berth/agent"
)

// Entries lie in the home of a user, so all sessions of the user see them: one that runs holds what the entries point to,
// whichever session they were made for. Entries left by a session that ended before another began are not the other's:
// they are cleaned up, and the new session gets the new state.

// registration is a package's entries in one home.
type registration struct {
	fullName string
	files    []found
	holders  []Session // the running sessions that may use them, else the one that they were left by
	left     bool      // no running session may use them
}

// registrations groups the entries of a home by package and finds out whose they are. The sessions are those of that home.
func registrations(entries []found, sessions []Session) []registration {
	var list []registration
	for _, e := range entries {
		i := slices.IndexFunc(list, func(r registration) bool { return berth.Fold(r.fullName) == berth.Fold(e.fullName) })
		if i < 0 {
			i = len(list)
			list = append(list, registration{fullName: e.fullName})
		}
		list[i].files = append(list[i].files, e)
	}
	for i := range list {
		list[i].claim(sessions)
	}
	return list
}

func (r *registration) claim(sessions []Session) {
	for _, s := range sessions {
		if s.Ended.IsZero() && slices.ContainsFunc(r.files, func(e found) bool { return current(e, s, sessions) }) {
			r.holders = append(r.holders, s)
		}
	}
	if len(r.holders) > 0 {
		return
	}
	r.left = true
	for _, s := range sessions {
		if !s.Ended.IsZero() {
			r.holders = []Session{s}
			return
		}
	}
}

// current tells whether the session may use the entry: it was made for it, or by another that had not ended when this one
// began. Of a maker that nobody knows any more that cannot be said, and nothing is taken from the session.
func current(e found, s Session, sessions []Session) bool {
	m := maker(e, sessions)
	return m == nil || m.Ended.IsZero() || !m.Ended.Before(s.Since)
}

// coarse is by how much the time of a file may lag behind the clock: the kernel takes it from the last tick.
const coarse = 20 * time.Millisecond

// maker is the session that an entry was made for: of those that bore its ID the last that had begun by then.
func maker(e found, sessions []Session) *Session {
	var m *Session
	for i, s := range sessions {
		if (s.ID == e.session || s.Former == e.session) && !s.Since.After(e.since.Add(coarse)) && (m == nil || s.Since.After(m.Since)) {
			m = &sessions[i]
		}
	}
	return m
}

// byHome groups sessions.
func byHome(sessions []Session) map[string][]Session {
	homes := map[string][]Session{}
	for _, s := range sessions {
		homes[s.Home] = append(homes[s.Home], s)
	}
	return homes
}

// Register writes the entries of the package's applications to the home of the session's user.
func (h *Host) Register(ctx context.Context, s berth.Session, p berth.PlannedPackage) error {
	if err := checkName(p.FullName); err != nil {
		return err
	}
	if staged, err := h.isStaged(ctx, p.FullName); err != nil || !staged {
		return firstOf(err, berth.Errorf(berth.Conflict, "%s is not staged", p.FullName))
	}
	entries, err := h.entries(p, s.ID)
	if err != nil {
		return err
	}
	types, err := h.typesOf(p)
	if err != nil {
		return err
	}
	sessions, err := h.sessions()
	if err != nil {
		return err
	}
	i := slices.IndexFunc(sessions, func(r Session) bool { return r.ID == s.ID && r.Ended.IsZero() })
	if i < 0 {
		return berth.Errorf(berth.NotFound, "session %s has ended", s.ID)
	}
	dir := sessions[i].Home
	err = h.inHome(dir, func(u *home) error {
		if err := u.register(p.FullName, entries, byHome(sessions)[dir]); err != nil {
			return err
		}
		if err := u.putTypes(p.FamilyName, types); err != nil {
			return err
		}
		h.refresh(u, dir, len(types) > 0)
		return nil
	})
	return coded(err, fmt.Sprintf("cannot write application entries to %s", dir))
}

// register writes entries over such as nobody may use any more, and refuses to write over others.
func (h *home) register(fullName string, entries []entry, sessions []Session) error {
	if err := errors.Join(h.makeFolder(applications), h.tidy()); err != nil {
		return err
	}
	there, err := h.entries()
	if err != nil {
		return err
	}
	for _, r := range registrations(there, sessions) {
		for _, f := range r.files {
			mine := slices.ContainsFunc(entries, func(e entry) bool { return e.file == f.file })
			if mine && !r.left && berth.Fold(r.fullName) != berth.Fold(fullName) {
				return berth.Errorf(berth.Conflict, "%s is in use by the session of %s", r.fullName, r.holders[0].User)
			}
		}
	}
	for _, e := range entries {
		if err := h.write(path.Join(applications, e.file), e.content); err != nil {
			return err
		}
	}
	return nil
}

// Deregister removes the entries of the package from the home of a session that has ended, unless another session of the
// user runs that may use them.
func (h *Host) Deregister(_ context.Context, s berth.Session, fullName string) error {
	sessions, err := h.sessions()
	if err != nil {
		return err
	}
	i := slices.IndexFunc(sessions, func(r Session) bool { return r.ID == s.ID })
	if i < 0 {
		return nil
	}
	dir := sessions[i].Home
	others := slices.DeleteFunc(byHome(sessions)[dir], func(o Session) bool { return o.ID == s.ID && o.Ended.IsZero() })
	err = h.inHome(dir, func(u *home) error {
		gone, err := u.deregister(fullName, others)
		if gone {
			h.refresh(u, dir, true)
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) { // the home is gone, and the entries with it
		return nil
	}
	return coded(err, fmt.Sprintf("cannot remove application entries from %s", dir))
}

// putTypes tells of the types of a family's files, or of none any more.
func (h *home) putTypes(family string, types []byte) error {
	if types == nil {
		return h.remove(typesName(family))
	}
	if err := h.makeFolder(path.Dir(typesName(family))); err != nil {
		return err
	}
	return h.write(typesName(family), types)
}

// deregister tells whether anything was removed.
func (h *home) deregister(fullName string, sessions []Session) (gone bool, err error) {
	there, err := h.entries()
	if err != nil {
		return false, err
	}
	others := false // another version of the family has entries
	for _, r := range registrations(there, sessions) {
		if berth.Fold(r.fullName) != berth.Fold(fullName) || len(r.holders) > 0 && !r.left {
			others = others || berth.Fold(familyOf(r.fullName)) == berth.Fold(familyOf(fullName))
			continue
		}
		for _, f := range r.files {
			if err := h.remove(path.Join(applications, f.file)); err != nil {
				return gone, err
			}
			gone = true
		}
	}
	if gone && !others {
		if err := h.putTypes(familyOf(fullName), nil); err != nil {
			return gone, err
		}
	}
	return gone, h.tidy()
}

// inspect reads the registrations of every home that a session belongs to. Homes that cannot be read are told in words.
func (h *Host) inspect(sessions []Session) (map[string][]registration, []string) {
	all := map[string][]registration{}
	var problems []string
	for dir, list := range byHome(sessions) {
		err := h.inHome(dir, func(u *home) error {
			entries, err := u.entries()
			all[dir] = registrations(entries, list)
			return err
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			problems = append(problems, fmt.Sprintf("cannot read the application entries of %s: %v", list[0].User, err))
		}
	}
	return all, problems
}

// holders returns the sessions in whose homes entries of the package are.
func (h *Host) holders(fullName string) ([]Session, error) {
	sessions, err := h.sessions()
	if err != nil {
		return nil, err
	}
	all, problems := h.inspect(sessions)
	if len(problems) > 0 { // not to know is not the same as nobody
		return nil, berth.Errorf(berth.Unavailable, "%s", problems[0])
	}
	var list []Session
	for _, registrations := range all {
		for _, r := range registrations {
			if berth.Fold(r.fullName) == berth.Fold(fullName) {
				list = append(list, r.holders...)
			}
		}
	}
	return list, nil
}

// forget removes the records of ended sessions that no entry needs: none names them, or nothing is left in their home.
func (h *Host) forget(sessions []Session, all map[string][]registration) error {
	for _, s := range sessions {
		needed := slices.ContainsFunc(all[s.Home], func(r registration) bool {
			return r.left || slices.ContainsFunc(r.files, func(f found) bool {
				m := maker(f, sessions)
				return m != nil && m.ID == s.ID
			})
		})
		if s.Ended.IsZero() || needed {
			continue
		}
		err := alone(h.options.StateDir, func() error {
			var kept Session
			if agent.ReadJSON(sessionPath(h.options.StateDir, s.ID), mostRecordBytes, &kept) != nil || !kept.Since.Equal(s.Since) {
				return nil // opened anew meanwhile
			}
			return os.Remove(sessionPath(h.options.StateDir, s.ID))
		})
		if err != nil {
			return coded(err, "cannot forget session "+s.ID)
		}
	}
	return nil
}

var _ agent.Registrar = (*Host)(nil)
