package mutate

import (
	"bytes"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"
)

var limits = Limits{Time: 30 * time.Millisecond, Clock: time.Minute, Memory: 8 << 20}

// spin has the processor work for so long.
func spin(d time.Duration) {
	for before := processor(); processor()-before < d; {
		runtime.Gosched()
	}
}

// TestFindings holds the checks to readers that take too much of one thing.
func TestFindings(t *testing.T) {
	sample := bytes.NewReader(make([]byte, 4096))
	var kept []byte
	runs := 0
	for name, c := range map[string]struct {
		try  Try
		want string
	}{
		"good": {func(r io.ReaderAt, _ int64) { _, _ = r.ReadAt(make([]byte, 100), 0) }, ""},
		"slow": {func(io.ReaderAt, int64) { spin(40 * time.Millisecond) }, "of the processor"},
		"slow at times": {func(io.ReaderAt, int64) {
			if runs++; runs%3 > 0 { // the first is that of the sound sample
				spin(40 * time.Millisecond)
			}
		}, ""},
		"greedy": {func(io.ReaderAt, int64) { kept = make([]byte, 64<<20); kept[1000] = 1 }, "it took 6"},
	} {
		kept = nil
		Settle()
		found := strings.Join(Check(sample, 4096, 1, 1, limits, c.try).Findings, " ")
		if c.want == "" && found != "" || !strings.Contains(found, c.want) {
			t.Errorf("%s: %q, want %q", name, found, c.want)
		}
	}
}

// TestHangs needs the clock: what waits for ever takes no time of the processor.
func TestHangs(t *testing.T) {
	hasty := limits
	hasty.Clock = time.Millisecond
	found := Check(bytes.NewReader(make([]byte, 100)), 100, 1, 1, hasty, func(io.ReaderAt, int64) { time.Sleep(5 * time.Millisecond) })
	if found := found.Findings; len(found) != 1 || strings.Contains(found[0], "processor") {
		t.Errorf("%q", found)
	}
}

// TestPanicsTellTheMutant needs the changes in the message: without them nobody can make it again.
func TestPanicsTellTheMutant(t *testing.T) {
	defer func() {
		if p, ok := recover().(string); !ok || !strings.Contains(p, "out of range") || !strings.Contains(p, "size ") {
			t.Errorf("%q", p)
		}
	}()
	first := true
	Check(bytes.NewReader(make([]byte, 100)), 100, 1, 1, limits, func(io.ReaderAt, int64) {
		if n := 1; !first {
			_ = []int{}[n]
		}
		first = false
	})
}

// TestMutantsHitWhatIsRead changes only what the reader looks at, reproducibly.
func TestMutantsHitWhatIsRead(t *testing.T) {
	sample := bytes.Repeat([]byte{0xA5}, 1<<20)
	run := func() (seen [][]byte, changed int) {
		Check(bytes.NewReader(sample), int64(len(sample)), 7, 200, Default, func(r io.ReaderAt, size int64) {
			b := make([]byte, 512)
			n, _ := r.ReadAt(b, 700_000)
			if seen = append(seen, b[:n]); !bytes.Equal(b, sample[:512]) {
				changed++
			}
		})
		return seen, changed
	}
	a, changed := run()
	b, _ := run()
	if changed < 150 {
		t.Errorf("%d of 200 mutants differ where the reader looks", changed)
	}
	for i := range a {
		if !bytes.Equal(a[i], b[i]) {
			t.Fatalf("mutant %d is another one the second time", i)
		}
	}
}
