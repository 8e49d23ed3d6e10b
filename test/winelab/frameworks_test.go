//go:build linux

package winelab

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"berth"
	"berth/wire"
)

// TestFrameworks: a framework that a package needs comes from its .appx file, before the package and for as long as that
// is there. One that is missing is named; one that the machine has is used and left alone.
func TestFrameworks(t *testing.T) {
	b := newBench(t)
	s := b.newSigner()
	runtime, file := s.framework("2.1.0.0")
	one, image := s.image("1.0.0.0", "notes-1.vhdx", needsRuntime("2.0.0.0"))
	b.enroll()
	b.start()
	t.Cleanup(func() { b.stop() })
	p := b.add(image, production)
	b.assign(p)

	// Nobody has it: the message names it, the image is let go of.
	st := b.await(one, berth.StatusStagingFailed)
	if st.Code != "0x80073CF3" || st.Retry != berth.RetryWait || !strings.Contains(st.Cause, "Contoso.Runtime 2.0.0.0 or newer for x64") || !strings.Contains(st.Cause, "none") {
		t.Errorf("%+v", st)
	}
	b.awaitState("")

	// An older one on the machine will not do, and is named.
	old := strings.Replace(runtime, "2.1.0.0", "1.9.0.0", 1)
	b.must(os.WriteFile(b.fake("staged", old), []byte("-\n"), 0o644))
	b.must(b.client.RetryHost(t.Context(), hostName))
	until(t, "the old framework is named", func() (bool, any) { st := b.status(one); return strings.Contains(st.Cause, "only "+old), st })
	b.must(os.Remove(b.fake("staged", old)))

	// In the catalogue, by its .appx file: first the framework, then the package. A user gets it with the package, on a
	// Windows too that wants it registered first.
	b.inject("strict", "1")
	b.add(file)
	b.apply()
	b.await(one, berth.StatusReady)
	b.awaitState("mounted", "staged/"+one, "staged/"+runtime)
	if log, err := os.ReadFile(b.fake("log.txt")); err != nil || strings.Index(string(log), "staged "+runtime) > strings.Index(string(log), "staged "+one) {
		t.Errorf("the package was staged before its framework: %v", err)
	}
	b.signIn(1, users[0])
	b.awaitState("mounted", "staged/"+one, "staged/"+runtime, registered(users[0], one), registered(users[0], runtime))
	b.endSession(1)
	b.signOut(1)

	// The package goes first.
	b.unassign(p)
	b.awaitState("")
	if left, err := os.ReadDir(filepath.Join(b.prefix, "drive_c", "berth-agent", "frameworks")); err != nil || len(left) > 0 {
		t.Errorf("copies stay: %v, %v", left, err)
	}

	// A newer one that the machine has from elsewhere takes its place, and stays.
	newer := strings.Replace(runtime, "2.1.0.0", "2.2.0.0", 1)
	b.must(os.WriteFile(b.fake("staged", newer), []byte("-\n"), 0o644))
	b.reassign(p)
	b.await(one, berth.StatusReady)
	b.awaitState("mounted", "staged/"+one, "staged/"+newer)
	b.unassign(p)
	b.awaitState("staged/" + newer)
	b.must(os.Remove(b.fake("staged", newer)))

	// A file that was altered since it was added is not staged, and a package that is no framework not taken at all.
	b.must(os.Rename(file, file+".good"))
	_, other := s.framework("2.1.0.1")
	b.must(os.Rename(other, file))
	b.reassign(p)
	until(t, "the altered framework is named", func() (bool, any) {
		h, err := b.client.Host(t.Context(), hostName)
		b.must(err)
		f := h.Facts.Package(runtime)
		return f != nil && f.Failure != nil && f.Failure.Code == "0x80080207" && strings.Contains(f.Failure.Message, "AppxManifest.xml"), f
	})
	until(t, "the package says which framework it waits for", func() (bool, any) {
		st := b.status(one)
		return strings.Contains(st.Cause, runtime+" could not be staged"), st
	})
	b.must(os.Rename(file+".good", file))
	b.must(b.client.RetryHost(t.Context(), hostName))
	until(t, "the framework is staged", func() (bool, any) { st := b.state(); return strings.Contains(st, "staged/"+runtime), st })
	b.must(b.client.RetryHost(t.Context(), hostName)) // the package waits for its framework at its own pace
	b.await(one, berth.StatusReady)
	main := filepath.Join(b.dir, "images", "notes.msix")
	b.must(os.Rename(filepath.Join(b.dir, "packages", "1.0.0.0.msix"), main))
	if _, err := b.client.AddPackage(t.Context(), wire.AddPackage{ImagePath: main}); berth.ErrorKind(err) != berth.Invalid || !strings.Contains(err.Error(), "only frameworks") {
		t.Errorf("a package that is not expanded: %v", err)
	}
	b.unassign(p)
	b.awaitState("")
	b.sound()
}
