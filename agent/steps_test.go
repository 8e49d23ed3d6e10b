package agent_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"berth"
	"berth/agent"
)

// pkg makes a planned package out of "Family_1", with the letters f for framework and d for on demand after a colon.
func pkg(name string) berth.PlannedPackage {
	name, flags, _ := strings.Cut(name, ":")
	family, _, _ := strings.Cut(name, "_")
	p := berth.PlannedPackage{FullName: name, FamilyName: family, ImagePath: "/share/" + name + ".vhdx", Registration: berth.AtLogon,
		Framework: strings.Contains(flags, "f")}
	if strings.Contains(flags, "d") {
		p.Registration = berth.OnDemand
	}
	return p
}

func planOf(names ...string) berth.Plan {
	var p berth.Plan
	for _, n := range names {
		p.Packages = append(p.Packages, pkg(n))
	}
	return p
}

func session(id string) berth.Session {
	return berth.Session{ID: id, User: "user-" + id, Since: time.Unix(int64(id[len(id)-1]), 0)}
}

// staged is a package as it is seen, with the sessions in which it is registered; "s1?" is an incomplete registration.
func staged(name string, sessions ...string) agent.Seen {
	origin := pkg(name)
	s := agent.Seen{FullName: origin.FullName, FamilyName: origin.FamilyName, Framework: origin.Framework, Attached: true, Staged: true, Origin: &origin}
	for _, id := range sessions {
		id, partial := strings.CutSuffix(id, "?")
		s.Registered = append(s.Registered, agent.Registration{Session: session(id), Complete: !partial})
	}
	return s
}

// detached is a package that lost its image.
func detached(name string, sessions ...string) agent.Seen {
	s := staged(name, sessions...)
	s.Attached, s.Staged = false, false
	return s
}

// nameless is a package of which the machine does not tell where it came from.
func nameless(s agent.Seen) agent.Seen {
	s.Origin = nil
	return s
}

// moved is a package that was staged from another image.
func moved(s agent.Seen) agent.Seen {
	s.Origin.ImagePath = "/elsewhere"
	return s
}

func sessionsOf(ids ...string) []berth.Session {
	var list []berth.Session
	for _, id := range ids {
		list = append(list, session(id))
	}
	return list
}

// words writes steps as "kind package session".
func words(steps []agent.Step) string {
	var list []string
	for _, s := range steps {
		w := []string{string(s.Kind), s.Package.FullName, s.Session.ID, s.Orphan.ID}
		for _, c := range s.Install {
			w = append(w, "+"+c.Thumbprint)
		}
		for _, r := range s.Remove {
			w = append(w, "-"+r)
		}
		list = append(list, strings.Join(slices.DeleteFunc(w, func(s string) bool { return s == "" }), " "))
	}
	return strings.Join(list, ", ")
}

