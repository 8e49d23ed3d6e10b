package main

import (
	"strings"
	"testing"
	"time"

	"berth"
)

// TestCopies: with copies on the host, packages stay Ready and new sessions get them while the file server is dead, also
// after the machine let go of everything and the agent was killed.
func TestCopies(t *testing.T) {
	f := newStatusFarm(t)
	began := time.Now()
	step := func(script string) { f.t.Helper(); began = time.Now(); f.sh(script) }

	step(`stop_agent
run_agent() { berth agent run --sessions pam --state "$STATE/h1" --share-logins "$LOGINS" --cache-spread 1ms >> agent.log 2>&1 & echo $! > agent.pid; }
run_agent
berth settings set cache.enabled=true cache.rate=50MB --apply
berth assign add Contoso.Notes --host h1 --tag Production --apply`)
	f.shows(began, want{fullName: notes10, status: berth.StatusReady, cause: "attached and staged", silent: true})
	f.until(`berth host show h1`, "notes-1.0.vhdx", ": complete")

	// The share dies. What is attached from it goes on in the copy.
	f.stopFiles()
	f.sh(`find "$STATE/h1/packages/` + notes10 + `" -type f -exec cat {} + > /dev/null`)

	// The machine starts anew: nothing is attached any more.
	step(`stop_agent; berth agent release --state "$STATE/h1"; run_agent`)
	f.shows(began, want{fullName: notes10, status: berth.StatusReady, cause: "attached from the host's copy", silent: true})
	step(`mkdir -p "$HOMES/alice"; berth agent session open s1 --user alice --home "$HOMES/alice" --state "$STATE/h1"`)
	f.shows(began, want{fullName: notes10, status: berth.StatusInUse, cause: "the host's copy", silent: true})
	f.sh(`grep -q . "$STATE/h1/packages/` + notes10 + `/AppxManifest.xml"; ls "$HOMES/alice/.local/share/applications" | grep -q berth-`)

	step(`kill -9 "$(cat agent.pid)"; wait "$(cat agent.pid)" || true; run_agent
mkdir -p "$HOMES/bob"; berth agent session open s2 --user bob --home "$HOMES/bob" --state "$STATE/h1"`)
	f.until("berth host packages h1", "2 sessions (alice, bob)")
	f.until("berth host show h1", "notes-1.0.vhdx", "complete, attached", "cannot be copied to the host")
	f.startFiles(t)
	f.sh("berth host retry h1")
	f.until("berth host show h1", "complete, attached", "!cannot be copied")

	// Switched off, copies go once nothing is attached from them.
	step(`berth settings set cache.enabled=false --apply; berth agent session close s1 --state "$STATE/h1"; berth agent session close s2 --state "$STATE/h1"
berth assign remove Contoso.Notes --host h1 --apply`)
	f.gone(notes10)
	f.until(`ls "$STATE/h1/cache"; echo end`, "end", "!-")
}

// TestAudit: a file that nobody runs is altered on the share. The host finds it in the background, gives the package to no
// new session, and takes nothing from the one that has it.
func TestAudit(t *testing.T) {
	f := newStatusFarm(t)
	began := time.Now()
	step := func(script string) { f.t.Helper(); began = time.Now(); f.sh(script) }

	step(`stop_agent
run_agent() { berth agent run --sessions pam --state "$STATE/h1" --share-logins "$LOGINS" --cache-spread 1ms >> agent.log 2>&1 & echo $! > agent.pid; }
run_agent
cp "$SHARE/suite.vhd" good.vhd; LC_ALL=C sed -i 's/Contoso Draw 2\.0\.0\.0/Contoso Draw 6.6.6.6/' "$SHARE/suite.vhd"
berth assign add Contoso.Draw --host h1 --tag Production --apply`)
	f.shows(began, want{fullName: draw20, status: berth.StatusReady, silent: true}) // what can run is as it was signed
	step(`mkdir -p "$HOMES/alice"; berth agent session open s1 --user alice --home "$HOMES/alice" --state "$STATE/h1"`)
	f.shows(began, want{fullName: draw20, status: berth.StatusInUse, cause: "the session of alice", silent: true})
	step(`berth settings set verify.depth=all --apply`)
	f.shows(began, want{fullName: draw20, status: berth.StatusStagingFailed, cause: "readme.txt", codes: "0x80080207"})
	if table := f.sh("berth host packages h1"); !strings.Contains(table, "the session of alice keeps what it has") {
		t.Errorf("what becomes of the session is not said:\n%s", table)
	}
	f.sh(`grep -q . "$STATE/h1/packages/` + draw20 + `/AppxManifest.xml"
mkdir -p "$HOMES/bob"; berth agent session open s2 --user bob --home "$HOMES/bob" --state "$STATE/h1"`)
	step(`berth agent session close s1 --state "$STATE/h1"`)
	f.until(`berth host packages h1; ls "$STATE/h1/packages"`, "readme.txt", "!keeps what it has", "!"+draw20+"\n")
	if out := f.sh(`find "$HOMES/bob" -name 'berth-*'; echo end`); strings.Contains(out, "berth-") {
		t.Errorf("bob was given a package that is not as it was signed: %s", out)
	}
	step(`cp good.vhd "$SHARE/suite.vhd"; berth host retry h1`)
	f.shows(began, want{fullName: draw20, status: berth.StatusInUse, cause: "the session of bob", silent: true})
	f.until("berth host show h1 -o json", `"verified": true`)
	f.sh(`stop_agent; run_agent; sleep 1`)
	f.until("cat agent.log", "every file of a package is as it was signed")
	if n := strings.Count(f.sh(`grep -c "every file of a package is as it was signed.*`+draw20+`" agent.log`), "1"); n != 1 {
		t.Errorf("%d checks of the same content, want one", n)
	}
}

// until runs a command until it prints all of the texts, and none of those with a ! before.
func (f *statusFarm) until(command string, texts ...string) {
	f.t.Helper()
	var out string
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(300 * time.Millisecond) {
		out = f.sh(command)
		wrong := false
		for _, text := range texts {
			not := strings.HasPrefix(text, "!")
			wrong = wrong || strings.Contains(out, strings.TrimPrefix(text, "!")) == not
		}
		if !wrong {
			return
		}
	}
	f.t.Fatalf("%s never printed %q:\n%s\n%s", command, texts, out, f.sh("tail -20 agent.log"))
}
