//go:build linux

package linuxhost

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"berth"
)

// user starts a program that has a file of the package open, and returns what is closed when it has ended.
func (b *bench) user(h *Host, script string, uid uint32) <-chan struct{} {
	b.t.Helper()
	f, err := os.Open(filepath.Join(h.packagePath(appV1), "AppxManifest.xml"))
	b.ok(err)
	defer f.Close()
	c := exec.Command("sh", "-c", script)
	c.Stdin, c.Dir = f, "/"
	if uid != 0 {
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	}
	b.ok(c.Start())
	ended := make(chan struct{})
	go func() { _ = c.Wait(); close(ended) }() // how it ends is not the matter
	b.t.Cleanup(func() { _ = c.Process.Kill() })
	return ended
}

func TestForce(t *testing.T) {
	for _, mode := range []Attach{AttachFUSE, AttachExtract} {
		t.Run(string(mode), func(t *testing.T) {
			b := newBench(t)
			h := b.host(mode)
			b.trust(h)
			b.ok(h.Stage(t.Context(), b.plan(appV1)))
			s1, s2 := b.session("s1"), b.session("s2") // of one user: both see the entries
			b.ok(h.Register(t.Context(), s1, b.plan(appV1)))
			// One goes when it is asked; the other does not hear. What it replaced itself by has the file open as well.
			polite := b.user(h, "exec sleep 300", 0)
			stubborn := b.user(h, "trap '' TERM; while :; do sleep 1; done", 0)
			var stranger <-chan struct{}
			if os.Geteuid() == 0 {
				stranger = b.user(h, "exec sleep 300", 65534)
			}
			b.ok(h.Force(t.Context(), s1, appV1))
			for what, ended := range map[string]<-chan struct{}{"polite": polite, "stubborn": stubborn} {
				select {
				case <-ended:
				case <-time.After(10 * time.Second):
					t.Errorf("the %s program goes on", what)
				}
			}
			select {
			case <-stranger:
				t.Error("a program of another user was ended")
			default:
			}
			left, err := filepath.Glob(filepath.Join(b.home, ".local/share/applications/*.desktop"))
			if err != nil || len(left) > 0 {
				t.Errorf("entries left: %v, %v", left, err)
			}
			b.ok(h.Force(t.Context(), s2, appV1)) // nothing is left to do
			b.ok(h.Force(t.Context(), berth.Session{ID: "gone"}, appV1))
			if err := h.Force(t.Context(), s1, "../x"); err == nil {
				t.Error("a name that climbs is taken")
			}
		})
	}
}

func TestForceThenDestage(t *testing.T) {
	b := newBench(t)
	h := b.host(AttachFUSE)
	b.trust(h)
	b.ok(h.Stage(t.Context(), b.plan(appV1)))
	s := b.session("s1")
	b.ok(h.Register(t.Context(), s, b.plan(appV1)))
	ended := b.user(h, "exec sleep 300", 0)
	if err := h.Destage(t.Context(), appV1); berth.ErrorKind(err) != berth.Conflict {
		t.Fatalf("destaged under a session: %v", err)
	}
	b.ok(h.Force(t.Context(), s, appV1))
	<-ended
	b.ok(h.Destage(t.Context(), appV1))
	b.want(h, "")
}
