//go:build unix

package agent

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"

	"berth"
)

// lock takes the state folder for this process. The system gives it back when the process ends, however it ends.
func lock(stateDir string) (*os.File, error) {
	path := filepath.Join(stateDir, lockFile)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, berth.Errorf(berth.Unavailable, "cannot open %s: %w", path, err).With("check the permissions of the state folder")
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(inUse(stateDir, err), f.Close())
	}
	return f, nil
}

// syncFolder makes a rename in the folder last.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
