//go:build linux

package winelab

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"berth"
	"berth/agent/winhost"
	"berth/test/cimimage"
)

// TestServerAway: without the server a host goes on with its last plan, over starts of the agent and of the machine.
func TestServerAway(t *testing.T) {
	b := newBench(t)
	s := b.newSigner()
	one, image := s.image("1.0.0.0", "notes-1.vhdx")
	p := b.enrolledWith(image)
	b.start()
	t.Cleanup(func() { b.stop() })
	b.await(one, berth.StatusReady)
	b.stopServer()
	b.signIn(1, users[0])
	b.awaitState("mounted", "staged/"+one, registered(users[0], one))
	b.stop()
	b.powerOff()
	b.start()
	b.signIn(2, users[1])
	b.awaitState("mounted", "staged/"+one, registered(users[0], one), registered(users[1], one))
	b.endSession(2)
	b.signOut(2)
	b.serveAgain()
	st := b.await(one, berth.StatusReady)
	if h, err := b.client.Host(t.Context(), hostName); err != nil || len(h.Facts.Sessions) != 0 {
		t.Errorf("%v, %v, %+v", st, err, h.Facts.Sessions)
	}
	b.letGo(p)
}

// TestShareAway: what is attached stays when the share goes; what is not is Not found, and comes with the share.
func TestShareAway(t *testing.T) {
	b := newBench(t)
	s := b.newSigner()
	one, image := s.image("1.0.0.0", "notes-1.vhdx")
	two, imageTwo := s.image("2.0.0.0", "notes-2.vhd")
	b.enroll()
	p := b.add(image, production)
	b.add(imageTwo)
	b.assign(p)
	b.start()
	t.Cleanup(func() { b.stop() })
	b.await(one, berth.StatusReady)
	share := filepath.Join(b.dir, "images")
	b.must(os.Rename(share, share+".away"))
	b.signIn(1, users[0])
	b.await(one, berth.StatusInUse)
	b.tag(two)
	st := b.await(two, berth.StatusNotFound)
	if st.Code != "0x80070003" || st.Retry != berth.RetryAuto || !strings.Contains(st.Cause, "notes-2.vhd") {
		t.Errorf("%+v", st)
	}
	b.awaitState("mounted", "staged/"+one, registered(users[0], one)) // nothing is torn off

	// It cannot be let go of either: the virtual disk service opens the file for that.
	b.endSession(1)
	b.signOut(1)
	until(t, "letting go waits for the share", func() (bool, any) {
		st := b.status(one)
		return st.Name == berth.StatusDisabling && st.Code == "0x80070002", st
	})
	b.must(os.Rename(share+".away", share))
	b.must(b.client.RetryHost(t.Context(), hostName))
	b.await(two, berth.StatusReady)
	b.awaitState("mounted", "staged/"+two)
	b.letGo(p)
}

// TestDiskFull: without room for its state the agent takes nothing up of which it could not keep a record, says so, and
// goes on when there is room.
func TestDiskFull(t *testing.T) {
	b := newBench(t)
	s := b.newSigner()
	one, image := s.image("1.0.0.0", "notes-1.vhdx")
	state := filepath.Join(b.prefix, "drive_c", "berth-agent")
	b.must(os.MkdirAll(state, 0o700))
	if err := syscall.Mount("tmpfs", state, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("skipped: a small file system cannot be mounted here: %v", err)
	}
	t.Cleanup(func() { b.must(syscall.Unmount(state, syscall.MNT_DETACH)) })
	b.enroll()
	b.start()
	t.Cleanup(func() { b.stop() })
	until(t, "the agent has its plan", func() (bool, any) {
		h, err := b.client.Host(t.Context(), hostName)
		return err == nil && h.Facts.Platform != "", err
	})
	fill := func() {
		f, err := os.Create(filepath.Join(state, "filler"))
		b.must(err)
		for err == nil {
			_, err = f.Write(make([]byte, 512))
		}
		b.must(f.Close())
	}
	p := b.add(image, production)
	fill()
	b.assign(p)
	time.Sleep(2 * time.Second) // whether it comes to see the plan or not, it must attach nothing
	if got := b.state(); got != "" {
		t.Errorf("without room for its record something is on the machine: %s", got)
	}
	b.must(os.Remove(filepath.Join(state, "filler")))
	b.must(b.client.RetryHost(t.Context(), hostName))
	b.await(one, berth.StatusReady)

	// Full while packages are there: what users have goes on, and a sign-out is seen through.
	fill()
	b.signIn(1, users[0])
	until(t, "it is told that the disk is full", func() (bool, any) {
		st := b.status(one)
		return st.Code == "0x80070070" || st.Name == berth.StatusInUse, st
	})
	b.must(os.Remove(filepath.Join(state, "filler")))
	b.must(b.client.RetryHost(t.Context(), hostName))
	b.await(one, berth.StatusInUse)
	b.endSession(1)
	b.signOut(1)
	b.letGo(p)
}

