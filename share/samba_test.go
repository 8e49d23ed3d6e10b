//go:build unix

package share

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// samba is a real SMB server: an ordinary process with everything of its own in one temporary folder.
type samba struct {
	t       *testing.T
	dir     string // of the server; dir/images is the share
	user    string
	address string
	smbd    *exec.Cmd
	options string   // further lines of its configuration
	env     []string // further variables of its environment
}

const password = "correct horse"

// startSamba starts a server with two shares of one folder: images for guests, private for the user of this process.
func startSamba(t *testing.T) *samba {
	t.Helper()
	s := prepareSamba(t)
	s.configure()
	s.start()
	t.Cleanup(s.stop)
	return s
}

// prepareSamba makes the folder of a server.
func prepareSamba(t *testing.T) *samba {
	t.Helper()
	for _, tool := range []string{"smbd", "pdbedit"} {
		if findTool(tool) == "" {
			t.Skip("skipped: " + tool + " of Samba is missing")
		}
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	// t.TempDir's names are too long for the paths of Samba's sockets.
	dir, err := os.MkdirTemp("", "smb")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return &samba{t: t, dir: dir, user: me.Username, address: freePort(t)}
}

func findTool(name string) string {
	for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/sbin", "/usr/local/sbin", "/sbin") {
		if fi, err := os.Stat(filepath.Join(dir, name)); err == nil && fi.Mode()&0o111 != 0 {
			return filepath.Join(dir, name)
		}
	}
	return ""
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

func (s *samba) configure() {
	_, port, _ := net.SplitHostPort(s.address)
	conf := fmt.Sprintf(`[global]
	server role = standalone server
	smb ports = %s
	interfaces = 127.0.0.1/8
	bind interfaces only = yes
	disable netbios = yes
	disable spoolss = yes
	load printers = no
	printcap name = /dev/null
	map to guest = Bad User
	guest account = %s
	passdb backend = tdbsam:%[3]s/passdb.tdb
	private dir = %[3]s/private
	lock directory = %[3]s/lock
	state directory = %[3]s/state
	cache directory = %[3]s/cache
	pid directory = %[3]s/pid
	ncalrpc dir = %[3]s/rpc
	log file = %[3]s/log
	log level = 1
%[4]s[images]
	path = %[3]s/images
	guest ok = yes
[private]
	path = %[3]s/images
	valid users = %[2]s
`, port, s.user, s.dir, s.options)
	for _, d := range []string{"private", "lock", "state", "cache", "pid", "rpc", "images/folder"} {
		if err := os.MkdirAll(filepath.Join(s.dir, d), 0o755); err != nil {
			s.t.Fatal(err)
		}
	}
	if err := os.WriteFile(s.conf(), []byte(conf), 0o600); err != nil {
		s.t.Fatal(err)
	}
	add := exec.Command(findTool("pdbedit"), "-s", s.conf(), "-a", "-t", "-u", s.user)
	add.Stdin = strings.NewReader(password + "\n" + password + "\n")
	if out, err := add.CombinedOutput(); err != nil {
		s.t.Skipf("skipped: Samba takes no user here: %v: %s", err, out)
	}
}

func (s *samba) conf() string { return filepath.Join(s.dir, "smb.conf") }

// file makes a file on the share.
func (s *samba) file(name string, content []byte) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, "images", name), content, 0o644); err != nil {
		s.t.Fatal(err)
	}
}

func (s *samba) start() {
	s.t.Helper()
	s.smbd = exec.Command(findTool("smbd"), "-F", "--no-process-group", "-s", s.conf())
	s.smbd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that its children can be stopped with it
	s.smbd.Env = append(os.Environ(), s.env...)
	var out bytes.Buffer
	s.smbd.Stdout, s.smbd.Stderr = &out, &out
	if err := s.smbd.Start(); err != nil {
		s.t.Fatal(err)
	}
	for range 200 {
		if c, err := net.DialTimeout("tcp", s.address, time.Second); err == nil {
			_ = c.Close()
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.stop()
	log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
	s.t.Skipf("skipped: smbd does not start here: %s\n%s", out.String(), log)
}

// signal reaches the server and the processes that it made for its connections.
func (s *samba) signal(sig syscall.Signal) { _ = syscall.Kill(-s.smbd.Process.Pid, sig) }

func (s *samba) stop() {
	s.signal(syscall.SIGCONT)
	s.signal(syscall.SIGKILL)
	_ = s.smbd.Wait()
	for range 100 { // its children hold the port until they are gone too
		c, err := net.DialTimeout("tcp", s.address, time.Second)
		if err != nil {
			return
		}
		_ = c.Close()
		time.Sleep(20 * time.Millisecond)
	}
}

// opener opens anything, and knows the server under the name fs.
func (s *samba) opener(change func(*Options)) *Opener {
	s.t.Helper()
	o := Options{Anywhere: true, Patience: 10 * time.Second,
		Logins: []Login{{Server: "fs", Address: s.address, User: s.user, Password: password}}}
	if change != nil {
		change(&o)
	}
	op, err := New(o)
	if err != nil {
		s.t.Fatal(err)
	}
	return op
}
