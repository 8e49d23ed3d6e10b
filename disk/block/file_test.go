package block

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"testing"
	"testing/fstest"
)

// counted counts reads and the bytes they ask for.
type counted struct {
	io.ReaderAt
	reads, bytes int
}

func (c *counted) ReadAt(p []byte, off int64) (int, error) {
	c.reads, c.bytes = c.reads+1, c.bytes+len(p)
	return c.ReaderAt.ReadAt(p, off)
}

// infoOf is the info of a file with that content.
func infoOf(t *testing.T, b []byte) fs.FileInfo {
	t.Helper()
	info, err := fstest.MapFS{"f": {Data: b}}.Stat("f")
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// TestCopiesAreLarge reads a file of 5 MB as io.Copy does.
func TestCopiesAreLarge(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789"), 500_000)
	c := &counted{ReaderAt: bytes.NewReader(content)}
	f := NewFile("f", infoOf(t, content), c)
	if _, err := f.Seek(3, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if n, err := io.Copy(&got, f); n != int64(len(content)-3) || err != nil || !bytes.Equal(got.Bytes(), content[3:]) {
		t.Errorf("%d bytes, %v", n, err)
	}
	if c.reads > 6 {
		t.Errorf("%d reads", c.reads)
	}
	if n, err := f.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("behind the end: %d, %v", n, err)
	}
}

func TestFilesThatCannotBeRead(t *testing.T) {
	why := errors.New("it is a link")
	for name, f := range map[string]*File{"refused": Refused("f", infoOf(t, nil), why), "failing": NewFile("f", infoOf(t, []byte{1}), failing{why})} {
		var path *fs.PathError
		if n, err := io.Copy(io.Discard, f); n != 0 || !errors.Is(err, why) || !errors.As(err, &path) || path.Path != "f" {
			t.Errorf("%s: %d bytes, %v", name, n, err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		if _, err := f.Read(nil); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("%s closed: %v", name, err)
		}
	}
}

type failing struct{ err error }

func (f failing) ReadAt([]byte, int64) (int, error) { return 0, f.err }

// TestPagerReadsAhead counts the reads of one who goes through metadata, and of one who jumps.
func TestPagerReadsAhead(t *testing.T) {
	content := make([]byte, 40*pageSize+100)
	for i := range content {
		content[i] = byte(i / 77)
	}
	c := &counted{ReaderAt: bytes.NewReader(content)}
	p := NewPager(c, int64(len(content)), "x")
	got, err := io.ReadAll(struct{ io.Reader }{io.NewSectionReader(p, 0, int64(len(content)))})
	if err != nil || !bytes.Equal(got, content) || c.reads > 12 || c.bytes != len(content) {
		t.Errorf("%d bytes in %d reads of %d bytes, %v", len(got), c.reads, c.bytes, err)
	}
	c = &counted{ReaderAt: bytes.NewReader(content)}
	p = NewPager(c, int64(len(content)), "x")
	for i := int64(0); i < 40; i += 8 {
		if _, err := p.ReadAt(make([]byte, 10), i*pageSize); err != nil {
			t.Error(err)
		}
	}
	if c.reads != 5 || c.bytes != 5*pageSize {
		t.Errorf("%d reads of %d bytes", c.reads, c.bytes)
	}
}

func TestExtents(t *testing.T) {
	r := bytes.NewReader([]byte("0123456789abcdef"))
	var runs []Run
	for _, at := range []int64{10, 12, 2, 6} {
		runs = AppendRun(runs, at, 2)
	}
	if len(runs) != 3 || runs[0].Length != 4 {
		t.Errorf("runs %v", runs)
	}
	e := &Extents{Reader: r, Runs: runs, Size: 10, Valid: 7, At: Error{Format: "x", Structure: "file"}}
	got, err := io.ReadAll(io.NewSectionReader(e, 0, 20))
	if want := "abcd236\x00\x00\x00"; err != nil || string(got) != want {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
	e.Runs[2].Offset = 20
	var at *Error
	if _, err := e.ReadAt(make([]byte, 1), 6); !errors.Is(err, ErrTruncated) || !errors.As(err, &at) || at.Offset != 20 {
		t.Errorf("%v", err)
	}
	if _, err := e.ReadAt(nil, -1); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("%v", err)
	}
}
