package cli

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"berth"
	"berth/client"
)

// How a check of the doctor ends.
const (
	checkPass = "pass"
	checkWarn = "warn" // it works, and somebody should look
	checkFail = "fail"
	checkSkip = "skip" // not possible after what failed before
)

// finding is one thing that the doctor looked at.
type finding struct {
	Name   string `json:"name"`
	Result string `json:"result"`
	Detail string `json:"detail"`
	Remedy string `json:"remedy,omitempty"`
}

// examination is a doctor at work: each look takes from the ones before what it needs.
type examination struct {
	*program
	context savedContext
	client  *client.Client
	checks  []finding
	failed  error // the first failure
}

func (p *program) doctorCommand() *cobra.Command {
	return p.command(verb{use: "doctor", short: "Check the way to the server, your sign-in, and the health of the site",
		long: `Check, one after the other: which server is meant, that it can be reached and is the right one, that the clocks agree, that
you are signed in and may see a site; then how the site is: hosts that are silent, packages in trouble, certificates that
end soon, changes that wait. Nothing is changed. The exit code is that of the first check that failed; warnings do not count.`,
		example: "  berth doctor\n  berth doctor -o json",
		run: func(ctx context.Context, _ []string) error {
			e := &examination{program: p}
			e.run(ctx)
			names := namesOf(e.checks, func(c finding) string { return c.Name })
			if err := p.show(result{value: e.checks, names: names, table: func(t *table) { checkTable(t, e.checks) }}); err != nil {
				return err
			}
			return e.failed
		}})
}

func checkTable(t *table, checks []finding) {
	t.columns("CHECK", "RESULT", "DETAIL")
	inks := map[string]ink{checkPass: green, checkWarn: yellow, checkFail: red}
	for _, c := range checks {
		var below []string
		if c.Remedy != "" {
			below = []string{"what to do: " + c.Remedy}
		}
		t.rowWith(below, c.Name, c.Result, c.Detail)
		t.paint(1, inks[c.Result])
	}
}

func (e *examination) run(ctx context.Context) {
	for _, look := range []struct {
		name string
		do   func(context.Context) (finding, error)
	}{
		{"server named", e.named}, {"server answers", e.answers}, {"signed in", e.signedIn}, {"site", e.site},
		{"hosts", e.hosts}, {"packages", e.packages}, {"certificates", e.certificates}, {"changes", e.changes},
	} {
		if e.failed != nil {
			e.checks = append(e.checks, finding{Name: look.name, Result: checkSkip, Detail: "not looked at: a check before it failed"})
			continue
		}
		c, err := look.do(ctx)
		c.Name = look.name
		if err != nil {
			d := describe(ran{err})
			c.Result, c.Detail, c.Remedy, e.failed = checkFail, d.Message, d.Remedy, err
		}
		e.checks = append(e.checks, c)
	}
}

func passed(format string, args ...any) (finding, error) {
	return finding{Result: checkPass, Detail: fmt.Sprintf(format, args...)}, nil
}

func warned(remedy, format string, args ...any) (finding, error) {
	return finding{Result: checkWarn, Detail: fmt.Sprintf(format, args...), Remedy: remedy}, nil
}

func (e *examination) named(context.Context) (_ finding, err error) {
	if e.context, err = e.resolve(); err != nil {
		return finding{}, err
	}
	if e.client, err = e.context.client(); err != nil {
		return finding{}, err
	}
	trust := "the system's certificates"
	switch {
	case e.context.CA != "":
		trust = "a certificate that was given"
	case e.context.Fingerprint != "":
		trust = "its fingerprint"
	}
	return passed("%s, believed by %s", e.context.Server, trust)
}

// clocksApart is how far the clocks of this machine and the server may differ: certificates and sessions are judged by both.
const clocksApart = 2 * time.Minute

