package imaging

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"berth"
)

// newFile makes a file that was not there by fn; it appears whole or not at all.
func newFile(path string, fn func(*os.File) error) error {
	there := berth.Errorf(berth.Conflict, "%s is there already", path).On("out").With("name another file, or delete this one first")
	if _, err := os.Lstat(path); err == nil {
		return there
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return &berth.Error{Kind: berth.Invalid, Err: err, Field: "out", Message: fmt.Sprintf("%s cannot be made: %v", path, err),
			Remedy: "make its folder, or name one that you may write to"}
	}
	defer func() { _ = os.Remove(tmp.Name()) }()
	err = fn(tmp)
	if err == nil {
		if err = errors.Join(tmp.Chmod(0o644), tmp.Sync()); err != nil {
			err = writeError(path, err)
		}
	}
	if err = errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	// A hard link fails where a file has appeared meanwhile; some file systems have none.
	if err = os.Link(tmp.Name(), path); errors.Is(err, fs.ErrExist) {
		return there
	}
	if err == nil {
		return nil
	}
	if err = os.Rename(tmp.Name(), path); err != nil {
		return writeError(path, err)
	}
	return nil
}
