package cache

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"testing"

	"berth"
)

func TestFallOver(t *testing.T) {
	b := newBench(t)
	p, content := b.add(`\\fs\images\one.vhdx`, 30_000)
	q, _ := b.add(`\\fs\images\two.vhdx`, 30_000)
	b.start()
	b.complete(p.ImagePath)
	b.complete(q.ImagePath)
	o := FallOver{Opener: b.shelf, Folder: b.options.Folder, Log: slog.New(slog.DiscardHandler)}
	f, err := o.Open(context.Background(), p.ImagePath)
	if err != nil {
		t.Fatal(err)
	}
	b.shelf.put(q.ImagePath, bytes.Repeat([]byte("x"), 30_000), "2")
	replaced, err := o.Open(context.Background(), q.ImagePath)
	if err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 100)
	if n, err := f.ReadAt(got, 500); n != 100 || err != nil || !bytes.Equal(got, content[500:600]) {
		t.Errorf("from the share: %d, %v", n, err)
	}
	away := berth.Errorf(berth.Unavailable, "the file server is away")
	b.shelf.set(func() { b.shelf.away = away })
	if n, err := f.ReadAt(got, 600); n != 100 || err != nil || !bytes.Equal(got, content[600:700]) {
		t.Errorf("from the copy: %d, %v", n, err)
	}
	if n, err := f.ReadAt(got, 29_950); n != 50 || !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %d, %v", n, err)
	}
	// The copy is of what was there before the file was opened: it is not used.
	if _, err := replaced.ReadAt(got, 0); berth.ErrorKind(err) != berth.Unavailable {
		t.Errorf("a copy of another content was read: %v", err)
	}
	if err := errors.Join(f.Close(), replaced.Close()); err != nil {
		t.Error(err)
	}
}
