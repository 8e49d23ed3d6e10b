package control

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"berth"
	"berth/plan"
	"berth/wire"
)

// StatusQuery chooses rows of the table of hosts and packages.
type StatusQuery struct {
	Host   string // one host; empty: all
	Family string // one family; empty: all
	Status string // one status; empty: all
	Search string // only hosts whose names hold this text
	Kind   string // only hosts of this kind
	Pool   string // only hosts in this pool, as drafted
	After  string // only hosts behind this name
	Limit  int    // how many hosts with rows; 0: all
}

// Statuses returns how the packages stand on the hosts, ordered by host, then family, then version.
func (s *Service) Statuses(ctx context.Context, site string, q StatusQuery) ([]wire.HostPackage, error) {
	page, err := s.StatusPage(ctx, site, q)
	return page.Items, err
}

// StatusPage is Statuses in pages of hosts: only the hosts of the page are read, and those without rows that fit are found
// by their groups. In a farm with very many groups a page may hold fewer than the limit, even none, and still name a next
// one.
func (s *Service) StatusPage(ctx context.Context, site string, q StatusQuery) (page wire.Page[wire.HostPackage], err error) {
	err = s.view(ctx, site, func(w *work) error {
		if err := q.check(); err != nil {
			return err
		}
		if q.Host != "" {
			h, err := w.host(q.Host)
			if err != nil {
				return err
			}
			page.Items, err = w.chosenStatuses(h, q)
			return err
		}
		find, err := q.hosts()
		if err != nil {
			return err
		}
		if q.Family != "" || q.Status != "" {
			if err := w.narrow(&find, func(r wire.HostPackage) bool { return !q.leavesOut(r) }); err != nil {
				return err
			}
		}
		page.Next, err = w.walk(find, func(h berth.Host) (bool, error) {
			rows, err := w.chosenStatuses(h, q)
			page.Items = append(page.Items, rows...)
			return len(rows) > 0, err
		})
		return err
	})
	return page, err
}

func (w *work) chosenStatuses(h berth.Host, q StatusQuery) ([]wire.HostPackage, error) {
	rows, err := w.statuses(h)
	return slices.DeleteFunc(rows, q.leavesOut), err
}

// StatusSummary counts rows by status over all hosts that fit the query, whatever its page: once for each group of hosts
// that are alike.
func (s *Service) StatusSummary(ctx context.Context, site string, q StatusQuery) (wire.StatusSummary, error) {
	sum := summing{wire.StatusSummary{ByStatus: map[string]int{}}}
	err := s.view(ctx, site, func(w *work) error {
		if err := q.check(); err != nil {
			return err
		}
		if q.Host != "" {
			h, err := w.host(q.Host)
			if err != nil {
				return err
			}
			rows, err := w.chosenStatuses(h, q)
			sum.add(rows, 1)
			return err
		}
		groups, err := w.groups()
		if err != nil {
			return err
		}
		find, err := q.hosts()
		if err != nil {
			return err
		}
		sizes, err := w.sizes(groups, find)
		for _, g := range groups {
			sum.add(slices.DeleteFunc(slices.Clone(g.rows), q.leavesOut), sizes[g.Group])
		}
		return err
	})
	return sum.StatusSummary, err
}

// hosts are those that the query is about, in its page.
func (q StatusQuery) hosts() (h berth.HostQuery, err error) {
	h = berth.HostQuery{Text: q.Search, Pool: q.Pool, After: q.After, Limit: q.Limit}
	if q.Kind != "" {
		h.Kind, err = berth.ParseHostKind(q.Kind)
	}
	return h, err
}

// summing is a summary under construction.
type summing struct{ wire.StatusSummary }

// add counts the rows of as many hosts.
func (s *summing) add(rows []wire.HostPackage, hosts int) {
	if hosts == 0 {
		return
	}
	s.Hosts, s.Rows = s.Hosts+hosts, s.Rows+hosts*len(rows)
	for _, r := range rows {
		s.ByStatus[string(r.Status.Name)] += hosts
	}
}

// check refuses a status that there is not: an empty table would say that all is well.
func (q StatusQuery) check() error {
	names := make([]string, len(berth.StatusNames))
	for i, n := range berth.StatusNames {
		if names[i] = string(n); berth.Fold(q.Status) == berth.Fold(names[i]) {
			return nil
		}
	}
	if q.Status == "" {
		return nil
	}
	return berth.Errorf(berth.Invalid, "%q is no status", q.Status).On("status").With("use one of " + strings.Join(names, ", "))
}

