package cache

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"berth"
)

// bench is a cache over a shelf.
type bench struct {
	t       *testing.T
	shelf   *shelf
	options Options
	cache   *Cache
	stop    func()
	plan    berth.Plan
	holds   []string // files that packages are attached from
}

func newBench(t *testing.T, change ...func(*Options)) *bench {
	t.Helper()
	b := &bench{t: t, shelf: newShelf()}
	b.plan.Cache = &berth.CacheSettings{Enabled: true}
	b.options = Options{Folder: filepath.Join(t.TempDir(), "copies"), Images: b.shelf, Log: slog.New(slog.DiscardHandler), Chunk: 4096,
		Spread: time.Millisecond, Recheck: 20 * time.Millisecond, Retry: 5 * time.Millisecond, Patience: 20 * time.Second, Reserve: 1}
	for _, c := range change {
		c(&b.options)
	}
	t.Cleanup(func() {
		if b.stop != nil {
			b.stop()
		}
	})
	return b
}

// start makes the cache and runs it.
func (b *bench) start() {
	b.t.Helper()
	c, err := New(b.options)
	if err != nil {
		b.t.Fatal(err)
	}
	b.cache = c
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() { defer close(over); c.Run(ctx) }()
	b.stop = func() { cancel(); <-over; b.stop = nil }
	b.want()
}

func (b *bench) want(attached ...string) {
	b.holds = attached
	b.cache.Want(b.plan, attached)
}

// add puts an image on the share and a package of it into the plan.
func (b *bench) add(path string, size int) (berth.PlannedPackage, []byte) {
	content := make([]byte, size)
	r := rand.NewChaCha8(sha256.Sum256([]byte(path)))
	_, _ = r.Read(content)
	b.shelf.put(path, content, "1")
	name := "P" + strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)) + "_1.0.0.0_x64__8wekyb3d8bbwe"
	p := berth.PlannedPackage{FullName: name, ImagePath: path, RelativePath: "apps/" + name, BlockMapSHA256: digestOf(content)}
	b.plan.Packages = append(b.plan.Packages, p)
	return p, content
}

// until waits for something, telling the cache of its plan again and again as an agent does.
func (b *bench) until(what string, holds func() bool) {
	b.t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if holds() {
			return
		}
		b.cache.Want(b.plan, b.holds)
	}
	b.t.Fatalf("%s never came: %+v", what, b.cache.Facts())
}

func (b *bench) facts(path string) berth.CachedImage {
	if f := b.cache.Facts(); f != nil {
		for _, i := range f.Images {
			if i.Path == path {
				return i
			}
		}
	}
	return berth.CachedImage{}
}

func (b *bench) complete(path string) {
	b.t.Helper()
	b.until("a complete copy of "+path, func() bool { return b.facts(path).Complete })
}

// same compares the copy that a package would be attached from with what it should be.
func (b *bench) same(p berth.PlannedPackage, want []byte) {
	b.t.Helper()
	path, done := b.cache.Use(p)
	defer done()
	if path == "" {
		b.t.Fatalf("no copy for %s: %+v", p.FullName, b.cache.Facts())
	}
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want) {
		b.t.Fatalf("the copy differs: %d bytes, want %d; %v", len(got), len(want), err)
	}
}

func TestCopiesAhead(t *testing.T) {
	b := newBench(t)
	p, content := b.add(`\\fs\images\one.vhdx`, 50_001)
	empty, none := b.add(`\\fs\images\two.vhdx`, 1)
	b.start()
	b.complete(p.ImagePath)
	b.complete(empty.ImagePath)
	b.same(p, content)
	b.same(empty, none)
	var asked, opened int
	b.shelf.set(func() { asked, opened = b.shelf.asked, b.shelf.opened })
	b.until("looking again", func() (again bool) {
		b.shelf.set(func() { again = b.shelf.opened > opened+6 })
		return again
	})
	b.shelf.set(func() {
		if b.shelf.asked != asked {
			t.Errorf("images that did not change were read %d times again", b.shelf.asked-asked)
		}
	})
	other := p
	other.BlockMapSHA256 = digestOf([]byte("other"))
	if path, _ := b.cache.Use(other); path != "" {
		t.Errorf("%s is given for a package of another content", path)
	}
	if f := b.cache.Facts(); f.Bytes != 50_002 {
		t.Errorf("%d bytes, want 50002", f.Bytes)
	}
	b.plan.Packages = b.plan.Packages[:1]
	b.want()
	b.until("removal", func() bool { return b.facts(empty.ImagePath).Path == "" })
}

