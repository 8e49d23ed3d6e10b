package berth_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"berth"
)

func TestPublicationCheck(t *testing.T) {
	good := func(change func(*berth.Publication)) berth.Publication {
		p := berth.Publication{Name: "Notes", Family: "Contoso.Notes_abc", Application: "App", Users: []string{}, Hosts: []string{"rdsh-01"}, Pools: []string{}}
		change(&p)
		return p
	}
	same := good(func(*berth.Publication) {})
	tests := map[string]struct {
		in    berth.Publication
		want  berth.Publication
		field string
	}{
		"as it is":                {same, same, ""},
		"spaces":                  {good(func(p *berth.Publication) { p.Name, p.Hosts = " Notes ", []string{" rdsh-01 "} }), same, ""},
		"twice and empty":         {good(func(p *berth.Publication) { p.Hosts = []string{"rdsh-01", "", "RDSH-01"} }), same, ""},
		"no list is an empty one": {good(func(p *berth.Publication) { p.Users, p.Pools = nil, nil }), same, ""},
		"a pool is enough": {good(func(p *berth.Publication) { p.Hosts, p.Pools = nil, []string{"A"} }),
			good(func(p *berth.Publication) { p.Hosts, p.Pools = []string{}, []string{"A"} }), ""},
		"from nowhere":       {good(func(p *berth.Publication) { p.Hosts = nil }), same, "hosts"},
		"from an empty name": {good(func(p *berth.Publication) { p.Hosts = []string{" "} }), same, "hosts"},
		"no name":            {good(func(p *berth.Publication) { p.Name = " " }), same, "name"},
		"dots":               {good(func(p *berth.Publication) { p.Name = ".." }), same, "name"},
		"a slash":            {good(func(p *berth.Publication) { p.Name = "a/b" }), same, "name"},
		"a backslash":        {good(func(p *berth.Publication) { p.Name = `a\b` }), same, "name"},
		"a line break":       {good(func(p *berth.Publication) { p.Name = "a\nb" }), same, "name"},
		"no text":            {good(func(p *berth.Publication) { p.Name = "a\xff" }), same, "name"},
		"64 characters": {good(func(p *berth.Publication) { p.Name = strings.Repeat("ä", 64) }),
			good(func(p *berth.Publication) { p.Name = strings.Repeat("ä", 64) }), ""},
		"65 characters": {good(func(p *berth.Publication) { p.Name = strings.Repeat("ä", 65) }), same, "name"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := tt.in.Check()
			if tt.field == "" {
				if d := cmp.Diff(tt.want, got); err != nil || d != "" {
					t.Errorf("%v\n%s", err, d)
				}
				return
			}
			e, ok := errors.AsType[*berth.Error](err)
			if !ok || e.Kind != berth.Invalid || e.Field != tt.field || e.Remedy == "" {
				t.Errorf("got %v, want Invalid on %s with a remedy", err, tt.field)
			}
		})
	}
}

func TestPublicationFrom(t *testing.T) {
	p := berth.Publication{Hosts: []string{"RDSH-01"}, Pools: []string{"Accounting"}}
	tests := map[string]struct {
		host, pool, by string
		ok             bool
	}{
		"by name":             {"rdsh-01", "", "host", true},
		"by name before pool": {"rdsh-01", "accounting", "host", true},
		"by pool":             {"rdsh-02", "accounting", "pool accounting", true},
		"another pool":        {"rdsh-02", "sales", "", false},
		"no pool":             {"rdsh-02", "", "", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if by, ok := p.From(tt.host, tt.pool); by != tt.by || ok != tt.ok {
				t.Errorf("got %q, %v", by, ok)
			}
		})
	}
	if by, ok := (berth.Publication{Pools: []string{""}}).From("h", ""); ok {
		t.Errorf("a host in no pool is offered by %q", by)
	}
}

func TestApplicationOf(t *testing.T) {
	apps := []berth.Application{{ID: "App"}, {ID: "Other"}}
	for id, found := range map[string]bool{"app": true, "OTHER": true, "third": false, "": false} {
		if got := (berth.Package{Applications: apps}).Application(id); (got != nil) != found {
			t.Errorf("package: %q gives %v", id, got)
		}
		if got := (berth.PlannedPackage{Applications: apps}).Application(id); (got != nil) != found {
			t.Errorf("planned package: %q gives %v", id, got)
		}
	}
}

func TestDependencyWarning(t *testing.T) {
	check := berth.DependencyCheck{Dependency: berth.Dependency{Name: "Contoso.Runtime", MinVersion: "3.1.0.0"}, NeededBy: "Notes_1"}
	tests := map[berth.DependencyState]string{
		berth.DependencySatisfied: "Notes_1 needs Contoso.Runtime 3.1.0.0: Runtime_3 is staged with it",
		berth.DependencyUnusable:  "Notes_1 needs Contoso.Runtime 3.1.0.0: in the catalogue, but because",
		berth.DependencyMissing:   "Notes_1 needs Contoso.Runtime 3.1.0.0: missing, because; add it to the catalogue, or see that the hosts have it",
	}
	for state, want := range tests {
		check.State, check.FullName, check.Why = state, "Runtime_3", "because"
		if got := check.Warning(); got != want {
			t.Errorf("%s: got %q, want %q", state, got, want)
		}
	}
}
