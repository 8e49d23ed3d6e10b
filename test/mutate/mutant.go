package mutate

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
)

// place is a range of a file.
type place struct {
	off int64
	n   int
}

// recorder remembers where a file is read. Of long reads the front counts.
type recorder struct {
	r  io.ReaderAt
	mu sync.Mutex
	at []place
}

const (
	maxPlaces = 1 << 16
	front     = 64 << 10
)

func (r *recorder) ReadAt(p []byte, off int64) (int, error) {
	r.mu.Lock()
	if len(p) > 0 && len(r.at) < maxPlaces {
		r.at = append(r.at, place{off, min(len(p), front)})
	}
	r.mu.Unlock()
	return r.r.ReadAt(p, off)
}

// mutant is a file with changes.
type mutant struct {
	r       io.ReaderAt
	size    int64
	changes []change
}

type change struct {
	off int64
	b   []byte
}

// ReadAt implements io.ReaderAt.
func (m *mutant) ReadAt(p []byte, off int64) (int, error) {
	if off >= m.size {
		return 0, io.EOF
	}
	var short error
	if int64(len(p)) > m.size-off {
		p, short = p[:m.size-off], io.EOF
	}
	n, err := m.r.ReadAt(p, off)
	for _, c := range m.changes {
		from, to := max(c.off, off), min(c.off+int64(len(c.b)), off+int64(n))
		if from < to {
			copy(p[from-off:to-off], c.b[from-c.off:])
		}
	}
	if err == nil {
		err = short
	}
	return n, err
}

// String tells the changes, so that a finding can be made again by hand.
func (m *mutant) String() string {
	parts := []string{fmt.Sprintf("size %d", m.size)}
	for _, c := range m.changes {
		parts = append(parts, fmt.Sprintf("at %d %x", c.off, c.b[:min(len(c.b), 16)]))
	}
	return strings.Join(parts, ", ")
}

// newMutant makes one to four changes where the sound file was read; one mutant in twenty is cut short instead.
func newMutant(rnd *rand.Rand, rec *recorder, size int64) *mutant {
	m := &mutant{r: rec.r, size: size}
	if rnd.IntN(20) == 0 || len(rec.at) == 0 {
		m.size = rnd.Int64N(size + 1)
		return m
	}
	for range 1 + rnd.IntN(4) {
		at := rec.at[rnd.IntN(len(rec.at))]
		// Fields crowd at the front of structures, and structures in sectors.
		within := rnd.IntN(at.n)
		if rnd.IntN(2) == 0 {
			within = within/512*512 + rnd.IntN(64)
		}
		m.changes = append(m.changes, change{at.off + int64(min(within, at.n-1)), alter(rnd, rec, at.off+int64(within), size)})
	}
	return m
}

// alter makes the bytes that a change puts at off.
func alter(rnd *rand.Rand, rec *recorder, off, size int64) []byte {
	old := make([]byte, 64)
	n, _ := rec.r.ReadAt(old, off)
	old = old[:max(n, 1)]
	switch rnd.IntN(6) {
	case 0: // a bit
		return []byte{old[0] ^ 1<<rnd.IntN(8)}
	case 1: // a byte
		return []byte{[]byte{0, 1, 0x7F, 0x80, 0xFF, byte(rnd.Uint32())}[rnd.IntN(6)]}
	case 2, 3: // a number
		v := []uint64{0, 1, uint64(size), uint64(size) / 512, 1<<31 - 1, 1 << 31, 1<<63 - 1, 1<<64 - 1, 1 << rnd.IntN(64), rnd.Uint64(),
			binary.LittleEndian.Uint64(append(old[:min(len(old), 8):8], make([]byte, 8)...)) + uint64(rnd.IntN(5)) - 2}[rnd.IntN(11)]
		return binary.LittleEndian.AppendUint64(nil, v)[:[]int{1, 2, 4, 8}[rnd.IntN(4)]]
	case 4: // what is elsewhere
		other := rec.at[rnd.IntN(len(rec.at))]
		b := make([]byte, 1+rnd.IntN(64))
		n, _ := rec.r.ReadAt(b, other.off)
		return b[:max(n, 1)]
	default: // a stretch of one value
		b := make([]byte, 1+rnd.IntN(600))
		for i, v := 0, []byte{0, 0xFF}[rnd.IntN(2)]; i < len(b); i++ {
			b[i] = v
		}
		return b
	}
}