func TestShareAway(t *testing.T) {
	b := newBench(t)
	p, content := b.add("/images/one.vhdx", 30_000)
	b.start()
	b.complete(p.ImagePath)
	b.stop()
	b.shelf.set(func() { b.shelf.away = berth.Errorf(berth.Unavailable, "the file server is away") })
	b.start() // as after a restart of the agent
	b.same(p, content)
	b.until("the error", func() bool { return strings.Contains(b.facts(p.ImagePath).Error, "away") })
	b.same(p, content)
	b.shelf.set(func() { b.shelf.away = nil })
	b.until("no error", func() bool { return b.facts(p.ImagePath).Error == "" })
}

func TestResumesAtAnyByte(t *testing.T) {
	b := newBench(t)
	p, content := b.add("/images/one.vhdx", 10*4096+100)
	b.shelf.fail = func(_ string, off int64) error {
		if off >= 8*4096 {
			return errors.New("cut off")
		}
		return nil
	}
	b.start()
	b.until("the first chunks", func() bool { return b.facts(p.ImagePath).Percent > 50 && b.facts(p.ImagePath).Error != "" })
	b.stop()
	dirs, err := filepath.Glob(filepath.Join(b.options.Folder, "*-*"))
	if err != nil || len(dirs) != 1 {
		t.Fatalf("%v, %v", dirs, err)
	}
	whole, err := os.ReadFile(filepath.Join(dirs[0], journalFile))
	if err != nil || len(whole) != journalHeader+8*journalRecord {
		t.Fatalf("journal has %d bytes, want 8 chunks; %v", len(whole), err)
	}
	b.shelf.fail = nil
	saved := t.TempDir()
	if err := os.CopyFS(saved, os.DirFS(b.options.Folder)); err != nil {
		t.Fatal(err)
	}
	for cut := 0; cut <= len(whole); cut += 7 {
		b.options.Folder = filepath.Join(t.TempDir(), "copies")
		if err := os.CopyFS(b.options.Folder, os.DirFS(saved)); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(b.options.Folder, filepath.Base(dirs[0]), journalFile)
		if err := os.WriteFile(path, append(whole[:cut:cut], bytes.Repeat([]byte{0xA5}, cut%60)...), 0o600); err != nil {
			t.Fatal(err)
		}
		before := b.shelf.bytesRead()
		b.start()
		b.complete(p.ImagePath)
		b.same(p, content)
		b.stop()
		left := int64(max(0, (cut-journalHeader)/journalRecord)) * 4096
		if read := b.shelf.bytesRead() - before; read != int64(len(content))-left {
			t.Errorf("cut at %d: %d bytes were read again, want %d", cut, read, int64(len(content))-left)
		}
	}
}

func TestDamagedChunks(t *testing.T) {
	b := newBench(t)
	p, content := b.add("/images/one.vhdx", 20*4096)
	b.start()
	b.complete(p.ImagePath)
	path, done := b.cache.Use(p)
	done()
	damage := func() {
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt([]byte("damage"), 5*4096+17); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	damage()
	before := b.shelf.bytesRead()
	b.cache.Suspect(path)
	if got, _ := b.cache.Use(p); got != "" {
		t.Errorf("a suspect copy is given: %s", got)
	}
	b.complete(p.ImagePath)
	b.until("the copy", func() bool { got, done := b.cache.Use(p); done(); return got != "" })
	b.same(p, content)
	if read := b.shelf.bytesRead() - before; read != 4096 {
		t.Errorf("%d bytes were fetched again, want one chunk", read)
	}
	// Damage before the copy is finished is found by the check.
	b.stop()
	if err := os.Remove(filepath.Join(filepath.Dir(filepath.Dir(path)), goodFile)); err != nil {
		t.Fatal(err)
	}
	damage()
	b.start()
	b.complete(p.ImagePath)
	b.same(p, content)
}

func TestWrongContent(t *testing.T) {
	b := newBench(t)
	p, content := b.add("/images/one.vhdx", 9*4096)
	wrong := bytes.Clone(content)
	wrong[100] ^= 1
	b.shelf.put(p.ImagePath, wrong, "1")
	b.start()
	b.until("refusal", func() bool {
		return strings.Contains(b.facts(p.ImagePath).Error, "app.exe") && b.facts(p.ImagePath).Percent == 0
	})
	b.until("giving up", func() bool { return strings.Contains(b.facts(p.ImagePath).Error, "what the share has") })
	read := b.shelf.bytesRead()
	for range 20 {
		b.want()
		time.Sleep(5 * time.Millisecond)
	}
	if path, _ := b.cache.Use(p); path != "" || b.shelf.bytesRead() != read {
		t.Errorf("a bad image was copied on: %q, %d bytes", path, b.shelf.bytesRead()-read)
	}
	b.stop()
	b.start() // remembered
	for range 20 {
		b.want()
		time.Sleep(5 * time.Millisecond)
	}
	if got := b.shelf.bytesRead(); got != read {
		t.Errorf("a bad image was copied after a restart: %d bytes", got-read)
	}
	b.shelf.put(p.ImagePath, content, "2")
	b.complete(p.ImagePath)
	b.same(p, content)
}

func TestReplacedOnTheShare(t *testing.T) {
	b := newBench(t)
	p, content := b.add("/images/one.vhdx", 9*4096)
	b.start()
	b.complete(p.ImagePath)
	path, done := b.cache.Use(p)
	done()
	b.want(path)
	next := bytes.Repeat([]byte("next"), 8000)
	b.shelf.put(p.ImagePath, next, "2")
	// What the plan still says is in the copy, so that is given; the new content is refused.
	b.until("notice", func() bool { return strings.Contains(b.facts(p.ImagePath).Error, "what the share has") })
	b.same(p, content)
	newer := p
	newer.BlockMapSHA256 = digestOf(next)
	b.plan.Packages = []berth.PlannedPackage{newer}
	b.want(path)
	b.complete(p.ImagePath)
	b.same(newer, next)
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the copy that is attached is gone: %v", err)
	}
	b.until("removal of the old copy", func() bool {
		b.want()
		_, err := os.Stat(path)
		return errors.Is(err, os.ErrNotExist)
	})
	b.same(newer, next)
}

