package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"berth"
	"berth/client"
	"berth/wire"
)

const asProgram = "BERTH_TEST_AS_PROGRAM"

// TestMain lets the test binary be the program itself, so that real processes can be started and killed.
func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	if err := os.Setenv(asProgram, "1"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// bench is the demo's parts under a test's hand.
type bench struct {
	*demo
	t   *testing.T
	ctx context.Context
	mu  sync.Mutex // guards server and agent processes

	turns atomic.Int64 // how often something came to its end, which is what processes that are killed must do
}

func newBench(t *testing.T) *bench {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute+time.Duration(kills())*3*time.Second)
	b := &bench{demo: &demo{dir: t.TempDir(), out: io.Discard, self: self, hold: "agent", began: time.Now()}, t: t, ctx: ctx}
	t.Cleanup(func() {
		b.stop()
		cancel()
		b.noMounts()
	})
	b.must(b.folders())
	b.must(b.startServer(ctx))
	b.must(b.makeImages(ctx))
	return b
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.out = os.Stderr
		b.logs()
		b.t.Fatal(err)
	}
}

// noMounts fails the test when a mount below its folder was left behind.
func (b *bench) noMounts() {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return // no such file on this system, and no mounts of ours either
	}
	for line := range strings.SplitSeq(string(mounts), "\n") {
		if strings.Contains(line, b.dir) {
			b.t.Errorf("mount left behind: %s", line)
		}
	}
}

// strike kills a process without warning and starts it again, at random moments, until it is called off; then it returns
// how often. The moments are at most so far apart, and a tenth farther each time that nothing came to its end in between:
// however slow the machine is, there comes a time when the process gets something done between two strikes.
func (b *bench) strike(process **exec.Cmd, apart time.Duration, restart func() error) (callOff func() int) {
	ctx, cancel := context.WithCancel(b.ctx)
	var n int
	over := make(chan struct{})
	go func() {
		defer close(over)
		least, turns := apart, b.turns.Load()
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(20*time.Millisecond + rand.N(apart)):
			}
			apart += apart / 10
			if now := b.turns.Load(); now != turns {
				apart, turns = least, now
			}
			b.mu.Lock()
			err := (*process).Process.Kill()
			_ = (*process).Wait() // it was killed: how it ended is no news
			if err == nil {
				err = restart()
			}
			b.mu.Unlock()
			if err != nil {
				b.t.Errorf("restart: %v", err)
				return
			}
			n++
		}
	}()
	callOff = func() int { cancel(); <-over; return n }
	b.t.Cleanup(func() { callOff() }) // runs before the processes are stopped
	return callOff
}

// acked repeats a write until the server acknowledges it. A write whose answer was lost may have been done: the repeated
// one then meets its own effect, which counts as acknowledged.
func (b *bench) acked(what string, write func() error) {
	b.t.Helper()
	b.must(b.poll(b.ctx, what, func() (bool, error) {
		err := write()
		if berth.ErrorKind(err) == berth.Conflict && err != nil {
			err = nil
		}
		return err == nil, err
	}))
}

func (b *bench) restartServer() error {
	u, err := url.Parse(b.boot.URL)
	if err != nil {
		return err
	}
	return b.spawnServer(u.Host)
}

// TestServerKilled kills the server at random moments of the whole way: what it acknowledged is there in the end.
func TestServerKilled(t *testing.T) {
	b := newBench(t)
	b.must(b.startAgent(b.ctx))
	calm := b.strike(&b.server, 300*time.Millisecond, b.restartServer)

	v1, v2 := b.wholeWay()
	var pools []string
	for i := range 25 {
		name := fmt.Sprintf("pool-%02d", i)
		b.acked("pool "+name, func() error {
			_, err := b.client.AddPool(b.ctx, wire.AddPool{Name: name, Kind: berth.KindVDI, Now: i%2 == 0})
			return err
		})
		pools = append(pools, name)
	}
	t.Logf("the server was killed %d times", calm())
	b.must(b.connect(b.ctx))
	b.holds(v1, v2, pools)
}

