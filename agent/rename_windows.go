package agent

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/windows"
)

// busyLimit is how long a file may be held open by a reader, or by a virus scanner, before that is an error.
const busyLimit = 5 * time.Second

// rename moves a file over another. On Windows that fails for as long as anybody has the other one open, if only to read it.
func rename(from, to string) error {
	return unlessBusy(func() error { return os.Rename(from, to) })
}

// Remove removes a file, as os.Remove does, once nobody has it open any more.
func Remove(path string) error {
	return unlessBusy(func() error { return os.Remove(path) })
}

func unlessBusy(do func() error) error {
	limit := time.Now().Add(busyLimit)
	for wait := time.Millisecond; ; wait = min(2*wait, 100*time.Millisecond) {
		err := do()
		busy := errors.Is(err, windows.ERROR_ACCESS_DENIED) || errors.Is(err, windows.ERROR_SHARING_VIOLATION) || errors.Is(err, windows.ERROR_LOCK_VIOLATION)
		if !busy || time.Now().After(limit) {
			return err
		}
		time.Sleep(wait)
	}
}
