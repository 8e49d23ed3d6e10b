package berth_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"berth"
)

// someHost is any host with few enough values that two of them often are of one group.
func someHost(t *rapid.T, name string) (berth.Host, berth.Placement) {
	pick := func(label string, of ...string) string { return rapid.SampledFrom(of).Draw(t, name+" "+label) }
	flip := func(label string) bool { return rapid.Bool().Draw(t, name+" "+label) }
	h := berth.Host{Name: name, Kind: berth.HostKind(pick("kind", "rdsh", "rdsh", "vdi"))}
	h.Facts = berth.Facts{Architecture: pick("architecture", "x64", "X64"), Build: 20348, OS: pick("os", "Windows Server 2022", "Windows Server 2022", "Windows 11"),
		AgentVersion: pick("agent", "1.0", "1.0", "0.9"), Generation: rapid.Int64Range(1, 2).Draw(t, name+" generation"), At: time.Unix(rapid.Int64Range(1, 9).Draw(t, name+" at"), 0)}
	for _, p := range []string{"A", "B"} {
		if flip("has " + p) {
			continue
		}
		f := berth.PackageFacts{FullName: p, FamilyName: "F" + p, Staged: flip("staged"), Attached: flip("attached"), FromCopy: flip("copy"),
			Since: time.Unix(rapid.Int64Range(1, 9).Draw(t, name+" since"), 0)}
		for range rapid.IntRange(0, 2).Draw(t, name+" sessions") {
			f.Sessions = append(f.Sessions, berth.Registered{User: pick("user", "ada", "bob")})
		}
		if flip("failed") {
			f.Failure = &berth.Failure{Phase: berth.Phase(pick("phase", "trust", "attach", "verify")), Code: pick("code", "ENOENT", "0x80070005", ""), Message: pick("message", "x", "y")}
		}
		h.Facts.Packages = append(h.Facts.Packages, f)
	}
	if flip("copies") {
		h.Facts.Cache = &berth.CacheFacts{Images: []berth.CachedImage{{Wanted: flip("wanted"), LeftOut: pick("left out", "", "", "x", "y"), Error: pick("error", "", "", "x", "y")}}}
	}
	return h, berth.Placement{Pool: pick("pool", "", "", "a"), Own: rapid.IntRange(0, 5).Draw(t, name+" own") == 0, Generation: rapid.Int64Range(1, 2).Draw(t, name+" applied")}
}

// TestGroups: whatever rows there are, hosts of one group have the same statuses and notices.
func TestGroups(t *testing.T) {
	alike := 0
	rapid.Check(t, func(t *rapid.T) {
		a, pa := someHost(t, "a")
		b, pb := a, pa
		if rapid.Bool().Draw(t, "another") {
			b, pb = someHost(t, "b")
		} else { // the same but for what must not matter
			b.Name, b.ID, b.LastSeen = "b", "b", time.Unix(5, 0)
			b.Facts.Packages = append([]berth.PackageFacts{}, a.Facts.Packages...)
			for i := range b.Facts.Packages {
				b.Facts.Packages[i].Since = time.Unix(77, 0)
			}
		}
		if berth.GroupOf(a, pa) != berth.GroupOf(b, pb) {
			return
		}
		alike++
		if pa.Alone() {
			t.Fatalf("a host that is alone shares its group: %+v", pa)
		}
		if got, want := fmt.Sprint(statuses(b, pb)), fmt.Sprint(statuses(a, pa)); got != want {
			t.Fatalf("of one group, and\n%s\n%s", got, want)
		}
		if got, want := codes(b), codes(a); got != want {
			t.Fatalf("of one group, with the notices %s and %s", got, want)
		}
	})
	if alike == 0 {
		t.Error("no two hosts were of one group: the test shows nothing")
	}
}

// statuses are the names for every row that there could be.
func statuses(h berth.Host, p berth.Placement) (names []berth.StatusName) {
	for _, fullName := range []string{"", "A", "B"} {
		for generation := range int64(4) {
			row := &berth.Row{FullName: fullName, Generation: max(generation, p.Generation)}
			for _, r := range []*berth.Row{row, nil} {
				for _, drafted := range []string{"", "a draft"} {
					names = append(names, berth.StatusOf(berth.StatusInput{Host: h, Row: r, Drafted: drafted, Facts: h.Facts.Package(fullName)}).Name)
				}
			}
		}
	}
	return names
}

func codes(h berth.Host) string {
	var codes []string
	for _, n := range berth.HostNotices(h, "1.0", time.Unix(1000, 0)) {
		if n.Code != berth.NoticeSilent {
			codes = append(codes, n.Code)
		}
	}
	return fmt.Sprint(codes)
}
