//go:build linux

package linuxhost

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"berth"
)

func TestSessionRecords(t *testing.T) {
	home := t.TempDir()
	good := Session{ID: "c1", User: "anna", Home: home}
	tests := map[string]struct {
		change func(*Session)
		want   berth.Kind
	}{
		"climbs out":    {func(s *Session) { s.ID = "../x" }, berth.Invalid},
		"no id":         {func(s *Session) { s.ID = "" }, berth.Invalid},
		"long id":       {func(s *Session) { s.ID = strings.Repeat("x", 65) }, berth.Invalid},
		"no user":       {func(s *Session) { s.User = "" }, berth.Invalid},
		"two lines":     {func(s *Session) { s.User = "a\nb" }, berth.Invalid},
		"relative home": {func(s *Session) { s.Home = "home" }, berth.Invalid},
		"home is root":  {func(s *Session) { s.Home = "/x/.." }, berth.Invalid},
		"bad process":   {func(s *Session) { s.PID = -1 }, berth.Invalid},
		"no process":    {func(s *Session) { s.PID = 1 << 30 }, berth.NotFound},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := good
			tt.change(&s)
			err := OpenSession(dir, s)
			if err == nil || berth.ErrorKind(err) != tt.want {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if list, err := ListSessions(dir); err != nil || len(list) > 0 {
				t.Errorf("recorded all the same: %v, %v", list, err)
			}
		})
	}
	dir := t.TempDir()
	if err := OpenSession(dir, good); err != nil {
		t.Fatal(err)
	}
	if err := OpenSession(dir, good); berth.ErrorKind(err) != berth.Conflict {
		t.Errorf("opened twice: %v", err)
	}
	for range 2 {
		if err := CloseSession(dir, "c1"); err != nil {
			t.Error(err)
		}
	}
	for _, id := range []string{"c2", "../c1"} {
		if err := CloseSession(dir, id); err == nil {
			t.Errorf("closed %q", id)
		}
	}
	list, err := ListSessions(dir)
	if err != nil || len(list) != 1 || list[0].Ended.IsZero() {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestSessionEndsWithItsProcess(t *testing.T) {
	b := newBench(t)
	h := b.host(AttachExtract)
	b.trust(h)
	b.ok(h.Stage(t.Context(), b.plan(appV1)))
	shell := exec.Command("sleep", "100")
	b.ok(shell.Start())
	b.ok(OpenSession(b.dir, Session{ID: "s1", User: "anna", Home: b.home, PID: shell.Process.Pid}))
	s := berth.Session{ID: "s1", User: "anna"}
	b.ok(h.Register(t.Context(), s, b.plan(appV1)))
	seen, err := h.Observe(t.Context())
	if err != nil || len(seen.Sessions) != 1 || seen.Sessions[0].User != "anna" {
		t.Fatalf("%v, %v", seen.Sessions, err)
	}
	b.ok(shell.Process.Kill())
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(5 * time.Millisecond) { // a zombie counts as gone
		seen, err := h.Observe(t.Context())
		b.ok(err)
		if len(seen.Sessions) == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the session outlives its process")
		}
	}
	_ = shell.Wait()
	b.want(h, "App_1.0.0.0 staged s1") // known, but no longer among the sessions
	b.ok(h.Deregister(t.Context(), s, appV1))
	b.want(h, "App_1.0.0.0 staged")
	if left, _ := os.ReadDir(filepath.Join(b.dir, "sessions")); len(left) != 1 {
		t.Errorf("records left: %v, want the lock alone", left)
	}
}

// TestReusedPID has another process bear the pid of a session's.
func TestReusedPID(t *testing.T) {
	boot, err := bootID()
	if err != nil {
		t.Fatal(err)
	}
	start, err := startOf(os.Getpid())
	if err != nil || start == 0 {
		t.Fatal(start, err)
	}
	own := Session{PID: os.Getpid(), Start: start, Boot: boot}
	later := own
	later.Start++
	rebooted := own
	rebooted.Boot = "another"
	for name, tt := range map[string]struct {
		s    Session
		want bool
	}{"same": {own, true}, "reused": {later, false}, "rebooted": {rebooted, false}, "no process": {Session{Boot: boot}, true}} {
		if got := tt.s.runs(boot); got != tt.want {
			t.Errorf("%s: runs is %v", name, got)
		}
	}
}

