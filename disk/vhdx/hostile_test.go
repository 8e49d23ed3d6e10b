package vhdx_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"berth/disk/vhdx"
)

func TestTruncatedSampleSaysSo(t *testing.T) {
	b := sample(t, "generated-appattach/truncated.vhdx.gz")
	_, err := vhdx.Open(bytes.NewReader(b), int64(len(b)))
	var e *vhdx.Error
	if !errors.Is(err, vhdx.ErrTruncated) || !errors.Is(err, vhdx.ErrCorrupt) || !errors.As(err, &e) {
		t.Fatalf("got %v", err)
	}
	for _, part := range []string{"BAT entry at byte", "block 0 ends at byte", "the file has 5000000 bytes"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not say %q", err, part)
		}
	}
}

// TestCutAnywhere cuts an image at every structure: it is refused as truncated,
// never read as something smaller.
func TestCutAnywhere(t *testing.T) {
	f := build(t, content(9<<20), vhdx.Options{})
	for _, at := range []int64{8, 100, 64 << 10, 100 << 10, 200 << 10, 300 << 10, 1 << 20, 2 << 20, 2<<20 + 70000, 3 << 20, 4 << 20, int64(len(f.b)) - 2<<20} {
		if _, err := vhdx.Open(bytes.NewReader(f.b[:at]), at); !errors.Is(err, vhdx.ErrTruncated) {
			t.Errorf("cut at %d: %v", at, err)
		}
	}
}

