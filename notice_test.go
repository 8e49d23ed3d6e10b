package berth_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"berth"
)

func TestHostNotices(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		facts  berth.Facts
		server string
		seen   time.Time
		want   []string // codes
		words  string   // in the first message
	}{
		"nothing remarkable":     {facts: berth.Facts{OS: "Windows 11 Enterprise", Build: 22631, AgentVersion: "1.2.0"}, server: "1.2.0"},
		"no Windows":             {facts: berth.Facts{OS: "Debian 13"}},
		"Windows 10 2004":        {facts: berth.Facts{OS: "Windows 10 Pro", Build: 19041}},
		"Windows 10 1909":        {facts: berth.Facts{OS: "Windows 10 Pro", Build: 18363}, want: []string{"oldWindows"}, words: "18363 is below 19041"},
		"Server 2022":            {facts: berth.Facts{OS: "Windows Server 2022", Build: 20348}},
		"Server 2025":            {facts: berth.Facts{OS: "Windows Server 2025", Build: 26100}},
		"Server 2019":            {facts: berth.Facts{OS: "Windows Server 2019", Build: 17763}, want: []string{"oldWindows"}, words: "below 20348 (Windows Server 2022)"},
		"Server between":         {facts: berth.Facts{OS: "windows SERVER", Build: 19042}, want: []string{"oldWindows"}},
		"older agent":            {facts: berth.Facts{AgentVersion: "v1.9.3"}, server: "v1.10", want: []string{"oldAgent"}, words: "v1.9.3, the server v1.10"},
		"newer agent":            {facts: berth.Facts{AgentVersion: "2.0"}, server: "1.10"},
		"same release":           {facts: berth.Facts{AgentVersion: "1.2"}, server: "1.2.0-rc1+abc"},
		"agent without version":  {facts: berth.Facts{AgentVersion: "dev"}, server: "1.0"},
		"server without version": {facts: berth.Facts{AgentVersion: "1.0"}, server: "dev"},
		"just heard of":          {seen: now.Add(-berth.Silence)},
		"not heard of":           {seen: now.Add(-berth.Silence - time.Second), want: []string{"silent"}, words: "2026-11-21T11:54:59Z"},
		"full disk":              {facts: berth.Facts{Disk: &berth.Disk{Path: "/var", Free: 3 << 20}}, want: []string{"lowDisk"}, words: "3 MiB are free at /var"},
		"enough disk":            {facts: berth.Facts{Disk: &berth.Disk{Path: "/var", Free: 1 << 30}}},
		"a copy that does not fit": {facts: berth.Facts{Cache: &berth.CacheFacts{Images: []berth.CachedImage{
			{Path: "a.vhdx", Wanted: true, Complete: true}, {Path: "b.vhdx", Wanted: true, LeftOut: "it does not fit"}}}},
			want: []string{"notCopied"}, words: "1 image has no room among the host's copies: b.vhdx: it does not fit"},
		"copies that fail": {facts: berth.Facts{Cache: &berth.CacheFacts{Images: []berth.CachedImage{
			{Path: "a.vhdx", Wanted: true, Error: "cut off"}, {Path: "b.vhdx", Wanted: true, Error: "cut off"}, {Path: "old.vhdx", Error: "cut off"}}}},
			want: []string{"copyFailed"}, words: "2 images"},
		"everything, in an order": {facts: berth.Facts{Build: 1, AgentVersion: "1", Disk: &berth.Disk{}}, server: "2", seen: now.Add(-time.Hour), want: []string{"oldWindows", "oldAgent", "silent", "lowDisk"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if tt.seen.IsZero() {
				tt.seen = now
			}
			got := berth.HostNotices(berth.Host{LastSeen: tt.seen, Facts: tt.facts}, tt.server, now)
			var codes []string
			for _, n := range got {
				codes = append(codes, n.Code)
				if n.Message == "" || n.Remedy == "" {
					t.Errorf("%s says nothing, or not what to do: %+v", n.Code, n)
				}
			}
			if !slices.Equal(codes, tt.want) {
				t.Fatalf("got %v, want %v", codes, tt.want)
			}
			if len(got) > 0 && !strings.Contains(got[0].Message, tt.words) {
				t.Errorf("%q does not say %q", got[0].Message, tt.words)
			}
		})
	}
	if n := berth.HostNotices(berth.Host{}, "", now); len(n) != 1 || !strings.Contains(n[0].Message, "never") {
		t.Errorf("a host that was never heard of: %+v", n)
	}
}
