//go:build unix

package share

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"berth"
)

func must(t *testing.T, o *Opener, path string) *File {
	t.Helper()
	f, err := o.Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// check holds an error to its kind and code (one of those named), to naming the path and saying what to do, and to how the rules explain it.
func check(t *testing.T, err error, want berth.Error, status berth.StatusName) {
	t.Helper()
	e, ok := errors.AsType[*berth.Error](err)
	if !ok {
		t.Fatalf("error is %T %v, want a *berth.Error", err, err)
	}
	t.Log(e)
	if e.Kind != want.Kind || !slices.Contains(strings.Split(want.Code, " "), e.Code) {
		t.Errorf("kind %v, code %q; want %v, %q", e.Kind, e.Code, want.Kind, want.Code)
	}
	if !strings.Contains(e.Message, want.Message) {
		t.Errorf("message %q does not say %q", e.Message, want.Message)
	}
	if e.Remedy == "" || e.Field != "imagePath" {
		t.Errorf("remedy %q, field %q", e.Remedy, e.Field)
	}
	if got := berth.Explain(berth.Failure{Phase: berth.PhaseAttach, Code: e.Code}); status != "" && got.Status != status {
		t.Errorf("code %s is explained as %q, want %q", e.Code, got.Status, status)
	}
}

func TestSMBReads(t *testing.T) {
	s := startSamba(t)
	content := pattern(9<<20 + 4711)
	s.file("big.vhdx", content)
	for name, path := range map[string]string{"guest": `\\guests\images\big.vhdx`, "user": `\\fs\private\big.vhdx`,
		"slashes": `//fs/private/big.vhdx`, "long": `\\?\UNC\fs\private\big.vhdx`, "case": `\\FS\Private\BIG.vhdx`} {
		t.Run(name, func(t *testing.T) {
			o := s.opener(func(o *Options) {
				o.Logins = append(o.Logins, Login{Server: "guests", Address: s.address, User: "Guest"})
			})
			f := must(t, o, path)
			if f.Size != int64(len(content)) {
				t.Fatalf("size %d", f.Size)
			}
			var all bytes.Buffer
			if _, err := io.Copy(&all, io.NewSectionReader(f, 0, f.Size)); err != nil || !bytes.Equal(all.Bytes(), content) {
				t.Errorf("whole file: %v", err)
			}
			whole := make([]byte, f.Size)
			if n, err := f.ReadAt(whole, 0); n != len(whole) || err != nil || !bytes.Equal(whole, content) {
				t.Errorf("one read: %d, %v", n, err)
			}
			readRandomly(t, f, content)
			readEnd(t, f, content)
		})
	}
}

func readRandomly(t *testing.T, f *File, content []byte) {
	var wg sync.WaitGroup
	for seed := range uint64(8) {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(seed, 1))
			for range 40 {
				off, n := r.IntN(len(content)), r.IntN(300_000)
				n = min(n, len(content)-off)
				p := make([]byte, n)
				if got, err := f.ReadAt(p, int64(off)); got != n || err != nil || !bytes.Equal(p, content[off:off+n]) {
					t.Errorf("%d bytes at %d: %d, %v", n, off, got, err)
				}
			}
		})
	}
	wg.Wait()
}

// readEnd holds the end of the file to the contract of io.ReaderAt.
func readEnd(t *testing.T, f *File, content []byte) {
	p := make([]byte, 100)
	if n, err := f.ReadAt(p, f.Size-10); n != 10 || !errors.Is(err, io.EOF) || !bytes.Equal(p[:10], content[len(content)-10:]) {
		t.Errorf("across the end: %d, %v", n, err)
	}
	if n, err := f.ReadAt(p, f.Size); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %d, %v", n, err)
	}
	if n, err := f.ReadAt(p[:10], f.Size-10); n != 10 || err != nil {
		t.Errorf("up to the end: %d, %v", n, err)
	}
	if _, err := f.ReadAt(p, -1); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("before the start: %v", err)
	}
}

