package control

import (
	"context"
	"fmt"
	"slices"
	"time"

	"berth"
	"berth/wire"
)

// Limits of pre-flights: how long one is of use, how many are kept of a host, and how much of an answer.
const (
	preflightLife   = 24 * time.Hour
	mostPreflights  = 20
	mostChecks      = 32
	mostCheckLetter = 2000
)

// AskPreflight asks the host to try the package without staging it. One that the host has not answered yet is not asked
// for twice.
func (s *Service) AskPreflight(ctx context.Context, site, host, fullName string) (v wire.PreflightView, err error) {
	err = s.update(ctx, site, func(w *work) error {
		h, err := w.host(host)
		if err != nil {
			return err
		}
		p, _, err := w.pkg(fullName)
		if err != nil {
			return err
		}
		kept, err := w.sweepPreflights(h.ID)
		if err != nil {
			return err
		}
		for _, f := range kept {
			if f.AnsweredAt.IsZero() && berth.Fold(f.Package) == berth.Fold(p.FullName) {
				v = w.preflightView(f, h)
				return nil
			}
		}
		f := berth.Preflight{Site: w.site.Name, HostID: h.ID, Host: h.Name, Package: p.FullName, AskedAt: w.at, AskedBy: w.who.Name}
		if f.ID, err = s.id(); err != nil {
			return err
		}
		if f.Request, err = w.preflightRequest(f.ID, h, p); err != nil {
			return err
		}
		if err := w.PutPreflight(f); err != nil {
			return err
		}
		v = w.preflightView(f, h)
		return w.note("preflight", w.ref(berth.ObjectHost, h.Name), nil, raw(map[string]string{"id": f.ID, "package": f.Package}))
	})
	if err == nil {
		s.bell.ring(site)
	}
	return v, err
}

// sweepPreflights removes the host's pre-flights that are too old, or too many beside a new one, and returns the others.
func (w *work) sweepPreflights(hostID string) ([]berth.Preflight, error) {
	all, err := w.Preflights(hostID)
	if err != nil {
		return nil, err
	}
	var kept []berth.Preflight
	for _, f := range all {
		if len(kept) < mostPreflights-1 && w.at.Sub(f.AskedAt) < preflightLife {
			kept = append(kept, f)
			continue
		}
		if err := w.DeletePreflight(f.ID); err != nil {
			return nil, err
		}
	}
	return kept, nil
}

// preflightRequest gathers what the agent must know, from what is drafted: a package is tried before it is applied.
func (w *work) preflightRequest(id string, h berth.Host, p berth.Package) (berth.PreflightRequest, error) {
	r := berth.PreflightRequest{ID: id, Architecture: p.Architecture, MinBuild: p.MinBuild, Package: berth.PlannedPackage{
		FullName: p.FullName, FamilyName: p.FamilyName, DisplayName: p.DisplayName, Framework: p.Framework, ImagePath: p.ImagePath,
		RelativePath: p.RelativePath, Registration: berth.AtLogon, Applications: p.Applications}}
	if p.Certificate != nil {
		r.Package.Thumbprint = p.Certificate.Thumbprint
	}
	if p.Observed != nil {
		r.Package.BlockMapSHA256 = p.Observed.BlockMapSHA256
	}
	in, err := w.planInput(berth.Draft, h)
	if err != nil {
		return r, err
	}
	if in.Settings.ProvisionCertificates {
		r.Certificate = p.Certificate
	}
	for _, d := range p.Dependencies {
		found, err := in.Framework(p, d)
		if err != nil {
			return r, err
		}
		need := berth.PreflightDependency{Dependency: d}
		if found != nil {
			need.Catalogue = found.FullName
		}
		r.Dependencies = append(r.Dependencies, need)
	}
	return r, nil
}

