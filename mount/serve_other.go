//go:build !linux

package mount

import (
	"errors"
	"fmt"
	"io/fs"
	"runtime"
)

// Mount is a file system that this process serves; there is none on this system.
type Mount struct{}

// Serve is errors.ErrUnsupported on this system.
func Serve(string, fs.FS, Options) (*Mount, error) {
	return nil, fmt.Errorf("files of an image can be mounted on Linux only, this is %s: %w", runtime.GOOS, errors.ErrUnsupported)
}

// Unmount does nothing: there is no Mount on this system.
func (m *Mount) Unmount(bool) error { return errors.ErrUnsupported }

// Wait returns at once: there is no Mount on this system.
func (m *Mount) Wait() {}

// OpenHere does nothing: there is no Mount on this system.
func (m *Mount) OpenHere() error { return errors.ErrUnsupported }