// sum renews the CRC-32C of the structure in b.
func sum(b []byte) {
	clear(b[4:8])
	binary.LittleEndian.PutUint32(b[4:], crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
}

// TestDamageIsNamed changes one field at a time of both copies.
func TestDamageIsNamed(t *testing.T) {
	const k, bat, meta = 1 << 10, 3 << 20, 2 << 20
	le := binary.LittleEndian
	headers := func(change func(h []byte)) func([]byte) {
		return func(b []byte) {
			for _, at := range []int{64 * k, 128 * k} {
				change(b[at : at+4*k])
				sum(b[at : at+4*k])
			}
		}
	}
	tables := func(change func(r []byte)) func([]byte) {
		return func(b []byte) {
			for _, at := range []int{192 * k, 256 * k} {
				change(b[at : at+64*k])
				sum(b[at : at+64*k])
			}
		}
	}
	for name, c := range map[string]struct {
		change    func(b []byte)
		kind      error
		structure string
	}{
		"identifier":       {func(b []byte) { b[0] = 'x' }, vhdx.ErrCorrupt, "file identifier"},
		"header signature": {headers(func(h []byte) { h[0] = 'x' }), vhdx.ErrCorrupt, "header signature"},
		"header checksum":  {func(b []byte) { b[64*k+9]++; b[128*k+9]++ }, vhdx.ErrCorrupt, "header checksum"},
		"header version":   {headers(func(h []byte) { h[66] = 2 }), vhdx.ErrUnsupported, "header version"},
		"log version":      {headers(func(h []byte) { h[48], h[64] = 1, 1 }), vhdx.ErrUnsupported, "header log version"},
		"log without end":  {headers(func(h []byte) { h[48] = 1; le.PutUint32(h[68:], 1<<31) }), vhdx.ErrUnsupported, "header log length"},
		"log off the file": {headers(func(h []byte) { h[48] = 1; le.PutUint64(h[72:], 1<<62) }), vhdx.ErrTruncated, "header log offset"},
		"empty log":        {headers(func(h []byte) { h[48] = 1 }), vhdx.ErrCorrupt, "log"},
		"region signature": {tables(func(r []byte) { r[0] = 'x' }), vhdx.ErrCorrupt, "region table signature"},
		"region count":     {tables(func(r []byte) { le.PutUint32(r[8:], 4000) }), vhdx.ErrCorrupt, "region table entry count"},
		"region unknown":   {tables(func(r []byte) { r[16]++ }), vhdx.ErrUnsupported, "region table entry"},
		"region missing":   {tables(func(r []byte) { r[8] = 1 }), vhdx.ErrCorrupt, "region table"},
		"region twice":     {tables(func(r []byte) { copy(r[48:80], r[16:48]) }), vhdx.ErrCorrupt, "region table entry"},
		"region askew":     {tables(func(r []byte) { r[32] = 1 }), vhdx.ErrCorrupt, "region table entry"},
		"region far":       {tables(func(r []byte) { le.PutUint64(r[32:], 1<<40) }), vhdx.ErrTruncated, "region table entry"},
		"metadata":         {func(b []byte) { b[meta] = 'x' }, vhdx.ErrCorrupt, "metadata table signature"},
		"metadata count":   {func(b []byte) { le.PutUint16(b[meta+10:], 3000) }, vhdx.ErrCorrupt, "metadata table entry count"},
		"metadata unknown": {func(b []byte) { b[meta+32]++ }, vhdx.ErrUnsupported, "metadata table entry"},
		"metadata missing": {func(b []byte) { b[meta+10] = 4 }, vhdx.ErrCorrupt, "metadata physical sector size"},
		"metadata length":  {func(b []byte) { b[meta+32+20] = 7 }, vhdx.ErrCorrupt, "metadata file parameters"},
		"metadata offset":  {func(b []byte) { le.PutUint32(b[meta+32+16:], 1<<31) }, vhdx.ErrCorrupt, "metadata file parameters"},
		"block size":       {func(b []byte) { b[meta+64*k] = 1 }, vhdx.ErrCorrupt, "metadata file parameters"},
		"disk size":        {func(b []byte) { le.PutUint64(b[meta+64*k+8:], 1<<60) }, vhdx.ErrCorrupt, "metadata virtual disk size"},
		"sector size":      {func(b []byte) { b[meta+64*k+32] = 1 }, vhdx.ErrCorrupt, "metadata logical sector size"},
		"disk of 64 TiB":   {func(b []byte) { le.PutUint64(b[meta+64*k+8:], 64<<40) }, vhdx.ErrUnsupported, "BAT"},
		"disk above BAT":   {func(b []byte) { le.PutUint64(b[meta+64*k+8:], 1<<40) }, vhdx.ErrCorrupt, "BAT"},
		"state 5":          {func(b []byte) { b[bat] = 5 }, vhdx.ErrCorrupt, "BAT entry"},
		"state 7":          {func(b []byte) { b[bat] |= 7 }, vhdx.ErrCorrupt, "BAT entry"},
		"block at 0":       {func(b []byte) { le.PutUint64(b[bat:], 6) }, vhdx.ErrCorrupt, "BAT entry"},
		"block past all":   {func(b []byte) { le.PutUint64(b[bat:], 1<<64-1<<20|6) }, vhdx.ErrTruncated, "BAT entry"},
		"block far":        {func(b []byte) { le.PutUint64(b[bat:], 1<<63|6) }, vhdx.ErrTruncated, "BAT entry"},
	} {
		f := build(t, content(9<<20), vhdx.Options{})
		c.change(f.b)
		_, err := vhdx.Open(f, int64(len(f.b)))
		var e *vhdx.Error
		if !errors.As(err, &e) || !errors.Is(err, c.kind) || e.Structure != c.structure || e.Format != "vhdx" {
			t.Errorf("%s: %v, want %v of %q", name, err, c.kind, c.structure)
		}
	}
}

// TestOneCopyIsEnough damages the newer header and the first region table.
func TestOneCopyIsEnough(t *testing.T) {
	f := build(t, content(9<<20), vhdx.Options{})
	f.b[128<<10+8]++
	f.b[192<<10+8]++
	if _, err := vhdx.Open(f, int64(len(f.b))); err != nil {
		t.Error(err)
	}
}

func TestAbsentStatesReadAsZero(t *testing.T) {
	for state := range byte(4) {
		f := build(t, content(9<<20), vhdx.Options{})
		f.b[3<<20] = f.b[3<<20]&^7 | state
		d, err := vhdx.Open(f, int64(len(f.b)))
		if err != nil {
			t.Fatal(err)
		}
		p := bytes.Repeat([]byte{1}, 4096)
		if _, err := d.ReadAt(p, 0); err != nil || bytes.Count(p, []byte{0}) != len(p) {
			t.Errorf("state %d: %v, not zero", state, err)
		}
	}
}

// TestMutationsNeitherPanicNorHang flips bytes in every structure, with and
// without renewing the checksums, and reads whatever still opens.
func TestMutationsNeitherPanicNorHang(t *testing.T) {
	clean := build(t, content(9<<20), vhdx.Options{}).b
	r := rand.New(rand.NewPCG(1, 2))
	areas := []int{0, 64 << 10, 128 << 10, 192 << 10, 256 << 10, 2 << 20, 2<<20 + 64<<10, 3 << 20}
	p := make([]byte, 64<<10)
	start, opened := time.Now(), 0
	b := bytes.Clone(clean)
	for range 2000 {
		for range 1 + r.IntN(3) {
			b[areas[r.IntN(len(areas))]+r.IntN(120)] = byte(r.UintN(256))
		}
		if r.IntN(2) == 0 {
			for _, at := range areas[1:5] {
				sum(b[at : at+map[bool]int{true: 4 << 10, false: 64 << 10}[at < 192<<10]])
			}
		}
		if d, err := vhdx.Open(bytes.NewReader(b), int64(len(b))); err == nil {
			opened++
			_, _ = d.ReadAt(p, d.Size()/2)
		}
		for _, at := range areas {
			copy(b[at:at+120], clean[at:at+120])
		}
	}
	if opened == 0 || time.Since(start) > time.Minute {
		t.Errorf("%d of 2000 opened in %v", opened, time.Since(start))
	}
}

// TestOpenReadsLittle bounds what opening costs on a slow share.
func TestOpenReadsLittle(t *testing.T) {
	f := build(t, content(64<<20), vhdx.Options{})
	c := &counter{ReaderAt: f}
	if _, err := vhdx.Open(c, int64(len(f.b))); err != nil {
		t.Fatal(err)
	}
	if c.reads > 3 || c.bytes > 512<<10 {
		t.Errorf("open took %d reads of %d bytes", c.reads, c.bytes)
	}
	*c = counter{ReaderAt: build(t, content(64<<20), vhdx.Options{Subformat: vhdx.Fixed})}
	d, err := vhdx.Open(c, int64(len(c.ReaderAt.(*file).b)))
	if err != nil {
		t.Fatal(err)
	}
	c.reads = 0
	if _, err := d.ReadAt(make([]byte, 20<<20), 1<<20); err != nil || c.reads != 1 {
		t.Errorf("20 MiB of a fixed image took %d reads, %v", c.reads, err)
	}
}

func TestReaderKeepsItsBounds(t *testing.T) {
	f := build(t, content(9<<20), vhdx.Options{})
	d, err := vhdx.Open(f, int64(len(f.b)))
	if err != nil {
		t.Fatal(err)
	}
	for off, want := range map[int64]int{9<<20 - 10: 10, 9 << 20: 0, 1 << 50: 0} {
		if n, err := d.ReadAt(make([]byte, 20), off); n != want || !errors.Is(err, io.EOF) {
			t.Errorf("at %d: %d bytes, %v", off, n, err)
		}
	}
	if _, err := d.ReadAt(make([]byte, 1), -1); err == nil {
		t.Error("read before the start")
	}
}

// areas are where an image's structures start, in the order of the fuzzer's
// input; of each it replaces the first bytes.
func areas() []int {
	return []int{64 << 10, 192 << 10, 1 << 20, 2 << 20, 2<<20 + 64<<10, 3 << 20}
}

const areaSize = 96

// FuzzOpen puts the input over the structures of an image and renews their
// checksums.
func FuzzOpen(f *testing.F) {
	img := build(f, content(5<<20), vhdx.Options{}).b
	copy(img[128<<10:], "gone") // so that the header from the input counts
	copy(img[256<<10:], "gone")
	var seed []byte
	for _, at := range areas() {
		seed = append(seed, img[at:at+areaSize]...)
	}
	f.Add(seed)
	f.Fuzz(func(t *testing.T, in []byte) {
		// The image is large: it is changed in place and put back.
		rest := seed
		for _, at := range areas() {
			copy(img[at:], rest[:areaSize])
			in = in[copy(img[at:at+areaSize], in):]
			rest = rest[areaSize:]
		}
		sum(img[64<<10 : 68<<10])
		sum(img[192<<10 : 256<<10])
		d, err := vhdx.Open(bytes.NewReader(img), int64(len(img)))
		if err != nil {
			if e := (*vhdx.Error)(nil); !errors.As(err, &e) {
				t.Errorf("%v is no *Error", err)
			}
			return
		}
		_, _ = io.CopyN(io.Discard, io.NewSectionReader(d, 0, d.Size()), 256<<10)
	})
}
