package vhd_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"berth/disk/vhd"
)

// TestWrongChecksumSample reads an image whose identity was changed by hand in
// the footer and in its copy, without renewing the checksums.
func TestWrongChecksumSample(t *testing.T) {
	b := sample(t, "log2timeline_dfvfs/image.vhd.gz")
	_, err := vhd.Open(bytes.NewReader(b), int64(len(b)))
	var e *vhd.Error
	if !errors.Is(err, vhd.ErrCorrupt) || !errors.As(err, &e) || e.Structure != "footer checksum" {
		t.Errorf("got %v", err)
	}
}

// TestVirtualPCSizeIsTheFooters reads an image whose geometry describes 2 MiB
// less than its footer's size; Windows takes the latter.
func TestVirtualPCSizeIsTheFooters(t *testing.T) {
	b := sample(t, "qemu_qemu-iotests/virtualpc-dynamic.vhd.gz")
	d, err := vhd.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	if d.Creator() != "vpc " || d.Size() != 136365211648 || d.Geometry().Bytes() != 136363130880 {
		t.Errorf("creator %q, size %d, geometry %d", d.Creator(), d.Size(), d.Geometry().Bytes())
	}
	p := []byte{1, 2, 3}
	if n, err := d.ReadAt(p, d.Size()-3); n != 3 || err != nil || !bytes.Equal(p, make([]byte, 3)) {
		t.Errorf("the last bytes are %v, %d, %v", p, n, err)
	}
}

// TestOldFooter reads a footer of 511 bytes, as before Virtual PC 2004.
func TestOldFooter(t *testing.T) {
	for _, subformat := range []string{vhd.Fixed, vhd.Dynamic} {
		disk := content(3 << 20)
		b := build(t, disk, vhd.Options{Subformat: subformat}).b
		b = b[:len(b)-1]
		d, err := vhd.Open(bytes.NewReader(b), int64(len(b)))
		if err != nil || !vhd.Detect(nil, b) {
			t.Fatal(err)
		}
		got, err := io.ReadAll(io.NewSectionReader(d, 0, d.Size()))
		if err != nil || !bytes.Equal(got, disk) {
			t.Errorf("%s: %d bytes, %v", subformat, len(got), err)
		}
	}
}

// TestCutAnywhere cuts images: none is read as something smaller.
func TestCutAnywhere(t *testing.T) {
	dynamic := build(t, content(9<<20), vhd.Options{}).b
	end := len(dynamic)
	for cut, want := range map[int]error{
		100:         vhd.ErrNoFooter,
		512:         vhd.ErrTruncated, // the copy passes for a footer here
		1000:        vhd.ErrTruncated,
		1536:        vhd.ErrTruncated,
		1 << 20:     vhd.ErrTruncated,
		end - 600:   vhd.ErrTruncated,
		end - 512:   vhd.ErrTruncated,
		end - 510:   vhd.ErrTruncated,
		end - 2:     vhd.ErrTruncated,
		end - 3<<20: vhd.ErrTruncated,
	} {
		_, err := vhd.Open(bytes.NewReader(dynamic[:cut]), int64(cut))
		if !errors.Is(err, want) || !errors.Is(err, vhd.ErrCorrupt) {
			t.Errorf("dynamic cut at %d: %v", cut, err)
		}
	}
	fixed := build(t, content(3<<20), vhd.Options{Subformat: vhd.Fixed}).b
	if _, err := vhd.Open(bytes.NewReader(fixed[:1<<20]), 1<<20); !errors.Is(err, vhd.ErrNoFooter) {
		t.Errorf("fixed without footer: %v", err)
	}
	if _, err := vhd.Open(bytes.NewReader(fixed[1<<20:]), int64(len(fixed)-1<<20)); !errors.Is(err, vhd.ErrTruncated) {
		t.Errorf("fixed without front: %v", err)
	}
}

// sum renews the checksum at skip of the structure in b.
func sum(b []byte, skip int) {
	clear(b[skip : skip+4])
	var n uint32
	for _, c := range b {
		n += uint32(c)
	}
	binary.BigEndian.PutUint32(b[skip:], ^n)
}

