package vhd

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf16"
)

// memory is an image file that grows as it is written.
type memory struct{ b []byte }

func (m *memory) WriteAt(p []byte, off int64) (int, error) {
	if end := int(off) + len(p); end > len(m.b) {
		m.b = append(m.b, make([]byte, end-len(m.b))...)
	}
	return copy(m.b[off:], p), nil
}

func (m *memory) open(t testing.TB) *Disk {
	t.Helper()
	d, err := Open(bytes.NewReader(m.b), int64(len(m.b)))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// made writes the sectors of content that own names into an image.
func made(t testing.TB, content []byte, own func(sector int) bool, id byte) *memory {
	t.Helper()
	m := &memory{}
	w, err := Create(m, int64(len(content)), Options{BlockSize: 512 << 10, ID: [16]byte{id}})
	if err != nil {
		t.Fatal(err)
	}
	for s := range len(content) / sectorSize {
		if own(s) {
			if _, err := w.WriteAt(content[s*sectorSize:][:sectorSize], int64(s*sectorSize)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return m
}

// differ turns a dynamic image with a footer copy, header and table in their usual places into a differencing one,
// whose bitmaps have the sectors that own names.
func (m *memory) differ(own func(sector int) bool, parent [16]byte, name string) {
	be := binary.BigEndian
	h := m.b[footerSize:][:headerSize]
	copy(h[40:], parent[:])
	for i, u := range utf16.Encode([]rune(name)) {
		be.PutUint16(h[64+2*i:], u)
	}
	be.PutUint32(h[36:], checksum(h, 36))
	for _, at := range []int{0, len(m.b) - footerSize} {
		f := m.b[at:][:footerSize]
		be.PutUint32(f[60:], kindDifferencing)
		be.PutUint32(f[64:], checksum(f, 64))
	}
	perBlock := int(be.Uint32(h[32:])) / sectorSize
	for i := range int(be.Uint32(h[28:])) {
		entry := be.Uint32(m.b[footerSize+headerSize+4*i:])
		if entry == free {
			continue
		}
		bitmap := m.b[int(entry)*sectorSize:][:perBlock/8]
		clear(bitmap)
		for s := range perBlock {
			if own(i*perBlock + s) {
				bitmap[s/8] |= 0x80 >> (s % 8)
			}
		}
	}
}

// TestChain reads a disk made of three images, in pieces of every kind.
func TestChain(t *testing.T) {
	const size = 5<<19 + 3*sectorSize
	r := rand.NewChaCha8([32]byte{9})
	rnd := rand.New(r)
	var layers [3][]byte
	var have [3][]bool
	for i := range layers {
		layers[i], have[i] = make([]byte, size), make([]bool, size/sectorSize)
		_, _ = r.Read(layers[i])
		for s := 0; s < len(have[i]); { // runs of sectors, of one to a thousand
			n := min(1+rnd.IntN(1+rnd.IntN(1000)), len(have[i])-s)
			on := rnd.IntN(3) == 0
			for ; n > 0; n, s = n-1, s+1 {
				have[i][s] = on
			}
		}
	}
	want := make([]byte, size)
	var disks [3]*Disk
	for i := range layers {
		own := func(s int) bool { return s < len(have[i]) && have[i][s] }
		m := made(t, layers[i], own, byte(i+1))
		if i > 0 {
			m.differ(own, [16]byte{byte(i)}, `C:\images\parent.vhd`)
		}
		disks[i] = m.open(t)
		if i > 0 {
			if err := disks[i].Join(disks[i-1]); err != nil {
				t.Fatal(err)
			}
		}
		for s, on := range have[i] {
			if on {
				copy(want[s*sectorSize:][:sectorSize], layers[i][s*sectorSize:])
			}
		}
	}
	top := disks[2]
	if got, err := io.ReadAll(io.NewSectionReader(top, 0, size)); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	for range 500 {
		off := rnd.IntN(size)
		p := make([]byte, 1+rnd.IntN(min(size-off, 300000)))
		if n, err := top.ReadAt(p, int64(off)); n != len(p) || err != nil || !bytes.Equal(p, want[off:][:n]) {
			t.Fatalf("%d bytes at %d: %d, %v", len(p), off, n, err)
		}
	}
	if top.Subformat() != Differencing || top.Parent().Paths[0] != `C:\images\parent.vhd` || top.Parent().ID != disks[1].ID() {
		t.Errorf("%s, %+v", top.Subformat(), top.Parent())
	}
}

func TestParentIsChecked(t *testing.T) {
	all := func(int) bool { return true }
	base := made(t, make([]byte, 1<<20), all, 1).open(t)
	child := made(t, make([]byte, 1<<20), all, 2)
	child.differ(func(s int) bool { return s == 0 }, [16]byte{7}, "other.vhd")
	d := child.open(t)
	if err := d.Join(base); !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), base.ID()) {
		t.Errorf("another parent: %v", err)
	}
	if err := base.Join(d); !errors.Is(err, ErrUnsupported) {
		t.Errorf("a parent for an image without one: %v", err)
	}
	if _, err := d.ReadAt(make([]byte, 10), 600<<10); !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "other.vhd") {
		t.Errorf("read without a parent: %v", err)
	}
}

// TestSmallerParent reads zeroes where the parent, smaller than its child, has ended.
func TestSmallerParent(t *testing.T) {
	ones := bytes.Repeat([]byte{1}, 1<<20)
	base := made(t, ones[:600<<10], func(int) bool { return true }, 1).open(t)
	child := made(t, make([]byte, 1<<20), func(s int) bool { return false }, 2)
	child.differ(func(int) bool { return false }, [16]byte{1}, "x")
	d := child.open(t)
	if err := d.Join(base); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(io.NewSectionReader(d, 0, d.Size()))
	if want := append(bytes.Clone(ones[:600<<10]), make([]byte, 424<<10)...); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestParentLocatorsAreBounded(t *testing.T) {
	be := binary.BigEndian
	for name, change := range map[string]func(e []byte){
		"too long": func(e []byte) { be.PutUint32(e[8:], 1<<20) },
		"outside":  func(e []byte) { be.PutUint32(e[8:], 100); be.PutUint64(e[16:], 1<<62) },
	} {
		m := made(t, make([]byte, 1<<20), func(int) bool { return false }, 2)
		m.differ(func(int) bool { return false }, [16]byte{1}, "x")
		h := m.b[footerSize:][:headerSize]
		be.PutUint32(h[576:], relativeCode)
		change(h[576:])
		be.PutUint32(h[36:], checksum(h, 36))
		if _, err := Open(bytes.NewReader(m.b), int64(len(m.b))); !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), "parent locator") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
