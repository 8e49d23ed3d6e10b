package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"berth"
	"berth/wire"
)

// statusFarm is a server, a host and a share with images, one shell away.
type statusFarm struct {
	*guideShell
	t  *testing.T
	at string // what is being done, for failures
}

const (
	notes10 = "Contoso.Notes_1.0.0.0_x64__h388x270ssse4"
	notes11 = "Contoso.Notes_1.1.0.0_x64__h388x270ssse4"
	draw20  = "Contoso.Draw_2.0.0.0_x64__h388x270ssse4"
)

// newStatusFarm has notes 1.0 (Production), 1.1, and an image with draw and the runtime that it needs, in the catalogue, and
// the host h1 with an agent that checks every file.
func newStatusFarm(t *testing.T) *statusFarm {
	f := &statusFarm{guideShell: newGuideShell(t), t: t, at: "set-up"}
	f.sh(`
openssl req -x509 -newkey rsa:2048 -nodes -days 9 -subj "/C=US/O=Contoso/CN=Contoso Apps" -addext keyUsage=digitalSignature \
  -addext extendedKeyUsage=codeSigning -keyout signer.key -out signer.pem 2> /dev/null
for app in notes-1.0 notes-1.1 draw-2.0 runtime-3.2; do
  berth msix pack $app --out $app.unsigned.msix -q
  berth msix sign $app.unsigned.msix --cert signer.pem --key signer.key --out $app.msix -q
done
berth image build notes-1.0.msix --out "$SHARE/notes-1.0.vhdx" -q -o none
berth image build notes-1.1.msix --out "$SHARE/notes-1.1.vhdx" -q -o none
berth image build draw-2.0.msix runtime-3.2.msix --out "$SHARE/suite.vhd" -q -o none
berth server --data "$DATA" --listen "$LISTEN" --image-root '\\files\apps' --share-logins "$LOGINS" --bootstrap admin.json > server.log 2>&1 & echo $! > server.pid
export BERTH_BOOTSTRAP=$PWD/admin.json
until grep -q '^Certificate' server.log; do sleep 0.2; done
berth agent enroll --server "$(berth whoami --query server -o tsv)" --ca "$DATA/ca.crt" --state "$STATE/h1" --name h1 --key "$(berth enroll-key create --kind rdsh)"
run_agent() { berth agent run --sessions pam --state "$STATE/h1" --share-logins "$LOGINS" --verify-all >> agent.log 2>&1 & echo $! > agent.pid; }
stop_agent() { kill "$(cat agent.pid)"; wait "$(cat agent.pid)" || true; }
run_agent
berth package add '\\files\apps\notes-1.0.vhdx' --tag Production
berth package add '\\files\apps\notes-1.1.vhdx'
berth package add '\\files\apps\suite.vhd' --package Contoso.Runtime_3.2.0.0_x64__h388x270ssse4
berth package add '\\files\apps\suite.vhd' --package ` + draw20 + ` --tag Production
berth changes apply --wait`)
	return f
}

func (f *statusFarm) sh(script string) string {
	f.t.Helper()
	return f.run(f.t, guideBlock{where: f.at, info: "sh", text: script + "\n"})
}

// rows are those that a command shows in JSON.
func (f *statusFarm) rows(command string) (rows []wire.HostPackage) {
	f.t.Helper()
	out := f.sh(command)
	var list struct{ Items []wire.HostPackage }
	if json.Unmarshal([]byte(out), &rows) == nil {
		return rows
	}
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		f.t.Fatalf("%s: %v in %s", command, err, out)
	}
	return list.Items
}

// want is a status as it must be shown.
type want struct {
	fullName string
	status   berth.StatusName
	cause    string // a part of it
	codes    string // any of these; empty: none
	silent   bool   // nothing is to be done
}

