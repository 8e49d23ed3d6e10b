package cli

import (
	"os"

	"golang.org/x/sys/windows"
)

// obeysEscapes tells whether a file is a console that obeys escape sequences. Windows' console does once it was asked to;
// before Windows 10 1511 it cannot.
func obeysEscapes(f *os.File) bool {
	console := windows.Handle(f.Fd())
	var mode uint32
	if windows.GetConsoleMode(console, &mode) != nil {
		return false
	}
	const obeys = windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING
	return mode&obeys != 0 || windows.SetConsoleMode(console, mode|obeys) == nil
}
