//go:build linux

package winelab

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"berth"
)

// point is a moment at which the agent, or the machine, is stopped: before or after the call that a step is about.
type point struct {
	call  string
	where string // before or after
	off   bool   // the machine, not the agent alone
	short bool   // made in every run; the others when everything is asked for
}

// points are all of them, in the order of a package's life.
func points() (list []point) {
	short := map[string]bool{"open before": true, "attach after": true, "stage after": true, "register after": true, "deregister before": true,
		"destage after": true, "detach before": true, "off stage after": true, "off destage after": true}
	for _, off := range []bool{false, true} {
		for _, call := range []string{"open", "attach", "stage", "register", "deregister", "destage", "detach"} {
			for _, where := range []string{"before", "after"} {
				name := call + " " + where
				if off {
					name = "off " + name
				}
				list = append(list, point{call, where, off, short[name]})
			}
		}
	}
	return list
}

// TestPoints stops the agent, and the machine, before and after every call that changes something. However it is found,
// the next start brings it to where it was to go, and then back to nothing.
func TestPoints(t *testing.T) {
	b := newBench(t)
	s := b.newSigner()
	one, image := s.image("1.0.0.0", "notes-1.vhdx")
	b.enroll()
	p := b.add(image, production)
	// What was died in between: the registry says that the certificate is Berth's, and it is not there yet.
	b.must(b.reg(`HKLM\Software\Berth\Agent\Certificates`, s.thumbprint, "REG_SZ", "TrustedPeople"))
	b.start()
	t.Cleanup(func() { b.stop() })
	made := 0
	for _, at := range points() {
		if !at.short && !everything() {
			continue
		}
		made++
		name := at.call + " " + at.where
		if at.off {
			name += ", power off"
		}
		t.Run(name, func(t *testing.T) {
			outer := b.t
			b.t = t
			defer func() { b.t = outer }()
			b.through(at, one, p)
			b.empty()
		})
		if t.Failed() {
			break
		}
	}
	t.Logf("%d of %d points", made, len(points()))
	until(t, "the certificate goes", func() (bool, any) { return !b.trusts(s.thumbprint), "it is there" })
}

// through leads a package through its life, and stops at the point.
func (b *bench) through(at point, one string, p berth.Package) {
	b.t.Helper()
	here := false
	steps := []struct {
		calls string
		do    func()
		goal  []string
	}{
		{"open attach stage", func() { b.reassign(p) }, []string{"mounted", "staged/" + one}},
		{"register", func() { b.signIn(1, users[0]); here = true }, []string{"mounted", "staged/" + one, registered(users[0], one)}},
		{"deregister", func() { b.leave(); here = false }, []string{"mounted", "staged/" + one}},
		{"destage detach", func() { b.unassign(p) }, nil},
	}
	for _, s := range steps {
		stopped := slices.Contains(strings.Fields(s.calls), at.call)
		if stopped {
			b.hold(at)
		}
		s.do()
		if stopped {
			b.halted(at)
			if at.off && here {
				b.signIn(1, users[0]) // the session went with the machine
			}
			if at.call == "deregister" {
				b.settle(one)
				continue
			}
		}
		b.awaitState(s.goal...)
	}
}

// leave ends the session in the background: its worker may be made to stand still.
func (b *bench) leave() {
	c := b.command(b.t.Context(), filepath.Join(b.prefix, "drive_c", "endsession.exe"), "1")
	until(b.t, "the session has a worker", func() (bool, any) { return len(b.workers(1)) == 1, b.workers(1) })
	b.must(c.Start())
	b.t.Cleanup(func() { _ = c.Wait() })
	until(b.t, "the session's worker is at it", func() (bool, any) {
		st := b.state()
		_, held := os.Stat(b.fake("held", "deregister"))
		return held == nil || !strings.Contains(st, "registered/"), st
	})
	if _, err := os.Stat(b.fake("held", "deregister")); err != nil {
		b.signOut(1)
	}
}

// settle waits until nobody is signed in any more, whether or not the registration was taken back before the end.
func (b *bench) settle(one string) {
	b.t.Helper()
	if _, err := os.Stat(b.fake("sessions", "1.txt")); err == nil {
		b.signOut(1)
	}
	until(b.t, "the package is ready, with or without what is left of the session", func() (bool, any) {
		got := strings.TrimSuffix(b.state(), " "+registered(users[0], one))
		got = strings.Replace(got, registered(users[0], one)+" ", "", 1)
		return strings.HasPrefix(got, "mounted") && strings.HasSuffix(got, "staged/"+one) && b.status(one).Name == berth.StatusReady, got
	})
}

// hold lets a call stand still.
func (b *bench) hold(at point) {
	b.t.Helper()
	_ = os.Remove(b.fake("held", at.call)) // of another time
	b.must(os.WriteFile(b.fake("inject", at.call+".hold"), []byte(at.where), 0o644))
}

// halted waits until the call stands still, ends the agent or the machine at that, and starts it again.
func (b *bench) halted(at point) {
	b.t.Helper()
	until(b.t, "the agent is "+at.where+" "+at.call, func() (bool, any) {
		_, err := os.Stat(b.fake("held", at.call))
		return err == nil, err
	})
	b.stop()
	b.must(os.Remove(b.fake("inject", at.call+".hold")))
	b.must(os.Remove(b.fake("held", at.call)))
	if at.off {
		b.powerOff()
	}
	b.start()
}

// empty fails the test when the agent left anything of a package in its state folder or in the registry.
func (b *bench) empty() {
	b.t.Helper()
	b.sound()
	for _, sub := range []string{"packages", "links", "users", "frameworks"} {
		until(b.t, "nothing is left in "+sub, func() (bool, any) {
			entries, err := os.ReadDir(filepath.Join(b.prefix, "drive_c", "berth-agent", sub))
			return err == nil && len(entries) == 0, entries
		})
	}
	out, err := b.run(b.t.Context(), "reg", "query", `HKLM\Software\Berth\Agent\Packages`)
	if err == nil && strings.Contains(out, "Packages\\") {
		b.t.Errorf("the registry still has %s", out)
	}
}
