package arm_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"berth"
	"berth/arm"
)

func TestHandles(t *testing.T) {
	tests := map[string]bool{
		"/subscriptions/x": true, "/Subscriptions": true, "//subscriptions//x": true, "/PROVIDERS/Microsoft.X/operations": true,
		"/": false, "": false, "/api/v1/sites": false, "/subscriptionsx/y": false, "/agent/v1/sync": false, "/x/subscriptions/y": false,
	}
	for path, want := range tests {
		if got := arm.Handles(path); got != want {
			t.Errorf("Handles(%q) = %v", path, got)
		}
	}
}

func TestEveryKindHasACloudError(t *testing.T) {
	codes := map[string]berth.Kind{}
	for _, k := range berth.Kinds {
		e, ok := arm.CloudErrorOf(k)
		if !ok || e.Status < 400 || e.Code == "" {
			t.Errorf("kind %s has no row: %+v", k, e)
		}
		if other, taken := codes[e.Code]; taken {
			t.Errorf("kinds %s and %s share the code %s", k, other, e.Code)
		}
		codes[e.Code] = k
	}
	if _, ok := arm.CloudErrorOf(berth.Kind(99)); ok {
		t.Error("an unknown kind has a row")
	}
}

// broken is a farm in which everything fails, beginning with the site.
type broken struct {
	arm.Farm
	err error
}

func (b broken) Site(context.Context, string) (berth.Site, error) { return berth.Site{}, b.err }
func (b broken) Sites(context.Context) ([]berth.Site, error)      { return nil, b.err }

// TestFailuresOfTheFarm holds what a client learns of each kind of failure, and that faults of the server's own are told
// to the log alone.
func TestFailuresOfTheFarm(t *testing.T) {
	secret := errors.New("disk is at /secret/place")
	tests := map[string]struct {
		err    error
		status int
		code   string
		logged bool
	}{
		"plain":        {secret, 500, "InternalServerError", true},
		"internal":     {berth.Errorf(berth.Internal, "lost: %w", secret), 500, "InternalServerError", true},
		"unavailable":  {berth.Errorf(berth.Unavailable, "locked"), 503, "ServiceUnavailable", true},
		"conflict":     {berth.Errorf(berth.Conflict, "held"), 409, "Conflict", false},
		"precondition": {berth.Errorf(berth.Precondition, "changed"), 412, "PreconditionFailed", false},
		"wrapped":      {fmt.Errorf("so: %w", berth.Errorf(berth.Invalid, "odd").On("name")), 400, "InvalidRequestContent", false},
		"not found":    {berth.Errorf(berth.NotFound, "no such thing").On("thing"), 404, "ResourceNotFound", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			h := arm.New(broken{err: tt.err}, arm.Options{Log: slog.New(slog.NewTextHandler(&log, nil)), SubscriptionID: subscription,
				Authenticate: authenticate, Now: time.Now, Random: &counter{}})
			w := do(h, "GET", expand("{pool}/msixPackages?{v}"), "")
			if w.Code != tt.status || codeOf(t, w) != tt.code {
				t.Errorf("got %d %s", w.Code, w.Body)
			}
			if strings.Contains(w.Body.String(), "secret") {
				t.Errorf("the answer tells what only the log should: %s", w.Body)
			}
			if got := strings.Contains(log.String(), "azure request failed"); got != tt.logged {
				t.Errorf("logged: %v: %s", got, &log)
			}
			if tt.logged && !strings.Contains(log.String(), w.Header().Get("x-ms-request-id")) {
				t.Errorf("the log does not name the request: %s", &log)
			}
		})
	}
}

// TestSubscriptionIsCheckedFirst holds what knowing the subscription beforehand is good for.
func TestSubscriptionIsCheckedFirst(t *testing.T) {
	h := arm.New(broken{err: berth.Errorf(berth.NotFound, "no such site").On("site")}, arm.Options{Log: slog.New(slog.DiscardHandler),
		SubscriptionID: "00000000-0000-0000-0000-000000000001", Authenticate: authenticate, Now: time.Now, Random: &counter{}})
	if w := do(h, "GET", expand("{pool}/msixPackages?{v}"), ""); codeOf(t, w) != "SubscriptionNotFound" {
		t.Error(w.Body)
	}
	path := strings.ReplaceAll(expand("{pool}/msixPackages?{v}"), subscription, "00000000-0000-0000-0000-000000000001")
	if w := do(h, "GET", path, ""); codeOf(t, w) != "ResourceGroupNotFound" {
		t.Error(w.Body)
	}
}

func TestBodiesThatAreTooMuch(t *testing.T) {
	many := func(n int, entry func(i int) string) string {
		var entries []string
		for i := range n {
			entries = append(entries, entry(i))
		}
		return strings.Join(entries, ",")
	}
	long := func(bytes int) string {
		const head, tail = `{"properties": {"displayName": "`, `"}}`
		return head + strings.Repeat("x", bytes-len(head)-len(tail)) + tail
	}
	tests := map[string]struct {
		body   string
		status int
		code   string
	}{
		"at the limit":      {long(4 << 20), 201, ""},
		"past the limit":    {long(4<<20 + 1), 413, "RequestContentTooLarge"},
		"byte order mark":   {"\xef\xbb\xbf" + `{"properties": {}}`, 201, ""},
		"not UTF-8":         {"{\"properties\": {\"displayName\": \"\xff\"}}", 400, "InvalidRequestContent"},
		"many members":      {`{"properties": {` + many(4097, func(i int) string { return fmt.Sprintf(`"m%d":1`, i) }) + `}}`, 400, "InvalidRequestContent"},
		"same member often": {`{"properties": {` + many(9999, func(int) string { return `"m":1` }) + `}}`, 201, ""},
		"many entries":      {`{"properties": {"packageApplications": [` + many(4097, func(int) string { return "{}" }) + `]}}`, 400, "InvalidRequestContent"},
		"deep":              {`{"properties": {"x": ` + strings.Repeat("[", 100000) + strings.Repeat("]", 100000) + `}}`, 400, "InvalidRequestContent"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := do(newFarm(t).handler, "PUT", expand("{pool}/msixPackages/app?{v}"), tt.body)
			if w.Code != tt.status || (tt.code != "" && codeOf(t, w) != tt.code) {
				t.Errorf("got %d, %.300s", w.Code, w.Body)
			}
		})
	}
}

