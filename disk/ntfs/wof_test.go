package ntfs

import (
	"bytes"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// texts are contents that compressors treat in different ways.
func texts() map[string][]byte {
	r := rand.NewChaCha8([32]byte{5})
	rnd := rand.New(r)
	noise := make([]byte, 100_000)
	_, _ = r.Read(noise)
	var words, code bytes.Buffer
	for words.Len() < 300_000 {
		fmt.Fprintf(&words, "%s %d, ", []string{"package", "image", "block", "host", "Größe", "\x00\x00\x00\x00"}[rnd.IntN(6)], rnd.IntN(1000))
	}
	for code.Len() < 200_000 { // calls to few targets, as machine code has them
		code.Write(noise[rnd.IntN(500):][:3+rnd.IntN(20)])
		code.WriteByte(0xE8)
		_ = binary.Write(&code, le, int32(1000*rnd.IntN(20)-code.Len()))
	}
	mixed := append(append(bytes.Clone(words.Bytes()[:50_000]), noise[:40_000]...), bytes.Repeat([]byte{'a'}, 70_000)...)
	return map[string][]byte{"noise": noise, "words": words.Bytes(), "code": code.Bytes(), "mixed": mixed,
		"runs": bytes.Repeat([]byte("ab"), 90_000), "short": []byte("a short text, a short text, a short text"), "zero": make([]byte, 123_457)}
}

// wimResource is a compressed resource of a WIM file, which is laid out as WOF's stream is.
type wimResource struct {
	packed []byte
	size   int64
	sha1   []byte
}

// wim lets wimlib compress texts and returns what it made of them.
func wim(t testing.TB, compress string, chunk int64) []wimResource {
	t.Helper()
	tool, err := exec.LookPath("wimlib-imagex")
	if err != nil {
		t.Skip("skipped: wimlib-imagex is not installed")
	}
	dir := t.TempDir()
	source, file := filepath.Join(dir, "s"), filepath.Join(dir, "w.wim")
	if err := os.Mkdir(source, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, b := range texts() {
		if err := os.WriteFile(filepath.Join(source, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command(tool, "capture", source, file, "--compress="+compress, fmt.Sprint("--chunk-size=", chunk), "--no-acls").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	// WIMHEADER: the table of resources is named at 48, with entries of 50 bytes.
	table := b[le.Uint64(b[56:]):][:le.Uint64(b[64:])]
	var found []wimResource
	for ; len(table) >= 50; table = table[50:] {
		packed := le.Uint64(table) & (1<<56 - 1)
		if table[7]&4 == 0 || table[7]&2 != 0 { // not compressed, or metadata
			continue
		}
		found = append(found, wimResource{b[le.Uint64(table[8:]):][:packed], int64(le.Uint64(table[16:])), table[30:50]})
	}
	if len(found) < 5 {
		t.Fatalf("only %d compressed resources", len(found))
	}
	return found
}

// wofKinds are wimlib's names of the algorithms.
var wofKinds = map[uint32]string{wofXpress4K: "xpress", wofXpress8K: "xpress", wofXpress16K: "xpress", wofLZX: "lzx"}

func (r wimResource) open(algorithm uint32) *wofStream {
	b := bytes.NewReader(r.packed)
	return newWOF(b, b, int64(len(r.packed)), wofShape{r.size, algorithm})
}

// TestExpandsWhatWimlibPacked holds every algorithm and chunk size against an independent compressor, reading all at once
// and in pieces.
func TestExpandsWhatWimlibPacked(t *testing.T) {
	for algorithm, name := range wofKinds {
		t.Run(fmt.Sprint(name, wofChunks[algorithm]), func(t *testing.T) {
			for _, r := range wim(t, name, wofChunks[algorithm]) {
				s := r.open(algorithm)
				want := make([]byte, r.size)
				if n, err := s.ReadAt(want, 0); int64(n) != r.size || err != nil {
					t.Fatalf("%d of %d bytes, %v", n, r.size, err)
				}
				if sum := sha1.Sum(want); !bytes.Equal(sum[:], r.sha1) {
					t.Errorf("the content of %d bytes differs", r.size)
				}
				rnd := rand.New(rand.NewPCG(1, 2))
				for range 50 {
					off := rnd.Int64N(r.size)
					p := make([]byte, 1+rnd.Int64N(min(r.size-off, 70_000)))
					if n, err := s.ReadAt(p, off); n != len(p) || err != nil || !bytes.Equal(p, want[off:][:n]) {
						t.Fatalf("%d bytes at %d: %d, %v", len(p), off, n, err)
					}
				}
			}
		})
	}
}

// wofTag makes the $REPARSE_POINT of a compressed file.
func wofTag(algorithm uint32) []byte {
	b := le.AppendUint32(nil, tagWOF)
	b = le.AppendUint32(b, 16) // length
	for _, v := range []uint32{1, wofProviderFile, 1, algorithm} {
		b = le.AppendUint32(b, v)
	}
	return resident(typeReparsePoint, "", b)
}

// wofVolume has files of hand-made chunks: stored ones, and one of XPRESS.
func wofVolume() []byte {
	v := newVolume()
	sparse := func(size int64) []byte {
		return mapped{kind: typeData, flags: attrSparse, runs: [][2]int64{{hole, 4}}, size: size, init: size}.bytes()
	}
	stored := append(le.AppendUint32(nil, 4096), bytes.Repeat([]byte{'A'}, 4096)...) // two chunks as they are
	stored = append(stored, bytes.Repeat([]byte{'B'}, 904)...)
	copy(v.cluster(vFree), stored)
	v.file(24, "stored.dll", attributeReparse, wofTag(wofXpress4K), sparse(5000),
		mapped{kind: typeData, name: wofData, runs: [][2]int64{{vFree, 2}}, size: int64(len(stored)), init: int64(len(stored))}.bytes())
	// Two symbols, one bit each: 'x' is 0, a match of length 15 and more at distance 1 is 1.
	packed := make([]byte, xpressTable)
	packed['x'/2], packed[(256+15)/2] = 1, 1<<4
	packed = append(packed, 0x00, 0x40, 0x00, 0x00, 255, 0xFC, 0x0F) // 'x', match, then 255 and the length less three in two bytes
	v.file(25, "packed.dll", attributeReparse, wofTag(wofXpress4K), sparse(4096), resident(typeData, wofData, packed))
	v.file(26, "wim.dll", attributeReparse, resident(typeReparsePoint, "", append(le.AppendUint64(nil, tagWOF|16<<32), 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0)), sparse(10))
	v.file(27, "no stream.dll", attributeReparse, wofTag(wofLZX), sparse(10))
	v.file(28, "damaged.dll", attributeReparse, wofTag(wofXpress4K), sparse(4096), resident(typeData, wofData, packed[:300-45]))
	v.file(29, "short.dll", attributeReparse, wofTag(wofXpress4K), sparse(9000), resident(typeData, wofData, []byte{1, 2, 3}))
	v.file(30, "order.dll", attributeReparse, wofTag(wofXpress4K), sparse(9000), resident(typeData, wofData, []byte{9, 0, 0, 0, 4, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}))
	v.file(31, "empty.dll", attributeReparse, wofTag(wofXpress4K), sparse(0), resident(typeData, wofData, nil))
	return v.big()
}

func TestFilesOfTheOverlayFilter(t *testing.T) {
	f := openBytes(t, wofVolume())
	for name, want := range map[string]string{
		"stored.dll": repeat("A", 4096) + repeat("B", 904),
		"packed.dll": repeat("x", 4096),
		"empty.dll":  "",
	} {
		got, err := fs.ReadFile(f, name)
		if err != nil || string(got) != want {
			t.Errorf("%s: %d bytes of %d, %v", name, len(got), len(want), err)
		}
		info, err := f.Stat(name)
		if err != nil || !info.Mode().IsRegular() || info.Size() != int64(len(want)) || info.Sys().(*Stat).ReparseTag != tagWOF {
			t.Errorf("%s: %+v, %v", name, info, err)
		}
	}
	for name, want := range map[string]struct {
		kind error
		says string
	}{
		"wim.dll":       {ErrUnsupported, "WIM file"},
		"no stream.dll": {ErrCorrupt, "has no stream"},
		"damaged.dll":   {ErrCorrupt, "chunk 0"},
		"short.dll":     {ErrCorrupt, "the table of 3 chunks"},
		"order.dll":     {ErrCorrupt, "chunk 1 takes"},
	} {
		if _, err := fs.ReadFile(f, name); !errors.Is(err, want.kind) || !strings.Contains(err.Error(), want.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzWOF changes packed bytes: whatever comes out, it is an error or as many bytes as there should be.
func FuzzWOF(f *testing.F) {
	f.Add([]byte{}, uint8(0), uint16(5000))
	f.Add(make([]byte, 300), uint8(wofXpress4K), uint16(4000))
	f.Add([]byte{0, 0x40, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, uint8(wofLZX), uint16(20000))
	if _, err := exec.LookPath("wimlib-imagex"); err == nil {
		for algorithm, name := range wofKinds {
			for _, r := range wim(f, name, wofChunks[algorithm]) {
				if r.size < 1<<16 {
					f.Add(r.packed, uint8(algorithm), uint16(r.size))
				}
				f.Add(r.packed[(r.size-1)/wofChunks[algorithm]*4:], uint8(algorithm), uint16(wofChunks[algorithm]))
			}
		}
	}
	f.Fuzz(func(t *testing.T, packed []byte, algorithm uint8, size uint16) {
		r := wimResource{packed: packed, size: int64(size)}
		s := r.open(uint32(algorithm % 4))
		n, err := io.Copy(io.Discard, io.NewSectionReader(s, 0, s.size))
		if err == nil && n != s.size {
			t.Errorf("%d bytes of %d", n, s.size)
		}
		if err != nil && !errors.Is(err, ErrCorrupt) {
			t.Errorf("%v has no kind", err)
		}
	})
}

func BenchmarkWOF(b *testing.B) {
	for algorithm, name := range wofKinds {
		b.Run(fmt.Sprint(name, wofChunks[algorithm]), func(b *testing.B) {
			var total int64
			all := wim(b, name, wofChunks[algorithm])
			for _, r := range all {
				total += r.size
			}
			b.SetBytes(total)
			for b.Loop() {
				for _, r := range all {
					if _, err := r.open(algorithm).ReadAt(make([]byte, r.size), 0); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
