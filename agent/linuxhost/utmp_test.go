//go:build linux

package linuxhost

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// utmpEntry is a record of utmp(5) with its fields as /usr/include/bits/utmp.h of x86-64 has them.
type utmpEntry struct {
	Type    int16
	_       int16
	PID     int32
	Line    [32]byte
	ID      [4]byte
	User    [32]byte
	Host    [256]byte
	Exit    [2]int16
	Session int32
	Seconds int32
	Micros  int32
	Address [4]int32
	_       [20]byte
}

func entryOf(kind int16, pid int, line, user string) utmpEntry {
	e := utmpEntry{Type: kind, PID: int32(pid), Seconds: 1_700_000_000, Micros: 250_000}
	copy(e.Line[:], line)
	copy(e.User[:], user)
	copy(e.ID[:], line[max(0, len(line)-4):])
	copy(e.Host[:], "10.0.0.7")
	return e
}

func utmpOf(entries ...utmpEntry) []byte {
	var b bytes.Buffer
	if err := binary.Write(&b, binary.LittleEndian, entries); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func needUtmp(t *testing.T) {
	t.Helper()
	if runtime.GOARCH != "amd64" {
		t.Skip("skipped: utmp is read on amd64 alone")
	}
}

func TestParseUtmp(t *testing.T) {
	own, parent := os.Getpid(), os.Getppid()
	anna := entryOf(7, own, "pts/3", "anna")
	bad := anna
	bad.Seconds, bad.Micros = -1, 2_000_000
	full := anna
	copy(full.User[:], strings.Repeat("u", 32))
	at := time.Unix(1_700_000_000, 250_000_000)
	want := func(id, user string, pid int, at time.Time) string {
		return fmt.Sprint(id, " ", user, " ", pid, " ", at.UTC())
	}
	golden := want(fmt.Sprint("utmp-pts-3-", own), "anna", own, at)
	for name, tt := range map[string]struct {
		b    []byte
		want []string
	}{
		"nothing":       {nil, nil},
		"a login":       {utmpOf(anna), []string{golden}},
		"cut off":       {utmpOf(anna, anna)[:384+383], []string{golden}},
		"half a record": {utmpOf(anna)[:200], nil},
		"other types": {utmpOf(entryOf(2, own, "~", "reboot"), entryOf(1, own, "~", "runlevel"), entryOf(6, own, "tty1", "LOGIN"), entryOf(5, own, "x", "init"),
			entryOf(8, own, "pts/3", "anna"), entryOf(0, own, "pts/3", "anna"), entryOf(-7, own, "pts/3", "anna")), nil},
		"no such process": {utmpOf(entryOf(7, 1<<30, "pts/3", "anna"), entryOf(7, 0, "pts/3", "anna"), entryOf(7, -own, "pts/3", "anna")), nil},
		"no name":         {utmpOf(entryOf(7, own, "", "anna"), entryOf(7, own, "pts/3", "")), nil},
		"a line again":    {utmpOf(anna, entryOf(7, parent, "tty1", "bob"), entryOf(7, parent, "pts/3", "eve")), []string{want(fmt.Sprint("utmp-pts-3-", parent), "eve", parent, at), want(fmt.Sprint("utmp-tty1-", parent), "bob", parent, at)}},
		"no time":         {utmpOf(bad), []string{want(fmt.Sprint("utmp-pts-3-", own), "anna", own, time.Time{})}},
		"a climber":       {utmpOf(entryOf(7, own, "../../x\n:0", "anna")), []string{want(fmt.Sprint("utmp-..-..-x--0-", own), "anna", own, at)}},
		"full fields":     {utmpOf(full), []string{want(fmt.Sprint("utmp-pts-3-", own), strings.Repeat("u", 32), own, at)}},
	} {
		list, err := parseUtmp(tt.b)
		var got []string
		for _, l := range list {
			got = append(got, want(l.id, l.user, l.pid, l.since))
		}
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, %v; want %q", name, got, err, tt.want)
		}
	}
}

