package arm_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"image"
	"image/png"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"berth"
	"berth/control"
	"berth/wire"
)

// agent speaks the agent protocol with the farm, as far as a test wants it to.
type agent struct {
	f      *farm
	id     string
	serial string
	facts  berth.Facts
	done   chan struct{}
	seen   chan wire.Ask
}

// enrol makes an agent with an enrolment key.
func (f *farm) enrol(t *testing.T, name, key string) *agent {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, private)
	if err != nil {
		t.Fatal(err)
	}
	out, err := f.Enroll(t.Context(), wire.EnrollRequest{Protocol: wire.Protocol, Key: key, Name: name, CSR: csr})
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(out.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	return &agent{f: f, id: out.HostID, serial: cert.SerialNumber.Text(16), seen: make(chan wire.Ask, 100)}
}

// sync sends facts once.
func (a *agent) sync(t *testing.T, facts berth.Facts) {
	t.Helper()
	a.facts = facts
	if _, err := a.f.Sync(t.Context(), a.id, a.serial, wire.SyncRequest{Protocol: wire.Protocol, Facts: &facts}); err != nil {
		t.Fatal(err)
	}
}

// run answers what the server asks for until the test ends.
func (a *agent) run(t *testing.T, do func(wire.Ask) wire.AskAnswer) {
	t.Helper()
	a.done = make(chan struct{})
	go func() {
		defer close(a.done)
		r := wire.SyncRequest{Protocol: wire.Protocol, Asks: &wire.AskReport{}, Wait: 1}
		for t.Context().Err() == nil {
			out, err := a.f.Sync(t.Context(), a.id, a.serial, r)
			if err != nil {
				return
			}
			r.Generation, r.Digest, r.Asks = out.Generation, out.Digest, &wire.AskReport{}
			for _, ask := range out.Asks {
				a.seen <- ask
				answer := do(ask)
				answer.ID = ask.ID
				r.Asks.Answers = append(r.Asks.Answers, answer)
				r.Asks.Working = append(r.Asks.Working, ask.ID)
			}
		}
	}()
	t.Cleanup(func() { <-a.done })
}

func (f *farm) do(t *testing.T, method, path, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, "https://berth.test"+strings.ReplaceAll(expand(path), " ", "%20"), strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer user1")
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, r)
	return w
}

// want asks and expects a status; the answer's JSON goes into out unless that is nil.
func (f *farm) want(t *testing.T, status int, request, body string, out any) *httptest.ResponseRecorder {
	t.Helper()
	method, path, _ := strings.Cut(request, " ")
	w := f.do(t, method, path, body)
	if w.Code != status {
		t.Fatalf("%s: %d, want %d: %s", request, w.Code, status, w.Body)
	}
	if out != nil {
		if err := json.Unmarshal(w.Body.Bytes(), out); err != nil {
			t.Fatalf("%s: %v: %s", request, err, w.Body)
		}
	}
	return w
}

type info struct {
	ExpirationTime *string
	Token          *string
	Operation      string `json:"registrationTokenOperation"`
}

func (f *farm) token(t *testing.T) string {
	t.Helper()
	at := f.clock.now().Add(4 * time.Hour).Format(time.RFC3339)
	var p struct {
		Properties struct{ RegistrationInfo info }
	}
	f.want(t, 200, "PATCH {pool}?{v}", `{"properties": {"registrationInfo": {"expirationTime": "`+at+`", "registrationTokenOperation": "Update"}}}`, &p)
	if p.Properties.RegistrationInfo.Token == nil {
		t.Fatal("the answer has no token")
	}
	return *p.Properties.RegistrationInfo.Token
}

