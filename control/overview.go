package control

import (
	"cmp"
	"context"
	"slices"

	"berth"
	"berth/auth"
	"berth/wire"
)

// Sizes of the parts of an overview.
const (
	overviewHosts = 10
	overviewAudit = 10
)

// Overview tells how a site stands.
func (s *Service) Overview(ctx context.Context, site string) (o wire.Overview, err error) {
	err = s.view(ctx, site, func(w *work) error {
		o = wire.Overview{Site: w.site, Attention: []wire.OverviewHost{}, Certificates: []wire.ExpiringCertificate{}}
		settings, err := w.settings()
		if err != nil {
			return err
		}
		o.Enabled = settings.Enabled
		for _, part := range []func(*wire.Overview) error{w.overviewPackages, w.overviewPending, w.overviewAudit, w.overviewTasks} {
			if err := part(&o); err != nil {
				return err
			}
		}
		return w.overviewHosts(&o, s.version)
	})
	return o, err
}

// overviewPackages counts packages and looks at their certificates; which hosts have them does not matter here.
func (w *work) overviewPackages(o *wire.Overview) error {
	ps, err := berth.LoadAll[berth.Package](w, berth.Draft, berth.ObjectQuery{Site: berth.Fold(w.site.Name), Kind: berth.ObjectPackage})
	if err != nil {
		return err
	}
	families := map[string]bool{}
	signed := make([]berth.Signed, 0, len(ps))
	for _, p := range ps {
		families[berth.Fold(p.FamilyName)] = true
		signed = append(signed, berth.Signed{Package: p})
		if p.Enabled && !p.Retiring {
			o.Packages.Enabled++
		}
	}
	o.Packages.Total, o.Packages.Families = len(ps), len(families)
	for _, f := range berth.ForecastCertificates(signed, w.at) {
		if f.Ending > 0 && (f.State == berth.ForecastExpired || f.State == berth.ForecastExpiring) {
			o.Certificates = append(o.Certificates, wire.ExpiringCertificate{CommonName: f.CommonName, Thumbprint: f.Thumbprint,
				State: f.State, EndsAt: f.EndsAt, Days: f.Days, Ending: f.Ending})
		}
	}
	return nil
}

func (w *work) overviewPending(o *wire.Overview) error {
	o.Pending.By = []string{}
	changes, err := w.changes(nil)
	for _, c := range changes {
		o.Pending.Count++
		if !slices.Contains(o.Pending.By, c.By) {
			o.Pending.By = append(o.Pending.By, c.By)
		}
		if o.Pending.Since.IsZero() || c.At.Before(o.Pending.Since) {
			o.Pending.Since = c.At
		}
	}
	slices.Sort(o.Pending.By)
	return err
}

func (w *work) overviewAudit(o *wire.Overview) error {
	o.Audit = []wire.AuditEntry{}
	entries, err := w.Audit(berth.AuditQuery{Site: berth.Fold(w.site.Name), Limit: overviewAudit})
	for _, e := range entries {
		o.Audit = append(o.Audit, Explained(e))
	}
	return err
}

func (w *work) overviewTasks(o *wire.Overview) error {
	tasks, err := w.Tasks(berth.TaskQuery{Site: berth.Fold(w.site.Name), Open: true})
	o.Tasks = append([]berth.Task{}, tasks...)
	return err
}

// red are the statuses that somebody must do something about.
var red = []berth.StatusName{berth.StatusNoVersion, berth.StatusCertificateMissing, berth.StatusNotFound, berth.StatusStagingFailed}

func (w *work) overviewHosts(o *wire.Overview, server string) error {
	o.Status.ByStatus, o.Notices = map[string]int{}, map[string]int{}
	_, err := w.walk(berth.HostQuery{}, func(h berth.Host) (bool, error) {
		v, err := w.hostView(h, server)
		if err != nil {
			return false, err
		}
		o.Status.Hosts++
		for name, n := range v.Counts {
			o.Status.ByStatus[name] += n
			o.Status.Rows += n
		}
		for _, n := range v.Notices {
			o.Notices[n.Code]++
		}
		if weight(v) > 0 {
			o.NeedAttention++
			o.Attention = append(o.Attention, wire.OverviewHost{Host: v.Name, Counts: v.Counts, Notices: v.Notices})
		}
		return true, nil
	})
	slices.SortStableFunc(o.Attention, func(a, b wire.OverviewHost) int {
		return cmp.Compare(attention(b.Counts, b.Notices), attention(a.Counts, a.Notices))
	})
	o.Attention = o.Attention[:min(len(o.Attention), overviewHosts)]
	return err
}

func weight(v wire.HostView) int { return attention(v.Counts, v.Notices) }

// attention is how much a host needs somebody: red packages count more than what is remarkable about the host itself.
func attention(counts map[string]int, notices []berth.Notice) (n int) {
	for _, name := range red {
		n += 10 * counts[string(name)]
	}
	return n + len(notices)
}

// Server tells what is known of the server itself, to anybody who has signed in.
func (s *Service) Server(ctx context.Context) (wire.ServerInfo, error) {
	if _, known := auth.From(ctx); !known {
		_, err := auth.Require(ctx, "", berth.RoleReader)
		return wire.ServerInfo{}, err
	}
	info := wire.ServerInfo{Version: s.version, Protocol: wire.Protocol, StartedAt: s.started, Now: s.now(), Authority: auth.Fingerprint(s.authority.CertificateDER()),
		ImageRoots: []string{}, Roles: []string{string(berth.RoleOwner), string(berth.RoleContributor), string(berth.RoleReader)},
		SessionIdle: berth.SessionIdle.String(), SessionLife: berth.SessionLife.String()}
	if s.images != nil {
		info.ImageRoots = append(info.ImageRoots, s.images.Roots()...)
	}
	return info, nil
}
