//go:build linux

package winelab

import (
	"os"
	"slices"
	"strings"
	"testing"

	"berth"
	"berth/wire"
)

// everything asks for all codes and not a choice of them: WINELAB_ALL=1.
func everything() bool { return os.Getenv("WINELAB_ALL") != "" }

// fewest are the codes that are tried in any case: of each status and class of retry, and of each sort of text.
var fewest = []string{"0x80070002", "0x80070005", "0x8007052E", "0xC03A0002", "0x80073CF3", "0x80073CFF", "0x800B0109", "0x80070422", "0x80073D02", "0x80073CFA"}

// codesOf lists the codes of Windows that are met in one of the phases.
func codesOf(phases []berth.Phase, but ...string) []berth.Explanation {
	return slices.DeleteFunc(berth.Catalogue(), func(e berth.Explanation) bool {
		in := e.Phases == "" || slices.ContainsFunc(phases, func(p berth.Phase) bool { return slices.Contains(strings.Fields(e.Phases), string(p)) })
		return !in || !strings.HasPrefix(e.Code, "0x") || slices.Contains(but, e.Code) || !everything() && !slices.Contains(fewest, e.Code)
	})
}

// failing lets a call fail with each code in turn, and looks at what administrators are told.
func (b *bench) failing(call string, phase berth.Phase, fullName string, want func(berth.Explanation) berth.StatusName, but ...string) {
	b.t.Helper()
	phases := []berth.Phase{phase}
	if call == "detach" { // it opens the image again
		phases = append(phases, berth.PhaseAttach)
	}
	list := codesOf(phases, but...)
	if len(list) < 3 {
		b.t.Fatalf("only %d codes for the phase %s", len(list), phase)
	}
	for _, e := range list {
		b.inject(call, e.Code)
		b.must(b.client.RetryHost(b.t.Context(), hostName))
		var got berth.Status
		until(b.t, e.Code+" is told at "+string(phase), func() (bool, any) {
			got = b.status(fullName)
			return got.Code == e.Code, got
		})
		if got.Name != want(e) || got.Remedy != e.Remedy || got.Meaning != e.Meaning || got.Symbol != e.Symbol || got.Retry != e.Retry ||
			!strings.Contains(got.Cause, "cannot ") {
			b.t.Errorf("%s at %s: %+v, want %s with %+v", e.Code, phase, got, want(e), e)
			continue
		}
		b.told++
	}
	b.t.Logf("%s: %d codes at %s", call, len(list), phase)
	b.heal(call)
	b.must(b.client.RetryHost(b.t.Context(), hostName))
}

// TestErrors lets every phase fail with the codes of the catalogue; each must be told with its status, and be overcome.
func TestErrors(t *testing.T) {
	b := newBench(t)
	s := b.newSigner()
	one, image := s.image("1.0.0.0", "notes-1.vhdx")
	two, imageTwo := s.image("2.0.0.0", "notes-2.vhd")
	b.enroll()
	b.inject("open", "0x80070002")
	b.install()
	p := b.add(image, production)
	b.assign(p)
	red := func(e berth.Explanation) berth.StatusName { return e.Status }

	b.failing("open", berth.PhaseAttach, one, red)
	b.await(one, berth.StatusReady)
	b.awaitState("mounted", "staged/"+one)

	// A volume that is lost is attached again; that staging then fails is told, and the image is let go of.
	b.unassign(p)
	b.awaitState("")
	b.inject("stage", "0x80070005")
	b.reassign(p)
	// CERT_E_UNTRUSTEDROOT and others; E_INVALIDARG asks for another form of the address instead.
	b.failing("stage", berth.PhaseStage, one, red, "0x80070057")
	b.await(one, berth.StatusReady)

	b.inject("register", "0x80070005")
	b.signIn(1, users[0])
	staged := func(berth.Explanation) berth.StatusName { return berth.StatusReady }
	b.failing("register", berth.PhaseRegister, one, staged)
	b.await(one, berth.StatusInUse)

	// The user comes back and has another version, while what an earlier session left cannot be taken away.
	b.signIn(2, users[1])
	b.awaitState("mounted", "staged/"+one, registered(users[0], one), registered(users[1], one))
	b.signOut(1)
	b.add(imageTwo)
	b.tag(two)
	b.await(two, berth.StatusReady)
	b.inject("deregister", "0x80070005")
	b.signIn(1, users[0])
	disabling := func(berth.Explanation) berth.StatusName { return berth.StatusDisabling }
	b.failing("deregister", berth.PhaseDeregister, one, disabling, "0x80073CF1") // that it is not there is a success
	b.awaitState("mounted", "mounted", "staged/"+one, "staged/"+two, registered(users[0], two), registered(users[1], one))

	b.inject("destage", "0x80070005")
	b.signOut(2)
	b.failing("destage", berth.PhaseDestage, one, disabling, "0x80073CF1") // as above
	b.awaitState("mounted", "staged/"+two, registered(users[0], two))

	b.inject("detach", "0x80070005")
	b.signOut(1)
	b.unassign(p)
	b.failing("detach", berth.PhaseDestage, two, disabling)
	b.awaitState("")
	b.sound()
	t.Logf("%d codes were told with status, text, remedy and class of retry, and overcome", b.told)
}

