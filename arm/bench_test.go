package arm_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// packageBody is what a script puts: the properties of the reference's sample.
const packageBody = `{"properties": {"displayName": "displayname", "imagePath": "imagepath", "isActive": false, "isRegularRegistration": false,
	"lastUpdated": "2008-09-22T14:01:54.9571247Z", "packageApplications": [{"description": "application-desc", "appId": "ApplicationId",
	"appUserModelID": "AppUserModelId", "friendlyName": "friendlyname", "iconImageName": "Apptile", "rawIcon": "VGhpcyBpcyBhIHN0cmluZyB0byBoYXNo",
	"rawPng": "VGhpcyBpcyBhIHN0cmluZyB0byBoYXNo"}], "packageDependencies": [{"dependencyName": "MsixTest_Dependency_Name", "minVersion": "version",
	"publisher": "PublishedName"}], "packageFamilyName": "MsixPackage_FamilyName", "packageName": "MsixPackage_name",
	"packageRelativePath": "packagerelativepath", "version": "version"}}`

// bare only decodes a body and encodes it again: what any server in Go would need for the same bodies.
func bare(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Properties map[string]any `json:"properties"`
	}
	if r.Method == http.MethodPut {
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
	} else if err := json.Unmarshal([]byte(packageBody), &body); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(map[string]any{"name": "hostpool1/x", "id": r.URL.Path, "type": "Microsoft.DesktopVirtualization/hostpools/msixpackages", "properties": body.Properties})
}

// BenchmarkRequests measures requests over TLS on the loopback, by one client and by a hundred at once, of Berth and of the
// bare handler. p50 and p99 are latencies as clients see them.
func BenchmarkRequests(b *testing.B) {
	f := newFarm(b)
	pool := expand("{pool}")
	for _, server := range []struct {
		name    string
		handler http.Handler
	}{{"berth", f.handler}, {"bare", http.HandlerFunc(bare)}} {
		s := httptest.NewTLSServer(server.handler)
		c := s.Client()
		if t, ok := c.Transport.(*http.Transport); ok {
			t.MaxIdleConnsPerHost = 100
		}
		var put atomic.Int64
		for _, clients := range []int{1, 100} {
			for _, verb := range []string{"put", "get", "list"} {
				b.Run(fmt.Sprintf("%s/%s/%d", server.name, verb, clients), func(b *testing.B) {
					measure(b, clients, func() error {
						switch verb {
						case "put":
							return request(c, http.MethodPut, fmt.Sprintf("%s%s/msixPackages/App%d_1.0.0.0_x64__8wekyb3d8bbwe?api-version=2025-10-10", s.URL, pool, put.Add(1)%500), packageBody)
						case "get":
							return request(c, http.MethodGet, s.URL+pool+"/msixPackages/App1_1.0.0.0_x64__8wekyb3d8bbwe?api-version=2025-10-10", "")
						}
						return request(c, http.MethodGet, s.URL+pool+"/msixPackages?api-version=2025-10-10&pageSize=20", "")
					})
				})
			}
		}
		s.Close()
	}
}

// measure runs fn b.N times by so many clients at once.
func measure(b *testing.B, clients int, fn func() error) {
	var mu sync.Mutex
	var took []time.Duration
	var next atomic.Int64
	var running sync.WaitGroup
	b.ResetTimer()
	for range clients {
		running.Go(func() {
			var own []time.Duration
			for next.Add(1) <= int64(b.N) {
				start := time.Now()
				if err := fn(); err != nil {
					b.Error(err)
					return
				}
				own = append(own, time.Since(start))
			}
			mu.Lock()
			defer mu.Unlock()
			took = append(took, own...)
		})
	}
	running.Wait()
	b.StopTimer()
	if len(took) == 0 {
		return
	}
	slices.Sort(took)
	at := func(share float64) float64 {
		return float64(took[int(share*float64(len(took)-1))].Microseconds()) / 1000
	}
	b.ReportMetric(float64(len(took))/b.Elapsed().Seconds(), "requests/s")
	b.ReportMetric(at(0.5), "p50-ms")
	b.ReportMetric(at(0.99), "p99-ms")
}

func request(c *http.Client, method, url, body string) error {
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer user1")
	w, err := c.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = w.Body.Close() }()
	text, err := io.ReadAll(w.Body)
	if err == nil && w.StatusCode >= 300 {
		err = fmt.Errorf("%s %s: %d %s", method, url, w.StatusCode, text)
	}
	return err
}