func TestBounds(t *testing.T) {
	b := newBench(t, func(o *Options) { o.Most = 100_000 })
	one, _ := b.add("/images/one.vhdx", 40_000)
	two, _ := b.add("/images/two.vhdx", 40_000)
	three, _ := b.add("/images/three.vhdx", 40_000)
	b.start()
	b.complete(one.ImagePath)
	b.complete(two.ImagePath)
	b.until("the notice", func() bool { return strings.Contains(b.facts(three.ImagePath).LeftOut, "40000 bytes") })
	path, done := b.cache.Use(one)
	done()
	// Needed later than two, three takes its place; one is attached.
	b.plan.Packages = b.plan.Packages[:2]
	b.want(path)
	b.until("forgotten", func() bool { return b.facts(three.ImagePath).Path == "" })
	b.plan.Packages = append(b.plan.Packages, three)
	b.want(path)
	b.complete(three.ImagePath)
	if f := b.facts(two.ImagePath); f.Complete || f.LeftOut == "" {
		t.Errorf("two: %+v", f)
	}
	if f := b.facts(one.ImagePath); !f.Complete || !f.Attached {
		t.Errorf("one: %+v", f)
	}
	// The site allows less than what is attached: it stays all the same.
	b.plan.Cache.MaxBytes = 10_000
	b.want(path)
	b.until("the others gone", func() bool { return !b.facts(three.ImagePath).Complete })
	if f := b.facts(one.ImagePath); !f.Complete {
		t.Errorf("one: %+v", f)
	}
	b.plan.Cache = nil
	b.want(path)
	b.until("all but what is attached gone", func() bool { return len(b.cache.Facts().Images) == 1 })
	b.until("nothing left", func() bool { b.want(); return b.cache.Facts() == nil })
}

func TestSeveralFiles(t *testing.T) {
	b := newBench(t)
	p, content := b.add(`\\fs\images\apps\child.vhdx`, 9000)
	b.shelf.put(`\\fs\images\base\parent.vhdx`, []byte("the parent"), "1")
	b.shelf.beside[p.ImagePath] = []string{`\\fs\images\base\parent.vhdx`}
	far, _ := b.add(`\\fs\images\far.vhdx`, 9000)
	b.shelf.put(`\\far\images\parent.vhdx`, []byte("the parent"), "1")
	b.shelf.beside[far.ImagePath] = []string{`\\far\..\parent.vhdx`}
	b.shelf.put(`\\far\..\parent.vhdx`, []byte("the parent"), "1")
	b.start()
	b.complete(p.ImagePath)
	b.same(p, content)
	path, done := b.cache.Use(p)
	done()
	if got, err := os.ReadFile(filepath.Join(filepath.Dir(path), "../base/parent.vhdx")); err != nil || string(got) != "the parent" {
		t.Errorf("%q, %v", got, err)
	}
	b.until("the notice", func() bool { return strings.Contains(b.facts(far.ImagePath).Error, "cannot be copied") })
	b.shelf.put(`\\fs\images\base\parent.vhdx`, []byte("the other!"), "2")
	b.until("a new copy", func() bool {
		path, done := b.cache.Use(p)
		done()
		got, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "../base/parent.vhdx"))
		return string(got) == "the other!"
	})
}