// shows waits until the package has the status since the step began (what the host knew before is shown until it has
// reported), and holds command line and API to it: since when, cause, code and remedy,
// in JSON and for people.
func (f *statusFarm) shows(began time.Time, w want) {
	f.t.Helper()
	f.at = string(w.status)
	began = began.Add(-2 * time.Second) // clocks are cut, and those of files coarse
	deadline := time.Now().Add(2 * time.Minute)
	row, ok := f.find(f.rows("berth host packages h1 -o json"), w)
	for !ok || row.Status.Since.Before(began) {
		if time.Now().After(deadline) {
			f.t.Fatalf("%s never was %s since then:\n%s\n%s", w.fullName, w.status, f.sh("berth host packages h1"), f.sh("tail -20 agent.log"))
		}
		time.Sleep(200 * time.Millisecond)
		row, ok = f.find(f.rows("berth host packages h1 -o json"), w)
	}
	s := row.Status
	if !strings.Contains(s.Cause, w.cause) {
		f.t.Errorf("%s: the cause %q does not say %q", w.status, s.Cause, w.cause)
	}
	if known := strings.Fields(w.codes); (len(known) == 0) != (s.Code == "") || (s.Code != "" && !strings.Contains(" "+w.codes+" ", " "+s.Code+" ")) {
		f.t.Errorf("%s: code %q, want %q", w.status, s.Code, w.codes)
	}
	if (s.Remedy == "") != w.silent {
		f.t.Errorf("%s: remedy %q", w.status, s.Remedy)
	}
	if s.Since.After(time.Now().Add(time.Second)) {
		f.t.Errorf("%s: since %s, which is to come", w.status, s.Since)
	}
	f.same(row, w)
}

func (f *statusFarm) find(rows []wire.HostPackage, w want) (wire.HostPackage, bool) {
	for _, r := range rows {
		if r.FullName == w.fullName && r.Status.Name == w.status {
			return r, true
		}
	}
	return wire.HostPackage{}, false
}

// same holds the other faces to the same row: the API's answer, and the table that people read. A host may try again in
// between, and then says something else: the row is read anew until all agree.
func (f *statusFarm) same(row wire.HostPackage, w want) {
	f.t.Helper()
	wrong := f.differences(row, w)
	for deadline := time.Now().Add(time.Minute); len(wrong) > 0 && time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		if again, ok := f.find(f.rows("berth host packages h1 -o json"), w); ok {
			wrong = f.differences(again, w)
		}
	}
	for _, what := range wrong {
		f.t.Errorf("%s: %s", w.status, what)
	}
}

func (f *statusFarm) differences(row wire.HostPackage, w want) (list []string) {
	f.t.Helper()
	native, ok := f.find(f.rows(`berth api GET "/api/v1/sites/main/status?host=h1"`), w)
	if !ok || native.Status.Cause != row.Status.Cause || native.Status.Code != row.Status.Code || native.Status.Remedy != row.Status.Remedy {
		list = append(list, fmt.Sprintf("the API says %+v, the command line %+v", native.Status, row.Status))
	}
	for _, command := range []string{"berth host packages h1", "berth status --host h1"} {
		table := f.sh(command)
		for _, part := range []string{string(w.status), row.Status.Cause, row.Status.Code} {
			if !strings.Contains(table, part) {
				list = append(list, fmt.Sprintf("%s does not show %q:\n%s", command, part, table))
			}
		}
		if row.Status.Trouble() != strings.Contains(table, "what to do: "+row.Status.Remedy) {
			list = append(list, fmt.Sprintf("the remedy %q is not where it should be:\n%s", row.Status.Remedy, table))
		}
	}
	return list
}