// TestPagesAreComplete follows links through every size of page while packages come and go, and must see each of those
// that stayed exactly once, in order.
func TestPagesAreComplete(t *testing.T) {
	f := newFarm(t)
	for i := range 7 {
		if w := do(f.handler, "PUT", expand(fmt.Sprintf("{pool}/msixPackages/app-%d?{v}", i)), `{"properties": {}}`); w.Code != 201 {
			t.Fatal(w.Body)
		}
	}
	for size := 1; size <= 8; size++ {
		var names []string
		link := expand(fmt.Sprintf("{pool}/msixPackages?{v}&pageSize=%d", size))
		for pages := 0; link != ""; pages++ {
			if pages > 8 {
				t.Fatalf("pages of %d never end", size)
			}
			w := do(f.handler, "GET", link, "")
			var page struct {
				Value    []struct{ Name string }
				NextLink string
			}
			if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil || len(page.Value) > size {
				t.Fatalf("%v: %s", err, w.Body)
			}
			for _, v := range page.Value {
				names = append(names, v.Name)
			}
			link = page.NextLink
			do(f.handler, "PUT", expand("{pool}/msixPackages/aaa?{v}"), `{"properties": {}}`)
			do(f.handler, "DELETE", expand("{pool}/msixPackages/aaa?{v}"), "")
		}
		want := "[hostpool1/app-0 hostpool1/app-1 hostpool1/app-2 hostpool1/app-3 hostpool1/app-4 hostpool1/app-5 hostpool1/app-6]"
		if fmt.Sprint(names) != want {
			t.Errorf("pages of %d: %v", size, names)
		}
	}
}

// TestPagesAreBounded fills a page by bytes before it is full by number.
func TestPagesAreBounded(t *testing.T) {
	f := newFarm(t)
	body := `{"properties": {"displayName": "` + strings.Repeat("x", 3<<20) + `"}}`
	for i := range 3 {
		do(f.handler, "PUT", expand(fmt.Sprintf("{pool}/msixPackages/app-%d?{v}", i)), body)
	}
	w := do(f.handler, "GET", expand("{pool}/msixPackages?{v}"), "")
	var page struct {
		Value    []json.RawMessage
		NextLink string
	}
	if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil || len(page.Value) != 2 || page.NextLink == "" {
		t.Errorf("%d packages in %d bytes, next %q, %v", len(page.Value), w.Body.Len(), page.NextLink, err)
	}
}

// TestWhatTheCatalogueLearns looks at the other side of a PUT.
func TestWhatTheCatalogueLearns(t *testing.T) {
	const name = "Contoso.Editor_1.2.0.0_x64__8wekyb3d8bbwe"
	tests := map[string]struct {
		properties string
		observed   bool
		want       berth.Package
	}{
		"observed": {`{"imagePath": "\\\\files\\apps\\editor.vhdx"}`, true, berth.Package{FamilyName: "Contoso.Editor_8wekyb3d8bbwe",
			Name: "Contoso.Editor", Version: berth.Version{1, 2}, Architecture: "x64", DisplayName: "Editor"}},
		"only declared": {`{"packageName": "Mine", "packageFamilyName": "Mine_1", "version": "3.0.0.0", "displayName": "My own"}`, false,
			berth.Package{FamilyName: "Mine_1", Name: "Mine", Version: berth.Version{3}, Architecture: "x64", DisplayName: "My own"}},
		"odd version": {`{"version": "newest"}`, false, berth.Package{FamilyName: "Contoso.Editor_8wekyb3d8bbwe", Name: "Contoso.Editor",
			Version: berth.Version{1, 2}, Architecture: "x64", DisplayName: "Contoso.Editor"}},
	}
	for label, tt := range tests {
		t.Run(label, func(t *testing.T) {
			f := newFarm(t)
			if w := do(f.handler, "PUT", expand("{pool}/msixPackages/"+name+"?{v}"), `{"properties": `+tt.properties+`}`); w.Code != 201 {
				t.Fatal(w.Body)
			}
			d, err := f.DeclaredPackage(f.asked, "resourceGroup1", "hostpool1", name)
			if err != nil {
				t.Fatal(err)
			}
			p := d.Package
			got := berth.Package{FamilyName: p.FamilyName, Name: p.Name, Version: p.Version, Architecture: p.Architecture, DisplayName: p.DisplayName}
			if fmt.Sprint(got) != fmt.Sprint(tt.want) || (p.Observed != nil) != tt.observed || p.FullName != name {
				t.Errorf("got %+v, observed %v, want %+v", got, p.Observed, tt.want)
			}
		})
	}
}

func do(h http.Handler, method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer user1")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func codeOf(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	var body struct{ Error struct{ Code string } }
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Errorf("%v in %s", err, w.Body)
	}
	return body.Error.Code
}