func (e *examination) answers(ctx context.Context) (finding, error) {
	began := e.Now()
	resp, err := e.client.Raw(ctx, http.MethodGet, "/api/v1/whoami", nil)
	if err != nil {
		return finding{}, err
	}
	_ = resp.Body.Close()
	if resp.StatusCode == http.StatusNotFound || resp.StatusCode >= http.StatusInternalServerError { // whether we are signed in comes next
		return finding{}, berth.Errorf(berth.Unavailable, "%s answers %s where the API should be", e.context.Server, resp.Status).
			With("is it a Berth server? See its log")
	}
	took := e.Now().Sub(began).Round(time.Millisecond)
	if at, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		if d := e.Now().Sub(at).Abs(); d > clocksApart {
			return warned("set the clocks of both machines by NTP: certificates and sessions are judged by them",
				"in %s; its clock and the one here are %s apart", took, d.Round(time.Second))
		}
	}
	return passed("in %s, and the clocks agree", took)
}

func (e *examination) signedIn(ctx context.Context) (finding, error) {
	who, err := e.client.WhoAmI(ctx)
	if err != nil {
		return finding{}, err
	}
	return passed("%s %s, role %s", who.Kind, who.Name, orNone(string(who.Role)))
}

func orNone(s string) string {
	if s == "" {
		return "by site"
	}
	return s
}

func (e *examination) site(ctx context.Context) (finding, error) {
	c, err := e.connectSite(ctx)
	if err != nil {
		return finding{}, err
	}
	e.client = c
	s, err := c.Settings(ctx)
	if err != nil {
		return finding{}, err
	}
	if !s.Enabled {
		return warned("switch it on: `berth settings set packages.enabled=true`", "site %s delivers no packages: the feature is off", c.Site)
	}
	return passed("%s, packages are delivered", c.Site)
}

func (e *examination) hosts(ctx context.Context) (finding, error) {
	hosts, err := e.client.Hosts(ctx)
	if err != nil {
		return finding{}, err
	}
	var silent, noted []string
	for _, h := range hosts {
		if e.Now().Sub(h.LastSeen) > silence {
			silent = append(silent, fmt.Sprintf("%s (%s)", h.Name, e.age(h.LastSeen)))
		}
		for _, n := range h.Notices {
			noted = append(noted, h.Name+": "+n.Message)
		}
	}
	switch {
	case len(hosts) == 0:
		return warned("make a key with `berth enroll-key create --kind KIND`, and use it on a host with `berth agent enroll`", "none has enrolled")
	case len(silent) > 0:
		return warned("is the agent running there? `berth agent doctor` on the host tells", "%d of %d are silent: %s", len(silent), len(hosts), shortly(silent))
	case len(noted) > 0:
		return warned("see `berth host list`", "%s", shortly(noted))
	}
	return passed("%d, all of them were heard of in the last %s", len(hosts), silence)
}

func (e *examination) packages(ctx context.Context) (finding, error) {
	sum, err := e.client.StatusSummary(ctx, client.StatusFilter{})
	if err != nil {
		return finding{}, err
	}
	var bad []string
	total := 0
	for _, n := range berth.StatusNames {
		count := sum.ByStatus[string(n)]
		total += count
		if count > 0 && (berth.Status{Name: n}).Trouble() {
			bad = append(bad, fmt.Sprintf("%d %s", count, n))
		}
	}
	if len(bad) > 0 {
		return warned("see `berth status`: below each row in trouble it says what to do", "of %d on hosts, %s", total, strings.Join(bad, ", "))
	}
	return passed("%d on hosts, none in trouble", total)
}

func (e *examination) certificates(ctx context.Context) (finding, error) {
	fs, err := e.client.Certificates(ctx)
	if err != nil {
		return finding{}, err
	}
	var ending []string
	for _, f := range fs {
		if f.State != berth.ForecastValid {
			ending = append(ending, fmt.Sprintf("%s (%s)", f.CommonName, stateWords[f.State]))
		}
	}
	if len(ending) > 0 {
		return warned("see `berth cert list`: it says which packages end with them", "%s", shortly(ending))
	}
	return passed("%d signers, none ends soon", len(fs))
}

func (e *examination) changes(ctx context.Context) (finding, error) {
	cs, err := e.client.Changes(ctx)
	if err != nil {
		return finding{}, err
	}
	if len(cs) > 0 {
		return warned("see `berth changes diff`, then `berth changes apply`", "%d wait to be applied", len(cs))
	}
	return passed("none waits to be applied")
}

// shortly names a few and counts the rest.
func shortly(names []string) string {
	const most = 5
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}
