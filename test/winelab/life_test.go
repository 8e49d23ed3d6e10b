//go:build linux

package winelab

import (
	"strings"
	"testing"

	"berth"
)

// TestLife drives the Windows agent as a service through the whole life of a package.
func TestLife(t *testing.T) {
	b := newBench(t)
	s := b.newSigner()
	one, imageOne := s.image("1.0.0.0", "notes-1.vhdx")
	two, imageTwo := s.image("2.0.0.0", "notes-2.vhd")
	b.enroll()
	b.install()
	p := b.add(imageOne, production)
	b.assign(p)

	b.await(one, berth.StatusReady)
	b.awaitState("mounted", "staged/"+one)
	if !b.trusts(s.thumbprint) {
		t.Error("the signer's certificate is not in the machine's TrustedPeople")
	}
	h, err := b.client.Host(t.Context(), hostName)
	b.must(err)
	if h.Facts.Platform != "winhost" || !strings.HasPrefix(h.Facts.AttachMode, "virtdisk and cimfs") {
		t.Errorf("the host says it is %q, attaching by %q", h.Facts.Platform, h.Facts.AttachMode)
	}

	b.signIn(1, users[0])
	b.signIn(2, users[1])
	b.awaitState("mounted", "staged/"+one, registered(users[0], one), registered(users[1], one))
	until(t, "it is in use by both", func() (bool, any) {
		in := b.status(one)
		return in.Name == berth.StatusInUse && strings.Contains(in.Cause, `CORP\alice`) && strings.Contains(in.Cause, `CORP\bob`), in
	})

	// A new version beside the old: sessions keep what they have.
	b.add(imageTwo, production)
	b.apply()
	b.await(two, berth.StatusReady)
	d := b.await(one, berth.StatusDisabling)
	if !strings.Contains(d.Cause, `CORP\alice`) {
		t.Errorf("disabling: %+v", d)
	}
	b.signOut(1)
	b.signIn(1, users[0]) // with a new session comes the new version, and the old registration goes
	b.awaitState("mounted", "mounted", "staged/"+one, "staged/"+two, registered(users[0], two), registered(users[1], one))

	// A start of the service takes nothing away.
	b.kill(t, "service")
	b.serve()
	b.await(two, berth.StatusInUse)
	b.awaitState("mounted", "mounted", "staged/"+one, "staged/"+two, registered(users[0], two), registered(users[1], one))

	b.signOut(2)
	until(t, one+" leaves the host", func() (bool, any) { st := b.status(one); return st.Name == "", st })
	b.awaitState("mounted", "staged/"+two, registered(users[0], two))

	// A start of the machine: the volume is gone, and comes back before anybody signs in.
	b.reboot()
	b.await(two, berth.StatusReady)
	b.awaitState("mounted", "staged/"+two, registered(users[0], two))

	// Nobody is assigned it any more.
	_, err = b.client.Unassign(t.Context(), b.holder(), p.FamilyName)
	b.must(err)
	b.apply()
	b.awaitState("")
	until(t, "the certificate goes", func() (bool, any) { return !b.trusts(s.thumbprint), "it is there" })
	b.sound()
}

// trusts looks into the machine's store with a program of Windows' own kind.
func (b *bench) trusts(thumbprint string) bool {
	b.t.Helper()
	out, err := b.run(b.t.Context(), "reg", "query", `HKLM\Software\Microsoft\SystemCertificates\TrustedPeople\Certificates`)
	return err == nil && strings.Contains(strings.ToUpper(out), thumbprint)
}
