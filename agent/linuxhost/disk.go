//go:build linux

package linuxhost

import (
	"math"

	"berth"
	"golang.org/x/sys/unix"
)

// statfs asks the system for the bytes that are free for this process, and for all.
func statfs(path string) (free, total uint64, err error) {
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		return 0, 0, err
	}
	return st.Bavail * uint64(st.Bsize), st.Blocks * uint64(st.Bsize), nil
}

// disk is the room of the state folder's volume, nil when it cannot be seen.
func (h *Host) disk() *berth.Disk {
	free, total, err := h.options.Statfs(h.options.StateDir)
	if err != nil {
		h.options.Log.Debug("cannot see how much space is free", "error", err)
		return nil
	}
	return &berth.Disk{Path: h.options.StateDir, Free: int64(min(free, math.MaxInt64)), Total: int64(min(total, math.MaxInt64))}
}