// TestUtmpAsWho compares with who(1), which reads the same file in its own way.
func TestUtmpAsWho(t *testing.T) {
	needUtmp(t)
	who, err := exec.LookPath("who")
	if err != nil {
		t.Skip("skipped: who is not installed (Debian package coreutils)")
	}
	path := filepath.Join(t.TempDir(), "utmp")
	b := utmpOf(entryOf(2, 0, "~", "reboot"), entryOf(7, os.Getpid(), "pts/3", "anna"), entryOf(8, os.Getpid(), "pts/4", ""), entryOf(7, os.Getppid(), "tty1", "bob"))
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(who, path)
	c.Env = append(os.Environ(), "LC_ALL=C", "TZ=UTC")
	out, err := c.Output()
	if err != nil {
		t.Fatalf("who: %v", err)
	}
	list, err := readUtmp(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != len(list) {
		t.Fatalf("%d logins, who shows %q", len(list), lines)
	}
	for i, l := range list {
		f := strings.Fields(lines[i])
		if len(f) < 5 || f[0] != l.user || utmpID(f[1], l.pid) != l.id || strings.Join(f[2:5], " ") != l.since.UTC().Format("Jan 2 15:04") {
			t.Errorf("%+v, who shows %q", l, lines[i])
		}
	}
}

func TestUtmpFiles(t *testing.T) {
	needUtmp(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "utmp")
	if _, err := readUtmp(path); !os.IsNotExist(err) || hasUtmp(path) {
		t.Errorf("no file: %v", err)
	}
	if err := os.WriteFile(path, make([]byte, mostLogins*utmpRecord), 0o600); err != nil {
		t.Fatal(err)
	}
	if list, err := readUtmp(path); err != nil || len(list) > 0 || !hasUtmp(path) {
		t.Errorf("empty records: %v, %v", list, err)
	}
	if err := os.Truncate(path, 1<<40); err != nil {
		t.Fatal(err)
	}
	if _, err := readUtmp(path); err == nil || !strings.Contains(err.Error(), "more than 4096 records, at byte offset 1572864") {
		t.Errorf("a terabyte: %v", err)
	}
	pipe := filepath.Join(dir, "pipe")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{pipe, dir} {
		if _, err := readUtmp(p); err == nil || !strings.Contains(err.Error(), "is no file") {
			t.Errorf("%s: %v", p, err)
		}
	}
}

func FuzzUtmp(f *testing.F) {
	f.Add(utmpOf(entryOf(7, os.Getpid(), "pts/3", "anna"), entryOf(8, 1, "tty1", "")))
	f.Add(utmpOf(entryOf(7, 1, "../..", "a\nb"))[:383])
	f.Fuzz(func(t *testing.T, b []byte) {
		list, err := parseUtmp(b)
		if err != nil {
			return // a process may not be looked at
		}
		if len(list) > len(b)/utmpRecord {
			t.Errorf("%d logins of %d bytes", len(list), len(b))
		}
		for _, l := range list {
			if !sessionIDs().MatchString(l.id) || len(l.id) > mostID || l.user == "" || l.pid <= 0 {
				t.Errorf("%+v", l)
			}
		}
	})
}

// TestUtmpSessions has a host live by utmp because no login manager answers.
func TestUtmpSessions(t *testing.T) {
	needUtmp(t)
	b := newBench(t)
	path := filepath.Join(t.TempDir(), "utmp")
	write := func(entries ...utmpEntry) {
		t.Helper()
		b.ok(os.WriteFile(path+".new", utmpOf(entries...), 0o600))
		b.ok(os.Rename(path+".new", path))
	}
	one, _ := person(t, "")
	two, process := person(t, "")
	id := func(line string, l login) string { return utmpID(line, l.pid) }
	write(entryOf(7, one.pid, "pts/1", "anna"))
	nowhere := filepath.Join(t.TempDir(), "bus")
	h := b.host(AttachExtract, b.asks("unix:path="+nowhere, SourceAuto), func(o *Options) { o.Utmp = path })
	b.until(h, id("pts/1", one), "")
	write(entryOf(7, one.pid, "pts/1", "anna"), entryOf(7, two.pid, "pts/2", "anna"), entryOf(7, os.Getpid(), "pts/9", "eve"))
	b.until(h, id("pts/1", one)+" "+id("pts/2", two), "user \"eve\" is not known")
	write(entryOf(7, one.pid, "pts/1", "anna"), entryOf(7, two.pid, "pts/2", "anna"))
	b.ok(process.Process.Signal(syscall.SIGKILL)) // its record stays, as after a crash
	_ = process.Wait()
	b.until(h, id("pts/1", one), "")
	b.ok(os.Remove(path))
	b.ok(os.Mkdir(path, 0o755))
	b.until(h, id("pts/1", one), "is no file")
	b.ok(os.Remove(path))
	write(entryOf(8, one.pid, "pts/1", ""))
	b.until(h, "", "")
	// PAM told of the program that made the record's process: one session.
	shell := exec.Command("sh", "-c", "sleep 1000 & echo $!; wait")
	out, err := shell.StdoutPipe()
	b.ok(err)
	b.ok(shell.Start())
	t.Cleanup(func() { _ = shell.Process.Kill(); _ = shell.Wait() })
	var child int
	_, err = fmt.Fscan(out, &child)
	b.ok(err)
	t.Cleanup(func() { _ = unix.Kill(child, unix.SIGKILL) })
	if !descends(child, shell.Process.Pid) || descends(shell.Process.Pid, child) || descends(child, one.pid) {
		t.Error("who started whom is mistaken")
	}
	b.ok(OpenSession(b.dir, Session{ID: "sshd-1", User: "anna", Home: b.home, PID: shell.Process.Pid}))
	three, _ := person(t, "")
	write(entryOf(7, child, "pts/4", "anna"), entryOf(7, three.pid, "pts/5", "anna"))
	b.until(h, "sshd-1 "+id("pts/5", three), "")
	// A login manager that comes up later is asked instead; a login that it does not show ends with its process.
	m := playManager(t, startBusAt(t, nowhere))
	four, _ := person(t, "45")
	m.put(four)
	b.until(h, "45 sshd-1 "+id("pts/5", three), "")
}

func TestHomeOf(t *testing.T) {
	home, uid, err := HomeOf(t.Context(), "root")
	if err != nil || uid != 0 || home == "" {
		t.Errorf("%q, %d, %v", home, uid, err)
	}
	for _, name := range []string{"nobody-of-this-name", "-s", "", "0"} {
		if home, _, err := HomeOf(t.Context(), name); err == nil {
			t.Errorf("%q lives in %q", name, home)
		}
	}
}
