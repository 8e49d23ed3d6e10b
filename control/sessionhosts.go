package control

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"berth"
	"berth/wire"
)

// SessionHost is a host of an AVD host pool as Azure's clients see it.
type SessionHost struct {
	berth.Host
	Config berth.HostConfig
	// Silent tells that the host has not been heard of for too long, Failing which of its packages do not come into being,
	// and Health what that means for the host: Unhealthy, NeedsAssistance, DoNotFail, or nothing.
	Silent  bool
	Failing []wire.HostPackage
	Health  string
}

// What becomes of a host's health when staging fails. The words are Azure's.
const (
	Unhealthy       = "Unhealthy"
	NeedsAssistance = "NeedsAssistance"
	DoNotFail       = "DoNotFail"
)

// onFailure reads one of these words, in any case. An empty one leaves it at NeedsAssistance.
func onFailure(word string) (string, error) {
	for _, known := range []string{"", Unhealthy, NeedsAssistance, DoNotFail} {
		if strings.EqualFold(word, known) {
			return known, nil
		}
	}
	return "", berth.Errorf(berth.Invalid, "%q says nothing about the health of hosts", word).On("onFailure").
		With("say Unhealthy, NeedsAssistance or DoNotFail")
}

// SessionHosts returns the hosts of an AVD host pool, ordered by name.
func (s *Service) SessionHosts(ctx context.Context, site, pool string) (list []SessionHost, err error) {
	err = s.view(ctx, site, func(w *work) error {
		if _, err := w.avdPool(pool); err != nil {
			return err
		}
		in, err := w.members(berth.Applied, pool)
		if err != nil {
			return err
		}
		for _, name := range in {
			one, err := w.sessionHost(pool, name)
			if berth.IsNotFound(err) {
				continue // configured, and not enrolled any more
			}
			if err != nil {
				return err
			}
			list = append(list, one)
		}
		return nil
	})
	return list, err
}

// SessionHost returns one host of an AVD host pool; its absence is NotFound on host.
func (s *Service) SessionHost(ctx context.Context, site, pool, name string) (out SessionHost, err error) {
	err = s.view(ctx, site, func(w *work) error {
		if _, err := w.avdPool(pool); err != nil {
			return err
		}
		out, err = w.sessionHost(pool, name)
		return err
	})
	return out, err
}

func (w *work) sessionHost(pool, name string) (out SessionHost, err error) {
	gone := berth.Errorf(berth.NotFound, "host pool %s has no host %q", pool, name).On("host")
	out.Config, err = berth.Load[berth.HostConfig](w, berth.Applied, w.ref(berth.ObjectHost, name))
	if err != nil && !berth.IsNotFound(err) {
		return out, err
	}
	if err != nil || berth.Fold(out.Config.Pool) != berth.Fold(pool) {
		return out, gone
	}
	if out.Host, err = w.host(name); err != nil {
		if berth.IsNotFound(err) {
			return out, gone
		}
		return out, err
	}
	out.Silent = w.at.Sub(out.LastSeen) > berth.Silence || !out.RevokedAt.IsZero()
	rows, err := w.statuses(out.Host)
	if err != nil {
		return out, err
	}
	for _, r := range rows {
		switch r.Status.Name { //nolint:exhaustive // the others are no failure of staging
		case berth.StatusStagingFailed, berth.StatusNotFound, berth.StatusCertificateMissing:
			out.Failing = append(out.Failing, r)
		}
	}
	if len(out.Failing) > 0 {
		out.Health, err = w.health(pool, out.Failing)
	}
	return out, err
}

// health is the worst of what the app attach packages of the pool say of the packages that fail. What none of them names is
// as the catalogue says, or else worth a look.
func (w *work) health(pool string, failing []wire.HostPackage) (string, error) {
	all, err := berth.LoadAll[berth.AppAttachPackage](w, berth.Applied, berth.ObjectQuery{Site: berth.Fold(w.site.Name), Kind: berth.ObjectAppAttach})
	if err != nil {
		return "", err
	}
	order := []string{"", DoNotFail, NeedsAssistance, Unhealthy}
	worst := 0
	for _, f := range failing {
		says, err := w.healthOf(f.FullName)
		if err != nil {
			return "", err
		}
		for _, a := range all {
			here := slices.ContainsFunc(a.Pools, func(p berth.AppAttachPool) bool { return berth.Fold(p.Pool) == berth.Fold(pool) })
			if here && berth.Fold(a.FullName) == berth.Fold(f.FullName) {
				says = cmp.Or(a.OnFailure, NeedsAssistance)
			}
		}
		at := slices.IndexFunc(order, func(o string) bool { return strings.EqualFold(o, says) })
		worst = max(worst, at)
	}
	return order[worst], nil
}

