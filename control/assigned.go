package control

import (
	"context"

	"berth"
	"berth/wire"
)

// AssignedHosts returns the hosts that have that version of a package by their plan, or will have it once the drafts are
// applied, each with the list and selector by which it has it. Hosts are in the order of their names.
func (s *Service) AssignedHosts(ctx context.Context, site, fullName string) (out []wire.AssignedHost, err error) {
	err = s.view(ctx, site, func(w *work) error {
		p, err := w.known(fullName)
		if err != nil {
			return err
		}
		settings, err := w.settings()
		if err != nil {
			return err
		}
		holders := map[string]wire.AssignedHost{} // by group
		err = w.survey().each(func(b both) error {
			a := wire.AssignedHost{Host: b.Name, HostKind: b.Kind, Pool: b.drafted.in.Host.Pool}
			if a.Now, err = holding(b.now, p.FullName, settings.Tags); err != nil {
				return err
			}
			if a.Drafted, err = holding(b.drafted, p.FullName, settings.Tags); err != nil {
				return err
			}
			if a.Now != nil || a.Drafted != nil {
				holders[b.group] = a
			}
			return nil
		})
		if err != nil {
			return err
		}
		hosts, err := outlinesOf(w, holders)
		for _, h := range hosts {
			a := holders[h.Group]
			a.Host = h.Name
			out = append(out, a)
		}
		return err
	})
	return out, err
}

// known returns the package as drafted, or, where its deletion is drafted, as hosts still see it.
func (w *work) known(fullName string) (berth.Package, error) {
	p, _, err := w.pkg(fullName)
	if !berth.IsNotFound(err) {
		return p, err
	}
	if p, gone := berth.Load[berth.Package](w, berth.Applied, w.ref(berth.ObjectPackage, fullName)); gone == nil {
		return p, nil
	}
	return p, err
}

// holding says by what a host has the package, nil when it does not.
func holding(s surveyed, fullName string, tags berth.Tags) (*wire.Holding, error) {
	if !s.has(fullName) {
		return nil, nil
	}
	h, err := s.in.Holding(s.Result, fullName)
	if err != nil || h == nil {
		return nil, err
	}
	out := &wire.Holding{NeededBy: h.NeededBy}
	if r := h.Row; r != nil {
		out.Level, out.Owner, out.Conflict, out.Registration = r.Level, r.Owner, r.Conflict, r.Assignment.Registration
		out.Exact, out.Tag, out.Selector = r.Assignment.Version != "", r.Assignment.Tag, "version "+r.Assignment.Version
		if !out.Exact {
			out.Selector = "tag " + tags.Name(r.Assignment.Tag)
		}
	}
	return out, nil
}
