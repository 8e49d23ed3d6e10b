//go:build linux

package main

import (
	"bytes"
	"debug/buildinfo"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing/fstest"
	"time"

	"berth"
	"berth/mount"
	"berth/wire"
)

// settle is how long the agent is left alone before it is watched.
const settle = 10 * time.Second

// ticks is USER_HZ, in which proc_pid_stat(5) counts; it is 100 on every machine that Linux runs on today.
const ticks = 100

// figures are what was measured.
type figures struct {
	alone, ready time.Duration
	phases       []wire.HostTimings
	idle         []process
	program      program
}

// process is one of the host's processes while nothing happens.
type process struct {
	name   string
	memory int64   // bytes, resident at the end
	core   float64 // share of one core
}

// program is what an agent is installed as.
type program struct {
	size    int64
	goes    string // the Go release
	modules int
}

// mountAlone is the median of mounting a file system that is there already: what the platform itself takes.
func mountAlone(dir string, n int) (time.Duration, error) {
	var all []time.Duration
	for i := range n {
		at := filepath.Join(dir, strconv.Itoa(i))
		if err := os.MkdirAll(at, 0o755); err != nil {
			return 0, err
		}
		begin := time.Now()
		m, err := mount.Serve(at, fstest.MapFS{"a": {Data: []byte("a")}}, mount.Options{Source: "bench"})
		if err != nil {
			return 0, err
		}
		all = append(all, time.Since(begin))
		if err := m.Unmount(false); err != nil {
			return 0, err
		}
	}
	slices.Sort(all)
	return all[len(all)/2], nil
}

// idle watches agent and supervisor.
func (f *farm) idle() ([]process, error) {
	holds, err := holder(f.path("agent"))
	if err != nil {
		return nil, err
	}
	time.Sleep(settle)
	list := []process{{name: "agent"}, {name: "supervisor"}}
	pids := []int{f.host.Process.Pid, holds}
	before := make([]time.Duration, len(list))
	for i, pid := range pids {
		if before[i], err = used(pid); err != nil {
			return nil, err
		}
	}
	begin := time.Now()
	time.Sleep(f.options.idle)
	for i, pid := range pids {
		after, err := used(pid)
		if err != nil {
			return nil, err
		}
		list[i].core = float64(after-before[i]) / float64(time.Since(begin))
		if list[i].memory, err = resident(pid); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// holder finds the process that holds the mounts of a state folder.
func holder(state string) (int, error) {
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return 0, err
	}
	for _, file := range lines {
		line, err := os.ReadFile(file)
		if err == nil && bytes.Contains(line, []byte("agent\x00hold\x00")) && bytes.Contains(line, []byte("\x00"+state+"\x00")) {
			return strconv.Atoi(filepath.Base(filepath.Dir(file)))
		}
	}
	return 0, fmt.Errorf("no process holds mounts of %s", state)
}

// used is the processor time of a process: fields 14 and 15 of proc_pid_stat(5).
func used(pid int) (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc/%d/stat has %d fields", pid, len(fields))
	}
	user, uerr := strconv.ParseInt(fields[11], 10, 64)
	system, serr := strconv.ParseInt(fields[12], 10, 64)
	if uerr != nil || serr != nil {
		return 0, fmt.Errorf("/proc/%d/stat: %q and %q are no times", pid, fields[11], fields[12])
	}
	return time.Duration(user+system) * time.Second / ticks, nil
}

// resident is the memory of a process: VmRSS of proc_pid_status(5).
func resident(pid int) (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, rest, ok := strings.Cut(string(b), "VmRSS:")
	fields := strings.Fields(rest)
	if !ok || len(fields) == 0 {
		return 0, fmt.Errorf("/proc/%d/status has no VmRSS", pid)
	}
	n, err := strconv.ParseInt(fields[0], 10, 64)
	return n << 10, err
}

func programOf(path string) (p program, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return p, err
	}
	built, err := buildinfo.ReadFile(path)
	if err != nil {
		return p, err
	}
	return program{size: info.Size(), goes: built.GoVersion, modules: len(built.Deps)}, nil
}

// median is that of the packages' phases, in milliseconds.
func median(list []wire.HostTimings, phase berth.Phase) float64 {
	var all []float64
	for _, t := range list {
		for _, p := range t.Phases {
			if p.Phase == phase {
				all = append(all, p.MedianMs)
			}
		}
	}
	slices.Sort(all)
	if len(all) == 0 {
		return 0
	}
	return all[len(all)/2]
}
