package msix

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/klauspost/compress/flate"
)

// inflatedByLibrary judges a segment with the library alone.
func inflatedByLibrary(segment, p []byte, last bool) error {
	var f inflater
	return f.stream(segment, p, last)
}

// kinds are contents that compress in different ways.
func kinds(random *rand.Rand) map[string][]byte {
	noise := make([]byte, BlockSize)
	few := make([]byte, BlockSize)
	skewed := make([]byte, BlockSize)
	for i := range noise {
		noise[i] = byte(random.Uint32())
		few[i] = "ab"[random.IntN(2)]
		for skewed[i] = 0; skewed[i] < 255 && random.IntN(2) == 0; skewed[i]++ {
		}
	}
	far := bytes.Repeat(noise[:30_000], 3)[:BlockSize]
	return map[string][]byte{"noise": noise, "few": few, "skewed": skewed, "far": far, "zeros": make([]byte, BlockSize), "empty": {}, "one": {7},
		"text": []byte(strings.Repeat("the quick brown fox jumps over the lazy dog; ", 1500))[:BlockSize], "short": []byte("abcabcabcabcabcabcd"),
		"mixed": append(append([]byte(strings.Repeat("xyz", 999)), noise[:20_000]...), bytes.Repeat([]byte("0123456789abcdef-"), 2000)...)}
}

// deflated is content as a segment that is flushed, or that ends the stream.
func deflated(t testing.TB, content []byte, level int, last bool) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, level)
	if err == nil {
		_, err = w.Write(content)
	}
	if last {
		err = errors.Join(err, w.Close())
	} else {
		err = errors.Join(err, w.Flush())
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestInflatesSegments(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	var d segmentInflater
	for name, content := range kinds(random) {
		for _, level := range []int{flate.HuffmanOnly, flate.NoCompression, 1, 2, 5, 6, 9} {
			for _, last := range []bool{false, true} {
				segment := deflated(t, content, level, last)
				got := make([]byte, len(content))
				ended, ok := d.inflate(got, segment)
				if !ok || ended != last || !bytes.Equal(got, content) {
					t.Errorf("%s, level %d, last %t: ok %t, ended %t", name, level, last, ok, ended)
				}
				for _, size := range []int{len(content) - 1, len(content) + 1} {
					if size < 0 {
						continue
					}
					if _, ok := d.inflate(make([]byte, size), segment); ok {
						t.Errorf("%s, level %d: %d bytes fit %d", name, level, len(content), size)
					}
				}
				for cut := 1; cut < min(len(segment), 20); cut++ {
					// A flushed segment may be sound without the empty block that ends it.
					p := make([]byte, len(content))
					if _, ok := d.inflate(p, segment[:len(segment)-cut]); ok && inflatedByLibrary(segment[:len(segment)-cut], p, last) != nil {
						t.Errorf("%s, level %d: sound without its last %d bytes", name, level, cut)
					}
				}
			}
		}
	}
}

// sameVerdict has both inflate a segment: what the fast one accepts, the library must, with the same bytes.
func sameVerdict(t *testing.T, d *segmentInflater, segment []byte, size int) {
	t.Helper()
	fast, slow := make([]byte, size), make([]byte, size)
	ended, ok := d.inflate(fast, segment)
	if !ok {
		return
	}
	if err := inflatedByLibrary(segment, slow, ended); err != nil || !bytes.Equal(fast, slow) {
		t.Errorf("%d bytes to %d: the library says %v, equal %t", len(segment), size, err, bytes.Equal(fast, slow))
	}
}

func TestInflateMutants(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 10))
	var d segmentInflater
	for _, content := range kinds(random) {
		for _, level := range []int{flate.HuffmanOnly, 1, 6, 9} {
			whole := deflated(t, content, level, level == 6)
			for range 60 {
				segment := bytes.Clone(whole)
				for range 1 + random.IntN(3) {
					segment[random.IntN(min(len(segment), 300))] ^= 1 << random.IntN(8)
				}
				sameVerdict(t, &d, segment, len(content))
			}
		}
	}
}

func FuzzInflate(f *testing.F) {
	random := rand.New(rand.NewPCG(11, 12))
	for _, content := range kinds(random) {
		f.Add(deflated(f, content[:min(len(content), 3000)], 6, true), 3000)
	}
	var d segmentInflater
	f.Fuzz(func(t *testing.T, segment []byte, size int) {
		if size < 0 || size > BlockSize {
			return
		}
		sameVerdict(t, &d, segment, size)
	})
}

func BenchmarkInflate(b *testing.B) {
	var content []byte
	random := rand.New(rand.NewPCG(13, 14))
	words := strings.Fields("package deliver application session host image disk volume record folder file name block digest server agent plan status")
	for len(content) < BlockSize {
		content = append(append(content, words[random.IntN(len(words))]...), " \n.,;0123456789"[random.IntN(15)])
	}
	content = content[:BlockSize]
	segment := deflated(b, content, 6, false)
	p := make([]byte, BlockSize)
	b.Run("fast", func(b *testing.B) {
		var d segmentInflater
		b.SetBytes(BlockSize)
		for b.Loop() {
			if _, ok := d.inflate(p, segment); !ok {
				b.Fatal("not inflated")
			}
		}
	})
	b.Run("library", func(b *testing.B) {
		var f inflater
		b.SetBytes(BlockSize)
		for b.Loop() {
			if err := f.stream(segment, p, false); err != nil {
				b.Fatal(err)
			}
		}
	})
}
