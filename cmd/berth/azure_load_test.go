package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// The load of TestAzureUnderLoad.
const (
	loadClients  = 100
	loadPackages = 3 // of each client
	loadFamilies = 5 // for which all clients contend
	loadVersions = 4 // of each family
)

// loader is one of Azure's clients, which tries again as their SDKs do.
type loader struct {
	b      *bench
	client *http.Client
	token  string
	pool   string // id of the host pool
}

// try sends a request until it is answered with anything but "later", and tells whether one before it may have been done.
func (l *loader) try(method, path, body string) (status int, answer []byte, lost bool) {
	for wait := 20 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		status, answer, after, err := l.once(method, path, body)
		switch {
		case l.b.ctx.Err() != nil:
			return 0, nil, lost
		case err != nil:
			lost = true // it may have been done before the answer was lost
		case status == http.StatusTooManyRequests, status >= 500:
			wait = max(wait, after)
		default:
			return status, answer, lost
		}
		select {
		case <-l.b.ctx.Done():
		case <-time.After(wait/2 + rand.N(wait)):
		}
	}
}

func (l *loader) once(method, path, body string) (status int, answer []byte, after time.Duration, err error) {
	r, err := http.NewRequestWithContext(l.b.ctx, method, l.b.boot.URL+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, 0, err
	}
	r.Header.Set("Authorization", "Bearer "+l.token)
	r.Header.Set("Content-Type", "application/json")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	w, err := l.client.Do(r)
	if err != nil {
		return 0, nil, 0, err
	}
	defer func() { _ = w.Body.Close() }()
	answer, err = io.ReadAll(w.Body)
	seconds, _ := strconv.Atoi(w.Header.Get("Retry-After"))
	return w.StatusCode, answer, time.Duration(seconds) * time.Second, err
}

// signIn gets an access token.
func (l *loader) signIn() error {
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {l.b.boot.ClientID}, "client_secret": {l.b.boot.ClientSecret}}
	status, answer, _ := l.try(http.MethodPost, "/adfs/oauth2/token", form.Encode())
	var out struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(answer, &out); err != nil || status != http.StatusOK {
		return fmt.Errorf("sign-in: %d %s", status, answer)
	}
	l.token = out.AccessToken
	return nil
}

const loadVersion = "?api-version=2025-10-10"

// put puts a package, and says what may be wrong with the status of the answer: 201 made, 200 was there.
func (l *loader) put(name, words string, active, there bool) error {
	body, err := json.Marshal(map[string]any{"properties": map[string]any{"displayName": words, "imagePath": `\\nowhere\x.vhdx`,
		"packageFamilyName": familyOf(name), "isActive": active}})
	if err != nil {
		return err
	}
	status, answer, lost := l.try(http.MethodPut, l.pool+"/msixPackages/"+name+loadVersion, string(body))
	want := http.StatusCreated
	if there {
		want = http.StatusOK
	}
	if status != want && (!lost || status != http.StatusOK) {
		return fmt.Errorf("putting %s: %d, want %d (an answer was lost: %v): %s", name, status, want, lost, answer)
	}
	return nil
}

func familyOf(full string) string {
	parts := strings.Split(full, "_")
	return parts[0] + "_" + parts[len(parts)-1]
}

// run is what one client does: packages of its own, each put twice, and between them versions for which all contend.
func (l *loader) run(n int) error {
	if err := l.signIn(); err != nil {
		return err
	}
	for i := range loadPackages {
		name := fmt.Sprintf("Own%d.App%d_1.0.0.0_x64__8wekyb3d8bbwe", n, i)
		contended := fmt.Sprintf("Shared%d_%d.0.0.0_x64__8wekyb3d8bbwe", rand.N(loadFamilies), 1+rand.N(loadVersions))
		err := errors.Join(l.put(name, "first", false, false), l.put(name, fmt.Sprintf("second %d %d", n, i), true, true), l.contend(contended))
		if err != nil {
			return err
		}
	}
	return nil
}