// TestVolumes: of several volumes of a disk the one with the package is taken.
func TestVolumes(t *testing.T) {
	b := newBench(t)
	s := b.newSigner()
	reserved := uuid.NewString() // as a reserved partition in front, which has nothing on it
	path := filepath.Join(b.dir, "images", "notes-1.vhdx")
	b.must(os.MkdirAll(b.fake("disks", "{"+reserved+"}"), 0o755))
	b.volume(path, 11, reserved)
	one, image := s.image("1.0.0.0", "notes-1.vhdx")
	if image != path {
		t.Fatal(image)
	}
	p := b.enrolledWith(image)
	b.start()
	t.Cleanup(func() { b.stop() })
	b.await(one, berth.StatusReady)
	b.awaitState("mounted", "mounted", "staged/"+one)
	if text, err := os.ReadFile(b.fake("staged", one)); err != nil || strings.Contains(string(text), reserved) {
		t.Errorf("staged from the wrong volume: %s, %v", text, err)
	}
	b.letGo(p)
}

// TestCIM leads a package in a composite image through its life, with a start of the machine in it, and stops the agent at
// the calls of CimFS.
func TestCIM(t *testing.T) {
	b := newBench(t)
	s := b.newSigner()
	one, vhdx := s.image("1.0.0.0", "notes-1.vhdx")
	image := b.composite(vhdx)
	b.enroll()
	p := b.add(image, production)
	b.start()
	t.Cleanup(func() { b.stop() })
	for _, at := range []point{{call: "cimmount", where: "before"}, {call: "cimmount", where: "after"}, {call: "cimmount", where: "after", off: true},
		{call: "cimdismount", where: "before"}, {call: "cimdismount", where: "after"}, {call: "cimdismount", where: "before", off: true}} {
		if at.call == "cimmount" {
			b.hold(at)
		}
		b.reassign(p)
		if at.call == "cimmount" {
			b.halted(at)
		}
		b.await(one, berth.StatusReady)
		b.awaitState("mounted", "staged/"+one)
		b.signIn(1, users[0])
		b.await(one, berth.StatusInUse)
		b.endSession(1)
		b.signOut(1)
		if at.call == "cimdismount" {
			b.hold(at)
		}
		b.unassign(p)
		if at.call == "cimdismount" {
			b.halted(at)
		}
		b.awaitState("")
		b.empty()
	}
	b.inject("cimmount", "0xC0000022") // STATUS_ACCESS_DENIED, in no catalogue: as it is
	b.reassign(p)
	st := b.await(one, berth.StatusStagingFailed)
	if st.Code != "0xC0000022" || st.Remedy == "" {
		t.Errorf("%+v", st)
	}
	b.heal("cimmount")
	b.must(b.client.RetryHost(t.Context(), hostName))
	b.await(one, berth.StatusReady)
	b.letGo(p)
}

// composite makes a composite image with the content of another one.
func (b *bench) composite(content string) (path string) {
	b.t.Helper()
	files, err := b.library().Open(b.t.Context(), content, 1)
	b.must(err)
	defer func() { _ = files.Close() }()
	dir := filepath.Join(b.dir, "images", "composite")
	b.must(os.MkdirAll(dir, 0o755))
	b.must(cimimage.Write(files, "notes", nil, func(name string, data []byte) error {
		return os.WriteFile(filepath.Join(dir, name), data, 0o644)
	}))
	changed := time.Now().Truncate(time.Second)
	b.must(filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return os.Chtimes(path, changed, changed)
	}))
	path = filepath.Join(dir, "notes.cim")
	b.knows(content, winhost.CIMVolume(path, changed), strings.ReplaceAll(path, "/", `\`))
	return path
}

// fakeTime is a library that tells programs another time.
const fakeTime = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"

// TestClock: a host whose clock is wrong, or whose certificate ran out while it was off, says so, keeps what it has, and
// is a host again when the clock is right.
func TestClock(t *testing.T) {
	b := newBench(t)
	if _, err := os.Stat(fakeTime); err != nil {
		t.Skip("skipped: no library that tells programs another time (Debian: faketime)")
	}
	s := b.newSigner()
	one, image := s.image("1.0.0.0", "notes-1.vhdx")
	p := b.enrolledWith(image)
	b.start()
	t.Cleanup(func() { b.stop() })
	b.await(one, berth.StatusReady)
	t.Cleanup(func() { b.wine.end(); b.must(b.stay()) })
	for _, c := range []struct{ shift, want string }{{"-1000d", "not yet valid"}, {"+2000d", "expired"}} {
		b.stop()
		b.powerOff()
		b.must(b.stayAt(c.shift))
		b.start()
		b.signIn(1, users[0]) // the last plan holds
		b.awaitState("mounted", "staged/"+one, registered(users[0], one))
		var text string
		until(t, "the agent says what is wrong with the clock or the certificate", func() (bool, any) {
			text = b.berth(t, "agent", "status", "--state", stateOnC)
			return strings.Contains(text, c.want), text
		})
		t.Logf("with the clock %s: %s", c.shift, text)
		b.endSession(1)
		b.signOut(1)
		b.stop()
		b.wine.end()
		b.must(b.stay())
		b.start()
		b.await(one, berth.StatusReady)
	}
	b.letGo(p)
}

// stayAt is stay, at another time: Windows' clock is that of the server of Wine.
func (w *wine) stayAt(shift string) error {
	w.end()
	c := exec.CommandContext(context.Background(), wineServer, "-p")
	c.Env = append(os.Environ(), "WINEPREFIX="+w.prefix, "WINEDEBUG=-all", "LD_PRELOAD="+fakeTime, "FAKETIME="+shift, "DONT_FAKE_MONOTONIC=1")
	return c.Run()
}
