// Package mutate gives readers of formats damaged samples, and holds what they do with them to limits of time and memory.
//
// Where a sample is damaged is decided by what a reader looks at: it reads the sound sample first, and the places of those
// reads are what is changed, so that damage hits structures rather than content.
package mutate

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"sync"
	"testing"
	"time"
)

// CountVariable is the environment variable with the number of mutants of each sample; the full run has 1000.
const CountVariable = "BERTH_MUTANTS"

// Limits are what reading a mutant may take.
type Limits struct {
	Time   time.Duration // of the processor, for one mutant: what else the machine does says nothing about a reader
	Clock  time.Duration // by the clock: a reader that waits takes no time of the processor
	Memory int64         // bytes of heap beyond what there was before
}

// Default are the limits that the project promises.
var Default = Limits{Time: time.Second, Clock: time.Minute, Memory: 64 << 20}

// tries is how often a mutant is tried that goes beyond a limit: it fails when it always does. Garbage of others may be
// collected, and pages of the sample be fetched, at the expense of one.
const tries = 3

// Try reads a file of size bytes, as a caller would, and ignores errors.
type Try func(r io.ReaderAt, size int64)

// Count is how many mutants to make: small unless CountVariable says more.
func Count(small int) int {
	if n, err := strconv.Atoi(os.Getenv(CountVariable)); err == nil && n > 0 {
		return n
	}
	return small
}

// Run makes count mutants of a sample of size bytes and gives each to try. It fails the test for each that takes too long
// or too much; one that panics ends the test, after its number and changes were printed. Equal seeds make equal mutants.
func Run(t *testing.T, r io.ReaderAt, size int64, seed uint64, count int, try Try) {
	t.Helper()
	before := processor()
	try(r, size)
	limits := Default
	limits.Time = max(limits.Time, slower*(processor()-before)) // the race detector slows the sound sample too
	out := Check(r, size, seed, count, limits, try)
	for _, finding := range out.Findings {
		t.Error(finding)
	}
	t.Logf("%d mutants: at the most %v of the processor and %.1f MiB", out.Mutants, out.Slowest.Round(time.Millisecond), float64(out.Largest)/(1<<20))
}

// slower is how much longer than the sound sample a mutant may take where that is more than the limit of time.
const slower = 10

// Outcome is what came of the mutants of a sample.
type Outcome struct {
	Mutants  int
	Slowest  time.Duration // of the processor
	Largest  int64         // bytes of heap
	Findings []string
}

// Check does so and returns what it found.
func Check(r io.ReaderAt, size int64, seed uint64, count int, limits Limits, try Try) Outcome {
	rec := &recorder{r: r}
	try(rec, size)
	rnd := rand.New(rand.NewPCG(seed, 0))
	out := Outcome{Mutants: count}
	for i := range count {
		m := newMutant(rnd, rec, size)
		if why := out.check(m, limits, try); why != "" {
			out.Findings = append(out.Findings, fmt.Sprintf("mutant %d of seed %d: %s: %s", i, seed, why, m))
		}
	}
	return out
}

// check tries a mutant and tells what is wrong with it.
func (out *Outcome) check(m *mutant, limits Limits, try Try) string {
	defer func() {
		if p := recover(); p != nil {
			panic(fmt.Sprintf("%v\nwith %s", p, m))
		}
	}()
	for range tries - 1 {
		took, used, clock := m.measure(limits, try)
		if exceeded(limits, took, used, clock) == "" {
			out.Slowest, out.Largest = max(out.Slowest, took), max(out.Largest, used)
			return ""
		}
		Settle()
	}
	took, used, clock := m.measure(limits, try)
	out.Slowest, out.Largest = max(out.Slowest, took), max(out.Largest, used)
	return exceeded(limits, took, used, clock)
}

// measure tries a mutant once, the time apart from the memory: to know what is in use, garbage is collected so often that
// this takes longer than to read a mutant. Most take so little that one run tells both.
func (m *mutant) measure(limits Limits, try Try) (took time.Duration, used int64, clock time.Duration) {
	percent := debug.SetGCPercent(20) // so that the heap is close to what is in use
	watch := watchHeap()
	took, clock = m.timed(try)
	used = watch.stop()
	debug.SetGCPercent(percent)
	if took > limits.Time {
		took, clock = m.timed(try)
	}
	return took, used, clock
}

// exceeded tells which limit was.
func exceeded(limits Limits, took time.Duration, used int64, clock time.Duration) string {
	switch {
	case used > limits.Memory:
		return fmt.Sprintf("it took %d MiB", used>>20)
	case took > limits.Time:
		return fmt.Sprintf("it took %v of the processor", took)
	case clock > limits.Clock:
		return fmt.Sprintf("it took %v", clock)
	}
	return ""
}

func (m *mutant) timed(try Try) (took, clock time.Duration) {
	start, before := time.Now(), processor()
	try(m, m.size)
	return processor() - before, time.Since(start)
}

// heap watches how much the heap grows.
type heap struct {
	before, peak int64
	done         chan struct{}
	finished     sync.WaitGroup
}

func watchHeap() *heap {
	h := &heap{done: make(chan struct{})}
	h.before = objects()
	h.finished.Go(func() {
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for {
			h.peak = max(h.peak, objects())
			select {
			case <-h.done:
				return
			case <-tick.C:
			}
		}
	})
	return h
}

// stop returns by how much the heap grew at the most.
func (h *heap) stop() int64 {
	last := objects() // before the watcher ends, which may take a tick
	close(h.done)
	h.finished.Wait()
	return max(h.peak, last) - h.before
}

// objects is the size of the heap's objects, dead ones not swept yet among them.
func objects() int64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(s)
	return int64(s[0].Value.Uint64())
}

// Heap is how much the heap holds now, in bytes.
func Heap() int64 { return objects() }

// Settle collects garbage, so that what a sample left behind does not count for the next.
func Settle() { runtime.GC() }
