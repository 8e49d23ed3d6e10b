//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// command is a program that is measured. Before it, prepare makes what it needs, and after it, tidy takes away what it left:
// neither counts.
type command struct {
	argv          []string
	prepare, tidy func() error

	// observe corrects what a run took, before tidy: of a mount it is the program that serves which counts. May be nil.
	observe func(*sample)
}

// sample is what one run took.
type sample struct {
	wall time.Duration
	read int64 // bytes, by calls of read(2) and its kin, of the program and those that it ran
	peak int64 // bytes of memory, the most that one of them had
}

// measure runs the program once.
func (c command) measure() (s sample, err error) {
	if c.prepare != nil {
		if err := c.prepare(); err != nil {
			return s, err
		}
	}
	s, err = timed(c.argv)
	if c.observe != nil {
		c.observe(&s)
	}
	if c.tidy != nil {
		if terr := c.tidy(); err == nil {
			err = terr
		}
	}
	return s, err
}

// timed runs a program with its output thrown away. What it read is asked for when it has ended and is not yet forgotten.
func timed(argv []string) (s sample, err error) {
	cmd := exec.Command(argv[0], argv[1:]...)
	var said bytes.Buffer
	cmd.Stderr = &said
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return s, err
	}
	var info unix.Siginfo
	for err = unix.EINTR; err == unix.EINTR; {
		err = unix.Waitid(unix.P_PID, cmd.Process.Pid, &info, unix.WEXITED|unix.WNOWAIT, nil)
	}
	s.wall = time.Since(start)
	s.read = readBytes(cmd.Process.Pid)
	if err := cmd.Wait(); err != nil {
		return s, fmt.Errorf("%q: %w: %s", argv, err, said.Bytes())
	}
	if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		s.peak = u.Maxrss << 10
	}
	return s, nil
}

// readBytes reads rchar of proc_pid_io(5); 0 when the system does not tell.
func readBytes(pid int) int64 { return procNumber(fmt.Sprintf("/proc/%d/io", pid), "rchar:") }

// peakBytes reads VmHWM of proc_pid_status(5).
func peakBytes(pid int) int64 { return procNumber(fmt.Sprintf("/proc/%d/status", pid), "VmHWM:") << 10 }

// procNumber reads the number behind a name in a file of the kernel's; 0 when it is not there.
func procNumber(file, name string) int64 {
	b, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(b) {
		if v, ok := bytes.CutPrefix(line, []byte(name)); ok {
			n, _ := strconv.ParseInt(string(bytes.TrimSpace(bytes.TrimSuffix(bytes.TrimSpace(v), []byte("kB")))), 10, 64)
			return n
		}
	}
	return 0
}

// pair is a comparison: the same work by Berth and by a peer.
type pair struct {
	what   string
	goal   float64 // how many times as fast as the peer
	ours   command
	theirs command
	peer   string // how the peer is called
}

// outcome is a pair measured.
type outcome struct {
	pair
	our, their sample // the least time, what was read then, the most memory
	ratio      float64
}

// What is brief is run more often: a moment in which another program runs weighs more there.
const (
	brief       = 300 * time.Millisecond
	briefRounds = 8
)

// compare runs both in turn, so that both have the same share of what else the machine does. The first run of each warms up.
func (p pair) compare(rounds int) (outcome, error) {
	out := outcome{pair: p}
	var ours, theirs []sample
	for i := 0; i <= rounds; i++ {
		a, err := p.ours.measure()
		if err != nil {
			return out, fmt.Errorf("%s: %w", p.what, err)
		}
		b, err := p.theirs.measure()
		if err != nil {
			return out, fmt.Errorf("%s: %s: %w", p.what, p.peer, err)
		}
		if i > 0 {
			ours, theirs = append(ours, a), append(theirs, b)
		} else if a.wall+b.wall < brief {
			rounds *= briefRounds
		}
	}
	out.our, out.their = best(ours), best(theirs)
	out.ratio = out.their.wall.Seconds() / out.our.wall.Seconds()
	return out, nil
}

// best is the least time: everything else that the machine does can only add to it.
func best(all []sample) sample {
	b := slices.MinFunc(all, func(a, b sample) int { return int(a.wall - b.wall) })
	for _, s := range all {
		b.peak = max(b.peak, s.peak)
	}
	return b
}
