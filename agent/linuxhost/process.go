//go:build linux

package linuxhost

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// startOf reads when a process began, in clock ticks since the start of the machine: field 22 of proc_pid_stat(5). With
// the pid it names a process for good, because pids are used again. A process that is gone, or is a zombie, is 0.
func startOf(pid int) (uint64, error) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		if _, gone := os.Stat("/proc/" + strconv.Itoa(pid)); gone != nil { // ESRCH while reading
			return 0, nil
		}
		return 0, err
	}
	// The second field is the program's name in parentheses and may hold anything; the last one closes it.
	rest, ok := afterLast(string(b), ")")
	fields := strings.Fields(rest)
	if !ok || len(fields) < 20 {
		return 0, fmt.Errorf("/proc/%d/stat has no start time", pid)
	}
	if fields[0] == "Z" || fields[0] == "X" {
		return 0, nil
	}
	return strconv.ParseUint(fields[19], 10, 64)
}

// mostAncestors bounds the way up from a process; it is short unless the table of processes changes meanwhile.
const mostAncestors = 64

// descends tells whether a process is the other or was started by it, directly or by way of others: field 4 of
// proc_pid_stat(5).
func descends(pid, from int) bool {
	for range mostAncestors {
		if pid == from || pid <= 1 {
			return pid == from
		}
		b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		rest, _ := afterLast(string(b), ")")
		fields := strings.Fields(rest)
		if err != nil || len(fields) < 2 {
			return false
		}
		if pid, err = strconv.Atoi(fields[1]); err != nil {
			return false
		}
	}
	return false
}

func afterLast(s, sep string) (after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return "", false
	}
	return s[i+len(sep):], true
}

// bootTime is when the machine was started, to the second.
func bootTime() (time.Time, error) {
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err != nil {
		return time.Time{}, err
	}
	return time.Now().Add(-time.Duration(info.Uptime) * time.Second), nil
}