// wholeWay does what the demo does, with writes that are repeated until they are acknowledged.
func (b *bench) wholeWay() (v1, v2 string) {
	b.t.Helper()
	v1, v2 = b.toReady()
	b.turn(v1, v2)
	return v1, v2
}

// toReady does the first half of it: two versions in the catalogue, the first of them ready on the host.
func (b *bench) toReady() (v1, v2 string) {
	b.t.Helper()
	var packages []berth.Package
	for _, image := range []string{"notes-1.vhdx", "notes-2.vhd"} {
		path := filepath.Join(b.dir, "images", image)
		b.acked("add "+image, func() error {
			_, err := b.client.AddPackage(b.ctx, wire.AddPackage{ImagePath: path})
			return err
		})
	}
	b.acked("list", func() (err error) { packages, err = b.client.Packages(b.ctx); return err })
	if len(packages) != 2 {
		b.t.Fatalf("catalogue: %d packages, want 2", len(packages))
	}
	v1, v2 = packages[0].FullName, packages[1].FullName
	b.acked("tag", func() error {
		_, err := b.client.TagPackage(b.ctx, v1, wire.TagPackage{Tag: "production"})
		return err
	})
	b.acked("assign", func() error {
		_, err := b.client.Assign(b.ctx, client.Holder{Kind: "hosts", Name: demoHost}, wire.Assign{Family: packages[0].FamilyName, Tag: "production"})
		return err
	})
	b.acked("apply", b.apply)
	b.must(b.await(b.ctx, v1, berth.StatusReady))
	return v1, v2
}

func (b *bench) apply() error { _, err := b.client.Apply(b.ctx); return err }

// turn moves the tag from one version to the other while a session uses the former.
func (b *bench) turn(from, to string) {
	b.t.Helper()
	b.must(b.signIn(b.ctx, from))
	b.acked("move tag", func() error {
		_, err := b.client.TagPackage(b.ctx, to, wire.TagPackage{Tag: "production", Move: true})
		return err
	})
	b.acked("apply", b.apply)
	b.must(b.await(b.ctx, to, berth.StatusReady))
	b.must(b.await(b.ctx, from, berth.StatusDisabling))
	b.must(b.signOut(b.ctx, from))
	b.turns.Add(1)
}

// holds checks that everything acknowledged is there, and that every write is in the audit.
func (b *bench) holds(v1, v2 string, pools []string) {
	b.t.Helper()
	p1, err := b.client.Package(b.ctx, v1)
	b.must(err)
	p2, err := b.client.Package(b.ctx, v2)
	b.must(err)
	if p1.HasTag(berth.TagProduction) || !p2.HasTag(berth.TagProduction) {
		b.t.Errorf("tags: %v on %s, %v on %s", p1.Tags, v1, p2.Tags, v2)
	}
	list, err := b.client.Assignments(b.ctx, client.Holder{Kind: "hosts", Name: demoHost})
	b.must(err)
	if len(list.Assignments) != 1 || list.Inherit {
		b.t.Errorf("assignments: %+v", list)
	}
	all, err := b.client.Pools(b.ctx)
	b.must(err)
	if len(all) != len(pools) {
		b.t.Errorf("%d pools, want %d", len(all), len(pools))
	}
	audit, err := b.client.Audit(b.ctx, "", "", 1000)
	b.must(err)
	seen := map[string]int{}
	for _, e := range audit {
		seen[e.Action]++
	}
	for action, least := range map[string]int{"add package": 2, "tag package": 2, "untag package": 1, "assign": 1, "add pool": len(pools), "enrol host": 1} {
		if seen[action] < least {
			b.t.Errorf("audit: %d entries %q, want at least %d", seen[action], action, least)
		}
	}
}

