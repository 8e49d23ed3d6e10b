package main

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"fmt"
	mrand "math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"berth"
	"berth/auth"
)

// TestScenarios takes away from a real host what it needs, one thing after the other: the server, the file server, room on
// its disk, the certificate, and the machine itself. What users have stays, what is wrong is told, and the host goes on by
// itself when the thing is back.
func TestScenarios(t *testing.T) {
	f := newStatusFarm(t)
	f.sh(`ADDRESS=$(berth whoami --query server -o tsv); ADDRESS=${ADDRESS#https://}
stop_server() { kill "$(cat server.pid)"; wait "$(cat server.pid)" || true; }
start_server() { berth server --data "$DATA" --listen "$ADDRESS" --image-root '\\files\apps' --share-logins "$LOGINS" >> server.log 2>&1 & echo $! > server.pid
  until berth whoami > /dev/null 2>&1; do sleep 0.2; done; }
open_session() { mkdir -p "$HOMES/$2"; berth agent session open "$1" --user "$2" --home "$HOMES/$2" --state "$STATE/h1"; }
close_session() { berth agent session close "$1" --state "$STATE/h1"; }
entries() { ls "$HOMES/$1/.local/share/applications" 2> /dev/null | grep -c berth- || true; }
berth assign add Contoso.Notes --host h1 --tag Production --apply`)
	f.shows(time.Time{}, want{fullName: notes10, status: berth.StatusReady, silent: true})
	for _, s := range []struct {
		name string
		do   func(*statusFarm)
	}{
		{"server away", (*statusFarm).serverAway}, {"share away", (*statusFarm).shareAway}, {"disk full", (*statusFarm).diskFull},
		{"certificate expired", (*statusFarm).certificateExpired}, {"reboots", (*statusFarm).reboots},
	} {
		ok := t.Run(s.name, func(t *testing.T) {
			outer := f.t
			f.t, f.at = t, s.name
			defer func() { f.t = outer }()
			s.do(f)
		})
		if !ok {
			t.Fatal("the scenarios behind this one build on it")
		}
	}
}

// serverAway starts the host anew while the server is away: it goes on with its last plan, and takes the next when the
// server is back.
func (f *statusFarm) serverAway() {
	f.sh(`stop_agent; berth agent release --state "$STATE/h1" > /dev/null
berth assign add Contoso.Draw --host h1 --tag Production --apply
stop_server; run_agent; open_session s1 alice`)
	f.until(`entries alice; berth agent status --state "$STATE/h1"`, notes10+": staged, registered in 1 sessions", "does not answer", "check the network", "!"+draw20, "!0\n")
	f.sh(`grep -q . "$STATE/h1/packages/` + notes10 + `/AppxManifest.xml"`)
	began := time.Now()
	f.sh(`start_server`)
	f.shows(began, want{fullName: draw20, status: berth.StatusReady, silent: true})
	if row, ok := f.find(f.rows("berth host packages h1 -o json"), want{fullName: notes10, status: berth.StatusInUse}); !ok {
		f.t.Errorf("the session of the time without a server is not known: %+v", row)
	}
	f.letGo()
}

// shareAway kills the file server under attached packages, without copies on the host.
func (f *statusFarm) shareAway() {
	held := f.mountOf("h1", notes10)
	f.stopFiles()
	began := time.Now()
	f.sh("berth tag move Production " + notes11 + " --apply")
	f.shows(began, want{fullName: notes11, status: berth.StatusNotFound, cause: `\\files\apps\notes-1.1.vhdx`,
		codes: "ECONNREFUSED 0x80070035 0x80070043 0x80070040"})
	f.shows(began, want{fullName: notes10, status: berth.StatusDisabling, cause: "the session of alice"})
	if now := f.mountOf("h1", notes10); now != held || f.sh("entries alice") == "0\n" {
		f.t.Errorf("what alice has was torn off: mount %q, before %q", now, held)
	}
	f.startFiles(f.t)
	f.shows(began, want{fullName: notes11, status: berth.StatusReady, silent: true}) // without anybody's doing
	f.sh(`cat "$STATE/h1/packages/` + notes10 + `/AppxManifest.xml" > /dev/null
find "$STATE/h1/packages/` + notes11 + `" -type f -exec cat {} + > /dev/null; close_session s1`)
	f.gone(notes10)
}

