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
	Time   time.Duration // of one mutant; one that takes longer gets two more tries, since others may load the machine
	Memory int64         // bytes of heap beyond what there was before
}

// Default are the limits that the project promises.
var Default = Limits{Time: time.Second, Memory: 64 << 20}

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
	start := time.Now()
	try(r, size)
	limits := Default
	limits.Time = max(limits.Time, slower*time.Since(start)) // the race detector and a busy machine slow the sound sample too
	for _, finding := range Check(r, size, seed, count, limits, try) {
		t.Error(finding)
	}
}

// slower is how much longer than the sound sample a mutant may take where that is more than the limit of time.
const slower = 10

// Check does so and returns what it found.
func Check(r io.ReaderAt, size int64, seed uint64, count int, limits Limits, try Try) []string {
	rec := &recorder{r: r}
	try(rec, size)
	defer debug.SetGCPercent(debug.SetGCPercent(20)) // so that the heap is close to what is in use
	rnd := rand.New(rand.NewPCG(seed, 0))
	var found []string
	for i := range count {
		m := newMutant(rnd, rec, size)
		if why := m.check(limits, try); why != "" {
			found = append(found, fmt.Sprintf("mutant %d of seed %d: %s: %s", i, seed, why, m))
		}
	}
	return found
}

// check tries a mutant and tells what is wrong with it.
func (m *mutant) check(limits Limits, try Try) string {
	defer func() {
		if p := recover(); p != nil {
			panic(fmt.Sprintf("%v\nwith %s", p, m))
		}
	}()
	took := time.Duration(0)
	for range 3 {
		watch := watchHeap()
		start := time.Now()
		try(m, m.size)
		took = time.Since(start)
		if used := watch.stop(); used > limits.Memory {
			return fmt.Sprintf("it took %d MiB", used>>20)
		}
		if took <= limits.Time {
			return ""
		}
	}
	return fmt.Sprintf("it took %v", took)
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