// kills is how often TestAgentKilled kills at least: BERTH_KILLS, else as often as it comes about in a few turns.
func kills() int {
	n, _ := strconv.Atoi(os.Getenv("BERTH_KILLS")) // anything else than a number asks for nothing more
	return n
}

// TestAgentKilled kills the agent at random moments of the whole way: it comes back, and the host converges. Where a
// supervisor holds the mounts, a program that runs out of one does not notice.
func TestAgentKilled(t *testing.T) {
	for _, hold := range []string{"agent", "supervisor"} {
		t.Run("mounts live in the "+hold, func(t *testing.T) {
			b := newBench(t)
			b.hold = hold
			t.Cleanup(func() { b.release() })
			b.must(b.startAgent(b.ctx))
			var n atomic.Int64
			// An agent needs a second or so to attach: struck more often than that it could get nowhere.
			calm := b.strike(&b.agent, 2*time.Second, func() error { n.Add(1); return b.spawnAgent() })
			v1, v2 := b.wholeWay()
			for turns := 0; turns < 4 || n.Load() < int64(kills()); turns += 2 {
				b.turn(v2, v1)
				b.turn(v1, v2)
			}
			t.Logf("the agent was killed %d times", calm())
			b.converged(v2)
		})
	}
}

// converged checks that one version is on the host and nothing else.
func (b *bench) converged(v2 string) {
	b.t.Helper()
	b.must(b.await(b.ctx, v2, berth.StatusReady))
	rows, err := b.client.Status(b.ctx, demoHost, "", "")
	b.must(err)
	if len(rows) != 1 {
		b.t.Errorf("rows: %+v, want that of %s alone", rows, v2)
	}
	entries, err := filepath.Glob(filepath.Join(b.dir, "home", demoUser, ".local/share/applications/*.desktop"))
	b.must(err)
	if len(entries) != 0 {
		b.t.Errorf("entries left behind after sign-out: %v", entries)
	}
}

// release ends the agent and takes what a supervisor holds off the machine.
func (b *bench) release() {
	b.stop()
	if b.hold != "supervisor" {
		return
	}
	if out, err := exec.Command(b.self, "agent", "release", "--state", filepath.Join(b.dir, "agent")).CombinedOutput(); err != nil {
		b.t.Errorf("release: %v: %s", err, out)
	}
}

// TestProgramsOutliveTheAgent kills the agent under a program that has a file of a mounted package open: it reads on,
// and what it did not open yet can be opened.
func TestProgramsOutliveTheAgent(t *testing.T) {
	b := newBench(t)
	b.hold = "supervisor"
	t.Cleanup(func() { b.release() })
	b.must(b.startAgent(b.ctx))
	v1, _ := b.toReady()
	b.must(b.signIn(b.ctx, v1))
	h, err := b.client.Host(b.ctx, demoHost)
	b.must(err)
	if !strings.HasPrefix(h.Facts.AttachMode, "fuse") {
		t.Skipf("skipped: images are not mounted here: %s", h.Facts.AttachMode)
	}
	programs, err := filepath.Glob(filepath.Join(b.dir, "agent", "packages", v1, "*.exe"))
	b.must(err)
	if len(programs) == 0 {
		t.Fatal("the package has no program")
	}
	f, err := os.Open(programs[0])
	b.must(err)
	defer f.Close()
	for range 3 {
		b.must(b.agent.Process.Kill())
		_ = b.agent.Wait() // it was killed
		if _, err := f.ReadAt(make([]byte, 64), 0); err != nil {
			t.Errorf("while no agent runs: %v", err)
		}
		if _, err := os.ReadFile(programs[0]); err != nil {
			t.Errorf("opened while no agent runs: %v", err)
		}
		b.must(b.spawnAgent())
		b.must(b.await(b.ctx, v1, berth.StatusInUse))
	}
	if _, err := f.ReadAt(make([]byte, 64), 0); err != nil {
		t.Errorf("after three deaths of the agent: %v", err)
	}
}