// TestStatuses reaches each of the eight statuses by its real cause, on a real host with real images.
func TestStatuses(t *testing.T) {
	f := newStatusFarm(t)
	began := time.Now()
	step := func(script string) { f.t.Helper(); began = time.Now(); f.sh(script) }

	step("berth assign add Contoso.Notes --host h1 --tag Production")
	f.shows(began, want{fullName: notes10, status: berth.StatusNotApplied, cause: "a pending change assigns"})
	step("stop_agent; berth changes apply")
	f.shows(began, want{fullName: notes10, status: berth.StatusNotApplied, cause: "the host holds generation"})
	step("run_agent")
	f.shows(began, want{fullName: notes10, status: berth.StatusReady, cause: "attached and staged", silent: true})
	step(`mkdir -p "$HOMES/alice"; berth agent session open s1 --user alice --home "$HOMES/alice" --state "$STATE/h1"`)
	f.shows(began, want{fullName: notes10, status: berth.StatusInUse, cause: "the session of alice", silent: true})
	step("berth tag move Production " + notes11 + " --apply")
	f.shows(began, want{fullName: notes10, status: berth.StatusDisabling, cause: "waiting for deregistration in the session of alice"})
	f.shows(began, want{fullName: notes11, status: berth.StatusReady, silent: true})
	step(`berth agent session close s1 --state "$STATE/h1"`)
	f.gone(notes10)

	step("berth assign add Contoso.Notes --host h1 --tag Custom --apply")
	f.shows(began, want{status: berth.StatusNoVersion, cause: "with the tag Custom is not in the catalogue"})
	step("berth assign add Contoso.Notes --host h1 --tag Production --apply")

	step(`mv "$SHARE/suite.vhd" "$SHARE/away.vhd"; berth assign add Contoso.Draw --host h1 --tag Production --apply`)
	f.shows(began, want{fullName: draw20, status: berth.StatusNotFound, cause: `\\files\apps\suite.vhd`, codes: "ENOENT 0x80070002"})
	step(`mv "$SHARE/away.vhd" "$SHARE/suite.vhd"; berth host retry h1`)
	f.shows(began, want{fullName: draw20, status: berth.StatusReady, silent: true})
	f.letGo()

	began = time.Now()
	f.stopFiles()
	step("berth assign add Contoso.Draw --host h1 --tag Production --apply")
	f.shows(began, want{fullName: draw20, status: berth.StatusNotFound, cause: `\\files\apps\suite.vhd`, codes: "ECONNREFUSED 0x80070035 0x80070043 0x80070040"})
	f.startFiles(t)
	step("berth host retry h1")
	f.shows(began, want{fullName: draw20, status: berth.StatusReady, silent: true})
	f.letGo()

	step("berth settings set certificates.provision=false --apply; berth assign add Contoso.Draw --host h1 --tag Production --apply")
	f.shows(began, want{fullName: draw20, status: berth.StatusCertificateMissing, cause: "CN=Contoso Apps, O=Contoso, C=US", codes: "0x800B0109"})
	step(`cp signer.pem "$STATE/h1/certificates/"; berth host retry h1`)
	f.shows(began, want{fullName: draw20, status: berth.StatusReady, silent: true})
	f.letGo()

	step(`cp "$SHARE/suite.vhd" good.vhd; LC_ALL=C sed -i 's/Contoso Draw 2\.0\.0\.0/Contoso Draw 6.6.6.6/' "$SHARE/suite.vhd"
berth assign add Contoso.Draw --host h1 --tag Production --apply`)
	f.shows(began, want{fullName: draw20, status: berth.StatusStagingFailed, cause: "readme.txt", codes: "0x80080207 0x80080209"})
	step(`cp good.vhd "$SHARE/suite.vhd"; berth host retry h1`)
	f.shows(began, want{fullName: draw20, status: berth.StatusReady, silent: true})
}

// letGo takes draw from the host, and waits until it has gone.
func (f *statusFarm) letGo() {
	f.t.Helper()
	f.sh("berth assign remove Contoso.Draw --host h1 --apply")
	f.gone(draw20)
}

func (f *statusFarm) gone(fullName string) {
	f.t.Helper()
	f.at = fmt.Sprintf("%s goes", fullName)
	f.sh(fmt.Sprintf(`for i in $(seq 600); do [[ "$(berth host packages h1 -o name)" == *%[1]s* ]] || break; sleep 0.2; done
[[ "$(berth host packages h1 -o name)" != *%[1]s* ]]`, fullName))
}