func TestRegistrationTokens(t *testing.T) {
	f := newFarm(t)
	var none, one info
	f.want(t, 200, "POST {pool}/retrieveRegistrationToken?{v}", "", &none)
	if none.Token != nil || none.ExpirationTime != nil || none.Operation != "None" {
		t.Errorf("before there is one: %+v", none)
	}
	first := f.token(t)
	f.want(t, 200, "POST {pool}/retrieveRegistrationToken?{v}", "", &one)
	if one.Token == nil || *one.Token != first {
		t.Errorf("retrieved %+v, not %s", one, first)
	}
	var list struct {
		Value []struct{ Token, ExpirationTime string }
	}
	f.want(t, 200, "POST {pool}/listRegistrationTokens?{v}", "", &list)
	if len(list.Value) != 1 || list.Value[0].Token != first {
		t.Errorf("list: %+v", list)
	}
	if w := f.want(t, 200, "GET {pool}?{v}", "", nil); strings.Contains(w.Body.String(), first) {
		t.Errorf("the token is told to readers: %s", w.Body)
	}
	f.enrol(t, "host1", first)
	f.enrol(t, "host2", first) // any number of hosts
	var hosts struct{ Value []struct{ Name string } }
	f.want(t, 200, "GET {pool}/sessionHosts?{v}", "", &hosts)
	if len(hosts.Value) != 2 || hosts.Value[0].Name != "hostpool1/host1" {
		t.Errorf("hosts: %+v", hosts)
	}
	second := f.token(t)
	if _, err := f.Enroll(t.Context(), wire.EnrollRequest{Protocol: wire.Protocol, Key: first, Name: "host3"}); berth.ErrorKind(err) != berth.Unauthenticated {
		t.Errorf("the replaced token: %v", err)
	}
	f.want(t, 200, "PATCH {pool}?{v}", `{"properties": {"registrationInfo": {"registrationTokenOperation": "Delete"}}}`, nil)
	if _, err := f.Enroll(t.Context(), wire.EnrollRequest{Protocol: wire.Protocol, Key: second, Name: "host3"}); berth.ErrorKind(err) != berth.Unauthenticated {
		t.Errorf("the deleted token: %v", err)
	}
	f.want(t, 200, "POST {pool}/listRegistrationTokens?{v}", "", &list)
	if len(list.Value) != 0 {
		t.Errorf("list after deleting: %+v", list)
	}
	// What is refused changes nothing.
	bad := map[string]string{"no time": `{"registrationTokenOperation": "Update"}`, "the past": `{"expirationTime": "2008-09-22T14:01:54.9571247Z", "registrationTokenOperation": "Update"}`,
		"far": `{"expirationTime": "2099-09-22T14:01:54Z", "registrationTokenOperation": "Update"}`, "odd": `{"registrationTokenOperation": "Renew"}`}
	for name, registration := range bad {
		body := strings.Replace(hostPoolBody, `"Desktop"}`, `"Desktop", "registrationInfo": `+registration+`}`, 1)
		if w := f.do(t, "PUT", "{pools}/fresh?{v}", body); w.Code != 400 {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		if w := f.do(t, "GET", "{pools}/fresh?{v}", ""); w.Code != 404 {
			t.Errorf("%s: made a pool all the same", name)
		}
	}
	for _, who := range []string{"robot", "reader"} {
		r := httptest.NewRequest("POST", "https://berth.test"+expand("{pool}/retrieveRegistrationToken?{v}"), nil)
		r.Header.Set("Authorization", "Bearer "+who)
		w := httptest.NewRecorder()
		f.handler.ServeHTTP(w, r)
		if w.Code != 403 {
			t.Errorf("told to %s: %d", who, w.Code)
		}
	}
}

func TestExpandByServer(t *testing.T) {
	f := newFarm(t)
	var out struct {
		Value []struct {
			Name, Type string
			Properties map[string]any
		}
	}
	f.want(t, 200, "POST {pool}/expandMsixImage?{v}", `{"uri": "\\\\files\\apps\\editor.vhdx"}`, &out)
	if len(out.Value) != 1 || out.Value[0].Name != "hostpool1/expandmsiximage" {
		t.Fatalf("%+v", out)
	}
	p := out.Value[0].Properties
	for name, want := range map[string]any{"packageFullName": "Contoso.Editor_1.2.0.0_x64__8wekyb3d8bbwe", "imagePath": `\\files\apps\editor.vhdx`,
		"packageRelativePath": `MSIX\Contoso.Editor_1.2.0.0_x64__8wekyb3d8bbwe`, "version": "1.2.0.0", "packageAlias": "contoso.editor"} {
		if p[name] != want {
			t.Errorf("%s: %v, want %v", name, p[name], want)
		}
	}
	// What was expanded can be put as it is: this is what scripts do.
	whole, err := json.Marshal(map[string]any{"properties": p})
	if err != nil {
		t.Fatal(err)
	}
	f.want(t, 201, "PUT {pool}/msixPackages/Contoso.Editor_1.2.0.0_x64__8wekyb3d8bbwe?{v}", string(whole), nil)
	for name, body := range map[string]string{"nothing": "", "no uri": "{}", "a number": `{"uri": 1}`, "blank": `{"uri": " "}`, "an array": `[]`} {
		if w := f.do(t, "POST", "{pool}/expandMsixImage?{v}", body); w.Code != 400 || codeOf(t, w) != "InvalidRequestContent" {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

func TestExpandByHosts(t *testing.T) {
	f := newFarm(t)
	key := f.token(t)
	w := f.do(t, "POST", "{pool}/expandMsixImage?{v}", `{"uri": "\\\\files\\apps\\other.vhdx"}`)
	if w.Code != 400 || codeOf(t, w) != "400" || !strings.Contains(w.Body.String(), "no session host") {
		t.Errorf("without hosts: %d %s", w.Code, w.Body)
	}
	blind, able := f.enrol(t, "blind", key), f.enrol(t, "able", key)
	blind.run(t, func(wire.Ask) wire.AskAnswer {
		return wire.AskAnswer{Failed: true, Message: "the share refuses the machine", Code: "0x80070005"}
	})
	answer := wire.AskAnswer{Failed: true, Message: "there is no such file"}
	able.run(t, func(wire.Ask) wire.AskAnswer { return answer })
	w = f.do(t, "POST", "{pool}/expandMsixImage?{v}", `{"uri": "\\\\files\\apps\\other.vhdx"}`)
	text := w.Body.String()
	for _, want := range []string{"ActivityId: 0000", "failed on all Session Hosts that it was sent to", "Session Host: (Berth server), Error: there is no image",
		"Session Host: blind, Error: the share refuses the machine (0x80070005)", "Session Host: able, Error: there is no such file"} {
		if w.Code != 400 || !strings.Contains(text, want) {
			t.Errorf("%d, without %q: %s", w.Code, want, text)
		}
	}
	if ask := <-able.seen; ask.Kind != wire.AskExpand || ask.ImagePath != `\\files\apps\other.vhdx` {
		t.Errorf("asked for %+v", ask)
	}
	answer = wire.AskAnswer{Packages: []berth.Package{{FullName: "Tool_1.0.0.0_arm64__abcdefghjkmnp", Name: "Tool", FamilyName: "Tool_abcdefghjkmnp",
		Architecture: "arm64", Certificate: &berth.Certificate{CommonName: "Contoso", NotAfter: f.clock.now(), Timestamped: true}}}}
	var out struct {
		Value []struct{ Properties map[string]any }
	}
	f.want(t, 200, "POST {pool}/expandMsixImage?{v}", `{"uri": "\\\\files\\apps\\other.vhdx"}`, &out)
	if len(out.Value) != 1 || out.Value[0].Properties["certificateName"] != "Contoso" {
		t.Errorf("%+v", out)
	}
	out.Value = nil
	f.want(t, 200, "POST {pool}/expandMsixImage?api-version=2022-09-09", `{"uri": "\\\\files\\apps\\other.vhdx"}`, &out)
	if _, told := out.Value[0].Properties["certificateName"]; told {
		t.Error("an old api-version knows certificates")
	}
	var imported struct {
		Value []struct {
			Location   string
			Properties struct{ Image map[string]any }
		}
	}
	for architecture, want := range map[string]int{`"ARM64"`: 1, `"ALL"`: 1, `"x64"`: 0, `null`: 1} {
		f.want(t, 200, "POST {pool}/importAppAttachPackageInfo?{v}", `{"path": "\\\\files\\apps\\other.vhdx", "packageArchitecture": `+architecture+`}`, &imported)
		if len(imported.Value) != want || (want == 1 && imported.Value[0].Properties.Image["isPackageTimestamped"] != "Timestamped") {
			t.Errorf("for %s: %+v", architecture, imported)
		}
	}
	if w := f.do(t, "POST", "{pool}/importAppAttachPackageInfo?{v}", `{"path": "x", "packageArchitecture": "mips"}`); w.Code != 400 {
		t.Errorf("an unknown architecture: %d", w.Code)
	}
}

func TestSessionHostsAndSessions(t *testing.T) {
	f := newFarm(t)
	a := f.enrol(t, "host1", f.token(t))
	since := f.clock.now()
	sessions := []berth.Session{{ID: "7", User: `CONTOSO\anna`, Since: since}, {ID: strings.Repeat("long", 10), User: "ben@contoso.com", Since: since}}
	a.sync(t, berth.Facts{OS: "Windows Server 2025", AgentVersion: "1.2.3", At: since, Sessions: sessions, Packages: []berth.PackageFacts{}})
	var host struct {
		Name, ID   string
		SystemData *struct{ LastModifiedBy string }
		Properties struct {
			Sessions                                                int
			AllowNewSession                                         bool
			Status, OSVersion, AgentVersion, FriendlyName, ObjectID string
			Checks                                                  []struct {
				Name    string `json:"healthCheckName"`
				Result  string `json:"healthCheckResult"`
				Details struct {
					Message   string
					ErrorCode int32
				} `json:"additionalFailureDetails"`
			} `json:"sessionHostHealthCheckResults"`
		}
	}
	get := func() {
		t.Helper()
		host.SystemData = nil
		host.Properties.FriendlyName = ""
		f.want(t, 200, "GET {pool}/sessionHosts/HOST1?{v}", "", &host)
	}
	get()
	p := host.Properties
	if host.Name != "hostpool1/host1" || p.Sessions != 2 || p.Status != "Available" || p.AgentVersion != "1.2.3" || !p.AllowNewSession ||
		p.OSVersion != "Windows Server 2025" || p.Checks[0].Name != "AppAttachHealthCheck" || p.Checks[0].Result != "HealthCheckSucceeded" {
		t.Errorf("%+v", host)
	}
	f.want(t, 200, "PATCH {pool}/sessionHosts/host1?{v}&force=true", `{"properties": {"allowNewSession": false, "friendlyName": "Front", "unknown": 1}}`, &host)
	get()
	if host.Properties.AllowNewSession || host.Properties.FriendlyName != "Front" || host.SystemData.LastModifiedBy != "user1" {
		t.Errorf("patched: %+v", host)
	}
	f.want(t, 200, "PATCH {pool}/sessionHosts/host1?{v}", "", nil)
	if w := f.do(t, "PATCH", "{pool}/sessionHosts/host1?{v}", `{"properties": {"allowNewSession": "no"}}`); w.Code != 400 {
		t.Errorf("a text for a switch: %d", w.Code)
	}

	// A package that fails.
	const name = "Contoso.Editor_1.2.0.0_x64__8wekyb3d8bbwe"
	f.want(t, 201, "PUT {pool}/msixPackages/"+name+"?{v}", `{"properties": {"imagePath": "\\\\files\\apps\\editor.vhdx", "isActive": true}}`, nil)
	facts := a.facts
	facts.Packages = []berth.PackageFacts{{FullName: name, Failure: &berth.Failure{Phase: berth.PhaseStage, Code: "0x80073CF9", Message: "staging broke"}}}
	get = func(show func()) func() {
		return func() { // the host holds the newest generation
			t.Helper()
			site, err := f.Site(f.asked, "resourceGroup1")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.Sync(t.Context(), a.id, a.serial, wire.SyncRequest{Protocol: wire.Protocol, Facts: &facts, Generation: site.Generation}); err != nil {
				t.Fatal(err)
			}
			show()
		}
	}(get)
	get()
	if c := host.Properties.Checks[0]; host.Properties.Status != "NeedsAssistance" || c.Result != "HealthCheckFailed" || c.Details.ErrorCode != -2147009287 ||
		!strings.Contains(c.Details.Message, "staging broke") {
		t.Errorf("with a package that fails: %+v", host.Properties)
	}
	// What the catalogue says counts once it is applied, as long as no app attach package says otherwise.
	for _, says := range []string{"doNotFail", "Unhealthy"} {
		if _, err := f.EditPackage(f.asked, "resourceGroup1", name, control.PackageEdit{OnFailure: &says}); err != nil {
			t.Fatal(err)
		}
		get()
		if host.Properties.Status == map[string]string{"doNotFail": "Available", "Unhealthy": "Unavailable"}[says] {
			t.Errorf("%s counts before it is applied", says)
		}
		if _, _, err := f.Apply(f.asked, "resourceGroup1", nil); err != nil {
			t.Fatal(err)
		}
		get()
		if want := map[string]string{"doNotFail": "Available", "Unhealthy": "Unavailable"}[says]; host.Properties.Status != want {
			t.Errorf("the catalogue says %s: %s", says, host.Properties.Status)
		}
	}
	wrong := "Sick"
	if _, err := f.EditPackage(f.asked, "resourceGroup1", name, control.PackageEdit{OnFailure: &wrong}); berth.ErrorKind(err) != berth.Invalid {
		t.Errorf("health %s: %v", wrong, err)
	}
	for says, want := range map[string][2]string{"Unhealthy": {"Unavailable", "HealthCheckFailed"}, "DoNotFail": {"Available", "HealthCheckSucceeded"}} {
		f.do(t, "PUT", "{group}/providers/Microsoft.DesktopVirtualization/appAttachPackages/editor?{v}", `{"location": "here", "properties": {"image": {"packageFullName": "`+
			name+`", "imagePath": "\\\\files\\apps\\editor.vhdx"}, "hostPoolReferences": ["`+expand("{pool}")+`"], "failHealthCheckOnStagingFailure": "`+says+`"}}`)
		get()
		if got := [2]string{host.Properties.Status, host.Properties.Checks[0].Result}; got != want {
			t.Errorf("%s: %v", says, got)
		}
	}

	// Sessions.
	type userSession struct {
		Name, ID   string
		Properties struct{ UserPrincipalName, SessionState, CreateTime string }
	}
	var list struct{ Value []userSession }
	f.want(t, 200, "GET {pool}/userSessions?{v}", "", &list)
	if len(list.Value) != 2 {
		t.Fatalf("%+v", list)
	}
	for filter, want := range map[string]int{"userPrincipalName eq 'ben@contoso.com' and state eq 'active'": 1, "sessionState eq 'Disconnected'": 0, "UserSession/UserPrincipalName eq 'BEN@contoso.com'": 1} {
		f.want(t, 200, "GET {pool}/userSessions?{v}&$filter="+strings.ReplaceAll(filter, " ", "+"), "", &list)
		if len(list.Value) != want {
			t.Errorf("%s: %+v", filter, list)
		}
	}
	for _, filter := range []string{"x", "sessionState gt 'a'", "sessionState eq 'a' or state eq 'b'", "sessionState eq 'a", "color eq 'red'"} {
		if w := f.do(t, "GET", "{pool}/userSessions?{v}&$filter="+strings.ReplaceAll(filter, " ", "+"), ""); w.Code != 400 {
			t.Errorf("filter %q: %d", filter, w.Code)
		}
	}
	f.want(t, 200, "GET {pool}/sessionHosts/host1/userSessions?{v}&pageSize=1", "", &list)
	if len(list.Value) != 1 || list.Value[0].Name != "hostpool1/host1/7" {
		t.Errorf("%+v", list)
	}
	f.want(t, 200, "GET {pool}/sessionHosts/host1/userSessions?{v}", "", &list)
	long := list.Value[1]
	key := long.Name[strings.LastIndex(long.Name, "/")+1:]
	if len(key) != 24 {
		t.Errorf("the id of a long session: %s", key)
	}
	var one userSession
	f.want(t, 200, "GET {pool}/sessionHosts/host1/userSessions/"+key+"?{v}", "", &one)
	if one.Properties.UserPrincipalName != "ben@contoso.com" || one.Properties.SessionState != "Active" {
		t.Errorf("%+v", one)
	}
	a.run(t, func(ask wire.Ask) wire.AskAnswer {
		return wire.AskAnswer{Failed: ask.Kind == wire.AskDisconnect, Message: "it has no screen", Code: "EINVAL"}
	})
	f.want(t, 200, "POST {pool}/sessionHosts/host1/userSessions/7/sendMessage?{v}", `{"messageTitle": "Mind", "messageBody": "the gap"}`, nil)
	if ask := <-a.seen; ask.Kind != wire.AskMessage || ask.Session != "7" || ask.Title != "Mind" || ask.Body != "the gap" {
		t.Errorf("asked for %+v", ask)
	}
	f.want(t, 200, "POST {pool}/sessionHosts/host1/userSessions/7/sendMessage?{v}", "", nil)
	if w := f.do(t, "POST", "{pool}/sessionHosts/host1/userSessions/7/disconnect?{v}", ""); w.Code != 400 || codeOf(t, w) != "400" || !strings.Contains(w.Body.String(), "Session Host: host1, Error: it has no screen (EINVAL)") {
		t.Errorf("disconnect: %d %s", w.Code, w.Body)
	}
	<-a.seen
	f.want(t, 200, "DELETE {pool}/sessionHosts/host1/userSessions/"+key+"?{v}&force=true", "", nil)
	if ask := <-a.seen; ask.Kind != wire.AskLogOff || ask.Session != sessions[1].ID {
		t.Errorf("asked for %+v", ask)
	}
	f.want(t, 204, "DELETE {pool}/sessionHosts/host1/userSessions/99?{v}", "", nil)
	f.want(t, 404, "GET {pool}/sessionHosts/host1/userSessions/99?{v}", "", nil)
	f.want(t, 404, "GET {pool}/sessionHosts/nobody/userSessions?{v}", "", nil)

	// Deleting a host.
	f.want(t, 409, "DELETE {pool}/sessionHosts/host1?{v}", "", nil)
	f.want(t, 200, "DELETE {pool}/sessionHosts/host1?{v}&force=true", "", nil)
	f.want(t, 204, "DELETE {pool}/sessionHosts/host1?{v}", "", nil)
	f.want(t, 404, "GET {pool}/sessionHosts/host1?{v}", "", nil)
}

// TestHostThatIsSilent holds what becomes of a host that is not heard of.
func TestHostThatIsSilent(t *testing.T) {
	f := newFarm(t)
	a := f.enrol(t, "host1", f.token(t))
	a.sync(t, berth.Facts{Sessions: []berth.Session{{ID: "7", User: "anna"}}, Packages: []berth.PackageFacts{}})
	f.clock.nextDay()
	var host struct{ Properties struct{ Status string } }
	f.want(t, 200, "GET {pool}/sessionHosts/host1?{v}", "", &host)
	if host.Properties.Status != "NoHeartbeat" {
		t.Errorf("status %s", host.Properties.Status)
	}
	w := f.do(t, "POST", "{pool}/sessionHosts/host1/userSessions/7/sendMessage?{v}", `{"messageBody": "x"}`)
	if w.Code != 400 || !strings.Contains(w.Body.String(), "last heard of") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestExpandedIcons holds the icon that scripts get to what image readers know.
func TestExpandedIcons(t *testing.T) {
	f := newFarm(t)
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewRGBA(image.Rect(0, 0, 48, 40))); err != nil {
		t.Fatal(err)
	}
	a := f.enrol(t, "host1", f.token(t))
	a.run(t, func(wire.Ask) wire.AskAnswer {
		return wire.AskAnswer{Packages: []berth.Package{{FullName: "Tool_1.0.0.0_x64__abcdefghjkmnp", Applications: []berth.Application{
			{ID: "App", IconPath: "Assets/Logo.png", Icon: picture.Bytes()}, {ID: "Plain"}}}}}
	})
	var out struct {
		Value []struct {
			Properties struct {
				PackageApplications []struct {
					IconImageName   string
					RawIcon, RawPng []byte
				}
			}
		}
	}
	f.want(t, 200, "POST {pool}/expandMsixImage?{v}", `{"uri": "x"}`, &out)
	apps := out.Value[0].Properties.PackageApplications
	icon := apps[0].RawIcon
	if apps[0].IconImageName != "Logo.png" || !bytes.Equal(apps[0].RawPng, picture.Bytes()) || len(apps[1].RawIcon)+len(apps[1].RawPng) != 0 {
		t.Errorf("%+v", apps)
	}
	if len(icon) != 22+picture.Len() || icon[6] != 48 || icon[7] != 40 || int(binary.LittleEndian.Uint32(icon[14:])) != picture.Len() ||
		binary.LittleEndian.Uint32(icon[18:]) != 22 || !bytes.Equal(icon[22:], picture.Bytes()) {
		t.Errorf("the icon file: % x", icon[:22])
	}
}
