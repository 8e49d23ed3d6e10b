//go:build linux

package cache

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"berth"
	"berth/agent"
	"berth/imaging"
	"berth/share"
)

const copyingEnv = "BERTH_TEST_COPYING"

// TestMain lets the test binary be a process that copies, so that it can be killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv(copyingEnv); dir != "" {
		copyUntilKilled(dir)
		return
	}
	os.Exit(m.Run())
}

// folderShare is a share that is a folder; a package is good when the digest of its image is what the plan says.
type folderShare struct{ *share.Opener }

func (s folderShare) Parts(ctx context.Context, path string) ([]imaging.Part, error) {
	f, err := s.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	return []imaging.Part{{Path: path, Size: f.Size, Stamp: f.Stamp}}, f.Close()
}

func (s folderShare) Check(ctx context.Context, file string, p berth.PlannedPackage) error {
	return newShelf().Check(ctx, file, p)
}

func folderOptions(dir string) (Options, error) {
	opener, err := share.New(share.Options{Anywhere: true})
	return Options{Folder: filepath.Join(dir, "copies"), Images: folderShare{opener}, Log: slog.New(slog.DiscardHandler), Chunk: 4096,
		Spread: time.Microsecond, Retry: time.Millisecond, Reserve: 1}, err
}

func copyUntilKilled(dir string) {
	var plan berth.Plan
	o, err := folderOptions(dir)
	if err == nil {
		err = agent.ReadJSON(filepath.Join(dir, "plan.json"), mostDocument, &plan)
	}
	c, nerr := New(o)
	if err = errors.Join(err, nerr); err != nil {
		panic(err)
	}
	c.Want(plan, nil)
	c.Run(context.Background())
}

// TestKilled kills a process that copies, at random moments, until the copy is complete. It must then be as the share has
// it, and nothing else may be left.
func TestKilled(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	content := make([]byte, 6<<20+77)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(content)
	image := filepath.Join(dir, "image.vhdx")
	if err := os.WriteFile(image, content, 0o600); err != nil {
		t.Fatal(err)
	}
	p := berth.PlannedPackage{FullName: "P_1.0.0.0_x64__8wekyb3d8bbwe", ImagePath: image, BlockMapSHA256: digestOf(content)}
	plan := berth.Plan{Packages: []berth.PlannedPackage{p}, Cache: &berth.CacheSettings{Enabled: true, BytesPerSecond: 8 << 20}}
	if err := agent.WriteJSON(filepath.Join(dir, "plan.json"), 0o600, plan); err != nil {
		t.Fatal(err)
	}
	done := func() bool {
		found, _ := filepath.Glob(filepath.Join(dir, "copies", "*", goodFile))
		return len(found) > 0
	}
	kills, apart := 0, 40*time.Millisecond
	for end := time.Now().Add(3 * time.Minute); !done(); kills++ {
		if time.Now().After(end) {
			t.Fatalf("not complete after %d kills", kills)
		}
		c := exec.Command(self)
		c.Env = append(os.Environ(), copyingEnv+"="+dir)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(rand.N(apart))
		_ = c.Process.Kill()
		_ = c.Wait() // it was killed
		apart += apart / 10
	}
	if kills < 5 {
		t.Errorf("killed %d times: that proves little", kills)
	}
	o, err := folderOptions(dir)
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	c.Want(plan, nil)
	b := &bench{t: t, cache: c}
	b.same(p, content)
	left, err := os.ReadDir(o.Folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range left {
		if !folderNames().MatchString(e.Name()) && !strings.Contains(e.Name(), indexFile) || len(left) > 3 {
			t.Errorf("left behind: %v", left)
			break
		}
	}
	t.Logf("killed %d times", kills)
}

// TestDiskFull copies onto a volume that is too small although it seemed to have room.
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("berth-test", dir, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("skipped: no file system can be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	b := newBench(t, func(o *Options) {
		o.Folder = filepath.Join(dir, "copies")
		o.Free = func(string) (int64, error) { return 1 << 40, nil }
	})
	p, _ := b.add("/images/large.vhdx", 600_000)
	small, content := b.add("/images/small.vhdx", 50_000)
	b.start()
	b.until("the error", func() bool { return strings.Contains(b.facts(p.ImagePath).Error, "the disk is full") })
	b.complete(small.ImagePath)
	b.same(small, content)
	b.until("room given back", func() bool {
		free, err := freeOn(dir)
		return err == nil && free > 100_000
	})
	b.stop()
}