// TestDamageIsNamed changes one field at a time.
func TestDamageIsNamed(t *testing.T) {
	be := binary.BigEndian
	footer := func(change func(f []byte)) func([]byte) {
		return func(b []byte) {
			for _, f := range [][]byte{b[:512], b[len(b)-512:]} {
				change(f)
				sum(f, 64)
			}
		}
	}
	header := func(change func(h []byte)) func([]byte) {
		return func(b []byte) {
			change(b[512:1536])
			sum(b[512:1536], 36)
		}
	}
	for name, c := range map[string]struct {
		change    func(b []byte)
		kind      error
		structure string
	}{
		"footer checksum": {func(b []byte) { b[30]++; b[len(b)-482]++ }, vhd.ErrCorrupt, "footer checksum"},
		"footer version":  {footer(func(f []byte) { f[13] = 2 }), vhd.ErrUnsupported, "footer version"},
		"size 0":          {footer(func(f []byte) { clear(f[48:56]) }), vhd.ErrCorrupt, "footer current size"},
		"size negative":   {footer(func(f []byte) { f[48] = 0x80 }), vhd.ErrCorrupt, "footer current size"},
		"size odd":        {footer(func(f []byte) { f[55] = 1 }), vhd.ErrCorrupt, "footer current size"},
		"type 7":          {footer(func(f []byte) { f[63] = 7 }), vhd.ErrUnsupported, "footer disk type"},
		"header far":      {footer(func(f []byte) { f[16] = 0xF0 }), vhd.ErrTruncated, "dynamic header"},
		"header elsewhere": {footer(func(f []byte) { f[22] = 1 }), vhd.ErrCorrupt,
			"dynamic header cookie"},
		"header checksum": {func(b []byte) { b[600]++ }, vhd.ErrCorrupt, "dynamic header checksum"},
		"header version":  {header(func(h []byte) { h[25] = 9 }), vhd.ErrUnsupported, "dynamic header version"},
		"block size 0":    {header(func(h []byte) { clear(h[32:36]) }), vhd.ErrUnsupported, "dynamic header block size"},
		"block size 3":    {header(func(h []byte) { h[33] = 0x30 }), vhd.ErrUnsupported, "dynamic header block size"},
		"few entries":     {header(func(h []byte) { be.PutUint32(h[28:], 1) }), vhd.ErrCorrupt, "dynamic header table entries"},
		"table far":       {header(func(h []byte) { be.PutUint64(h[16:], 1<<63-1) }), vhd.ErrTruncated, "block allocation table"},
		"table negative":  {header(func(h []byte) { be.PutUint64(h[16:], 1<<63) }), vhd.ErrTruncated, "block allocation table"},
		"block far":       {func(b []byte) { be.PutUint32(b[1536:], 0xFFFFFFFE) }, vhd.ErrTruncated, "block allocation table entry"},
	} {
		f := build(t, content(9<<20), vhd.Options{})
		c.change(f.b)
		_, err := vhd.Open(f, int64(len(f.b)))
		var e *vhd.Error
		if !errors.As(err, &e) || !errors.Is(err, c.kind) || e.Structure != c.structure || e.Format != "vhd" {
			t.Errorf("%s: %v, want %v of %q", name, err, c.kind, c.structure)
		}
	}
}

// TestCopyStandsInForFooter damages the footer where it is.
func TestCopyStandsInForFooter(t *testing.T) {
	f := build(t, content(9<<20), vhd.Options{})
	f.b[len(f.b)-100]++
	if _, err := vhd.Open(f, int64(len(f.b))); err != nil {
		t.Error(err)
	}
}

// TestMutationsNeitherPanicNorHang flips bytes in every structure, with and
// without renewing the checksums, and reads whatever still opens.
func TestMutationsNeitherPanicNorHang(t *testing.T) {
	clean := build(t, content(9<<20), vhd.Options{}).b
	r := rand.New(rand.NewPCG(1, 2))
	areas := []int{0, 512, 512 + 60, 1536, len(clean) - 512}
	p := make([]byte, 64<<10)
	start, opened := time.Now(), 0
	b := bytes.Clone(clean)
	for range 2000 {
		for range 1 + r.IntN(3) {
			b[areas[r.IntN(len(areas))]+r.IntN(90)] = byte(r.UintN(256))
		}
		if r.IntN(2) == 0 {
			sum(b[:512], 64)
			sum(b[len(b)-512:], 64)
			sum(b[512:1536], 36)
		}
		if d, err := vhd.Open(bytes.NewReader(b), int64(len(b))); err == nil {
			opened++
			_, _ = d.ReadAt(p, d.Size()/2)
		}
		for _, at := range areas {
			copy(b[at:at+90], clean[at:at+90])
		}
	}
	if opened == 0 || time.Since(start) > time.Minute {
		t.Errorf("%d of 2000 opened in %v", opened, time.Since(start))
	}
}

// TestOpenReadsLittle bounds what opening costs on a slow share.
func TestOpenReadsLittle(t *testing.T) {
	for subformat, reads := range map[string]int{vhd.Fixed: 1, vhd.Dynamic: 3} {
		f := build(t, content(64<<20), vhd.Options{Subformat: subformat})
		c := &counter{ReaderAt: f}
		if _, err := vhd.Open(c, int64(len(f.b))); err != nil {
			t.Fatal(err)
		}
		if c.reads > reads || c.bytes > 4096 {
			t.Errorf("%s: open took %d reads of %d bytes", subformat, c.reads, c.bytes)
		}
	}
}

func TestReaderKeepsItsBounds(t *testing.T) {
	f := build(t, content(9<<20), vhd.Options{})
	d, err := vhd.Open(f, int64(len(f.b)))
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

// FuzzOpen replaces footer, header and table of a small image by the input and
// renews the checksums.
func FuzzOpen(f *testing.F) {
	b := build(f, content(3<<20), vhd.Options{}).b
	seed := append(bytes.Clone(b[len(b)-512:len(b)-400]), b[512:640]...)
	f.Add(append(seed, b[1536:1600]...))
	f.Fuzz(func(t *testing.T, in []byte) {
		img := bytes.Clone(b)
		for _, at := range []int{len(b) - 512, 512, 1536} {
			n := copy(img[at:at+map[int]int{len(b) - 512: 112, 512: 128, 1536: 64}[at]], in)
			in = in[n:]
		}
		sum(img[len(img)-512:], 64)
		sum(img[512:1536], 36)
		d, err := vhd.Open(bytes.NewReader(img), int64(len(img)))
		if err != nil {
			if e := (*vhd.Error)(nil); !errors.As(err, &e) {
				t.Errorf("%v is no *Error", err)
			}
			return
		}
		_, _ = io.CopyN(io.Discard, io.NewSectionReader(d, 0, d.Size()), 1<<20)
	})
}