// Preflight returns one pre-flight of a host.
func (s *Service) Preflight(ctx context.Context, site, host, id string) (v wire.PreflightView, err error) {
	err = s.view(ctx, site, func(w *work) error {
		h, err := w.host(host)
		if err != nil {
			return err
		}
		f, err := w.Tx.Preflight(id)
		if err == nil && (f.HostID != h.ID || w.at.Sub(f.AskedAt) >= preflightLife) {
			err = berth.Errorf(berth.NotFound, "host %s has no pre-flight %q", h.Name, id).On("preflight")
		}
		if berth.IsNotFound(err) {
			return berth.Errorf(berth.NotFound, "%w", err).On("preflight").With("ask again with `berth host preflight`; pre-flights are kept for a day")
		}
		if err == nil {
			v = w.preflightView(f, h)
		}
		return err
	})
	return v, err
}

func (w *work) preflightView(f berth.Preflight, h berth.Host) wire.PreflightView {
	v := wire.PreflightView{ID: f.ID, Host: h.Name, Package: f.Package, AskedAt: f.AskedAt, AskedBy: f.AskedBy, AnsweredAt: f.AnsweredAt,
		State: wire.PreflightDone, Checks: f.Checks}
	if v.Checks == nil {
		v.Checks = []berth.PreflightCheck{}
	}
	failed := 0
	for _, c := range f.Checks {
		if c.Result == berth.PreflightFail {
			failed++
		}
	}
	silent := w.at.Sub(h.LastSeen)
	switch {
	case !f.AnsweredAt.IsZero() && failed == 0:
		v.Message = "nothing stands in the way"
	case !f.AnsweredAt.IsZero():
		v.Message = fmt.Sprintf("%d of %d checks failed", failed, len(f.Checks))
	case silent > berth.Silence:
		v.State, v.Message = wire.PreflightPending, fmt.Sprintf("the host has not answered; it was last heard of at %s: see that it is on and its agent runs",
			h.LastSeen.UTC().Format(time.RFC3339))
	case w.at.Sub(f.AskedAt) > berth.Silence:
		v.State, v.Message = wire.PreflightPending, "the host is heard of and has not answered: a large image takes a while, and an agent older than the server may not know pre-flights"
	default:
		v.State, v.Message = wire.PreflightPending, "the host has not answered yet"
	}
	return v
}

// preflightsFor are the requests that an agent which knows pre-flights is not at yet.
func preflightsFor(tx berth.Tx, hostID string, r wire.SyncRequest, now time.Time) ([]berth.PreflightRequest, error) {
	if r.Preflights == nil {
		return nil, nil
	}
	all, err := tx.Preflights(hostID)
	var open []berth.PreflightRequest
	for _, f := range all {
		if f.AnsweredAt.IsZero() && now.Sub(f.AskedAt) < preflightLife && !slices.Contains(r.Preflights.Working, f.ID) {
			open = append(open, f.Request)
		}
	}
	return open, err
}

// answersPreflights tells whether the agent has something to say of pre-flights.
func answersPreflights(r wire.SyncRequest) bool {
	return r.Preflights != nil && len(r.Preflights.Answers) > 0
}

// keepAnswers stores what the host says of its own pre-flights; of others, and of those that are gone, nothing.
func keepAnswers(tx berth.Tx, hostID string, r wire.SyncRequest, now time.Time) error {
	if !answersPreflights(r) {
		return nil
	}
	all, err := tx.Preflights(hostID)
	if err != nil {
		return err
	}
	for _, f := range all {
		i := slices.IndexFunc(r.Preflights.Answers, func(a wire.PreflightAnswer) bool { return a.ID == f.ID })
		if i < 0 || !f.AnsweredAt.IsZero() {
			continue
		}
		f.AnsweredAt, f.Checks = now, bounded(r.Preflights.Answers[i].Checks)
		if err := tx.PutPreflight(f); err != nil {
			return err
		}
	}
	return nil
}

// bounded cuts an answer to what is kept of it.
func bounded(checks []berth.PreflightCheck) []berth.PreflightCheck {
	checks = slices.Clone(checks[:min(len(checks), mostChecks)])
	for i := range checks {
		for _, text := range []*string{&checks[i].Name, &checks[i].Message, &checks[i].Code, &checks[i].Remedy} {
			if letters := []rune(*text); len(letters) > mostCheckLetter {
				*text = string(letters[:mostCheckLetter]) + "…"
			}
		}
	}
	return checks
}
