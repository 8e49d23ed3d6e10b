package cli

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// progress shows on the terminal of standard error how far something long has come. Where that is no terminal, in a log, it is
// one line that tells what has begun.
type progress struct {
	w     io.Writer // nil: nothing is shown
	what  string    // what is being done, "hashing"
	total int64     // bytes; 0: not known
	began time.Time

	mu      sync.Mutex
	done    int64
	shown   time.Time
	drawn   bool
	stopped bool
}

// How often it is drawn, and how long something must take to be worth it.
const (
	progressPause = 100 * time.Millisecond
	progressGrace = 300 * time.Millisecond
)

// progress starts to show one: what is done, and to which file.
func (p *program) progress(what, name string) *progress {
	b := &progress{what: what, began: time.Now()}
	switch {
	case p.quiet:
	case onTerminal(p.Err) && p.Env("TERM") != "dumb":
		b.w = p.Err
	case p.output != formatJSON && p.output != formatYAML: // there, standard error is for errors
		p.note("%s %s", what, name)
	}
	return b
}

// Expect implements imaging.Progress.
func (b *progress) Expect(total int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.total = total
}

// Add implements imaging.Progress.
func (b *progress) Add(bytes int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done += bytes
	now := time.Now()
	if b.w == nil || b.stopped || now.Sub(b.began) < progressGrace || now.Sub(b.shown) < progressPause {
		return
	}
	b.shown, b.drawn = now, true
	fmt.Fprintf(b.w, "\r%s\x1b[K", b.line(now)) // EL, erase to the end of the line (ECMA-48, 8.3.41)
}

// line words how far it is: a bar where the end is known, else what is done.
func (b *progress) line(now time.Time) string {
	rate := ""
	if s := now.Sub(b.began).Seconds(); s > 0 {
		rate = ", " + bytesOf(int64(float64(b.done)/s)) + "/s"
	}
	if b.total <= 0 {
		return fmt.Sprintf("%s: %s%s", b.what, bytesOf(b.done), rate)
	}
	const width = 30
	share := min(1, float64(b.done)/float64(b.total))
	full := int(share * width)
	return fmt.Sprintf("%s [%s%s] %3.0f%% of %s%s", b.what, strings.Repeat("#", full), strings.Repeat(".", width-full), 100*share, bytesOf(b.total), rate)
}

// pause makes room for a line of text.
func (b *progress) pause() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.drawn {
		fmt.Fprint(b.w, "\r\x1b[K")
		b.drawn = false
	}
}

// stop takes the bar away. It can be called twice.
func (b *progress) stop() {
	b.pause()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stopped = true
}

// lines writes many short lines in few writes: a line is there at the latest after a moment.
type lines struct {
	w     *bufio.Writer
	wrote time.Time
}

func newLines(w io.Writer) *lines { return &lines{bufio.NewWriterSize(w, 64<<10), time.Now()} }

func (l *lines) write(line string) error {
	_, err := l.w.WriteString(line)
	if now := time.Now(); err == nil && now.Sub(l.wrote) > progressPause {
		l.wrote = now
		err = l.w.Flush()
	}
	return err
}

func (l *lines) flush() error { return l.w.Flush() }