func TestSMBErrors(t *testing.T) {
	s := startSamba(t)
	s.file("a.vhdx", []byte("image"))
	unreadable := filepath.Join(s.dir, "images", "secret.vhdx")
	if os.Getuid() != 0 {
		s.file("secret.vhdx", []byte("image"))
		if err := os.Chmod(unreadable, 0); err != nil {
			t.Fatal(err)
		}
	}
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and never answers
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	o := s.opener(func(o *Options) {
		o.Patience = time.Second
		o.Logins = append(o.Logins, Login{Server: "wrong", Address: s.address, User: s.user, Password: "wrong"},
			Login{Server: "down", Address: freePort(t), User: "x"}, Login{Server: "silent", Address: silent.Addr().String()},
			Login{Server: "stranger", Address: s.address, User: "stranger", Password: "x"})
	})
	for name, c := range map[string]struct {
		path   string
		want   berth.Error
		status berth.StatusName
	}{
		"no file":        {`\\fs\private\b.vhdx`, berth.Error{Kind: berth.NotFound, Code: "ENOENT", Message: `\\fs\private\b.vhdx is not there`}, berth.StatusNotFound},
		"no folder":      {`\\fs\private\x\b.vhdx`, berth.Error{Kind: berth.NotFound, Code: "ENOENT", Message: "not there"}, berth.StatusNotFound},
		"no share":       {`\\fs\none\b.vhdx`, berth.Error{Kind: berth.NotFound, Code: "ENOENT", Message: "no share of this name"}, berth.StatusNotFound},
		"climbing":       {`\\fs\private\..\..\b.vhdx`, berth.Error{Kind: berth.NotFound, Code: "ENOENT", Message: "not there"}, berth.StatusNotFound},
		"wrong password": {`\\wrong\private\a.vhdx`, berth.Error{Kind: berth.Invalid, Code: "EACCES", Message: "does not know this user with this password"}, berth.StatusStagingFailed},
		"guest refused":  {`\\stranger\private\a.vhdx`, berth.Error{Kind: berth.Invalid, Code: "EACCES", Message: "refuses"}, berth.StatusStagingFailed},
		"folder":         {`\\fs\private\folder`, berth.Error{Kind: berth.Invalid, Message: `\\fs\private\folder is a folder`}, ""},
		"share alone":    {`\\fs\private`, berth.Error{Kind: berth.Invalid, Message: "names a share"}, ""},
		"server down":    {`\\down\private\a.vhdx`, berth.Error{Kind: berth.Unavailable, Code: "ECONNREFUSED", Message: `\\down\private\a.vhdx`}, berth.StatusNotFound},
		"server silent":  {`\\silent\private\a.vhdx`, berth.Error{Kind: berth.Unavailable, Code: "ETIMEDOUT", Message: "did not answer in time"}, berth.StatusNotFound},
		"no such server": {`\\no-such-server.invalid\private\a.vhdx`, berth.Error{Kind: berth.Unavailable, Code: "EAI_NONAME", Message: "no-such-server.invalid"}, berth.StatusNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := o.Open(context.Background(), c.path)
			check(t, err, c.want, c.status)
		})
	}
	t.Run("permission", func(t *testing.T) {
		if os.Getuid() == 0 {
			t.Skip("skipped: root reads files whatever their permissions")
		}
		_, err := o.Open(context.Background(), `\\fs\private\secret.vhdx`)
		check(t, err, berth.Error{Kind: berth.Invalid, Code: "EACCES", Message: "may not be opened"}, berth.StatusStagingFailed)
	})
}

// lost are the codes of a server that is gone, or going.
const lost = "ECONNREFUSED ECONNRESET"

