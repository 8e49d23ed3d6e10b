package vhdx_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"

	"berth/disk/vhdx"
)

// TestDirtyLogIsReplayed reads QEMU's image of a crash: its BAT and its blocks
// are right only with the log replayed.
func TestDirtyLogIsReplayed(t *testing.T) {
	b := sample(t, "qemu_qemu-iotests/iotest-dirtylog-10G-4M.vhdx.gz")
	before := bytes.Clone(b)
	d, err := vhdx.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	if !d.Replayed() || d.Size() != 10<<30 {
		t.Errorf("replayed %v, size %d; want true, 10 GiB", d.Replayed(), d.Size())
	}
	const written = 18 << 20
	p := make([]byte, written+1<<20)
	if _, err := io.ReadFull(io.NewSectionReader(d, 0, d.Size()), p); err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(p[:written], []byte{0xA5}); n != written {
		t.Errorf("%d of the first 18 MiB are 0xA5", n)
	}
	if n := bytes.Count(p[written:], []byte{0}); n != len(p)-written {
		t.Errorf("bytes other than zero behind the written ones")
	}
	if !bytes.Equal(b, before) {
		t.Error("the file was changed")
	}
}

const (
	logAt   = 1 << 20
	logSize = 1 << 20
	page    = 4096
)

// change is a descriptor of a log entry: with data it writes a sector, without
// it zeroes length bytes.
type change struct {
	offset, length uint64
	data           []byte
}

// logEntry encodes an entry of [MS-VHDX] 2.3.1.
func logEntry(id byte, sequence uint64, tail int, flushed int, changes ...change) []byte {
	le := binary.LittleEndian
	area := (64 + 32*len(changes) + page - 1) / page * page
	b := make([]byte, area)
	copy(b, "loge")
	le.PutUint32(b[12:], uint32(tail))
	le.PutUint64(b[16:], sequence)
	le.PutUint32(b[24:], uint32(len(changes)))
	b[32] = id
	le.PutUint64(b[48:], uint64(flushed))
	le.PutUint64(b[56:], uint64(flushed))
	for i, c := range changes {
		d := b[64+32*i:]
		le.PutUint64(d[16:], c.offset)
		le.PutUint64(d[24:], sequence)
		if c.data == nil {
			copy(d, "zero")
			le.PutUint64(d[8:], c.length)
			continue
		}
		copy(d, "desc")
		copy(d[4:8], c.data[page-4:])
		copy(d[8:16], c.data[:8])
		s := bytes.Clone(c.data)
		copy(s, "data")
		le.PutUint32(s[4:], uint32(sequence>>32))
		le.PutUint32(s[page-4:], uint32(sequence))
		b = append(b, s...)
	}
	le.PutUint32(b[8:], uint32(len(b)))
	sum(b)
	return b
}

// putLog writes entries one behind the other into the ring from offset at on and
// marks the image as dirty.
func putLog(img []byte, at int, entries ...[]byte) {
	for _, e := range entries {
		for i := range e {
			img[logAt+(at+i)%logSize] = e[i]
		}
		at += len(e)
	}
	for _, h := range []int{64 << 10, 128 << 10} {
		img[h+48] = 9 // LogGuid
		sum(img[h : h+page])
	}
}

