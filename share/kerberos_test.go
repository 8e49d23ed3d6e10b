//go:build unix

package share

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"berth"
)

// kdc is a real key distribution centre (MIT Kerberos): an ordinary process with everything of its own in one folder.
type kdc struct {
	t   *testing.T
	dir string
	cmd *exec.Cmd
}

const realm = "BERTH.TEST"

func startKDC(t *testing.T, dir, user string) *kdc {
	t.Helper()
	for _, tool := range []string{"krb5kdc", "kdb5_util", "kadmin.local", "kinit"} {
		if findTool(tool) == "" {
			t.Skip("skipped: " + tool + " of MIT Kerberos is missing")
		}
	}
	k := &kdc{t: t, dir: dir}
	_, port, _ := net.SplitHostPort(freePort(t))
	k.write("krb5.conf", fmt.Sprintf(`[libdefaults]
	default_realm = %s
	dns_lookup_kdc = false
	dns_lookup_realm = false
	udp_preference_limit = 1
	rdns = false
	dns_canonicalize_hostname = false
[realms]
	%[1]s = {
		kdc = 127.0.0.1:%s
	}
`, realm, port))
	k.write("kdc.conf", fmt.Sprintf(`[realms]
	%s = {
		database_name = %s/principal
		key_stash_file = %[2]s/stash
		kdc_listen = 127.0.0.1:%[3]s
		kdc_tcp_listen = 127.0.0.1:%[3]s
		disable_pac = true
	}
[logging]
	kdc = FILE:%[2]s/kdc.log
`, realm, dir, port))
	k.run("kdb5_util", "create", "-s", "-r", realm, "-P", "master")
	k.admin("addprinc -pw \"" + password + "\" " + user)
	k.admin("addprinc -randkey cifs/fs")
	k.admin("ktadd -k " + k.file("fs.keytab") + " cifs/fs")
	k.admin("ktadd -norandkey -k " + k.file("user.keytab") + " " + user)
	k.start(port)
	return k
}

func (k *kdc) file(name string) string { return filepath.Join(k.dir, name) }

func (k *kdc) write(name, content string) {
	k.t.Helper()
	if err := os.WriteFile(k.file(name), []byte(content), 0o600); err != nil {
		k.t.Fatal(err)
	}
}

func (k *kdc) command(tool string, args ...string) *exec.Cmd {
	c := exec.Command(findTool(tool), args...)
	c.Env = append(os.Environ(), "KRB5_CONFIG="+k.file("krb5.conf"), "KRB5_KDC_PROFILE="+k.file("kdc.conf"), "KRB5CCNAME=FILE:"+k.file("tickets"))
	return c
}

func (k *kdc) run(tool string, args ...string) {
	k.t.Helper()
	if out, err := k.command(tool, args...).CombinedOutput(); err != nil {
		k.t.Skipf("skipped: %s does not work here: %v: %s", tool, err, out)
	}
}

func (k *kdc) admin(query string) { k.run("kadmin.local", "-r", realm, "-q", query) }

func (k *kdc) start(port string) {
	k.t.Helper()
	k.cmd = k.command("krb5kdc", "-n", "-r", realm)
	var out bytes.Buffer
	k.cmd.Stdout, k.cmd.Stderr = &out, &out
	if err := k.cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	k.t.Cleanup(func() {
		_ = k.cmd.Process.Signal(syscall.SIGKILL)
		_ = k.cmd.Wait()
	})
	for range 200 {
		if c, err := net.DialTimeout("tcp", "127.0.0.1:"+port, time.Second); err == nil {
			_ = c.Close()
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	k.t.Skipf("skipped: krb5kdc does not start here: %s", out.String())
}

// TestKerberos signs in with tickets of a real KDC to a real file server that takes no password.
func TestKerberos(t *testing.T) {
	s := prepareSamba(t)
	k := startKDC(t, s.dir, s.user)
	s.options = fmt.Sprintf(`	realm = %s
	kerberos method = dedicated keytab
	dedicated keytab file = FILE:%s
	ntlm auth = disabled
`, realm, k.file("fs.keytab"))
	s.env = []string{"KRB5_CONFIG=" + k.file("krb5.conf")}
	s.configure()
	s.start()
	t.Cleanup(s.stop)
	content := pattern(300_000)
	s.file("a.vhdx", content)
	kinit := k.command("kinit", s.user)
	kinit.Stdin = strings.NewReader(password + "\n")
	if out, err := kinit.CombinedOutput(); err != nil {
		t.Skipf("skipped: kinit does not work here: %v: %s", err, out)
	}
	conf := k.file("krb5.conf")
	for name, login := range map[string]Login{
		"keytab":   {User: s.user, Kerberos: &Kerberos{Config: conf, Keytab: k.file("user.keytab")}},
		"cache":    {Kerberos: &Kerberos{Config: conf, Cache: k.file("tickets")}},
		"password": {User: s.user, Password: password, Kerberos: &Kerberos{Config: conf, Realm: realm}},
	} {
		t.Run(name, func(t *testing.T) {
			login.Server, login.Address = "fs", s.address
			f := must(t, s.opener(func(o *Options) { o.Logins = []Login{login} }), `\\fs\private\a.vhdx`)
			defer func() { _ = f.Close() }()
			readRandomly(t, f, content)
		})
	}
	for name, login := range map[string]Login{
		"wrong password": {User: s.user, Password: "wrong", Kerberos: &Kerberos{Config: conf}},
		"no keytab":      {User: s.user, Kerberos: &Kerberos{Config: conf, Keytab: k.file("none")}},
		"unknown server": {User: s.user, Password: password, Kerberos: &Kerberos{Config: conf, SPN: "cifs/other"}},
		"no config":      {User: s.user, Kerberos: &Kerberos{Config: k.file("none")}},
	} {
		t.Run(name, func(t *testing.T) {
			login.Server, login.Address = "fs", s.address
			_, err := s.opener(func(o *Options) { o.Logins = []Login{login} }).Open(t.Context(), `\\fs\private\a.vhdx`)
			if berth.ErrorKind(err) != berth.Unavailable || !strings.Contains(err.Error(), "sign in to fs") {
				t.Errorf("error %v", err)
			}
		})
	}
}
