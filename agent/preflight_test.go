package agent_test

import (
	"context"
	"strings"
	"testing"

	"berth"
	"berth/agent"
	"berth/agent/simhost"
	"berth/wire"
)

// TestPreflightIsAnswered: what the server asks is tried beside the loop, and the answer comes with the next request, at
// once and until it was taken.
func TestPreflightIsAnswered(t *testing.T) {
	p := newPlane(t)
	start(t, enrolled(t, p), nil)
	p.mu.Lock()
	p.answer.Preflights = []berth.PreflightRequest{{ID: "q1", Architecture: "arm64"}, {ID: "q2", Architecture: "x64"}}
	p.mu.Unlock()
	p.apply(planOf("A_1"))
	answers := map[string]wire.PreflightAnswer{}
	until(t, "both answers", func() (bool, any) {
		for _, r := range p.requests() {
			if r.Preflights == nil {
				t.Fatalf("a request does not say that the agent knows pre-flights: %+v", r)
			}
			for _, a := range r.Preflights.Answers {
				answers[a.ID] = a
			}
		}
		return len(answers) == 2, answers
	})
	result := func(id, name string) berth.PreflightResult {
		for _, c := range answers[id].Checks {
			if c.Name == name {
				return c.Result
			}
		}
		return ""
	}
	if result("q1", berth.CheckArchitecture) != berth.PreflightFail || result("q2", berth.CheckArchitecture) != berth.PreflightPass ||
		result("q1", berth.CheckImage) != berth.PreflightNotApplicable {
		t.Errorf("answers: %+v", answers)
	}
}

// fault is a platform that panics over an image.
type fault struct{ *simhost.Host }

func (fault) Preflight(context.Context, berth.PreflightRequest) ([]berth.PreflightCheck, error) {
	panic("an image that nobody thought of")
}

// unable is a platform that cannot try packages.
type unable struct{ agent.Platform }

func TestPreflightChecks(t *testing.T) {
	host := simhost.New(simhost.Options{})
	runtime := berth.PlannedPackage{FullName: "Runtime_2.5.0.0_x64__abc", FamilyName: "Runtime_abc"}
	if err := host.Stage(t.Context(), runtime); err != nil {
		t.Fatal(err)
	}
	need := func(version string) berth.PreflightRequest {
		return berth.PreflightRequest{Dependencies: []berth.PreflightDependency{{Dependency: berth.Dependency{Name: "Runtime", MinVersion: version, FamilyName: "runtime_ABC"}}}}
	}
	tests := map[string]struct {
		platform agent.Platform
		request  berth.PreflightRequest
		check    string
		result   berth.PreflightResult
		words    string
	}{
		"staged":       {host, need("2.5.0.0"), berth.CheckDependencies, berth.PreflightPass, "Runtime_2.5.0.0_x64__abc is on the host"},
		"staged older": {host, need("2.5.0.1"), berth.CheckDependencies, berth.PreflightFail, "Runtime 2.5.0.1"},
		"no Windows":   {host, berth.PreflightRequest{MinBuild: 99999}, berth.CheckBuild, berth.PreflightNotApplicable, "does not run Windows"},
		"old Windows":  {windows{host, 18363}, berth.PreflightRequest{MinBuild: 19041}, berth.CheckBuild, berth.PreflightFail, "needs Windows build 19041, this host has 18363"},
		"new Windows":  {windows{host, 19041}, berth.PreflightRequest{MinBuild: 19041}, berth.CheckBuild, berth.PreflightPass, ""},
		"panic":        {fault{host}, berth.PreflightRequest{}, berth.CheckImage, berth.PreflightFail, "nobody thought of"},
		"unable":       {unable{host}, berth.PreflightRequest{}, berth.CheckImage, berth.PreflightNotApplicable, "cannot try"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for _, c := range agent.Preflight(t.Context(), tt.platform, tt.request) {
				if c.Name == tt.check {
					if c.Result != tt.result || !strings.Contains(c.Message, tt.words) {
						t.Errorf("%+v", c)
					}
					return
				}
			}
			t.Errorf("no check %s", tt.check)
		})
	}
}

// windows is a host that says that it runs Windows.
type windows struct {
	*simhost.Host
	build int
}

func (w windows) Describe(ctx context.Context) (agent.Machine, error) {
	m, err := w.Host.Describe(ctx)
	m.Build = w.build
	return m, err
}
