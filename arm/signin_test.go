package arm_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"berth"
	"berth/arm"
	"berth/wire"
)

// principal makes a service principal and returns its id and secret.
func (f *farm) principal(t *testing.T, name string, roles ...berth.Grant) (id, secret string) {
	t.Helper()
	c, err := f.CreateClient(f.asked, wire.CreateClient{Name: name, Roles: roles})
	if err != nil {
		t.Fatal(err)
	}
	s, err := f.CreateClientSecret(f.asked, name, wire.CreateClientSecret{Days: 30})
	if err != nil {
		t.Fatal(err)
	}
	return c.ID, s.Text
}

// ask sends a form to a token endpoint.
func (f *farm) ask(path string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "https://berth.test"+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, r)
	return w
}

func credentials(id, secret, scope string) url.Values {
	return url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}, "scope": {scope},
		"claims": {`{"access_token":{"xms_cc":{"values":["CP1"]}}}`}, "client_info": {"1"}, "x-client-SKU": {"MSAL.js"}}
}

// with sends a GET with a bearer token.
func (f *farm) with(token, path string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "https://berth.test"+expand(path), nil)
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, r)
	return w
}

func tokenIn(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	var a struct {
		Type    string `json:"token_type"`
		Token   string `json:"access_token"`
		Expires int    `json:"expires_in"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || w.Code != 200 || a.Type != "Bearer" || a.Token == "" || a.Expires != 3600 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return a.Token
}

func TestSignIn(t *testing.T) {
	f := newFarm(t)
	id, secret := f.principal(t, "terraform", berth.Grant{Site: "resourceGroup1", Role: berth.RoleReader})
	tenant := f.access.Tenant()
	paths := []string{"/adfs/oauth2/token", "/adfs/oauth2/v2.0/token", "/adfs/adfs/oauth2/v2.0/token", "//" + tenant + "/oauth2/v2.0/token",
		"/" + tenant + "/oauth2/token", "/adfs/" + tenant + "/oauth2/v2.0/token", "/ADFS/oauth2/token?client-request-id=x"}
	scopes := []string{"https://berth.test/.default", "https://berth.test//.default", "https://berth.test/.default openid offline_access profile",
		"https://management.azure.com/.default", "https://management.core.windows.net//.default", ""}
	for _, path := range paths {
		for _, scope := range scopes {
			w := f.ask(path, credentials(id, secret, scope))
			token := tokenIn(t, w)
			if got := f.with(token, "{pool}?{v}"); got.Code != 200 {
				t.Errorf("%s with %q: %d %s", path, scope, got.Code, got.Body)
			}
		}
	}
	token := tokenIn(t, f.ask(paths[0], url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret},
		"resource": {"https://berth.test/"}}))

	// Roles hold, and changes of them at once.
	if w := f.with(token, "/subscriptions/"+subscription+"/resourceGroups/elsewhere?{v}"); codeOf(t, w) != "AuthorizationFailed" {
		t.Errorf("another site: %d %s", w.Code, w.Body)
	}
	if _, err := f.EditClient(f.asked, id, wire.EditClient{Roles: &[]berth.Grant{{Role: berth.RoleReader}}}); err != nil {
		t.Fatal(err)
	}
	if w := f.with(token, "/subscriptions/"+subscription+"/resourceGroups/elsewhere?{v}"); w.Code != 200 {
		t.Errorf("a role given meanwhile: %d %s", w.Code, w.Body)
	}
	put := httptest.NewRequest(http.MethodPut, "https://berth.test"+expand("{pools}/new%20pool?{v}"), strings.NewReader(hostPoolBody))
	put.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, put)
	if w.Code != 403 {
		t.Errorf("a reader wrote: %d %s", w.Code, w.Body)
	}
	disabled := true
	if _, err := f.EditClient(f.asked, id, wire.EditClient{Disabled: &disabled}); err != nil {
		t.Fatal(err)
	}
	if w := f.with(token, "{pool}?{v}"); codeOf(t, w) != "InvalidAuthenticationToken" {
		t.Errorf("disabled: %d %s", w.Code, w.Body)
	}
	disabled = false
	c, err := f.EditClient(f.asked, id, wire.EditClient{Disabled: &disabled})
	if err != nil {
		t.Fatal(err)
	}
	if w := f.with(token, "{pool}?{v}"); w.Code != 200 {
		t.Errorf("enabled again: %d %s", w.Code, w.Body)
	}
	if err := f.RemoveClientSecret(f.asked, id, c.Secrets[0].ID); err != nil {
		t.Fatal(err)
	}
	if w := f.with(token, "{pool}?{v}"); codeOf(t, w) != "InvalidAuthenticationToken" {
		t.Errorf("without its secret: %d %s", w.Code, w.Body)
	}
}

const hostPoolBody = `{"location": "here", "properties": {"hostPoolType": "Pooled", "loadBalancerType": "BreadthFirst", "preferredAppGroupType": "Desktop"}}`

func TestTokensExpireAndBelongHere(t *testing.T) {
	f := newFarm(t)
	id, secret := f.principal(t, "terraform", berth.Grant{Role: berth.RoleReader})
	token := tokenIn(t, f.ask("/adfs/oauth2/token", credentials(id, secret, "")))
	r := httptest.NewRequest(http.MethodGet, "https://other.test"+expand("{pool}?{v}"), nil)
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, r)
	if codeOf(t, w) != "InvalidAuthenticationTokenAudience" || w.Code != 401 {
		t.Errorf("for another server: %d %s", w.Code, w.Body)
	}
	if w := f.with(token[:len(token)-6]+"AAAAAA", "{pool}?{v}"); codeOf(t, w) != "InvalidAuthenticationToken" {
		t.Errorf("forged: %d %s", w.Code, w.Body)
	}
	f.clock.nextDay()
	w = f.with(token, "{pool}?{v}")
	if codeOf(t, w) != "ExpiredAuthenticationToken" || w.Code != 401 || w.Header().Get("x-ms-failure-cause") != "gateway" ||
		strings.Contains(w.Header().Get("WWW-Authenticate"), "claims") {
		t.Errorf("expired: %d %v %s", w.Code, w.Header(), w.Body)
	}
}

func TestSignInIsRefused(t *testing.T) {
	f := newFarm(t)
	id, secret := f.principal(t, "terraform", berth.Grant{Role: berth.RoleReader})
	tests := map[string]struct {
		path   string
		form   url.Values
		status int
		word   string
	}{
		"wrong secret":     {"/adfs/oauth2/token", credentials(id, "bcs_"+strings.Repeat("0", 16)+"_"+strings.Repeat("0", 52), ""), 401, "invalid_client"},
		"odd secret":       {"/adfs/oauth2/token", credentials(id, "secret", ""), 401, "invalid_client"},
		"unknown client":   {"/adfs/oauth2/token", credentials("nobody", secret, ""), 401, "invalid_client"},
		"by name":          {"/adfs/oauth2/token", credentials("terraform", secret, ""), 401, "invalid_client"},
		"no secret":        {"/adfs/oauth2/token", credentials(id, "", ""), 401, "invalid_client"},
		"no client":        {"/adfs/oauth2/token", credentials("", secret, ""), 400, "invalid_request"},
		"other grant":      {"/adfs/oauth2/token", url.Values{"grant_type": {"password"}}, 400, "unsupported_grant_type"},
		"other audience":   {"/adfs/oauth2/token", credentials(id, secret, "https://graph.example/.default"), 400, "invalid_resource"},
		"another tenant":   {"/00000000-0000-4000-8000-000000000000/oauth2/v2.0/token", credentials(id, secret, ""), 400, "invalid_request"},
		"people's sign-in": {"/adfs/oauth2/authorize", nil, 400, "unsupported_grant_type"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := f.ask(tt.path, tt.form)
			var e struct {
				Error       string
				Description string `json:"error_description"`
				Codes       []int  `json:"error_codes"`
			}
			if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || w.Code != tt.status || e.Error != tt.word || len(e.Codes) != 1 ||
				!strings.HasPrefix(e.Description, "AADSTS") {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
	entries, err := f.FarmAudit(f.asked, berth.AuditQuery{Kind: "client"})
	refused := 0
	for _, e := range entries {
		if e.Action == "sign in" && e.Refused != "" && e.Face == "arm" {
			refused++
		}
	}
	if err != nil || refused != 4 {
		t.Errorf("%d refusals in the audit, %v", refused, err)
	}
	// Too many wrong ones: come back later.
	for range 40 {
		w := f.ask("/adfs/oauth2/token", credentials(id, "wrong", ""))
		if w.Code == 429 {
			if after := w.Header().Get("Retry-After"); after == "" || after == "0" {
				t.Errorf("Retry-After %q", after)
			}
			return
		}
	}
	t.Error("40 wrong secrets and no limit")
}

// TestDirectory holds what clients read before they sign in.
func TestDirectory(t *testing.T) {
	f := newFarm(t)
	tenant := f.access.Tenant()
	get := func(path string) (body map[string]any) {
		t.Helper()
		w := httptest.NewRecorder()
		f.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "https://berth.test:8443"+path, nil))
		bare, _, _ := strings.Cut(path, "?")
		if !arm.Handles(bare) || w.Code != 200 || json.Unmarshal(w.Body.Bytes(), &body) != nil {
			t.Fatalf("%s: %d %s", path, w.Code, w.Body)
		}
		return body
	}
	for path, want := range map[string][2]string{
		"/adfs/.well-known/openid-configuration":                         {"https://berth.test:8443/adfs", "https://berth.test:8443/adfs/oauth2/token"},
		"/adfs/adfs/.well-known/openid-configuration":                    {"https://berth.test:8443/adfs/adfs", "https://berth.test:8443/adfs/adfs/oauth2/token"},
		"/" + tenant + "/v2.0/.well-known/openid-configuration":          {"https://berth.test:8443/" + tenant + "/v2.0", "https://berth.test:8443/" + tenant + "/oauth2/v2.0/token"},
		"/" + tenant + "/.well-known/openid-configuration":               {"https://berth.test:8443/" + tenant, "https://berth.test:8443/" + tenant + "/oauth2/v2.0/token"},
		"/adfs/" + tenant + "/v2.0/.well-known/openid-configuration?x=y": {"https://berth.test:8443/adfs/" + tenant + "/v2.0", "https://berth.test:8443/adfs/" + tenant + "/oauth2/v2.0/token"},
	} {
		path, _, _ = strings.Cut(path, "?")
		d := get(path)
		if d["issuer"] != want[0] || d["token_endpoint"] != want[1] || d["authorization_endpoint"] == "" || d["device_authorization_endpoint"] == "" {
			t.Errorf("%s: %v", path, d)
		}
		keys := strings.TrimPrefix(d["jwks_uri"].(string), "https://berth.test:8443")
		if set := get(keys); len(set["keys"].([]any)) != 1 {
			t.Errorf("%s: %v", keys, set)
		}
	}
	for _, version := range []string{"2015-01-01", "1.0"} {
		old := get("//metadata/endpoints?api-version=" + version)
		login := old["authentication"].(map[string]any)
		if old["galleryEndpoint"] == "" || old["graphEndpoint"] == "" || old["portalEndpoint"] == "" || login["loginEndpoint"] != "https://berth.test:8443/adfs" ||
			login["audiences"].([]any)[0] != "https://berth.test:8443/" {
			t.Errorf("%s: %v", version, old)
		}
	}
	one := get("/metadata/endpoints?api-version=2022-09-01")
	if one["resourceManager"] != "https://berth.test:8443/" || one["name"] != "Berth" || one["suffixes"] == nil {
		t.Errorf("2022-09-01: %v", one)
	}
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "https://berth.test/metadata/endpoints?api-version=2019-05-01", nil))
	var many []map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &many); err != nil || len(many) != 1 {
		t.Errorf("2019-05-01: %s", w.Body)
	}
	for _, path := range []string{"/adfs", "/adfs/oauth2", "/console/oauth2/token", "/oauth2/token", "/metadata", "/metadata/endpoints/x", "/a/b/.well-known/openid-configuration"} {
		if arm.Handles(path) {
			t.Errorf("%s is taken", path)
		}
	}
}

func TestRemoveGroup(t *testing.T) {
	f := newFarm(t)
	do := func(method, path, body, token string) *httptest.ResponseRecorder {
		t.Helper()
		r := httptest.NewRequest(method, "https://berth.test"+expand(path), strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		f.handler.ServeHTTP(w, r)
		return w
	}
	if w := do("DELETE", "{group}?api-version=2021-04-01", "", "user1"); w.Code != 409 || !strings.Contains(w.Body.String(), "pool desktops") {
		t.Errorf("a full one: %d %s", w.Code, w.Body)
	}
	if w := do("PUT", "{sub}/resourceGroups/third?api-version=2021-04-01", `{"location": "here"}`, "user1"); w.Code != 201 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := do("DELETE", "{sub}/resourceGroups/third?api-version=2021-04-01", "", "user2"); w.Code != 403 {
		t.Errorf("by no owner: %d %s", w.Code, w.Body)
	}
	if w := do("DELETE", "{sub}/resourceGroups/third?api-version=2021-04-01", "", "user1"); w.Code != 200 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := do("HEAD", "{sub}/resourceGroups/third?api-version=2021-04-01", "", "user1"); w.Code != 404 {
		t.Errorf("deleted: %d", w.Code)
	}
	if w := do("DELETE", "{sub}/resourceGroups/third?api-version=2021-04-01", "", "user1"); w.Code != 404 {
		t.Errorf("again: %d", w.Code)
	}
	if w := do("DELETE", "{sub}/resourceGroups/elsewhere?api-version=2021-04-01", "", "user1"); w.Code != 200 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	// The last one holds the farm.
	for _, pool := range []string{"hostpool1", "hostpool2", "desktops"} {
		if err := f.RemovePool(f.asked, "resourceGroup1", pool); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := f.Apply(f.asked, "resourceGroup1", nil); err != nil {
		t.Fatal(err)
	}
	if w := do("DELETE", "{group}?api-version=2021-04-01", "", "user1"); w.Code != 409 || !strings.Contains(w.Body.String(), "the only one") {
		t.Errorf("the last one: %d %s", w.Code, w.Body)
	}
}