func TestTwoVersionsInOneHome(t *testing.T) {
	b := newBench(t)
	h := b.host(AttachExtract)
	b.trust(h)
	b.ok(h.Stage(t.Context(), b.plan(appV1)))
	b.ok(h.Stage(t.Context(), b.plan(appV2)))
	s1 := b.session("s1")
	b.ok(h.Register(t.Context(), s1, b.plan(appV1)))
	b.want(h, "App_1.0.0.0 staged s1, App_2.0.0.0 staged")
	s2 := b.session("s2") // of the same user: sees the same entries
	b.want(h, "App_1.0.0.0 staged s1 s2, App_2.0.0.0 staged")
	if err := h.Register(t.Context(), s2, b.plan(appV2)); berth.ErrorKind(err) != berth.Conflict {
		t.Errorf("entries in use were replaced: %v", err)
	}
	if err := h.Destage(t.Context(), appV1); berth.ErrorKind(err) != berth.Conflict {
		t.Errorf("destaged while registered: %v", err)
	}
	b.ok(CloseSession(b.dir, "s1"))
	b.want(h, "App_1.0.0.0 staged s2, App_2.0.0.0 staged")
	b.ok(h.Deregister(t.Context(), s1, appV1)) // late: s2 goes on using it
	b.want(h, "App_1.0.0.0 staged s2, App_2.0.0.0 staged")
	b.ok(CloseSession(b.dir, "s2"))
	b.session("s3") // began after the others had ended
	seen, err := h.Observe(t.Context())
	b.ok(err)
	if r := seen.Packages[0].Registered; len(r) != 1 || r[0].Session.ID == "s3" {
		t.Fatalf("the new session got what was left: %+v", r)
	}
	b.ok(h.Deregister(t.Context(), seen.Packages[0].Registered[0].Session, appV1))
	b.ok(h.Register(t.Context(), berth.Session{ID: "s3"}, b.plan(appV2)))
	b.want(h, "App_1.0.0.0 staged, App_2.0.0.0 staged s3")
	b.ok(h.Destage(t.Context(), appV1))
}

