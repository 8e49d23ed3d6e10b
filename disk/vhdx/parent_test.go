package vhdx

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
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
func made(t testing.TB, content []byte, own []bool, sector int, seed byte) *memory {
	t.Helper()
	m := &memory{}
	w, err := Create(m, int64(len(content)), Options{BlockSize: mib, SectorSize: sector, Random: rand.NewChaCha8([32]byte{seed})})
	if err != nil {
		t.Fatal(err)
	}
	for s, on := range own {
		if on {
			if _, err := w.WriteAt(content[s*sector:][:sector], int64(s*sector)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return m
}

// locator encodes a parent locator.
func locator(values map[string]string) []byte {
	le := binary.LittleEndian
	b := make([]byte, 20+12*len(values))
	copy(b, locatorType[:])
	le.PutUint16(b[18:], uint16(len(values)))
	i := 0
	for k, v := range values {
		e := 20 + 12*i
		for j, s := range []string{k, v} {
			units := utf16.Encode([]rune(s))
			le.PutUint32(b[e+4*j:], uint32(len(b)))
			le.PutUint16(b[e+8+2*j:], uint16(2*len(units)))
			for _, u := range units {
				b = le.AppendUint16(b, u)
			}
		}
		i++
	}
	return b
}

// differ turns an image, written with regions in their usual places, into a differencing one: metadata gets the locator,
// full blocks become partial with the sectors of own, absent ones the parent's.
func (m *memory) differ(own []bool, sector int, values map[string]string) {
	le := binary.LittleEndian
	meta := m.b[newMetadataAt:][:mib]
	count := int(le.Uint16(meta[10:]))
	e := meta[32*(count+1):]
	loc := locator(values)
	copy(e, itemParentLocator[:])
	le.PutUint32(e[16:], 512<<10)
	le.PutUint32(e[20:], uint32(len(loc)))
	le.PutUint32(e[24:], 4)
	copy(meta[512<<10:], loc)
	le.PutUint16(meta[10:], uint16(count+1))
	meta[metadataTableSize+4] |= 2 // FileParameters is the first item: HasParent
	l := layout{blockSize: mib, ratio: (1 << 23) * int64(sector) / mib}
	for i := int64(0); int(i)*mib/sector < len(own); i++ {
		at := newBATAt + 8*l.index(i)
		entry := le.Uint64(m.b[at:])
		if entry&7 != stateFull {
			continue
		}
		le.PutUint64(m.b[at:], entry&^7|statePartial)
		bitmapEntry := newBATAt + 8*(i/l.ratio*(l.ratio+1)+l.ratio)
		if le.Uint64(m.b[bitmapEntry:]) == 0 {
			le.PutUint64(m.b[bitmapEntry:], uint64(len(m.b))/mib<<20|stateFull)
			m.b = append(m.b, make([]byte, mib)...)
		}
		bitmap := m.b[le.Uint64(m.b[bitmapEntry:])>>20*mib:]
		perBlock := mib / sector
		for s := range perBlock {
			n := int(i)*perBlock + s
			if n < len(own) && own[n] {
				b := int(i%l.ratio)*perBlock + s
				bitmap[b/8] |= 1 << (b % 8)
			}
		}
	}
}

// TestChain reads disks made of three images, with sectors of both sizes, in pieces of every kind.
func TestChain(t *testing.T) {
	for _, sector := range []int{512, 4096} {
		t.Run(fmt.Sprint(sector), func(t *testing.T) { chain(t, sector) })
	}
}

func chain(t *testing.T, sector int) {
	size := 5*mib + 4*sector
	r := rand.NewChaCha8([32]byte{9})
	rnd := rand.New(r)
	want := make([]byte, size)
	var top *Disk
	for i := range 3 {
		content, own := make([]byte, size), make([]bool, size/sector)
		_, _ = r.Read(content)
		for s := 0; s < len(own); { // runs of sectors, of one to a thousand
			n := min(1+rnd.IntN(1+rnd.IntN(1000)), len(own)-s)
			on := rnd.IntN(3) == 0
			for ; n > 0; n, s = n-1, s+1 {
				if own[s] = on; on {
					copy(want[s*sector:][:sector], content[s*sector:])
				}
			}
		}
		m := made(t, content, own, sector, byte(i+1))
		if top != nil {
			m.differ(own, sector, map[string]string{"parent_linkage": "{" + strings.ToUpper(top.DataID()) + "}",
				"absolute_win32_path": `\\?\C:\images\parent.vhdx`, "relative_path": `.\parent.vhdx`})
		}
		d := m.open(t)
		if top != nil {
			if err := d.Join(top); err != nil {
				t.Fatal(err)
			}
			if p := d.Parent().Paths; p[0] != `.\parent.vhdx` || len(p) != 2 || d.Subformat() != Differencing {
				t.Errorf("%s of %q", d.Subformat(), p)
			}
		}
		top = d
	}
	if got, err := io.ReadAll(io.NewSectionReader(top, 0, int64(size))); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	for range 500 {
		off := rnd.IntN(size)
		p := make([]byte, 1+rnd.IntN(min(size-off, 3*mib)))
		if n, err := top.ReadAt(p, int64(off)); n != len(p) || err != nil || !bytes.Equal(p, want[off:][:n]) {
			t.Fatalf("%d bytes at %d: %d, %v", len(p), off, n, err)
		}
	}
}

// TestStatesOfBlocks has one block of each state over a parent of ones.
func TestStatesOfBlocks(t *testing.T) {
	const blocks = 6
	all := make([]bool, blocks*mib/512)
	for i := range all {
		all[i] = true
	}
	base := made(t, bytes.Repeat([]byte{1}, blocks*mib), all, 512, 1).open(t)
	m := made(t, bytes.Repeat([]byte{2}, blocks*mib), all, 512, 2)
	m.differ(make([]bool, len(all)), 512, map[string]string{"parent_linkage": base.DataID()})
	le := binary.LittleEndian
	for i, state := range []uint64{stateNotPresent, 1, 2, stateUnmapped, stateFull, statePartial} {
		at := newBATAt + 8*i
		le.PutUint64(m.b[at:], le.Uint64(m.b[at:])&^7|state)
	}
	d := m.open(t)
	if err := d.Join(base); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(io.NewSectionReader(d, 0, d.Size()))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []byte{1, 0, 0, 0, 2, 1} {
		if n := bytes.Count(got[i*mib:][:mib], []byte{want}); n != mib {
			t.Errorf("block %d has %d bytes %d", i, n, want)
		}
	}
}

func TestParentIsChecked(t *testing.T) {
	own := make([]bool, mib/512)
	base := made(t, make([]byte, mib), own, 512, 1).open(t)
	m := made(t, make([]byte, mib), own, 512, 2)
	m.differ(own, 512, map[string]string{"parent_linkage": "{00000000-0000-0000-0000-000000000001}", "relative_path": "p.vhdx"})
	d := m.open(t)
	if err := d.Join(base); !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), base.DataID()) {
		t.Errorf("another parent: %v", err)
	}
	if err := base.Join(d); !errors.Is(err, ErrUnsupported) {
		t.Errorf("a parent for an image without one: %v", err)
	}
	if _, err := d.ReadAt(make([]byte, 10), 0); !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "p.vhdx") {
		t.Errorf("read without a parent: %v", err)
	}
}

func TestLocatorsThatAreWrong(t *testing.T) {
	good := locator(map[string]string{"parent_linkage": "x"})
	for name, c := range map[string]struct {
		b    []byte
		kind error
	}{
		"empty":        {nil, ErrCorrupt},
		"of HTTP":      {append([]byte{1}, good[1:]...), ErrUnsupported},
		"cut":          {good[:len(good)-1], ErrCorrupt},
		"too many":     {append(append(bytes.Clone(good[:18]), 0xFF, 0xFF), good[20:]...), ErrCorrupt},
		"no linkage":   {locator(map[string]string{"relative_path": "x"}), ErrCorrupt},
		"outside keys": {append(bytes.Clone(good[:20]), 0xFF, 0xFF, 0xFF, 0x7F, 0, 0, 0, 0, 1, 0, 1, 0), ErrCorrupt},
	} {
		if _, err := parseParent(c.b, 0); !errors.Is(err, c.kind) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := parseParent(good, 0); err != nil {
		t.Error(err)
	}
}
