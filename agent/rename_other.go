//go:build !windows

package agent

import "os"

// rename moves a file over another.
func rename(from, to string) error { return os.Rename(from, to) }

// Remove removes a file.
func Remove(path string) error { return os.Remove(path) }
