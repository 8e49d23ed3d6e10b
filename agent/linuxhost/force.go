//go:build linux

package linuxhost

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"berth"
	"berth/agent"
)

var _ agent.Forcer = (*Host)(nil)

// Force takes the package from a session that runs: first the programs of the session's user that run out of the package or
// have a file of it open, asked to end before they are made to; then the entries in the user's home, whichever of the user's
// sessions they were made for.
func (h *Host) Force(ctx context.Context, s berth.Session, fullName string) error {
	if err := checkName(fullName); err != nil {
		return err
	}
	session, err := h.running(s.ID)
	if berth.IsNotFound(err) { // it ended by itself; the next look sees that
		return nil
	}
	if err != nil {
		return err
	}
	if err := h.endPrograms(ctx, session, fullName); err != nil {
		return err
	}
	err = h.inHome(session.Home, func(u *home) error {
		gone, err := u.deregister(fullName, nil)
		if gone {
			h.refresh(u, session.Home, true)
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return coded(err, fmt.Sprintf("cannot remove application entries from %s", session.Home))
}

// endPrograms ends the processes of the session's user that use the package.
func (h *Host) endPrograms(ctx context.Context, s Session, fullName string) error {
	owner, err := ownerOf(s.Home)
	if err != nil {
		return coded(err, "cannot tell whose home "+s.Home+" is")
	}
	path := h.packagePath(fullName)
	for _, signal := range []unix.Signal{unix.SIGTERM, unix.SIGKILL} {
		using, err := users(path, owner)
		if err != nil {
			return coded(err, "cannot see which programs use "+path)
		}
		for _, p := range using {
			h.options.Log.Info("ending a program that uses a package whose deadline has passed", "package", fullName, "user", s.User, "pid", p.PID, "signal", signal)
			if err := p.signal(signal); err != nil {
				return coded(err, fmt.Sprintf("cannot end process %d, which uses %s", p.PID, path))
			}
		}
		if !slices.ContainsFunc(using, func(p Session) bool { return !p.gone(ctx, politeness) }) {
			return nil
		}
	}
	return berth.Errorf(berth.Internal, "programs of %s that use %s do not end", s.User, path).With("see `fuser -m " + path + "`")
}

// users are the processes of the owner that use something below a folder: their program, their folder, a file that they have
// open or mapped. Each has a PID and the start that tells it from later ones. Names are read and nothing is opened, because
// what serves the folder may have ended.
func users(folder string, owner uint32) ([]Session, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	var list []Session
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		proc := filepath.Join("/proc", e.Name())
		if uid, err := ownerOf(proc); err != nil || uid != owner || !usesBelow(proc, folder) {
			continue // also one that has ended meanwhile
		}
		if start, err := startOf(pid); err == nil && start != 0 {
			list = append(list, Session{PID: pid, Start: start})
		}
	}
	return list, nil
}

func usesBelow(proc, folder string) bool {
	below := func(path string) bool { return path == folder || strings.HasPrefix(path, folder+"/") }
	for _, name := range []string{"exe", "cwd", "root"} {
		if target, err := os.Readlink(filepath.Join(proc, name)); err == nil && below(target) {
			return true
		}
	}
	open, err := os.ReadDir(filepath.Join(proc, "fd"))
	for _, fd := range open {
		if target, err := os.Readlink(filepath.Join(proc, "fd", fd.Name())); err == nil && below(target) {
			return true
		}
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false
	}
	return mapsBelow(filepath.Join(proc, "maps"), below)
}

// mapsBelow reads proc_pid_maps(5): the sixth field is the path, to the end of the line.
func mapsBelow(maps string, below func(string) bool) bool {
	f, err := os.Open(maps)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }() // only read
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if i := strings.IndexByte(lines.Text(), '/'); i >= 0 && below(strings.TrimSuffix(lines.Text()[i:], " (deleted)")) {
			return true
		}
	}
	return false
}

func ownerOf(path string) (uint32, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, errors.ErrUnsupported
	}
	return st.Uid, nil
}
