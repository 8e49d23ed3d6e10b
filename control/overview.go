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

// overviewHosts counts over groups, and names the first hosts that need somebody.
func (w *work) overviewHosts(o *wire.Overview, server string) error {
	sum := summing{wire.StatusSummary{ByStatus: map[string]int{}}}
	o.Notices = map[string]int{}
	groups, err := w.groups()
	if err != nil {
		return err
	}
	var needy []group
	for _, g := range groups {
		sum.add(g.rows, g.Hosts)
		notices := w.groupNotices(g, server)
		for _, n := range notices {
			o.Notices[n.Code] += g.Hosts
		}
		if attention(countsOf(g.rows), notices) > 0 {
			needy = append(needy, g)
			o.NeedAttention += g.Hosts
		}
	}
	o.Status = sum.StatusSummary
	slices.SortStableFunc(needy, func(a, b group) int {
		return cmp.Compare(attention(countsOf(b.rows), w.groupNotices(b, server)), attention(countsOf(a.rows), w.groupNotices(a, server)))
	})
	for _, g := range needy {
		if err := w.needHelp(o, berth.HostQuery{Groups: []string{g.Group}}, server); err != nil {
			return err
		}
	}
	return w.silentHosts(o, needy, server)
}

// needHelp names hosts that fit the query, until there are enough of them.
func (w *work) needHelp(o *wire.Overview, q berth.HostQuery, server string) error {
	if q.Site, q.Limit = berth.Fold(w.site.Name), overviewHosts-len(o.Attention); q.Limit <= 0 {
		return nil
	}
	hosts, err := w.FindHosts(q)
	if err != nil {
		return err
	}
	for _, h := range hosts {
		if slices.ContainsFunc(o.Attention, func(a wire.OverviewHost) bool { return a.Host == h.Name }) {
			continue
		}
		rows, err := w.statuses(h)
		if err != nil {
			return err
		}
		o.Attention = append(o.Attention, wire.OverviewHost{Host: h.Name, Counts: countsOf(rows), Notices: berth.HostNotices(h, server, w.at)})
	}
	return nil
}

// silentHosts adds the hosts that have not been heard of, which no group tells.
func (w *work) silentHosts(o *wire.Overview, needy []group, server string) error {
	q := berth.HostQuery{Site: berth.Fold(w.site.Name), SeenBefore: w.at.Add(-berth.Silence)}
	silent, err := w.CountGroups(q)
	if err != nil {
		return err
	}
	for name, n := range silent {
		o.Notices[berth.NoticeSilent] += n
		if !slices.ContainsFunc(needy, func(g group) bool { return g.Group == name }) {
			o.NeedAttention += n
		}
	}
	if len(silent) == 0 {
		return nil
	}
	return w.needHelp(o, q, server)
}

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
