//go:build linux

package agent_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"berth"
	"berth/agent"
	"berth/agent/linuxhost"
)

// shiftedClock is the machine's clock, wrong by what the file says: somebody may set it while the agent runs.
func shiftedClock(file string) func() time.Time {
	return func() time.Time {
		text, _ := os.ReadFile(file) // no file: the clock is right
		shift, _ := time.ParseDuration(string(text))
		return time.Now().Add(shift)
	}
}

// TestClock lets an agent with real mounts run while its clock is years off. It says so, and what to do; it keeps what it
// has; and when the clock is set it goes on at once, also with what failed meanwhile, without a new start.
func TestClock(t *testing.T) {
	const coffee = "CentennialCoffee_1.1.0.0_neutral__8wekyb3d8bbwe"
	k, cert := sample(t, "coffee-gpt-dyn.vhdx", "apps/"+coffee)
	p := newPlane(t)
	dir, home, clock := enrolled(t, p), t.TempDir(), filepath.Join(t.TempDir(), "clock")
	t.Setenv("BERTH_TEST_CLOCK", clock)
	if err := linuxhost.OpenSession(dir, linuxhost.Session{ID: "s1", User: "anna", Home: home}); err != nil {
		t.Fatal(err)
	}
	missing := k
	missing.FullName, missing.FamilyName = "Gone_1.0.0.0_neutral__8wekyb3d8bbwe", "Gone_8wekyb3d8bbwe"
	missing.ImagePath = filepath.Join(t.TempDir(), "gone.vhdx")
	p.apply(berth.Plan{Packages: []berth.PlannedPackage{k, missing}, Certificates: []berth.Certificate{cert}})
	a := startProcess(t, dir)
	p.untilShape(t, coffee+" staged s1, "+missing.FullName+" failed attach ENOENT")

	for _, c := range []struct {
		shift time.Duration
		why   string // what is said of the connection
		host  string // what is said of the host's own certificate
	}{
		{-24000 * time.Hour, "not yet valid", "set the clock"},
		{48000 * time.Hour, "certificate has expired", "check the clock of the host, and if it is right, enrol the host again"},
	} {
		a.end(syscall.SIGTERM)
		if err := os.WriteFile(clock, []byte(c.shift.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		a = startProcess(t, dir)
		until(t, "the wrong clock is told, with the remedy", func() (bool, any) {
			s, err := agent.ReadStatus(dir)
			f := s.Facts.Package(missing.FullName)
			return err == nil && strings.Contains(s.LastError, c.why) && strings.Contains(s.LastError, "set the clock of this host") &&
				strings.Contains(strings.Join(s.Facts.Problems, "\n"), c.host) &&
				f != nil && f.Failure != nil && time.Until(f.Failure.NextRetry).Abs() > c.shift.Abs()/2, s
		})
		until(t, "the package can be read by the last plan", func() (bool, any) {
			b, err := os.ReadFile(filepath.Join(dir, "packages", coffee, "ccoffee.exe"))
			return err == nil && strings.HasPrefix(string(b), "MZ"), err
		})
		heard := len(p.requests())
		if err := os.Remove(clock); err != nil {
			t.Fatal(err)
		}
		until(t, "the host is back", func() (bool, any) {
			s, err := agent.ReadStatus(dir)
			return err == nil && s.LastError == "" && len(p.requests()) > heard && len(s.Facts.Problems) == 0, s
		})
		before := p.seen().Package(missing.FullName).Failure
		until(t, "what failed under the wrong clock is tried again", func() (bool, any) {
			f := p.seen().Package(missing.FullName)
			return f != nil && f.Failure != nil && f.Failure.Attempts > before.Attempts && time.Until(f.Failure.NextRetry).Abs() < time.Hour &&
				!f.Since.After(time.Now()), f
		})
	}
	p.apply(berth.Plan{})
	if err := linuxhost.CloseSession(dir, "s1"); err != nil {
		t.Fatal(err)
	}
	p.untilShape(t, "")
}