func TestHostileShare(t *testing.T) {
	hang := make(chan struct{})
	defer close(hang)
	for name, tt := range map[string]struct {
		fail func(b *bench, off int64) error
		want string
	}{
		"a read error half way": {func(_ *bench, off int64) error {
			if off > 20_000 {
				return &berth.Error{Kind: berth.Unavailable, Message: "reading failed"}
			}
			return nil
		}, "reading failed"},
		"shrinks": {func(b *bench, off int64) error {
			if off > 20_000 {
				b.shelf.set(func() { b.shelf.files["/images/one.vhdx"] = b.shelf.files["/images/one.vhdx"][:20_000] })
			}
			return nil
		}, "replaced"},
		"grows": {func(b *bench, off int64) error {
			b.shelf.set(func() { b.shelf.files["/images/one.vhdx"] = append(b.shelf.files["/images/one.vhdx"], 1) })
			return nil
		}, "replaced"},
		"never answers": {func(_ *bench, off int64) error {
			if off > 20_000 {
				<-hang
			}
			return nil
		}, "does not answer"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, func(o *Options) { o.Patience = 100 * time.Millisecond })
			p, content := b.add("/images/one.vhdx", 40_000)
			b.shelf.fail = func(_ string, off int64) error { return tt.fail(b, off) }
			b.start()
			b.until("the error", func() bool { return strings.Contains(b.facts(p.ImagePath).Error, tt.want) })
			if path, _ := b.cache.Use(p); path != "" {
				t.Errorf("given: %s", path)
			}
			b.shelf.set(func() { b.shelf.fail = nil })
			b.shelf.put(p.ImagePath, content, "3")
			b.complete(p.ImagePath)
			b.same(p, content)
		})
	}
}

// TestWrongOnce: the share gives wrong bytes once. The copy is made again, and is good.
func TestWrongOnce(t *testing.T) {
	b := newBench(t)
	p, content := b.add("/images/one.vhdx", 40_000)
	twisted := false
	b.shelf.twist = func(_ string, off int64, p []byte) {
		if !twisted && off > 0 {
			twisted = true
			p[0] ^= 1
		}
	}
	b.start()
	b.complete(p.ImagePath)
	b.same(p, content)
	if !twisted {
		t.Error("nothing was twisted")
	}
}

func TestNoRoom(t *testing.T) {
	free := int64(10_000)
	var mu sync.Mutex
	b := newBench(t, func(o *Options) {
		o.Free = func(string) (int64, error) { mu.Lock(); defer mu.Unlock(); return free, nil }
	})
	p, content := b.add("/images/one.vhdx", 40_000)
	b.start()
	b.until("the notice", func() bool { return strings.Contains(b.facts(p.ImagePath).Error, "no room for a copy") })
	mu.Lock()
	free = 1 << 40
	mu.Unlock()
	b.complete(p.ImagePath)
	b.same(p, content)
}

func TestRate(t *testing.T) {
	b := newBench(t)
	b.plan.Cache.BytesPerSecond = 200_000
	one, _ := b.add("/images/one.vhdx", 60_000)
	two, _ := b.add("/images/two.vhdx", 60_000)
	begin := time.Now()
	b.start()
	b.complete(one.ImagePath)
	b.complete(two.ImagePath)
	if took := time.Since(begin); took < 550*time.Millisecond {
		t.Errorf("120000 bytes in %s at 200000 a second", took)
	}
}

func TestLeavesStrangersAlone(t *testing.T) {
	b := newBench(t)
	for _, name := range []string{"documents/letter.txt", "0123456789abcdef-01234567/data/left", "notes.txt"} {
		path := filepath.Join(b.options.Folder, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, nil, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	b.start()
	b.until("the end of what a death left", func() bool {
		_, err := os.Stat(filepath.Join(b.options.Folder, "0123456789abcdef-01234567"))
		return errors.Is(err, os.ErrNotExist)
	})
	for _, name := range []string{"documents/letter.txt", "notes.txt"} {
		if _, err := os.Stat(filepath.Join(b.options.Folder, name)); err != nil {
			t.Error(err)
		}
	}
}