// TestAddresses: where Windows does not take an escaped address, the plain one is tried, and then a junction.
func TestAddresses(t *testing.T) {
	b := newBench(t)
	s := b.newSigner()
	one, image := s.image("1.0.0.0", "notes-1.vhdx")
	b.enroll()
	b.start()
	t.Cleanup(func() { b.stop() })
	b.inject("unescaped", "1")
	p := b.add(image, production)
	b.assign(p)
	b.await(one, berth.StatusReady)
	if b.calls("StagePackageWithOptionsAsync file:///Volume%7B") != 1 || b.calls("StagePackageWithOptionsAsync file:///Volume{") != 1 {
		t.Error("the forms of the address were not tried in turn")
	}
	b.unassign(p)
	b.awaitState("")

	b.inject("junction", "1")
	b.reassign(p)
	b.await(one, berth.StatusReady)
	if n := b.calls("StagePackageWithOptionsAsync file:///C:/berth-agent/links/" + one); n == 0 {
		t.Error("not staged through a junction")
	}
	b.signIn(1, users[0])
	b.await(one, berth.StatusInUse)
	b.endSession(1)
	b.signOut(1)
	b.stop()
	b.start()
	b.await(one, berth.StatusReady)
	b.letGo(p)

	// Asked for by name, nothing else is tried.
	b.stop()
	b.heal("junction")
	b.heal("unescaped")
	before := b.calls("StagePackageWithOptionsAsync file:///Volume")
	b.start("--uri-mode", "junction")
	b.reassign(p)
	b.await(one, berth.StatusReady)
	b.unassign(p)
	b.awaitState("")
	if n := b.calls("StagePackageWithOptionsAsync file:///Volume"); n != before {
		t.Error("another address was tried")
	}
	b.empty()
}

// TestTampered: an image whose code is not as signed is not staged, and the file is named.
func TestTampered(t *testing.T) {
	b := newBench(t)
	s := b.newSigner()
	one, image := s.image("1.0.0.0", "notes-1.vhdx")
	b.enroll()
	b.install()
	p := b.add(image, production)
	heal := b.tamper("notes.exe")
	b.assign(p)
	st := b.await(one, berth.StatusStagingFailed)
	if st.Code != "0x80080207" || !strings.Contains(st.Cause, "notes.exe") {
		t.Errorf("%+v", st)
	}
	b.awaitState("")
	heal()
	b.must(b.client.RetryHost(t.Context(), hostName))
	b.await(one, berth.StatusReady)
	b.unassign(p)
	b.awaitState("")
	b.sound()
}

// TestInUse: what runs from a package keeps it, with or without a registration.
func TestInUse(t *testing.T) {
	b := newBench(t)
	s := b.newSigner()
	one, image := s.image("1.0.0.0", "notes-1.vhdx")
	b.enroll()
	b.install()
	p := b.add(image, production)
	b.assign(p)
	b.await(one, berth.StatusReady)
	program := b.launch(one, "notes.exe")
	b.unassign(p)
	var st berth.Status
	until(t, "the package is held by the program", func() (bool, any) {
		st = b.status(one)
		return st.Code == "0x80073D02", st
	})
	if st.Name != berth.StatusDisabling || !strings.Contains(st.Cause, "notes.exe") {
		t.Errorf("%+v", st)
	}
	b.awaitState("mounted", "staged/"+one)
	program.end()
	b.must(b.client.RetryHost(t.Context(), hostName))
	b.awaitState("")
	b.sound()
}

func (b *bench) unassign(p berth.Package) {
	b.t.Helper()
	_, err := b.client.Unassign(b.t.Context(), b.holder(), p.FamilyName)
	b.must(err)
	b.apply()
}

// letGo unassigns a package and waits until nothing of it is left.
func (b *bench) letGo(p berth.Package) {
	b.t.Helper()
	b.unassign(p)
	b.awaitState("")
	b.empty()
}

// enrolledWith makes the machine a host that is to have the package of an image, by its tag.
func (b *bench) enrolledWith(image string) berth.Package {
	b.t.Helper()
	b.enroll()
	p := b.add(image, production)
	b.assign(p)
	return p
}

func (b *bench) reassign(p berth.Package) {
	b.t.Helper()
	_, err := b.client.Assign(b.t.Context(), b.holder(), wire.Assign{Family: p.FamilyName, Tag: production})
	b.must(err)
	b.apply()
}
