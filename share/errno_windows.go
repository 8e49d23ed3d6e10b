package share

import (
	"fmt"
	"syscall"
)

const nonblock = 0

// errnoCode gives the HRESULT of a Win32 error, as Windows shows it (winerror.h, HRESULT_FROM_WIN32). Numbers from 2^16
// are Go's own.
func errnoCode(n syscall.Errno) string {
	if n >= 1<<16 {
		return ""
	}
	return fmt.Sprintf("0x8007%04X", uint32(n))
}
