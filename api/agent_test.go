package api_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"berth"
	"berth/wire"
)

func syncBody(wait int) string {
	b, _ := json.Marshal(wire.SyncRequest{Protocol: wire.Protocol, Wait: wait})
	return string(b)
}

// TestSyncNeedsItsCertificate: the agents' endpoint opens to the certificate in force of that host, and to nothing else.
func TestSyncNeedsItsCertificate(t *testing.T) {
	s := newSite(t)
	one := s.enroll("h1")
	sync := func(cert *tls.Certificate, token string) answer {
		return s.ask(ask{method: "POST", path: wire.PathSync, body: syncBody(0), cert: cert, token: token})
	}
	if got := sync(&one.cert, ""); got.status != http.StatusOK {
		t.Fatalf("the host itself: %d %s", got.status, got.body)
	}
	for what, token := range map[string]string{"nobody": "", "an owner's token": s.token} {
		before := s.refusals()
		if got := sync(nil, token); got.status != http.StatusUnauthorized || got.problem.Remedy == "" || s.refusals() != before+1 {
			t.Errorf("%s: %d %s, and %d refusals in the audit", what, got.status, got.body, s.refusals()-before)
		}
	}
	server := s.web.TLS.Certificates[0]
	r, err := http.NewRequest("POST", s.web.URL+wire.PathSync, strings.NewReader(syncBody(0)))
	s.must(err)
	if resp, err := s.client(&server).Do(r); err == nil {
		t.Errorf("the server's own certificate as a host's: %s", resp.Status)
	}
	foreign := newSite(t).enroll("h1")
	r, err = http.NewRequest("POST", s.web.URL+wire.PathSync, strings.NewReader(syncBody(0)))
	s.must(err)
	forced := s.client(nil) // a client does not offer by itself what the server did not ask for
	forced.Transport.(*http.Transport).TLSClientConfig.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		return &foreign.cert, nil
	}
	if resp, err := forced.Do(r); err == nil {
		t.Errorf("a certificate of another authority: %s", resp.Status)
	}
	again := s.enroll("H1")
	if got := sync(&one.cert, ""); got.status != http.StatusUnauthorized {
		t.Errorf("the certificate of before: %d %s", got.status, got.body)
	}
	two := s.enroll("h2")
	if got := sync(&two.cert, ""); got.status != http.StatusOK {
		t.Errorf("another host as itself: %d %s", got.status, got.body)
	}
	s.must(s.service.RemoveHost(s.owner, "main", "h2"))
	if got := sync(&two.cert, ""); got.status != http.StatusUnauthorized {
		t.Errorf("a host that was removed: %d %s", got.status, got.body)
	}
	s.moved.Store(int64(100 * 24 * time.Hour))
	if got := sync(&again.cert, ""); got.status != http.StatusUnauthorized {
		t.Errorf("an expired certificate: %d %s", got.status, got.body)
	}
}

// TestHostIsNoAdministrator: a host's certificate opens none of the other operations.
func TestHostIsNoAdministrator(t *testing.T) {
	s := newSite(t)
	h := s.enroll("h1")
	for _, op := range operations(t, s) {
		path := strings.NewReplacer("{site}", "main", "{package}", notesOne, "{host}", "h1", "{pool}", "p", "{tag}", "custom", "{holder}", "hosts",
			"{name}", "h1", "{family}", family, "{id}", "x").Replace(op.path)
		got := s.ask(ask{method: op.method, path: path, body: op.body, cert: &h.cert})
		if got.status != http.StatusUnauthorized {
			t.Errorf("%s %s with a host's certificate: %d %s", op.method, path, got.status, got.body)
		}
	}
}

func TestAgentBodies(t *testing.T) {
	s := newSite(t)
	h := s.enroll("h1")
	tests := map[string]struct {
		body   string
		status int
	}{
		"nothing":            {"", 400},
		"no JSON":            {"plan please", 400},
		"wrong type":         {`{"protocol":"one"}`, 400},
		"two objects":        {`{"protocol":1}{"protocol":1}`, 400},
		"garbage behind":     {`{"protocol":1} x`, 400},
		"protocol of later":  {`{"protocol":99}`, 400},
		"huge":               {`{"digest":"` + strings.Repeat("x", 9<<20) + `"}`, 413},
		"negative wait":      {`{"protocol":1,"wait":-5}`, 200},
		"of a newer agent":   {`{"protocol":1,"mood":"good"}`, 200},
		"white space behind": {"{\"protocol\":1}\n\n", 200},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := s.ask(ask{method: "POST", path: wire.PathSync, body: tt.body, cert: &h.cert}); got.status != tt.status {
				t.Errorf("got %d %s, want %d", got.status, got.body, tt.status)
			}
		})
	}
	if got := s.ask(ask{method: "GET", path: wire.PathSync, cert: &h.cert}); got.status != http.StatusMethodNotAllowed {
		t.Errorf("got %d", got.status)
	}
	if got := s.ask(ask{method: "POST", path: wire.PathEnroll, body: `{"protocol":1,"name":"h2","key":"bek_a_b"}`}); got.problem.Kind != berth.Unauthenticated.String() {
		t.Errorf("got %d %s", got.status, got.body)
	}
}

// TestWaitEndsWithTheServer: a request that only waits does not hold up a server that stops.
func TestWaitEndsWithTheServer(t *testing.T) {
	s := newSite(t)
	h := s.enroll("h1")
	var held wire.SyncResponse
	s.must(json.Unmarshal(s.ask(ask{method: "POST", path: wire.PathSync, body: syncBody(0), cert: &h.cert}).body, &held))
	body, err := json.Marshal(wire.SyncRequest{Protocol: wire.Protocol, Generation: held.Generation, Digest: held.Digest, Wait: 50})
	s.must(err)
	answered := make(chan answer, 1)
	go func() { answered <- s.ask(ask{method: "POST", path: wire.PathSync, body: string(body), cert: &h.cert}) }()
	select {
	case got := <-answered:
		t.Fatalf("the wait ended at once: %d %s", got.status, got.body)
	case <-time.After(200 * time.Millisecond):
	}
	s.stop()
	grace, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	s.must(s.web.Config.Shutdown(grace))
	var out wire.SyncResponse
	got := <-answered
	s.must(json.Unmarshal(got.body, &out))
	if got.status != http.StatusOK || out.Plan != nil || out.Generation != held.Generation {
		t.Errorf("the last answer: %d %s", got.status, got.body)
	}
	if strings.Contains(s.logged.String(), "internal error") {
		t.Errorf("logged: %s", s.logged)
	}
}
