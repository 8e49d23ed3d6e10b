package arm_test

import (
	"log/slog"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"berth/arm"
	"berth/auth"
)

// TestTooManyRequests holds that one principal is told when to come back, and others are not hindered.
func TestTooManyRequests(t *testing.T) {
	f := newFarm(t)
	f.handler = arm.New(f.Service, arm.Options{Log: slog.New(slog.DiscardHandler), Authenticate: authenticate, Now: f.clock.now, Random: &counter{},
		Limit: auth.NewLimiter(3, time.Minute, f.clock.now)})
	ask := func(who string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", "https://berth.test"+expand("{pool}?{v}"), nil)
		r.Header.Set("Authorization", "Bearer "+who)
		w := httptest.NewRecorder()
		f.handler.ServeHTTP(w, r)
		return w
	}
	for range 3 {
		if w := ask("user1"); w.Code != 200 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	w := ask("user1")
	after, err := strconv.Atoi(w.Header().Get("Retry-After"))
	if w.Code != 429 || codeOf(t, w) != "TooManyRequests" || err != nil || after < 1 || after > 60 {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	if w := ask("user2"); w.Code != 200 {
		t.Errorf("another principal: %d", w.Code)
	}
	f.clock.nextDay()
	if w := ask("user1"); w.Code != 200 {
		t.Errorf("later: %d", w.Code)
	}
}

// TestDocumentedErrors holds that every code which the documentation names is given in a golden exchange or in a test here.
func TestDocumentedErrors(t *testing.T) {
	doc, err := os.ReadFile("../docs/azure.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(doc), "\n## Errors\n")
	if !ok {
		t.Fatal("the documentation has no section on errors")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	shown := ""
	for _, pattern := range []string{"testdata", "."} {
		files, err := os.ReadDir(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if name := file.Name(); strings.HasSuffix(name, ".txt") || strings.HasSuffix(name, "_test.go") {
				b, err := os.ReadFile(pattern + "/" + name)
				if err != nil {
					t.Fatal(err)
				}
				shown += string(b)
			}
		}
	}
	codes := regexp.MustCompile("`([A-Z][A-Za-z]+|400)`").FindAllStringSubmatch(section, -1)
	if len(codes) < 20 {
		t.Errorf("only %d codes in the documentation", len(codes))
	}
	for _, c := range codes {
		if !strings.Contains(shown, `"`+c[1]+`"`) {
			t.Errorf("no test shows the code %s", c[1])
		}
	}
}