// contend makes a version of a family active that others make active too: it may be there or not.
func (l *loader) contend(name string) error {
	body := `{"properties": {"imagePath": "x", "isActive": true, "packageFamilyName": "` + familyOf(name) + `"}}`
	status, answer, _ := l.try(http.MethodPut, l.pool+"/msixPackages/"+name+loadVersion, body)
	if status != http.StatusOK && status != http.StatusCreated {
		return fmt.Errorf("putting %s: %d %s", name, status, answer)
	}
	return nil
}

// TestAzureUnderLoad lets a hundred clients of Azure's put packages while the server is killed and started again. Every
// answered PUT is there in the end, 200 and 201 told the truth, and no family has two active versions.
func TestAzureUnderLoad(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: short")
	}
	b := newBench(t)
	transport := b.transport()
	t.Cleanup(transport.CloseIdleConnections)
	one := &loader{b: b, client: &http.Client{Transport: transport, Timeout: time.Minute},
		pool: "/subscriptions/" + b.boot.SubscriptionID + "/resourceGroups/" + b.boot.ResourceGroup + "/providers/Microsoft.DesktopVirtualization/hostPools/load"}
	b.must(one.signIn())
	status, answer, _ := one.try(http.MethodPut, one.pool+loadVersion,
		`{"location": "here", "properties": {"hostPoolType": "Pooled", "loadBalancerType": "BreadthFirst", "preferredAppGroupType": "Desktop"}}`)
	if status != http.StatusCreated {
		t.Fatalf("the pool: %d %s", status, answer)
	}
	callOff := b.strike(&b.server, 1500*time.Millisecond, b.restartServer)
	var running sync.WaitGroup
	failures := make(chan error, loadClients)
	for n := range loadClients {
		running.Go(func() {
			l := &loader{b: b, client: one.client, pool: one.pool}
			failures <- l.run(n)
		})
	}
	running.Wait()
	kills := callOff()
	close(failures)
	for err := range failures {
		if err != nil {
			t.Error(err)
		}
	}
	if b.ctx.Err() != nil {
		t.Fatal("not in time")
	}
	one.judge(t)
	t.Logf("%d clients, %d packages each, %d kills", loadClients, loadPackages, kills)
	if kills == 0 {
		t.Error("the server was never killed")
	}
}

// judge looks at everything that is there.
func (l *loader) judge(t *testing.T) {
	t.Helper()
	words, active := map[string]string{}, map[string][]string{}
	for next := l.pool + "/msixPackages" + loadVersion + "&pageSize=200"; next != ""; {
		status, answer, _ := l.try(http.MethodGet, next, "")
		var page struct {
			Value []struct {
				Name       string
				Properties struct {
					DisplayName string
					IsActive    bool
				}
			}
			NextLink string
		}
		if err := json.Unmarshal(answer, &page); err != nil || status != http.StatusOK {
			t.Fatalf("%d %s", status, answer)
		}
		for _, p := range page.Value {
			name := strings.TrimPrefix(p.Name, "load/")
			words[name] = p.Properties.DisplayName
			if p.Properties.IsActive {
				active[familyOf(name)] = append(active[familyOf(name)], name)
			}
		}
		next = strings.TrimPrefix(page.NextLink, l.b.boot.URL)
	}
	for n := range loadClients {
		for i := range loadPackages {
			name := fmt.Sprintf("Own%d.App%d_1.0.0.0_x64__8wekyb3d8bbwe", n, i)
			if got, want := words[name], fmt.Sprintf("second %d %d", n, i); got != want || len(active[familyOf(name)]) != 1 {
				t.Errorf("%s: %q, want %q; active %v", name, got, want, active[familyOf(name)])
			}
		}
	}
	for f := range loadFamilies {
		family := fmt.Sprintf("Shared%d_8wekyb3d8bbwe", f)
		if len(active[family]) != 1 {
			t.Errorf("family %s has the active versions %v", family, active[family])
		}
	}
}

// transport trusts the bench's server.
func (b *bench) transport() *http.Transport {
	b.t.Helper()
	pem, err := os.ReadFile(b.boot.CAFile)
	b.must(err)
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		b.t.Fatal("no authority")
	}
	return &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, MaxIdleConnsPerHost: loadClients}
}