// diskFull runs a second host whose state lies on a small file system, and fills that.
func (f *statusFarm) diskFull() {
	state := filepath.Join(f.dir, "state", "h2")
	f.must(os.MkdirAll(state, 0o755))
	if err := syscall.Mount("tmpfs", state, "tmpfs", 0, "size=1m,mode=755"); err != nil {
		f.t.Skipf("skipped: a small file system cannot be mounted here: %v", err)
	}
	f.t.Cleanup(func() {
		f.sh(`kill "$(cat agent2.pid)" && wait "$(cat agent2.pid)" || true; berth agent release --state "$STATE/h2" > /dev/null || true`)
		f.must(syscall.Unmount(state, syscall.MNT_DETACH))
	})
	f.sh(`berth agent enroll --server "https://$ADDRESS" --ca "$DATA/ca.crt" --state "$STATE/h2" --name h2 --key "$(berth enroll-key create --kind rdsh)"
berth agent run --state "$STATE/h2" --share-logins "$LOGINS" >> agent2.log 2>&1 & echo $! > agent2.pid
berth assign add Contoso.Notes --host h2 --tag Production --apply`)
	f.until("berth host packages h2", "Ready", notes11)
	held := f.mountOf("h2", notes11)

	f.sh(`head -c 2M /dev/zero > "$STATE/h2/filler" 2> /dev/null || true
berth assign add Contoso.Draw --host h2 --tag Production --apply`)
	f.until("berth host show h2; berth host packages h2; cat agent2.log", "plan.json cannot be written: no space left on device", "check space",
		"cannot write", "Not applied", "the host holds generation", "Ready")
	if out := f.run(f.t, guideBlock{where: f.at, info: "sh exit=9", text: `berth agent session open s9 --user eve --home "$HOMES" --state "$STATE/h2" && exit_code=0 || exit_code=9
[ "$exit_code" != 0 ] && (exit 9)` + "\n"}); !strings.Contains(out, "no space left on device") {
		f.t.Errorf("a session on a full disk: %s", out)
	}
	if now := f.mountOf("h2", notes11); now != held {
		f.t.Errorf("the package was torn off: mount %q, before %q", now, held)
	}
	f.wholeFiles(state)
	f.sh(`rm "$STATE/h2/filler"`)
	f.until("berth host packages h2; berth host show h2", draw20, "!Not applied", "!no space left", "!cannot be kept")
	f.until("berth host packages h2", "!attaching the image", draw20, "Ready")
	f.wholeFiles(state)
	f.sh("berth assign remove Contoso.Draw --host h2; berth assign remove Contoso.Notes --host h2; berth changes apply")
	f.until(`ls "$STATE/h2/packages"; echo end`, "!Contoso", "end")
}

// wholeFiles holds that no file of a state folder is half written.
func (f *statusFarm) wholeFiles(state string) {
	f.t.Helper()
	files, err := filepath.Glob(filepath.Join(state, "*.json"))
	if err != nil || len(files) < 3 {
		f.t.Fatalf("files of the state: %v, %v", files, err)
	}
	for _, file := range files {
		if b, err := os.ReadFile(file); err != nil || !json.Valid(b) {
			f.t.Errorf("%s: %d bytes that are no JSON, %v", file, len(b), err)
		}
	}
}

// certificateExpired gives the host a certificate that the real authority issued and that has ended since, and enrols it
// again with a new key.
func (f *statusFarm) certificateExpired() {
	f.sh("stop_agent; open_session s2 bob")
	f.expire(filepath.Join(f.dir, "state", "h1", "identity.json"))
	held := f.mountOf("h1", notes11)
	f.sh("run_agent")
	f.until(`entries bob; berth agent status --state "$STATE/h1"`, "Problem", "the certificate of this host ended", "enrol the host again, with force",
		"Last error", "registered in 1 sessions", "!0\n")
	doctor := f.sh(`berth agent doctor --state "$STATE/h1" || true`)
	if !strings.Contains(doctor, "the certificate of this host ended") {
		f.t.Errorf("the doctor does not see it: %s", doctor)
	}
	f.until("berth host show h1", "Last seen")
	began := time.Now()
	f.sh(`stop_agent
berth agent enroll --force --server "https://$ADDRESS" --ca "$DATA/ca.crt" --state "$STATE/h1" --name h1 --key "$(berth enroll-key create --kind rdsh)"
run_agent`)
	f.shows(began.Add(-time.Hour), want{fullName: notes11, status: berth.StatusInUse, cause: "the session of bob", silent: true})
	if now := f.mountOf("h1", notes11); now != held {
		f.t.Errorf("the package was torn off: mount %q, before %q", now, held)
	}
	f.sh("close_session s2")
	f.until("entries bob", "0\n")
}

