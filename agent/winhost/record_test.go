package winhost

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"berth"
)

const notes = "Contoso.Notes_1.0.0.0_x64__g6gdaehg7r458"

func TestRecords(t *testing.T) {
	r := records{t.TempDir()}
	if err := r.make(); err != nil {
		t.Fatal(err)
	}
	want := record{Package: berth.PlannedPackage{FullName: notes, FamilyName: familyOf(notes), ImagePath: `\\files\apps\notes.vhdx`}, Volume: "0b9f5a9e-0000-0000-0000-100000000000"}
	if err := r.write(want); err != nil {
		t.Fatal(err)
	}
	damaged := filepath.Join(r.folder("packages"), "damaged.json")
	for path, text := range map[string]string{damaged: "{", filepath.Join(r.folder("packages"), ".being.written"): "{"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	list, bad, err := r.list()
	if diff := cmp.Diff([]record{want}, list); diff != "" || err != nil || len(bad) != 1 || bad[0] != damaged {
		t.Errorf("%s, damaged %v, %v", diff, bad, err)
	}
	half := filepath.Join(r.folder("frameworks"), "half.appx")
	if err := errors.Join(os.WriteFile(half, nil, 0o600), r.sweep()); err != nil {
		t.Fatal(err)
	}
	for path, stays := range map[string]bool{half: false, filepath.Join(r.folder("packages"), ".being.written"): false, damaged: true, r.path(notes): true} {
		if _, err := os.Stat(path); (err == nil) != stays {
			t.Errorf("after sweeping: %s: %v", path, err)
		}
	}
	if err := errors.Join(r.remove(notes), r.remove(notes)); err != nil {
		t.Error(err)
	}
	if got, err := r.read(notes); got != nil || err != nil {
		t.Errorf("after removal: %v, %v", got, err)
	}
}

func TestLedger(t *testing.T) {
	r := records{t.TempDir()}
	if err := r.make(); err != nil {
		t.Fatal(err)
	}
	const sid = "S-1-5-21-7-7-7-1101"
	l, err := r.ledger(sid)
	if err != nil || len(l.Packages) != 0 {
		t.Fatalf("%v %v", l, err)
	}
	l.User, l.Packages[berth.Fold(notes)] = `CORP\alice`, "1-100"
	if err := r.writeLedger(sid, l); err != nil {
		t.Fatal(err)
	}
	if got, err := r.ledger(sid); err != nil || got.Packages[berth.Fold(notes)] != "1-100" {
		t.Errorf("%v %v", got, err)
	}
	if sids, err := r.users(); err != nil || len(sids) != 1 || sids[0] != sid || !l.has("1-100") || l.has("1-101") {
		t.Errorf("users: %v, %v", sids, err)
	}
	delete(l.Packages, berth.Fold(notes))
	if err := errors.Join(r.writeLedger(sid, l), r.writeLedger(sid, l)); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(r.folder("users")); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestCheckName(t *testing.T) {
	for name, good := range map[string]bool{notes: true, "": false, `..\..\x_1_2_3_4`: false, "a_b_c_d": false, "A_1.0.0.0_x64__a/b": false,
		"Contoso.Notes_1.0.0.0_neutral_~_g6gdaehg7r458": true, strings.Repeat("a", 300) + "_1_2_3_4": false} {
		if err := checkName(name); (err == nil) != good {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// TestCodes: an error of the system keeps its number, as an HRESULT.
func TestCodes(t *testing.T) {
	for n, want := range map[syscall.Errno]string{5: "0x80070005", 0xC03A0002: "0xC03A0002", 0x80070057: "0x80070057"} {
		err := coded(&os.PathError{Op: "open", Path: "x", Err: n}, "cannot open x")
		if codeOf(err) != want {
			t.Errorf("%#x: %s, want %s", uint32(n), codeOf(err), want)
		}
	}
	first := &berth.Error{Code: codeInUse, Message: "in use"}
	if got := codeOf(coded(first, "more")); got != codeInUse {
		t.Errorf("an Error became %s", got)
	}
}

func TestLogFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "agent.log")
	l := NewLogFile(path)
	line := []byte(strings.Repeat("x", 1<<20) + "\n")
	for range 12 {
		if _, err := l.Write(line); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, path + ".1"} {
		info, err := os.Stat(name)
		if err != nil || info.Size() == 0 || info.Size() > mostLogBytes {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}