// TestReusedSessionID begins a session under the id of one that ended and was not cleaned up yet, as after a restart.
func TestReusedSessionID(t *testing.T) {
	b := newBench(t)
	h := b.host(AttachExtract)
	b.trust(h)
	b.ok(h.Stage(t.Context(), b.plan(appV1)))
	s := b.session("2")
	b.ok(h.Register(t.Context(), s, b.plan(appV1)))
	b.ok(CloseSession(b.dir, "2"))
	time.Sleep(2 * coarse)
	b.session("2")
	seen, err := h.Observe(t.Context())
	b.ok(err)
	r := seen.Packages[0].Registered
	if len(r) != 1 || r[0].Session.ID == "2" || !strings.HasPrefix(r[0].Session.ID, "2.") {
		t.Fatalf("registered in %+v, want the former session alone", r)
	}
	b.ok(h.Deregister(t.Context(), r[0].Session, appV1))
	b.want(h, "App_1.0.0.0 staged")
	if list, err := ListSessions(b.dir); err != nil || len(list) != 1 || list[0].ID != "2" {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestIncompleteEntries(t *testing.T) {
	b := newBench(t)
	h := b.host(AttachExtract)
	b.trust(h)
	p := b.plan(appV1)
	p.Applications = append(p.Applications, berth.Application{ID: "Tool", DisplayName: "Tool", Executable: "tool.exe"})
	b.ok(h.Stage(t.Context(), p))
	s := b.session("s1")
	b.ok(h.Register(t.Context(), s, p))
	b.want(h, "App_1.0.0.0 staged s1")
	b.ok(os.Remove(filepath.Join(b.home, applications, entryName(p.FamilyName, "Tool"))))
	b.want(h, "App_1.0.0.0 staged s1?")
	b.ok(h.Register(t.Context(), s, p))
	b.want(h, "App_1.0.0.0 staged s1")
}

// TestHostileHome has the user prepare the home against the agent, which may be root.
func TestHostileHome(t *testing.T) {
	b := newBench(t)
	h := b.host(AttachExtract)
	b.trust(h)
	b.ok(h.Stage(t.Context(), b.plan(appV1)))
	s := b.session("s1")
	outside := t.TempDir()
	b.ok(os.MkdirAll(filepath.Join(b.home, ".local"), 0o755))
	b.ok(os.Symlink(outside, filepath.Join(b.home, ".local", "share")))
	if err := h.Register(t.Context(), s, b.plan(appV1)); err == nil {
		t.Error("entries were written through a link out of the home")
	}
	if left, _ := os.ReadDir(outside); len(left) > 0 {
		t.Errorf("written outside: %v", left)
	}
	b.ok(os.Remove(filepath.Join(b.home, ".local", "share")))
	apps := filepath.Join(b.home, applications)
	b.ok(os.MkdirAll(apps, 0o755))
	if out, err := exec.Command("mkfifo", filepath.Join(apps, "berth-pipe.desktop")).CombinedOutput(); err != nil {
		t.Skipf("skipped: mkfifo: %v %s", err, out)
	}
	b.ok(os.WriteFile(filepath.Join(apps, "berth-big.desktop"), make([]byte, mostEntryBytes+1), 0o600))
	b.ok(os.Mkdir(filepath.Join(apps, "berth-dir.desktop"), 0o755))
	b.ok(os.WriteFile(filepath.Join(apps, "berth-forged.desktop"), []byte("[Desktop Entry]\nX-Berth-Package=../../etc\nX-Berth-Session=s1\n"), 0o600))
	secret := filepath.Join(outside, "secret")
	b.ok(os.WriteFile(secret, []byte("keep"), 0o600))
	name := filepath.Join(apps, entryName(familyOf(appV1), "App"))
	b.ok(os.Symlink(secret, name))
	b.ok(h.Register(t.Context(), s, b.plan(appV1)))
	b.want(h, "App_1.0.0.0 staged s1")
	if got, err := os.ReadFile(secret); err != nil || string(got) != "keep" {
		t.Errorf("a file behind a link was changed: %q, %v", got, err)
	}
	if info, err := os.Lstat(name); err != nil || !info.Mode().IsRegular() {
		t.Errorf("%v, %v", info, err)
	}
}

func TestEntriesBelongToTheUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("skipped: only root gives files away")
	}
	b := newBench(t)
	h := b.host(AttachExtract)
	b.trust(h)
	b.ok(h.Stage(t.Context(), b.plan(appV1)))
	b.ok(os.Chown(b.home, 4711, 4712))
	b.ok(h.Register(t.Context(), b.session("s1"), b.plan(appV1)))
	out, err := exec.Command("find", b.home, "-printf", `%U:%G %P\n`).Output()
	b.ok(err)
	for line := range strings.Lines(string(out)) {
		if !strings.HasPrefix(line, "4711:4712 ") {
			t.Errorf("not the user's: %s", line)
		}
	}
	if n := strings.Count(string(out), "\n"); n != 5 {
		t.Errorf("%d files and folders, want 5:\n%s", n, out)
	}
}

func TestHomeIsGone(t *testing.T) {
	b := newBench(t)
	h := b.host(AttachExtract)
	b.trust(h)
	b.ok(h.Stage(t.Context(), b.plan(appV1)))
	s := b.session("s1")
	b.ok(h.Register(t.Context(), s, b.plan(appV1)))
	b.ok(os.RemoveAll(b.home))
	b.want(h, "App_1.0.0.0 staged")
	if err := h.Register(t.Context(), s, b.plan(appV1)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	b.ok(h.Deregister(t.Context(), s, appV1))
}
