//go:build unix

package mutate

import (
	"time"

	"golang.org/x/sys/unix"
)

// processor is how much time of the processor this process has had.
func processor() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		panic(err) // it has no error for these arguments
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