// healthOf is what the catalogue says of a package, as applied.
func (w *work) healthOf(fullName string) (string, error) {
	p, err := berth.Load[berth.Package](w, berth.Applied, w.ref(berth.ObjectPackage, fullName))
	if err != nil && !berth.IsNotFound(err) {
		return "", err
	}
	return cmp.Or(p.OnFailure, NeedsAssistance), nil
}

// EditSessionHost changes what a client of Azure's interface says of a host, at once. fn gets the host as it is; nil changes
// nothing.
func (s *Service) EditSessionHost(ctx context.Context, site, pool, name string, fn func(was SessionHost) (json.RawMessage, error)) (out SessionHost, err error) {
	err = s.update(ctx, site, func(w *work) error {
		if _, err := w.avdPool(pool); err != nil {
			return err
		}
		if out, err = w.sessionHost(pool, name); err != nil {
			return err
		}
		document, err := fn(out)
		if err != nil || document == nil {
			return err
		}
		said := berth.AzureResource{CreatedAt: out.EnrolledAt, CreatedBy: w.who.Name, CreatedByType: azureKind(w.who)}
		if out.Config.Azure != nil {
			said = *out.Config.Azure
		}
		said.Document = document
		said.ModifiedAt, said.ModifiedBy, said.ModifiedByType = w.at, w.who.Name, azureKind(w.who)
		w.now = true
		t := target{ref: w.ref(berth.ObjectHost, name), name: out.Host.Name, action: "edit session host"}
		err = edit(w, t, func(doc *berth.HostConfig, is state) (keep, error) {
			doc.Azure = &said
			return keep(is.exists), nil
		})
		if err != nil {
			return err
		}
		out, err = w.sessionHost(pool, name)
		return err
	})
	return out, err
}

// RemoveSessionHost forgets a host of a pool: its certificate opens nothing any more. One with sessions is a Conflict unless
// forced. existed is false when the pool had no such host.
func (s *Service) RemoveSessionHost(ctx context.Context, site, pool, name string, force bool) (existed bool, err error) {
	if err := s.checkPool(ctx, site, pool); err != nil {
		return false, err
	}
	h, err := s.SessionHost(ctx, site, pool, name)
	if missing(err) == "host" {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if n := len(h.Facts.Sessions); n > 0 && !force && !h.Silent {
		return true, berth.Errorf(berth.Conflict, "session host %s has %d user sessions, of %s first", h.Host.Name, n, h.Facts.Sessions[0].User).
			With("end them first, or delete it with force=true")
	}
	return true, s.RemoveHost(ctx, site, h.Host.Name)
}

// SessionAsk is what a host is to do with one of its sessions.
type SessionAsk struct {
	Session string // its id
	What    SessionVerb
	Title   string // of Message
	Body    string // of Message
}

// SessionVerb is one of the things that can be done with a session.
type SessionVerb string

// The verbs.
const (
	LogOff     = SessionVerb(wire.AskLogOff)
	Disconnect = SessionVerb(wire.AskDisconnect)
	Message    = SessionVerb(wire.AskMessage)
)

// AskSession has a host act on one of its sessions, and waits until it has. The error of a host that says no is a Conflict,
// that of one that does not answer Unavailable.
func (s *Service) AskSession(ctx context.Context, site, pool, host string, what SessionAsk) error {
	if err := s.checkPool(ctx, site, pool); err != nil {
		return err
	}
	h, err := s.SessionHost(ctx, site, pool, host)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(h.Facts.Sessions, func(one berth.Session) bool { return one.ID == what.Session }) {
		return berth.Errorf(berth.NotFound, "host %s has no session %q", h.Host.Name, what.Session).On("session")
	}
	_, asked := s.ask(ctx, h.Host, wire.Ask{Kind: wire.AskKind(what.What), Session: what.Session, Title: what.Title, Body: what.Body})
	refused := ""
	if asked != nil {
		refused = asked.Error()
	}
	// Whoever asked may have gone meanwhile; what was done is written down all the same.
	err = s.update(context.WithoutCancel(ctx), site, func(w *work) error {
		return w.AppendAudit(berth.AuditEntry{At: w.at, Site: berth.Fold(site), Actor: w.who.Name, Face: w.who.Face, Action: "ask session: " + string(what.What),
			Kind: string(berth.ObjectHost), Key: berth.Fold(h.Host.Name), After: raw(map[string]string{"session": what.Session, "title": what.Title, "body": what.Body}), Refused: refused})
	})
	return cmp.Or(asked, err)
}