func (q StatusQuery) leavesOut(r wire.HostPackage) bool {
	return (q.Family != "" && berth.Fold(q.Family) != berth.Fold(r.Family)) ||
		(q.Status != "" && berth.Fold(q.Status) != berth.Fold(string(r.Status.Name)))
}

// statuses makes the rows of one host: its effective rows, rows that a draft would add, and what is still there and no
// longer asked for.
func (w *work) statuses(h berth.Host) ([]wire.HostPackage, error) {
	applied, err := w.compute(berth.Applied, h)
	if err != nil {
		return nil, err
	}
	drafted, err := w.compute(berth.Draft, h)
	if err != nil {
		return nil, err
	}
	drafts := map[string]plan.Difference{}
	for _, d := range plan.Diff(applied, drafted) {
		drafts[berth.Fold(d.Family)] = d
	}
	tags, err := w.tags()
	if err != nil {
		return nil, err
	}
	t := table{host: h, named: w.familyOf(berth.Draft), tags: tags, wanted: map[string]bool{}}
	for i := range applied.Rows {
		t.row(&applied.Rows[i], drafts[berth.Fold(applied.Rows[i].Assignment.Family)])
	}
	for i := range drafted.Rows {
		if d := drafts[berth.Fold(drafted.Rows[i].Assignment.Family)]; d.After == &drafted.Rows[i] && d.Before == nil {
			t.row(&drafted.Rows[i], d)
		}
	}
	for _, p := range applied.Packages {
		t.wanted[berth.Fold(p.FullName)] = true
	}
	for i := range h.Facts.Packages {
		t.leftover(&h.Facts.Packages[i])
	}
	slices.SortFunc(t.rows, func(a, b wire.HostPackage) int {
		return cmp.Or(cmp.Compare(a.Family, b.Family), cmp.Compare(a.FullName, b.FullName))
	})
	return t.rows, t.err
}

// table gathers the rows of one host.
type table struct {
	host   berth.Host
	named  func(string) ([]plan.Version, error)
	tags   berth.Tags
	wanted map[string]bool // folded full names that the applied plan has
	rows   []wire.HostPackage
	err    error
}

func (t *table) row(r *berth.Row, d plan.Difference) {
	in := berth.StatusInput{Host: t.host, Row: r}
	if d.Before != nil || d.After != nil {
		in.Drafted, in.DraftedAt = d.Words(), changedAt(d.Before, d.After)
	}
	if r.FullName != "" {
		in.Facts = t.host.Facts.Package(r.FullName)
		t.wanted[berth.Fold(r.FullName)] = true
	}
	t.put(in, r.Assignment.Family, r.FullName)
}

// changedAt is when the newest of the rows changed.
func changedAt(rows ...*berth.Row) (at time.Time) {
	for _, r := range rows {
		if r != nil && r.ChangedAt.After(at) {
			at = r.ChangedAt
		}
	}
	return at
}

// leftover is a package that is on the host, or failed to leave it, and that nothing asks for.
func (t *table) leftover(f *berth.PackageFacts) {
	if t.wanted[berth.Fold(f.FullName)] || !(f.Staged || f.Attached || len(f.Sessions) > 0) {
		return
	}
	t.put(berth.StatusInput{Host: t.host, Facts: f}, f.FamilyName, f.FullName)
}

func (t *table) put(in berth.StatusInput, family, fullName string) {
	hp := wire.HostPackage{Host: t.host.Name, HostKind: string(t.host.Kind), Family: family, FullName: fullName,
		DisplayName: family, Row: in.Row, Status: berth.StatusOf(in)}
	if in.Facts != nil {
		hp.Sessions = len(in.Facts.Sessions)
	}
	if in.Row != nil {
		hp.Selector = selector(in.Row.Assignment, t.tags)
	}
	versions, err := t.named(family)
	t.err = cmp.Or(t.err, err)
	for _, v := range versions {
		if berth.Fold(v.FullName) == berth.Fold(fullName) || fullName == "" {
			hp.DisplayName = v.DisplayName
		}
		if berth.Fold(v.FullName) == berth.Fold(fullName) {
			hp.Version = v.Version.String()
		}
	}
	t.rows = append(t.rows, hp)
}

// selector words what of an assignment chooses the version.
func selector(a berth.Assignment, tags berth.Tags) string {
	if a.Version == "" {
		return "tag " + tags.Name(a.Tag)
	}
	return "version " + a.Version
}
