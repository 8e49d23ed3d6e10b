package berth_test

import (
	"cmp"
	"encoding/json"
	"testing"

	"berth"
)

func TestFits(t *testing.T) {
	tests := map[string]struct {
		pkg      string
		minBuild int
		host     string
		build    int
		want     bool
	}{
		"same":                       {"x64", 0, "x64", 19045, true},
		"neutral":                    {"neutral", 0, "arm64", 22631, true},
		"x86 on x64":                 {"x86", 0, "x64", 0, true},
		"x64 on x86":                 {"x64", 0, "x86", 0, false},
		"arm64 runs x64":             {"x64", 0, "arm64", 0, true},
		"x64 does not run arm64":     {"arm64", 0, "x64", 0, false},
		"x86a64 on arm64":            {"x86a64", 0, "arm64", 0, true},
		"arm on arm64":               {"arm", 0, "arm64", 0, true},
		"other case":                 {"X64", 0, "x64", 0, true},
		"other case of the host":     {"x64", 0, "X64", 0, true},
		"host not known":             {"arm64", 0, "", 0, true},
		"package not known":          {"", 0, "x64", 0, true},
		"host that nobody knows":     {"x64", 0, "riscv64", 0, false},
		"build just enough":          {"x64", 19041, "x64", 19041, true},
		"build too low":              {"x64", 19041, "x64", 17763, false},
		"build not known":            {"x64", 19041, "x64", 0, true},
		"build too low, host arch ?": {"x64", 19041, "", 17763, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := berth.Package{Architecture: tt.pkg, MinBuild: tt.minBuild}
			if got := p.Fits(tt.host, tt.build); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestParseVersion(t *testing.T) {
	tests := map[string]struct {
		want berth.Version
		ok   bool
	}{
		"1.2.3.4":         {berth.Version{1, 2, 3, 4}, true},
		"0.0.0.0":         {berth.Version{}, true},
		"65535.0.0.65535": {berth.Version{65535, 0, 0, 65535}, true},
		"65536.0.0.0":     {berth.Version{}, false},
		"1.2.3":           {berth.Version{}, false},
		"1.2.3.4.5":       {berth.Version{}, false},
		"1.2..4":          {berth.Version{}, false},
		"1.2.3.-4":        {berth.Version{}, false},
		"1.2.3.+4":        {berth.Version{}, false},
		"1.2.3.0x4":       {berth.Version{}, false},
		"":                {berth.Version{}, false},
	}
	for text, tt := range tests {
		got, err := berth.ParseVersion(text)
		if (err == nil) != tt.ok || got != tt.want {
			t.Errorf("%q: got %v, %v", text, got, err)
		}
		if err != nil && berth.ErrorKind(err) != berth.Invalid {
			t.Errorf("%q: kind %s", text, berth.ErrorKind(err))
		}
	}
}

// TestVersionOrder holds Compare, for every pair of some hundred versions, against the order of the numbers that the four
// parts make together.
func TestVersionOrder(t *testing.T) {
	var versions []berth.Version
	parts := []uint16{0, 1, 256, 65535}
	for i := range 256 {
		versions = append(versions, berth.Version{parts[i&3], parts[i>>2&3], parts[i>>4&3], parts[i>>6]})
	}
	number := func(v berth.Version) (n uint64) {
		for _, p := range v {
			n = n<<16 | uint64(p)
		}
		return n
	}
	for _, v := range versions {
		for _, w := range versions {
			if got, want := v.Compare(w), cmp.Compare(number(v), number(w)); got != want {
				t.Fatalf("%s to %s: %d, want %d", v, w, got, want)
			}
		}
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var back berth.Version
		if err := json.Unmarshal(b, &back); err != nil || back != v {
			t.Fatalf("%s became %s: %v", v, back, err)
		}
	}
}

func TestTags(t *testing.T) {
	tags := berth.DefaultSettings().Tags
	tags[0].Name = "Live"
	tests := map[string]struct {
		want berth.TagID
		ok   bool
	}{
		"Live":             {berth.TagProduction, true},
		" LIVE ":           {berth.TagProduction, true},
		"production":       {berth.TagProduction, true}, // the id leads there for good
		"PREPRODUCTION":    {berth.TagPreProduction, true},
		"Pre-production":   {berth.TagPreProduction, true},
		"custom":           {berth.TagCustom, true},
		"":                 {"", false},
		"Experimental":     {"", false},
		"Live,Custom":      {"", false},
		"Pre - production": {"", false},
	}
	for name, tt := range tests {
		got, err := tags.Find(name)
		if got.ID != tt.want || (err == nil) != tt.ok {
			t.Errorf("%q: got %q, %v", name, got.ID, err)
		}
		if err != nil && !berth.IsNotFound(err) {
			t.Errorf("%q: kind %s", name, berth.ErrorKind(err))
		}
	}
	if tags.Name(berth.TagProduction) != "Live" || tags.Name("ancient") != "ancient" {
		t.Error("names of tags")
	}
}
