package arm_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the answers into testdata")

// Marks of a golden file: what stands before the first is a comment.
const (
	requestMark  = "=== request\n"
	responseMark = "=== response\n"
)

// TestGolden plays each file of testdata against a farm of its own. A request has its method and target, its headers, an
// empty line and its body; requests are signed in as user1 unless they say otherwise. {sub}, {group},
// {pools} and {pool} stand for the paths of the subscription, of resourceGroup1, of its host pools and of hostpool1, {v} for
// the newest api-version; {tenant} is the directory's UUID, which is another one in each.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { play(t, file) })
	}
}

func play(t *testing.T, file string) {
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.ReplaceAll(string(b), "\r\n", "\n")
	parts := strings.Split(want, requestMark)
	got := parts[0]
	f := newFarm(t)
	for _, exchange := range parts[1:] {
		request, _, _ := strings.Cut(exchange, responseMark)
		f.clock.nextDay()
		got += requestMark + request + responseMark + f.exchange(t, request) + "\n"
	}
	got = strings.TrimSuffix(got, "\n")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func (f *farm) exchange(t *testing.T, request string) string {
	t.Helper()
	head, body, _ := strings.Cut(request, "\n\n")
	head = expand(head)
	lines := bufio.NewScanner(strings.NewReader(head))
	lines.Scan()
	method, path, ok := strings.Cut(lines.Text(), " ")
	if !ok {
		t.Fatalf("no method and target in %q", request)
	}
	r := httptest.NewRequest(method, path, strings.NewReader(strings.TrimSpace(expand(body))))
	r.Host = "berth.test"
	r.Header.Set("Authorization", "Bearer user1")
	r.Header.Set("X-Forwarded-Proto", "https")
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ":")
		r.Header.Set(name, strings.TrimSpace(value))
		if strings.TrimSpace(value) == "" {
			r.Header.Del(name)
		}
	}
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, r)
	return strings.ReplaceAll(show(t, w.Result(), w.Body.Bytes()), f.access.Tenant(), "{tenant}")
}

func expand(text string) string {
	return strings.NewReplacer(
		"{pool}", "/subscriptions/"+subscription+"/resourceGroups/resourceGroup1/providers/Microsoft.DesktopVirtualization/hostPools/hostpool1",
		"{pools}", "/subscriptions/"+subscription+"/resourceGroups/resourceGroup1/providers/Microsoft.DesktopVirtualization/hostPools",
		"{group}", "/subscriptions/"+subscription+"/resourceGroups/resourceGroup1",
		"{sub}", "/subscriptions/"+subscription,
		"{v}", "api-version=2025-10-10",
	).Replace(text)
}

// show writes an answer down: status, headers in order, and the body indented but otherwise as it came.
func show(t *testing.T, r *http.Response, body []byte) string {
	t.Helper()
	var b bytes.Buffer
	fmt.Fprintln(&b, r.StatusCode)
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		if name != "Cache-Control" && name != "X-Content-Type-Options" {
			fmt.Fprintf(&b, "%s: %s\n", name, r.Header.Get(name))
		}
	}
	if len(body) > 0 {
		b.WriteString("\n")
		if err := json.Indent(&b, body, "", "  "); err != nil {
			t.Errorf("the body is not JSON: %v: %s", err, body)
		}
		b.WriteString("\n")
	}
	return b.String()
}