func TestLogIsAppliedInOrder(t *testing.T) {
	disk := content(9 << 20)
	f := build(t, disk, vhdx.Options{Subformat: vhdx.Fixed})
	first, size := len(f.b)-10<<20, len(f.b) // offset of the first block
	a, b, stale := bytes.Repeat([]byte{'a'}, page), bytes.Repeat([]byte{'b'}, page), bytes.Repeat([]byte{'s'}, page)
	// The ring's end is crossed; the torn and the stale entry do not count.
	at := logSize - 2*page
	e1 := logEntry(9, 1<<33, at, size, change{uint64(first), 0, a}, change{uint64(first + page), 4 * page, nil})
	e2 := logEntry(9, 1<<33+1, at, size, change{uint64(first + 2*page), 0, b})
	torn := logEntry(9, 1<<33+2, at, size, change{uint64(first), 0, stale})
	torn[page+100]++
	putLog(f.b, at, e1, e2, torn)
	putLog(f.b, logSize/2, logEntry(8, 1<<40, logSize/2, size, change{uint64(first), 0, stale}))

	d, err := vhdx.Open(f, int64(len(f.b)))
	if err != nil {
		t.Fatal(err)
	}
	copy(disk, a)
	clear(disk[page : 5*page])
	copy(disk[2*page:], b)
	got, err := io.ReadAll(io.NewSectionReader(d, 0, d.Size()))
	if err != nil || !bytes.Equal(got, disk) || !d.Replayed() {
		t.Errorf("read %d bytes, %v; they differ from the replayed disk", len(got), err)
	}
}

func TestLogDamageIsNamed(t *testing.T) {
	p := bytes.Repeat([]byte{'p'}, page)
	clean := build(t, content(9<<20), vhdx.Options{}).b
	size := len(clean)
	bad := func(change func(e []byte), e []byte) []byte { change(e); sum(e); return e }
	for name, c := range map[string]struct {
		entry     []byte
		kind      error
		structure string
	}{
		"file was longer":    {logEntry(9, 1, 0, size+1), vhdx.ErrTruncated, "log entry"},
		"growth":             {bad(func(e []byte) { e[63] = 1 }, logEntry(9, 1, 0, size)), vhdx.ErrCorrupt, "log entry"},
		"offset askew":       {logEntry(9, 1, 0, size, change{4097, 0, p}), vhdx.ErrCorrupt, "log descriptor"},
		"offset far":         {logEntry(9, 1, 0, size, change{1 << 63, 0, p}), vhdx.ErrCorrupt, "log descriptor"},
		"zeroes askew":       {logEntry(9, 1, 0, size, change{page, 4097, nil}), vhdx.ErrCorrupt, "log zero descriptor"},
		"unknown descriptor": {bad(func(e []byte) { e[64] = 'x' }, logEntry(9, 1, 0, size, change{page, 0, p})), vhdx.ErrCorrupt, "log descriptor signature"},
		"torn sector":        {bad(func(e []byte) { e[2*page-1] = 7 }, logEntry(9, 1, 0, size, change{page, 0, p})), vhdx.ErrCorrupt, "log data sector"},
		"missing sector":     {bad(func(e []byte) { copy(e[64:], "desc") }, logEntry(9, 1, 0, size, change{page, page, nil})), vhdx.ErrCorrupt, "log data descriptor"},
		"tail elsewhere":     {logEntry(9, 1, 8*page, size), vhdx.ErrCorrupt, "log"},
		"other log":          {logEntry(7, 1, 0, size), vhdx.ErrCorrupt, "log"},
	} {
		img := bytes.Clone(clean)
		putLog(img, 0, c.entry)
		_, err := vhdx.Open(bytes.NewReader(img), int64(size))
		var e *vhdx.Error
		if !errors.As(err, &e) || !errors.Is(err, c.kind) || e.Structure != c.structure {
			t.Errorf("%s: %v, want %v of %q", name, err, c.kind, c.structure)
		}
	}
}

// TestLogOfOverlappingEntriesEnds fills a log with entries that each claim all of
// it: summing every one would take as many passes as it has sectors.
func TestLogOfOverlappingEntriesEnds(t *testing.T) {
	f := build(t, content(9<<20), vhdx.Options{})
	e := logEntry(9, 1, 0, 1)[:64]
	binary.LittleEndian.PutUint32(e[8:], logSize)
	for at := 0; at < logSize; at += page {
		putLog(f.b, at, e)
	}
	if _, err := vhdx.Open(f, int64(len(f.b))); !errors.Is(err, vhdx.ErrCorrupt) {
		t.Errorf("got %v", err)
	}
}
