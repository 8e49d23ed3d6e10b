package vhdx

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
)

// TestOverlayEqualsWriting holds patches put in any order, over each other and
// past the file's end, against the same writes into memory.
func TestOverlayEqualsWriting(t *testing.T) {
	const fileSize, size = 1000, 1500
	r := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		want := make([]byte, size)
		for i := range fileSize {
			want[i] = byte(i)
		}
		o := &overlay{r: bytes.NewReader(bytes.Clone(want[:fileSize])), fileSize: fileSize, size: size}
		for range 1 + r.IntN(30) {
			start := r.IntN(size)
			p := patch{start: int64(start), end: int64(start + r.IntN(size-start+1))}
			if r.IntN(2) == 0 {
				p.data = bytes.Repeat([]byte{byte(r.UintN(256))}, int(p.end-p.start))
			}
			o.put(p)
			if clear(want[p.start:p.end]); p.data != nil {
				copy(want[p.start:], p.data)
			}
		}
		at := r.IntN(size)
		got := make([]byte, r.IntN(size))
		n, err := o.ReadAt(got, int64(at))
		if end := min(at+len(got), size); !bytes.Equal(got[:n], want[at:end]) || (n < len(got)) != errors.Is(err, io.EOF) {
			t.Fatalf("%d bytes at %d: %d read, %v; they differ from the writes", len(got), at, n, err)
		}
	}
}