func TestSMBServerStops(t *testing.T) {
	s := startSamba(t)
	content := pattern(1 << 20)
	s.file("a.vhdx", content)
	f := must(t, s.opener(nil), `\\fs\private\a.vhdx`)
	p := make([]byte, 1000)
	if _, err := f.ReadAt(p, 0); err != nil {
		t.Fatal(err)
	}
	s.stop()
	if _, err := f.ReadAt(p, 5000); err != nil {
		t.Errorf("what was read with the first bytes: %v", err)
	}
	_, err := f.ReadAt(p, 500_000)
	check(t, err, berth.Error{Kind: berth.Unavailable, Code: lost, Message: `\\fs\private\a.vhdx cannot be read at byte 500000`}, berth.StatusNotFound)
	s.start()
	time.Sleep(reconnectPause)
	readRandomly(t, f, content)
	t.Run("while it is read", func(t *testing.T) {
		failed := make(chan error, 1)
		go func() {
			for {
				if _, err := f.ReadAt(make([]byte, 1<<20), 0); err != nil {
					failed <- err
					return
				}
			}
		}()
		time.Sleep(100 * time.Millisecond)
		s.stop()
		check(t, <-failed, berth.Error{Kind: berth.Unavailable, Code: lost, Message: `\\fs\private\a.vhdx cannot be read`}, berth.StatusNotFound)
	})
	s.file("a.vhdx", append(content, 1))
	s.start()
	time.Sleep(reconnectPause)
	_, err = f.ReadAt(make([]byte, 1<<20), 0)
	check(t, err, berth.Error{Kind: berth.Unavailable, Code: "ESTALE", Message: "was replaced"}, berth.StatusStagingFailed)
}

// TestSMBRestart restarts the server between two reads: the second notices nothing.
func TestSMBRestart(t *testing.T) {
	s := startSamba(t)
	content := pattern(100_000)
	s.file("a.vhdx", content)
	f := must(t, s.opener(nil), `\\fs\private\a.vhdx`)
	readRandomly(t, f, content)
	s.stop()
	s.start()
	readRandomly(t, f, content)
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if _, err := f.ReadAt(make([]byte, 1), 0); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("read after Close: %v", err)
	}
}

func TestSMBServerHangs(t *testing.T) {
	s := startSamba(t)
	s.file("a.vhdx", pattern(1<<20))
	quick := s.opener(func(o *Options) { o.Patience = 500 * time.Millisecond })
	f := must(t, quick, `\\fs\private\a.vhdx`)
	other := must(t, s.opener(func(o *Options) { o.Patience = time.Minute }), `\\fs\private\a.vhdx`)
	time.Sleep(700 * time.Millisecond) // an idle connection is not given up
	if _, err := f.ReadAt(make([]byte, 10), 0); err != nil {
		t.Fatal(err)
	}
	lost := f.ReaderAt.(reader).ReaderAt.(*ahead).r.(*smbFile).link
	s.signal(syscall.SIGSTOP)
	start := time.Now()
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			_, err := f.ReadAt(make([]byte, 1<<20), 0)
			check(t, err, berth.Error{Kind: berth.Unavailable, Code: "ETIMEDOUT", Message: "cannot be read at byte 0: the file server did not answer"}, berth.StatusNotFound)
		})
	}
	wg.Wait()
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("the reads took %v", d)
	}
	t.Run("close ends a read", func(t *testing.T) {
		done := make(chan error)
		go func() { _, err := other.ReadAt(make([]byte, 10), 0); done <- err }()
		time.Sleep(100 * time.Millisecond)
		_ = other.Close()
		select {
		case err := <-done:
			t.Log(err)
		case <-time.After(5 * time.Second):
			t.Fatal("the read still waits")
		}
	})
	t.Run("context ends opening", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
		defer cancel()
		start := time.Now()
		_, err := s.opener(nil).Open(ctx, `\\fs\private\a.vhdx`)
		check(t, err, berth.Error{Kind: berth.Unavailable, Code: "ETIMEDOUT", Message: "a.vhdx cannot be opened"}, berth.StatusNotFound)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 5*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
	s.signal(syscall.SIGCONT)
	time.Sleep(reconnectPause)
	if _, err := f.ReadAt(make([]byte, 10), 0); err != nil {
		t.Errorf("after the server woke: %v", err)
	}
	if f.ReaderAt.(reader).ReaderAt.(*ahead).r.(*smbFile).link == lost {
		t.Error("the lost connection is in use again")
	}
}

func TestSMBCanceled(t *testing.T) {
	o, err := New(Options{Anywhere: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, path := range []string{`\\fs\images\a.vhdx`, "/a.vhdx"} {
		if _, err := o.Open(ctx, path); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
}
