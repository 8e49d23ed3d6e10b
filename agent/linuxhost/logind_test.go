//go:build linux

package linuxhost

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"berth"
)

// busConfig is a bus for this test alone, on which anybody may play the login manager.
const busConfig = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path=%s</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/><allow user="*"/></policy></busconfig>`

// startBusAt starts a real message bus on a socket.
func startBusAt(t *testing.T, socket string) (address string) {
	t.Helper()
	address, _ = startBus(t, filepath.Dir(socket))
	return address
}

// startBus starts a real message bus on a socket of the folder and returns its address.
func startBus(t *testing.T, dir string) (address string, bus *exec.Cmd) {
	t.Helper()
	program, err := exec.LookPath("dbus-daemon")
	if err != nil {
		t.Skip("skipped: dbus-daemon is not installed (Debian package dbus)")
	}
	config, socket := filepath.Join(dir, "bus.conf"), filepath.Join(dir, "bus")
	if err := os.WriteFile(config, fmt.Appendf(nil, busConfig, socket), 0o600); err != nil {
		t.Fatal(err)
	}
	bus = exec.Command(program, "--config-file="+config, "--nofork", "--nopidfile", "--print-address")
	out, err := bus.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := bus.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = bus.Process.Kill(); _ = bus.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("dbus-daemon says %q: %v", line, err)
	}
	return strings.TrimSpace(line), bus
}

// manager plays systemd-logind on a bus: the objects that logind.go asks, as org.freedesktop.login1(5) has them.
type manager struct {
	t    *testing.T
	conn *dbus.Conn

	mu       sync.Mutex
	sessions map[string]login
	hang     chan struct{} // answers wait for it while it is there
}

func playManager(t *testing.T, address string) *manager {
	t.Helper()
	conn, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	m := &manager{t: t, conn: conn, sessions: map[string]login{}}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.Export(m, login1Path, login1Manager); err != nil {
		t.Fatal(err)
	}
	m.appear()
	return m
}

func (m *manager) appear() {
	m.t.Helper()
	if r, err := m.conn.RequestName(login1, dbus.NameFlagDoNotQueue); err != nil || r != dbus.RequestNameReplyPrimaryOwner {
		m.t.Fatal(r, err)
	}
}

func (m *manager) vanish() {
	m.t.Helper()
	if _, err := m.conn.ReleaseName(login1); err != nil {
		m.t.Fatal(err)
	}
}

// ListSessions is the method of the manager.
func (m *manager) ListSessions() ([]listed, *dbus.Error) {
	m.mu.Lock()
	list, hang := []listed{}, m.hang
	for _, s := range m.sessions {
		list = append(list, listed{s.id, uint32(s.uid), s.user, s.seat, pathOf(s.id)})
	}
	m.mu.Unlock()
	if hang != nil {
		<-hang
	}
	return list, nil
}

func pathOf(id string) dbus.ObjectPath {
	return dbus.ObjectPath(fmt.Sprintf(login1Path+"/session/_%x", id))
}

// properties are those of one session.
type properties struct {
	m  *manager
	id string
}

// GetAll is the method of org.freedesktop.DBus.Properties.
func (p properties) GetAll(string) (map[string]dbus.Variant, *dbus.Error) {
	p.m.mu.Lock()
	defer p.m.mu.Unlock()
	s, ok := p.m.sessions[p.id]
	if !ok {
		return nil, dbus.NewError(login1+".NoSuchSession", []any{"there is none"})
	}
	return map[string]dbus.Variant{
		"Id": dbus.MakeVariant(s.id), "Name": dbus.MakeVariant(s.user), "Class": dbus.MakeVariant(s.class), "State": dbus.MakeVariant(s.state),
		"Remote": dbus.MakeVariant(s.remote), "Leader": dbus.MakeVariant(uint32(s.pid)), "Timestamp": dbus.MakeVariant(uint64(s.since.UnixMicro())),
	}, nil
}

// put begins a session, or changes one, without a signal.
func (m *manager) put(s login) {
	m.t.Helper()
	m.mu.Lock()
	m.sessions[s.id] = s
	m.mu.Unlock()
	if err := m.conn.Export(properties{m, s.id}, pathOf(s.id), "org.freedesktop.DBus.Properties"); err != nil {
		m.t.Fatal(err)
	}
}

func (m *manager) remove(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.sessions, id)
}

func (m *manager) signal(name, id string) {
	m.t.Helper()
	if err := m.conn.Emit(login1Path, login1Manager+"."+name, id, pathOf(id)); err != nil {
		m.t.Fatal(err)
	}
}

// hold has answers wait, until release is called.
func (m *manager) hold() (release func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	hang := make(chan struct{})
	m.hang = hang
	return sync.OnceFunc(func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.hang = nil
		close(hang)
	})
}

// person is a session of anna's whose first process is a real one.
func person(t *testing.T, id string) (login, *exec.Cmd) {
	t.Helper()
	leader := exec.Command("sleep", "1000")
	if err := leader.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = leader.Process.Kill(); _ = leader.Wait() })
	return login{id: id, user: "anna", uid: 1000, class: "user", state: "active", pid: leader.Process.Pid, since: time.Now().Add(-time.Minute)}, leader
}

// asks are the options of a host that asks the login manager of a test.
func (b *bench) asks(address string, source Source) func(*Options) {
	return func(o *Options) {
		o.Sessions, o.Bus, o.Utmp = source, address, filepath.Join(b.t.TempDir(), "none")
		o.betweenLooks, o.patience = 20*time.Millisecond, 20*time.Second
		o.HomeOf = func(_ context.Context, name string) (string, int64, error) {
			if name != "anna" {
				return "", 0, berth.Errorf(berth.NotFound, "user %q is not known", name)
			}
			return b.home, 1000, nil
		}
	}
}

// until waits for the sessions and the problems that a host shows: ids, and a part of the only problem.
func (b *bench) until(h *Host, sessions, problem string) {
	b.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		seen, err := h.Observe(b.t.Context())
		b.ok(err)
		var ids []string
		for _, s := range seen.Sessions {
			ids = append(ids, s.ID)
		}
		slices.Sort(ids)
		fits := problem == "" && len(seen.Problems) == 0 || problem != "" && len(seen.Problems) == 1 && strings.Contains(seen.Problems[0], problem)
		if strings.Join(ids, " ") == sessions && fits {
			return
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("sessions %q, problems %q; want %q, %q\n%s", ids, seen.Problems, sessions, problem, b.logged())
		}
	}
}

// looks waits until the host has asked the login manager twice more, so that what it was told is in the records.
func (b *bench) looks(h *Host, m *manager) {
	b.t.Helper()
	for range 2 {
		marker := fmt.Sprintf("marker%d", time.Now().UnixNano())
		m.put(login{id: marker, user: "nobody-" + marker, class: "user", state: "online"})
		for deadline := time.Now().Add(30 * time.Second); !strings.Contains(strings.Join(h.logins.findings(), " "), marker); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				b.t.Fatal("the login manager is not asked")
			}
		}
		m.remove(marker)
	}
}

func TestLogindSessions(t *testing.T) {
	b := newBench(t)
	address, _ := startBus(t, t.TempDir())
	m := playManager(t, address)
	anna, leader := person(t, "45")
	for i, class := range []string{"greeter", "lock-screen", "background", "background-light", "manager", "manager-early", "none", ""} {
		other := anna
		other.id, other.class = fmt.Sprintf("c%d", i), class
		m.put(other)
	}
	closing := anna
	closing.id, closing.state = "44", "closing"
	m.put(closing)
	h := b.host(AttachExtract, b.asks(address, SourceAuto))
	b.trust(h)
	b.ok(h.Stage(t.Context(), b.plan(appV1)))
	b.looks(h, m)
	b.until(h, "", "")
	m.put(anna)
	b.until(h, "45", "")
	seen, err := h.Observe(t.Context())
	b.ok(err)
	if s := seen.Sessions[0]; s.User != "anna" || !s.Since.Equal(anna.since.Truncate(time.Microsecond)) {
		t.Errorf("%+v, want anna since %v", s, anna.since)
	}
	b.ok(h.Register(t.Context(), seen.Sessions[0], b.plan(appV1)))
	b.want(h, "App_1.0.0.0 staged 45")
	if _, err := os.Stat(filepath.Join(b.home, applications, entryName(familyOf(appV1), "App"))); err != nil {
		t.Error(err)
	}
	// What is left of a session after its first process holds what it has: the login manager says when it is over.
	b.ok(leader.Process.Kill())
	_ = leader.Wait()
	anna.state = "closing"
	m.put(anna)
	b.looks(h, m)
	b.until(h, "45", "")
	m.remove("45")
	b.until(h, "", "")
	b.want(h, "App_1.0.0.0 staged 45")
	b.ok(h.Deregister(t.Context(), seen.Sessions[0], appV1))
	b.want(h, "App_1.0.0.0 staged")
}

// TestLogindSignals has no look by the clock: what is seen after the first is seen because of a signal.
func TestLogindSignals(t *testing.T) {
	b := newBench(t)
	address, _ := startBus(t, t.TempDir())
	m := playManager(t, address)
	first, _ := person(t, "1")
	m.put(first)
	h := b.host(AttachExtract, b.asks(address, SourceLogind), func(o *Options) { o.betweenLooks = time.Hour })
	b.until(h, "1", "")
	select {
	case <-h.Notices():
	case <-time.After(20 * time.Second):
		t.Fatal("the loop is not woken")
	}
	second, _ := person(t, "2")
	m.put(second)
	m.signal("SessionNew", "2")
	b.until(h, "1 2", "")
	m.remove("1")
	m.signal("SessionRemoved", "1")
	b.until(h, "2", "")
	m.vanish()
	b.until(h, "2", "logind has not told of sessions since")
	m.remove("2")
	m.appear()
	b.until(h, "", "")
}

func TestLogindAndPAM(t *testing.T) {
	b := newBench(t)
	address, _ := startBus(t, t.TempDir())
	m := playManager(t, address)
	h := b.host(AttachExtract, b.asks(address, SourceAuto))
	anna, _ := person(t, "45")
	m.put(anna)
	b.until(h, "45", "")
	other := Session{ID: "45", User: "root", Home: b.home}
	if err := OpenSession(b.dir, other); berth.ErrorKind(err) != berth.Conflict {
		t.Errorf("the session of another was taken: %v", err)
	}
	b.ok(OpenSession(b.dir, Session{ID: "45", User: "anna", Home: b.home, PID: anna.pid})) // pam_exec behind pam_systemd
	list, err := ListSessions(b.dir)
	if err != nil || len(list) != 1 || list[0].Source != "" || !list[0].Since.Equal(anna.since.Truncate(time.Microsecond)) {
		t.Errorf("%+v, %v", list, err)
	}
	b.ok(CloseSessionOf(b.dir, "45", "root")) // su ends in it
	b.until(h, "45", "")
	b.ok(CloseSessionOf(b.dir, "45", "anna")) // the login manager shows it for a while
	b.until(h, "", "")
	b.looks(h, m)
	b.until(h, "", "")
	m.remove("45")
	// pam_exec before pam_systemd knows the process alone.
	bob, _ := person(t, "46")
	b.ok(OpenSession(b.dir, Session{ID: "sshd-1", User: "anna", Home: b.home, PID: bob.pid}))
	m.put(bob)
	b.looks(h, m)
	b.until(h, "sshd-1", "")
	b.ok(CloseSession(b.dir, "sshd-1"))
	b.until(h, "", "")
	b.looks(h, m)
	b.until(h, "", "")
	// And the login manager may be quicker than it.
	late, _ := person(t, "47")
	m.put(late)
	b.until(h, "47", "")
	b.ok(OpenSession(b.dir, Session{ID: "sshd-2", User: "anna", Home: b.home, PID: late.pid}))
	b.until(h, "sshd-2", "")
	// What PAM alone told of is nobody else's to end.
	b.ok(OpenSession(b.dir, Session{ID: "cups", User: "anna", Home: b.home}))
	b.looks(h, m)
	b.until(h, "cups sshd-2", "")
}

func TestLogindDisappears(t *testing.T) {
	b := newBench(t)
	dir := t.TempDir()
	address, bus := startBus(t, dir)
	m := playManager(t, address)
	anna, _ := person(t, "45")
	m.put(anna)
	h := b.host(AttachExtract, b.asks(address, SourceAuto))
	b.until(h, "45", "")
	const lost = "stay as they were seen last"
	m.vanish()
	b.until(h, "45", lost)
	m.appear()
	b.until(h, "45", "")
	b.ok(bus.Process.Kill())
	_ = bus.Wait()
	b.until(h, "45", lost)
	// An agent that begins without the login manager still knows that there was one.
	b.ok(h.Close())
	h = b.host(AttachExtract, b.asks(address, SourceAuto))
	b.until(h, "45", lost)
	b.ok(os.RemoveAll(filepath.Join(dir, "bus")))
	address, _ = startBus(t, dir)
	m = playManager(t, address)
	m.put(anna)
	b.until(h, "45", "")
	b.ok(h.Close())
	// One that is told not to ask has the session end with its process.
	h = b.host(AttachExtract)
	b.until(h, "45", "")
	list, err := ListSessions(b.dir)
	if err != nil || len(list) != 1 || list[0].Source != "" || list[0].PID != anna.pid {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestLogindIsSlow(t *testing.T) {
	b := newBench(t)
	address, _ := startBus(t, t.TempDir())
	m := playManager(t, address)
	anna, _ := person(t, "45")
	m.put(anna)
	h := b.host(AttachExtract, b.asks(address, SourceLogind), func(o *Options) { o.patience = 2 * time.Second })
	b.until(h, "45", "")
	release := m.hold()
	t.Cleanup(release)
	b.until(h, "45", "deadline exceeded")
	m.remove("45")
	release()
	b.until(h, "", "")
}

// TestBusIsSilent has something listen where the bus should be, and say nothing.
func TestBusIsSilent(t *testing.T) {
	b := newBench(t)
	socket := filepath.Join(t.TempDir(), "bus")
	l, err := net.Listen("unix", socket)
	b.ok(err)
	t.Cleanup(func() { _ = l.Close() })
	h := b.host(AttachExtract, b.asks("unix:path="+socket, SourceLogind), func(o *Options) { o.patience = 50 * time.Millisecond })
	b.until(h, "", "deadline exceeded")
}

func TestLogindTellsNonsense(t *testing.T) {
	b := newBench(t)
	address, _ := startBus(t, t.TempDir())
	m := playManager(t, address)
	anna, _ := person(t, "45")
	m.put(anna)
	h := b.host(AttachExtract, b.asks(address, SourceLogind))
	b.until(h, "45", "")
	climber := anna
	climber.id = "../x"
	m.put(climber)
	b.until(h, "45", "cannot name a session")
	m.remove("../x")
	other := anna
	other.id, other.uid = "46", 1001
	m.put(other)
	b.until(h, "45", "its user has the number 1001, and the system knows anna as 1000")
	m.remove("46")
	b.until(h, "45", "")
	m.mu.Lock()
	for i := range mostLogins {
		m.sessions[fmt.Sprint("x", i)] = login{id: fmt.Sprint("x", i), user: "anna"}
	}
	m.mu.Unlock()
	b.until(h, "45", "are not believed")
	if left, _ := filepath.Glob(filepath.Join(b.dir, "*.json")); len(left) > 0 {
		t.Errorf("written outside: %v", left)
	}
}

func TestSourceOfSessions(t *testing.T) {
	b := newBench(t)
	_, err := New(Options{StateDir: b.dir, Images: b.shelf, Attach: AttachExtract, Sessions: "who"})
	if berth.ErrorKind(err) != berth.Invalid {
		t.Errorf("%v", err)
	}
	nowhere := "unix:path=" + filepath.Join(t.TempDir(), "none")
	b.ok(OpenSession(b.dir, Session{ID: "s1", User: "anna", Home: b.home}))
	h := b.host(AttachExtract, b.asks(nowhere, SourceAuto)) // a container: neither is there
	b.until(h, "s1", "")
	b.ok(h.Close())
	h = b.host(AttachExtract, b.asks(nowhere, SourceLogind))
	b.until(h, "s1", "no such file")
}
