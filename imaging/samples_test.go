package imaging

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"berth"
	"berth/share"
)

const samples = "../../shared/testdata"

// sample reads a conformance sample, unpacked.
func sample(t testing.TB, name string) []byte {
	t.Helper()
	f, err := os.Open(filepath.Join(samples, filepath.FromSlash(name)))
	if err != nil {
		t.Skipf("skipped: the conformance data %s is missing", filepath.Join(samples, name))
	}
	defer func() { _ = f.Close() }()
	r := io.Reader(f)
	if filepath.Ext(name) == ".gz" {
		if r, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// image gives an app attach image as a file.
func image(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, sample(t, "generated-appattach/"+name+".gz"), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// sampleJSON reads facts that other programs found.
func sampleJSON[T any](t testing.TB, name string) (out T) {
	t.Helper()
	if err := json.Unmarshal(sample(t, name), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func library(t testing.TB) *Library {
	t.Helper()
	opener, err := share.New(share.Options{Anywhere: true})
	if err != nil {
		t.Fatal(err)
	}
	return New(opener, slog.New(slog.DiscardHandler))
}

// fake opens one image in memory, and counts, fails or waits on the way.
type fake struct {
	r     io.ReaderAt
	size  int64
	calls atomic.Int64
	bytes atomic.Int64
	read  func(p []byte, off int64) error // before each read; may be nil

	once   sync.Once
	closed chan struct{}

	named sync.Once
	name  string // what was opened first: nothing lies beside it
}

func inMemory(b []byte) *fake {
	return &fake{r: bytes.NewReader(b), size: int64(len(b)), closed: make(chan struct{})}
}

// Open implements Opener.
func (f *fake) Open(_ context.Context, path string) (*share.File, error) {
	f.named.Do(func() { f.name = path })
	if path != f.name {
		return nil, berth.Errorf(berth.NotFound, "%s is not there", path)
	}
	return share.NewFile(f, path, f.size, func() error {
		f.once.Do(func() { close(f.closed) })
		return nil
	}), nil
}

// ReadAt implements io.ReaderAt.
func (f *fake) ReadAt(p []byte, off int64) (int, error) {
	f.calls.Add(1)
	f.bytes.Add(int64(len(p)))
	if f.read != nil {
		if err := f.read(p, off); err != nil {
			return 0, err
		}
	}
	return f.r.ReadAt(p, off)
}

// fails expects a *berth.Error with that kind and code that says what to do.
func fails(t *testing.T, err error, kind berth.Kind, code string) {
	t.Helper()
	e, ok := errors.AsType[*berth.Error](err)
	if !ok {
		t.Fatalf("error is %T %v, want a *berth.Error", err, err)
	}
	t.Log(err)
	if e.Kind != kind || e.Code != code {
		t.Errorf("kind %v, code %s; want %v, %s", e.Kind, e.Code, kind, code)
	}
	if e.Remedy == "" {
		t.Error("it does not say what to do")
	}
}
