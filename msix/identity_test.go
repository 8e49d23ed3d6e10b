package msix

import (
	"errors"
	"strings"
	"testing"
)

func TestPublisherIDVectors(t *testing.T) {
	lines := strings.Split(string(readSample(t, "vectors/publisher-id.tsv")), "\n")
	checked := 0
	for _, line := range lines {
		id, publisher, found := strings.Cut(strings.TrimRight(line, "\r"), "\t")
		if !found || strings.HasPrefix(line, "#") {
			continue
		}
		checked++
		if got := PublisherID(publisher); got != id {
			t.Errorf("PublisherID(%q) = %s, want %s", publisher, got, id)
		}
	}
	if checked < 20 {
		t.Errorf("%d vectors, want 20 or more", checked)
	}
}

func TestParseFullName(t *testing.T) {
	for name, want := range map[string]FullName{
		"Microsoft.ZuneVideo_2019.6.25071.0_neutral_~_8wekyb3d8bbwe": {"Microsoft.ZuneVideo", Version{2019, 6, 25071, 0}, "neutral", "~", "8wekyb3d8bbwe"},
		"CentennialCoffee_1.1.0.0_neutral__8wekyb3d8bbwe":            {"CentennialCoffee", Version{1, 1, 0, 0}, "neutral", "", "8wekyb3d8bbwe"},
	} {
		got, err := ParseFullName(name)
		if err != nil || got != want || got.String() != name {
			t.Errorf("ParseFullName(%q) = %+v, %v", name, got, err)
		}
	}
	for _, bad := range []string{
		"", "a_b", "App_1.0.0_x64__8wekyb3d8bbwe", "App_1.0.0.0_mips__8wekyb3d8bbwe", "App_1.0.0.0_x64__8wekyb3d8bbw",
		"App_1.0.0.0_x64__8wekyb3d8bbwi", "A/b_1.0.0.0_x64__8wekyb3d8bbwe", "App_1.0.0.65536_x64__8wekyb3d8bbwe",
	} {
		if _, err := ParseFullName(bad); !errors.Is(err, ErrCorrupt) {
			t.Errorf("ParseFullName(%q) = %v, want ErrCorrupt", bad, err)
		}
	}
}

func TestVersionOrder(t *testing.T) {
	order := []string{"0.0.0.0", "0.0.0.1", "0.0.1.0", "1.9.0.0", "1.10.0.0", "65535.65535.65535.65535"}
	for i := range order {
		for j := range order {
			a, errA := ParseVersion(order[i])
			b, errB := ParseVersion(order[j])
			if errA != nil || errB != nil || (a.Compare(b) < 0) != (i < j) || (a.Compare(b) == 0) != (i == j) || a.String() != order[i] {
				t.Errorf("%s against %s: %d (%v, %v)", a, b, a.Compare(b), errA, errB)
			}
		}
	}
	for _, bad := range []string{"1", "1.2.3", "1.2.3.4.5", "1.2.3.", "1.2.3.+4", "1.2.3.-4", "1.2.3.x", "1.2.3.65536"} {
		if _, err := ParseVersion(bad); err == nil {
			t.Errorf("ParseVersion(%q) passed", bad)
		}
	}
}

func TestIdentityNames(t *testing.T) {
	id := Identity{Name: "Contoso.Tool", Publisher: "CN=Microsoft Corporation, O=Microsoft Corporation, L=Redmond, S=Washington, C=US", Version: Version{1, 2, 3, 4}}
	if got := id.FullName(); got != "Contoso.Tool_1.2.3.4_neutral__8wekyb3d8bbwe" {
		t.Error(got)
	}
	if got := id.AppUserModelID("App"); got != "Contoso.Tool_8wekyb3d8bbwe!App" {
		t.Error(got)
	}
}