func (f *statusFarm) expire(file string) {
	f.t.Helper()
	b, err := os.ReadFile(file)
	f.must(err)
	var id map[string]any
	f.must(json.Unmarshal(b, &id))
	var sealed struct{ Key []byte }
	f.must(json.Unmarshal(b, &sealed))
	key, err := x509.ParsePKCS8PrivateKey(sealed.Key)
	f.must(err)
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	f.must(err)
	authority, err := auth.OpenAuthority(filepath.Join(f.dir, "server"), rand.Reader, func() time.Time { return time.Now().AddDate(0, 0, -100) })
	f.must(err)
	der, _, err := authority.IssueHost(csr, id["hostId"].(string))
	f.must(err)
	id["certificate"] = der
	b, err = json.Marshal(id)
	f.must(err)
	f.must(os.WriteFile(file, b, 0o600))
}

// reboots lets the machine start anew at every stage of a package's life: at once, when the effect can be seen, and
// somewhere in between.
func (f *statusFarm) reboots() {
	home := filepath.Join(f.dir, "homes", "carol", ".local/share/applications")
	entries := func() bool { l, _ := filepath.Glob(filepath.Join(home, "berth-*.desktop")); return len(l) > 0 }
	mounted := func() bool { return f.mountOf("h1", draw20) != "" }
	steps := []struct {
		do   string
		seen func() bool // its effect
	}{
		{"berth assign add Contoso.Draw --host h1 --tag Production --apply", mounted},
		{"open_session c1 carol", entries},
		{"close_session c1", func() bool { return !entries() }},
		{"berth assign remove Contoso.Draw --host h1 --apply", func() bool { return !mounted() }},
	}
	rounds := 0
	for _, when := range []string{"at once", "when it can be seen", "in between"} {
		for i, s := range steps {
			f.at = s.do + ", reboot " + when
			f.sh(s.do)
			switch when {
			case "in between":
				time.Sleep(mrand.N(400 * time.Millisecond))
			case "when it can be seen":
				f.waits(s.seen)
			}
			f.reboot()
			rounds++
			if i == 1 { // the session went with the machine, and its entries go
				f.sh("open_session c1 carol")
			}
			f.waits(s.seen)
		}
		f.gone(draw20)
	}
	f.t.Logf("%d starts of the machine", rounds)
	f.sh("berth assign remove Contoso.Notes --host h1 --apply")
	f.gone(notes11)
	f.until(`ls "$STATE/h1/packages" "$STATE/h1/sessions"; find "$HOMES" -name 'berth-*'; berth host show h1; echo end`, "!Contoso", "!.json\n", "!berth-", "!leftover", "end")
	f.waits(func() bool { return f.mounts("h1") == 0 })
}

// reboot ends all processes of the host, takes its mounts away, and lets its sessions be those of an earlier start of the
// machine; then the agent starts.
func (f *statusFarm) reboot() {
	f.t.Helper()
	state := filepath.Join(f.dir, "state", "h1")
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range files {
		line, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(line, []byte("\x00agent\x00")) || !bytes.Contains(append(line, 0), []byte("\x00"+state+"\x00")) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file))); err == nil && pid != os.Getpid() {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	f.sh(`wait "$(cat agent.pid)" || true`)
	f.waits(func() bool {
		for _, point := range f.points("h1") {
			_ = syscall.Unmount(point, syscall.MNT_DETACH)
		}
		return len(f.points("h1")) == 0
	})
	f.sh(`rm -f "$STATE/h1/supervisor.sock"
for s in "$STATE"/h1/sessions/*.json; do [ ! -e "$s" ] || sed -i -E 's/"boot":"[^"]*"/"boot":"00000000-0000-4000-8000-000000000000"/' "$s"; done
run_agent`)
}

// waits polls for a condition on the machine.
func (f *statusFarm) waits(holds func() bool) {
	f.t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			f.t.Fatalf("%s: it never came to that:\n%s\n%s", f.at, f.sh("berth host packages h1"), f.sh("tail -20 agent.log"))
		}
	}
}

// points are the mount points of a host.
func (f *statusFarm) points(host string) (list []string) {
	f.t.Helper()
	for _, line := range f.mountLines(host) {
		list = append(list, strings.Fields(line)[4])
	}
	return list
}

func (f *statusFarm) mounts(host string) int { return len(f.mountLines(host)) }

// mountOf is the mount of a package, by the number that the system gave to it: one that was made anew has another.
func (f *statusFarm) mountOf(host, fullName string) string {
	f.t.Helper()
	for _, line := range f.mountLines(host) {
		if strings.HasSuffix(strings.Fields(line)[4], "/packages/"+fullName) {
			return strings.Fields(line)[0]
		}
	}
	return ""
}

func (f *statusFarm) mountLines(host string) (list []string) {
	f.t.Helper()
	b, err := os.ReadFile("/proc/self/mountinfo")
	f.must(err)
	for line := range strings.Lines(string(b)) {
		if strings.Contains(line, fmt.Sprintf(" %s/packages/", filepath.Join(f.dir, "state", host))) {
			list = append(list, line)
		}
	}
	return list
}

func (f *statusFarm) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}
