package agent

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"berth"
)

// Files of the state folder.
const (
	identityFile = "identity.json"
	planFile     = "plan.json"
	memoryFile   = "memory.json"
	statusFile   = "status.json"
	timingsFile  = "timings.json"
	lockFile     = "lock"
)

// mostStateBytes bounds a file of the state folder: a plan of some thousand packages fits many times.
const mostStateBytes = 64 << 20

// writeJSON replaces a file of the state folder in one step; nobody else may read it.
func writeJSON(path string, value any) error {
	if err := WriteJSON(path, 0o600, value); err != nil {
		return berth.Errorf(berth.Internal, "cannot write %s: %w", path, err).With("check space and permissions of the state folder")
	}
	return nil
}

// WriteJSON gives a file a value's JSON in one step, as Replace does.
func WriteJSON(path string, mode fs.FileMode, value any) error {
	data, err := json.MarshalIndent(value, "", " ")
	if err != nil {
		return err
	}
	return Replace(path, mode, data)
}

// Replace gives a file new content in one step: after a crash or power loss it holds the old content or the new.
func Replace(path string, mode fs.FileMode, data []byte) (err error) {
	dir := filepath.Dir(path)
	tmp, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*") // made with mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, tmp.Close(), os.Remove(tmp.Name()))
		}
	}()
	if _, err = tmp.Write(data); err != nil {
		return err
	}
	if err = tmp.Chmod(mode); err != nil {
		return err
	}
	if err = tmp.Sync(); err != nil {
		return err
	}
	if err = tmp.Close(); err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	if err = rename(tmp.Name(), path); err != nil {
		return err
	}
	return syncFolder(dir)
}

// readJSON reads a file that writeJSON wrote; a file that is not there is fs.ErrNotExist.
func readJSON(path string, value any) error { return ReadJSON(path, mostStateBytes, value) }

// ReadJSON reads a file that WriteJSON wrote and that has most bytes at the most; a file that is not there is fs.ErrNotExist,
// one that cannot be read a *fs.PathError, any other error means that it is damaged.
func ReadJSON(path string, most int64, value any) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() || info.Size() > most {
		return fmt.Errorf("%s is damaged: it is %v and has %d bytes of at most %d", path, info.Mode(), info.Size(), most)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, value); err != nil {
		return fmt.Errorf("%s is damaged: %w", path, err)
	}
	return nil
}
