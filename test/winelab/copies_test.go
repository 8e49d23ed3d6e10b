//go:build linux

package winelab

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"berth"
	"berth/wire"
)

// TestCopies: a Windows that starts while the share is away attaches from its copy of the image, and a user who signs in
// then gets the package. What the copy has is compared with the block map by the agent itself, not by the fake Windows.
func TestCopies(t *testing.T) {
	b := newBench(t)
	s := b.newSigner()
	one, image := s.image("1.0.0.0", "notes-1.vhdx")
	b.enroll()
	b.install("--cache-spread", "1ms")
	on, depth := true, berth.VerifyAll
	_, err := b.client.EditSettings(t.Context(), wire.EditSettings{Cache: &wire.EditCache{Enabled: &on}, Verify: &depth})
	b.must(err)
	p := b.add(image, production)
	b.assign(p)
	if st := b.await(one, berth.StatusReady); strings.Contains(st.Cause, "copy") {
		t.Errorf("attached from a copy before there was one: %+v", st)
	}
	until(t, "the copy is complete, and all of the package was checked", func() (bool, any) {
		h, err := b.client.Host(t.Context(), hostName)
		b.must(err)
		c, f := h.Facts.Cache, h.Facts.Package(one)
		return c != nil && len(c.Images) == 1 && c.Images[0].Complete && f != nil && f.Verified, h.Facts
	})

	copies, err := filepath.Glob(filepath.Join(b.prefix, "drive_c", "berth-agent", "cache", "*", "data", "notes-1.vhdx"))
	b.must(err)
	if len(copies) != 1 {
		t.Fatalf("copies: %q", copies)
	}
	below, err := filepath.Rel(filepath.Join(b.prefix, "drive_c"), copies[0])
	b.must(err)
	b.knows(copies[0], uuid.NewString(), `C:\`+strings.ReplaceAll(below, "/", `\`))
	b.must(os.Rename(image, image+".away"))
	b.reboot()
	b.signIn(1, users[0])
	until(t, "a session has it from the copy", func() (bool, any) {
		st := b.status(one)
		return st.Name == berth.StatusInUse && strings.Contains(st.Cause, "the host's copy"), st
	})
	b.awaitState("mounted", "staged/"+one, registered(users[0], one))
	if _, err := os.Stat(copies[0]); err != nil {
		t.Errorf("the copy that is attached is gone: %v", err)
	}

	b.signOut(1)
	b.unassign(p)
	b.awaitState("")
	b.sound()
}
