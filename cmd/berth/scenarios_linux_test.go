package main

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"os"
	"path/filepath"
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
entries() { echo "entries: $(find "$HOMES/$1" -name 'berth-*.desktop' | wc -l)"; }
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
	f.until(`entries alice; berth agent status --state "$STATE/h1"`, notes10+": staged, registered in 1 sessions", "does not answer", "check the network", "!"+draw20, "!entries: 0\n")
	f.sh(`grep -q . "$STATE/h1/packages/` + notes10 + `/AppxManifest.xml"`)
	began := time.Now()
	f.sh(`start_server`)
	f.shows(began, want{fullName: draw20, status: berth.StatusInUse, cause: "the session of alice", silent: true})
	f.shows(began.Add(-time.Hour), want{fullName: notes10, status: berth.StatusInUse, cause: "the session of alice", silent: true})
	f.sh(`close_session s1`)
	f.letGo()
	began = time.Now()
	f.sh(`open_session s1 alice`)
	f.shows(began, want{fullName: notes10, status: berth.StatusInUse, cause: "the session of alice", silent: true})
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
	if now := f.mountOf("h1", notes10); now != held || strings.Contains(f.sh("entries alice"), "entries: 0\n") {
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
	if !strings.Contains(f.sh("berth host show h1"), "fuse") {
		f.t.Skip("skipped: images are not mounted here, and copied ones have no room on a small file system")
	}
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
	f.until("berth host packages h2 -o json", `"Ready"`, notes11)
	held := f.mountOf("h2", notes11)

	f.sh(`head -c 2M /dev/zero > "$STATE/h2/filler" 2> /dev/null || true
berth assign add Contoso.Draw --host h2 --tag Production --apply`)
	f.until("berth host show h2; berth host packages h2 -o json; cat agent2.log", "plan.json cannot be written: no space left on device", "check space",
		"cannot write", `"Not applied"`, "the host holds generation")
	if out := f.sh(`berth agent session open s9 --user eve --home "$HOMES" --state "$STATE/h2" || echo refused`); !strings.Contains(out, "no space left on device") ||
		!strings.Contains(out, "refused\n") {
		f.t.Errorf("a session on a full disk: %s", out)
	}
	if now := f.mountOf("h2", notes11); now != held {
		f.t.Errorf("the package was torn off: mount %q, before %q", now, held)
	}
	f.wholeFiles(state)
	f.sh(`rm "$STATE/h2/filler"`)
	f.until("berth host packages h2 -o json; berth host show h2", draw20, `"Ready"`, "!Not applied", "!no space left", "!is not acted on")
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
		"Last error", "tls: expired certificate", "registered in 1 sessions", "!entries: 0\n")
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
	f.until("entries bob", "entries: 0\n")
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

func (f *statusFarm) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}
