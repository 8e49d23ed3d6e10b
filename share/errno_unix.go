//go:build unix

package share

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// nonblock keeps open(2) from waiting for the other end of a pipe; reading regular files does not regard it.
const nonblock = syscall.O_NONBLOCK

// errnoCode names the number of a system error, as in errno(3).
func errnoCode(n syscall.Errno) string {
	if n == syscall.EPERM { // what was refused is opening or reading: the two read alike to people
		n = syscall.EACCES
	}
	return unix.ErrnoName(n)
}