func TestSteps(t *testing.T) {
	cert := func(p berth.Plan, thumbs ...string) berth.Plan {
		for _, th := range thumbs {
			p.Certificates = append(p.Certificates, berth.Certificate{Thumbprint: th})
		}
		return p
	}
	tests := map[string]struct {
		plan berth.Plan
		seen agent.Observation
		want string
	}{
		"nothing to do": {planOf(), agent.Observation{Sessions: sessionsOf("s1")}, ""},
		"stages, frameworks first": {planOf("A_1", "F_1:f", "B_1"), agent.Observation{},
			"stage F_1, stage A_1, stage B_1"},
		"registers nothing that is not staged": {planOf("A_1"), agent.Observation{Sessions: sessionsOf("s1")}, "stage A_1"},
		"registers in every session, at logon before on demand": {planOf("D_1:d", "A_1", "F_1:f"),
			agent.Observation{Sessions: sessionsOf("s2", "s1"), Packages: []agent.Seen{staged("A_1"), staged("D_1"), staged("F_1:f")}},
			"register A_1 s1, register A_1 s2, register D_1 s1, register D_1 s2"},
		"registration in place": {planOf("A_1"),
			agent.Observation{Sessions: sessionsOf("s1"), Packages: []agent.Seen{staged("A_1", "s1")}}, ""},
		"completes a registration": {planOf("A_1"),
			agent.Observation{Sessions: sessionsOf("s1"), Packages: []agent.Seen{staged("A_1", "s1?")}}, "register A_1 s1"},
		"names differ in case alone": {planOf("A_1"),
			agent.Observation{Sessions: sessionsOf("s1"), Packages: []agent.Seen{staged("a_1", "s1")}}, ""},
		"lets go of what nobody has, frameworks last": {planOf(),
			agent.Observation{Packages: []agent.Seen{staged("F_1:f"), staged("A_1")}}, "destage A_1"},
		"lets go of a framework alone": {planOf(), agent.Observation{Packages: []agent.Seen{staged("F_1:f")}}, "destage F_1"},
		"never takes from a running session": {planOf(),
			agent.Observation{Sessions: sessionsOf("s1"), Packages: []agent.Seen{staged("A_1", "s1")}}, ""},
		"keeps frameworks of what a session has": {planOf("A_2", "F_2:f"),
			agent.Observation{Sessions: sessionsOf("s1"), Packages: []agent.Seen{staged("A_1", "s1"), staged("F_1:f"), staged("A_2"), staged("F_2:f")}}, ""},
		"cleans up an ended session, then lets go": {planOf(),
			agent.Observation{Packages: []agent.Seen{staged("A_1", "s1")}}, "deregister A_1 s1"},
		"cleans up an ended session of a planned package": {planOf("A_1"),
			agent.Observation{Sessions: sessionsOf("s2"), Packages: []agent.Seen{staged("A_1", "s1", "s2")}}, "deregister A_1 s1"},
		"an old session keeps the old version, a new one gets the new": {planOf("A_2"),
			agent.Observation{Sessions: sessionsOf("s1", "s2"), Packages: []agent.Seen{staged("A_1", "s1"), staged("A_2")}}, "register A_2 s2"},
		"stages the new version beside the old": {planOf("A_2"),
			agent.Observation{Sessions: sessionsOf("s1"), Packages: []agent.Seen{staged("A_1", "s1")}}, "stage A_2"},
		"attaches again what left the plan and is in use": {planOf(),
			agent.Observation{Sessions: sessionsOf("s1"), Packages: []agent.Seen{detached("A_1", "s1"), detached("F_1:f")}}, "stage F_1, stage A_1"},
		"does not know how to attach it again": {planOf(),
			agent.Observation{Sessions: sessionsOf("s1"), Packages: []agent.Seen{nameless(detached("A_1", "s1"))}}, ""},
		"does not attach again for an ended session": {planOf(),
			agent.Observation{Packages: []agent.Seen{detached("A_1", "s1")}}, "deregister A_1 s1"},
		"removes the rest of a package half let go": {planOf(), agent.Observation{Packages: []agent.Seen{detached("A_1")}}, "destage A_1"},
		"image moved": {planOf("A_1"),
			agent.Observation{Sessions: sessionsOf("s1"), Packages: []agent.Seen{moved(staged("A_1"))}}, "destage A_1"},
		"image moved while in use": {planOf("A_1"),
			agent.Observation{Sessions: sessionsOf("s1"), Packages: []agent.Seen{moved(staged("A_1", "s1"))}}, ""},
		"framework moved while something is in use": {planOf("A_1", "F_1:f"),
			agent.Observation{Sessions: sessionsOf("s1"), Packages: []agent.Seen{staged("A_1", "s1"), moved(staged("F_1:f"))}}, ""},
		"no longer as it was signed: not given to new sessions, not taken from old ones": {planOf("A_1"),
			agent.Observation{Sessions: sessionsOf("s1", "s2"), Packages: []agent.Seen{condemned(staged("A_1", "s1"))}}, ""},
		"no longer as it was signed, and nobody has it": {planOf("A_1"),
			agent.Observation{Sessions: sessionsOf("s1"), Packages: []agent.Seen{condemned(staged("A_1"))}}, "destage A_1"},
		"a framework no longer as it was signed stays while something is in use": {planOf("A_1", "F_1:f"),
			agent.Observation{Sessions: sessionsOf("s1"), Packages: []agent.Seen{staged("A_1", "s1"), condemned(staged("F_1:f"))}}, ""},
		"image moved and lost": {planOf("A_1"), agent.Observation{Packages: []agent.Seen{moved(detached("A_1"))}}, "stage A_1"},
		"certificates come first": {cert(planOf("A_1"), "AA", "BB", "BB"),
			agent.Observation{Certificates: []string{"aa", "CC"}}, "trust +BB -CC, stage A_1"},
		"certificates stay while an old package does": {cert(planOf(), "AA"),
			agent.Observation{Sessions: sessionsOf("s1"), Certificates: []string{"CC"}, Packages: []agent.Seen{staged("A_1", "s1")}}, "trust +AA"},
		"leftovers": {planOf(), agent.Observation{Orphans: []agent.Orphan{{ID: "x"}}}, "repair x"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := words(agent.Steps(tt.plan, tt.seen)); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// TestKeysDiffer makes sure that no two steps of one pass are taken for the same work.
func TestKeysDiffer(t *testing.T) {
	seen := agent.Observation{Sessions: sessionsOf("s1", "s2"), Orphans: []agent.Orphan{{ID: "x"}, {ID: "y"}},
		Packages: []agent.Seen{staged("A_1", "s3"), staged("B_1", "s3", "s4"), staged("C_1")}}
	keys := map[string]agent.Step{}
	for _, s := range agent.Steps(planOf("A_1", "B_1:d", "D_1"), seen) {
		if other, ok := keys[s.Key()]; ok {
			t.Errorf("%v and %v have the key %q", s, other, s.Key())
		}
		keys[s.Key()] = s
	}
	if len(keys) != 11 {
		t.Errorf("%d steps, want 11: %s", len(keys), fmt.Sprint(keys))
	}
}

func condemned(p agent.Seen) agent.Seen {
	p.Condemned = &berth.Failure{Phase: berth.PhaseVerify, Message: "file readme.txt differs"}
	return p
}
