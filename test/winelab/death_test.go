//go:build linux

package winelab

import (
	"context"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"berth"
)

// deaths is how often the agent is killed: WINELAB_KILLS.
func deaths() int {
	if n, err := strconv.Atoi(os.Getenv("WINELAB_KILLS")); err == nil {
		return n
	}
	return 6
}

// TestDeaths kills the agent at random moments while versions and sessions come and go. Whatever it was at, the next one
// finds it, and takes nothing from a session.
func TestDeaths(t *testing.T) {
	b := newBench(t)
	s := b.newSigner()
	one, imageOne := s.image("1.0.0.0", "notes-1.vhdx")
	two, imageTwo := s.image("2.0.0.0", "notes-2.vhd")
	b.enroll()
	p := b.add(imageOne, production)
	b.add(imageTwo)
	b.assign(p)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	here := [2]bool{}
	for n := range deaths() {
		switch n % 4 {
		case 0: // another version
			version := []string{one, two}[n/4%2]
			b.tag(version)
		case 1, 3: // somebody comes or goes
			i := random.IntN(2)
			if here[i] {
				b.signOut(i + 1)
			} else {
				b.signIn(i+1, users[i])
			}
			here[i] = !here[i]
		}
		b.start()
		time.Sleep(time.Duration(300+random.IntN(2500)) * time.Millisecond)
		b.stop()
		b.sound()
	}
	for i := range here {
		if here[i] {
			b.signOut(i + 1)
		}
	}
	b.tag(two)
	b.start()
	defer b.stop()
	b.await(two, berth.StatusReady) // an agent begins with the plan of before: who comes now gets this one
	for i, u := range users {
		b.signIn(i+1, u)
	}
	b.await(two, berth.StatusInUse)
	b.awaitState("mounted", "staged/"+two, registered(users[0], two), registered(users[1], two))
	b.signOut(1)
	b.signOut(2)
	b.unassign(p)
	b.awaitState("")
	b.sound()
}

// TestOrphans: what an agent left behind whose state folder is lost is found, and let go of, but not under a session.
func TestOrphans(t *testing.T) {
	b := newBench(t)
	s := b.newSigner()
	one, image := s.image("1.0.0.0", "notes-1.vhdx")
	p := b.enrolledWith(image)
	b.start()
	defer func() { b.stop() }()
	b.await(one, berth.StatusReady)
	b.signIn(1, users[0])
	b.await(one, berth.StatusInUse)

	b.stop()
	b.unassign(p)
	for _, sub := range []string{"packages", "users"} {
		b.must(os.RemoveAll(filepath.Join(b.prefix, "drive_c", "berth-agent", sub)))
	}
	b.start()
	until(t, "the leftover is told of", func() (bool, any) {
		h, err := b.client.Host(t.Context(), hostName)
		return err == nil && strings.Contains(strings.Join(h.Facts.Problems, "\n"), one), h.Facts.Problems
	})
	b.await(one, berth.StatusDisabling)
	b.awaitState("mounted", "staged/"+one, registered(users[0], one))
	b.signOut(1)
	b.awaitState("")
	b.sound()
}

func (b *bench) tag(fullName string) {
	b.t.Helper()
	_, err := b.client.TagPackage(b.t.Context(), fullName, moveTag)
	b.must(err)
	changes, err := b.client.Changes(b.t.Context())
	b.must(err)
	if len(changes) > 0 {
		b.apply()
	}
}

// tamper alters a file of the images that are not attached, as on a share that somebody wrote to after the package was
// added; what it returns puts it back.
func (b *bench) tamper(name string) (heal func()) {
	b.t.Helper()
	var undo []func()
	b.must(filepath.WalkDir(b.fake("disks"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() != name {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		altered := append([]byte(nil), content...)
		altered[len(altered)/2] ^= 1
		undo = append(undo, func() { b.must(os.WriteFile(path, content, 0o644)) })
		return os.WriteFile(path, altered, 0o644)
	}))
	if len(undo) == 0 {
		b.t.Fatalf("no image has the file %s", name)
	}
	return func() {
		for _, u := range undo {
			u()
		}
	}
}

// running is a program that was started from a package.
type running struct {
	b *bench
	c *exec.Cmd
}

// launch starts a program from the volume of a staged package, as Windows starts packaged programs.
func (b *bench) launch(fullName, program string) *running {
	b.t.Helper()
	text, err := os.ReadFile(b.fake("staged", fullName))
	b.must(err)
	guid, path, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	c := b.command(context.Background(), `\\?\Volume{`+guid+`}\`+strings.ReplaceAll(path, "/", `\`)+`\`+program)
	b.must(c.Start())
	r := &running{b, c}
	b.t.Cleanup(r.end)
	return r
}

func (r *running) end() {
	if r.c.ProcessState == nil {
		_ = r.c.Process.Kill()
		_ = r.c.Wait()
	}
}
