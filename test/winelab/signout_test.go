//go:build linux

package winelab

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"berth"
)

// TestSignOut: the worker in a session lets go of what is registered in it before it ends. Where it could not, the
// registration is taken back when the user comes again, or when the profile is gone.
func TestSignOut(t *testing.T) {
	b := newBench(t)
	s := b.newSigner()
	one, imageOne := s.image("1.0.0.0", "notes-1.vhdx")
	two, imageTwo := s.image("2.0.0.0", "notes-2.vhd")
	b.enroll()
	b.start()
	t.Cleanup(func() { b.stop() })
	p := b.add(imageOne, production)
	b.add(imageTwo)
	b.assign(p)
	b.await(one, berth.StatusReady)
	b.signIn(1, users[0])
	b.signIn(2, users[1])
	both := []string{"mounted", "staged/" + one, registered(users[0], one), registered(users[1], one)}
	b.awaitState(both...)

	// An orderly end: asked first, and somebody else says no; then it ends. Windows still lists the session.
	b.endSession(1, "cancel")
	b.awaitState(both...)
	b.endSession(1)
	b.awaitState("mounted", "staged/"+one, registered(users[1], one))
	until(t, "only bob has it", func() (bool, any) {
		st := b.status(one)
		return st.Name == berth.StatusInUse && !strings.Contains(st.Cause, "alice") && strings.Contains(st.Cause, "bob"), st
	})
	if in, out := b.calls(" registered "+one+" for alice"), b.calls(" deregistered "+one+" for alice"); in != 1 || out != 1 {
		t.Errorf("registered %d times for alice and deregistered %d times, want once", in, out)
	}
	b.signOut(1)

	// The worker is killed: another one comes. When that is killed too and the session ends, the registration stays, holds
	// nothing up, and goes when the user comes again and has another version.
	b.signIn(1, users[0])
	b.awaitState(both...)
	first := b.killWorker(1)
	until(t, "another worker comes", func() (bool, any) { now := b.workers(1); return len(now) > 0 && now[0] != first, now })
	b.killWorker(1)
	b.signOut(1)
	until(t, "alice is gone", func() (bool, any) { st := b.status(one); return !strings.Contains(st.Cause, "alice"), st })
	b.awaitState(both...)
	b.tag(two)
	b.await(two, berth.StatusReady)
	b.signIn(1, users[0])
	b.awaitState("mounted", "mounted", "staged/"+one, "staged/"+two, registered(users[0], two), registered(users[1], one))

	// A profile that is gone, as with profiles in containers that go with the session: Windows lets an administrator take
	// the package from such a user.
	b.killWorker(2)
	b.signOut(2)
	key := `HKLM\Software\Microsoft\Windows NT\CurrentVersion\ProfileList\` + users[1].sid
	if out, err := b.run(t.Context(), "reg", "delete", key, "/f"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Cleanup(func() { b.must(b.reg(key, "ProfileImagePath", "REG_SZ", `C:\users\`+users[1].name)) })
	b.awaitState("mounted", "staged/"+two, registered(users[0], two))

	// Windows takes its time: the agent looks meanwhile, and does not end the worker of a session that ends.
	b.must(os.WriteFile(b.fake("inject", "deregister.slow"), []byte("3000"), 0o644))
	b.endSession(1)
	b.awaitState("mounted", "staged/"+two)
	b.signOut(1)
	b.unassign(p)
	b.awaitState("")
	b.sound()
}

// endSession ends a session as Windows does: the programs in it are told. Windows lists it until signOut.
func (b *bench) endSession(number int, how ...string) {
	b.t.Helper()
	program := filepath.Join(b.prefix, "drive_c", "endsession.exe")
	if out, err := b.run(b.t.Context(), append([]string{program, fmt.Sprint(number)}, how...)...); err != nil {
		b.t.Fatalf("ending session %d: %v: %s", number, err, out)
	}
}

// workers lists the processes of the workers in a session.
func (b *bench) workers(number int) (pids []int) {
	for _, pid := range b.agents("session-worker") {
		line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if err == nil && bytes.Contains(line, fmt.Appendf(nil, "--session\x00%d\x00", number)) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// killWorker ends the worker of a session as a fault would.
func (b *bench) killWorker(number int) int {
	b.t.Helper()
	var list []int
	until(b.t, "the session has a worker", func() (bool, any) { list = b.workers(number); return len(list) == 1, list })
	b.must(syscall.Kill(list[0], syscall.SIGKILL))
	until(b.t, "the worker is dead", func() (bool, any) { now := b.workers(number); return len(now) == 0 || now[0] != list[0], now })
	return list[0]
}
