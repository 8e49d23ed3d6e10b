package arm_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"berth"
)

// TestRefusalsAreAudited lets a reader try what changes something: each is forbidden, and each refusal is in the audit.
func TestRefusalsAreAudited(t *testing.T) {
	f := newFarm(t)
	refused := func() (n int) {
		entries, err := f.FarmAudit(f.asked, berth.AuditQuery{})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if e.Refused != "" && e.Actor == "reader" {
				n++
			}
		}
		return n
	}
	for _, request := range []string{
		"PATCH {pool}?{v} {}", "DELETE {pool}?{v}", "PUT {pools}/another?{v} " + hostPoolBody, "POST {pool}/retrieveRegistrationToken?{v}",
		"POST {pool}/expandMsixImage?{v} {\"uri\": \"x\"}", "DELETE {pool}/msixPackages/Contoso.App_1.0.0.0_x64__8wekyb3d8bbwe?{v}", "PATCH {pool}/msixPackages/Contoso.App_1.0.0.0_x64__8wekyb3d8bbwe?{v} {}",
		"PATCH {pool}/sessionHosts/host?{v} {}", "DELETE {pool}/sessionHosts/host?{v}", "DELETE {pool}/sessionHosts/host/userSessions/1?{v}",
		"POST {pool}/sessionHosts/host/userSessions/1/disconnect?{v}", "POST {pool}/sessionHosts/host/userSessions/1/sendMessage?{v} {}",
	} {
		method, rest, _ := strings.Cut(request, " ")
		path, body, _ := strings.Cut(rest, " ")
		before := refused()
		r := httptest.NewRequest(method, "https://berth.test"+expand(path), strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer reader")
		if body != "" {
			r.Header.Set("Content-Type", "application/json")
		}
		w := httptest.NewRecorder()
		f.handler.ServeHTTP(w, r)
		if w.Code != 403 || refused() != before+1 {
			t.Errorf("%s: %d, and %d refusals in the audit for it: %s", request, w.Code, refused()-before, w.Body)
		}
	}
}
