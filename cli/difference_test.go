package cli

import (
	"encoding/json"
	"net/http"
	"testing"

	"berth"
)

func TestDifference(t *testing.T) {
	tests := map[string]struct{ action, before, after, want string }{
		"create":           {"create", "", `{"displayName":"Notes","version":"1.0.0.0"}`, "Notes 1.0.0.0"},
		"delete":           {"delete", `{"displayName":"Notes","version":"1.0.0.0"}`, "", "Notes 1.0.0.0"},
		"create a pool":    {"create", "", `{"name":"p"}`, "named"},
		"switch":           {"update", `{"enabled":true,"same":1}`, `{"enabled":false,"same":1}`, "enabled: true -> false"},
		"field comes":      {"update", `{}`, `{"pool":"a"}`, "pool: - -> a"},
		"field goes":       {"update", `{"pool":"a"}`, `{}`, "pool: a -> -"},
		"list comes":       {"update", `{}`, `{"tags":["x","y"]}`, "tags: +x +y"},
		"list goes":        {"update", `{"tags":["x","y"]}`, `{"tags":["y"]}`, "tags: -x"},
		"renamed tag":      {"update", `{"tags":[{"id":"custom","name":"A"}]}`, `{"tags":[{"id":"custom","name":"B"}]}`, "tags: +B -A"},
		"exact assignment": {"update", `{"assignments":[]}`, `{"assignments":[{"family":"f","version":"v","registration":"atLogon"}]}`, "assignments: +f (v, atLogon)"},
		"by tag":           {"update", `{"assignments":[{"family":"f","tag":"custom","registration":"onDemand"}]}`, `{"assignments":[]}`, "assignments: -f (tag custom, onDemand)"},
		"something deep":   {"update", `{"a":{"b":1}}`, `{"a":{"b":2}}`, "a: (changed) -> (changed)"},
		"no JSON":          {"update", `[`, `]`, ""},
	}
	for name, tt := range tests {
		c := berth.Change{Name: "named", Action: tt.action, Before: json.RawMessage(tt.before), After: json.RawMessage(tt.after)}
		if got := difference(c); got != tt.want {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
}

func TestKindOfStatus(t *testing.T) {
	for status, want := range map[int]berth.Kind{http.StatusNotFound: berth.NotFound, http.StatusConflict: berth.Conflict,
		http.StatusForbidden: berth.Forbidden, http.StatusUnauthorized: berth.Unauthenticated, http.StatusPreconditionFailed: berth.Precondition,
		http.StatusServiceUnavailable: berth.Unavailable, http.StatusBadGateway: berth.Unavailable, http.StatusInternalServerError: berth.Internal,
		http.StatusBadRequest: berth.Invalid, http.StatusUnprocessableEntity: berth.Invalid} {
		if got := kindOf(status); got != want {
			t.Errorf("%d is %s, want %s", status, got, want)
		}
	}
}
