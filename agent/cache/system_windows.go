package cache

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// freeOn is how many bytes this process may still write to the volume of a folder.
func freeOn(folder string) (int64, error) {
	path, err := windows.UTF16PtrFromString(folder)
	if err != nil {
		return 0, err
	}
	var free uint64
	if err := windows.GetDiskFreeSpaceEx(path, &free, nil, nil); err != nil {
		return 0, &os.PathError{Op: "GetDiskFreeSpaceEx", Path: folder, Err: err}
	}
	return int64(free), nil
}

// full tells that there is no room left.
func full(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL)
}

// syncFolder does nothing: NTFS journals names by itself, and a folder cannot be flushed.
func syncFolder(string) error { return nil }
