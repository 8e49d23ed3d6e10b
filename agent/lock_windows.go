//go:build windows

package agent

import (
	"errors"
	"os"
	"path/filepath"

	"berth"
	"golang.org/x/sys/windows"
)

// lock takes the state folder for this process. The system gives it back when the process ends, however it ends.
func lock(stateDir string) (*os.File, error) {
	path := filepath.Join(stateDir, lockFile)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, berth.Errorf(berth.Unavailable, "cannot open %s: %w", path, err).With("check the permissions of the state folder")
	}
	const how = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	if err := windows.LockFileEx(windows.Handle(f.Fd()), how, 0, 1, 0, new(windows.Overlapped)); err != nil {
		return nil, errors.Join(inUse(stateDir, err), f.Close())
	}
	return f, nil
}

// syncFolder does nothing: NTFS journals renames, and a folder cannot be flushed through os.File.
func syncFolder(string) error { return nil }
